"""What a rule, a finding and the plan of a task are: plain values, standard library only."""

# Annotations are no texts here: a NamedTuple compiles each one that is, at every import.

import enum
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from fuota_constructs.firmware.delta.delta_image import DeltaImage
    from fuota_constructs.firmware.formats.image_facts import ImageFacts
    from fuota_constructs.firmware.image_demands import ImageDemands
    from fuota_constructs.lorawan.device_stack import DeviceStack

Level = Literal["error", "warning"]
"""An error stops the synthesis; a warning is printed and can be acknowledged under the rule's id."""


_SHOWN_CHARACTERS = 60

_NO_NUMBER_OF_A_USER = 1e280
"""The CDK writes an unknown number as a float of about -1.9e289; calculated with, it is neither known nor a token."""


class _Unknown(enum.Enum):
    UNKNOWN = "known only at deployment"

    def __repr__(self) -> str:
        return self.name


UNKNOWN: Final = _Unknown.UNKNOWN
"""Stands for a value that is a CDK token: only CloudFormation will know it. Rules about it are skipped."""


class Finding(NamedTuple):
    """What one rule has to say about one FUOTA task.

    `rule` is the id of the rule (public contract: the id to acknowledge a warning with), `level` is `"error"` or
    `"warning"`, `message` has the value, the allowed range and the remedy.
    """

    rule: str
    level: Level
    message: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.message}"


class Place(NamedTuple):
    """An AWS account and Region, each None where it is not known at synth."""

    account: str | None = None
    region: str | None = None

    def apart_from(self, other: "Place") -> tuple[str, str] | None:
        """Both in the words of a message, in what they differ for certain; None if they may be the same."""
        differing = [
            (f"{kind}{mine}", f"{kind}{others}")
            for kind, mine, others in zip(("account ", ""), self, other, strict=True)
            if mine and others and mine != others
        ]
        if not differing:
            return None
        here, there = zip(*differing, strict=True)
        return ", ".join(here), ", ".join(there)


class GroupPlan(NamedTuple):
    """What is known about one multicast group of a task; None where nothing is known.

    `gateways` send each fragment one after the other, `gateway_spacing_seconds` apart; `gateway_ids` says which they
    are, where the group names them; `ping_slot_period` is that of a
    class B session, in slots of 30 ms, which no template has: it is set in the service.
    """

    label: str
    rf_region: str | None = None
    dl_class: str | None = None
    data_rate: int | None = None
    frequency_hz: int | None = None
    gateways: int = 1
    gateway_spacing_seconds: float = 0.0
    ping_slot_period: int | None = None
    place: Place = Place()
    device_stack: "DeviceStack | None" = None
    gateway_ids: tuple[object, ...] = ()


class EarlierStart(NamedTuple):
    """A session of the same app that starts before another, or with it, and is for some of the same devices.

    `length_seconds` is that of its plan, else its window, else None; `ends` is when it is over, in words; `is_certain`:
    both start together, or the plan follows from what the task says.
    """

    task: str
    at: str
    seconds_before: float
    length_seconds: float | None
    ends: str
    shared: str
    is_certain: bool = True


class StartPlan(NamedTuple):
    """When a session shall start: seconds from now, and the window it must end in, in seconds, if one was given.

    `place` is where the schedule is, `task` where the task is; `of_own_task`: the app makes it, and knows its targets.
    `earlier`: sessions for the same devices that start before it.
    """

    at: str
    seconds_from_now: float
    window_seconds: float | None = None
    place: Place = Place()
    task: Place = Place()
    of_own_task: bool = False
    earlier: tuple[EarlierStart, ...] = ()


class MonitorPlan(NamedTuple):
    """Where a monitor and its task are, or how long the policy is that the monitors of a stack share."""

    place: Place = Place()
    task: Place = Place()
    policy_characters: int | None = None


class MembersPlan(NamedTuple):
    """What a multicast group is given beyond its type in CloudFormation: devices, gateways, its default session.

    `devices` are ids that the app names, `listed` is how many more a list brings. What users type in is `object`.
    """

    devices: tuple[object, ...] = ()
    listed: int = 0
    gateways: tuple[object, ...] = ()
    transmission_interval_ms: object = None
    rf_region: str | None = None
    data_rate: object = None
    frequency_hz: object = None


class WavePlan(NamedTuple):
    """How far a wave of a rollout reaches into the fleet, in devices or percent, and how long it bakes."""

    name: str
    devices: int | None = None
    percent: float | None = None
    bake_seconds: int = 0


class RolloutPlan(NamedTuple):
    """A rollout: its waves, how many devices it is for where that is known, and what its gates ask for.

    `a_gateway` devices are behind one gateway, and fail together with `correlation`; `applied_version` is what
    they must report, where that counts; `targets` are the groups that its devices are taken from.
    """

    waves: tuple[WavePlan, ...] = ()
    devices: int | None = None
    success_percent: float = 95
    confidence_percent: float = 80
    most_redundancy_percent: int | None = None
    silent_after_seconds: int = 0
    window_seconds: int | None = None
    a_gateway: float = 1.0
    correlation: float = 0.0
    applied_version: str | None = None
    targets: tuple[GroupPlan, ...] = ()


class TaskPlan(NamedTuple):
    """A FUOTA task as plain values, the input of every rule.

    None means not given (or not knowable), `UNKNOWN` a value that only exists at deployment. Values that users type in
    are `object`: a rule, not a crash, answers a string where a number belongs. `dwell_time` says that the network is
    known to set DownlinkDwellTime = 1, `image_access` is what the policies of a bucket or key of another account
    need, None where this app writes it; `image_lifecycle` is what a lifecycle rule of the bucket does, such as
    "deletes images". `secrets` are inputs with a secret in them, and the service that has it. `target` is the share of
    devices that shall have the image, None for 99 %.
    """

    name: object = None
    description: object = None
    secrets: Mapping[str, str] = MappingProxyType({})
    rf_region: str | None = None
    data_rate: int | None = None
    redundancy_percent: object = None
    fragment_size_bytes: object = None
    fragment_interval_ms: object = None
    descriptor: object = None
    image_bytes: object = None
    image_facts: "ImageFacts | None" = None
    image_delta: "DeltaImage | None" = None
    image_demands: "ImageDemands | None" = None
    planned_loss_percent: object = None
    dwell_time: bool = False
    target: float | None = None
    ts004_version: int = 1
    device_stack: "DeviceStack | None" = None
    start: StartPlan | None = None
    monitor: MonitorPlan | None = None
    members: MembersPlan | None = None
    rollout: RolloutPlan | None = None
    multicast_groups: tuple[GroupPlan, ...] = ()
    wireless_devices: tuple[object, ...] = ()
    tags: Mapping[str, object] = MappingProxyType({})
    aws_account: str | None = None
    aws_region: str | None = None
    image_bucket_account: str | None = None
    image_bucket_region: str | None = None
    image_key_account: str | None = None
    image_access: str | None = None
    image_has_key: bool = False
    image_lifecycle: str | None = None
    role_account: str | None = None
    role_trusts_service: bool | None = None
    role_policy_characters: int | None = None

    @property
    def groups_and_targets(self) -> tuple[GroupPlan, ...]:
        """All groups it has to do with: those it sends to, and of a rollout those its devices are taken from."""
        return self.multicast_groups + (self.rollout.targets if self.rollout else ())

    @property
    def noun(self) -> str:
        """What a message calls it."""
        return "rollout" if self.rollout else "task"


Remark = tuple[Level, str]
Remarks = Iterable[Remark]


def error(message: str) -> Remark:
    """What stops the synthesis."""
    return "error", message


def warning(message: str) -> Remark:
    """What is printed, and can be acknowledged."""
    return "warning", message


class Rule(NamedTuple):
    """One rule as data: id, levels, what it fires on, why, what to do instead, where that is written, and the check."""

    id: str
    levels: tuple[Level, ...]
    what: str
    why: str
    remedy: str
    source: str
    check: Callable[[TaskPlan], Remarks]

    def findings(self, plan: TaskPlan) -> Iterator[Finding]:
        """What this rule finds in a plan."""
        return (Finding(self.id, level, message) for level, message in self.check(plan))


def whole_number(value: object) -> int | None:
    """The value if it really is a whole number (not a boolean, not a float, not text), else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def text(value: object) -> str | None:
    """The value if it is text, else None."""
    return value if isinstance(value, str) else None


def given(value: object) -> bool:
    """Whether a value was given and is known now."""
    return value is not None and value is not UNKNOWN


def show(value: object) -> str:
    """A value as a message shows it: quoted as JSON, with its type where the type is the mistake."""
    if isinstance(value, bool):
        return f"{json.dumps(value)} (a boolean)"
    if isinstance(value, str):
        quoted = json.dumps(
            value if len(value) <= _SHOWN_CHARACTERS else f"{value[:_SHOWN_CHARACTERS]}...", ensure_ascii=False
        )
        return f"{quoted} (text)" if re.fullmatch(r"\s*[+-]?\d+\s*", value) else quoted
    if isinstance(value, int | float):
        if _NO_NUMBER_OF_A_USER < abs(value) < math.inf:
            return "a number known only at deployment (a CDK token cannot be calculated with)"
        return f"{value!r} (a float)" if isinstance(value, float) else repr(value)
    return f"a {type(value).__name__}"
