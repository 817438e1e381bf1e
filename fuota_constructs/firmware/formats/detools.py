"""Sequential patches of detools: no magic, but each part has to lead to the next, to the end of the target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fuota_constructs.firmware.formats.image_facts import facts_of

if TYPE_CHECKING:
    from fuota_constructs.firmware.formats.image_facts import ImageFacts

_FIRST_BYTES: Final = (2, 4)
"""crle and heatshrink. One without compression (0) is as large as its target, and many programs begin with a 0."""


def read(data: bytes) -> ImageFacts | None:
    """The facts of a patch, None where it is none."""
    if not data or data[0] not in _FIRST_BYTES:
        return None
    from fuota_constructs.firmware.delta.apply_patch import PatchFormatError, read_patch

    try:
        patch = read_patch(data)
    except PatchFormatError:
        return None
    if not patch.target_bytes:
        return None
    return facts_of(
        data, format="detools", title=f"detools patch ({patch.compression})", unpacked_bytes=patch.target_bytes
    )
