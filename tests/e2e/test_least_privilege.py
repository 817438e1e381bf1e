"""The provider's policy under enforced IAM: it has what it needs, nothing it does not need, and needs all of it."""

import fnmatch
import io
import json
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fuota_constructs.local import cloud as clouds
from fuota_constructs.local.cloud import LocalCloud

pytestmark = pytest.mark.e2e

STACK = "LeastPrivilege"
POLICY_TYPE, FUNCTION_TYPE = "AWS::IAM::Policy", "AWS::Lambda::Function"
STATEMENTS = (
    "CreateAndListTasks",
    "ReadTasks",
    "ManageTasks",
    "AttachTargets",
    "SetUpGroups",
    "MoveDevices",
    "PassFirmwareUpdateRole",
    "ReadAssets",
    "WriteFirmware",
    "ReadOwnStack",
)


@pytest.fixture(scope="module")
def enforcing() -> Iterator[LocalCloud]:
    """A cloud that enforces IAM, over TLS."""
    running = clouds.start(clouds.free_port(), iam=True, account="123456789012")
    yield running
    clouds.stop(running)


@pytest.fixture(scope="module")
def devices(enforcing: LocalCloud) -> list[str]:
    """Two wireless devices of the service."""
    service = enforcing.client("iotwireless")
    profile = service.create_device_profile(LoRaWAN={"RfRegion": "EU868", "SupportsJoin": True})["Id"]
    service_profile = service.create_service_profile(LoRaWAN={})["Id"]
    service.create_destination(
        Name="d", ExpressionType="RuleName", Expression="r", RoleArn=f"arn:aws:iam::{enforcing.account}:role/r"
    )
    return [
        service.create_wireless_device(
            Type="LoRaWAN",
            DestinationName="d",
            LoRaWAN={
                "DevEui": f"a1b2c3d4e5f6070{number}",
                "DeviceProfileId": profile,
                "ServiceProfileId": service_profile,
                "OtaaV1_0_x": {"AppKey": "0" * 32, "AppEui": "0" * 16, "GenAppKey": "1" * 32},
            },
        )["Id"]
        for number in (1, 2)
    ]


class Run:
    """One life of the app under IAM: what the provider asked for, and the templates of both revisions."""

    def __init__(self, cloud: LocalCloud, app: Any, devices: list[str]) -> None:
        context = ["-c", f"devices={','.join(devices)}"]
        self.cloudformation = cloud.client("cloudformation")
        app.succeeds("deploy", *context)
        self.template = self._template()
        self.statements = self._provider_statements()
        app.succeeds("deploy", "-c", "revision=2", *context)
        self._lose_a_create(cloud)
        self.foreign = self._delete_tasks_of_others(cloud)
        app.succeeds("destroy", *context)
        self.tasks_left = [task["Id"] for task in cloud.client("iotwireless").list_fuota_tasks()["FuotaTaskList"]]
        decisions = cloud.admin("iam")["decisions"]
        self.denied = [decision for decision in decisions if not decision["allowed"]]
        self.provider = [each for each in decisions if "ConstructsProviderRole" in each["principal"]]

    def _template(self) -> dict[str, Any]:
        template: dict[str, Any] = self.cloudformation.get_template(StackName=STACK, TemplateStage="Processed")[
            "TemplateBody"
        ]
        return template

    def _provider_statements(self) -> list[dict[str, Any]]:
        return [each for document in provider_documents(self.template) for each in document["Statement"]]

    def _lose_a_create(self, cloud: LocalCloud) -> None:
        # What CloudFormation sends for a Create it cut off: a Delete with an id of its own making. The task that
        # the Create made carries the stack's tags.
        [stack] = self.cloudformation.describe_stacks(StackName=STACK)["Stacks"]
        tags = {"fuota-constructs:stack-id": stack["StackId"], "fuota-constructs:logical-id": "CutOff"}
        lost = self._make_task(cloud, tags)
        self._send_delete(cloud, f"{STACK}-CutOff-1ABCDEFGHIJK")
        tasks = cloud.client("iotwireless").list_fuota_tasks()["FuotaTaskList"]
        assert lost not in [task["Id"] for task in tasks]

    def _delete_tasks_of_others(self, cloud: LocalCloud) -> str:
        # Whoever may invoke the function may ask it to delete any task.
        other_stack = f"arn:aws:cloudformation:{cloud.region}:{cloud.account}:stack/Other/1"
        foreign = self._make_task(cloud, {"fuota-constructs:stack-id": other_stack})
        without_a_tag = self._make_task(cloud, {})
        for task_id in (foreign, without_a_tag):
            self._send_delete(cloud, task_id)
        return foreign

    def _make_task(self, cloud: LocalCloud, tags: dict[str, str]) -> str:
        task_id: str = cloud.client("iotwireless").create_fuota_task(
            FirmwareUpdateImage="s3://b/k",
            FirmwareUpdateRole=f"arn:aws:iam::{cloud.account}:role/r",
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )["Id"]
        return task_id

    def _send_delete(self, cloud: LocalCloud, physical_id: str) -> None:
        [stack] = self.cloudformation.describe_stacks(StackName=STACK)["Stacks"]
        event = {
            "RequestType": "Delete",
            "RequestId": str(uuid.uuid4()),
            "ResponseURL": f"{cloud.url}/_ministack/cfn-response/nobody-waits",
            "StackId": stack["StackId"],
            "LogicalResourceId": "CutOff",
            "PhysicalResourceId": physical_id,
            "ResourceType": "Custom::FuotaTask",
            "ResourceProperties": {"ServiceToken": "arn:aws:lambda:eu-west-1:000000000000:function:x"},
        }
        resources = self.cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]
        [function] = [each["PhysicalResourceId"] for each in resources if each["ResourceType"] == FUNCTION_TYPE]
        cloud.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))


@pytest.fixture(scope="module")
def run(enforcing: LocalCloud, app_on: Callable[[LocalCloud, str], Any], devices: list[str]) -> Run:
    return Run(enforcing, app_on(enforcing, "least_privilege"), devices)


def provider_documents(template: dict[str, Any]) -> list[dict[str, Any]]:
    """The provider's policies: what only groups need is in some of their own."""
    return [
        resource["Properties"]["PolicyDocument"]
        for name, resource in template["Resources"].items()
        if resource["Type"] == POLICY_TYPE and "Provider" in name
    ]


def test_deploy_update_and_destroy_pass_and_nothing_is_denied(run: Run) -> None:
    assert run.tasks_left == [run.foreign]
    assert [each for each in run.denied if not each["resource"].endswith(run.foreign)] == []
    assert run.provider


def test_a_task_of_another_stack_is_out_of_reach(run: Run) -> None:
    assert {each["action"] for each in run.denied} == {"iotwireless:DeleteFuotaTask"}
    assert all(each["resource"].endswith(run.foreign) for each in run.denied)


def test_the_statements_are_the_ones_this_file_knows(run: Run) -> None:
    # The assets of this cloud are encrypted with no key.
    assert {statement["Sid"] for statement in run.statements} == {*STATEMENTS, "DecryptAssets", "WriteLogs"}


@pytest.mark.parametrize("sid", STATEMENTS)
def test_every_action_of_a_statement_is_used_on_its_resources(sid: str, run: Run, enforcing: LocalCloud) -> None:
    statement = next(each for each in run.statements if each["Sid"] == sid)
    actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
    patterns = resource_patterns(statement["Resource"])
    used = {
        decision["action"]
        for decision in run.provider
        if any(fnmatch.fnmatch(decision["resource"], pattern) for pattern in patterns)
    }
    assert set(actions) - used == set()


def resource_patterns(resource: Any) -> list[str]:
    """The resources of a statement as wildcards: whatever CloudFormation fills in may be anything."""
    each = resource if isinstance(resource, list) else [resource]
    patterns = []
    for one in each:
        if isinstance(one, str):
            patterns.append(one)
        elif "Fn::Join" in one:
            patterns.append("".join(part if isinstance(part, str) else "*" for part in one["Fn::Join"][1]))
        else:
            patterns.append("arn:*")
    return patterns


IMPATIENT = {"aws_calls.py": ["PROPAGATION_SECONDS = 90\n"], "new_task.py": ["VISIBLE_SECONDS = 45\n"]}


@pytest.fixture(scope="module")
def impatient_function(run: Run, enforcing: LocalCloud) -> dict[str, Any]:
    """Where the provider's code lies, changed in one point: it does not wait 90 s for a new permission to spread."""
    [function] = [each for each in run.template["Resources"].values() if each["Type"] == FUNCTION_TYPE]
    s3 = enforcing.client("s3")
    bucket = f"cdk-hnb659fds-assets-{enforcing.account}-{enforcing.region}"
    code = s3.get_object(Bucket=bucket, Key=function["Properties"]["Code"]["S3Key"])["Body"].read()
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(code)) as before, zipfile.ZipFile(changed, "w") as after:
        for name in before.namelist():
            text = before.read(name).decode()
            for setting in IMPATIENT.get(name, ()):
                assert text.count(setting) == 1
                text = text.replace(setting, f"{setting.partition(' = ')[0]} = 0\n")
            after.writestr(name, text)
    s3.put_object(Bucket=bucket, Key="impatient.zip", Body=changed.getvalue())
    return {**function["Properties"]["Code"], "S3Key": "impatient.zip"}


@pytest.fixture(scope="module")
def without_a_statement(run: Run, enforcing: LocalCloud, impatient_function: dict[str, Any]) -> dict[str, Any]:
    """For each statement, the stack whose provider lacks it; all are made at once."""
    for sid in STATEMENTS:
        template = json.loads(json.dumps(run.template))
        for document in provider_documents(template):
            document["Statement"] = [each for each in document["Statement"] if each["Sid"] != sid]
        for resource in template["Resources"].values():
            if resource["Type"] == FUNCTION_TYPE:
                resource["Properties"]["Code"] = impatient_function
        run.cloudformation.create_stack(
            StackName=f"Without{sid}",
            TemplateBody=json.dumps(template),
            Capabilities=["CAPABILITY_IAM"],
            DisableRollback=True,
        )
    stacks = {}
    for sid in STATEMENTS:
        while (stack := run.cloudformation.describe_stacks(StackName=f"Without{sid}")["Stacks"][0])[
            "StackStatus"
        ] == "CREATE_IN_PROGRESS":
            time.sleep(0.1)
        stacks[sid] = stack
    return stacks


@pytest.mark.parametrize(
    ("sid", "missing"),
    [
        ("CreateAndListTasks", "iotwireless:CreateFuotaTask"),
        ("ReadTasks", "iotwireless:GetFuotaTask"),
        ("ManageTasks", "iotwireless:TagResource"),
        ("AttachTargets", "iotwireless:Associate"),
        ("SetUpGroups", "iotwireless:GetMulticastGroup"),
        ("MoveDevices", "iotwireless:AssociateWirelessDeviceWithMulticastGroup"),
        ("PassFirmwareUpdateRole", "iam:PassRole"),
        ("ReadAssets", "s3:GetObject"),
        ("WriteFirmware", "s3:PutObject"),
    ],
)
def test_fails_without_the_statement(sid: str, missing: str, run: Run, without_a_statement: dict[str, Any]) -> None:
    assert without_a_statement[sid]["StackStatus"] == "CREATE_FAILED"
    events = run.cloudformation.describe_stack_events(StackName=f"Without{sid}")["StackEvents"]
    reasons = [each.get("ResourceStatusReason", "") for each in events if each["ResourceStatus"] == "CREATE_FAILED"]
    assert any(f"is not authorized to perform: {missing}" in reason for reason in reasons), reasons


def test_a_deployment_passes_without_knowing_the_stack(run: Run, without_a_statement: dict[str, Any]) -> None:
    """Where a permissions boundary takes that away, the tags of the tasks tell what they can."""
    assert without_a_statement["ReadOwnStack"]["StackStatus"] == "CREATE_COMPLETE"


def test_a_task_is_adopted_and_outlives_a_failed_deployment(
    enforcing: LocalCloud, app_on: Callable[[LocalCloud, str], Any]
) -> None:
    service, app = enforcing.client("iotwireless"), app_on(enforcing, "adoption")
    role = f"arn:aws:iam::{enforcing.account}:role/old"
    task_id = service.create_fuota_task(FirmwareUpdateImage="s3://b/k", FirmwareUpdateRole=role)["Id"]

    def tags() -> set[str]:
        arn = service.get_fuota_task(Id=task_id)["Arn"]
        return {tag["Key"] for tag in service.list_tags_for_resource(ResourceArn=arn)["Tags"]}

    def groups() -> list[Any]:
        listed: list[Any] = service.list_multicast_groups_by_fuota_task(Id=task_id)["MulticastGroupList"]
        return listed

    assert app.fuota("deploy", "-c", f"task={task_id}", "-c", "fail=1").code != 0
    assert (tags(), groups()) == (set(), [])
    app.succeeds("deploy", "-c", f"task={task_id}")
    assert service.get_fuota_task(Id=task_id)["RedundancyPercent"] == 20
    assert len(groups()) == 1
    assert "fuota-constructs:adopted" in tags()
    app.succeeds("destroy", "-c", f"task={task_id}")
    assert task_id not in [task["Id"] for task in service.list_fuota_tasks()["FuotaTaskList"]]
