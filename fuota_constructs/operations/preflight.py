"""Everything that can be found out about a session before it starts, without changing anything."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fuota_constructs import rules
from fuota_constructs.lorawan.session_plan import DEFAULT_LOSS, DEFAULT_TARGET
from fuota_constructs.operations import task as states
from fuota_constructs.operations.checks import Check, error, ok, warning
from fuota_constructs.operations.devices import ReadDevice, conflict_checks, device_checks, read_devices
from fuota_constructs.operations.groups import group_checks, with_session
from fuota_constructs.operations.next_step import NextStep, step
from fuota_constructs.operations.progress import Progress, read_progress, task_plan
from fuota_constructs.operations.role import role_checks
from fuota_constructs.rules.wording import as_names

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fuota_constructs.operations.aws import Aws
    from fuota_constructs.operations.task import Task


@dataclass(frozen=True, slots=True)
class Preflight:
    """The state of a task and what was found about its session."""

    progress: Progress
    checks: tuple[Check, ...]

    @property
    def next_steps(self) -> tuple[NextStep, ...]:
        """What to type next."""
        task = self.progress.task
        match task.status:
            case states.PENDING:
                return (step("preflight", task.id),) if self.errors else (step("start", task.id),)
            case states.WAITING | states.IN_SESSION:
                return (step("status", task.id, "--watch"),)
        return (step("status", task.id),)

    @property
    def errors(self) -> tuple[Check, ...]:
        """What will go wrong."""
        return tuple(check for check in self.checks if check.outcome == "error")


def preflight(
    aws: Aws,
    task: Task,
    tell: Callable[[str], None] = lambda _: None,
    *,
    loss: float = DEFAULT_LOSS,
    target: float = DEFAULT_TARGET,
    stacks: Sequence[rules.DeviceStack] = (),
) -> Preflight:
    """Check a task; `tell` is told what is being read, for those who wait.

    `loss` is the share of fragments a device may lose, `target` the share of the devices that shall have the image,
    `stacks` what runs on them.
    """
    tell("task, groups and devices")
    progress, unread = _with_sessions(aws, read_progress(aws, task))
    checks = [_status(task), *access_checks(aws, progress), *unread]
    found, members = group_checks(aws, task, progress.groups)
    checks += found
    devices = {device.id: device for device in (*members, *progress.devices)}
    described: list[ReadDevice] = []
    for described_device in read_devices(aws, devices.values()):
        described.append(described_device)
        tell(f"device {len(described):,} of {len(devices):,}")
    checks += device_checks(task, progress.groups, described)
    tell("other FUOTA tasks")
    checks += conflict_checks(aws, task, set(devices))
    checks += _parameters(aws, progress, loss, target, stacks)
    return Preflight(progress, tuple(checks))


def _with_sessions(aws: Aws, progress: Progress) -> tuple[Progress, list[Check]]:
    found = [with_session(aws, group, progress.now) for group in progress.groups]
    groups, unread = tuple(group for group, _ in found), [check for _, checks in found for check in checks]
    plan = rules.session_plan(task_plan(progress.task, groups, progress.devices, progress.image, aws.region))
    return replace(progress, groups=groups, plan=plan), unread


def access_checks(aws: Aws, progress: Progress) -> list[Check]:
    """Whether image and role are there and go together."""
    return [*progress.image_checks, *role_checks(aws, progress.task.role, progress.image, progress.task.arn)]


def _status(task: Task) -> Check:
    if task.status == states.PENDING:
        return ok("task", f"{task} is Pending: it can be started")
    remedy = {
        states.WAITING: "its session is scheduled already: watch it",
        states.IN_SESSION: "its session is running: watch it",
        states.DONE: "a task runs once: create a new task",
    }.get(task.status, "create a new task")
    return error("task", f"{task} is {task.status}; only a Pending task can be started", remedy)


def _parameters(
    aws: Aws, progress: Progress, loss: float, target: float, stacks: Sequence[rules.DeviceStack]
) -> list[Check]:
    plan = task_plan(progress.task, progress.groups, progress.devices, progress.image, aws.region)._replace(
        planned_loss_percent=round(100 * loss, 9),
        target=target,
    )
    # A plan has one stack: what is said for each is said once.
    plans = [plan._replace(device_stack=stack) for stack in stacks] or [plan]
    found = dict.fromkeys(finding for each in plans for finding in rules.findings_in(each))
    checks = [
        error(finding.rule, as_names(finding.message), "change the task, then check again")
        if finding.level == "error"
        else warning(finding.rule, as_names(finding.message))
        for finding in sorted(found, key=lambda finding: finding.level)
        # The bucket was asked where it is, and what is attached needs no more requests.
        if finding.rule not in {"image-region", "target-count"}
    ]
    session = progress.plan
    if session is None:
        return [*checks, _no_session(progress)]
    minutes = f"{session.duration_seconds / 60:,.1f} min"
    what = f"{session.fragments:,} fragments at {session.data_rate_text} take {minutes}"
    if session.cut_off:
        remedy = "use larger fragments at a faster data rate, a shorter interval or a smaller image"
        return [*checks, error("session", f"{what}, so no device gets all of them: {session.cut_off}", remedy)]
    if progress.task.fragment_interval_ms is None:
        message = f"{what} at the shortest lawful interval; AWS does not document the one it takes when none is set"
        return [*checks, warning("session", message, "set FragmentIntervalMS")]
    window = min(session.service_window_seconds, session.device_window_seconds or session.service_window_seconds)
    if not any(check.outcome == "error" for check in checks):
        checks.append(ok("session", f"{what}, and fit the window of {window / 3600:.3g} h"))
    return checks


def _no_session(progress: Progress) -> Check:
    task, image = progress.task, progress.image
    needed = {
        "FragmentSizeBytes": task.fragment_size_bytes,
        "RfRegion": task.rf_region,
        "image size": image.size_bytes if image else None,
    }
    unknown = [name for name, value in needed.items() if value is None]
    why = f"{', '.join(unknown)} not known" if unknown else "no data rate of the region carries such a session"
    return warning("session", f"could not check whether the session fits its window: {why}", "see the other findings")
