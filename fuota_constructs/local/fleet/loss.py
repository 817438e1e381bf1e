"""How much a device loses: the model as it is written in a fleet."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from fuota_constructs.lorawan.fragments import MAX_ENCODED_FRAGMENTS

if TYPE_CHECKING:
    from collections.abc import Mapping


class FleetError(ValueError):
    """A fleet that cannot be: says field, value, range and remedy."""


KINDS: Final[dict[str, dict[str, tuple[float, float, float | None]]]] = {
    # kind -> field -> (least, most, default)
    "iid": {"mean": (0, 1, None)},
    "gilbert": {"mean": (0, 0.95, None), "burst": (1, 10_000, 4)},
    "beta": {"mean": (0.0001, 0.9999, None), "spread": (0.0001, 0.5, 0.05)},
    "link": {"margin_db": (-60, 100, None), "spread_db": (0, 40, 0), "fading_db": (0.1, 30, 3)},
    "by-data-rate": {},
    "listed": {},
}


@dataclass(frozen=True)
class Loss:
    """One model of loss.

    `iid` (each fragment alone), `gilbert` (bursts of a mean length), `beta` (each device its own share, drawn with a
    mean and a standard deviation), `link` (a margin in dB at the region's slowest downlink rate, spread over the
    devices, with fading; faster rates have less), `by-data-rate` (a share for each data rate) or `listed` (just these
    fragments).
    """

    kind: str
    figures: Mapping[str, float] = field(default_factory=dict)
    data_rates: Mapping[int, float] = field(default_factory=dict)
    lost: tuple[int, ...] = ()

    def as_document(self) -> Any:
        """The model as JSON has it."""
        if self.kind == "iid":
            return self.figures["mean"]
        if self.kind == "by-data-rate":
            return {"kind": self.kind, "data_rates": {str(rate): share for rate, share in self.data_rates.items()}}
        if self.kind == "listed":
            return {"kind": self.kind, "lost": list(self.lost)}
        return {"kind": self.kind, **self.figures}


def loss_of(value: Any, where: str) -> Loss:
    """Read a loss: 0.1, "10%" or {"kind": ...}. Raises FleetError."""
    if not isinstance(value, dict):
        return Loss("iid", {"mean": number(value, where, 0, 1)})
    kind = value.get("kind", "iid")
    if kind not in KINDS:
        raise FleetError(f"{where}.kind is {kind!r}; it must be one of {', '.join(KINDS)}")
    if kind == "by-data-rate":
        return Loss(kind, data_rates=_data_rates(value, where))
    if kind == "listed":
        return Loss(kind, lost=_listed(value, where))
    wanted = KINDS[kind]
    if unknown := sorted(value.keys() - wanted.keys() - {"kind"}):
        raise FleetError(f"{where} has unknown field {', '.join(unknown)}; {kind} takes {', '.join(wanted)}")
    figures: dict[str, float] = {}
    for name, (least, most, default) in wanted.items():
        given = value.get(name, default)
        if given is None:
            raise FleetError(f"{where}.{name} is missing; {kind} needs it, {least:g} to {most:g}")
        figures[name] = number(given, f"{where}.{name}", least, most)
    if kind == "beta" and figures["spread"] ** 2 >= figures["mean"] * (1 - figures["mean"]):
        most = math.sqrt(figures["mean"] * (1 - figures["mean"]))
        raise FleetError(
            f"{where}.spread is {figures['spread']:g}; with mean {figures['mean']:g} it must be under {most:.3g}"
        )
    if kind == "gilbert" and figures["burst"] * (1 - figures["mean"]) < figures["mean"]:
        least = figures["mean"] / (1 - figures["mean"])
        raise FleetError(
            f"{where}.burst is {figures['burst']:g}; with mean {figures['mean']:g} it must be {least:.3g} or more"
        )
    return Loss(kind, figures)


def _data_rates(value: dict[str, Any], where: str) -> dict[int, float]:
    table = value.get("data_rates")
    if value.keys() - {"kind", "data_rates"} or not isinstance(table, dict) or not table:
        raise FleetError(f"{where} needs data_rates, and only that, such as {{'0': 0.01, '5': '20%'}}")
    return {
        int(number(rate, f"{where}.data_rates (data rate)", 0, 15, whole=True)): number(
            share, f"{where}.data_rates.{rate}", 0, 1
        )
        for rate, share in table.items()
    }


def _listed(value: dict[str, Any], where: str) -> tuple[int, ...]:
    found = value.get("lost")
    if value.keys() - {"kind", "lost"} or not isinstance(found, list):
        raise FleetError(f"{where} needs lost, and only that: the fragments that do not arrive, such as [1, 2, 90]")
    return tuple(sorted({int(number(each, f"{where}.lost", 1, MAX_ENCODED_FRAGMENTS, whole=True)) for each in found}))


def number(value: Any, where: str, least: float, most: float, *, whole: bool = False) -> float:
    """Read a number or, up to 1, a text such as "10%"."""
    given = value
    if isinstance(value, str):
        text = value.strip()
        try:
            value = float(text[:-1]) / 100 if text.endswith("%") else float(text)
        except ValueError:
            value = math.nan
    right = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    if not right or not least <= value <= most or (whole and value != int(value)):
        example = ", such as 0.1 or '10%'" if (least, most) == (0, 1) and not whole else ""
        kind = "a whole number" if whole else "a number"
        raise FleetError(f"{where} is {given!r}; give {kind} from {least:g} to {most:g}{example}")
    return float(value)
