"""`Custom::FuotaRollout`: the settings of a rollout, and what becomes of it with its stack."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import aws_calls
import boto3
import pytest
from lambda_rig import event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from lambda_rig import Answer, Rig

    from fuota_constructs.local import cloud as clouds

TABLE, NAME = "control", "Fleet/Rollout"
PHYSICAL_ID = f"fuota-constructs:rollout-of:{TABLE}"
TAGS = [{"Key": "fuota-constructs:rollout", "Value": NAME}]
PLAN, CONTROL = {"Rollout": {"S": "plan"}}, {"Rollout": {"S": "control"}}
GIVEN = {"ServiceToken": "arn", "ServiceTimeout": "330", "ControlTable": TABLE, "Rollout": NAME, "Settings": '{"a":1}'}


@pytest.fixture(scope="module")
def engine(start_cloud: Callable[..., AbstractContextManager[clouds.LocalCloud]]) -> Iterator[clouds.LocalCloud]:
    """A local cloud for DynamoDB and Step Functions, with a machine that rests."""
    with start_cloud() as running:
        yield running


@pytest.fixture
def table(engine: clouds.LocalCloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The table of a rollout."""
    for service in ("DYNAMODB", "SFN"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", engine.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", engine.account)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", engine.secret)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # one with the keys of this cloud, for this test
    aws_calls._client.cache_clear()
    client = engine.client("dynamodb")
    client.create_table(
        TableName=TABLE,
        AttributeDefinitions=[{"AttributeName": "Rollout", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "Rollout", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    yield client
    client.delete_table(TableName=TABLE)
    aws_calls._client.cache_clear()


@pytest.fixture
def execution(engine: clouds.LocalCloud, table: Any) -> str:
    """An execution that is under way, and on record."""
    states = engine.client("stepfunctions")
    machine = {"StartAt": "Rest", "States": {"Rest": {"Type": "Wait", "Seconds": 86_400, "End": True}}}
    role = "arn:aws:iam::000000000000:role/r"
    name = f"Rest-{uuid.uuid4()}"
    arn = states.create_state_machine(name=name, definition=json.dumps(machine), roleArn=role)["stateMachineArn"]
    started: str = states.start_execution(stateMachineArn=arn, name="one")["executionArn"]
    note(table, Execution="one", ExecutionArn=started, Status="RUNNING")
    return started


def note(table: Any, **facts: str) -> None:
    table.put_item(TableName=TABLE, Item={**CONTROL, **{name: {"S": text} for name, text in facts.items()}})


def settings(table: Any) -> str | None:
    item = table.get_item(TableName=TABLE, Key=PLAN).get("Item")
    return item and str(item["Settings"]["S"])


def send(rig: Rig, kind: str, **changes: Any) -> Answer:
    identity = {} if kind == "Create" else {"PhysicalResourceId": PHYSICAL_ID}
    request = {"RequestType": kind, "RequestId": str(uuid.uuid4()), "ResourceType": "Custom::FuotaRollout"}
    return rig.send(event("create_fuota_task"), **{**request, **identity, "ResourceProperties": GIVEN, **changes})


def status_of(engine: clouds.LocalCloud, execution: str) -> str:
    return str(engine.client("stepfunctions").describe_execution(executionArn=execution)["status"])


def test_a_create_notes_the_settings_twice_alike(rig, cloud, table) -> None:
    for _ in range(2):
        assert send(rig, "Create").physical_id == PHYSICAL_ID
    assert settings(table) == GIVEN["Settings"]
    assert cloud.requests(mutating=True) == []


def test_an_update_notes_other_settings_while_nothing_is_under_way(rig, cloud, table) -> None:
    send(rig, "Create")
    note(table, Execution="old", ExecutionArn="arn:aws:states:eu-west-1:000000000000:execution:M:old", Status="RUNNING")
    answer = send(rig, "Update", ResourceProperties={**GIVEN, "Settings": "{}"}, OldResourceProperties=GIVEN)
    assert (answer.status, answer.physical_id) == ("SUCCESS", PHYSICAL_ID)
    assert settings(table) == "{}"


def test_r19_fails_to_change_what_is_under_way_and_the_rollback_succeeds(rig, cloud, table, execution) -> None:
    send(rig, "Create")
    new = {**GIVEN, "Settings": "{}"}
    answer = send(rig, "Update", ResourceProperties=new, OldResourceProperties=GIVEN)
    assert answer.status == "FAILED"
    assert (
        "execution one of the rollout is under way, and what it sends cannot change. Wait until it is over"
        in answer.reason
    )
    assert settings(table) == GIVEN["Settings"]
    back = send(rig, "Update", ResourceProperties=GIVEN, OldResourceProperties=new)
    assert back.status == "SUCCESS"


def test_r17_an_update_that_changes_nothing_does_nothing(rig, cloud, table, execution) -> None:
    send(rig, "Create")
    assert send(rig, "Update", OldResourceProperties=GIVEN).status == "SUCCESS"


def test_a_delete_aborts_and_takes_away_what_the_rollout_made_and_nothing_else(
    rig, cloud, table, execution, engine
) -> None:
    lorawan: Any = {"RfRegion": "EU868", "DlClass": "ClassC"}
    made = cloud.client.create_multicast_group(Name="rollout-one-0-0", LoRaWAN=lorawan, Tags=TAGS)["Id"]
    other = cloud.client.create_multicast_group(Name="rollout-two-0-0", LoRaWAN=lorawan)["Id"]
    cloud.client.associate_wireless_device_with_multicast_group(Id=made, WirelessDeviceId=cloud.device())
    image = {"FirmwareUpdateImage": "s3://b/k", "FirmwareUpdateRole": "arn:aws:iam::1:role/r"}
    task = cloud.client.create_fuota_task(Name="rollout-one-0-0", Tags=TAGS, **image)["Id"]
    cloud.client.associate_multicast_group_with_fuota_task(Id=task, MulticastGroupId=made)
    cloud.start(task)
    theirs = cloud.client.create_fuota_task(Name="rollout-of-mine", **image)["Id"]
    answer = send(rig, "Delete")
    assert (answer.status, answer.physical_id) == ("SUCCESS", PHYSICAL_ID)
    assert status_of(engine, execution) == "ABORTED"
    item = table.get_item(TableName=TABLE, Key=CONTROL)["Item"]
    assert (item["Word"]["S"], item["Status"]["S"]) == ("abort", "ABORTED")
    rig.clock.time += 10
    assert [group["Id"] for group in cloud.client.list_multicast_groups()["MulticastGroupList"]] == [other]
    assert set(cloud.tasks()) == {theirs}


def test_a_delete_passes_by_what_goes_by_itself_meanwhile(rig, cloud, table) -> None:
    lorawan: Any = {"RfRegion": "EU868", "DlClass": "ClassC"}
    cloud.client.create_multicast_group(Name="rollout-one-0-0", LoRaWAN=lorawan, Tags=TAGS)
    cloud.fault("ListTagsForResource", "not-found", times=1)
    assert send(rig, "Delete").status == "SUCCESS"
    assert "DeleteMulticastGroup" not in cloud.requests(mutating=True)


def test_r21_a_second_delete_and_one_without_a_table_succeed(rig, cloud, table) -> None:
    send(rig, "Create")
    for _ in range(2):
        assert send(rig, "Delete").status == "SUCCESS"
    gone = "fuota-constructs:rollout-of:no-such-table"
    assert send(rig, "Delete", PhysicalResourceId=gone).status == "SUCCESS"


@pytest.mark.parametrize("physical_id", ["fuota-constructs:create-failed", "invented"])
def test_r22_a_delete_of_what_was_never_made_succeeds(rig, cloud, table, physical_id) -> None:
    answer = send(rig, "Delete", PhysicalResourceId=physical_id)
    assert (answer.status, answer.physical_id) == ("SUCCESS", physical_id)
    assert cloud.requests(mutating=True) == []


def test_r26_a_delete_needs_no_properties(rig, cloud, table) -> None:
    assert send(rig, "Delete", ResourceProperties={}).status == "SUCCESS"


@pytest.mark.parametrize("name", ["ControlTable", "Rollout", "Settings"])
def test_r11_fails_without_a_property_that_is_needed(rig, cloud, table, name) -> None:
    answer = send(rig, "Create", ResourceProperties={**GIVEN, name: ""})
    assert (answer.status, answer.physical_id) == ("FAILED", "fuota-constructs:create-failed")
    assert f"{name} is required" in answer.reason
