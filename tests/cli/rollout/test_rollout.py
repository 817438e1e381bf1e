"""fuota rollout, as an operator meets it: the real machines and the real function in a local cloud."""

import json
from pathlib import Path

import pytest

from fuota_constructs.operations import rollout_word

from ..published import document
from ..terminal import Terminal
from .conftest import BUCKET, HOUR, NAME, Deployed

ALL = [{"name": "all", "percent": 100, "bakeSeconds": 0}]


pytestmark = pytest.mark.usefixtures("one_by_one")


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
