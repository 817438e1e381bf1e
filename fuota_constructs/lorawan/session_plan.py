"""What a FUOTA session costs: fragments, airtime, duty cycle, duration, decode probability, receive energy.

Every figure follows from the arguments alone. What AWS does not document is assumed where it is used, and marked so.
"""

# Annotations are no texts here: a NamedTuple compiles each one that is, at every import.

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from fuota_constructs.lorawan.durations import hours
from fuota_constructs.lorawan.fragments import (
    BEACON_SHARE,
    PING_SLOT_SECONDS,
    ROUNDING,
    data_fragments,
    encoded_fragments,
    one_sent_of,
    seconds_a_ping_slot,
    seconds_apart,
    share_missed,
    share_of_slots_taken,
    share_unsent,
    with_slot,
)
from fuota_constructs.lorawan.redundancy import decode_probability

if TYPE_CHECKING:
    from fuota_constructs.lorawan.device_stack import DeviceStack
    from fuota_constructs.lorawan.regions import DataRate, DutyCycleBand, Region

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

SECONDS_PER_HOUR: Final = 3600

DEFAULT_PING_SLOT_PERIOD: Final = 128
"""Assumed ping slot period of a class B group, in slots of 30 ms (the API takes 32 to 4096): one slot every 4 s."""


class Conditions(NamedTuple):
    """What a session happens under: where, to whom, and over what air.

    `frequency_hz` is by default the region's RX2 frequency for class C and its ping slot frequency for class B
    (assumed: AWS does not say where it sends). With `gateways` above 1 each fragment is sent by one participating
    gateway after the other, `gateway_spacing_seconds` apart (the group's TransmissionInterval). `loss` is the share of
    fragments a device loses. `version` is that of TS004 on the devices: AWS documents 1.0.0, yet has device statuses
    that only 2.0.0 knows. `dwell_time` is DownlinkDwellTime = 1 in AS923. `ping_slot_period` is that of a class B
    group, in slots of 30 ms; None takes 128. `stacks` are those that run on the devices, where that is known. `groups`
    are those that one gateway sends to at the same time, each its fragments.
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
    groups: int = 1

    @property
    def downlink_frequency_hz(self) -> int | None:
        """The frequency of the session; None where the region's channel plan decides (CN470)."""
        if self.frequency_hz is not None:
            return self.frequency_hz
        return self.region.class_c_frequency_hz if self.dl_class == CLASS_C else self.region.class_b_frequency_hz

    @property
    def duty_cycle_band(self) -> "DutyCycleBand | None":
        """The band of the session and the share of time one gateway may send in it; None where there is no limit."""
        return self.region.duty_cycle_band(self.downlink_frequency_hz)

    @property
    def duty_cycle_limit(self) -> float | None:
        """Share of time one gateway may send there; None where there is no limit."""
        band = self.duty_cycle_band
        return band.share if band else None

    @property
    def beacon_share(self) -> float:
        """Share of time that a gateway sends beacons in the band of the session; 0 for class C.

        Assumed: beacons are sent in the band of the region's ping slots.
        """
        if self.dl_class == CLASS_C or self.duty_cycle_band is None:
            return 0.0
        beacons = self.region.duty_cycle_band(self.region.class_b_frequency_hz)
        return BEACON_SHARE if beacons == self.duty_cycle_band else 0.0

    def silence_seconds(self, airtime_seconds: float) -> float:
        """How long after the begin of a fragment a gateway begins no other: by its airtime and a certain duty cycle."""
        band = self.duty_cycle_band
        if band is None or not band.certain:
            return airtime_seconds
        return airtime_seconds / (band.share - self.beacon_share)

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

    def loss_at(self, interval_seconds: float, airtime_seconds: float, data: int | None = None) -> float:
        """The share of fragments a device misses: also what no ping slot or no airtime is left for (assumed)."""
        slot, silence = self.ping_slot_seconds, self.silence_seconds(airtime_seconds)
        return share_missed(self.loss, share_unsent(interval_seconds, slot, silence, data))

    def sending_seconds(self, airtime_seconds: float) -> float:
        """How long all gateways take for one fragment: each begins `gateway_spacing_seconds` after the one before."""
        return (self.gateways - 1) * self.gateway_spacing_seconds + airtime_seconds

    def smallest_interval_seconds(self, airtime_seconds: float) -> int:
        """The shortest whole second that air, duty cycle, gateways and (class B) ping slots allow between fragments."""
        needed = self.sending_seconds(airtime_seconds)
        if limit := self.duty_cycle_limit:
            needed = max(needed, self.groups * airtime_seconds / (limit - self.beacon_share))
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
    "silence_seconds": "gateway_silence_seconds",
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
    silence_seconds: float
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

    @property
    def one_sent_of(self) -> int:
        """Of so many fragments with a ping slot (class C: of all) a gateway sends one; 1: there is airtime for all."""
        return one_sent_of(self.interval_seconds, self.ping_slot_seconds, self.silence_seconds)

    @property
    def duty_cycle_is_certain(self) -> bool:
        """Whether a duty cycle keeps gateways silent: one that depends on the country does not here."""
        return self.silence_seconds > self.fragment_airtime_seconds

    @property
    def sent_fragments(self) -> int:
        """How many fragments gateways send: those with a ping slot, and of these one of `one_sent_of` (assumed)."""
        found = with_slot(self.fragments, self.interval_seconds, self.ping_slot_seconds)
        return math.ceil(found / self.one_sent_of)

    @property
    def unsent(self) -> float:
        """The share of fragments that no ping slot or no airtime is left for: they are lost (assumed)."""
        return share_unsent(self.interval_seconds, self.ping_slot_seconds, self.silence_seconds, self.data_fragments)

    def missed_at(self, loss: float) -> float:
        """The share of fragments a device misses that loses so many of those that are sent."""
        return share_missed(loss, self.unsent)

    def as_dict(self) -> dict[str, Any]:
        """All figures, as every JSON document has them: units in the names, null where nothing is limited or known."""
        figures = {_NAMES.get(name, name): value for name, value in self._asdict().items()}
        return {
            **figures,
            "fragments": self.fragments,
            "missed_share": self.missed_at(self.loss),
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
    missed = conditions.loss_at(interval, airtime, data)
    chance = decode_probability(data, total - data, missed, version=conditions.version)
    cut_off = cut_off_of(conditions.dl_class, duration)
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
        duty_cycle_used=airtime / seconds_apart(interval, conditions.ping_slot_seconds) + conditions.beacon_share,
        duty_cycle_limit=conditions.duty_cycle_limit,
        silence_seconds=conditions.silence_seconds(airtime),
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


def cut_off_of(dl_class: str, duration: float) -> str | None:
    """Who ends a session of so many seconds before its last fragment; None where nobody does."""
    takes, service = f"the session takes {hours(duration)}", SESSION_SECONDS[dl_class]
    if dl_class == CLASS_C and duration > TS005_CLASS_C_SECONDS:
        return f"{takes}, and a class C device (TS005-1.0.0) ends it after {hours(TS005_CLASS_C_SECONDS)}"
    return f"{takes}, and the service ends it after {hours(service)}" if duration > service else None


def _receive_seconds(conditions: Conditions, duration: float, fragments: int, airtime: float) -> float:
    if conditions.ping_slot_seconds is None:
        return float(duration)
    empty_slots = max(0.0, duration / conditions.ping_slot_seconds - fragments)
    return fragments * airtime + empty_slots * PING_SLOT_SECONDS + duration * BEACON_SHARE
