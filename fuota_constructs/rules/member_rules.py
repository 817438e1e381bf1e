"""Rules about a multicast group's devices, its gateways and its default session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fuota_constructs.lorawan.regions import FREQUENCIES_HZ, FREQUENCY_UNIT_HZ, region
from fuota_constructs.rules.rule import Remarks, Rule, TaskPlan, error, given, show, text, warning, whole_number
from fuota_constructs.rules.task_rules import DEPLOYMENT_SECONDS, REQUESTS_PER_SECOND
from fuota_constructs.service_id import SERVICE_ID

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_MEMBERS = 2_000
"""Devices of a group: 200 s of requests at the quota, of the 260 s that a deployment has for them."""

MOST_GATEWAYS = 20
MOST_INTERVAL_MS = 60_000


def _group_size(plan: TaskPlan) -> Remarks:
    members = plan.members
    size = len(members.devices) + members.listed if members else 0
    if size > MOST_MEMBERS:
        yield error(
            f"the group has {size:,} devices; each joins by one request, the service takes {REQUESTS_PER_SECOND} a"
            f" second, and a deployment has {DEPLOYMENT_SECONDS} s for all of it, so at most {MOST_MEMBERS:,} fit: make"
            f" {-(-size // MOST_MEMBERS)} groups of at most {MOST_MEMBERS:,} devices, and one task for them, or give"
            " the list to a FuotaRollout, which lets the devices of a wave join when it is their turn"
        )


def _device_list(plan: TaskPlan) -> Remarks:
    for devices in (plan.members.devices if plan.members else (), plan.wireless_devices):
        yield from _no_ids("wireless_devices", devices, "wireless devices", "WirelessDeviceId, not a name or a DevEui")


def _gateway_count(plan: TaskPlan) -> Remarks:
    gateways = plan.members.gateways if plan.members else ()
    if len(gateways) > MOST_GATEWAYS:
        yield error(
            f"the group has {len(gateways)} participating gateways; the service takes at most {MOST_GATEWAYS}: make"
            f" {-(-len(gateways) // MOST_GATEWAYS)} groups, each with the gateways of an area and the devices that hear"
            " them, and one task for all; or name none, and the service chooses"
        )


def _gateway_ids(plan: TaskPlan) -> Remarks:
    gateways = plan.members.gateways if plan.members else ()
    yield from _no_ids(
        "participating_gateways", gateways, "wireless gateways", "WirelessGatewayId, not a name or a GatewayEui"
    )


def _no_ids(name: str, values: Iterable[object], of: str, remedy: str) -> Remarks:
    if wrong := [known for each in values if (known := text(each)) and not SERVICE_ID.fullmatch(known)]:
        more = f" and {len(wrong) - 1} more like it" if len(wrong) > 1 else ""
        yield warning(
            f"{name} has {show(wrong[0])}{more}; ids of {of} are 32 hexadecimal digits in five groups wherever AWS"
            f" shows one, so the service may not know it: give the {remedy}"
        )


def _transmission_interval(plan: TaskPlan) -> Remarks:
    members = plan.members
    if members is None or not given(members.transmission_interval_ms):
        return
    milliseconds = whole_number(members.transmission_interval_ms)
    if milliseconds is None or not 0 <= milliseconds <= MOST_INTERVAL_MS:
        yield error(
            f"transmission_interval is {show(members.transmission_interval_ms)} ms; choose whole milliseconds from 0 to"
            f" {MOST_INTERVAL_MS:,}, for example Duration.millis(500)"
        )
    elif milliseconds == 0 and len(members.gateways) > 1:
        yield warning(
            f"transmission_interval is 0 ms, so {len(members.gateways)} gateways send a fragment at once, and a device"
            " that hears two of them loses it: choose at least the time a fragment is on the air, or acknowledge this"
            " if no device hears two"
        )
    elif not members.gateways:
        yield warning(
            f"transmission_interval is {milliseconds} ms, the time from one participating gateway to the next, and the"
            " group names none: name them with participating_gateways, or leave it out"
        )


def _group_data_rate(plan: TaskPlan) -> Remarks:
    members = plan.members
    facts = region(members.rf_region) if members and members.rf_region else None
    index = whole_number(members.data_rate) if members else None
    if facts is not None and index is not None and facts.data_rate(index) is None:
        usable = ", ".join(str(rate) for rate in facts.data_rates)
        yield error(f"downlink_data_rate is {index}; downlinks of {facts.name} use {usable}")


def _group_frequency(plan: TaskPlan) -> Remarks:
    members = plan.members
    if members is None or not given(members.frequency_hz):
        return
    facts = region(members.rf_region) if members.rf_region else None
    lowest, highest = (facts and facts.downlink_frequencies_hz) or FREQUENCIES_HZ
    step = facts.downlink_step_hz if facts else FREQUENCY_UNIT_HZ
    frequency, where = whole_number(members.frequency_hz), f"downlinks of {facts.name}" if facts else "the service"
    if frequency is None or not lowest <= frequency <= highest or (frequency - lowest) % step:
        usual = facts.class_c_frequency_hz if facts else None
        such = f", for example {usual}" if usual else ""
        yield error(
            f"downlink_frequency_hz is {show(members.frequency_hz)}; {where} use whole hertz from {lowest:,} to"
            f" {highest:,}, in steps of {step:,}: choose one of your channels{such}"
        )


_API = "AWS IoT Wireless API, UpdateMulticastGroup"

MEMBER_RULES = (
    Rule(
        id="group-size",
        levels=("error",),
        what=f"a multicast group is given more than {MOST_MEMBERS:,} devices",
        why=f"each joins by one request, {REQUESTS_PER_SECOND} a second, and the deployment must be done with it after"
        f" {DEPLOYMENT_SECONDS} s: it would fail, and fail again",
        remedy=f"several groups of at most {MOST_MEMBERS:,} devices, and one task for them; or a `FuotaRollout`, whose"
        " waves fill groups of their own, outside of the deployment",
        source="AWS General Reference, AWS IoT Wireless endpoints and quotas; the provider's time",
        check=_group_size,
    ),
    Rule(
        id="device-list",
        levels=("error", "warning"),
        what="a `DeviceList` has an id twice or one that is none (error, at once, with the line of the file); an id"
        " that the app itself gives a group or a task does not look like one (warning)",
        why="the deployment fails at a device that the service does not know",
        remedy="each device once, by its `WirelessDeviceId`: 32 hexadecimal digits in five groups",
        source="AWS IoT Wireless API, AssociateWirelessDeviceWithMulticastGroup; that ids have no other form is"
        " assumed: the documentation shows this one only",
        check=_device_list,
    ),
    Rule(
        id="gateway-count",
        levels=("error",),
        what=f"a multicast group names more than {MOST_GATEWAYS} participating gateways",
        why="the service refuses it, at deployment",
        remedy=f"several groups of one task, each with at most {MOST_GATEWAYS} gateways and the devices that hear them;"
        " or none, so that the service chooses, as it does for the waves of a rollout",
        source=f"{_API}: GatewayList",
        check=_gateway_count,
    ),
    Rule(
        id="gateway-ids",
        levels=("warning",),
        what="an id in `participating_gateways` does not look like one",
        why="the deployment fails at a gateway that the service does not know",
        remedy="each gateway by its `WirelessGatewayId`: 32 hexadecimal digits in five groups",
        source=f"{_API}: GatewayList; that ids have no other form is assumed: the documentation shows this one only",
        check=_gateway_ids,
    ),
    Rule(
        id="transmission-interval",
        levels=("error", "warning"),
        what=f"`transmission_interval` is not whole milliseconds from 0 to {MOST_INTERVAL_MS:,} (error), or 0 between"
        " several gateways, or given without any (warning)",
        why="the service refuses it, at deployment; gateways that send at once disturb each other; between gateways"
        " that the service chooses itself there is no interval",
        remedy="the time from one gateway of the list to the next",
        source=f"{_API}: TransmissionInterval",
        check=_transmission_interval,
    ),
    Rule(
        id="group-data-rate",
        levels=("error",),
        what="`downlink_data_rate` of a group is no downlink data rate of its own region",
        why="it becomes that of the group's sessions, where nobody would listen",
        remedy="a downlink data rate of the region",
        source=f"{_API}: DefaultSessionParameters; RP002-1.0.4",
        check=_group_data_rate,
    ),
    Rule(
        id="group-frequency",
        levels=("error",),
        what="`downlink_frequency_hz` of a group is no downlink frequency of its region",
        why="it becomes that of the group's sessions, where nobody would listen, or may send; in US915 and AU915"
        " devices refuse what is not on a channel, every 600 kHz, and nobody can be told less than 100 Hz",
        remedy="a downlink channel of the network, in hertz",
        source=f"{_API}: DefaultSessionParameters; RP002-1.0.4; TS005-1.0.0 (DLFrequ)",
        check=_group_frequency,
    ),
)
