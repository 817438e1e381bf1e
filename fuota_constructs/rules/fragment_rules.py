"""Rules about how the image is cut up and sent: fragment size, redundancy, interval, count, length of the session."""

from __future__ import annotations

from fuota_constructs.lorawan import fragments
from fuota_constructs.lorawan.fragments import (
    MAX_ENCODED_FRAGMENTS,
    MAX_FRAGMENT_BYTES,
    interval_seconds,
    smallest_fragment_bytes,
)
from fuota_constructs.lorawan.regions import region
from fuota_constructs.lorawan.session_plan import CLASS_B, CLASS_C, SESSION_SECONDS, TS005_CLASS_C_SECONDS
from fuota_constructs.rules.radio_session import (
    fragment_size,
    image_bytes,
    interval_ms,
    named_rates,
    outlasts_its_class,
    plan_command,
    recommended,
    redundancy_in_range,
    redundancy_or_none_given,
    sessions,
    together,
)
from fuota_constructs.rules.rule import Remarks, Rule, TaskPlan, error, given, show, warning, whole_number

MAX_INTERVAL_MS = 2**31 - 1


def _redundancy_range(plan: TaskPlan) -> Remarks:
    if given(plan.redundancy_percent) and redundancy_in_range(plan) is None:
        yield error(
            f"redundancy_percent is {show(plan.redundancy_percent)}; choose a whole number from 0 to 100"
            " (the share of redundant fragments; 100 doubles the transmission)",
        )


def _fragment_size_range(plan: TaskPlan) -> Remarks:
    if not given(plan.fragment_size_bytes):
        return
    largest, because = _largest_fragment(plan)
    size = whole_number(plan.fragment_size_bytes)
    if size is None or not 1 <= size <= largest:
        yield error(
            f"fragment_size_bytes is {show(plan.fragment_size_bytes)}; choose a whole number from 1 to {largest}"
            f" ({because})"
        )


def _fragment_size_needs_multicast(plan: TaskPlan) -> Remarks:
    if plan.fragment_size_bytes is None or plan.multicast_groups:
        return
    if plan.wireless_devices:
        yield error(
            "fragment_size_bytes is given and the task updates wireless_devices; the service takes a fragment size only"
            " with multicast groups: use multicast_groups instead, or leave fragment_size_bytes out",
        )
    else:
        yield warning(
            "fragment_size_bytes is given but the task has no target yet; the service takes a fragment size only with"
            " multicast groups: attach one with multicast_groups or add_multicast_group()",
        )


def _fragment_interval_range(plan: TaskPlan) -> Remarks:
    if given(plan.fragment_interval_ms) and interval_ms(plan) is None:
        yield error(
            f"fragment_interval is {show(plan.fragment_interval_ms)} ms; choose whole seconds, like Duration.seconds(1)"
            " (the service rounds to the nearest second, and less than half a second becomes 0)"
        )
    elif given(plan.fragment_interval_ms) and (interval_ms(plan) or 0) > MAX_INTERVAL_MS:
        yield error(
            f"fragment_interval is {show(plan.fragment_interval_ms)} ms; choose at most {MAX_INTERVAL_MS} ms, which is"
            " what a whole number of the service can be"
        )


def _fragment_interval_rounding(plan: TaskPlan) -> Remarks:
    interval = interval_ms(plan)
    if interval is not None and interval % 1000:
        neighbours = [f"Duration.seconds({seconds})" for seconds in (interval // 1000, interval // 1000 + 1) if seconds]
        yield warning(
            f"fragment_interval is {interval} ms and the service rounds it to the nearest second;"
            f" choose {' or '.join(neighbours)}"
        )


def _fragment_count(plan: TaskPlan) -> Remarks:
    image, size = image_bytes(plan), fragment_size(plan)
    redundancy = redundancy_or_none_given(plan)
    if image is None or size is None or redundancy is None:
        return
    count = fragments.encoded_fragments(image, size, redundancy)
    if count > MAX_ENCODED_FRAGMENTS:
        yield error(
            f"{image} bytes in fragments of {size} with {redundancy} % redundancy are {count} fragments; at most"
            f" {MAX_ENCODED_FRAGMENTS} can be numbered:"
            f" choose {_bigger_fragments(plan, image, redundancy, MAX_ENCODED_FRAGMENTS)}{together(plan)}"
        )


def _session_duration(plan: TaskPlan) -> Remarks:
    image, size, interval = image_bytes(plan), fragment_size(plan), interval_ms(plan)
    redundancy = redundancy_or_none_given(plan)
    if image is None or size is None or interval is None or redundancy is None:
        return
    count, every = fragments.encoded_fragments(image, size, redundancy), interval_seconds(interval)
    limit, because = _session_limit(plan, count * every)
    planned = sessions(plan)
    if count * every > limit and not any(map(outlasts_its_class, planned)):  # class-window says those, once
        lawful = max((session.smallest_interval_seconds for session in planned), default=1)
        shorter = [f"a fragment_interval of at most {limit // count} s"] if limit // count >= lawful else []
        remedies = [*shorter, _bigger_fragments(plan, image, redundancy, limit // every)]
        yield warning(
            f"{count} fragments, one every {every} s, take {_hours(count * every)}; {because}:"
            f" choose {' or '.join(remedies)}{together(plan)}"
        )


def _parameters_not_given(plan: TaskPlan) -> Remarks:
    parameters = {
        "redundancy_percent": plan.redundancy_percent,
        "fragment_size_bytes": plan.fragment_size_bytes,
        "fragment_interval": plan.fragment_interval_ms,
    }
    missing = [name for name, value in parameters.items() if value is None]
    if not missing or not plan.multicast_groups:
        return
    size = image_bytes(plan)
    command = f"`{plan_command(plan)}`"
    if values := recommended(plan):
        remedy = f"choose {values}"
    elif size is None:
        remedy = f"let {command} choose them; with the size of the image they would stand here"
    else:
        remedy = f"let {command} say what fits"
    *first, last = missing
    said = f"{', '.join(first)} and {last} are" if first else f"{last} is"
    yield warning(
        f"{said} not given; AWS does not document what it takes then, and nothing here can say whether any device gets"
        f" the image: {remedy}"
    )


def encoded_fragments(plan: TaskPlan) -> int | None:
    """Fragments the task sends in total, when size of image, fragment size and redundancy are known and in range."""
    image, size, redundancy = image_bytes(plan), fragment_size(plan), redundancy_in_range(plan)
    if image is None or size is None or redundancy is None:
        return None
    return fragments.encoded_fragments(image, size, redundancy)


def _session_limit(plan: TaskPlan, seconds: int) -> tuple[int, str]:
    classes = {group.dl_class for group in plan.multicast_groups if group.dl_class}
    if classes == {CLASS_B}:
        return SESSION_SECONDS[CLASS_B], "a class B multicast session lasts at most 2 days"
    if seconds > SESSION_SECONDS[CLASS_C] and CLASS_C in classes:
        return SESSION_SECONDS[CLASS_C], "a class C multicast session lasts at most 18 h"
    return TS005_CLASS_C_SECONDS, "a class C device that follows TS005-1.0.0 ends its session after 2^15 s (9.1 h)"


def _bigger_fragments(plan: TaskPlan, image: int, redundancy: int, at_most: int) -> str:
    largest, _ = _largest_fragment(plan)
    size = smallest_fragment_bytes(image, redundancy, at_most_fragments=at_most, at_most_bytes=largest)
    if size is None:
        return "less redundancy or a smaller (delta) image (no fragment size is large enough)"
    return f"fragment_size_bytes of at least {size}"


def _largest_fragment(plan: TaskPlan) -> tuple[int, str]:
    facts = region(plan.rf_region) if plan.rf_region else None
    if facts is None:
        return MAX_FRAGMENT_BYTES, "the largest LoRaWAN payload is 242 bytes, 3 of them are the fragment header"
    rates = [rate for index in named_rates(plan) if (rate := facts.data_rate(index))]
    if not rates:
        return (
            facts.max_fragment_bytes,
            f"the largest at any data rate of {facts.name}, after the 3-byte fragment header",
        )
    rate = min(rates, key=lambda rate: rate.max_fragment_bytes)
    return (
        rate.max_fragment_bytes,
        f"{facts.name} DR{rate.index} carries {rate.max_payload_bytes} bytes, 3 of them are the fragment header",
    )


def _hours(seconds: int) -> str:
    return f"{seconds} s ({seconds / 3600:.1f} h)"


_API = "AWS IoT Wireless API, CreateFuotaTask"
_GUIDE = "AWS IoT Wireless Developer Guide, create a FUOTA task"

FRAGMENT_RULES = (
    Rule(
        id="parameters-not-given",
        levels=("warning",),
        what="`redundancy_percent`, `fragment_size_bytes` or `fragment_interval` is left out for multicast groups",
        why="AWS documents no defaults, no radio rule can be asked, and a rehearsal mostly updates nobody",
        remedy="the values of the message, which suit image, region and class",
        source=f"{_API}: RedundancyPercent, FragmentSizeBytes, FragmentIntervalMS (no default is documented)",
        check=_parameters_not_given,
    ),
    Rule(
        id="redundancy-range",
        levels=("error",),
        what="`redundancy_percent` is not a whole number from 0 to 100",
        why="the service refuses it, at deployment",
        remedy="a whole number from 0 to 100",
        source=f"{_API}: RedundancyPercent",
        check=_redundancy_range,
    ),
    Rule(
        id="fragment-size-range",
        levels=("error",),
        what="`fragment_size_bytes` is not a whole number from 1 to what the region can carry (never more than 239)",
        why="the API has no upper limit, the radio has: such a fragment is never sent",
        remedy="at most the payload of the data rate less 3 bytes",
        source="TS004-1.0.0 (DataFragment), RP002-1.0.4 (payload sizes)",
        check=_fragment_size_range,
    ),
    Rule(
        id="fragment-size-needs-multicast",
        levels=("error", "warning"),
        what="`fragment_size_bytes` is given with `wireless_devices` (error) or with no target yet (warning)",
        why="the service supports a fragment size only for tasks with multicast groups",
        remedy="attach multicast groups, or leave the size out",
        source=f"{_API}: FragmentSizeBytes",
        check=_fragment_size_needs_multicast,
    ),
    Rule(
        id="fragment-interval-range",
        levels=("error",),
        what="`fragment_interval` is less than 1 ms, or rounds to 0 seconds, or has more than 2,147,483,647 ms",
        why="the service refuses it, or sends without any pause",
        remedy="whole seconds, at least 1",
        source=f"{_API}: FragmentIntervalMS (an integer, of 32 bits)",
        check=_fragment_interval_range,
    ),
    Rule(
        id="fragment-interval-rounding",
        levels=("warning",),
        what="`fragment_interval` is not a whole number of seconds",
        why="the service rounds it to the nearest second",
        remedy="whole seconds",
        source=f"{_GUIDE} (advanced transmission parameters)",
        check=_fragment_interval_rounding,
    ),
    Rule(
        id="fragment-count",
        levels=("error",),
        what="image, fragment size and redundancy make more than 16383 fragments",
        why="the fragment index has 14 bits: the update can never complete",
        remedy="larger fragments, less redundancy, or a smaller (delta) image",
        source="TS004-1.0.0 (Index&N)",
        check=_fragment_count,
    ),
    Rule(
        id="session-duration",
        levels=("warning",),
        what="sending takes longer than 18 h (class C), 2 days (class B) or 2^15 s (class C devices after TS005-1.0.0)",
        why="the multicast session ends before the image has been sent",
        remedy="a shorter interval or larger fragments",
        source="AWS IoT Wireless Developer Guide, multicast sessions; TS005-1.0.0 (SessionTimeOut)",
        check=_session_duration,
    ),
)
