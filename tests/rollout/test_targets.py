"""Who a rollout updates: a profile or groups, and what became of their devices since."""

import io
import json

import pytest
from botocore.awsrequest import AWSResponse, HeadersDict
from rollout_rig import HOUR, MINUTE, ONE_WAVE, ROLE, answer_gates
from rollout_stores import BUCKET

GROUP = {"RfRegion": "EU868", "DlClass": "ClassC"}


def group_of(rig, *devices):
    made = rig.iotwireless.create_multicast_group(Name="of the app", LoRaWAN=GROUP)["Id"]
    for device in devices:
        rig.iotwireless.associate_wireless_device_with_multicast_group(Id=made, WirelessDeviceId=device)
    return made


def test_a_device_of_two_groups_has_one_turn(rig) -> None:
    one, two, three = rig.fleet(good={"count": 3})
    groups = [group_of(rig, one, two), group_of(rig, two, three)]
    output = rig.run(rig.settings(waves=ONE_WAVE, targets={"multicastGroupIds": groups}))
    assert output["waves"][0]["counts"]["delivered"] == 3
    assert rig.requests("AssociateWirelessDeviceWithMulticastGroup") == 4 + 3


def test_members_stay_in_the_groups_they_are_taken_from(rig) -> None:
    devices = rig.fleet(good={"count": 3})
    group = group_of(rig, *devices)
    rig.run(rig.settings(waves=ONE_WAVE, targets={"multicastGroupIds": [group]}))
    listed = rig.iotwireless.list_wireless_devices(MulticastGroupId=group)["WirelessDeviceList"]
    assert {(each["Id"], each["McGroupId"]) for each in listed} == {(device, 1) for device in devices}
    assert rig.left() == ["of the app"]


def test_devices_that_support_one_group_refuse_that_of_their_wave_and_it_is_said(rig) -> None:
    group = group_of(rig, *rig.fleet(small={"count": 3, "most_groups": 1}))
    answer_gates(rig, "skip")
    output = rig.run(rig.settings(waves=ONE_WAVE, targets={"multicastGroupIds": [group]}))
    assert "firmware supports one group at a time (TS005) refuses a second" in output["waves"][0]["reason"]
    assert rig.requests("StartFuotaTask") == 0


def test_those_of_a_list_are_in_no_other_group(rig) -> None:
    rig.fleet(small={"count": 3, "most_groups": 1})
    for execution in ("one", "two"):  # the group of the first is taken away from them
        assert rig.run(rig.settings(waves=ONE_WAVE), execution)["waves"][0]["counts"]["delivered"] == 3


def test_devices_in_the_session_of_their_group_are_not_attempted(rig) -> None:
    group = group_of(rig, *rig.fleet(good={"count": 3}))
    busy = rig.iotwireless.create_fuota_task(
        FirmwareUpdateImage="s3://firmware/v2.bin",
        FirmwareUpdateRole=ROLE,
        FragmentSizeBytes=40,
        FragmentIntervalMS=600_000,
        LoRaWAN={"RfRegion": "EU868"},
    )["Id"]
    rig.iotwireless.associate_multicast_group_with_fuota_task(Id=busy, MulticastGroupId=group)
    rig.iotwireless.start_fuota_task(Id=busy, LoRaWAN={"StartTime": rig.clock() + 31 * MINUTE})
    rig.clock.time += HOUR
    answer_gates(rig, "skip")
    output = rig.run(rig.settings(waves=ONE_WAVE, targets={"multicastGroupIds": [group]}))
    assert output["waves"][0]["counts"]["attempted"] == 0
    assert output["waves"][0]["reason"].startswith("no device was attempted")
    assert rig.read("wave-0/gate.json")["tally"]["conflicting"] == 3


@pytest.mark.parametrize("step", ["gather", "ready", "look"])
def test_devices_deleted_on_the_way_are_left_out(rig, step) -> None:
    gone = rig.fleet(good={"count": 5})[0]
    deleted = []

    def before(turn):
        if turn.step == step and not deleted:
            deleted.append(rig.iotwireless.delete_wireless_device(Id=gone))

    rig.before_step = before
    output = rig.run(rig.settings(waves=ONE_WAVE))
    assert output["waves"][0]["counts"]["attempted"] == 4
    assert rig.read("wave-0/gate.json")["leftOut"] == 1


def test_a_device_that_left_the_group_while_it_baked_is_as_its_session_ended(rig) -> None:
    gone = rig.fleet(good={"count": 5})[0]

    def before(turn):
        if turn.step == "settle" and gone in rig.devices:
            rig.devices.remove(gone)
            rig.iotwireless.disassociate_wireless_device_from_multicast_group(
                Id=turn.state["group"], WirelessDeviceId=gone
            )

    rig.before_step = before
    output = rig.run(rig.settings(waves=ONE_WAVE))
    assert output["waves"][0]["counts"] == {"attempted": 5, "delivered": 5, "failed": 0, "silent": 0}


def refuse(rig, odd, *, code="ConflictException", joins=False, status=None):
    """Answer that a device cannot join; it may have joined all the same, or the group be in session."""
    begun = []

    def conflict(request, **_):
        if odd not in str(request.body):
            return None
        group = request.url.split("/")[-2]
        if joins and not begun:
            begun.append(request)
            rig.iotwireless.associate_wireless_device_with_multicast_group(Id=group, WirelessDeviceId=odd)
        return answer(request, 409, {"__type": code, "Message": "no", "ResourceId": group})

    def group(request, **_):
        return answer(request, 200, {"Id": "g", "Status": status}) if status else None

    rig.intercept("iotwireless", "before-send.iot-wireless.AssociateWirelessDeviceWithMulticastGroup", conflict)
    rig.intercept("iotwireless", "before-send.iot-wireless.GetMulticastGroup", group)


def answer(request, code, content):
    class Body(io.BytesIO):
        def stream(self, **_):
            return iter([self.read()])

    headers = HeadersDict({"x-amzn-errortype": content.get("__type", "")})
    return AWSResponse(request.url, code, headers, Body(json.dumps(content).encode()))


@pytest.mark.parametrize(
    ("code", "joins"), [("ConflictException", False), ("ConflictException", True), ("ValidationException", False)]
)
def test_a_device_that_the_service_does_not_take_stops_nobody_else(rig, code, joins) -> None:
    """Which conflicts there are is not documented: one may be that the device has joined already."""
    odd, *_ = rig.fleet(good={"count": 5})
    refuse(rig, odd, code=code, joins=joins)
    output = rig.run(rig.settings(waves=ONE_WAVE))
    assert output["waves"][0]["counts"]["delivered"] == 4 + joins
    assert rig.read("wave-0/gate.json")["leftOut"] == 1 - joins
    assert [taken["leftOut"] for taken in rig.took("gather")] == [1 - joins]


@pytest.mark.parametrize("code", ["ConflictException", "ResourceNotFoundException"])
def test_fails_where_a_group_of_a_wave_is_in_a_session_or_gone(rig, code) -> None:
    odd, *_ = rig.fleet(good={"count": 3})
    refuse(rig, odd, code=code, status="In_Session")
    execution = rig.start(rig.settings(waves=ONE_WAVE))
    rig.join(execution)
    assert (execution["status"], execution["error"]) == ("FAILED", code)


def test_a_wave_of_devices_that_all_are_gone_asks_the_operator_at_once(rig) -> None:
    rig.fleet(good={"count": 3})

    def before(turn):
        while turn.step == "gather" and rig.devices:
            rig.iotwireless.delete_wireless_device(Id=rig.devices.pop())
        if turn.step == "decide":
            rig.say("skip", turn.gate)

    settings = rig.settings(waves=ONE_WAVE)
    rig.before_step = lambda turn: before(turn) if turn.step != "choose" else None
    output = rig.run(settings)
    assert "none of 3 devices could join the group of the wave" in output["waves"][0]["reason"]
    assert len(rig.took("ready")) == 1
    assert rig.requests("StartFuotaTask") == 0


@pytest.mark.parametrize(
    ("targets", "reason"),
    [
        ({"deviceProfileId": "none"}, "no wireless device has the device profile none; is that its id, and not a name"),
        ({"multicastGroupIds": ["a", "b"]}, "no wireless device is in a, b; put devices into the groups first"),
        ({"listBucket": BUCKET, "listKey": "empty"}, "the list of devices is empty"),
        (
            {"listBucket": BUCKET, "listKey": "none"},
            f"the list of devices is gone from s3://{BUCKET}/none; `cdk deploy` pub",
        ),
    ],
)
def test_fails_with_nobody_to_update_and_says_where_it_looked(rig, targets, reason) -> None:
    rig.s3.put_object(Bucket=BUCKET, Key="empty", Body=b"")
    execution = rig.start(rig.settings(targets=targets))
    rig.join(execution)
    assert execution["status"] == "FAILED"
    assert execution["error"] == "NobodyToUpdateError"
    assert reason in execution["cause"]
    assert (rig.control()["Status"], rig.control()["Reason"]) == ("FAILED", execution["cause"])
