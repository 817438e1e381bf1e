"""The honest word about a task."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from fuota_constructs.lorawan.device_stack import DeviceStack
from fuota_constructs.lorawan.regions import regions
from fuota_constructs.lorawan.session_plan import CLASS_B, Conditions, plan_session
from fuota_constructs.operations import task as states
from fuota_constructs.operations.checks import error, warning
from fuota_constructs.operations.device_status import DEVICE_STATUSES
from fuota_constructs.operations.image import Image
from fuota_constructs.operations.progress import Progress, read_progress
from fuota_constructs.operations.retry import Retry, retry_of
from fuota_constructs.operations.status_proof import VERSION_FIRST
from fuota_constructs.operations.task import Device, Group, Task, read_task
from fuota_constructs.operations.verdict import (
    NOT_INSTALLED,
    PATCH_ARRIVED,
    Outcome,
    is_delta,
    loss_to_plan_for,
    verdict_of,
)

if TYPE_CHECKING:
    from fuota_constructs.operations.aws import Aws

BUCKET = "fuota-operations"
NOW = datetime(2026, 12, 1, tzinfo=UTC)


def _progress(*statuses: str | None, task_status: str = states.DONE) -> Progress:
    devices = tuple(Device(f"id{n}", None, None, status, None, None) for n, status in enumerate(statuses))
    task = Task("t", "arn", task_status, redundancy_percent=20)
    return Progress(task, (), devices, NOW, None, (), None)


def test_follows_a_task_from_pending_to_done(aws: Aws, task: Any, group: Any, make: Any, clock: Any) -> None:
    task_id = task(group(3))

    def look() -> tuple[Outcome, str]:
        verdict = verdict_of(read_progress(aws, read_task(aws, task_id)))
        return verdict.outcome, verdict.summary

    assert look() == (Outcome.PENDING, "no session is scheduled")
    make.start_fuota_task(Id=task_id)
    assert look()[0] is Outcome.WAITING
    clock.sleep(1900)
    assert look() == (Outcome.RUNNING, "the session is on the air; 0 of 3 devices reported an end")
    make.delete_fuota_task(Id=task_id)
    assert look()[0] is Outcome.DELETING


def test_a_session_without_devices_has_failed(aws: Aws, task: Any, group: Any, make: Any, clock: Any) -> None:
    task_id = task(group(1))
    make.start_fuota_task(Id=task_id)
    for device in make.list_wireless_devices()["WirelessDeviceList"]:
        make.delete_wireless_device(Id=device["Id"])
    clock.sleep(200_000)
    verdict = verdict_of(read_progress(aws, read_task(aws, task_id)))
    assert verdict.outcome is Outcome.FAILED
    assert verdict.causes == ("the task has no devices, or its groups have none",)


def test_successful_everywhere_is_updated_and_not_installed() -> None:
    verdict = verdict_of(_progress("Successful", "Successful"))
    assert verdict.outcome is Outcome.UPDATED
    assert verdict.summary == f"all 2 devices report the image; {NOT_INSTALLED}"
    [said] = verdict.causes  # Successful is no proof with every stack
    assert "LoRaMac-node and STM32CubeWL count 0 until a redundant fragment is heard, even if nothing was" in said


def test_successful_of_a_delta_is_the_patch_and_nothing_more(aws: Aws, task: Any, group: Any) -> None:
    patch = {"delta-base-sha256": "0" * 64, "delta-target-sha256": "1" * 64}
    aws.s3.put_object(Bucket=BUCKET, Key="street/up.patch", Body=b"patch", Metadata=patch)
    there = read_progress(aws, read_task(aws, task(group(1), FirmwareUpdateImage=f"s3://{BUCKET}/street/up.patch")))
    assert is_delta(there)
    for statuses, said in (
        (("Successful",), f"all 1 device report the patch; {PATCH_ARRIVED}"),
        (("Successful", "Initial"), f"1 of 2 devices report the patch ({PATCH_ARRIVED}); 1 do not"),
    ):
        progress = replace(_progress(*statuses), image=there.image)
        assert verdict_of(progress).summary == said


def test_some_of_them_is_in_part_with_a_cause_for_each_status() -> None:
    verdict = verdict_of(_progress("Successful", "MissingFrag", "MissingFrag", "Not_enough_memory", "Initial"))
    assert verdict.outcome is Outcome.PARTLY
    assert verdict.summary.startswith("1 of 5 devices report the image (reported, not installed")
    assert verdict.causes[0].startswith("1 did not answer")
    assert (
        verdict.causes[1]
        == "2 of 5: MissingFrag, fragments are missing, says the device: too many were lost, or its stack counts wrong"
    )
    assert verdict.causes[2].startswith("MissingFrag is what the stack of a device says: LoRaMac-node and STM32CubeWL")
    assert verdict.causes[3].startswith("1 of 5: Not_enough_memory")
    assert verdict.causes[4].startswith("Successful is what the stack of a device says")
    redundancy = [n for n, remedy in enumerate(verdict.remedies) if "more redundancy (it is 20 %" in remedy]
    assert redundancy == [verdict.remedies.index(VERSION_FIRST) + 1]
    assert any("delta image" in remedy for remedy in verdict.remedies)


@pytest.mark.parametrize(("data_rate", "says_so"), [(3, True), (0, False)])
def test_no_slower_data_rate_is_proposed_where_there_is_none(data_rate: int, says_so: bool) -> None:
    facts = regions()["EU868"]
    plan = plan_session(2_000, Conditions(facts), data_rate=facts.data_rates[data_rate], fragment_bytes=48)
    remedies = verdict_of(replace(_progress("MissingFrag"), plan=plan)).remedies
    assert any("or a slower data rate" in remedy for remedy in remedies) == says_so


def test_the_stack_of_the_devices_says_what_their_statuses_prove() -> None:
    lost = _progress("MissingFrag", "MissingFrag")
    swl2001 = verdict_of(lost, stacks=[DeviceStack.of("swl2001")])
    [doubt] = swl2001.causes[1:]
    assert doubt.endswith("says: SWL2001 (LoRa Basics Modem) counts 1 when every fragment arrived")
    zephyr = verdict_of(lost, stacks=[DeviceStack.of("zephyr")])
    assert len(zephyr.causes) == 1  # its count is not too high
    assert "another FragIndex is refused while a session is unfinished" in zephyr.remedies[-1]


def test_no_answer_at_all_with_an_unreadable_image_is_the_images_fault() -> None:
    access = [error("role rights", "role r may not read s3://b/k", "allow s3:GetObject")]
    verdict = verdict_of(_progress("Initial", "Initial"), access)
    assert verdict.outcome is Outcome.FAILED
    assert verdict.causes == ("the service could not read the image: role r may not read s3://b/k",)
    assert verdict.remedies == ("allow s3:GetObject",)


def test_no_answer_at_all_names_both_causes_when_the_image_is_in_order() -> None:
    verdict = verdict_of(_progress("Initial", None), [warning("role", "could not check role r")])
    assert verdict.outcome is Outcome.FAILED
    assert verdict.causes[0].startswith("no device answered: all 2 are still (none) or Initial: out of reach, asleep")
    assert "could not read the image (nothing wrong was found with it)" in verdict.causes[0]
    assert verdict.causes[1] == "could not check role r"


@pytest.mark.parametrize("name", [name for name, status in DEVICE_STATUSES.items() if status.kind == "failed"])
def test_every_failure_has_a_cause_and_a_remedy(name: str) -> None:
    verdict = verdict_of(_progress(name))
    assert verdict.outcome is Outcome.FAILED
    assert name in verdict.causes[0]
    assert all(verdict.remedies)


def test_statuses_of_the_model_are_all_known(aws: Aws) -> None:
    shape = aws.iotwireless.meta.service_model.shape_for("FuotaDeviceStatus")
    assert set(shape.enum) == set(DEVICE_STATUSES)


def test_a_status_of_the_future_is_no_success() -> None:
    assert verdict_of(_progress("Blessed")).outcome is Outcome.FAILED
    assert verdict_of(_progress("Successful", task_status="FuotaPaused")).outcome is Outcome.UNKNOWN


def test_more_redundancy_is_no_remedy_for_a_session_that_its_window_cut_off(
    aws: Aws, task: Any, group: Any, make: Any, clock: Any
) -> None:
    task_id = task(group(1), FragmentIntervalMS=200_000)
    progress = read_progress(aws, read_task(aws, task_id))
    lost = replace(
        progress,
        task=replace(progress.task, status=states.DONE),
        devices=(Device("id", None, None, "MissingFrag", None, None),),
    )
    first, remedy = verdict_of(lost).remedies
    assert first == VERSION_FIRST
    assert "start a new task whose session fits its window: the session takes 13.9 h" in remedy
    assert "survive" not in remedy


def test_more_redundancy_is_no_remedy_for_fragments_that_find_their_ping_slot_taken(aws: Aws) -> None:
    conditions, image = Conditions(regions()["EU868"], dl_class=CLASS_B), Image("b", "k", 10_240)
    rate = conditions.region.data_rates[5]

    def lost(seconds: int) -> Progress:
        plan = plan_session(
            10_240, conditions, data_rate=rate, fragment_bytes=48, interval_seconds=seconds, redundancy_percent=30
        )
        task = Task("t", "arn", states.DONE, rf_region="EU868", redundancy_percent=30, fragment_size_bytes=48)
        return replace(_progress("MissingFrag"), task=task, plan=plan, image=image)

    too_fast = lost(2)
    verdict = verdict_of(too_fast)
    assert verdict.remedies[1].startswith(
        "start a new task with a fragment interval of at least 4 s: 50% of the fragments, one every 2 s, find their"
    )
    assert loss_to_plan_for(too_fast) == 0.1  # what was planned
    assert "which 99% of devices survive up to about" in verdict_of(lost(4)).remedies[1]
    assert loss_to_plan_for(lost(4)) == 0.25
    again, unhurried = retry_of(aws, too_fast), retry_of(aws, lost(4))
    assert (again.interval_seconds, again.planned_loss, again.redundancy_percent, again.enough) == (4, 0.1, 30, True)
    assert again.interval_remark.startswith("a fragment interval of at least 4 s: ")
    assert (unhurried.interval_seconds, unhurried.interval_remark) == (None, "")
    assert unhurried.redundancy_percent is not None
    assert unhurried.redundancy_percent > 30


def test_a_retry_says_that_its_session_ends_early_and_goes_at_the_data_rate_of_its_groups(aws: Aws) -> None:
    conditions, image = Conditions(regions()["EU868"]), Image("b", "k", 60_000)

    def again(rate: int, seconds: int, *groups: Group) -> Retry:
        plan = plan_session(
            60_000,
            conditions,
            data_rate=conditions.region.data_rates[rate],
            fragment_bytes=48,
            interval_seconds=seconds,
            redundancy_percent=10,
        )
        task = Task("t", "arn", states.DONE, rf_region="EU868", redundancy_percent=10, fragment_size_bytes=48)
        return retry_of(aws, replace(_progress("MissingFrag"), task=task, plan=plan, image=image, groups=groups))

    slower = again(0, 14)  # of which a gateway sends one of two
    assert slower.interval_seconds == 28
    assert slower.too_long.startswith("the session takes 1")
    assert slower.interval_remark.startswith("larger fragments at a faster data rate: the duty cycle of 10 % takes")
    assert again(2, 7).too_long == ""
    group = Group("g", None, "Pending", "EU868", None, 5, 1, 1, frequency_hz=868_100_000)
    slow = replace(group, id="s", data_rate=3, frequency_hz=None)
    assert again(5, 4, group).sent_at == {"ClassC": (5, 868_100_000)}
    assert again(5, 4, group, slow).sent_at == {"ClassC": (3, None)}


@pytest.mark.parametrize("seconds", [2, 3 * 86_400])  # after which the session is over, and that of the task was in it
def test_ping_slots_are_those_of_the_groups_session(seconds: int, aws: Aws, task: Any, make: Any, clock: Any) -> None:
    group_id = make.create_multicast_group(LoRaWAN={"RfRegion": "EU868", "DlClass": "ClassB"})["Id"]
    task_id = task(group_id, FragmentIntervalMS=7000)
    make.start_multicast_group_session(Id=group_id, LoRaWAN={"SessionTimeout": 100_000, "PingSlotPeriod": 512})
    make.start_fuota_task(Id=task_id)
    clock.sleep(seconds)
    plan = read_progress(aws, read_task(aws, task_id)).plan
    assert plan
    assert (plan.ping_slot_seconds, plan.unsent > 0) == (16.0, True)


def test_the_next_plan_is_told_the_ping_slot_period_of_the_groups() -> None:
    conditions = Conditions(regions()["EU868"], dl_class=CLASS_B, ping_slot_period=256)
    plan = plan_session(10_240, conditions, data_rate=conditions.region.data_rates[5], fragment_bytes=48)
    task = Task("t", "arn", states.DONE, rf_region="EU868", redundancy_percent=0, fragment_size_bytes=48)
    group = Group("g", None, "Pending", "EU868", "ClassB", None, 1, 1, ping_slot_period=256)
    lost = replace(_progress("MissingFrag"), task=task, plan=plan, image=Image("b", "k", 10_240), groups=(group,))
    [step] = [step for step in verdict_of(lost).next_steps if not step.asks_the_service]
    assert step.words[3:8] == ("EU868", "--class", "B", "--ping-slot-period", "256")


def test_a_retry_is_planned_for_more_loss_than_explains_who_has_the_image_and_no_less_than_before() -> None:
    conditions = Conditions(regions()["US915"])
    plan = plan_session(
        24_008, conditions, data_rate=conditions.region.data_rates[0], fragment_bytes=30, redundancy_percent=5
    )

    def planned_for(missing: int, of: int) -> float:
        found = _progress(*["MissingFrag"] * missing, *["Successful"] * (of - missing))
        return loss_to_plan_for(replace(found, plan=plan))

    assert planned_for(200, 200) == 0.1  # 5 % redundancy survives 3 % loss; the plan was for 10 %
    assert planned_for(2, 200) == 0.1
    more = plan_session(
        24_008, conditions, data_rate=conditions.region.data_rates[0], fragment_bytes=30, redundancy_percent=30
    )
    few, all_of_them = (_progress(*["MissingFrag"] * n, *["Successful"] * (200 - n)) for n in (4, 200))
    assert loss_to_plan_for(replace(few, plan=more)) == 0.25
    assert loss_to_plan_for(replace(all_of_them, plan=more)) == 0.3
    assert loss_to_plan_for(replace(few, plan=None)) == 0.1
