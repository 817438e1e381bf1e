"""The `fuota plan` command for another session of the same devices: with all that this one happens under."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fuota_constructs.lorawan.regions import region
from fuota_constructs.lorawan.session_plan import CLASS_B

if TYPE_CHECKING:
    from collections.abc import Iterable


def plan_words(
    image_bytes: int | None,
    rf_region: str | None,
    *,
    dl_class: str | None = None,
    gateways: int = 1,
    gateway_spacing_seconds: float = 0.0,
    frequency_hz: int | None = None,
    ping_slot_period: int | None = None,
    dwell_time: bool = False,
    stacks: Iterable[str] = (),
    loss_percent: float | None = None,
) -> tuple[str, ...]:
    """The words behind `fuota`; what is not known is for the reader to fill in, IMAGE and RFREGION."""
    words = ["plan", f"{image_bytes}B" if image_bytes else "IMAGE", "--rf-region", rf_region or "RFREGION"]
    if dl_class == CLASS_B:
        words += ["--class", "B"]
        words += ["--ping-slot-period", str(ping_slot_period)] if ping_slot_period else []
    if gateways > 1:
        words += ["--gateways", str(gateways), "--gateway-spacing", f"{1000 * gateway_spacing_seconds:.0f}"]
    if frequency_hz:
        words += ["--frequency", str(frequency_hz)]
    if dwell_time:
        words.append("--dwell-time")
    for stack in dict.fromkeys(stacks):
        words += ["--device-stack", stack]
    if loss_percent is not None:
        words += ["--loss", f"{loss_percent:g}%"]
    return (*words, "--recommend")


def keeps_dwell_time(rf_region: str | None, data_rate: int | None, fragment_bytes: int | None) -> bool:
    """Whether a session keeps to the dwell time a network of its region may set: then the next one has to, too."""
    facts = region(rf_region) if rf_region else None
    if facts is None or facts.dwell_time_ms is None or data_rate is None or fragment_bytes is None:
        return False
    rate = facts.data_rate(data_rate)
    return rate is not None and fragment_bytes <= rate.max_fragment_bytes_under_dwell
