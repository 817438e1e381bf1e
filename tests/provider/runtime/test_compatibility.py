"""What other versions of the library send, what CloudFormation does to values, and what boto3 does under load."""
# ruff: noqa: PLR0917  # fixtures and the columns of tables arrive as arguments

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from lambda_rig import delete, update, without

if TYPE_CHECKING:
    from lambda_rig import Clock, Made, Rig
    from wireless_rig import Cloud


UNREADABLE: dict[str, Any] = {
    "RedundancyPercent": "+5",
    "Name": ["no", "string"],
    "LoRaWAN": "EU868",
    "MulticastGroupIds": "one",
    "WirelessDeviceIds": [""],
    "Tags": [{"key": ""}],
    "FromTheFuture": {"a": ["b"]},
}


def test_r26_a_delete_accepts_the_properties_of_any_version(rig: Rig, cloud: Cloud, made: Made) -> None:
    _, task_id = made()
    assert delete(rig, task_id, ResourceProperties=UNREADABLE).status == "SUCCESS"
    assert cloud.tasks() == {}


@pytest.mark.parametrize("old", [UNREADABLE, {}, None, {"LoRaWAN": {"RfRegion": 5}, "Tags": {"a": "b"}}])
def test_r26_an_update_accepts_the_old_properties_of_any_version(
    rig: Rig, cloud: Cloud, made: Made, old: dict[str, Any]
) -> None:
    new, task_id = made()
    answer = update(rig, task_id, old, {**new, "RedundancyPercent": "30"})
    assert (answer.status, answer.physical_id, answer.reason) == ("SUCCESS", task_id, "")


def test_r26_unknown_properties_are_ignored_aloud(rig: Rig, cloud: Cloud, create: dict[str, Any]) -> None:
    create["ResourceProperties"]["FromTheFuture"] = "1"
    answer = rig.send(create)
    assert answer.status == "SUCCESS"
    (warning,) = answer.at("WARNING")
    assert warning["names"] == "['FromTheFuture']"


def test_r26_known_properties_are_not_warned_about(rig: Rig, cloud: Cloud, create: dict[str, Any]) -> None:
    create["ResourceProperties"].update({"MulticastGroupIds": [], "WirelessDeviceIds": []})
    assert rig.send(create).at("WARNING") == []


@pytest.mark.parametrize(
    ("name", "given", "stored"),
    [
        ("RedundancyPercent", "007", 7),
        ("RedundancyPercent", 0, 0),
        ("RedundancyPercent", "100", 100),
        ("FragmentSizeBytes", "1", 1),
        ("Name", "007", "007"),
        ("Name", "true", "true"),
        ("Description", "", ""),
        ("Descriptor", "", ""),
        ("FragmentIntervalMS", "1500", 1500),
    ],
)
def test_r27_values_are_read_by_their_field(
    rig: Rig, cloud: Cloud, create: dict[str, Any], name: str, given: str | int, stored: str | int
) -> None:
    create["ResourceProperties"][name] = given
    answer = rig.send(create)
    assert answer.status == "SUCCESS", answer.reason
    assert cloud.tasks()[answer.physical_id][name] == stored


@pytest.mark.parametrize("name", ["RedundancyPercent", "FragmentSizeBytes", "FragmentIntervalMS"])
@pytest.mark.parametrize(
    "given", ["+5", "-1", " 5", "5 ", "5.0", "1e3", "0x10", "\u0665", "", "true", True, 5.0, ["5"], "9" * 11]
)
def test_r27_fails_naming_the_field_that_is_no_whole_number(
    rig: Rig, cloud: Cloud, create: dict[str, Any], name: str, given: Any
) -> None:
    create["ResourceProperties"][name] = given
    answer = rig.send(create)
    assert answer.status == "FAILED"
    assert answer.reason.startswith(f"{name} must be a whole number written with digits only, got {given!r}".rstrip())
    assert cloud.requests() == []


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("Name", 7, "Name must be a string, got 7"),
        ("FirmwareUpdateImage", "", "FirmwareUpdateImage is required and was not given"),
        ("LoRaWAN", "EU868", "LoRaWAN must be an object, got 'EU868'"),
        ("LoRaWAN", {"RfRegion": ["EU868"]}, "RfRegion must be a string, got ['EU868']"),
        ("MulticastGroupIds", "a", "MulticastGroupIds must be a list, got 'a'"),
        ("MulticastGroupIds", ["a", ""], "MulticastGroupIds[1] is required and was not given"),
        ("Tags", {"a": "b"}, "Tags must be a list of key and value, got {'a': 'b'}"),
        ("Tags", ["a"], "Tags[0] must be an object, got 'a'"),
        ("Tags", [{"value": "b"}], "Tags[0].key is required and was not given"),
        ("Tags", [{"key": "a", "value": 5}], "Tags[0].value must be a string, got 5"),
    ],
)
def test_r27_fails_naming_the_field_of_the_wrong_shape(
    rig: Rig, cloud: Cloud, create: dict[str, Any], name: str, given: Any, message: str
) -> None:
    create["ResourceProperties"][name] = given
    answer = rig.send(create)
    assert answer.status == "FAILED"
    assert answer.reason.startswith(message)


@pytest.mark.parametrize("tag", [{"key": "team", "value": "a"}, {"Key": "team", "Value": "a"}])
def test_r27_tags_are_read_in_either_spelling(
    rig: Rig, cloud: Cloud, create: dict[str, Any], tag: dict[str, str]
) -> None:
    create["ResourceProperties"]["Tags"] = [tag, {"key": "empty"}]
    tags = cloud.tags_of(rig.send(create).physical_id)
    assert (tags["team"], tags["empty"]) == ("a", "")


def test_r27_an_owner_tag_cannot_be_taken_over(rig: Rig, cloud: Cloud, create: dict[str, Any]) -> None:
    create["ResourceProperties"]["Tags"] = [{"key": "fuota-constructs:logical-id", "value": "Another"}]
    assert cloud.tags_of(rig.send(create).physical_id)["fuota-constructs:logical-id"] == "MeterUpdate8F0E"


def test_r32_throttling_is_retried_by_boto3(
    rig: Rig, cloud: Cloud, clock: Clock, create: dict[str, Any], impatient_boto3: None
) -> None:
    cloud.fault("CreateFuotaTask", "throttle", times=4)
    answer = rig.send(create)
    assert answer.status == "SUCCESS", answer.reason
    assert cloud.requests().count("CreateFuotaTask") == 5
    assert len(clock.slept) == 4


def test_r32_fails_with_a_hint_when_throttling_does_not_end(
    rig: Rig, cloud: Cloud, create: dict[str, Any], impatient_boto3: None
) -> None:
    cloud.fault("CreateFuotaTask", "throttle", times=20)
    answer = rig.send(create)
    # One of the retried attempts could have made the task and lost its answer: the Delete that follows looks for it.
    assert answer.status == "FAILED"
    assert answer.physical_id.startswith("fuota-constructs:create-outcome-unknown:")
    assert answer.reason.startswith("ThrottlingException: ")
    assert "more than the 10 requests a second" in answer.reason
    assert cloud.requests().count("CreateFuotaTask") == 5


def test_r32_every_call_ends_long_before_the_time_is_up(cloud: Cloud) -> None:
    import aws_calls

    for service in ("iotwireless", "s3"):
        config = aws_calls._client(service).meta.config
        assert config.retries["mode"] == "standard"
        attempts = config.retries["total_max_attempts"]
        slowest = attempts * (config.connect_timeout + config.read_timeout) + (attempts - 1) * 20  # its longest backoff
        assert slowest <= 300 - 20 - 20


def test_a_newer_field_that_an_old_boto3_does_not_know_is_explained(
    rig: Rig, cloud: Cloud, create: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("properties.OPTIONAL_TASK_FIELDS", ("Name", "ProtocolType"))
    answer = rig.send(create, ResourceProperties={**create["ResourceProperties"], "ProtocolType": "Sidewalk"})
    assert (answer.status, answer.physical_id) == ("FAILED", "fuota-constructs:create-failed")
    assert 'Unknown parameter in input: "ProtocolType"' in answer.reason
    assert "does not know that parameter yet" in answer.reason


def test_properties_without_a_region_are_read_back_as_such(rig: Rig, cloud: Cloud, made: Made) -> None:
    old, task_id = made(LoRaWAN=None)
    assert update(rig, task_id, old, {**old, "Name": "8"}).physical_id == task_id
    answer = update(rig, task_id, old, {**old, "LoRaWAN": {"RfRegion": "EU868"}})
    assert (answer.physical_id, cloud.tasks()[task_id]["LoRaWAN"]["RfRegion"]) == (task_id, "EU868")
    assert update(rig, task_id, {**old, "LoRaWAN": {"RfRegion": "EU868"}}, without(old, "LoRaWAN")).status == "SUCCESS"
