"""How the service sees that a task sends a delta: by the structure of its image, or by the tags of the task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fuota_constructs.firmware.delta.apply_patch import is_patch

if TYPE_CHECKING:
    from collections.abc import Mapping

BASE_TAG: Final = "fuota-delta:base-sha256"
TARGET_TAG: Final = "fuota-delta:target-sha256"
"""What `FirmwareImage.delta` tags a task with."""


def is_delta(image: bytes, tags: Mapping[str, str]) -> bool:
    """Whether devices have to apply it to what they have: also where nobody said so."""
    return is_patch(image) or TARGET_TAG in tags


def delta_of(tags: Mapping[str, str]) -> dict[str, Any]:
    """What it makes of what; None where no tag says so."""
    return {"base_sha256": tags.get(BASE_TAG), "target_sha256": tags.get(TARGET_TAG)}
