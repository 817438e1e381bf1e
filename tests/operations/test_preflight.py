"""Everything preflight finds, each through its real cause."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from fuota_constructs.local import cloud as clouds
from fuota_constructs.lorawan.device_stack import DeviceStack
from fuota_constructs.operations.devices import conflict_checks, read_devices
from fuota_constructs.operations.preflight import preflight
from fuota_constructs.operations.progress import read_progress, task_plan
from fuota_constructs.operations.task import Device, read_task
from fuota_constructs.rules import TaskPlan, findings_in, task_rules

if TYPE_CHECKING:
    from fuota_constructs.operations.aws import Aws
    from fuota_constructs.operations.checks import Check

ROLE_ARN = "arn:aws:iam::000000000000:role/"


def _found(aws: Aws, task_id: str, outcome: str) -> dict[str, Check]:
    return {check.name: check for check in preflight(aws, read_task(aws, task_id)).checks if check.outcome == outcome}


def test_finds_nothing_in_what_is_in_order(aws: Aws, task: Any, group: Any) -> None:
    found = preflight(aws, read_task(aws, task(group(3))))
    assert not found.errors
    assert {check.outcome for check in found.checks} == {"ok"}
    said = {check.name: check.message for check in found.checks if check.outcome == "ok"}
    assert said["image"] == "s3://fuota-operations/street/v2.bin exists and has 20,000 bytes"
    assert said["role rights"].startswith(f"the policies of {ROLE_ARN}fuota-operations allow s3:GetObject on s3://")
    assert said["class"] == "the profiles of 3 devices support ClassC"
    assert said["FPorts"] == "3 devices have the FPorts of FUOTA"


def test_targets_that_are_attached_are_not_too_many(
    aws: Aws, task: Any, group: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_rules, "MOST_TARGETS", 1)
    task_id = task(group(1), group(1, "others"))
    assert "target-count" in {finding.rule for finding in findings_in(_plan(aws, task_id))}
    assert "target-count" not in {check.name for check in preflight(aws, read_task(aws, task_id)).checks}


def _plan(aws: Aws, task_id: str) -> TaskPlan:
    progress = read_progress(aws, read_task(aws, task_id))
    return task_plan(progress.task, progress.groups, progress.devices, progress.image, "eu-west-1")


@pytest.mark.parametrize(
    ("image", "message"),
    [
        ("s3://fuota-operations/none.bin", "there is no object s3://fuota-operations/none.bin"),
        ("s3://no-such-bucket-of-ours/x", "there is no bucket no-such-bucket-of-ours"),
        ("S3:/bucket/key", "'S3:/bucket/key' is no S3 URI"),
        ("https://bucket/key", "'https://bucket/key' is no S3 URI"),
    ],
)
def test_finds_an_image_that_is_not_there(image: str, message: str, aws: Aws, task: Any, group: Any) -> None:
    found = _found(aws, task(group(1), FirmwareUpdateImage=image), "error")["image"]
    assert found.message.startswith(message)
    assert found.remedy


def test_finds_a_bucket_of_another_region(aws: Aws, task: Any, group: Any, cloud: Any) -> None:
    there = cloud.client("s3", region="us-east-1")
    there.create_bucket(Bucket="fuota-operations-far")
    there.put_object(Bucket="fuota-operations-far", Key="x", Body=b"x" * 100)
    found = _found(aws, task(group(1), FirmwareUpdateImage="s3://fuota-operations-far/x"), "error")
    assert "is in us-east-1 and the task in eu-west-1" in found["bucket Region"].message


def test_finds_a_role_that_is_not_there(aws: Aws, task: Any, group: Any) -> None:
    found = _found(aws, task(group(1), FirmwareUpdateRole=f"{ROLE_ARN}nobody"), "error")
    assert found["role"].message.startswith(f"there is no role {ROLE_ARN}nobody")
    assert "no ARN of a role" in _found(aws, task(FirmwareUpdateRole="role"), "error")["role"].message
    other = "arn:aws:iam::111111111111:role/x"
    assert "in another account" in _found(aws, task(FirmwareUpdateRole=other), "error")["role"].message


def test_finds_a_role_the_service_may_not_assume(aws: Aws, task: Any, group: Any, role: Any) -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
    }
    found = _found(aws, task(group(1), FirmwareUpdateRole=role("fuota-lambda", trust=trust)), "error")
    assert "does not trust iotwireless.amazonaws.com" in found["role trust"].message


def test_does_not_vouch_for_a_trust_with_conditions(aws: Aws, task: Any, group: Any, role: Any) -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": ["iotwireless.amazonaws.com"]},
                "Action": ["sts:AssumeRole"],
                "Condition": {"StringEquals": {"aws:SourceAccount": "000000000000"}},
            }
        ],
    }
    task_id = task(group(1), FirmwareUpdateRole=role("fuota-condition", trust=trust))
    assert "could not check the trust" in _found(aws, task_id, "warning")["role trust"].message
    assert "aws:SourceAccount" in _found(aws, task_id, "warning")["role trust"].message


def test_finds_a_role_that_may_not_read(aws: Aws, task: Any, group: Any, role: Any, s3: Any) -> None:
    arn = role("fuota-blind", actions=())
    task_id = task(group(1), FirmwareUpdateRole=arn)
    found = _found(aws, task_id, "error")["role rights"]
    assert found.message.startswith(f"{arn} may not read s3://fuota-operations/street/v2.bin")
    assert found.remedy == "allow s3:GetObject on arn:aws:s3:::fuota-operations/street/v2.bin to the role"
    statement = {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "s3:GetObject", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    s3.put_bucket_policy(Bucket="fuota-operations", Policy=policy)
    try:
        assert "the bucket's policy may" in _found(aws, task_id, "warning")["role rights"].message
    finally:
        s3.delete_bucket_policy(Bucket="fuota-operations")


def test_finds_groups_that_are_empty_or_elsewhere(aws: Aws, task: Any, group: Any, make: Any) -> None:
    empty = group(0, "empty")
    found = _found(aws, task(empty), "error")
    message = "has no devices, so nobody receives the session; whether they are to join later is not known here"
    assert found[f"group empty ({empty})"].message == message
    assert "give it wireless_devices in the app, or" in found[f"group empty ({empty})"].remedy
    assert found["devices"].message == "the task has no devices"


def test_an_empty_group_beside_another_is_a_warning(aws: Aws, task: Any, group: Any) -> None:
    empty = group(0, "empty")
    task_id = task(group(1, "full"), empty)
    found = _found(aws, task_id, "warning")[f"group empty ({empty})"]
    assert found.message == "has no devices; the session goes to those of the other groups"
    assert f"group empty ({empty})" not in _found(aws, task_id, "error")


def test_finds_devices_without_ports(aws: Aws, task: Any, group: Any) -> None:
    task_id = task(group(2, "bare", FPorts={"Positioning": {"ClockSync": 199}}), group(1, "lamps"))
    errors = [check for check in preflight(aws, read_task(aws, task_id)).errors if check.name == "FPorts"]
    assert [check.message for check in errors] == [
        "2 of 3 devices have no FPorts.Fuota (usually 201): bare-0000, bare-0001",
        "2 of 3 devices have no FPorts.Multicast (usually 200): bare-0000, bare-0001",
    ]
    assert "have no FPorts.ClockSync" in _found(aws, task_id, "warning")["FPorts"].message


def test_finds_devices_of_the_wrong_class(aws: Aws, task: Any, group: Any, make: Any) -> None:
    class_b = make.create_device_profile(Name="b", LoRaWAN={"RfRegion": "EU868", "SupportsClassB": True})["Id"]
    found = _found(aws, task(group(1, "b", DeviceProfileId=class_b), group(1, "c")), "error")
    assert found["class"].message == "1 of 2 devices have a device profile that does not support ClassC: b-0000"


def test_finds_abp_and_says_that_keys_are_not_shown(aws: Aws, task: Any, group: Any) -> None:
    keys = {"AppKey": "0" * 32, "JoinEui": "0" * 16, "GenAppKey": "f00d" * 8}
    session = {"NwkSKey": "0" * 32, "AppSKey": "0" * 32}
    old = group(2, "old", OtaaV1_0_x=keys, OtaaV1_1={})
    abp = group(1, "abp", AbpV1_0_x={"DevAddr": "01020304", "SessionKeys": session}, OtaaV1_1={})
    task_id = task(old, abp)
    assert "personalisation (ABP)" in _found(aws, task_id, "error")["activation"].message
    warned = _found(aws, task_id, "warning")["activation"]
    assert warned.message == "could not check the GenAppKey of 2 devices: the service does not show keys"
    assert "f00d" not in repr(preflight(aws, read_task(aws, task_id)))


def test_finds_a_device_in_another_running_task(aws: Aws, task: Any, group: Any, make: Any) -> None:
    lamps = group(2)
    other = task(lamps, name="other")
    mine = task(lamps, name="mine")
    assert "conflict" not in _found(aws, mine, "error")
    make.start_fuota_task(Id=other)
    found = _found(aws, mine, "error")["conflict"]
    assert found.message == (
        f"2 devices are in FUOTA task other ({other}), which is FuotaSession_Waiting: lamps-0000, lamps-0001"
    )


def test_devices_that_share_a_name_go_by_their_ids(aws: Aws) -> None:
    named = {"one": "stand-in", "two": "stand-in", "three": "lamp"}
    devices = [Device(key, name, None, None, None, None) for key, name in named.items()]
    assert [each.name for each in read_devices(aws, devices)] == ["one", "two", "lamp"]


@pytest.mark.parametrize("operation", ["GetFuotaTask", "ListWirelessDevices"])
def test_says_in_which_tasks_nobody_could_look_for_its_devices(  # noqa: PLR0917  # what it is made of
    aws: Aws, task: Any, group: Any, make: Any, service: Any, operation: str
) -> None:
    from fuota_constructs.local.iotwireless.faults import Fault

    lamps = group(2)
    other, mine = task(lamps, name="other"), read_task(aws, task(lamps, name="mine"))
    make.start_fuota_task(Id=other)
    service.faults.order(Fault(operation, "access-denied", times=1))
    [found] = conflict_checks(aws, mine, set())
    said = f"could not check whether a device is in FUOTA task {other} as well: you may not call"
    assert (found.outcome, found.message) == ("warning", f"{said} iotwireless:{operation}")


def test_finds_a_task_that_is_not_pending(aws: Aws, task: Any, group: Any, make: Any) -> None:
    task_id = task(group(1))
    make.start_fuota_task(Id=task_id)
    found = _found(aws, task_id, "error")["task"]
    assert "FuotaSession_Waiting; only a Pending task can be started" in found.message


def test_holds_the_task_to_the_rules_of_synth_with_the_size_in_the_bucket(
    aws: Aws, task: Any, group: Any, s3: Any
) -> None:
    s3.put_object(Bucket="fuota-operations", Key="large", Body=b"x" * 1_100_000)
    found = _found(aws, task(group(1), FirmwareUpdateImage="s3://fuota-operations/large"), "error")
    assert "has 1100000 bytes; the service takes at most 1 megabyte" in found["image-size"].message


def test_holds_the_task_to_what_the_stacks_of_its_devices_take(aws: Aws, task: Any, group: Any) -> None:
    there = read_task(aws, task(group(1)))
    assert not [check for check in preflight(aws, there).checks if check.name.startswith("stack-")]
    stacks = [DeviceStack.of("loramac-node"), DeviceStack.of("mbed"), DeviceStack.of("swl2001", max_fragments=500)]
    found = preflight(aws, there, stacks=stacks)
    errors = {check.name: check.message for check in found.errors if check.name.startswith("stack-")}
    assert errors.keys() == {"stack-fragment-count", "stack-fragment-size", "stack-frag-index"}
    assert "LoRaMac-node 4.7.0 is built for at most 21" in errors["stack-fragment-count"]
    assert len([check for check in found.checks if check.name == "decode-probability"]) <= 1  # not once for each


def test_says_that_a_session_without_parameters_cannot_be_judged(aws: Aws, make: Any, role: Any, s3: Any) -> None:
    image = "s3://fuota-operations/street/v2.bin"
    task_id = make.create_fuota_task(FirmwareUpdateImage=image, FirmwareUpdateRole=role())["Id"]
    found = _found(aws, task_id, "warning")["session"]
    assert found.message == "could not check whether the session fits its window: FragmentSizeBytes, RfRegion not known"


def test_never_vouches_for_what_the_caller_may_not_see(state_folder: None, make_in: Any) -> None:
    cloud = clouds.start(clouds.free_port(), iam=True)
    try:
        aws, task_id = make_in(cloud)
        checks = {check.name: check for check in preflight(aws, read_task(aws, task_id)).checks}
    finally:
        clouds.stop(cloud)
    assert checks["image"].outcome == checks["role"].outcome == "warning"
    assert checks["image"].message.startswith("could not check s3://private/v2.bin: you may not read it yourself")
    assert checks["role"].message.endswith("you may not call iam:GetRole")
    assert "role rights" not in checks


GATEWAYS = {"GatewayList": ["a", "b", "c"], "TransmissionInterval": 9000}


@pytest.mark.parametrize(
    ("lorawan", "session", "rule", "outcome", "said"),
    [
        ({"ParticipatingGateways": GATEWAYS}, None, "fragment-interval-airtime", "error", "3 gateways, 9 s apart"),
        (
            {"DefaultSessionParameters": {"DlDr": 3, "DlFreq": 868_100_000}},
            None,
            "duty-cycle",
            "warning",
            "on 868.1 MHz a gateway may send",
        ),
        ({}, {"DlDr": 0}, "fragment-size-range", "error", "DR0"),
        ({}, {"DlFreq": 868_100_000}, "duty-cycle", "warning", "on 868.1 MHz a gateway may send"),
        ({}, {"PingSlotPeriod": 4096}, "ping-slot-interval", "warning", "listen every 128 s"),
    ],
)
def test_judges_the_session_as_the_group_sends_it(  # noqa: PLR0917  # one argument a column
    lorawan: dict[str, Any],
    session: dict[str, int] | None,
    rule: str,
    outcome: str,
    said: str,
    aws: Aws,
    task: Any,
    make: Any,
    clock: Any,
) -> None:
    group_id = make.create_multicast_group(LoRaWAN={"RfRegion": "EU868", "DlClass": "ClassB", **lorawan})["Id"]
    if session:
        make.start_multicast_group_session(Id=group_id, LoRaWAN=session)
    task_id = task(group_id)
    assert said in _found(aws, task_id, outcome)[rule].message
    assert "session" not in (_found(aws, task_id, "ok") if outcome == "error" else {})
    if session:  # one that is over sets nothing any more
        clock.sleep(3 * 86_400)
        assert rule not in _found(aws, task_id, outcome)


def test_does_not_say_that_a_session_fits_a_window_it_outlasts(aws: Aws, task: Any, group: Any) -> None:
    task_id = task(group(1), FragmentIntervalMS=200_000)  # 13.9 h: a class C device ends its session after 9.1 h
    assert "session-duration" in _found(aws, task_id, "warning")
    assert "session" not in _found(aws, task_id, "ok")


def test_says_that_a_groups_session_may_not_be_read(aws: Aws, task: Any, group: Any, service: Any) -> None:
    from fuota_constructs.local.iotwireless.faults import Fault

    lamps = group(1)
    task_id = task(lamps)
    service.faults.order(Fault("GetMulticastGroupSession", "access-denied", times=1))
    found = _found(aws, task_id, "warning")[f"group lamps ({lamps})"]
    assert found.message.endswith("you may not call iotwireless:GetMulticastGroupSession")
