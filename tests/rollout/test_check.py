"""Before airtime: who needs the firmware and is free, and whether the service can read the image."""

import json
from datetime import UTC, datetime, timedelta

import other_sessions
import pytest
import rollout_calls
from botocore.exceptions import ClientError, EndpointConnectionError
from rollout_rig import HOUR, ONE_WAVE, ClockedCalls, outcomes
from rollout_stores import VERSIONS, make_role

from fuota_constructs.lorawan.fleet_waves import ranked

IMAGE_ROLE, RADIO = "arn:aws:iam::000000000000:role/r", {"LoRaWAN": {"RfRegion": "EU868"}}
APPLIED = {"applied": {"version": "2.4.0", "withinSeconds": HOUR, "table": VERSIONS}}


def report_after_sessions(rig, version="2.4.0"):
    """Let the devices of a wave report a version each time its bake is looked at."""

    def before(turn):
        if turn.step == "settle":
            rig.report(version, *rig.read(f"wave-{turn.wave}/statuses-{turn.attempt}.json"))

    rig.before_step = before


def test_devices_on_the_version_are_not_attempted_and_counted_apart(rig) -> None:
    rig.fleet(good={"count": 20})
    settings = rig.settings(**APPLIED)
    settings["gate"]["success"] = 0.6
    canary = ranked(rig.devices, "one")[:4]
    rig.report("v2.4.0", *canary[:3])
    rig.report("2.3.9", canary[3])
    report_after_sessions(rig)
    output = rig.run(settings)
    assert output["status"] == "SUCCEEDED"
    assert [wave["counts"]["attempted"] for wave in output["waves"]] == [1, 6, 10]
    assert [wave["counts"]["already"] for wave in output["waves"]] == [3, 0, 0]
    assert rig.read("wave-0/check-0.json") == {"attempted": 1, "already": 3, "conflicting": 0, "unknown": []}
    assert set(rig.read("wave-0/statuses-0.json")) == {canary[3]}
    assert output["reason"] == "all waves are over; 3 devices reported version 2.4.0 already"


def test_a_wave_that_nobody_needs_is_skipped_and_the_next_one_is_the_canary(rig) -> None:
    rig.fleet(good={"count": 20})
    settings = rig.settings(**APPLIED)
    rig.report("2.4.0", *ranked(rig.devices, "one")[:4])
    report_after_sessions(rig)
    output = rig.run(settings)
    assert outcomes(output)[0] == "SKIPPED"
    assert output["waves"][0]["reason"] == ("all 4 devices of the wave report version 2.4.0 already: nothing was sent")
    assert output["status"] == "SUCCEEDED"
    assert rig.requests("StartFuotaTask") == rig.requests("CreateMulticastGroup") == 2


def test_a_rollout_that_nobody_needed_says_so(rig) -> None:
    rig.fleet(good={"count": 5})
    rig.report("2.4.0", *rig.devices)
    output = rig.run(rig.settings(waves=ONE_WAVE, **APPLIED))
    assert (output["status"], outcomes(output)) == ("SUCCEEDED", ["SKIPPED"])
    assert output["reason"] == "nobody was sent anything: 5 devices reported version 2.4.0 already"
    assert rig.requests("CreateMulticastGroup") == 0


def other_task(rig, devices):
    """A session of somebody else, of these devices."""
    task = rig.iotwireless.create_fuota_task(
        Name="theirs", FirmwareUpdateImage="s3://firmware/v2.bin", FirmwareUpdateRole=IMAGE_ROLE, **RADIO
    )["Id"]
    for device in devices:
        rig.iotwireless.associate_wireless_device_with_fuota_task(Id=task, WirelessDeviceId=device)
    start = datetime.fromtimestamp(rig.clock(), UTC) + timedelta(days=20)
    rig.iotwireless.start_fuota_task(Id=task, LoRaWAN={"StartTime": start})
    return task


def test_devices_in_another_session_are_not_attempted_this_time(rig) -> None:
    rig.fleet(good={"count": 20})
    busy = rig.devices[:2]
    task = other_task(rig, busy)
    output = rig.run(rig.settings(waves=ONE_WAVE))
    gate = rig.read("wave-0/gate.json")
    assert output["waves"][0]["counts"]["attempted"] == 18
    assert gate["tally"]["conflicting"] == 2
    assert rig.read("wave-0/checked-0.json")["conflicting"] == dict.fromkeys(busy, "FUOTA task theirs")
    rig.iotwireless.delete_fuota_task(Id=task)


def test_they_are_tried_again_where_there_are_retries(rig) -> None:
    rig.fleet(good={"count": 10})
    task = other_task(rig, rig.devices[:2])

    def before(turn):
        if turn.step == "stragglers":
            rig.iotwireless.delete_fuota_task(Id=task)
            rig.clock.time += 60

    rig.before_step = before
    output = rig.run(rig.settings(waves=ONE_WAVE, retries=1))
    assert output["waves"][0]["counts"]["attempted"] == 10
    assert output["waves"][0]["attempts"] == 2
    assert set(rig.read("wave-0/statuses-1.json")) == set(rig.devices[:2])


def test_a_wave_whose_every_device_is_busy_asks_the_operator(rig) -> None:
    rig.fleet(good={"count": 3})
    other_task(rig, rig.devices)

    def before(turn):
        if turn.step == "decide":
            rig.say("skip", turn.gate)

    rig.before_step = before
    output = rig.run(rig.settings(waves=ONE_WAVE, retries=1))
    assert outcomes(output) == ["SKIPPED"]
    assert "no device was attempted" in output["waves"][0]["reason"]
    assert rig.requests("CreateMulticastGroup") == 0


def test_members_of_a_group_in_session_are_busy_too(rig) -> None:
    rig.fleet(good={"count": 20})
    group = rig.iotwireless.create_multicast_group(LoRaWAN={"RfRegion": "EU868", "DlClass": "ClassC"})["Id"]
    rig.iotwireless.associate_wireless_device_with_multicast_group(Id=group, WirelessDeviceId=rig.devices[0])
    start = datetime.fromtimestamp(rig.clock(), UTC) + timedelta(hours=1)
    session = {"DlDr": 3, "DlFreq": 869_525_000, "SessionStartTime": start, "SessionTimeout": 18 * HOUR}
    rig.iotwireless.start_multicast_group_session(Id=group, LoRaWAN=session)
    rig.run(rig.settings(waves=ONE_WAVE))
    assert rig.read("wave-0/checked-0.json")["conflicting"] == {rig.devices[0]: f"multicast group {group}"}


def held(rig, settings, put_right):
    """Run a rollout that waits for its image; answers with what it was held for."""
    reasons = []

    def before(turn):
        assert turn.step not in {"gather", "launch"} or put_right is None
        if turn.step == "check" and (reason := rig.control().get("Held") and rig.control()["Reason"]):
            reasons.append(reason)
            if put_right is not None and len(reasons) == 2:
                put_right()
                rig.before_step = lambda _: None
        if len(reasons) == 3:
            rig.say("abort")

    rig.before_step = before
    output = rig.run(settings)
    return reasons, output


def image(rig, **changes):
    settings = rig.settings(waves=ONE_WAVE)
    return {**settings, "image": {**settings["image"], **changes}}


@pytest.fixture
def roles(rig):
    """Roles by what is wrong with them."""
    made = {
        "stranger": make_role(rig.iam, "stranger", trusted="lambda.amazonaws.com"),
        "denied": make_role(rig.iam, "denied", effect="Deny"),
        "powerless": make_role(rig.iam, "powerless"),
        "with-path": make_role(rig.iam, "with-path", path="/firmware/"),
    }
    rig.iam.delete_role_policy(RoleName="powerless", PolicyName="read")
    yield made
    for name in made:
        for policy in rig.iam.list_role_policies(RoleName=name)["PolicyNames"]:
            rig.iam.delete_role_policy(RoleName=name, PolicyName=policy)
        rig.iam.delete_role(RoleName=name)


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"uri": "s3://firmware/gone.bin"}, "there is no image s3://firmware/gone.bin"),
        ({"sizeBytes": 999}, "has 1000 bytes, and 999 were planned"),
        ({"role": "arn:aws:iam::000000000000:role/nobody"}, "there is no role arn:aws:iam::000000000000:role/nobody"),
        ({"role": "stranger"}, "does not trust iotwireless.amazonaws.com"),
        ({"role": "denied"}, "denies s3:GetObject on arn:aws:s3:::firmware/v2.bin"),
        ({"role": "powerless"}, "no policy allows the role"),
    ],
)
def test_fails_to_begin_with_an_image_that_nobody_can_read(rig, roles, changes, part) -> None:
    rig.fleet(good={"count": 3})
    changes = {**changes, **({"role": roles[changes["role"]]} if changes.get("role") in roles else {})}
    reasons, output = held(rig, image(rig, **changes), None)
    assert part in reasons[0]
    assert reasons[0].endswith("nothing is sent until that is put right")
    assert output["status"] == "ABORTED"
    assert rig.requests("CreateMulticastGroup") == rig.requests("CreateFuotaTask") == 0


def test_it_goes_on_by_itself_once_the_image_can_be_read(rig) -> None:
    rig.fleet(good={"count": 3})
    settings = image(rig, uri="s3://firmware/late.bin")
    body = rig.s3.get_object(Bucket="firmware", Key="v2.bin")["Body"].read()
    reasons, output = held(rig, settings, lambda: rig.s3.put_object(Bucket="firmware", Key="late.bin", Body=body))
    rig.s3.delete_object(Bucket="firmware", Key="late.bin")
    assert len(reasons) == 2
    assert output["status"] == "SUCCEEDED"
    assert rig.control()["Held"] == ""


def test_fails_to_send_another_image_than_the_waves_before_got(rig) -> None:
    rig.fleet(good={"count": 10})
    body = rig.s3.get_object(Bucket="firmware", Key="v2.bin")["Body"].read()
    rig.s3.put_object(Bucket="firmware", Key="changed.bin", Body=body)
    seen = []

    def before(turn):
        if turn.step == "judge":
            rig.s3.put_object(Bucket="firmware", Key="changed.bin", Body=body[::-1])
        if turn.step == "check" and turn.wave and len(rig.steps) and rig.control().get("Held"):
            seen.append(rig.control()["Reason"])
            rig.say("abort")

    rig.before_step = before
    settings = rig.settings()
    output = rig.run({**settings, "image": {**settings["image"], "uri": "s3://firmware/changed.bin"}})
    assert "is another one than the waves before got (its ETag changed)" in seen[0]
    assert (output["status"], len(output["waves"])) == ("ABORTED", 2)


def failing(error):
    def call(**_):
        raise error

    return call


def denial(code="AccessDenied"):
    return ClientError({"Error": {"Code": code, "Message": ""}}, "Any")


NOT_TOLD = {
    "iam.get_role": (denial(), "this function may not ask IAM about the role"),
    "iam.simulate_principal_policy": (EndpointConnectionError(endpoint_url="https://iam"), "IAM does not answer"),
    "s3.head_object": (denial("403"), "this function may not look at s3://firmware/v2.bin"),
    "iotwireless.list_fuota_tasks": (denial("AccessDeniedException"), "the session of another FUOTA task: not allowed"),
}


@pytest.fixture
def bucket_policy(rig):
    """A policy of the bucket that lets somebody in."""
    allow = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::firmware/*"}
    rig.s3.put_bucket_policy(Bucket="firmware", Policy=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
    yield
    rig.s3.delete_bucket_policy(Bucket="firmware")


def checked(rig, **changes):
    """What could not be told of the image of a rollout that goes on anyway."""
    rig.fleet(good={"count": 3})
    assert rig.run(image(rig, **changes))["waves"][0]["counts"]["delivered"] == 3
    return rig.read("wave-0/gate.json")["checked"]


@pytest.mark.usefixtures("bucket_policy")
def test_the_policy_of_the_bucket_may_let_a_role_read_that_has_no_right_itself(rig, roles) -> None:
    [said] = checked(rig, role=roles["powerless"])
    assert "do not allow s3:GetObject; a policy of arn:aws:s3:::firmware/v2.bin may" in said


def test_a_bucket_policy_that_nobody_may_look_at_may_allow_it_too(rig, roles, monkeypatch) -> None:
    monkeypatch.setattr(rollout_calls._client("s3"), "get_bucket_policy", failing(denial()))
    [said] = checked(rig, role=roles["powerless"])
    assert "a policy of arn:aws:s3:::firmware/v2.bin may" in said


@pytest.mark.parametrize(("bucket_key", "named"), [(False, "/v2.bin"), (True, "")])
def test_an_image_with_a_key_of_its_own_takes_the_right_to_decrypt(rig, monkeypatch, bucket_key, named) -> None:
    s3, iam, asked = rollout_calls._client("s3"), rollout_calls._client("iam", attempts=2), []
    head, simulate = s3.head_object, iam.simulate_principal_policy
    key = {"SSEKMSKeyId": "arn:aws:kms:eu-west-1:000000000000:key/k", "BucketKeyEnabled": bucket_key}

    def simulated(**request):
        asked.append(request)
        return simulate(**request)

    monkeypatch.setattr(s3, "head_object", lambda **request: {**head(**request), **key})
    monkeypatch.setattr(iam, "simulate_principal_policy", simulated)
    [said] = checked(rig)
    assert "do not allow kms:Decrypt; a policy of arn:aws:kms:" in said
    sent = {entry["ContextKeyName"]: entry["ContextKeyValues"] for entry in asked[-1]["ContextEntries"]}
    assert sent["kms:ViaService"] == ["s3.eu-west-1.amazonaws.com"]
    assert sent["kms:EncryptionContext:aws:s3:arn"] == [f"arn:aws:s3:::firmware{named}"]


def test_a_role_may_have_a_path(rig, roles) -> None:
    assert checked(rig, role=roles["with-path"]) == []


def test_rights_that_hang_on_conditions_cannot_be_told(rig, monkeypatch) -> None:
    result = {"EvalDecision": "explicitDeny", "MissingContextValues": ["aws:SourceVpc"]}
    answer = {"EvaluationResults": [result]}
    monkeypatch.setattr(rollout_calls._client("iam", attempts=2), "simulate_principal_policy", lambda **_: answer)
    [said] = checked(rig)
    assert "s3:GetObject hangs on conditions that only the service's request meets or not" in said


@pytest.mark.parametrize("call", ["iam.get_role", "iam.simulate_principal_policy", "s3.head_object"])
def test_a_service_that_is_busy_is_asked_again(rig, monkeypatch, call) -> None:
    service, _, operation = call.partition(".")
    client = rollout_calls._client(service, **({"attempts": 2} if service == "iam" else {}))
    ask, failures = getattr(client, operation), [denial("Throttling")]

    def once(**request):
        if failures:
            raise failures.pop()
        return ask(**request)

    monkeypatch.setattr(client, operation, once)
    assert checked(rig) == []


def test_tasks_that_there_is_no_time_for_are_not_looked_at_and_that_is_said(rig) -> None:
    task = rig.iotwireless.create_fuota_task(
        FirmwareUpdateImage="s3://firmware/v2.bin", FirmwareUpdateRole=IMAGE_ROLE, **RADIO
    )["Id"]
    rig.seconds_left = 119
    rig.fleet(good={"count": 3})

    def before(turn):
        rig.seconds_left = 119 if turn.step == "check" else 900

    rig.before_step = before
    rig.run(rig.settings(waves=ONE_WAVE))
    [said] = rig.read("wave-0/gate.json")["checked"]
    assert said == "not every FUOTA task was looked at for devices that are in its session: too many"
    rig.iotwireless.delete_fuota_task(Id=task)


def test_lists_of_tasks_are_read_to_their_end(rig, monkeypatch) -> None:
    rig.fleet(good={"count": 2})
    monkeypatch.setattr(rollout_calls, "PAGE", 1)
    rig.iotwireless.create_multicast_group(LoRaWAN={"RfRegion": "EU868", "DlClass": "ClassC"})  # in no session
    tasks = [other_task(rig, [device]) for device in rig.devices]
    busy = other_sessions.other_sessions(ClockedCalls(rig), set(rig.devices)).busy
    assert set(busy) == set(rig.devices)
    assert set(other_sessions.other_sessions(ClockedCalls(rig), {rig.devices[0]}).busy) == {rig.devices[0]}
    for task in tasks:
        rig.iotwireless.delete_fuota_task(Id=task)


def test_fails_where_a_list_cannot_be_read_for_another_reason(rig, monkeypatch) -> None:
    error = denial("InternalServerException")
    monkeypatch.setattr(rollout_calls._client("iotwireless"), "list_multicast_groups", failing(error))
    with pytest.raises(ClientError):  # the machine calls the step again
        other_sessions.other_sessions(ClockedCalls(rig), set())


def test_a_group_that_is_deleted_meanwhile_is_passed_over(rig, monkeypatch) -> None:
    rig.fleet(good={"count": 2})
    group = rig.iotwireless.create_multicast_group(LoRaWAN={"RfRegion": "EU868", "DlClass": "ClassC"})["Id"]
    client = rollout_calls._client("iotwireless")
    read = client.get_multicast_group

    def gone(**request):
        rig.iotwireless.delete_multicast_group(Id=group)
        rig.clock.time += 60
        return read(**request)

    monkeypatch.setattr(client, "get_multicast_group", gone)
    found = other_sessions.other_sessions(ClockedCalls(rig), set(rig.devices))
    assert (found.busy, found.unknown) == ({}, [])


@pytest.mark.parametrize("call", NOT_TOLD)
def test_what_cannot_be_told_is_said_and_goes_on(rig, monkeypatch, call) -> None:
    rig.fleet(good={"count": 3})
    (service, _, operation), (error, part) = call.partition("."), NOT_TOLD[call]
    client = rollout_calls._client(service, **({"attempts": 2} if service == "iam" else {}))
    monkeypatch.setattr(client, operation, failing(error))
    output = rig.run(rig.settings(waves=ONE_WAVE))
    assert output["waves"][0]["counts"]["delivered"] == 3
    [said] = rig.read("wave-0/gate.json")["checked"]
    assert part in said
