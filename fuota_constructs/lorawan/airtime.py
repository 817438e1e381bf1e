"""Time on air of LoRa and FSK frames, exact to the microsecond.

Source: Semtech AN1200.13 (LoRa Modem Designer's Guide) and the SX127x datasheet for the symbol counts; LoRaWAN
RP002-1.0.1 table 95 for what a downlink uses: explicit header, 8 preamble symbols, coding rate 4/5, no payload CRC.
"""

from __future__ import annotations

from typing import Final

CODING_RATES: Final = {"4/5": 1, "4/6": 2, "4/7": 3, "4/8": 4}
"""Redundant bits per four data bits, by coding rate."""

MIN_SPREADING_FACTOR: Final = 5
MAX_SPREADING_FACTOR: Final = 12
HEADER_SPREADING_FACTOR: Final = 7
"""Below SF7 (SX126x) the preamble and the header are counted otherwise."""

MAX_PHY_PAYLOAD_BYTES: Final = 255
"""The length field of a frame is one byte."""

MAC_OVERHEAD_BYTES: Final = 13
"""MHDR 1, FHDR 7 with empty FOpts, FPort 1, MIC 4."""


def lora_time_on_air(
    phy_payload_bytes: int,
    *,
    spreading_factor: int,
    bandwidth_hz: int,
    coding_rate: str = "4/5",
    preamble_symbols: int = 8,
    explicit_header: bool = True,
    crc: bool = False,
    low_data_rate_optimize: bool | None = None,
) -> int:
    """Microseconds that one LoRa frame occupies the channel, rounded to the nearest microsecond.

    ``phy_payload_bytes`` is the whole PHYPayload, 0..255 bytes; ``spreading_factor`` 5..12; ``bandwidth_hz`` in hertz.
    ``crc`` is off by default, as in every LoRaWAN downlink (uplinks carry one). ``low_data_rate_optimize`` is by
    default what the rule says: on where a symbol lasts 16 ms or longer.

    Raises ValueError where a parameter is out of range.
    """
    if not 0 <= phy_payload_bytes <= MAX_PHY_PAYLOAD_BYTES:
        raise ValueError(f"phy_payload_bytes is {phy_payload_bytes}: a LoRa frame carries 0 to 255 bytes")
    if not MIN_SPREADING_FACTOR <= spreading_factor <= MAX_SPREADING_FACTOR:
        raise ValueError(f"spreading_factor is {spreading_factor}: LoRa has 5 to 12")
    if bandwidth_hz <= 0:
        raise ValueError(f"bandwidth_hz is {bandwidth_hz}: give hertz above 0, such as 125000")
    if coding_rate not in CODING_RATES:
        raise ValueError(f"coding_rate is {coding_rate!r}: choose one of {', '.join(CODING_RATES)}")
    if preamble_symbols < 0:
        raise ValueError(f"preamble_symbols is {preamble_symbols}: give 0 or more")
    chips = 1 << spreading_factor
    if low_data_rate_optimize is None:
        low_data_rate_optimize = 1000 * chips >= 16 * bandwidth_hz
    bits_per_symbol = spreading_factor - 2 * low_data_rate_optimize
    # SF5 and SF6 (SX126x): two more preamble symbols of sync, and a header that takes 8 bits less.
    short = spreading_factor < HEADER_SPREADING_FACTOR
    payload_bits = 8 * phy_payload_bytes + 16 * crc - 4 * spreading_factor + (0 if short else 8) + 20 * explicit_header
    blocks = max(0, -(-payload_bits // (4 * bits_per_symbol)))
    payload_symbols = 8 + blocks * (4 + CODING_RATES[coding_rate])
    quarter_symbols = 4 * (preamble_symbols + payload_symbols) + (25 if short else 17)
    numerator = quarter_symbols * chips * 1_000_000
    denominator = 4 * bandwidth_hz
    return (2 * numerator + denominator) // (2 * denominator)


FSK_FRAME_BYTES: Final = 11
"""Around an FSK payload: preamble 5, sync word 3, length 1, CRC 2 (RP002)."""


def fsk_time_on_air(phy_payload_bytes: int, *, bitrate: int = 50_000) -> int:
    """Microseconds that one FSK frame occupies the channel, rounded to the nearest microsecond.

    ``phy_payload_bytes`` is the whole PHYPayload, 0..255 bytes; ``bitrate`` in bit/s.

    Raises ValueError where a parameter is out of range.
    """
    if not 0 <= phy_payload_bytes <= MAX_PHY_PAYLOAD_BYTES:
        raise ValueError(f"phy_payload_bytes is {phy_payload_bytes}: an FSK frame carries 0 to 255 bytes")
    if bitrate <= 0:
        raise ValueError(f"bitrate is {bitrate}: give bit/s above 0, such as 50000")
    bits = 8 * (FSK_FRAME_BYTES + phy_payload_bytes)
    return (2 * bits * 1_000_000 + bitrate) // (2 * bitrate)
