"""A task as a radio session: the data rates it is sent at, its figures, and parameters that would pass."""

# Annotations are no texts here: a NamedTuple compiles each one that is, at every import.

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from fuota_constructs.lorawan.fragments import (
    MAX_ENCODED_FRAGMENTS,
    MAX_FRAGMENT_BYTES,
    data_fragments,
    encoded_fragments,
    groups_of_a_gateway,
    interval_seconds,
)
from fuota_constructs.lorawan.plan_command import plan_words
from fuota_constructs.lorawan.regions import DataRate, Region, region
from fuota_constructs.lorawan.session_plan import (
    CLASS_B,
    CLASS_C,
    DEFAULT_LOSS,
    DEFAULT_TARGET,
    Conditions,
    SessionPlan,
    plan_session,
)
from fuota_constructs.lorawan.unsent_fragments import worst_of
from fuota_constructs.rules.rule import GroupPlan, TaskPlan, whole_number

if TYPE_CHECKING:
    from fuota_constructs.lorawan.device_stack import DeviceStack
    from fuota_constructs.lorawan.recommendation import Recommendation

MAX_PERCENT = 100
DEFAULT_LOSS_PERCENT = round(100 * DEFAULT_LOSS)


class SentRate(NamedTuple):
    """A data rate the task is sent at, and the conditions of the group; `assumed` where no group names a rate."""

    conditions: Conditions
    rate: DataRate
    assumed: bool

    @property
    def region(self) -> Region:
        """The region of the task."""
        return self.conditions.region

    def __str__(self) -> str:
        text = f"{self.region.name} {self.rate}"
        if not self.assumed:
            return text
        return f"{text} (assumed: the slowest that carries it; MulticastGroup(downlink_data_rate=...) names another)"


def _kept(rates_of: Callable[[TaskPlan], tuple[SentRate, ...]]) -> Callable[[TaskPlan], tuple[SentRate, ...]]:
    """Keep what the last plan was answered: one rule after the other asks for the same."""
    last: list[tuple[TaskPlan | None, tuple[SentRate, ...]]] = [(None, ())]

    @functools.wraps(rates_of)
    def kept(plan: TaskPlan) -> tuple[SentRate, ...]:
        found = last[0]
        if found[0] is not plan:
            last[0] = found = plan, rates_of(plan)
        return found[1]

    return kept


@_kept
def sent_rates(plan: TaskPlan) -> tuple[SentRate, ...]:
    """The data rates that carry the task's fragments: those its groups name, else the slowest that carries them.

    Groups that send alike count once; a group that names no rate is taken to send at those the others name.
    """
    facts, size = region(plan.rf_region) if plan.rf_region else None, fragment_size(plan)
    if facts is None or size is None or plan.wireless_devices:
        return ()
    named, slowest = named_rates(plan), facts.slowest_data_rate(size)
    found: list[SentRate] = []
    for group in plan.multicast_groups or (GroupPlan(""),):
        conditions = _conditions(facts, plan, group)
        indices = named if group.data_rate is None else (group.data_rate,)
        rates = [rate for index in indices if (rate := facts.data_rate(index)) and rate.max_fragment_bytes >= size]
        sent = [SentRate(conditions, rate, assumed=False) for rate in rates]
        if not named and slowest:
            sent = [SentRate(conditions, slowest, assumed=True)]
        found += [each for each in sent if each not in found]
    return tuple(sorted(found, key=lambda each: each.rate.index))


def _conditions(facts: Region, plan: TaskPlan, group: GroupPlan) -> Conditions:
    return Conditions(
        facts,
        dl_class=dl_class(plan),
        frequency_hz=group.frequency_hz,
        gateways=group.gateways,
        gateway_spacing_seconds=group.gateway_spacing_seconds,
        loss=loss(plan),
        version=plan.ts004_version,
        dwell_time=plan.dwell_time,
        ping_slot_period=group.ping_slot_period,
        stacks=stacks(plan),
    )


def stacks(plan: TaskPlan) -> "tuple[DeviceStack, ...]":
    """The stacks of the task's devices, each once: a session has to suit them all."""
    named = (plan.device_stack, *(group.device_stack for group in plan.multicast_groups))
    return tuple(dict.fromkeys(stack for stack in named if stack is not None))


def named_rates(plan: TaskPlan) -> tuple[int, ...]:
    """The data rates the groups name, ascending."""
    named = {group.data_rate for group in plan.multicast_groups} | {plan.data_rate}
    return tuple(sorted(index for index in named if index is not None))


def session_at(plan: TaskPlan, sent: SentRate) -> SessionPlan | None:
    """The session at one data rate; None while image size or redundancy is not known, or fragments are too many.

    Without an interval it is that of the shortest lawful one, without a redundancy that of none: what the service does
    without them is not documented.
    """
    image, size, redundancy = image_bytes(plan), fragment_size(plan), redundancy_or_none_given(plan)
    if image is None or size is None or redundancy is None:
        return None
    if encoded_fragments(image, size, redundancy) > MAX_ENCODED_FRAGMENTS:  # there can be no such session
        return None
    milliseconds = interval_ms(plan)
    interval = None if milliseconds is None else interval_seconds(milliseconds)
    return _session(image, size, redundancy, interval, sent.conditions, sent.rate)


def session_plan(plan: TaskPlan) -> SessionPlan | None:
    """The session at the slowest data rate the task is sent at; None while not enough is known.

    Where the fragments of a group are not all sent, it is the session of that group.
    """
    return worst_of(sessions(plan))


def sessions(plan: TaskPlan) -> list[SessionPlan]:
    """The sessions at all data rates the task is sent at."""
    return [session for sent in sent_rates(plan) if (session := session_at(plan, sent))]


@functools.lru_cache(maxsize=512)  # the tasks of an app are mostly alike, and each is looked at more than once
def _session(  # noqa: PLR0917  # private, and called once
    image: int, size: int, redundancy: int, interval: int | None, conditions: Conditions, rate: DataRate
) -> SessionPlan:
    return plan_session(
        image,
        conditions,
        data_rate=rate,
        fragment_bytes=size,
        interval_seconds=interval,
        redundancy_percent=redundancy,
    )


def outlasts_its_class(session: SessionPlan) -> bool:
    """Whether even the shortest lawful interval makes the session longer than the service lets one of its class be."""
    return session.fragments * session.smallest_interval_seconds > session.service_window_seconds


def sent_fragments(plan: TaskPlan) -> tuple[int, int] | None:
    """Data and coded fragments of a session that can be; also in a region of which nothing is known."""
    image, size, redundancy = image_bytes(plan), fragment_size(plan), redundancy_in_range(plan)
    if image is None or size is None or redundancy is None or size > MAX_FRAGMENT_BYTES or plan.wireless_devices:
        return None
    data, total = data_fragments(image, size), encoded_fragments(image, size, redundancy)
    is_known = plan.rf_region is not None and region(plan.rf_region) is not None
    if total > MAX_ENCODED_FRAGMENTS or (is_known and not sent_rates(plan)):
        return None
    return data, total - data


def together(plan: TaskPlan) -> str:
    """Parameters that pass all radio rules together, as the end of a message; empty where none are found."""
    found = recommended(plan)
    return f"; together these pass: {found}" if found else ""


def recommended(plan: TaskPlan) -> str:
    """Parameters that pass all radio rules together, as a FuotaTask takes them; empty where none are found."""
    found, named = best_session(plan)
    if found is None:
        return ""
    rate = "" if named else f", in groups with downlink_data_rate={found.plan.data_rate}"
    return (
        f"redundancy_percent={found.plan.redundancy_percent},"
        f" fragment_size_bytes={found.plan.fragment_bytes},"
        f" fragment_interval=Duration.seconds({found.plan.interval_seconds}){rate}"
    )


def best_session(plan: TaskPlan) -> "tuple[Recommendation | None, bool]":
    """The session to recommend, None where none is found, and whether it is at a data rate that the groups lead to.

    None is sought for groups that send under different conditions.
    """
    image, facts = image_bytes(plan), region(plan.rf_region) if plan.rf_region else None
    if image is None or facts is None:
        return None, False
    named = named_rates(plan)
    conditions = {_conditions(facts, plan, group) for group in plan.multicast_groups or (GroupPlan(""),)}
    if len(conditions) > 1:
        return None, False
    target, index = max(DEFAULT_TARGET, plan.target or 0.0), named[0] if named else None
    together = groups_of_a_gateway([group.gateway_ids for group in plan.multicast_groups])
    under = conditions.pop()._replace(groups=max(1, together))
    if facts.dwell_time_ms is not None and not under.dwell_time:  # whether the network sets it is not known here
        keeps_it = _best_session(image, under._replace(dwell_time=True), index, target)
        if keeps_it[0] is not None:
            return keeps_it
    return _best_session(image, under, index, target)


def plan_command(plan: TaskPlan) -> str:
    """The command that proposes a session for a task, under the conditions of its first group."""
    group = next(iter(plan.multicast_groups), GroupPlan(""))
    percent = loss_percent(plan.planned_loss_percent)
    words = plan_words(
        image_bytes(plan),
        plan.rf_region,
        dl_class=dl_class(plan),
        gateways=group.gateways,
        gateway_spacing_seconds=group.gateway_spacing_seconds,
        frequency_hz=group.frequency_hz,
        ping_slot_period=group.ping_slot_period,
        dwell_time=plan.dwell_time,
        stacks=(stack.text for stack in stacks(plan)),
        loss_percent=percent,
    )
    return " ".join(("fuota", *words))


@functools.lru_cache(maxsize=512)
def _best_session(
    image: int, conditions: Conditions, index: int | None, target: float
) -> "tuple[Recommendation | None, bool]":
    from fuota_constructs.lorawan.recommendation import options, recommend  # only a task that fails a rule needs it

    choices = options(image, conditions, target=target)
    as_named = recommend(choices, data_rate=index, by_fragment_size=index is None)
    anyhow = recommend(choices)
    if as_named and anyhow and as_named.cautioned and not anyhow.cautioned:
        as_named = None
    return as_named or anyhow, as_named is not None


def dl_class(plan: TaskPlan) -> str:
    """The class the session is planned for: B where all groups are, else C."""
    return CLASS_B if {group.dl_class for group in plan.multicast_groups} == {CLASS_B} else CLASS_C


def loss(plan: TaskPlan) -> float:
    """The planned loss as a fraction; the default where none is given or it is out of range."""
    percent = loss_percent(plan.planned_loss_percent)
    return DEFAULT_LOSS if percent is None else percent / MAX_PERCENT


def missed(plan: TaskPlan) -> float:
    """What a device is planned to miss: the loss, and what no ping slot or no airtime is left for (assumed).

    Of groups that send differently that of the worst; fragments that overlap are another rule's, and do not count.
    """
    most, interval, size = loss(plan), seconds_between(plan), fragment_size(plan)
    if interval is None or size is None:
        return most
    for sent in sent_rates(plan):
        airtime = sent.rate.fragment_airtime_us(size) / 1e6
        if airtime <= interval:
            most = max(most, sent.conditions.loss_at(interval, airtime))
    return most


def loss_percent(value: object) -> float | None:
    """A loss in percent, 0 to 99; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < MAX_PERCENT else None


def redundancy_in_range(plan: TaskPlan) -> int | None:
    """The redundancy, when it is given and in range."""
    percent = whole_number(plan.redundancy_percent)
    return percent if percent is not None and 0 <= percent <= MAX_PERCENT else None


def redundancy_or_none_given(plan: TaskPlan) -> int | None:
    """The redundancy; one that is not given counts as none, for no false alarm: the service's default is unknown."""
    return 0 if plan.redundancy_percent is None else redundancy_in_range(plan)


def fragment_size(plan: TaskPlan) -> int | None:
    """The fragment size, when it is given and at least 1."""
    size = whole_number(plan.fragment_size_bytes)
    return size if size is not None and size >= 1 else None


def image_bytes(plan: TaskPlan) -> int | None:
    """The size of the image, when it is known and at least 1."""
    size = whole_number(plan.image_bytes)
    return size if size is not None and size >= 1 else None


def interval_ms(plan: TaskPlan) -> int | None:
    """The fragment interval, when it is given and does not round to 0 s."""
    interval = plan.fragment_interval_ms
    if isinstance(interval, float) and interval.is_integer():
        interval = int(interval)
    milliseconds = whole_number(interval)
    return milliseconds if milliseconds is not None and interval_seconds(milliseconds) >= 1 else None


def seconds_between(plan: TaskPlan) -> int | None:
    """The interval as the service rounds it; None where none is given, or no device needs a second fragment.

    What follows the only fragment of an image is empty, so it does not matter when it comes, or whether.
    """
    milliseconds, image, size = interval_ms(plan), image_bytes(plan), fragment_size(plan)
    if milliseconds is None or (image and size and data_fragments(image, size) == 1):
        return None
    return interval_seconds(milliseconds)
