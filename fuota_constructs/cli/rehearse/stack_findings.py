"""What the rules say of the tasks of a rehearsal, for the stacks its devices have."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fuota_constructs import rules
from fuota_constructs.rules.stack_rules import STACK_RULES

if TYPE_CHECKING:
    from fuota_constructs.local.fleet import Fleet
    from fuota_constructs.local.rehearsal import Rehearsal
    from fuota_constructs.local.task_outcome import TaskGroup, TaskOutcome
    from fuota_constructs.lorawan.device_stack import DeviceStack


class StackFinding(NamedTuple):
    """A finding about one task, and the cohorts whose devices have that stack."""

    task: str
    cohorts: tuple[str, ...]
    finding: rules.Finding

    def __str__(self) -> str:
        return f"{self.task}, {', '.join(self.cohorts)}: {self.finding}"

    def as_dict(self) -> dict[str, object]:
        """As JSON has it."""
        return {"task": self.task, "cohorts": list(self.cohorts), **self.finding._asdict()}


def stack_findings(rehearsal: Rehearsal, fleet: Fleet) -> tuple[StackFinding, ...]:
    """The rules about stacks, asked of each started task for each build the cohorts of a fleet name, errors first."""
    builds: dict[DeviceStack, dict[float, list[str]]] = {}
    for cohort in fleet.cohorts:
        if cohort.build is not None:
            loss = cohort.loss.figures.get("mean", 0.0)
            builds.setdefault(cohort.build, {}).setdefault(loss, []).append(cohort.name)
    found: dict[tuple[str, rules.Finding], list[str]] = {}
    for task in rehearsal.tasks() if builds else ():
        groups = rehearsal.groups_of(task)
        for build, by_loss in builds.items():
            for loss, names in by_loss.items():
                plan = _plan(task, groups, build, loss)
                for finding in (each for rule in STACK_RULES for each in rule.findings(plan)):
                    found.setdefault((task.name, finding), []).extend(names)
    listed = [StackFinding(task, tuple(names), finding) for (task, finding), names in found.items()]
    return tuple(sorted(listed, key=lambda each: each.finding.level))


def _plan(task: TaskOutcome, groups: tuple[TaskGroup, ...], build: DeviceStack, loss: float) -> rules.TaskPlan:
    given = task.parameters
    return rules.TaskPlan(
        name=task.name,
        rf_region=given.rf_region,
        data_rate=given.data_rate,
        redundancy_percent=given.redundancy_percent,
        fragment_size_bytes=given.fragment_size_bytes,
        fragment_interval_ms=given.fragment_interval_ms,
        image_bytes=task.image.size_bytes,
        planned_loss_percent=round(100 * loss, 9),
        device_stack=build,
        multicast_groups=tuple(
            rules.GroupPlan(
                label="",
                rf_region=given.rf_region,
                dl_class=each.dl_class,
                data_rate=each.data_rate,
                frequency_hz=each.frequency_hz,
                ping_slot_period=each.ping_slot_period,
            )
            for each in groups
        ),
        wireless_devices=() if groups else ("",),
    )
