"""fuota rollout, as an operator meets it: the real machines and the real function in a local cloud."""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from fuota_constructs.cli.root import fuota as root
from fuota_constructs.operations import rollout_word
from fuota_constructs.operations.aws import Aws

from ..published import document
from ..terminal import Terminal
from .conftest import BUCKET, HOUR, IDLE, NAME, ROLE, TABLE, Deployed

ALL = [{"name": "all", "percent": 100, "bakeSeconds": 0}]


@pytest.fixture(autouse=True)
def one_by_one(deployed: Deployed) -> Iterator[None]:
    """Each test begins with the settings of the deployment; what it leaves under way, where it fails, ends."""
    deployed.settings()
    yield
    running = deployed.cloud.client("stepfunctions").list_executions(
        stateMachineArn=deployed.machine, statusFilter="RUNNING"
    )["executions"]
    if running:
        deployed.run("abort", NAME, "--end-sessions")
        deployed.until(lambda found: found["status"] == "ABORTED")


def test_fails_for_what_is_not_there(deployed: Deployed) -> None:
    not_started = deployed.run("status", IDLE)
    assert (not_started.exit_code, not_started.stdout) == (1, "")
    assert f"rollout {IDLE} was not started within 90 days" in not_started.stderr
    assert f"(`fuota rollout start {IDLE} --local --port {deployed.cloud.port}`)" in not_started.stderr
    assert "not started" in deployed.run("list").stdout
    missing = deployed.run("status", "Fleet/Rolout")
    assert missing.exit_code == 1
    assert f"has the name 'Fleet/Rolout': did you mean {NAME}?" in missing.stderr
    assert deployed.run("status", f"{deployed.machine}x").exit_code == 1
    other = deployed.run("status", deployed.machine.replace("rollout", "wave"))
    assert "is no state machine of a rollout: `fuota rollout list --local --port " in other.stderr
    assert "give --html FILE, --json-file FILE, or --json" in deployed.run("report", NAME).stderr


def test_fails_for_one_that_cannot_be_read_and_lists_the_others(deployed: Deployed) -> None:
    states = deployed.cloud.client("stepfunctions")
    definition = states.describe_state_machine(stateMachineArn=deployed.machine)["definition"]
    tags = {
        "fuota-constructs:rollout": "Old/Rollout",
        "fuota-constructs:rollout-table": "deleted",
        "fuota-constructs:rollout-bucket": BUCKET,
    }
    machine = states.create_state_machine(
        name="half-deleted",
        roleArn=ROLE,
        definition=definition,
        tags=[{"key": key, "value": value} for key, value in tags.items()],
    )["stateMachineArn"]
    try:
        done, shown = deployed.run("list", "--json"), deployed.run("list")
    finally:
        states.delete_state_machine(stateMachineArn=machine)
    assert done.exit_code == shown.exit_code == 1
    refused = "GetItem was refused (ResourceNotFoundException)"
    for run in (done, shown):
        assert run.stderr.startswith(f"fuota: could not read rollout Old/Rollout: {refused}")
    problems = {each["name"]: each["problem"] for each in document(done.stdout)["rollouts"]}
    assert problems == {NAME: None, IDLE: None, "Old/Rollout": problems["Old/Rollout"]}
    assert problems["Old/Rollout"].startswith(refused)
    table = " ".join(shown.stdout.replace("│", " ").split())
    assert "not started" in table
    assert "not read" in table
    remedy = f"its table deleted is gone: deploy its stack again, or delete what is left of it, {machine}"
    assert problems["Old/Rollout"].endswith(f"; {remedy}")
    assert remedy in shown.stderr
    assert f"fuota rollout status {NAME} " in table
    assert "fuota rollout status Old/Rollout" not in table
    assert deployed.run("list").exit_code == 0


@pytest.mark.parametrize("given", ["[]", "{}", '{"waves": 3}', '{"waves": ["canary"]}'])
def test_fails_for_one_that_was_started_by_hand_and_lists_the_others(deployed: Deployed, given: str) -> None:
    states = deployed.cloud.client("stepfunctions")
    tags = {
        "fuota-constructs:rollout": "By/Hand",
        "fuota-constructs:rollout-table": TABLE,
        "fuota-constructs:rollout-bucket": BUCKET,
    }
    machine = states.create_state_machine(
        name="by-hand",
        roleArn=ROLE,
        definition=json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}),
        tags=[{"key": key, "value": value} for key, value in tags.items()],
    )["stateMachineArn"]
    states.start_execution(stateMachineArn=machine, name="typed", input=given)
    try:
        listed, status = deployed.run("list", "--json"), deployed.run("status", "By/Hand")
    finally:
        states.delete_state_machine(stateMachineArn=machine)
    said = "execution typed of rollout By/Hand was started by hand, with an input that has no waves"
    assert (listed.exit_code, status.exit_code) == (1, 1)
    problems = {each["name"]: each["problem"] for each in document(listed.stdout)["rollouts"]}
    assert problems.keys() == {NAME, IDLE, "By/Hand"}
    assert problems["By/Hand"].startswith(said)
    assert status.stderr.startswith(f"fuota: {said}")
    assert f"`fuota rollout start By/Hand --local --port {deployed.cloud.port}`" in status.stderr


def test_local_status_shows_a_rollout_beside_tasks_and_groups(deployed: Deployed) -> None:
    place = ["local", "status", "--port", str(deployed.cloud.port)]
    shown = CliRunner().invoke(root, place).stdout
    assert f"Rollout {NAME}, eu-west-1, account 000000000000" in shown
    assert "no FUOTA task" not in shown
    assert f"fuota rollout status {NAME} --local --port {deployed.cloud.port}" in " ".join(shown.split())
    found = document(CliRunner().invoke(root, [*place, "--json"]).stdout)["rollouts"]
    assert {each["name"]: each["state_machine_arn"] for each in found}[NAME] == deployed.machine
    assert sorted(each["name"] for each in found) == [IDLE, NAME]


def test_its_devices_are_made_under_the_ids_that_the_app_names(deployed: Deployed) -> None:
    new = [f"0b000000-0000-4000-8000-00000000000{number}" for number in range(2)]
    named = "\n".join((*deployed.devices, *new)).encode()
    deployed.cloud.client("s3").put_object(Bucket=BUCKET, Key="more.txt", Body=named)
    deployed.settings(targets={"listBucket": BUCKET, "listKey": "more.txt"})
    add = ["local", "fleet", "add", "--port", str(deployed.cloud.port), "--rollout"]
    made = document(CliRunner().invoke(root, [*add, NAME, "--json"]).stdout)
    assert [device for cohort in made["cohorts"] for device in cohort["device_ids"]] == new
    again = CliRunner().invoke(root, [*add, NAME]).stdout
    assert again == f"0 simulated devices made for rollout {NAME} (local cloud :{deployed.cloud.port})\n"
    missing = CliRunner().invoke(root, [*add, "Fleet/Rolout"])
    assert (missing.exit_code, f"did you mean {NAME}?" in missing.stderr) == (1, True)


def test_fails_to_make_the_devices_of_what_is_not_deployed_wholly(deployed: Deployed) -> None:
    add = ["local", "fleet", "add", "--port", str(deployed.cloud.port)]
    deployed.cloud.client("dynamodb").delete_item(TableName=TABLE, Key={"Rollout": {"S": "plan"}})
    refused = CliRunner().invoke(root, [*add, "--rollout", NAME])
    said = f"fuota: rollout {NAME} has no settings in its table {TABLE}: its deployment did not come to its end"
    assert (refused.exit_code, refused.stdout, said in refused.stderr) == (1, "", True)
    deployed.settings(targets={"listBucket": BUCKET, "listKey": "none.txt"})
    refused = CliRunner().invoke(root, [*add, "--rollout", NAME])
    assert (refused.exit_code, refused.stderr.count("\n")) == (1, 1)
    assert refused.stderr.startswith("fuota: GetObject was refused (NoSuchKey): ")
    alone = CliRunner().invoke(root, [*add, "--region", "eu-west-1"])
    assert (alone.exit_code, "say where a rollout is: add --rollout" in " ".join(alone.stderr.split())) == (2, True)


def test_devices_are_made_where_another_region_has_a_rollout_of_the_name(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = deployed.cloud
    here, there = ["--account", cloud.account, "--region", cloud.region], "eu-central-1"
    own, other = cloud.client("stepfunctions"), cloud.client("stepfunctions", region=there)
    machine = own.describe_state_machine(stateMachineArn=deployed.machine)
    tags = own.list_tags_for_resource(resourceArn=deployed.machine)["tags"]
    same = {"name": "rollout", "roleArn": machine["roleArn"], "definition": machine["definition"], "tags": tags}
    twin = other.create_state_machine(**same)["stateMachineArn"]
    try:  # nobody used IoT Wireless there
        add = ["local", "fleet", "add", "--port", str(cloud.port), "--rollout", NAME]
        either = CliRunner().invoke(root, add)
        assert (either.exit_code, f": add {' '.join(here)} or --account" in either.stderr) == (1, True)
        for way in ([NAME, *here], [deployed.machine]):
            with monkeypatch.context() as patched:
                patched.setattr(Aws, "pages", lambda *_, **__: iter(()))
                refused = deployed.run("start", *way)
            assert refused.exit_code == 1
            made = CliRunner().invoke(root, shlex.split(refused.stderr.split("`")[1])[1:])
            assert made.stdout.startswith(f"0 simulated devices made for rollout {NAME} (local cloud"), made.output
        without_table = CliRunner().invoke(root, [*add, "--region", there])
        assert (without_table.exit_code, without_table.stdout) == (1, "")
        assert without_table.stderr.startswith("fuota: GetItem was refused (ResourceNotFoundException): ")
    finally:
        other.delete_state_machine(stateMachineArn=twin)


def test_fails_to_start_where_a_local_cloud_has_no_devices(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Aws, "pages", lambda *_, **__: iter(()))
    refused = deployed.run("start", NAME)
    assert refused.exit_code == 1
    assert f"`fuota local fleet add --rollout {NAME} --port {deployed.cloud.port}` makes those" in refused.stderr


def test_a_rollout_that_succeeds(deployed: Deployed, tmp_path: Path) -> None:
    started = json.loads(deployed.run("start", "Rollout", "--json").stdout)
    again = deployed.run("start", NAME)
    assert again.exit_code == 1
    assert f"execution {started['execution']} of rollout {NAME} is under way" in again.stderr
    assert f"or `fuota rollout abort {NAME} --local --port {deployed.cloud.port}`)" in again.stderr
    nothing = deployed.run("approve", NAME)
    assert nothing.exit_code == 1
    assert "does not hold, so there is nothing to approve" in nothing.stderr

    baking = deployed.until(lambda found: "has baked" in found["next"]["text"])
    assert baking["waves"][0]["delivered"] == 4
    assert (baking["status"], baking["ended_at"]) == ("RUNNING", None)
    assert [wave["outcome"] for wave in baking["waves"]] == ["RUNNING", "PENDING", "PENDING"]
    assert baking["next"]["text"] == "wave canary has baked, and its gate judges it"
    assert baking["next"]["at"] > baking["read_at"]
    shown = deployed.run("status", NAME).stdout
    assert "RUNNING, wave canary (1 of 3): 4 of 12 devices have the image" in shown

    over = deployed.until(lambda found: found["status"] != "RUNNING")
    assert over["status"] == "SUCCEEDED"
    assert [wave["targets"] for wave in over["waves"]] == [wave["delivered"] for wave in over["waves"]] == [4, 2, 6]
    assert over["waves"][2]["outcome"] == "PASSED"
    assert over["waves"][2]["lower_bound"] >= 0.5
    assert over["ended_at"] > over["started_at"]
    assert over["verdict"]["level"] == "passed"

    page, data = tmp_path / "page.html", tmp_path / "data.json"
    done = deployed.run("report", NAME, "--html", str(page), "--json-file", str(data))
    assert done.exit_code == 0
    assert json.loads(data.read_text())["waves"] == over["waves"]
    text = page.read_text()
    for expected in ("Passed: SUCCEEDED: 12 of 12 devices", "What the gates said", "canary, session 1 at 100 %"):
        assert expected in text
    watched = deployed.run("status", NAME, "--watch")
    assert watched.exit_code == 0
    assert "SUCCEEDED: 12 of 12 devices have the image" in watched.stdout
    late = deployed.run("abort", NAME)
    assert late.exit_code == 1
    assert "is over (SUCCEEDED): nothing to abort" in late.stderr


def test_its_devices_one_by_one(deployed: Deployed, tmp_path: Path) -> None:
    deployed.settings(waves=ALL)
    execution = json.loads(deployed.run("start", NAME, "--json").stdout)["execution"]
    deployed.until(lambda found: found["status"] == "SUCCEEDED")
    every = document(deployed.run("devices", NAME, "--json").stdout)
    assert (every["execution"], every["status"]) == (execution, "SUCCEEDED")
    assert {each["id"] for each in every["devices"]} == set(deployed.devices)
    assert {each["kind"] for each in every["devices"]} == {"updated"}
    of_wave = [each["id"] for each in every["devices"] if each["wave"] == "all"]
    assert deployed.run("devices", NAME, "--wave", "All", "--status", "successful").stdout.split() == of_wave
    assert len(of_wave) == 12
    assert deployed.run("devices", NAME, "--status", "failed", "--status", "open").stdout == ""
    for arguments, said in (
        (("--wave", "al"), "'al' is no wave of the rollout: did you mean all?"),
        (("--status", "lost"), "'lost' is no status of a device: "),
        (("--execution", "never"), "has no execution 'never'"),
    ):
        refused = deployed.run("devices", NAME, *arguments)
        assert refused.exit_code == (1 if "--execution" in arguments else 2)
        assert said in " ".join(refused.stderr.split())
    where = ("--port", str(deployed.cloud.port))
    terminal = Terminal("rollout", "devices", NAME, "--wave", "all", *where, columns=80, rows=24, folder=tmp_path)
    try:
        assert terminal.finish() == 0
    finally:
        terminal.close()
    assert "12 of 12 devices" in terminal.lines
    assert len([line for line in terminal.lines if "Successful" in line and "all" in line]) == 12


def test_a_wave_is_approved(deployed: Deployed) -> None:
    deployed.settings(waves=[{**ALL[0], "approval": True}])
    deployed.run("start", NAME)
    held = deployed.until(lambda found: found["status"] == "HELD")
    assert held["waves"][0]["outcome"] == "PASSED"
    assert held["next"] == {"text": "somebody says approve, skip or abort: wave all wants an approval", "at": None}
    assert "says" not in held["reason"]
    assert deployed.run("status", NAME).stdout.endswith(
        "".join(
            f"  fuota rollout {word} {NAME} --local --port {deployed.cloud.port}\n"
            for word in ("approve", "skip", "abort")
        )
    )
    resumed = deployed.run("resume", NAME)
    assert resumed.exit_code == 1
    assert f"wave all of rollout {NAME} wants an approval: say approve, skip or abort" in resumed.stderr
    assert f"(`fuota rollout approve {NAME} --local --port {deployed.cloud.port}` or " in resumed.stderr
    assert json.loads(deployed.run("approve", NAME, "--json").stdout)["word"] == "approve"
    assert "does not hold" in deployed.run("approve", NAME).stderr
    over = deployed.until(lambda found: found["status"] != "RUNNING")
    assert (over["status"], over["waves"][0]["outcome"]) == ("SUCCEEDED", "PASSED")
    [said] = over["waves"][0]["decisions"]
    assert said["word"] == "approve"
    assert said["who"].startswith("arn:aws:")
    assert held["read_at"][:13] <= said["when"][:13]


def test_a_hold_is_resumed_and_one_at_its_gate_is_skipped(deployed: Deployed) -> None:
    deployed.settings(waves=ALL)
    deployed.run("start", NAME)
    deployed.until(lambda found: found["next"]["text"].startswith("the devices of wave all"))
    assert deployed.run("hold", NAME).exit_code == 0
    held = deployed.until(lambda found: found["status"] == "HELD")
    assert held["next"]["text"] == "somebody says resume or abort: nothing of this session is on the air yet"
    assert (held["waves"][0]["outcome"], held["waves"][0]["delivered"]) == ("RUNNING", 0)
    assert "nothing was sent that could be skipped; say resume or abort" in deployed.run("skip", NAME).stderr
    assert deployed.run("resume", NAME).exit_code == 0
    deployed.until(lambda found: found["next"]["text"].startswith("session 1 of wave all is over"))
    assert deployed.run("hold", NAME).exit_code == 0
    gate = deployed.until(lambda found: found["status"] == "HELD")
    assert (gate["waves"][0]["outcome"], gate["waves"][0]["delivered"]) == ("PASSED", 12)
    assert deployed.run("skip", NAME).exit_code == 0
    over = deployed.until(lambda found: found["status"] != "RUNNING")
    assert (over["status"], over["waves"][0]["outcome"]) == ("SUCCEEDED", "SKIPPED")
    assert over["verdict"]["level"] == "warning"


def test_an_abort_wins(deployed: Deployed) -> None:
    groups = deployed.cloud.client("iotwireless").list_multicast_groups
    before = {each["Id"] for each in groups()["MulticastGroupList"]}
    deployed.settings(waves=ALL)
    deployed.run("start", NAME)
    deployed.until(lambda found: found["next"]["text"].startswith("session 1 of wave all is over"))
    assert deployed.run("hold", NAME).exit_code == 0
    assert deployed.run("abort", NAME, "--end-sessions").exit_code == 0
    assert "is being aborted, and that is not taken back" in deployed.run("resume", NAME).stderr
    assert deployed.run("abort", NAME).exit_code == 0
    over = deployed.until(lambda found: found["status"] != "RUNNING")
    assert (over["status"], over["reason"]) == ("ABORTED", "the operator said abort")
    assert (over["waves"][0]["outcome"], over["waves"][0]["delivered"]) == ("ABORTED", 0)
    assert over["said"]["word"] == "abort"
    assert deployed.run("status", NAME).exit_code == 3
    deployed.cloud.admin("clock", method="POST", content={"advance_seconds": 60})  # the service takes its time
    assert {each["Id"] for each in groups()["MulticastGroupList"]} <= before


def test_a_machine_that_was_stopped_failed(deployed: Deployed) -> None:
    deployed.settings(waves=ALL)
    execution = json.loads(deployed.run("start", NAME, "--json").stdout)["execution"]
    deployed.until(lambda found: found["next"]["text"].startswith("the devices of wave all"))
    arn = deployed.machine.replace(":stateMachine:", ":execution:") + f":{execution}"
    deployed.cloud.client("stepfunctions").stop_execution(executionArn=arn, error="Somebody", cause="stopped it")
    found = deployed.status()
    assert (found["status"], found["reason"]) == ("FAILED", "its execution was stopped: Somebody: stopped it")
    assert found["waves"][0]["outcome"] == "INCONCLUSIVE"
    done = deployed.run("status", NAME)
    assert done.exit_code == 3
    assert "redrive the execution within 14 days" in " ".join(done.stdout.split())
    assert "FAILED" in deployed.run("list").stdout
    earlier = deployed.run("status", NAME, "--execution", "never")
    assert earlier.exit_code == 1
    assert "has no execution 'never'" in earlier.stderr


def test_bricks_abort_before_the_next_wave(deployed: Deployed) -> None:
    cloud = deployed.cloud
    cohorts = [{"name": "bricks", "count": 6, "bricks": "100%"}]
    content = {"groups": [], "cohorts": cohorts, "account": cloud.account, "aws_region": cloud.region}
    [made] = cloud.admin("fleet", method="POST", content=content)["cohorts"]
    cloud.client("s3").put_object(Bucket=BUCKET, Key="bricks.txt", Body="\n".join(made["device_ids"]).encode())
    waves = [{"name": "canary", "devices": 3, "bakeSeconds": 2 * HOUR}, *ALL]
    deployed.settings(waves=waves, targets={"listBucket": BUCKET, "listKey": "bricks.txt"})
    deployed.run("start", NAME)
    over = deployed.until(lambda found: found["status"] != "RUNNING")
    assert over["status"] == "ABORTED"
    assert over["reason"].startswith("3 devices are silent since they have the image, 0 are accepted")
    canary, rest = over["waves"]
    assert (canary["outcome"], canary["delivered"], canary["silent"]) == ("ABORTED", 3, 3)
    assert (rest["outcome"], rest["targets"], rest["attempted"]) == ("PENDING", 3, 0)


@pytest.mark.parametrize("word", ["start", "approve", "hold", "resume", "skip", "abort", "report"])
def test_fails_to_say_something_to_a_rollout_that_is_not_there(deployed: Deployed, word: str) -> None:
    more = ["--json"] if word == "report" else []
    done = deployed.run(word, "Fleet/Rolout", *more)
    assert (done.exit_code, done.stdout) == (1, "")
    assert f"has the name 'Fleet/Rolout': did you mean {NAME}?" in done.stderr


def test_watch_draws_in_place_until_it_is_over(deployed: Deployed, tmp_path: Path) -> None:
    deployed.settings(waves=[{**ALL[0], "approval": True}])
    deployed.run("start", NAME)
    where = ("--port", str(deployed.cloud.port))
    terminal = Terminal(
        "rollout", "status", NAME, "--watch", "--interval", "1", *where, columns=80, rows=24, folder=tmp_path
    )
    try:
        terminal.wait_for("Ctrl-C leaves")
        assert terminal.display[0] == f"Rollout {NAME}"
        deployed.until(lambda found: found["status"] == "HELD")
        terminal.wait_for("HELD at wave all")
        assert [line for line in terminal.lines if line.startswith("Rollout")] == [f"Rollout {NAME}"]
        assert deployed.run("approve", NAME).exit_code == 0
        deployed.until(lambda found: found["status"] == "SUCCEEDED")
        assert terminal.finish() == 0
    finally:
        terminal.close()
    assert len([line for line in terminal.lines if line.startswith("Rollout")]) == 1
    assert "Ctrl-C leaves" not in "".join(terminal.lines)
    assert "SUCCEEDED: 12 of 12 devices" in " ".join(terminal.lines)


def test_an_abort_stops_an_execution_that_has_made_nothing_yet(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its function cannot even be loaded, so nobody would hear the word."""
    monkeypatch.setattr(rollout_word, "SECONDS_TO_TAKE_CHARGE", 0)
    functions = deployed.cloud.client("lambda")
    functions.update_function_configuration(FunctionName="rollout", Handler="nothing.handler")
    try:
        deployed.run("start", NAME)
        assert deployed.run("abort", NAME).exit_code == 0
        found = deployed.status()
    finally:
        functions.update_function_configuration(FunctionName="rollout", Handler="rollout_step.handler")
    assert (found["status"], found["reason"]) == ("ABORTED", "Aborted: the operator said abort")
    assert {wave["outcome"] for wave in found["waves"]} == {"PENDING"}
    assert deployed.run("status", NAME).exit_code == 3
    late = deployed.run("abort", NAME)
    assert (late.exit_code, "is over (ABORTED): nothing to abort" in late.stderr) == (1, True)
