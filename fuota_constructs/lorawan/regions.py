"""The LoRaWAN regions of the AWS enum `RfRegion`: downlink data rates, payloads, where and how often one may send.

Values are RP002-1.0.4 as carried by the implementations that `regions.json` names under `sources`. Where sources
disagree, `regions.json` lists the figures under `cross_check` and says which was chosen and why.
"""

# Annotations are no texts here: a NamedTuple compiles each one that is, at every import.

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from fuota_constructs.lorawan.airtime import MAC_OVERHEAD_BYTES, fsk_time_on_air, lora_time_on_air
from fuota_constructs.lorawan.fragments import DATA_FRAGMENT_HEADER_BYTES

FREQUENCY_UNIT_HZ: Final = 100
"""Devices are told frequencies in units of 100 Hz (TS005-1.0.0, DLFrequ)."""

FREQUENCIES_HZ: Final = (100_000_000, 1_000_000_000)
"""The lowest and the highest downlink frequency where nothing is known of the region."""


@dataclass(frozen=True, slots=True)
class DataRate:
    """One downlink data rate of a region.

    `max_payload_bytes` is the largest application payload N without a repeater and with empty FOpts;
    `max_payload_bytes_repeater` is the same figure where a repeater may be in use (source: RP002-1.0.2 and later; for
    US915 and AU915 DR8 and DR9 that of RP002-1.0.1, 33 and 109, because AWS documents 33 bytes for US915 DR8);
    `max_payload_bytes_dwell` the same where a downlink dwell time of 400 ms is in force, None where the region has no
    such setting, 0 where the rate is then unusable. FSK has no spreading factor and no bandwidth.
    """

    index: int
    max_payload_bytes: int
    max_payload_bytes_repeater: int
    spreading_factor: int | None = None
    bandwidth_hz: int | None = None
    max_payload_bytes_dwell: int | None = None

    @property
    def max_fragment_bytes(self) -> int:
        """Largest fragment that fits: N - 3, the DataFragment header of TS004."""
        return self.max_payload_bytes - DATA_FRAGMENT_HEADER_BYTES

    @property
    def max_fragment_bytes_repeater(self) -> int:
        """Largest fragment that also passes a repeater."""
        return self.max_payload_bytes_repeater - DATA_FRAGMENT_HEADER_BYTES

    @property
    def max_fragment_bytes_under_dwell(self) -> int:
        """Largest fragment where the 400 ms downlink dwell time is in force; 0 where none fits."""
        if self.max_payload_bytes_dwell is None:
            return self.max_fragment_bytes
        return max(0, self.max_payload_bytes_dwell - DATA_FRAGMENT_HEADER_BYTES)

    def fragment_airtime_us(self, fragment_bytes: int) -> int:
        """Microseconds on the air of a downlink with one DataFragment: MAC frame 13 bytes, header 3 bytes, fragment."""
        phy_payload = MAC_OVERHEAD_BYTES + DATA_FRAGMENT_HEADER_BYTES + fragment_bytes
        if self.spreading_factor is None or self.bandwidth_hz is None:
            return fsk_time_on_air(phy_payload)
        return lora_time_on_air(phy_payload, spreading_factor=self.spreading_factor, bandwidth_hz=self.bandwidth_hz)

    def __str__(self) -> str:
        if self.spreading_factor is None or self.bandwidth_hz is None:
            return f"DR{self.index} (FSK 50 kbit/s)"
        return f"DR{self.index} (SF{self.spreading_factor}/{self.bandwidth_hz // 1000} kHz)"


class DutyCycleBand(NamedTuple):
    """A frequency band and the share of time one transmitter may send in it."""

    from_hz: int
    to_hz: int
    share: float
    certain: bool


class Region(NamedTuple):
    """A LoRaWAN region under the name AWS gives it (`RfRegion`), with its downlink data rates in rising order.

    Frequencies are None where they depend on the channel plan (CN470); `downlink_frequencies_hz` are the lowest and the
    highest there are, `downlink_step_hz` apart: 600 kHz in US915 and AU915, where devices refuse any other.
    `transmission_limit_ms` is the longest single downlink the region ever allows; `dwell_time_ms` the one that holds
    where the network has set DownlinkDwellTime = 1.
    """

    name: str
    data_rates: tuple[DataRate, ...]
    class_c_data_rate: int = 0
    class_c_frequency_hz: int | None = None
    class_b_data_rate: int = 0
    class_b_frequency_hz: int | None = None
    downlink_frequencies_hz: tuple[int, int] | None = None
    downlink_step_hz: int = FREQUENCY_UNIT_HZ
    duty_cycle_bands: tuple[DutyCycleBand, ...] = ()
    transmission_limit_ms: int | None = None
    dwell_time_ms: int | None = None
    notes: tuple[str, ...] = ()

    def __hash__(self) -> int:
        return hash(self.name)  # there is one of each: as a key of caches it shall cost nothing

    def data_rate(self, index: int) -> DataRate | None:
        """The downlink data rate with this index (DR), or None when the region does not use it for downlinks."""
        return next((rate for rate in self.data_rates if rate.index == index), None)

    def slowest_data_rate(self, fragment_bytes: int) -> DataRate | None:
        """The slowest downlink data rate that carries a fragment of this size, or None when none does."""
        return next((rate for rate in self.data_rates if rate.max_fragment_bytes >= fragment_bytes), None)

    def has_downlink_at(self, frequency_hz: int) -> bool:
        """Whether devices of the region listen to a downlink on this frequency, if they are told to."""
        if self.downlink_frequencies_hz is None:
            return frequency_hz % self.downlink_step_hz == 0
        lowest, highest = self.downlink_frequencies_hz
        return lowest <= frequency_hz <= highest and (frequency_hz - lowest) % self.downlink_step_hz == 0

    @property
    def max_fragment_bytes(self) -> int:
        """Largest fragment of any downlink data rate of the region."""
        return max(rate.max_fragment_bytes for rate in self.data_rates)

    def duty_cycle_band(self, frequency_hz: int | None) -> DutyCycleBand | None:
        """The band of a frequency, None where the region limits no duty cycle or the frequency is not known.

        Between and outside the bands of a region that has some, the strictest applies: those frequencies are not
        LoRaWAN's (EU868: 868.6-868.7, 869.2-869.4 and 869.65-869.7 MHz are for alarms).
        """
        if frequency_hz is None:
            return None
        strictest = min(self.duty_cycle_bands, key=lambda band: band.share, default=None)
        return next((band for band in self.duty_cycle_bands if band.from_hz <= frequency_hz <= band.to_hz), strictest)


@functools.cache
def regions() -> dict[str, Region]:
    """All 13 regions of the AWS enum `RfRegion`, by name."""
    return {name: _region(name) for name in _facts()}


def region(name: str) -> Region | None:
    """The region with this AWS name (for example `"AS923-1"`), or None when it is not one we have facts for."""
    return _region(name) if name in _facts() else None


def has_slower(region_name: str | None, data_rate: int | None) -> bool:
    """Whether a region has a slower downlink data rate than this one; True where that is not known."""
    facts = region(region_name or "")
    return facts is None or data_rate != facts.data_rates[0].index


@functools.cache
def _facts() -> dict[str, dict[str, Any]]:
    document = json.loads(Path(__file__).with_name("regions.json").read_text(encoding="utf-8"))
    facts: dict[str, dict[str, Any]] = document["regions"]
    return facts


@functools.cache
def _region(name: str) -> Region:
    facts = _facts()[name]
    # Only AS923 has a downlink dwell time that the network may set; CN470's one second and KR920's four bind always.
    conditional = facts["dwell_time_downlink_ms"] if name.startswith("AS923") else None
    always = facts.get("max_tx_ms") or (None if conditional else facts["dwell_time_downlink_ms"])
    notes = [facts.get(key) for key in ("notes", "duty_cycle_note", "dwell_time_note", "downlink_eirp_note")]
    return Region(
        name=name,
        data_rates=_downlink_rates(facts["data_rates"]),
        class_c_data_rate=facts["rx2_dr"],
        class_c_frequency_hz=_first(facts["rx2_freq_hz"]),
        class_b_data_rate=facts["ping_slot_dr"],
        class_b_frequency_hz=_first(facts["ping_slot_freq_hz"]),
        downlink_frequencies_hz=(facts["dl_freq_range_hz"][0], facts["dl_freq_range_hz"][1]),
        downlink_step_hz=facts.get("dl_freq_step_hz", FREQUENCY_UNIT_HZ),
        duty_cycle_bands=tuple(
            DutyCycleBand(band["from_hz"], band["to_hz"], band["duty"], band.get("certainty") != "low")
            for band in facts["duty_cycle_downlink"]
        ),
        transmission_limit_ms=always,
        dwell_time_ms=conditional,
        notes=tuple(note for note in notes if note),
    )


def _first(frequency: int | list[int] | None) -> int | None:
    return frequency[0] if isinstance(frequency, list) else frequency


def _downlink_rates(rows: list[dict[str, Any]]) -> tuple[DataRate, ...]:
    return tuple(
        DataRate(
            index=row["dr"],
            max_payload_bytes=row["max_app_payload_n"],
            max_payload_bytes_repeater=min(
                row["max_app_payload_n_repeater"],
                row.get("max_app_payload_n_repeater_until_rp002_1_0_1", row["max_app_payload_n_repeater"]),
            ),
            spreading_factor=row["sf"],
            bandwidth_hz=row["bw_hz"],
            max_payload_bytes_dwell=(row["max_app_payload_n_dwell_400ms"] or 0)
            if "max_app_payload_n_dwell_400ms" in row
            else None,
        )
        for row in rows
        if row["downlink"]
    )
