"""Downlink data rates of the LoRaWAN regions, read from `regions.json` next to this file.

Values are RP002-1.0.4 as carried by the implementations that `regions.json` names under `sources`.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any, NamedTuple

from fuota_constructs.lorawan.fragments import DATA_FRAGMENT_HEADER_BYTES


class DataRate(NamedTuple):
    """One downlink data rate of a region.

    `max_payload_bytes` is the largest application payload N without a repeater and with empty FOpts;
    `max_payload_bytes_repeater` is the same figure where a repeater may be in use. Source: RP002-1.0.2 and later.
    """

    dr: int
    max_payload_bytes: int
    max_payload_bytes_repeater: int

    @property
    def max_fragment_bytes(self) -> int:
        """Largest fragment that fits: N - 3, the DataFragment header of TS004."""
        return self.max_payload_bytes - DATA_FRAGMENT_HEADER_BYTES


class Region(NamedTuple):
    """A LoRaWAN region under the name AWS gives it (`RfRegion`), with its downlink data rates in rising order."""

    name: str
    data_rates: tuple[DataRate, ...]

    def data_rate(self, index: int) -> DataRate | None:
        """The downlink data rate with this index (DR), or None when the region does not use it for downlinks."""
        return next((rate for rate in self.data_rates if rate.dr == index), None)

    @property
    def max_fragment_bytes(self) -> int:
        """Largest fragment of any downlink data rate of the region."""
        return max(rate.max_fragment_bytes for rate in self.data_rates)


@functools.cache
def regions() -> dict[str, Region]:
    """All 13 regions of the AWS enum `RfRegion`, by name."""
    facts = json.loads(Path(__file__).with_name("regions.json").read_text(encoding="utf-8"))
    return {name: Region(name, _downlink_rates(region["data_rates"])) for name, region in facts["regions"].items()}


def region(name: str) -> Region | None:
    """The region with this AWS name (for example `"AS923-1"`), or None when it is not one we have facts for."""
    return regions().get(name)


def _downlink_rates(rows: list[dict[str, Any]]) -> tuple[DataRate, ...]:
    return tuple(
        DataRate(row["dr"], row["max_app_payload_n"], row["max_app_payload_n_repeater"])
        for row in rows
        if row["downlink"]
    )
