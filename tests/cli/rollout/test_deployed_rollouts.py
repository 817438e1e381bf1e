"""Rollouts that are deployed: they are listed, and get devices before they start."""

import json
import shlex

import pytest
from click.testing import CliRunner

from fuota_constructs.cli.root import fuota as root
from fuota_constructs.operations.aws import Aws

from ..published import document
from .conftest import BUCKET, IDLE, NAME, ROLE, TABLE, Deployed

pytestmark = pytest.mark.usefixtures("one_by_one")


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
