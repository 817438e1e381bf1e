"""The numbers of a rollout: known at synth and in range, as the rules and the machines read them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, TypedDict, TypeGuard

from fuota_constructs import synth_checks
from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.template.durations import known_milliseconds, seconds_of
from fuota_constructs.template.tokens import is_known, shown

if TYPE_CHECKING:
    from constructs import IConstruct

DEFAULT_SUCCESS_PERCENT, DEFAULT_CONFIDENCE_PERCENT = 95.0, 80.0
DEFAULT_SILENT_AFTER_SECONDS = 6 * 3600
DEFAULT_SETUP_SECONDS = 86_400
DEFAULT_GATEWAY_CORRELATION = 0.05
"""An assumption, of the size that cluster samples usually have: nobody has published one for gateways."""
MOST_DEVICES_PER_GATEWAY = 100_000
SETUP_SHARE = 0.9
"""Of the devices of a wave that must know its group, so that nobody waits for the last one."""

_WEEK_SECONDS = 7 * 86_400
_MOST_INTERVAL_MS = 86_400_000
_ALL_PERCENT = 100


class Gateways(TypedDict, total=False):
    """How many devices are behind a gateway, and how much these fail together."""

    a_gateway: float
    correlation: float


@dataclass(frozen=True)
class RolloutNumbers:
    """What a rollout is given in numbers, the defaults filled in."""

    image_bytes: int
    redundancy_percent: int
    fragment_size_bytes: int
    fragment_interval_ms: int
    most_redundancy_percent: int
    retries: int
    success_percent: float
    confidence_percent: float
    gateways: Gateways
    silent_after_seconds: int
    most_silent: int
    setup_seconds: int

    @property
    def session(self) -> dict[str, int]:
        """Of a first session, as the machines read it."""
        return {
            "fragmentSizeBytes": self.fragment_size_bytes,
            "fragmentIntervalMs": self.fragment_interval_ms,
            "redundancyPercent": self.redundancy_percent,
        }

    @property
    def gate(self) -> dict[str, object]:
        """Of the gates behind the waves, as the machines read it."""
        return {
            "success": self.success_percent / 100,
            "confidence": self.confidence_percent / 100,
            "mostSilent": self.most_silent,
            "silentAfterSeconds": self.silent_after_seconds,
            **({"gateways": self.gateways} if self.gateways else {}),
        }

    @property
    def setup(self) -> dict[str, float]:
        """Of the wait for devices to learn of their group, as the machines read it."""
        return {"share": SETUP_SHARE, "deadlineSeconds": self.setup_seconds}


def numbers_of(
    at: IConstruct,
    *,
    image_bytes: object,
    redundancy_percent: object,
    fragment_size_bytes: object,
    fragment_interval: object,
    most_redundancy_percent: object,
    retries: object,
    success_percent: object,
    confidence_percent: object,
    devices_per_gateway: object,
    gateway_correlation: object,
    silent_after: object,
    most_silent: object,
    setup_within: object,
) -> RolloutNumbers:
    """What was given, each refused where it is no number in its range that is known at synth."""
    size = "give FirmwareImage.from_bucket a size_bytes"
    redundancy = _whole("redundancy_percent", redundancy_percent, 0, 100, at)
    most = min(100, max(30, 2 * redundancy))
    return RolloutNumbers(
        image_bytes=_whole("image size", image_bytes, 1, 2**31, at, remedy=size),
        redundancy_percent=redundancy,
        fragment_size_bytes=_whole("fragment_size_bytes", fragment_size_bytes, 1, 255, at),
        fragment_interval_ms=_interval_milliseconds(fragment_interval, at),
        most_redundancy_percent=_whole(
            "most_redundancy_percent", most_redundancy_percent, redundancy, 100, at, default=most
        ),
        retries=_whole("retries", retries, 0, synth_checks.MOST_RETRIES, at, default=0),
        success_percent=_share("success_percent", success_percent, at, default=DEFAULT_SUCCESS_PERCENT),
        confidence_percent=_share("confidence_percent", confidence_percent, at, default=DEFAULT_CONFIDENCE_PERCENT),
        gateways=_gateways(devices_per_gateway, gateway_correlation, at),
        silent_after_seconds=_seconds_within_a_week(
            "silent_after", silent_after, DEFAULT_SILENT_AFTER_SECONDS, at_least=60
        ),
        most_silent=_whole("most_silent", most_silent, 0, 1_000_000, at, default=0),
        setup_seconds=_seconds_within_a_week("setup_within", setup_within, DEFAULT_SETUP_SECONDS, at_least=3600),
    )


def _whole(
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
    return refuse(rule_of(name), f"{name} is {shown(value)}; {wanted}", at)


def _share(name: str, value: object, at: IConstruct, *, default: float) -> float:
    """A share in percent, neither nothing nor all; the default where none is given.

    What is below 1 was meant as a share of 1: 0.9 would be a gate that nearly nothing fails.
    """
    value = default if value is None else value
    if _is_number(value) and 1 <= value < _ALL_PERCENT:
        return float(value)
    meant = f": {value * _ALL_PERCENT:g} for a share of {value:g}" if _is_number(value) and 0 < value < 1 else ""
    return refuse(rule_of(name), f"{name} is {shown(value)}; give percent, from 1 and below 100{meant}", at)


def _gateways(devices: object, correlation: object, at: IConstruct) -> Gateways:
    """How many devices are behind a gateway, and how much these fail together; nothing where nobody said."""
    if devices is None and correlation is None:
        return {}
    if devices is None:
        refuse(
            "rollout-gateway-correlation",
            f"gateway_correlation is {shown(correlation)} without devices_per_gateway; give how many devices one"
            " gateway has, too",
            at,
        )
    if not _is_number(devices) or not 1 <= devices <= MOST_DEVICES_PER_GATEWAY:
        refuse(
            "rollout-devices-per-gateway",
            f"devices_per_gateway is {shown(devices)}; give a number from 1 to {MOST_DEVICES_PER_GATEWAY:,}",
            at,
        )
    correlation = DEFAULT_GATEWAY_CORRELATION if correlation is None else correlation
    if not _is_number(correlation) or not 0 < correlation <= 1:
        refuse(
            "rollout-gateway-correlation",
            f"gateway_correlation is {shown(correlation)}; give a number above 0, up to 1, such as 0.05",
            at,
        )
    return {"a_gateway": float(devices), "correlation": float(correlation)}


def _interval_milliseconds(value: object, at: IConstruct) -> int:
    """The time between fragments."""
    milliseconds = known_milliseconds(value)
    if milliseconds is not None:
        return _whole("fragment_interval in milliseconds", milliseconds, 1, _MOST_INTERVAL_MS, at)
    return refuse(
        "fragment-interval",
        f"fragment_interval is {shown(value)}; give a Duration that is known at synth, such as cdk.Duration.seconds(7)",
        at,
    )


def _seconds_within_a_week(name: str, value: object, default: int, *, at_least: int) -> int:
    """A Duration in seconds, a week at most."""
    return seconds_of(name, value, default, at_least=at_least, at_most=_WEEK_SECONDS, rule=rule_of(name))


def _is_number(value: object) -> TypeGuard[float]:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and is_known(value)
    return isinstance(value, int | float) and is_number and abs(value) < math.inf


def rule_of(name: str) -> str:
    """The rule that refuses a value by this name."""
    return f"rollout-{name.replace('_', '-').replace(' ', '-')}"


def refuse(rule: str, message: str, at: IConstruct) -> NoReturn:
    """Say of what a construct is given why it cannot be."""
    raise FuotaValidationError(rule, message, construct_path=at.node.path)
