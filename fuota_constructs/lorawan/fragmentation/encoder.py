"""Cutting an image into data fragments and making the coded ones."""

from __future__ import annotations

from fuota_constructs.lorawan.fragmentation.engine import coded_fragments
from fuota_constructs.lorawan.fragmentation.parity import check_row
from fuota_constructs.lorawan.fragments import MAX_ENCODED_FRAGMENTS, MAX_FRAG_SIZE_FIELD, data_fragments


def encode(image: bytes, fragment_size: int, coded: int, *, version: int = 1) -> list[bytes]:
    """All fragments of an image in the order they are sent: the data fragments, then ``coded`` coded ones.

    ``fragment_size`` is 1 to 255 bytes; the last data fragment is padded with zero bytes. Fragment number N of the air
    is element N - 1. ``version`` is 1 (TS004-1.0.0) or 2 (TS004-2.0.0).

    Raises ValueError for an empty image and where more than 16383 fragments (14-bit index) or another limit is passed.
    """
    if not image:
        raise ValueError("the image is empty: there is nothing to fragment")
    if not 1 <= fragment_size <= MAX_FRAG_SIZE_FIELD:
        raise ValueError(f"fragment_size is {fragment_size}: FragSize is 1 to {MAX_FRAG_SIZE_FIELD} bytes")
    m = data_fragments(len(image), fragment_size)
    check_row(m, 1, version)
    if not 0 <= coded <= MAX_ENCODED_FRAGMENTS - m:
        raise ValueError(
            f"coded is {coded}: after {m} data fragments there can be 0 to {MAX_ENCODED_FRAGMENTS - m} (14-bit index)"
        )
    block = image.ljust(m * fragment_size, b"\0")
    data = [block[start : start + fragment_size] for start in range(0, len(block), fragment_size)]
    return data + coded_fragments(data, range(1, coded + 1), fragment_size, version)


def padding(image_bytes: int, fragment_size: int) -> int:
    """Bytes that fill the last data fragment up."""
    return -image_bytes % fragment_size
