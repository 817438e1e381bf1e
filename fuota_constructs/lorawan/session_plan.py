"""What a FUOTA session costs: fragments, airtime, duty cycle, duration, decode probability, receive energy.

Every figure follows from the arguments alone. What AWS does not document is assumed where it is used, and marked so.
"""

# Annotations are no texts here: a NamedTuple compiles each one that is, at every import.

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from fuota_constructs.lorawan.fragments import data_fragments, encoded_fragments
from fuota_constructs.lorawan.redundancy import decode_probability

if TYPE_CHECKING:
    from fuota_constructs.lorawan.device_stack import DeviceStack
    from fuota_constructs.lorawan.regions import DataRate, Region

CLASS_B: Final = "ClassB"
CLASS_C: Final = "ClassC"

SESSION_SECONDS: Final = {CLASS_B: 172_800, CLASS_C: 64_800}
"""Longest multicast session of the service: 2 days for class B, 18 h for class C (AWS IoT Wireless Developer Guide)."""

TS005_CLASS_C_SECONDS: Final = 2**15
"""A class C device of TS005-1.0.0 ends its session after at most 2^15 s (SessionTimeOut has 4 bits): 9.1 h."""

DEFAULT_LOSS: Final = 0.1
"""Share of fragments a device is planned to lose, where nothing else is said."""

DEFAULT_TARGET: Final = 0.999
"""Share of devices that shall have the image, where nothing else is said."""

RECEIVE_MILLIAMPERES: Final = 5.5
"""Assumed: current of a radio that listens. An SX1262 takes 4.6 to 5.3 mA (datasheet); a device's rest comes on top."""

SUPPLY_VOLTS: Final = 3.3
"""Assumed: supply voltage."""

PING_SLOT_SECONDS: Final = 0.03
SLOTS_A_BEACON_PERIOD: Final = 4096
BEACON_PERIOD_SECONDS: Final = 128
BEACON_SECONDS: Final = 0.16
"""Class B timing: 4096 slots of 30 ms in the 128 s from beacon to beacon (LoRaWAN 1.0.4), of which 5.12 s have none.

A beacon is assumed to take 160 ms: 17 bytes at SF9/125 kHz without a header are about 153 ms.
"""

SECONDS_PER_HOUR: Final = 3600

ROUNDING: Final = 1e-9
"""Seconds of rounding error that must not cost a whole second: 0.7 / 0.1 is a little more than 7 in floating point."""

DEFAULT_PING_SLOT_PERIOD: Final = 128
"""Assumed ping slot period of a class B group, in slots of 30 ms (the API takes 32 to 4096): one slot every 4 s."""


def seconds_a_ping_slot(period: int) -> float:
    """Seconds from one ping slot to the next, on average, of a ping slot period in slots of 30 ms.

    From beacon to beacon there are 4096 / period of them: a period of 128 makes 32 ping slots in 128 s, 3.84 s apart
    but for the beacon. Devices know powers of two only (TS005, Periodicity); assumed: another period is rounded up.
    """
    return BEACON_PERIOD_SECONDS * (1 << (period - 1).bit_length()) / SLOTS_A_BEACON_PERIOD


def share_of_slots_taken(interval_seconds: float, slot_seconds: float | None) -> float:
    """The share of class B fragments that come faster than ping slots and find theirs taken; 0 without ping slots."""
    return 0.0 if slot_seconds is None else max(0.0, 1 - interval_seconds / slot_seconds)


class Conditions(NamedTuple):
    """What a session happens under: where, to whom, and over what air.

    `frequency_hz` is by default the region's RX2 frequency for class C and its ping slot frequency for class B
    (assumed: AWS does not say where it sends). With `gateways` above 1 each fragment is sent by one participating
    gateway after the other, `gateway_spacing_seconds` apart (the group's TransmissionInterval). `loss` is the share of
    fragments a device loses. `version` is that of TS004 on the devices: AWS documents 1.0.0, yet has device statuses
    that only 2.0.0 knows. `dwell_time` is DownlinkDwellTime = 1 in AS923. `ping_slot_period` is that of a class B
    group, in slots of 30 ms; None takes 128. `stacks` are those that run on the devices, where that is known.
    """

    region: "Region"
    dl_class: str = CLASS_C
    frequency_hz: int | None = None
    gateways: int = 1
    gateway_spacing_seconds: float = 0.0
    loss: float = DEFAULT_LOSS
    version: int = 1
    dwell_time: bool = False
    ping_slot_period: int | None = None
    stacks: "tuple[DeviceStack, ...]" = ()

    @property
    def downlink_frequency_hz(self) -> int | None:
        """The frequency of the session; None where the region's channel plan decides (CN470)."""
        if self.frequency_hz is not None:
            return self.frequency_hz
        return self.region.class_c_frequency_hz if self.dl_class == CLASS_C else self.region.class_b_frequency_hz

    @property
    def duty_cycle_limit(self) -> float | None:
        """Share of time one gateway may send there; None where there is no limit."""
        band = self.region.duty_cycle_band(self.downlink_frequency_hz)
        return band.share if band else None

    @property
    def transmission_limit_seconds(self) -> float | None:
        """The longest single downlink; None where there is no limit."""
        limits = [self.region.transmission_limit_ms, self.region.dwell_time_ms if self.dwell_time else None]
        return min((limit / 1000 for limit in limits if limit), default=None)

    def max_fragment_bytes(self, data_rate: "DataRate", *, repeater: bool = False) -> int:
        """Largest fragment of a data rate here; 0 where none fits."""
        largest = data_rate.max_fragment_bytes_repeater if repeater else data_rate.max_fragment_bytes
        return min(largest, data_rate.max_fragment_bytes_under_dwell) if self.dwell_time else largest

    @property
    def ping_slot_seconds(self) -> float | None:
        """Time from one ping slot to the next, on average; None for class C."""
        if self.dl_class == CLASS_C:
            return None
        return seconds_a_ping_slot(self.ping_slot_period or DEFAULT_PING_SLOT_PERIOD)

    def loss_at(self, interval_seconds: float) -> float:
        """The share of fragments a device misses: in class B also those that find their ping slot taken (assumed)."""
        return _missed(self.loss, share_of_slots_taken(interval_seconds, self.ping_slot_seconds))

    def sending_seconds(self, airtime_seconds: float) -> float:
        """How long all gateways take for one fragment: each begins `gateway_spacing_seconds` after the one before."""
        return (self.gateways - 1) * self.gateway_spacing_seconds + airtime_seconds

    def smallest_interval_seconds(self, airtime_seconds: float) -> int:
        """The shortest whole second that air, duty cycle, gateways and (class B) ping slots allow between fragments."""
        needed = self.sending_seconds(airtime_seconds)
        if limit := self.duty_cycle_limit:
            needed = max(needed, airtime_seconds / limit)
        needed = max(needed, self.ping_slot_seconds or 0.0)
        return max(1, math.ceil(needed - ROUNDING))


_NAMES: Final = {
    "region": "rf_region",
    "data_rate_text": "data_rate_name",
    "fragment_bytes": "fragment_size_bytes",
    "interval_seconds": "fragment_interval_seconds",
    "smallest_interval_seconds": "smallest_fragment_interval_seconds",
    "loss": "loss_share",
    "version": "ts004_version",
    "duty_cycle_used": "duty_cycle_used_share",
    "duty_cycle_limit": "duty_cycle_limit_share",
}
"""Where a document, read without this class, needs more of a name."""


class SessionPlan(NamedTuple):
    """One session in figures: times in seconds, sizes in bytes, shares as fractions of 1.

    `cut_off` says who ends the session before its last fragment; None where it can be sent whole. A session that is cut
    off counts as reaching nobody: its `decode_probability` is 0.
    """

    region: str
    data_rate: int
    data_rate_text: str
    dl_class: str
    frequency_hz: int | None
    image_bytes: int
    fragment_bytes: int
    redundancy_percent: int
    interval_seconds: int
    gateways: int
    gateway_spacing_seconds: float
    loss: float
    version: int
    data_fragments: int
    coded_fragments: int
    padding_bytes: int
    fragment_airtime_seconds: float
    total_airtime_seconds: float
    transmission_limit_seconds: float | None
    duty_cycle_used: float
    duty_cycle_limit: float | None
    smallest_interval_seconds: int
    duration_seconds: int
    service_window_seconds: int
    device_window_seconds: int | None
    ping_slot_seconds: float | None
    cut_off: str | None
    decode_probability: float
    receive_seconds: float
    receive_milliampere_hours: float
    receive_joules: float

    @property
    def fragments(self) -> int:
        """Fragments sent in total, data and coded."""
        return self.data_fragments + self.coded_fragments

    @property
    def slots_taken(self) -> float:
        """The share of fragments that find their ping slot taken, and are lost (assumed)."""
        return share_of_slots_taken(self.interval_seconds, self.ping_slot_seconds)

    def missed_at(self, loss: float) -> float:
        """The share of fragments a device misses that loses so many of those that get a ping slot (class C: of all)."""
        return _missed(loss, self.slots_taken)

    def as_dict(self) -> dict[str, Any]:
        """All figures, as every JSON document has them: units in the names, null where nothing is limited or known."""
        figures = {_NAMES.get(name, name): value for name, value in self._asdict().items()}
        return {
            **figures,
            "fragments": self.fragments,
            "receive_milliamperes_assumed": RECEIVE_MILLIAMPERES,
            "supply_volts_assumed": SUPPLY_VOLTS,
        }


def plan_session(
    image_bytes: int,
    conditions: Conditions,
    *,
    data_rate: "DataRate",
    fragment_bytes: int,
    interval_seconds: int | None = None,
    redundancy_percent: int = 0,
) -> SessionPlan:
    """Work one session out.

    ``interval_seconds`` is FragmentIntervalMS after the service rounded it, by default the shortest that is lawful.
    Energy is that of a class C device that listens all session long, or of a class B device that opens every ping slot.
    """
    data = data_fragments(image_bytes, fragment_bytes)
    total = encoded_fragments(image_bytes, fragment_bytes, redundancy_percent)
    airtime = data_rate.fragment_airtime_us(fragment_bytes) / 1e6
    smallest = conditions.smallest_interval_seconds(airtime)
    interval = smallest if interval_seconds is None else interval_seconds
    duration = total * interval
    receive = _receive_seconds(conditions, duration, total, airtime)
    chance = decode_probability(data, total - data, conditions.loss_at(interval), version=conditions.version)
    cut_off = _cut_off(conditions.dl_class, duration)
    milliampere_hours = receive * RECEIVE_MILLIAMPERES / SECONDS_PER_HOUR
    return SessionPlan(
        region=conditions.region.name,
        data_rate=data_rate.index,
        data_rate_text=str(data_rate),
        dl_class=conditions.dl_class,
        frequency_hz=conditions.downlink_frequency_hz,
        gateways=conditions.gateways,
        gateway_spacing_seconds=conditions.gateway_spacing_seconds,
        loss=conditions.loss,
        version=conditions.version,
        image_bytes=image_bytes,
        fragment_bytes=fragment_bytes,
        redundancy_percent=redundancy_percent,
        interval_seconds=interval,
        data_fragments=data,
        coded_fragments=total - data,
        padding_bytes=data * fragment_bytes - image_bytes,
        fragment_airtime_seconds=airtime,
        total_airtime_seconds=total * airtime,
        transmission_limit_seconds=conditions.transmission_limit_seconds,
        duty_cycle_used=airtime / interval,
        duty_cycle_limit=conditions.duty_cycle_limit,
        smallest_interval_seconds=smallest,
        duration_seconds=duration,
        service_window_seconds=SESSION_SECONDS[conditions.dl_class],
        device_window_seconds=TS005_CLASS_C_SECONDS if conditions.dl_class == CLASS_C else None,
        ping_slot_seconds=conditions.ping_slot_seconds,
        cut_off=cut_off,
        decode_probability=0.0 if cut_off else chance,
        receive_seconds=receive,
        receive_milliampere_hours=milliampere_hours,
        receive_joules=milliampere_hours / 1000 * SECONDS_PER_HOUR * SUPPLY_VOLTS,
    )


def _missed(loss: float, slots_taken: float) -> float:
    return 1 - (1 - loss) * (1 - slots_taken) if slots_taken else loss


def _cut_off(dl_class: str, duration: float) -> str | None:
    takes, service = f"the session takes {_hours(duration)}", SESSION_SECONDS[dl_class]
    if dl_class == CLASS_C and duration > TS005_CLASS_C_SECONDS:
        return f"{takes}, and a class C device (TS005-1.0.0) ends it after {_hours(TS005_CLASS_C_SECONDS)}"
    return f"{takes}, and the service ends it after {_hours(service)}" if duration > service else None


def _hours(seconds: float) -> str:
    return f"{seconds / SECONDS_PER_HOUR:.1f} h"


def _receive_seconds(conditions: Conditions, duration: float, fragments: int, airtime: float) -> float:
    if conditions.ping_slot_seconds is None:
        return float(duration)
    slots = duration / conditions.ping_slot_seconds
    empty = max(0.0, slots - fragments)
    beacons = duration / BEACON_PERIOD_SECONDS
    return fragments * airtime + empty * PING_SLOT_SECONDS + beacons * BEACON_SECONDS
