"""A rollout in a local cloud as its construct makes it: table, function, machines and their tags."""

from __future__ import annotations

import io
import json
import time
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

import fuota_constructs
from fuota_constructs.cli.root import fuota as root
from fuota_constructs.operations.rollout_status import RolloutStatus
from fuota_constructs.operations.rollouts import Rollout

from ..published import document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fuota_constructs.local.cloud import LocalCloud
    from fuota_constructs.operations.rollout_evidence import Evidence
    from fuota_constructs.operations.rollout_waves import WaveStatus

PACKAGE = Path(fuota_constructs.__file__).parent
ROLE, BUCKET, TABLE = "arn:aws:iam::000000000000:role/rollout", "rollout-firmware", "rollout-control"
NAME, IDLE = "Fleet/Rollout", "Depot/Spare"
VARIABLES = {"CONTROL_TABLE": TABLE, "EVENT_BUS": "default", "FIRMWARE_BUCKET": BUCKET, "ROLLOUT": NAME}
IMAGE = bytes(range(250)) * 4
MINUTE, HOUR = 60, 3600
PATIENCE_SECONDS = 600


@dataclass
class Deployed:
    """The rollout and its fleet."""

    cloud: LocalCloud
    machine: str
    devices: list[str]

    def run(self, *arguments: str) -> Result:
        """A `fuota rollout` command, in this process; whatever JSON it prints is as published."""
        done = CliRunner().invoke(root, ["rollout", *arguments, "--local", "--port", str(self.cloud.port)])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        if "--json" in arguments and done.stdout:
            document(done.stdout)
        return done

    def status(self) -> dict[str, Any]:
        """What `fuota rollout status --json` says."""
        found: dict[str, Any] = json.loads(self.run("status", NAME, "--json").stdout)
        return found

    def settings(self, **changes: Any) -> None:
        """Note other settings, as a deployment does."""
        settings = {
            "rollout": NAME,
            "targets": {"listBucket": BUCKET, "listKey": "devices.txt"},
            "waves": [
                {"name": "canary", "devices": 4, "bakeSeconds": HOUR},
                {"name": "half", "percent": 50, "bakeSeconds": 10 * MINUTE},
                {"name": "rest", "percent": 100, "bakeSeconds": 0},
            ],
            "image": {"uri": f"s3://{BUCKET}/v2.bin", "sizeBytes": len(IMAGE), "role": ROLE},
            "session": {
                "rfRegion": "EU868",
                "dlClass": "ClassC",
                "fragmentSizeBytes": 40,
                "fragmentIntervalMs": 30_000,
                "redundancyPercent": 100,
                "plannedLoss": 0.02,
            },
            "gate": {"success": 0.5, "confidence": 0.8, "mostSilent": 0, "silentAfterSeconds": HOUR},
            "retries": 0,
            "mostRedundancyPercent": 100,
            "setup": {"share": 0.9, "deadlineSeconds": 6 * HOUR},
            **changes,
        }
        item = {"Rollout": {"S": "plan"}, "Settings": {"S": json.dumps(settings)}}
        self.cloud.client("dynamodb").put_item(TableName=TABLE, Item=item)

    def until(self, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Let the clock jump to what comes next, until a status is as wanted."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            clock = self.cloud.admin("clock")  # read before the status, so that no step is jumped over
            if holds(found := self.status()):
                return found
            assert time.monotonic() < deadline, json.dumps(found, indent=1)
            waits, now = clock["next_wait"], clock["now"]
            if waits is not None and waits > now:
                coming = datetime.fromisoformat(found["next"]["at"]).timestamp() if found["next"]["at"] else 0.0
                seconds = max(coming, waits) - now + 1
                self.cloud.admin("clock", method="POST", content={"advance_seconds": seconds})
            time.sleep(0.1)


def status_of(status: str, waves: tuple[WaveStatus, ...], evidence: Evidence, **control: str) -> RolloutStatus:
    """A status without a cloud."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    rollout = Rollout(NAME, "arn:aws:states:eu-west-1:000000000000:stateMachine:rollout", TABLE, BUCKET)
    return RolloutStatus(rollout, "one", status, "because", waves, {}, evidence, dict(control), now, now, None)


def _code() -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        for file in (PACKAGE / "rollout" / "runtime").glob("*.py"):
            zipped.write(file, file.name)
        for file in (PACKAGE / "lorawan").rglob("*.py"):
            zipped.write(file, f"fuota_constructs/{file.relative_to(PACKAGE)}")
    return archive.getvalue()


def _machine(cloud: LocalCloud, kind: str, arns: dict[str, str], tags: dict[str, str], name: str = "") -> str:
    text = (PACKAGE / "rollout" / "machine" / f"{kind}.asl.json").read_text()
    for key, arn in {"Partition": "aws", **arns}.items():
        text = text.replace(f"${{{key}}}", arn)
    listed = [{"key": key, "value": value} for key, value in tags.items()]
    made = cloud.client("stepfunctions").create_state_machine(
        name=name or kind, roleArn=ROLE, definition=text, tags=listed
    )
    return str(made["stateMachineArn"])


@pytest.fixture(scope="module")
def deployed(cloud: LocalCloud) -> Deployed:
    s3, dynamodb = cloud.client("s3"), cloud.client("dynamodb")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": cloud.region})
    s3.put_object(Bucket=BUCKET, Key="v2.bin", Body=IMAGE)
    iam = cloud.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "iotwireless.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName="rollout", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
    allow = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:List*"], "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.put_role_policy(RoleName="rollout", PolicyName="read", PolicyDocument=policy)
    dynamodb.create_table(
        TableName=TABLE,
        AttributeDefinitions=[{"AttributeName": "Rollout", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "Rollout", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    function = cloud.client("lambda").create_function(
        FunctionName="rollout",
        Runtime="python3.13",
        Role=ROLE,
        Handler="rollout_step.handler",
        Timeout=900,
        Code={"ZipFile": _code()},
        Environment={"Variables": VARIABLES},
    )["FunctionArn"]
    wave = _machine(cloud, "wave", {"FunctionArn": function}, {})
    tags = {
        "fuota-constructs:rollout": NAME,
        "fuota-constructs:rollout-table": TABLE,
        "fuota-constructs:rollout-bucket": BUCKET,
    }
    arns = {"FunctionArn": function, "WaveMachineArn": wave}
    machine = _machine(cloud, "rollout", arns, tags)
    _machine(cloud, "rollout", arns, {**tags, "fuota-constructs:rollout": IDLE}, name="spare")
    fleet = {"groups": [], "cohorts": [{"name": "meters", "count": 12}], "account": cloud.account}
    made = cloud.admin("fleet", method="POST", content={**fleet, "aws_region": cloud.region})
    devices = [device for cohort in made["cohorts"] for device in cohort["device_ids"]]
    s3.put_object(Bucket=BUCKET, Key="devices.txt", Body="\n".join(devices).encode())
    return Deployed(cloud, machine, devices)


@pytest.fixture
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
