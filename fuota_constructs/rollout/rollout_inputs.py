"""The inputs of a rollout that are no numbers: refused when of a wrong kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

from fuota_constructs import synth_checks
from fuota_constructs.fleet.dl_class import expect_dl_class
from fuota_constructs.rollout.applied import Applied
from fuota_constructs.rollout.maintenance_window import MaintenanceWindow
from fuota_constructs.rollout.rollout_numbers import refuse, rule_of
from fuota_constructs.rollout.rollout_targets import RolloutTargets
from fuota_constructs.rollout.rollout_wave import DEFAULT_WAVES, RolloutWave, default_waves
from fuota_constructs.task import task_inputs
from fuota_constructs.template.tokens import is_known, known_text, shown

if TYPE_CHECKING:
    from aws_cdk.interfaces.aws_iotwireless import IMulticastGroupRef
    from constructs import IConstruct

    from fuota_constructs.rollout.device_versions import DeviceVersions
    from fuota_constructs.rollout.rollout_numbers import RolloutNumbers

_MOST_PATH = 127
"""What is left of the 256 characters of a tag's value behind the longest name of a stack and a `/`."""
_PATH = re.compile(rf"[A-Za-z0-9 _.:/=+@-]{{1,{_MOST_PATH}}}")


def expect_kinds(dl_class: object, targets: object, window: object, applied: object, at: IConstruct) -> None:
    """Refuse what is no `DlClass`, no `RolloutTargets`, no `MaintenanceWindow` or no `Applied`."""
    if applied is not None and not isinstance(applied, Applied):
        refuse("rollout-applied", f"applied is {shown(applied)}; give Applied.version('2.4.0')", at)
    if applied is not None and applied.versions is not None:
        _expect_table_here(applied.versions, at)
    expect_dl_class(dl_class, at)
    if not isinstance(targets, RolloutTargets):
        refuse("rollout-targets", f"targets is {shown(targets)}; give RolloutTargets.devices(DeviceList...)", at)
    if window is not None and not isinstance(window, MaintenanceWindow):
        refuse("rollout-window", f"maintenance_window is {shown(window)}; give MaintenanceWindow.daily(...)", at)


def expect_path(path: str, at: IConstruct) -> str:
    """The path of a rollout below its stack, if it can be the value of a tag and of a dimension.

    Sources: AWS Step Functions API, Tag; AWS General Reference, tag naming limits; CloudWatch API, Dimension (ASCII).
    """
    if _PATH.fullmatch(path):
        return path
    wrong = f"the path of the rollout is {shown(path)}, by which its tasks are tagged and its metrics are known"
    wanted = f"at most {_MOST_PATH} ASCII letters, digits, spaces and _.:/=+-@"
    return refuse("rollout-id", f"{wrong}; give it, and what it is in, an id of {wanted}", at)


def _expect_table_here(versions: DeviceVersions, at: IConstruct) -> None:
    # The gates read it by its name, which is one of their own account and Region.
    if apart := synth_checks.place_of_stack(versions).apart_from(synth_checks.place_of_stack(at)):
        there, here = apart
        wrong = f"versions is {shown(versions)} in {there}, and the rollout in {here}; give a table of {here}"
        refuse("rollout-applied", wrong, at)


def waves_of(
    waves: object, targets: RolloutTargets, numbers: RolloutNumbers, at: IConstruct
) -> tuple[RolloutWave, ...]:
    """The waves asked for, or those of a careful rollout: its canary has as many devices as prove what is asked for."""
    if waves is None:
        proof = synth_checks.devices_that_prove(
            numbers.success_percent, numbers.confidence_percent, waves=DEFAULT_WAVES, **numbers.gateways
        )
        return default_waves(proof=proof, devices=_listed(targets))
    if not isinstance(waves, Sequence) or not all(isinstance(wave, RolloutWave) for wave in waves):
        refuse("rollout-waves", f"waves is {shown(waves)}; give a list of RolloutWave.devices and .percent", at)
    return tuple(waves)


def plan_of(
    waves: Sequence[RolloutWave],
    targets: RolloutTargets,
    numbers: RolloutNumbers,
    window: MaintenanceWindow | None,
    applied: Applied | None,
) -> synth_checks.RolloutPlan:
    """The rollout as the rules see it, but for the groups of its targets."""
    return synth_checks.RolloutPlan(
        waves=tuple(
            synth_checks.WavePlan(wave.name_as(number), wave.reach_devices, wave.reach_percent, wave.bake_seconds)
            for number, wave in enumerate(waves, start=1)
        ),
        devices=_listed(targets),
        success_percent=numbers.success_percent,
        confidence_percent=numbers.confidence_percent,
        most_redundancy_percent=numbers.most_redundancy_percent,
        silent_after_seconds=numbers.silent_after_seconds,
        window_seconds=window.duration_seconds if window else None,
        **numbers.gateways,
        applied_version=known_text(applied.reported) if applied else None,
    )


def _listed(targets: RolloutTargets) -> int | None:
    return len(targets.device_list) if targets.device_list and targets.device_list.is_looked_up else None


def groups_of(
    targets: RolloutTargets, at: IConstruct, *, beside: str, here: synth_checks.Place
) -> tuple[Callable[[], synth_checks.GroupPlan], ...]:
    """The groups that devices are taken from, as the rules will see them, which `beside` and `here` are for."""
    synth_checks.expect_own_place(targets.resources, at, rule="rollout-targets", reference="device_profile_ref")
    groups = [cast("IMulticastGroupRef", each) for each in targets.resources if hasattr(each, "multicast_group_ref")]
    return tuple(
        synth_checks.group_plan(
            group, arn=task_inputs.multicast_group_of(group, at).multicast_group_arn, beside=beside, here=here
        )
        for group in groups
    )


def expect_known(name: str, value: object, at: IConstruct) -> object:
    """The value, if it is known at synth: the settings of a rollout are worked out with it."""
    if is_known(value):
        return value
    return refuse(rule_of(name), f"{name} is {shown(value)}; give one that is known at synth", at)
