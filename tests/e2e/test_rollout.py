"""A rollout, deployed with the real CDK CLI into a local cloud that enforces IAM: real machines, real function."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest
from click.testing import CliRunner

from fuota_constructs.cli.root import fuota as root
from fuota_constructs.local import cloud as clouds
from fuota_constructs.local.cloud import LocalCloud

pytestmark = pytest.mark.e2e

T = TypeVar("T")

PATIENCE_SECONDS = 600


@pytest.fixture(scope="module")
def enforcing() -> Iterator[LocalCloud]:
    """A cloud that enforces IAM, over TLS."""
    running = clouds.start(
        clouds.free_port(),
        iam=True,
        account="123456789012",
        requests_per_second=clouds.REHEARSED_REQUESTS_PER_SECOND,
    )
    yield running
    clouds.stop(running)


class Run:
    """One life of the app: deployed, started, changed under way, aborted, started again, and destroyed under way."""

    def __init__(self, cloud: LocalCloud, app: Any) -> None:
        self.cloud, self.service = cloud, cloud.client("iotwireless")
        self.events: list[dict[str, Any]] = []
        fleet = {"groups": [], "cohorts": [{"name": "meters", "count": 5}], "account": cloud.account}
        cloud.admin("fleet", method="POST", content={**fleet, "aws_region": cloud.region})
        [profile] = self.service.list_device_profiles()["DeviceProfileList"]
        context = ["-c", f"profile={profile['Id']}"]
        app.succeeds("deploy", *context)
        [stack] = cloud.client("cloudformation").describe_stacks(StackName="Fleet")["Stacks"]
        outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
        self.machine, self.table, self.queue = outputs["Machine"], outputs["Table"], outputs["Queue"]
        self.operator = cloud.client("iam").create_access_key(UserName=outputs["Operator"])["AccessKey"]
        self.settings = self.item("plan")["Settings"]["S"]
        asked = {"table": outputs["Versions"], "rollout": outputs["Name"], "version": "1.1.0"}
        place = {"account": cloud.account, "aws_region": cloud.region}
        cloud.admin("versions", method="POST", content={**place, **asked})
        self.before = self.made()

        first = self.start("first")
        self.under_way = self.until_started()
        self.refused = app.fuota("deploy", *context, "-c", "success=60").output
        self.fuota("status", "hold", "resume", "abort")
        self.aborted = self.end_of(first)
        self.after_abort = self.until_nothing_is_left()
        app.succeeds("deploy", *context, "-c", "success=60")
        self.changed = json.loads(self.item("plan")["Settings"]["S"])

        self.succeed()

        # By now nobody would need it, so the table forgets what devices reported.
        dynamodb, versions = cloud.client("dynamodb"), outputs["Versions"]
        for found in dynamodb.scan(TableName=versions)["Items"]:
            dynamodb.delete_item(TableName=versions, Key={"WirelessDeviceId": found["WirelessDeviceId"]})

        self.failed = self.stop_one()

        self.start("third")
        self.until_told("third", "RUNNING")
        self.until_gathered()
        # CloudFormation deletes no user who has keys.
        key = self.operator["AccessKeyId"]
        cloud.client("iam").delete_access_key(UserName=outputs["Operator"], AccessKeyId=key)
        app.succeeds("destroy", *context)
        self.left = self.until_nothing_is_left()
        decisions = cloud.admin("iam")["decisions"]
        self.denied = [each for each in decisions if not each["allowed"]]
        self.used = {each["action"] for each in decisions if "RolloutFunctionRole" in each["principal"]}

    def succeed(self) -> None:
        """A rollout to its end, at whose gates the operator says each word but abort."""
        second = self.start("second")
        self.until_told("second", "RUNNING")
        self.fuota("hold")
        self.until_told("second", "HELD")
        self.fuota("approve", "status", "list")
        self.until_noted(Step="look", Wave="1")
        self.fuota("hold")
        self.until_noted(Held="second/1/0/after")
        self.fuota("status", "skip")
        self.succeeded = self.end_of(second)
        self.not_his = self.fuota("start", code=1)
        self.fuota("report")
        self.over = self.fuota("hold", code=1)
        self.evidence = self.read("second/outcome.json")
        self.checks = [self.read(f"second/wave-{wave}/check-0.json") for wave in (0, 1)]
        self.after_success = self.until_nothing_is_left()

    def stop_one(self) -> dict[str, Any]:
        """Stop a rollout from outside once it has made something; answers with what is told of that."""
        stopped = self.start("stopped")
        self.until_gathered()
        states = self.cloud.client("stepfunctions")
        states.stop_execution(executionArn=stopped, error="Somebody", cause="stopped it")
        told = self.until_told("stopped", "FAILED")
        # What was left of it takes as long to delete as the service takes.
        self.cloud.admin("clock", method="POST", content={"advance_seconds": 120})
        return told

    def fuota(self, *words: str, code: int = 0) -> str:
        """`fuota rollout` with each word, as the operator; answers what it printed."""
        said = ""
        for word in words:
            file = ["--json"] if word == "report" else []
            name = [] if word == "list" else ["Fleet/Rollout"]
            variables = {
                "AWS_ACCESS_KEY_ID": self.operator["AccessKeyId"],
                "AWS_SECRET_ACCESS_KEY": self.operator["SecretAccessKey"],
                "AWS_ENDPOINT_URL": self.cloud.url,
                "AWS_CA_BUNDLE": str(self.cloud.ca_bundle),
                "AWS_REGION": self.cloud.region,
            }
            done = CliRunner().invoke(root, ["rollout", word, *name, *file], env=variables)
            assert done.exit_code == code, f"{word}: {done.output}"
            said += done.output
        return said

    def until_told(self, execution: str, status: str) -> dict[str, Any]:
        """The event of a status, once it is told."""

        def found() -> dict[str, Any] | None:
            events = (event for event in self.told() if event["execution"] == execution)
            return next((event for event in events if event.get("status") == status), None)

        return self.until(found)

    def until_noted(self, **facts: str) -> None:
        """Wait until the rollout has noted that in its table."""
        self.until(lambda: {name: self.item("control").get(name, {}).get("S") for name in facts} == facts)

    def until(self, found: Callable[[], T]) -> T:
        """Let the time pass that the machines wait for, until something is found; answers that."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            clock = self.cloud.admin("clock")  # read before the look, so that no step is jumped over
            if seen := found():
                return seen
            assert time.monotonic() < deadline, (self.events, self.item("control"), self.cloud.log)
            if clock["next_wait"]:
                content = {"advance_seconds": max(1, clock["next_wait"] - clock["now"])}
                self.cloud.admin("clock", method="POST", content=content)
            time.sleep(0.05)

    def told(self) -> list[dict[str, Any]]:
        """The details of all events so far, as they came."""
        sqs = self.cloud.client("sqs")
        while messages := sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                detail = json.loads(message["Body"])["detail"]
                if detail not in self.events:
                    self.events.append(detail)
                sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return self.events

    def item(self, key: str) -> dict[str, Any]:
        """An item of the table."""
        found = self.cloud.client("dynamodb").get_item(TableName=self.table, Key={"Rollout": {"S": key}})
        item: dict[str, Any] = found.get("Item", {})
        return item

    def read(self, key: str) -> dict[str, Any]:
        """A document of the evidence."""
        s3 = self.cloud.client("s3")
        [bucket] = [each["Name"] for each in s3.list_buckets()["Buckets"] if "firmware" in each["Name"]]
        key = f"rollouts/{self.machine.rpartition(':')[2]}/{key}"
        document: dict[str, Any] = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        return document

    def made(self) -> list[str]:
        """The groups and tasks there are."""
        groups = self.service.list_multicast_groups()["MulticastGroupList"]
        return [each["Name"] for each in [*groups, *self.service.list_fuota_tasks()["FuotaTaskList"]]]

    def start(self, name: str) -> str:
        """Start a rollout, with the settings that are in the table."""
        answer = self.cloud.client("stepfunctions").start_execution(
            stateMachineArn=self.machine, name=name, input=self.item("plan")["Settings"]["S"]
        )
        return str(answer["executionArn"])

    def until_started(self) -> str:
        """Wait until the session of the first wave is scheduled."""
        return self.until(lambda: "FuotaSession_Waiting" if "FuotaSession_Waiting" in self.statuses() else "")

    def statuses(self) -> list[str]:
        """Those of all tasks."""
        tasks = self.service.list_fuota_tasks()["FuotaTaskList"]
        return [str(self.service.get_fuota_task(Id=each["Id"])["Status"]) for each in tasks]

    def until_gathered(self) -> None:
        """Wait until the group of the first wave is there."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.made():
            assert time.monotonic() < deadline, (self.item("control"), self.cloud.log)
            time.sleep(0.2)

    def until_nothing_is_left(self) -> list[str]:
        """What is still there when the service has deleted what it was told to."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (left := self.made()) and time.monotonic() < deadline:
            time.sleep(0.2)
        return left

    def end_of(self, execution: str) -> dict[str, Any]:
        """The output of an execution, once it is over."""
        states = self.cloud.client("stepfunctions")

        def ended() -> dict[str, Any]:
            found: dict[str, Any] = states.describe_execution(executionArn=execution)
            return {} if found["status"] == "RUNNING" else found

        over = self.until(ended)
        assert over["status"] == "SUCCEEDED", over
        output: dict[str, Any] = json.loads(over["output"])
        return output


@pytest.fixture(scope="module")
def run(enforcing: LocalCloud, app_on: Callable[[LocalCloud, str], Any]) -> Run:
    return Run(enforcing, app_on(enforcing, "rollout"))


def test_a_deployment_starts_nothing(run: Run) -> None:
    assert run.before == []
    assert json.loads(run.settings)["gate"]["success"] == 0.5


def test_an_execution_brings_the_first_wave_on_its_way(run: Run) -> None:
    assert run.under_way == "FuotaSession_Waiting"


def test_fails_to_change_a_rollout_that_is_under_way(run: Run) -> None:
    assert "execution first of the rollout is under way, and what it sends cannot change" in run.refused


def test_abort_calls_off_what_has_not_begun_and_takes_everything_away(run: Run) -> None:
    assert run.aborted["status"] == "ABORTED"
    assert run.after_abort == []


def test_the_next_rollout_has_the_settings_that_were_changed(run: Run) -> None:
    assert run.changed["gate"]["success"] == 0.6


def test_a_rollout_reaches_everybody_wave_by_wave(run: Run) -> None:
    assert run.succeeded["status"] == run.evidence["status"] == "SUCCEEDED"
    assert [wave["outcome"] for wave in run.succeeded["waves"]] == ["INCONCLUSIVE", "SKIPPED"]
    assert [wave["counts"]["delivered"] for wave in run.succeeded["waves"]] == [3, 2]
    assert [wave["counts"]["applied"] for wave in run.succeeded["waves"]] == [3, 2]
    assert run.after_success == []


def test_before_each_wave_all_could_be_told_and_nobody_was_left_out(run: Run) -> None:
    said = {"already": 0, "conflicting": 0, "unknown": []}
    assert run.checks == [{"attempted": count, **said} for count in (3, 2)]


def test_destroying_the_stack_ends_the_rollout_and_leaves_nothing(run: Run) -> None:
    assert run.left == []


def test_an_operator_with_only_control_controls_and_does_not_start(run: Run) -> None:
    assert "is not authorized to perform: states:StartExecution" in run.not_his
    assert "is over (SUCCEEDED): nothing to hold" in run.over
    [said] = [event["said"] for event in run.events if event["execution"] == "first" and "said" in event]
    assert said["word"] == "abort"
    assert said["who"].split("/")[0].endswith(":user")


def test_the_queue_got_each_change_of_status(run: Run) -> None:
    statuses = {
        name: [event["status"] for event in run.events if event["execution"] == name and "status" in event]
        for name in ("first", "second", "stopped")
    }
    assert statuses == {
        "first": ["RUNNING", "ABORTED"],
        "second": ["RUNNING", "HELD", "RUNNING", "HELD", "RUNNING", "SUCCEEDED"],
        "stopped": ["RUNNING", "FAILED"],
    }
    assert run.failed["reason"] == "its execution was stopped: Somebody: stopped it"
    waves = [event["outcome"] for event in run.events if event["execution"] == "second" and "outcome" in event]
    assert waves == ["RUNNING", "INCONCLUSIVE", "RUNNING", "PASSED", "SKIPPED"]
    words = [event["said"]["word"] for event in run.events if event["execution"] == "second" and "said" in event]
    assert words == ["approve", "skip"]


def test_nothing_else_was_denied_and_what_was_granted_was_needed(run: Run) -> None:
    # Nor may the operator see whether a local cloud has devices, which `start` asks there before it starts.
    assert {each["action"] for each in run.denied} == {"states:StartExecution", "iotwireless:ListWirelessDevices"}
    assert all(":user/" in each["principal"] for each in run.denied)
    assert {
        "events:PutEvents",
        "iotwireless:CreateFuotaTask",
        "iotwireless:AssociateWirelessDeviceWithMulticastGroup",
    } <= run.used
    assert {"dynamodb:BatchGetItem", "iam:GetRole", "iam:SimulatePrincipalPolicy"} <= run.used
