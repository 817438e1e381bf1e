"""Versions at deployment: a lower one over a higher one is refused, a rollback never; and content that stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from firmware_facts import Firmware
from lambda_rig import event, update, without
from response_sink import CLEANUP

if TYPE_CHECKING:
    from lambda_rig import Made, Rig
    from response_sink import ResponseSink
    from wireless_rig import Cloud


TAG = "fuota-constructs:firmware"


def firmware(
    version: str, *, form: str = "mcuboot", digest: str = "", key: str = "e304", name: str = ""
) -> dict[str, str]:
    """The properties of a task whose image has a version."""
    name = name or version
    return {
        "FirmwareUpdateImage": f"s3://fleet-firmware/firmware/{name}/a.bin",
        "FirmwareVersion": version,
        "FirmwareFormat": form,
        "FirmwareDigest": digest or f"digest of {version}",
        "FirmwareKeyHash": key,
    }


NONE = ("FirmwareVersion", "FirmwareFormat", "FirmwareDigest", "FirmwareKeyHash")


@pytest.fixture
def deploying(sink: ResponseSink) -> None:
    sink.stack_status = "UPDATE_IN_PROGRESS"


@pytest.mark.usefixtures("deploying")
def test_a_higher_version_passes_and_is_written_on_the_task(rig: Rig, cloud: Cloud, made: Made) -> None:
    old, task_id = made(**firmware("2.3.0+1"))
    assert cloud.tags_of(task_id)[TAG] == "mcuboot 2.3.0+1"
    answer = update(rig, task_id, old, {**old, **firmware("2.4.0+0")})
    assert (answer.status, answer.physical_id, answer.reason) == ("SUCCESS", task_id, "")
    assert cloud.tags_of(task_id)[TAG] == "mcuboot 2.4.0+0"
    assert answer.at("WARNING") == []


@pytest.mark.usefixtures("deploying")
@pytest.mark.parametrize("bring", ["", "to_done"])
def test_fails_for_a_lower_version(rig: Rig, cloud: Cloud, made: Made, bring: str) -> None:
    old, task_id = made(**firmware("2.4.0+0"), MulticastGroupIds=[cloud.group()])
    if bring:
        getattr(cloud, bring)(task_id)
    cloud.forget_requests()
    answer = update(rig, task_id, old, {**old, **firmware("2.3.9+7")})
    assert (answer.status, answer.physical_id) == ("FAILED", task_id)
    assert f"FUOTA task {task_id} has firmware version 2.4.0+0, and the template has 2.3.9+7, which is" in answer.reason
    assert "give the task allow_downgrade=True to mean it" in answer.reason
    assert cloud.changes() == []
    back = update(rig, task_id, {**old, **firmware("2.3.9+7")}, old)
    assert (back.status, back.reason) == ("SUCCESS", "")
    assert cloud.changes() == []


@pytest.mark.usefixtures("deploying")
@pytest.mark.parametrize("meant", ["true", "True", True])
def test_a_lower_version_that_is_meant_passes(rig: Rig, cloud: Cloud, made: Made, meant: str | bool) -> None:
    old, task_id = made(**firmware("2.4.0+0"))
    new = {**old, **firmware("2.3.0+0"), "AllowDowngrade": meant}
    assert update(rig, task_id, old, new).status == "SUCCESS"
    assert cloud.tags_of(task_id)[TAG] == "mcuboot 2.3.0+0"
    assert update(rig, task_id, new, without(new, "AllowDowngrade")).status == "SUCCESS"


@pytest.mark.usefixtures("deploying")
def test_fails_for_a_flag_that_is_none(rig: Rig, cloud: Cloud, made: Made) -> None:
    old, task_id = made(**firmware("2.4.0+0"))
    answer = update(rig, task_id, old, {**old, "AllowDowngrade": "yes"})
    assert "AllowDowngrade must be true or false, got 'yes'" in answer.reason


@pytest.mark.parametrize(
    "status", ["UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "", "broken"]
)
@pytest.mark.usefixtures("impatient_boto3")
def test_r17_a_rollback_from_a_higher_version_is_never_refused(
    rig: Rig, cloud: Cloud, sink: ResponseSink, made: Made, status: str
) -> None:
    old, task_id = made(**firmware("2.3.0+0"))
    new = {**old, **firmware("2.4.0+0")}
    assert update(rig, task_id, old, new).status == "SUCCESS"
    sink.stack_status = status  # "" and "broken": it cannot be told, and a rollback that is refused is stuck
    answer = update(rig, task_id, new, old)
    assert (answer.status, answer.reason) == ("SUCCESS", "")
    assert cloud.client.get_fuota_task(Id=task_id)["FirmwareUpdateImage"] == old["FirmwareUpdateImage"]
    assert cloud.tags_of(task_id)[TAG] == "mcuboot 2.3.0+0"


@pytest.mark.usefixtures("deploying")
@pytest.mark.parametrize("bring", ["into_session", ""])
def test_r17_a_failed_update_is_taken_back_without_a_rollback_of_the_stack(
    rig: Rig, cloud: Cloud, made: Made, bring: str
) -> None:
    """As `cdk deploy --no-rollback` does it: the stack stays in UPDATE_IN_PROGRESS."""
    old, task_id = made(**firmware("2.3.0+0"), MulticastGroupIds=[cloud.group()])
    if bring:
        getattr(cloud, bring)(task_id)
    else:
        cloud.fault("AssociateMulticastGroupWithFuotaTask", "access-denied")
    new = {**old, **firmware("2.4.0+0"), "MulticastGroupIds": [*old["MulticastGroupIds"], cloud.group()]}
    assert update(rig, task_id, old, new).status == "FAILED"
    cloud.heal()
    answer = update(rig, task_id, new, old)
    assert (answer.status, answer.reason) == ("SUCCESS", "")
    assert cloud.client.get_fuota_task(Id=task_id)["FirmwareUpdateImage"] == old["FirmwareUpdateImage"]


@pytest.mark.usefixtures("deploying")
@pytest.mark.parametrize(
    "new",
    [
        {"FirmwareUpdateImage": "s3://b/c"},  # an image in a bucket
        firmware("", form="cortex-m"),
        firmware("1.0.0", form="esp"),
        firmware("2.4.0-rc1"),
        firmware("2.4.0+0", name="another"),
        firmware("2.4", name="the-same"),
    ],
)
def test_what_has_no_lower_version_is_not_refused(rig: Rig, cloud: Cloud, made: Made, new: dict[str, str]) -> None:
    old, task_id = made(**firmware("2.4.0+9"))
    wanted = {**without(old, *NONE), **new}
    answer = update(rig, task_id, old, wanted)
    assert (answer.status, answer.reason) == ("SUCCESS", "")
    expected = f"{new['FirmwareFormat']} {new['FirmwareVersion']}" if new.get("FirmwareVersion") else None
    assert cloud.tags_of(task_id).get(TAG) == expected
    if expected is None:  # nothing is known any more of what the devices have
        assert update(rig, task_id, wanted, {**old, **firmware("1.0.0")}).status == "SUCCESS"


@pytest.mark.usefixtures("deploying")
def test_r26_a_task_of_an_older_version_of_the_library_is_judged_by_what_the_template_said(
    rig: Rig, cloud: Cloud, made: Made
) -> None:
    old, task_id = made()
    assert update(rig, task_id, old, {**old, **firmware("1.0.0")}).status == "SUCCESS"
    arn = cloud.client.get_fuota_task(Id=task_id)["Arn"]
    cloud.client.untag_resource(ResourceArn=arn, TagKeys=[TAG])
    answer = update(rig, task_id, {**old, **firmware("2.0.0")}, {**old, **firmware("1.0.0")})
    assert "has firmware version 2.0.0, and the template has 1.0.0" in answer.reason
    for unreadable in ({"FirmwareVersion": ["x"]}, {"FirmwareDigest": {}, "FirmwareKeyHash": 5}, {}):
        assert update(rig, task_id, {**old, **unreadable}, {**old, **firmware("1.0.0")}).status == "SUCCESS"


@pytest.mark.usefixtures("deploying")
def test_fails_for_a_lower_version_where_the_task_is_gone_or_another_is_adopted(
    rig: Rig, cloud: Cloud, sink: ResponseSink, made: Made
) -> None:
    old, task_id = made(**firmware("2.4.0+0"))
    image = firmware("2.3.0+0")
    foreign = cloud.client.create_fuota_task(
        LoRaWAN={"RfRegion": "EU868"},
        FirmwareUpdateImage=image["FirmwareUpdateImage"],
        FirmwareUpdateRole=old["FirmwareUpdateRole"],
    )["Id"]
    new = {**old, **image}
    adopting = update(rig, task_id, old, {**new, "AdoptFuotaTaskId": foreign})
    assert (adopting.status, "which is lower" in adopting.reason) == ("FAILED", True)
    assert TAG not in cloud.tags_of(foreign)
    cloud.client.delete_fuota_task(Id=task_id)
    gone = update(rig, task_id, old, new)
    assert (gone.status, "which is lower" in gone.reason) == ("FAILED", True)
    sink.stack_status = CLEANUP
    assert update(rig, task_id, old, {**new, "AllowDowngrade": "true"}).status == "SUCCESS"


@pytest.mark.usefixtures("deploying")
def test_a_replaced_task_has_its_own_version_and_the_old_one_keeps_its(rig: Rig, cloud: Cloud, made: Made) -> None:
    old, task_id = made(**firmware("2.3.0+0"), MulticastGroupIds=[cloud.group()])
    cloud.to_done(task_id)
    answer = update(rig, task_id, old, {**old, **firmware("2.4.0+0")})
    assert answer.physical_id != task_id
    assert cloud.tags_of(answer.physical_id)[TAG] == "mcuboot 2.4.0+0"
    assert cloud.tags_of(task_id)[TAG] == "mcuboot 2.3.0+0"


def test_an_adopted_task_is_compared_with_nothing_and_has_its_version_from_then_on(rig: Rig, cloud: Cloud) -> None:
    create = event("create_fuota_task")
    wanted = {**create["ResourceProperties"], **firmware("1.0.0")}
    foreign = cloud.client.create_fuota_task(
        LoRaWAN={"RfRegion": "EU868"}, FirmwareUpdateImage="s3://b/9.0.0", FirmwareUpdateRole="arn:aws:iam::1:role/r"
    )["Id"]
    answer = rig.send(create, ResourceProperties={**wanted, "AdoptFuotaTaskId": foreign})
    assert (answer.status, answer.physical_id) == ("SUCCESS", foreign)
    assert cloud.tags_of(foreign)[TAG] == "mcuboot 1.0.0"


AGAIN = firmware("2.4.0+0", name="signed-again")


@pytest.mark.usefixtures("deploying")
@pytest.mark.parametrize("bring", ["to_done", "into_session", "start"])
def test_content_that_was_signed_again_is_no_change_of_a_task_that_cannot_be_changed(
    rig: Rig, cloud: Cloud, made: Made, bring: str
) -> None:
    old, task_id = made(**firmware("2.4.0+0"), MulticastGroupIds=[cloud.group()])
    getattr(cloud, bring)(task_id)
    cloud.forget_requests()
    answer = update(rig, task_id, old, {**old, **AGAIN})
    assert (answer.status, answer.physical_id, answer.reason) == ("SUCCESS", task_id, "")
    assert cloud.changes() == []
    again = update(rig, task_id, {**old, **AGAIN}, {**old, **AGAIN, "Tags": [{"key": "a", "value": "b"}]})
    assert (again.status, again.physical_id) == ("SUCCESS", task_id)


@pytest.mark.usefixtures("deploying")
def test_content_that_was_signed_again_is_written_into_a_pending_task(rig: Rig, cloud: Cloud, made: Made) -> None:
    old, task_id = made(**firmware("2.4.0+0"))
    assert update(rig, task_id, old, {**old, **AGAIN}).status == "SUCCESS"
    assert cloud.client.get_fuota_task(Id=task_id)["FirmwareUpdateImage"] == AGAIN["FirmwareUpdateImage"]


@pytest.mark.usefixtures("deploying")
@pytest.mark.parametrize(
    "change",
    [
        {"FirmwareKeyHash": "another key"},
        {"FirmwareDigest": "another content"},
        {"FirmwareFormat": "esp"},
        {"FirmwareDigest": ""},
    ],
)
def test_another_key_or_content_is_a_new_task_for_a_done_one(
    rig: Rig, cloud: Cloud, made: Made, change: dict[str, str]
) -> None:
    old, task_id = made(**firmware("2.4.0+0"), MulticastGroupIds=[cloud.group()])
    cloud.to_done(task_id)
    answer = update(rig, task_id, old, {**old, **AGAIN, **change})
    assert (answer.status, answer.physical_id == task_id) == ("SUCCESS", False)


@pytest.mark.usefixtures("deploying")
@pytest.mark.parametrize(
    "change", [{"AccessPerImage": "true"}, {"FirmwareUpdateImage": "s3://another/firmware/signed-again/a.bin"}]
)
def test_fails_during_a_session_where_the_image_on_record_may_not_stay_readable(
    rig: Rig, cloud: Cloud, made: Made, change: dict[str, str]
) -> None:
    old, task_id = made(**firmware("2.4.0+0"), MulticastGroupIds=[cloud.group()])
    cloud.start(task_id)
    answer = update(rig, task_id, old, {**old, **AGAIN, **change})
    assert answer.status == "FAILED"
    assert "FirmwareUpdateImage cannot change during a session" in answer.reason


@pytest.mark.parametrize(
    ("mine", "other", "lower"),
    [
        ("1.2.3", "1.2.4", True),
        ("1.2.3", "1.10", True),
        ("1.2", "1.2.0.1", True),
        ("1.2.0", "1.2", False),
        ("v1.2.3+9", "1.2.3+10", False),
        ("9", "10", True),
        ("10", "9", False),
        ("", "1", False),
        ("1", "", False),
        ("1.2-dirty", "2", False),
        ("1.2.3.4.5", "2", False),
        ("1" * 11, "2" * 11, False),
    ],
)
def test_versions_are_compared_as_numbers(mine: str, other: str, lower: bool) -> None:
    assert Firmware(mine, "mcuboot").is_below(Firmware(other, "mcuboot")) is lower
    assert not Firmware(mine, "mcuboot").is_below(Firmware(other, "wolfboot"))
    assert Firmware.of_tag(Firmware(mine, "mcuboot").tags.get(TAG, "")).version == mine
