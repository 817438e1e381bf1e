"""Single steps, where a whole rollout seldom comes by."""

import dataclasses
import importlib
import io
import json
import os
import time

import boto3
import pytest
import rollout_step
from botocore.awsrequest import AWSResponse, HeadersDict
from botocore.exceptions import ClientError
from operator_word import AnotherRolloutRunsError, OperatorWord
from rollout_calls import RolloutCalls
from rollout_rig import DAY, HOUR, MINUTE, ONE_WAVE, ROLE, ClockedCalls, Context, answer_gates
from rollout_stores import BUCKET, IMAGE
from wave_turn import Turn

from fuota_constructs.local.iotwireless.faults import Fault
from fuota_constructs.local.iotwireless.session import SessionPolicy

GROUP = {"RfRegion": "EU868", "DlClass": "ClassC"}


def test_a_slow_setup_is_waited_for_and_at_the_deadline_those_that_are_ready_go_on(rig) -> None:
    rig.fleet(good={"count": 5})
    rig.not_set_up = set(rig.devices[:2])
    rig.run(rig.settings(waves=ONE_WAVE))
    ready = rig.took("ready")
    assert {answer["next"] for answer in ready[:-1]} == {"wait"}
    assert ready[-1]["waiting"]["since"] + DAY <= rig.clock()
    assert (ready[-1]["next"], ready[-1]["ready"]) == ("done", 3)


def test_a_wave_that_nobody_is_set_up_for_asks_the_operator(rig) -> None:
    rig.fleet(good={"count": 5})
    rig.not_set_up = set(rig.devices)
    answer_gates(rig, "skip")
    output = rig.run(rig.settings(waves=ONE_WAVE))
    assert output["waves"][0]["outcome"] == "SKIPPED"
    assert "none of 5 devices was set up for the group of the wave within 86400 s" in output["waves"][0]["reason"]
    assert rig.requests("StartFuotaTask") == 0
    assert rig.left() == []


def test_a_function_that_has_little_time_goes_on_in_the_next_call(rig) -> None:
    rig.fleet(good={"count": 20})
    rig.seconds_left = 121
    joined: list[str] = []
    rig.before_step = lambda turn: joined.append(rig.control()["Joined"]) if turn.step == "gather" else None
    rig.run(rig.settings(waves=ONE_WAVE))
    assert [answer["next"] for answer in rig.took("gather")] == ["again", "again", "done"]
    assert joined == ["", "9 of 20", "18 of 20"]
    assert [answer["next"] for answer in rig.took("clean")].count("again") == 2
    assert rig.requests("AssociateWirelessDeviceWithMulticastGroup") == 20
    assert rig.left() == []


def test_a_start_that_came_too_late_gets_another_time(rig) -> None:
    rig.fleet(good={"count": 5})
    slept = []

    def before(turn):
        if turn.step == "launch" and not slept:
            slept.append(turn)
            rig.clock.time += HOUR

    rig.before_step = before
    assert rig.run(rig.settings(waves=ONE_WAVE))["status"] == "SUCCEEDED"
    assert [answer["next"] for answer in rig.took("launch")] == ["again", "done"]
    assert rig.requests("StartFuotaTask") == 1


def test_a_task_that_somebody_deleted_leaves_what_is_known(rig) -> None:
    rig.fleet(good={"count": 5})
    deleted = []

    def before(turn):
        if turn.step == "look" and not deleted and rig.clock() >= turn.state["endAt"]:
            deleted.append(rig.iotwireless.delete_fuota_task(Id=turn.state["task"]))
            rig.clock.time += MINUTE
        if turn.step == "decide":
            rig.say("skip", turn.gate)

    rig.before_step = before
    output = rig.run(rig.settings(waves=ONE_WAVE))
    assert "no device was attempted" in output["waves"][0]["reason"]
    assert rig.took("look")[-1]["taskStatus"] == "Deleted"


def test_redundancy_is_learnt_within_the_window(rig) -> None:
    rig.fleet(near={"count": 17}, far={"count": 3, "loss": 0.5})
    session = {**rig.settings()["session"], "plannedLoss": 0.3}
    window = {"startSecond": 0, "durationSeconds": 37 * MINUTE, "offsets": [[0, 0]]}
    output = rig.run(rig.settings(waves=ONE_WAVE, retries=1, session=session, window=window))
    assert 40 <= output["waves"][0]["redundancyPercent"] <= 48  # 37 fragments, one a minute


def test_a_group_that_is_in_use_is_deleted_later(rig) -> None:
    rig.fleet(good={"count": 2})
    refused = []

    def before(turn):
        if turn.step == "clean" and not refused:
            rig.iotwireless.associate_multicast_group_with_fuota_task(Id=other, MulticastGroupId=turn.state["group"])
        elif turn.step == "clean" and len(refused) == 3:
            rig.iotwireless.delete_fuota_task(Id=other)
            rig.clock.time += MINUTE
        if turn.step == "clean":
            refused.append(turn)

    other = rig.iotwireless.create_fuota_task(
        FirmwareUpdateImage="s3://firmware/v2.bin", FirmwareUpdateRole=ROLE, LoRaWAN={"RfRegion": "EU868"}
    )["Id"]
    rig.before_step = before
    rig.run(rig.settings(waves=ONE_WAVE))
    assert len(rig.took("clean")) > 2
    assert rig.left() == []


@pytest.fixture
def turn():
    return Turn("finish", "one", "arn:aws:states:eu-west-1:000000000000:execution:Rollout:one", {}, {})


def test_fails_to_take_charge_when_another_was_faster(rig, turn) -> None:
    calls = ClockedCalls(rig)
    word = OperatorWord(turn, calls)
    OperatorWord(Turn("choose", "two", "arn", {}, {}), calls).take_charge()
    with pytest.raises(AnotherRolloutRunsError, match="began at the same moment"):
        word.take_charge()
    word.tell(Status="SUCCEEDED")  # says nothing about the rollout of another
    assert rig.control()["Execution"] == "two"
    assert rig.control()["Status"] == "RUNNING"


def test_the_handler_reads_the_event_that_the_machine_sends(rig) -> None:
    event = {
        "step": "finish",
        "execution": "one",
        "executionArn": "arn",
        "settings": {},
        "state": {"outcome": "PASSED"},
    }
    answer = rollout_step.handler(event, Context())
    assert answer["status"] == "ABORTED"  # it is not the execution on record


def test_the_function_sees_the_time_and_which_executions_run(rig, capsys) -> None:
    calls = RolloutCalls(Context())
    calls.say('{"a": 1}')
    assert capsys.readouterr().out == '{"a": 1}\n'
    began = calls.now()
    calls.sleep(0.01)
    assert began < calls.now() <= time.time()
    machine = {"StartAt": "Rest", "States": {"Rest": {"Type": "Wait", "Seconds": 600, "End": True}}}
    states = boto3.client("stepfunctions")
    arn = states.create_state_machine(name="Rest", definition=json.dumps(machine), roleArn=ROLE)["stateMachineArn"]
    execution = states.start_execution(stateMachineArn=arn)["executionArn"]
    assert calls.is_running(execution)
    states.stop_execution(executionArn=execution)
    assert not calls.is_running(execution)
    assert not calls.is_running(f"{execution}-unknown")
    assert os.environ["CONTROL_TABLE"] == calls.table


def test_devices_come_page_by_page(rig) -> None:
    rig.fleet(good={"count": 260})
    profile = rig.iotwireless.list_device_profiles()["DeviceProfileList"][0]["Id"]
    calls = ClockedCalls(rig)
    assert len({device["Id"] for device in calls.devices(DeviceProfileId=profile)}) == 260


def test_a_plan_that_ends_before_the_service_is_done_waits_on(rig) -> None:
    rig.fleet(good={"count": 5})
    settings = rig.settings(waves=ONE_WAVE)
    rig.s3.put_object(Bucket="firmware", Key="shorter.bin", Body=IMAGE[:800])
    image = {**settings["image"], "uri": "s3://firmware/shorter.bin", "sizeBytes": 800}
    output = rig.run({**settings, "image": image})
    assert output["waves"][0]["counts"]["delivered"] == 5


def test_what_is_joined_and_attached_already_is_not_asked_for_again(rig) -> None:
    rig.fleet(good={"count": 5})
    rig.service.settings = dataclasses.replace(
        rig.service.settings, session=SessionPolicy(deletion_seconds=0), strict_associations=True
    )
    rig.calls_per_step = 2
    assert rig.run(rig.settings(waves=ONE_WAVE))["status"] == "SUCCEEDED"
    assert rig.requests("AssociateWirelessDeviceWithMulticastGroup") == 5
    assert rig.requests("AssociateMulticastGroupWithFuotaTask") == 1


OPERATIONS = [
    *("CreateMulticastGroup", "AssociateWirelessDeviceWithMulticastGroup", "CreateFuotaTask", "GetFuotaTask"),
    *(
        "ListFuotaTasks",
        "ListMulticastGroups",
        "ListMulticastGroupsByFuotaTask",
        "AssociateMulticastGroupWithFuotaTask",
        "StartFuotaTask",
    ),
    *("ListWirelessDevices", "DeleteFuotaTask", "DisassociateWirelessDeviceFromMulticastGroup", "DeleteMulticastGroup"),
]


@pytest.mark.parametrize("fault", ["lost-answer", "internal-error", "throttle", "access-denied"])
def test_calls_that_fail_once_change_nothing(rig, monkeypatch, fault) -> None:
    """Every call of a rollout; those that boto3 makes again and those that the machine makes again."""
    monkeypatch.setattr(time, "sleep", lambda _: None)  # what boto3 waits between its attempts
    rig.fleet(good={"count": 3})
    for operation in OPERATIONS:
        rig.service.faults.order(Fault(operation, fault, times=1))
    output = rig.run(rig.settings(waves=ONE_WAVE))
    assert output["waves"][0]["counts"]["delivered"] == 3
    assert len(rig.read("wave-0/statuses-0.json")) == 3
    assert rig.left() == []
    assert rig.service.faults.list() == []


@pytest.mark.parametrize(("may_read", "denied_as"), [(True, None), (False, "AccessDenied"), (True, "InvalidRequest")])
def test_evidence_goes_into_a_bucket_that_insists_on_the_header_of_its_encryption(rig, may_read, denied_as) -> None:
    """S3 as it is, but for the bucket policy, which this cloud does not enforce: no write without the header."""
    calls, seen = ClockedCalls(rig), []
    key = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "arn:aws:kms:eu-west-1:000000000000:key/fleet"}
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": key}]}
    rig.s3.put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration=rules)

    def deny(request, **_):
        headers = {name.lower(): value for name, value in request.headers.items()}
        is_denied = not may_read if "encryption" in request.url else "x-amz-server-side-encryption" not in headers
        seen.append(request.url)
        body = f"<Error><Code>{denied_as or 'AccessDenied'}</Code></Error>".encode()
        return AWSResponse(request.url, 403, HeadersDict(), RawBody(body)) if is_denied else None

    class RawBody(io.BytesIO):
        def stream(self, **_):
            return iter([self.read()])

    for operation in ("PutObject", "GetBucketEncryption"):
        rig.intercept("s3", f"before-send.s3.{operation}", deny)
    if denied_as:
        with pytest.raises(ClientError, match=f"\\({denied_as}\\) when calling the PutObject"):
            calls.write("rollouts/Rollout/one/x.json", {})
    else:
        calls.write("rollouts/Rollout/one/x.json", {"a": 1})
        assert rig.read("x.json") == {"a": 1}
        head = rig.s3.head_object(Bucket=BUCKET, Key="rollouts/Rollout/one/x.json")
        assert head["SSEKMSKeyId"] == key["KMSMasterKeyID"]
    rig.s3.delete_bucket_encryption(Bucket=BUCKET)


@pytest.mark.parametrize(("step", "maker"), [("gather", "new_group"), ("launch", "new_task")])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_what_is_made_while_somebody_says_abort_is_taken_away(rig, monkeypatch, step, maker, moment) -> None:
    """With a stack that is deleted nobody comes after the step."""
    rig.fleet(good={"count": 3})
    module = importlib.import_module(step)
    claim, make = OperatorWord.claim, getattr(module, maker)

    def claimed(word, **facts):
        if moment == "before" and word._turn.step == step:
            rig.say("abort")
        return claim(word, **facts)

    def made(turn, calls):
        found = make(turn, calls)
        rig.say("abort")
        return found

    monkeypatch.setattr(OperatorWord, "claim", claimed)
    if moment == "after":
        monkeypatch.setattr(module, maker, made)
    output = rig.run(rig.settings(waves=ONE_WAVE))
    assert (output["status"], output["reason"]) == ("ABORTED", "the operator said abort")
    assert rig.requests("StartFuotaTask") == 0
    assert rig.left() == []


@pytest.mark.parametrize(("step", "maker"), [("gather", "new_group"), ("launch", "new_task")])
def test_what_was_made_without_anybody_hearing_of_it_is_found_and_taken_away(rig, monkeypatch, step, maker) -> None:
    rig.fleet(good={"count": 3})
    module = importlib.import_module(step)
    make = getattr(module, maker)

    def killed(turn, calls):
        make(turn, calls)
        rig.say("abort")
        raise TimeoutError("the function is killed")

    monkeypatch.setattr(module, maker, killed)
    assert rig.run(rig.settings(waves=ONE_WAVE))["status"] == "ABORTED"
    assert rig.control()["Task"] == rig.control()["Group"] == ""
    assert rig.left() == []


@pytest.fixture
def wave(rig, turn):
    """A step of an execution of the first wave, by when that was started."""
    OperatorWord(turn, ClockedCalls(rig)).take_charge()

    def made(step, started, **state):
        settings = rig.settings(waves=ONE_WAVE)
        return Turn(step, "one", turn.execution_arn, settings, {"wave": 0, "sizes": [3], **state}, started)

    return made


def test_a_wave_goes_on_where_its_former_execution_ended(rig, wave) -> None:
    rig.fleet(good={"count": 3})
    calls = ClockedCalls(rig)
    assert rollout_step.step(wave("resume", "1"), calls)["resumed"] == ""
    first = rollout_step.step(wave("window", "1", attempt=1, group="g"), calls)
    second = rollout_step.step(wave("resume", "2"), calls)
    assert (second["resumed"], second["attempt"], second["group"]) == ("window", 1, "g")
    assert (second["next"], second["seconds"]) == (first["next"], 0)
    third = rollout_step.step(wave("resume", "3"), calls)
    assert third["resumed"] == "window"
    other = {"wave": 1, "sizes": [3, 4]}
    assert rollout_step.step(dataclasses.replace(wave("resume", "4"), state=other), calls)["resumed"] == ""


def test_a_wave_that_another_execution_took_over_ends_and_touches_nothing(rig, wave) -> None:
    rig.fleet(good={"count": 3})
    calls = ClockedCalls(rig)
    rollout_step.step(wave("resume", "2"), calls)
    assert rollout_step.step(wave("resume", "1"), calls)["resumed"] == ""
    found = rollout_step.step(wave("look", "1", group="g", task="t"), calls)
    assert (found["next"], found["outcome"]) == ("abort", "ABORTED")
    assert found["reason"] == "another execution of this wave goes on with it"
    cleaned = rollout_step.step(wave("clean", "1", **found), calls)
    assert (cleaned["next"], cleaned["group"]) == ("done", "g")
    assert rig.control()["WaveExecution"] == "2"


@pytest.mark.parametrize(("said", "taken_away"), [("", []), ("abort", ["g"])])
def test_what_was_made_while_another_execution_took_the_wave_over_is_left_to_it(rig, wave, said, taken_away) -> None:
    """Its token is the same, so it is answered with the same id, also when nothing of that id is there any more."""
    calls, deleted = ClockedCalls(rig), []
    rollout_step.step(wave("resume", "1"), calls)

    def make():
        rollout_step.step(wave("resume", "2"), calls)
        if said:
            rig.say(said)
        return "g"

    def take_away(*, Id):  # noqa: N803  # the API's name
        deleted.append(Id)

    assert OperatorWord(wave("gather", "1"), calls).make_on_record("Group", make, take_away) == ""
    assert deleted == taken_away
    again = OperatorWord(wave("gather", "2"), calls).make_on_record("Group", lambda: "g", take_away)
    assert again == ("" if said else "g")


def test_a_step_that_is_told_of_late_changes_nothing(rig, wave) -> None:
    calls = ClockedCalls(rig)
    rollout_step.step(wave("resume", "1"), calls)
    rollout_step.step(wave("window", "1", turns=7), calls)
    rollout_step.step(wave("window", "1", turns=3, group="old"), calls)
    assert "old" not in rig.control()["Checkpoint"]


def test_charge_is_taken_of_what_the_former_execution_noted_last(rig, turn, monkeypatch) -> None:
    calls = ClockedCalls(rig)
    former = Turn("gather", "two", "arn", {}, {})
    OperatorWord(former, calls).take_charge()
    word = OperatorWord(turn, calls)
    OperatorWord(former, calls).claim(Group="g")
    word.take_charge()
    assert OperatorWord(turn, calls).former["state"]["group"] == "g"
