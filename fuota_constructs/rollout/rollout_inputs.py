"""The inputs of a rollout: refused when of a wrong kind or out of range, known at synth otherwise."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NoReturn, TypedDict, TypeGuard, cast

import aws_cdk as cdk

from fuota_constructs import synth_checks
from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.fleet.dl_class import expect_dl_class
from fuota_constructs.rollout.applied import Applied
from fuota_constructs.rollout.maintenance_window import MaintenanceWindow
from fuota_constructs.rollout.rollout_targets import RolloutTargets
from fuota_constructs.rollout.rollout_wave import RolloutWave, default_waves, seconds_of
from fuota_constructs.task import task_inputs
from fuota_constructs.template.tokens import is_known, shown

if TYPE_CHECKING:
    from aws_cdk.interfaces.aws_iotwireless import IMulticastGroupRef
    from constructs import IConstruct

    from fuota_constructs.rollout.device_versions import DeviceVersions

DEFAULT_GATEWAY_CORRELATION = 0.05
"""An assumption, of the size that cluster samples usually have: nobody has published one for gateways."""
MOST_DEVICES_PER_GATEWAY = 100_000
_WEEK_SECONDS = 7 * 86_400
_MOST_PATH = 127
"""What is left of the 256 characters of a tag's value behind the longest name of a stack and a `/`."""
_PATH = re.compile(rf"[A-Za-z0-9 _.:/=+@-]{{1,{_MOST_PATH}}}")
_MOST_INTERVAL_MS = 86_400_000
_ALL_PERCENT = 100


def expect_kinds(dl_class: object, targets: object, window: object, applied: object, at: IConstruct) -> None:
    """Refuse what is no `DlClass`, no `RolloutTargets`, no `MaintenanceWindow` or no `Applied`."""
    if applied is not None and not isinstance(applied, Applied):
        _refuse("rollout-applied", f"applied is {shown(applied)}; give Applied.version('2.4.0')", at)
    if applied is not None and applied.versions is not None:
        _expect_table_here(applied.versions, at)
    expect_dl_class(dl_class, at)
    if not isinstance(targets, RolloutTargets):
        _refuse("rollout-targets", f"targets is {shown(targets)}; give RolloutTargets.devices(DeviceList...)", at)
    if window is not None and not isinstance(window, MaintenanceWindow):
        _refuse("rollout-window", f"maintenance_window is {shown(window)}; give MaintenanceWindow.daily(...)", at)


def expect_path(path: str, at: IConstruct) -> str:
    """The path of a rollout below its stack, if it can be the value of a tag and of a dimension.

    Sources: AWS Step Functions API, Tag; AWS General Reference, tag naming limits; CloudWatch API, Dimension (ASCII).
    """
    if _PATH.fullmatch(path):
        return path
    wrong = f"the path of the rollout is {shown(path)}, by which its tasks are tagged and its metrics are known"
    wanted = f"at most {_MOST_PATH} ASCII letters, digits, spaces and _.:/=+-@"
    return _refuse("rollout-id", f"{wrong}; give it, and what it is in, an id of {wanted}", at)


def _expect_table_here(versions: DeviceVersions, at: IConstruct) -> None:
    # The gates read it by its name, which is one of their own account and Region.
    if apart := synth_checks.place_of_stack(versions).apart_from(synth_checks.place_of_stack(at)):
        there, here = apart
        wrong = f"versions is {shown(versions)} in {there}, and the rollout in {here}; give a table of {here}"
        _refuse("rollout-applied", wrong, at)


def waves_of(waves: object, targets: RolloutTargets, *, proof: int, at: IConstruct) -> tuple[RolloutWave, ...]:
    """The waves asked for, or those of a careful rollout, whose canary has `proof` devices."""
    if waves is None:
        return default_waves(proof=proof, devices=len(targets.device_list) if targets.device_list else None)
    if not isinstance(waves, Sequence) or not all(isinstance(wave, RolloutWave) for wave in waves):
        _refuse("rollout-waves", f"waves is {shown(waves)}; give a list of RolloutWave.devices and .percent", at)
    return tuple(waves)


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


def whole(
    name: str,
    value: object,
    least: int,
    most: int,
    at: IConstruct,
    *,
    remedy: str = "",
    default: int | None = None,
) -> int:
    """A whole number known at synth; the default where none is given."""
    value = default if value is None else value
    if isinstance(value, int) and not isinstance(value, bool) and is_known(value) and least <= value <= most:
        return value
    wanted = remedy or f"give a whole number from {least} to {most}, known at synth"
    return _refuse(f"rollout-{_dashed(name)}", f"{name} is {shown(value)}; {wanted}", at)


def share(name: str, value: object, at: IConstruct, *, default: float) -> float:
    """A share in percent, neither nothing nor all; the default where none is given.

    What is below 1 was meant as a share of 1: 0.9 would be a gate that nearly nothing fails.
    """
    value = default if value is None else value
    if _is_number(value) and 1 <= value < _ALL_PERCENT:
        return float(value)
    meant = f": {value * _ALL_PERCENT:g} for a share of {value:g}" if _is_number(value) and 0 < value < 1 else ""
    return _refuse(
        f"rollout-{_dashed(name)}", f"{name} is {shown(value)}; give percent, from 1 and below 100{meant}", at
    )


class Gateways(TypedDict, total=False):
    """How many devices are behind a gateway, and how much these fail together."""

    a_gateway: float
    correlation: float


def gateways(devices: object, correlation: object, at: IConstruct) -> Gateways:
    """How many devices are behind a gateway, and how much these fail together; nothing where nobody said."""
    if devices is None and correlation is None:
        return {}
    if devices is None:
        _refuse(
            "rollout-gateway-correlation",
            f"gateway_correlation is {shown(correlation)} without devices_per_gateway; give how many devices one"
            " gateway has, too",
            at,
        )
    if not _is_number(devices) or not 1 <= devices <= MOST_DEVICES_PER_GATEWAY:
        _refuse(
            "rollout-devices-per-gateway",
            f"devices_per_gateway is {shown(devices)}; give a number from 1 to {MOST_DEVICES_PER_GATEWAY:,}",
            at,
        )
    correlation = DEFAULT_GATEWAY_CORRELATION if correlation is None else correlation
    if not _is_number(correlation) or not 0 < correlation <= 1:
        _refuse(
            "rollout-gateway-correlation",
            f"gateway_correlation is {shown(correlation)}; give a number above 0, up to 1, such as 0.05",
            at,
        )
    return {"a_gateway": float(devices), "correlation": float(correlation)}


def interval_milliseconds(value: object, at: IConstruct) -> int:
    """The time between fragments."""
    if isinstance(value, cdk.Duration) and not value.is_unresolved():
        milliseconds = value.to_milliseconds(integral=False)
        return whole("fragment_interval in milliseconds", int(milliseconds), 1, _MOST_INTERVAL_MS, at)
    return _refuse(
        "fragment-interval",
        f"fragment_interval is {shown(value)}; give a Duration, such as cdk.Duration.seconds(7)",
        at,
    )


def seconds_within_a_week(name: str, value: object, default: int, *, at_least: int) -> int:
    """A Duration in seconds, a week at most."""
    return seconds_of(name, value, default, at_least=at_least, at_most=_WEEK_SECONDS, rule=f"rollout-{_dashed(name)}")


def expect_known(name: str, value: object, at: IConstruct) -> object:
    """The value, if it is known at synth: the settings of a rollout are worked out with it."""
    if is_known(value):
        return value
    return _refuse(f"rollout-{_dashed(name)}", f"{name} is {shown(value)}; give one that is known at synth", at)


def _is_number(value: object) -> TypeGuard[float]:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and is_known(value)
    return isinstance(value, int | float) and is_number and abs(value) < math.inf


def _dashed(name: str) -> str:
    return name.replace("_", "-").replace(" ", "-")


def _refuse(rule: str, message: str, at: IConstruct) -> NoReturn:
    raise FuotaValidationError(rule, message, construct_path=at.node.path)
