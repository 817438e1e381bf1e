"""What the file of an image says of itself, as properties of the custom resources: the provider compares them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from fuota_constructs.firmware.firmware_image import AssetImage, BucketImage, FirmwareImage

_SAFE_VERSION: Final = re.compile(r"[A-Za-z0-9._+-]{1,40}")
"""The version is text out of a file, and goes into a template, a tag and a header."""


def properties_of_object(image: AssetImage) -> dict[str, str]:
    """Format, version and digest of the content, for the metadata of the object; of a delta, those of its target."""
    delta = image.delta_facts
    ends = {"DeltaBaseSha256": delta.base_sha256, "DeltaTargetSha256": delta.target.sha256} if delta else {}
    return {**_firmware(image), **ends}


def properties_of_task(image: AssetImage | BucketImage, *, per_image: bool) -> dict[str, object]:
    """The same and the key, for a task; nothing for an image in a bucket, which is not read.

    The digest is that of the content: signing the same content again changes the file and not that. Of a delta it is
    that of the patch: another base or decoder takes another patch to the same target.
    """
    firmware, facts = _firmware(image), image.facts
    if not firmware or facts is None:
        return {}
    if image.delta_facts is not None:
        firmware["FirmwareDigest"] = getattr(image, "sha256", "")
    elif facts.key_hash:
        firmware["FirmwareKeyHash"] = facts.key_hash
    return {**firmware, **({"AccessPerImage": True} if per_image else {})}


def _firmware(image: FirmwareImage) -> dict[str, str]:
    facts = image.facts
    if facts is None:
        return {}
    version = facts.version if _SAFE_VERSION.fullmatch(facts.version or "") else None
    return {
        **({"FirmwareVersion": version} if version else {}),
        "FirmwareFormat": facts.format,
        "FirmwareDigest": facts.content_id,
    }
