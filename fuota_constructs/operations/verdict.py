"""What came of a task, told as it is: done is not success, and Successful is not installed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from fuota_constructs.lorawan.plan_command import keeps_dwell_time, plan_words
from fuota_constructs.lorawan.redundancy import decode_probability
from fuota_constructs.lorawan.regions import has_slower
from fuota_constructs.lorawan.session_plan import DEFAULT_LOSS
from fuota_constructs.operations import task as states
from fuota_constructs.operations.device_status import NOT_GIVEN, status_named
from fuota_constructs.operations.image import SEEN_LATE
from fuota_constructs.operations.next_step import NextStep, step
from fuota_constructs.operations.status_proof import VERSION_FIRST, after, doubts, may_hang

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fuota_constructs.lorawan.device_stack import DeviceStack
    from fuota_constructs.operations.checks import Check
    from fuota_constructs.operations.progress import Progress
    from fuota_constructs.rules import SessionPlan

NOT_INSTALLED: Final = "reported, not installed: check the version your devices report"
PATCH_ARRIVED: Final = (
    "a device with another base reports the same and made garbage of it: check the version your devices report"
)
SURE: Final = 0.99
"""The share of devices a loss is to be survived by, where one figure has to stand for it."""

BISECTIONS: Final = 8
STEP_PERCENT: Final = 5
MOST_LOSS_PERCENT: Final = 95
_LOSS, _UPDATED = "MissingFrag", "Successful"


class Outcome(StrEnum):
    """What can be said about a task in a word."""

    PENDING = "pending"
    WAITING = "waiting"
    RUNNING = "running"
    UPDATED = "done-and-updated"
    PARTLY = "done-in-part"
    FAILED = "done-but-failed"
    DELETING = "deleting"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome, what it rests on, the likely causes where something failed, what to do, and what to type."""

    outcome: Outcome
    summary: str
    causes: tuple[str, ...] = ()
    remedies: tuple[str, ...] = ()
    next_steps: tuple[NextStep, ...] = ()

    @property
    def is_final(self) -> bool:
        """Whether the task will not change any more by itself."""
        return self.outcome in {Outcome.UPDATED, Outcome.PARTLY, Outcome.FAILED, Outcome.DELETING}


def verdict_of(progress: Progress, access: Sequence[Check] = (), stacks: Sequence[DeviceStack] = ()) -> Verdict:
    """The verdict; `access` is what was found about image and role, which counts where devices got nothing.

    `stacks` are those of the devices: what their statuses prove.
    """
    task, total = progress.task, len(progress.devices)
    match task.status:
        case states.PENDING:
            steps = step("preflight", task.id), step("start", task.id)
            return Verdict(Outcome.PENDING, "no session is scheduled", next_steps=steps)
        case states.WAITING:
            said = f"the session is scheduled; {_devices(total)} will be asked to receive"
            return Verdict(Outcome.WAITING, said, next_steps=(step("status", task.id, "--watch"),))
        case states.IN_SESSION:
            reported = total - progress.count_of("open")
            said = f"the session is on the air; {reported:,} of {_devices(total)} reported an end"
            return Verdict(Outcome.RUNNING, said, next_steps=(step("status", task.id, "--watch"),))
        case states.DELETING:
            return Verdict(Outcome.DELETING, "the task is being deleted; this cannot be undone")
        case states.DONE:
            return _done(progress, access, stacks)
    return Verdict(Outcome.UNKNOWN, f"the service says {task.status}, which AWS did not document when this was written")


def _done(progress: Progress, access: Sequence[Check], stacks: Sequence[DeviceStack]) -> Verdict:
    total, updated = len(progress.devices), progress.count_of("updated")
    doubted = doubts({_UPDATED: updated}, stacks)
    if total and updated == total:
        return Verdict(Outcome.UPDATED, f"all {_devices(total)} report the {_sent(progress)}", doubted)
    causes, remedies = _causes(progress, access, stacks)
    causes, remedies = (*causes, *doubted), (*remedies, *(after(stacks) if total else ()))
    steps = (step("status", progress.task.id, "--devices"), *_steps_for_loss(progress, stacks)) if total else ()
    if updated:
        sent = _sent(progress).replace("; ", " (", 1)
        summary = f"{updated:,} of {_devices(total)} report the {sent}); {total - updated:,} do not"
        return Verdict(Outcome.PARTLY, summary, causes, remedies, steps)
    summary = f"the session ended and none of {_devices(total)} reports the image"
    return Verdict(Outcome.FAILED, summary, causes, remedies, steps)


def _sent(progress: Progress) -> str:
    """What a device that is Successful has, and what that does not say."""
    return f"patch; {PATCH_ARRIVED}" if is_delta(progress) else f"image; {NOT_INSTALLED}"


def is_delta(progress: Progress) -> bool:
    """Whether what the devices got is a patch, of which they have to make the image."""
    return progress.image is not None and progress.image.delta is not None


def _causes(
    progress: Progress, access: Sequence[Check], stacks: Sequence[DeviceStack]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    total, updated = len(progress.devices), progress.count_of("updated")
    if not total:
        return ("the task has no devices, or its groups have none",), (
            "add devices to the groups, then start a new task",
        )
    causes: list[str] = []
    remedies: list[str] = []
    unread = [check for check in access if check.outcome == "error"]
    if unread and not updated:  # the image was read where one device has it
        said = [check.message.removesuffix(f"; {SEEN_LATE}") for check in unread]
        causes += [f"the service could not read the image: {message}" for message in said]
        remedies += [check.remedy for check in unread]
    silent = progress.count_of("open")
    if silent and not causes:
        who = f"no device answered: all {silent:,} are" if silent == total else f"{silent:,} did not answer: they are"
        doubt = ", or the service could not read the image (nothing wrong was found with it)" if silent == total else ""
        causes.append(f"{who} still {_open_names(progress)}: out of reach, asleep, or without multicast set-up{doubt}")
        remedies.append(
            "check when they were last heard (LastUplinkReceivedAt), their class and their multicast set-up"
        )
        if progress.plan and (hanging := may_hang(progress.plan.data_fragments, stacks)):
            causes.append(hanging)
            remedies.append("reset these devices, and choose larger fragments for the next session")
        if silent == total:
            unchecked = [check.message for check in access if check.outcome == "warning"]
            causes += unchecked
    for name, number in progress.counts.items():
        status = status_named(None if name == NOT_GIVEN else name)
        if status.kind == "failed":
            causes += [f"{number:,} of {total:,}: {name}, {status.meaning}", *doubts({name: number}, stacks)]
            remedies += [VERSION_FIRST, _remedy_for_loss(progress)] if name == _LOSS else [status.remedy]
    return tuple(causes), tuple(dict.fromkeys(remedies))


def _remedy_for_loss(progress: Progress) -> str:
    redundancy = progress.task.redundancy_percent
    now = "none is set" if redundancy is None else f"it is {redundancy} %"
    if progress.plan and progress.plan.cut_off:
        return f"start a new task whose session fits its window: {progress.plan.cut_off}; `fuota plan` finds parameters"
    if progress.plan and progress.plan.unsent:
        return f"start a new task with {longer_interval(progress.plan)}"
    if progress.plan and redundancy is not None:
        now += f", which {SURE:.0%} of devices survive up to about {_loss_survived_by(progress.plan, SURE):.0%} loss"
    remedy = f"start a new task with more redundancy ({now}; `fuota plan` says how much a loss needs)"
    plan = progress.plan
    return f"{remedy}, or a slower data rate" if not plan or has_slower(plan.region, plan.data_rate) else remedy


def longer_interval(plan: SessionPlan) -> str:
    """The interval at which all fragments are sent, and why no redundancy stands in for it."""
    from fuota_constructs.lorawan.unsent_fragments import longer_session, why_unsent

    if longer := longer_session(plan):
        return f"larger fragments at a faster data rate: {why_unsent(plan)} (assumed); {longer}"
    return (
        f"a fragment interval of at least {plan.smallest_interval_seconds} s: {why_unsent(plan)} (assumed), and coded"
        " fragments are no better off"
    )


def _steps_for_loss(progress: Progress, stacks: Sequence[DeviceStack]) -> tuple[NextStep, ...]:
    """A plan for more loss than the session was made for."""
    image, region = progress.image, progress.task.rf_region
    if _LOSS not in progress.counts or image is None or not image.size_bytes or region is None:
        return ()
    plan, group = progress.plan, max(progress.groups, key=lambda each: each.frequency_hz or 0, default=None)
    words = plan_words(
        image.size_bytes,
        region,
        dl_class=plan.dl_class if plan else None,
        gateways=plan.gateways if plan else 1,
        gateway_spacing_seconds=plan.gateway_spacing_seconds if plan else 0.0,
        frequency_hz=group.frequency_hz if group else None,
        ping_slot_period=max((each.ping_slot_period or 0 for each in progress.groups), default=0),
        dwell_time=plan is not None and keeps_dwell_time(plan.region, plan.data_rate, plan.fragment_bytes),
        stacks=(stack.text for stack in stacks),
        loss_percent=round(100 * loss_to_plan_for(progress)),
    )
    return (NextStep(words, asks_the_service=False),)


def loss_to_plan_for(progress: Progress) -> float:
    """The share of fragments to plan a next session for, where devices lost more than this one made up for.

    It is above the loss that the share of devices with the image is explained by, and no less than was planned: of a
    session with hardly any redundancy all that is known is that devices lost more. What was not sent does not count:
    the next session has ping slots and airtime for all, and the planned loss.
    """
    plan, total = progress.plan, len(progress.devices)
    if plan is None:
        return DEFAULT_LOSS
    # Laplace's rule: few devices prove little, and none of them no loss in particular.
    delivered = (total - progress.counts.get(_LOSS, 0) + 1) / (total + 2)
    met = _loss_survived_by(plan, min(SURE, delivered))
    loss = min(MOST_LOSS_PERCENT, STEP_PERCENT * (math.floor(100 * met / STEP_PERCENT) + 1)) / 100
    return max(loss, plan.loss)


def _loss_survived_by(plan: SessionPlan, share: float) -> float:
    """The highest loss of which this share of the devices has the image."""
    low, high = 0.0, 1.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        missed = plan.missed_at(middle)
        enough = decode_probability(plan.data_fragments, plan.coded_fragments, missed, version=plan.version) >= share
        low, high = (middle, high) if enough else (low, middle)
    return low


def _open_names(progress: Progress) -> str:
    return " or ".join(status.name for status, _ in progress.statuses if status.kind == "open")


def _devices(count: int) -> str:
    return f"{count:,} device{'' if count == 1 else 's'}"
