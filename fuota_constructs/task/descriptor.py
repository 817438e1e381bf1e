"""The four bytes that devices get with the setup of a session, made of what they are to say."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.firmware.firmware_image import AssetImage, FirmwareImage
from fuota_constructs.template.tokens import is_stand_in, shown

if TYPE_CHECKING:
    from typing import Self

BYTES = 4
_VERSION = re.compile(r"\d{1,3}(\.\d{1,3}){0,3}", re.ASCII)
_MOST = 255


class Descriptor(bytes):
    """A descriptor for `FuotaTask(descriptor=...)`: 4 bytes whose meaning the application on the device decides.

    TS004 gives them no meaning, and most stacks none either. LoRaMac-node, SWL2001 and the stacks of ST read them and
    let every session pass; Zephyr calls the application (`lorawan_frag_transport_register_descriptor_callback`), and a
    negative answer refuses the session with Wrong_descriptor, before a fragment is sent and before the slot is erased.
    With TS004-2.0.0 they are part of the MIC of the image. Sources: TS004-1.0.0, FragSessionSetupReq; the sources of
    these stacks.
    """

    @classmethod
    def of_base(cls, image: FirmwareImage | str | os.PathLike[str]) -> Self:
        """The base that a delta asks for: the first 4 bytes of its SHA-256, in that order.

        `image`: a delta, whose base it is, or the base itself, `from_asset` or as its path. Of a file whose format
        declares its end, such as MCUboot, the digest is that of header to last TLV, which a device can compute of its
        slot. A device has to compare it with its own and refuse the session; none does so by itself. Raises
        `FuotaValidationError` for an image in a bucket, which nobody has read.
        """
        given = FirmwareImage.from_asset(image) if isinstance(image, str | os.PathLike) else image
        if not isinstance(given, AssetImage):
            raise FuotaValidationError(
                "descriptor-format",
                f"the base is {shown(given)}; give a delta, or the base as FirmwareImage.from_asset or its path",
            )
        return cls(bytes.fromhex(_base_digest(given))[:BYTES])

    @classmethod
    def of_version(cls, version: str) -> Self:
        """A version as LoRaMac-node writes it: `"1.3"` is 0x01030000, little endian on the air (00 00 03 01).

        `version`: 1 to 4 numbers of 0 to 255 with dots between them; missing ones are 0. The device decides what it
        does with it. Raises `FuotaValidationError` for anything else.
        """
        if isinstance(version, str) and is_stand_in(version):
            version = "0"  # of a run that only asks for what it was looked up for
        numbers = [int(part) for part in version.split(".")] if _is_version(version) else []
        if not numbers or max(numbers) > _MOST:
            raise FuotaValidationError(
                "descriptor-format",
                f"version is {shown(version)}; give 1 to {BYTES} numbers of 0 to {_MOST} with dots, such as '2.4.0':"
                f" more does not fit into {BYTES} bytes",
            )
        return cls(bytes([*numbers, *[0] * (BYTES - len(numbers))])[::-1])


def _is_version(value: object) -> bool:
    return isinstance(value, str) and _VERSION.fullmatch(value) is not None


def _base_digest(image: AssetImage) -> str:
    if image.delta_facts is not None:
        return image.delta_facts.base_sha256
    from fuota_constructs.firmware.delta.delta_image import base_digest

    return base_digest(image.path.read_bytes())
