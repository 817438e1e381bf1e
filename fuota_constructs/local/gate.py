"""Whether a rehearsal passed: what is asked of it, who failed, and what to do about it."""

from __future__ import annotations

import math
import shlex
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from fuota_constructs.local.fleet.loss import FleetError, number
from fuota_constructs.local.task_outcome import SUCCESSFUL, cohorts_of
from fuota_constructs.lorawan.plan_command import keeps_dwell_time, plan_words
from fuota_constructs.lorawan.regions import has_slower
from fuota_constructs.lorawan.session_plan import TS005_CLASS_C_SECONDS
from fuota_constructs.lorawan.shares import percent_rounded_down

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fuota_constructs.local.task_outcome import CohortOutcome, DeviceOutcome, TaskOutcome, TaskProgress, Trouble

DEFAULT_SHARE: Final = 0.99
"""The share of devices that must have the image, where nothing else is said."""

MOST_NAMED: Final = 5
MOST_EXPLAINED: Final = 2
"""The line names causes of so many cohorts; all are listed below it."""

MOST_PLANNED_PERCENT: Final = 99
"""No session is planned for a device that hears nothing."""

MISSING: Final = "MissingFrag"
REMEDIES: Final = {
    "Initial": "they were in no session: check the RfRegion and class of their cohort, and the groups of the task",
    "Package_Not_Supported": "their firmware lacks the fragmentation package: leave them out, or update it by cable",
    "FragAlgo_unsupported": "their firmware does not know the fragmentation algorithm: check its TS004 version",
    "Not_enough_memory": "choose smaller fragments or fewer of them (memory_bytes, max_fragments, max_fragment_bytes)",
    "FragIndex_unsupported": "AWS uses index 1 for groups and 0 for single devices: update one by one, or the firmware",
    "Wrong_descriptor": "give the task the descriptor their firmware expects, or none",
    "SessionCnt_replay": "their last SessionCnt is above what the service counts: check session_cnt",
    "MICError": "the image they put together is another: check their flash (fault corrupt-fragment)",
    "MemoryError": "they could not store all: check max_lost_fragments, or their flash (fault write-error)",
    "Device_exist_in_conflict_fuota_task": "they were in another session at that time: rehearse the tasks one by one",
}


class GateMissedError(AssertionError):
    """Fewer devices have the image than required; says who failed, how many, and what to do."""


class Rehearsed(Protocol):
    """What is judged: the `Outcome` of a rehearsal."""

    @property
    def tasks(self) -> tuple[TaskOutcome, ...]: ...
    @property
    def devices(self) -> tuple[DeviceOutcome, ...]: ...
    @property
    def without_target(self) -> tuple[str, ...]: ...
    @property
    def statuses(self) -> dict[str, int]: ...
    @property
    def succeeded(self) -> int: ...
    @property
    def success_ratio(self) -> float: ...
    @property
    def cohorts(self) -> tuple[CohortOutcome, ...]: ...
    def devices_of(self, task: TaskProgress) -> tuple[DeviceOutcome, ...]: ...


@dataclass(frozen=True)
class Verdict:
    """Whether enough devices have the image. `line` says it in one, `causes` and `remedies` why and what to do."""

    passed: bool
    line: str
    require: float
    succeeded: int
    devices: int
    causes: tuple[str, ...] = ()
    remedies: tuple[str, ...] = ()

    @property
    def explained(self) -> str:
        """The line, with what to do below it."""
        return "\n".join(
            [self.line, *(f"- {cause}" for cause in self.causes), *(f"-> {each}" for each in self.remedies)]
        )


def share(value: object) -> float:
    """A required share, `"99%"` or 0.99, as a fraction of 1. Raises ValueError for anything else."""
    try:
        return number(value, "the required share", 0, 1)
    except FleetError as error:
        raise ValueError(str(error)) from None


def percent(part: int, whole: int) -> str:
    """A share in per cent, rounded down: what misses the bar must not be shown as having reached it."""
    return f"{percent_rounded_down(part, whole)} %"


def require(outcome: Rehearsed, required: object = DEFAULT_SHARE) -> Verdict:
    """The verdict, where it is passed. Raises GateMissedError where it is not, ValueError for a share that is none."""
    __tracebackhide__ = True  # pytest shows the line of the test, not this one
    verdict = judge(outcome, share(required))
    if not verdict.passed:
        raise GateMissedError(verdict.explained)
    return verdict


def judge(outcome: Rehearsed, required: float = DEFAULT_SHARE) -> Verdict:
    """The verdict on a rehearsal.

    It is passed when the required share of all devices has the image, the same share of those of each task, and
    somebody of each cohort. A task that no device could receive never passes; with 0 nothing else is asked.
    """
    bar = f"{100 * required:.9g} %"
    missed = _missed(outcome, required, bar)
    causes = tuple(_causes(outcome))
    figures = (required, outcome.succeeded, len(outcome.devices))
    if missed:
        return Verdict(False, f"FAILED {missed}", *figures, causes, tuple(_remedies(outcome)))
    line = f"PASSED {outcome.succeeded}/{len(outcome.devices)} devices ({bar} required){_but(outcome)}"
    return Verdict(True, line, *figures, causes, tuple(_remedies(outcome)) if causes else ())


def _but(outcome: Rehearsed) -> str:
    """What a last line may not keep to itself: fragments that are not sent, or may not be."""
    return "".join(
        f", although in {task.name} {task.air.cause}"
        if task.air.fragments_unsent
        else f", unless fragments are dropped: in {task.name} {task.air.cause}"
        for task in outcome.tasks
        if task.air
    )


def _missed(outcome: Rehearsed, required: float, bar: str) -> str:
    if not outcome.devices:
        return f"0 devices, {bar} required: nobody took part"
    return _not_received(outcome) or _below(outcome, required, bar)


def _not_received(outcome: Rehearsed) -> str:
    """A task that no device could receive: whatever the others did, it is not rehearsed."""
    for name in outcome.without_target:
        return f"nobody can receive {name}: it has no multicast group and no device"
    for task in outcome.tasks:
        if not outcome.devices_of(task) and task.problem is None:
            return f"nobody could receive {task.name}: none of the devices was in its session"
    return ""


def _below(outcome: Rehearsed, required: float, bar: str) -> str:
    total = len(outcome.devices)
    if outcome.success_ratio < required:
        return f"{percent(outcome.succeeded, total)} < {bar}: {_who(outcome, required)}"
    for task in outcome.tasks:
        devices, done = _count(outcome, task)
        if required and (not devices or done / devices < required):
            return f"{task.name} {percent(done, devices)} < {bar}: {_who(outcome, required)}"
    for cohort in outcome.cohorts:
        if required and not cohort.succeeded:
            rest = f"{percent(outcome.succeeded, total)} of all have the image"
            return f"nobody of {cohort.name}: {_named(cohort)} ({rest})"
    return ""


def _count(outcome: Rehearsed, task: TaskOutcome) -> tuple[int, int]:
    devices = outcome.devices_of(task)
    return len(devices), sum(device.has_image for device in devices)


def _who(outcome: Rehearsed, required: float) -> str:
    """The cohorts below the bar, of each task where there are several, those with the most failures first."""
    groups = [("", cohorts_of(outcome.devices))]
    if len(outcome.tasks) > 1:
        apart = tuple(device for device in outcome.devices if device.task_id is None)
        groups = [(f"{task.name}, ", cohorts_of(outcome.devices_of(task))) for task in outcome.tasks]
        groups.append(("in no session, ", cohorts_of(apart)))
    below = [
        (cohort.devices - cohort.succeeded, where, cohort)
        for where, cohorts in groups
        for cohort in cohorts
        if cohort.succeeded / cohort.devices < required
    ]
    worst = sorted(below, key=lambda each: -each[0])
    named = [f"{where}{_named(cohort, why=place < MOST_EXPLAINED)}" for place, (_, where, cohort) in enumerate(worst)]
    more = [f"and {len(named) - MOST_NAMED} more"] if len(named) > MOST_NAMED else []
    return "; ".join([*named[:MOST_NAMED], *more])


def _named(cohort: CohortOutcome, *, why: bool = True) -> str:
    failed = cohort.failed
    cause = ", ".join(trouble.cause for trouble, _ in cohort.troubles[:1]) if why else ""
    said = f"({failed})" if "," in failed else failed
    return f"{cohort.name} {cohort.succeeded}/{cohort.devices} {said}{f': {cause}' if cause else ''}"


def _causes(outcome: Rehearsed) -> list[str]:
    causes = [f"{task.name}: the service could not send it: {task.problem}" for task in outcome.tasks if task.problem]
    causes += [f"{task.name}: {task.air.cause}" for task in outcome.tasks if task.air]
    of_air = _causes_in_the_air(outcome)
    total = len(outcome.devices)
    # A status may be worse or better than the truth: what counts is the image.
    found = Counter((device.status, device.trouble, device.has_image) for device in outcome.devices)
    for (status, trouble, has_image), count in found.most_common():
        if has_image and status == SUCCESSFUL:
            continue
        said = f"{count} of {total} devices: {status}"
        causes.append(f"{said}: {trouble.cause}" if trouble and trouble.cause not in of_air else said)
    return causes


def _causes_in_the_air(outcome: Rehearsed) -> set[str]:
    """What is said of a task, and need not be said of its devices once more."""
    return {task.air.cause for task in outcome.tasks if task.air}


def _remedies(outcome: Rehearsed) -> list[str]:
    remedies = ["give every task multicast_groups or wireless_devices"] if outcome.without_target else []
    if _not_received(outcome) and not outcome.without_target:
        remedies.append("make the fleet larger: devices are dealt over the groups of all tasks")
    if any(task.problem for task in outcome.tasks):
        remedies.append("correct what the service could not read or send: the rest follows from it")
        return remedies
    troubles = Counter(device.trouble for device in outcome.devices if device.trouble is not None)
    of_devices = {trouble.cause: trouble.remedy for trouble in troubles}  # these say what does not help, too
    remedies += [
        f"{task.name}: {of_devices.get(task.air.cause, task.air.remedy)} ({task.air.rule})"
        for task in outcome.tasks
        if task.air
    ]
    of_air = _causes_in_the_air(outcome)
    remedies += [
        f"{_about(trouble)}: {trouble.remedy}" for trouble, _ in troubles.most_common() if trouble.cause not in of_air
    ]
    plain = {device.status for device in outcome.devices if device.trouble is None and not device.has_image}
    for status in outcome.statuses:
        if status == MISSING and status in plain:
            remedies += _against_loss(outcome)
        elif status in plain:
            remedies.append(f"{status}: {REMEDIES.get(status, 'see docs/reference/fleets.md for what causes it')}")
    return list(dict.fromkeys(remedies))


def _about(trouble: Trouble) -> str:
    return trouble.rule or ("the delta" if trouble.about == "delta" else "their stack")


def _against_loss(outcome: Rehearsed) -> list[str]:
    remedies = []
    for task in outcome.tasks:
        failed = [
            device
            for device in outcome.devices_of(task)
            if device.status == MISSING and not device.has_image and device.trouble is None
        ]
        if not failed:
            continue
        given = task.parameters
        missing = [
            name
            for name, value in (
                ("redundancy_percent", given.redundancy_percent),
                ("fragment_size_bytes", given.fragment_size_bytes),
                ("fragment_interval", given.fragment_interval_ms),
            )
            if value is None
        ]
        most = max((device.loss or 0.0 for device in failed), default=0.0)
        planned = min(MOST_PLANNED_PERCENT, math.ceil(100 * most))
        if missing:
            remedy = f"give it {', '.join(missing)}: `{_plan_command(task, failed)}` chooses"
        elif task.session_seconds > TS005_CLASS_C_SECONDS:
            hours = f"{task.session_seconds / 3600:.1f} h, a class C device ends it after 9.1 h"
            remedy = f"make the session shorter ({hours}): larger fragments at a faster data rate, a shorter interval"
        else:
            slower = ", or a slower data rate" if has_slower(given.rf_region, given.data_rate) else ""
            remedy = (
                f"more redundancy than {given.redundancy_percent} %{slower}: they lost up to"
                f" {100 * most:.3g} % of the fragments;"
                f" `{_plan_command(task, failed, loss_percent=planned)}` chooses"
            )
        remedies.append(f"{MISSING} in {task.name}: {remedy}")
    return remedies


def _plan_command(task: TaskOutcome, devices: Sequence[DeviceOutcome], loss_percent: int | None = None) -> str:
    """What works out a session for these devices, under what this one happened under."""
    given = task.parameters
    words = plan_words(
        task.image.size_bytes,
        given.rf_region,
        dl_class=given.dl_class,
        gateways=given.gateways,
        gateway_spacing_seconds=given.gateway_spacing_ms / 1000,
        frequency_hz=given.frequency_hz,
        dwell_time=keeps_dwell_time(given.rf_region, given.data_rate, given.fragment_size_bytes),
        stacks=sorted({device.stack for device in devices if device.stack}),
        loss_percent=loss_percent,
    )
    return shlex.join(("fuota", *words))
