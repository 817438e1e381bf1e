"""What devices make of the block they put together: the image itself, or what a patch makes of what they have."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from fuota_constructs.firmware.delta.apply_patch import PatchFormatError, apply_patch
from fuota_constructs.firmware.formats import read_image
from fuota_constructs.local.fleet import delta_trouble
from fuota_constructs.local.fleet.delta_tags import BASE_TAG, TARGET_TAG, is_delta
from fuota_constructs.local.fleet.firmware import Firmware

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fuota_constructs.local.fleet.device import Device
    from fuota_constructs.local.fleet.stack_trouble import StackTrouble


WRONG_BYTES: Final = "wrong bytes come of it, which only signature or digest show"


class _Made(NamedTuple):
    """What a base becomes, or why it does not."""

    firmware: Firmware | None
    trouble: StackTrouble | None = None


class Installation:
    """What comes of one block; devices with the same base come to the same.

    A patch is known by its structure. `tags` are those of the task, where `FirmwareImage.delta` says what base and
    target are; without them only a digest that the target itself carries (MCUboot, ESP) can tell that it is right.
    """

    def __init__(self, block: bytes, tags: Mapping[str, str]) -> None:
        """Look at the block."""
        self._block = block
        self.base_sha256, self.target_sha256 = tags.get(BASE_TAG), tags.get(TARGET_TAG)
        self.is_delta = is_delta(block, tags)
        self._made: dict[str | None, _Made] = {}

    def install(self, device: Device) -> StackTrouble | None:
        """Let a device that has the whole block make firmware of it; answers what is wrong with that."""
        if not self.is_delta:
            made = self._known(None, lambda: _Made(Firmware.of(self._block)))
        elif device.firmware is None:
            return delta_trouble.no_base_stated()
        else:
            base = device.firmware
            made = self._known(base.sha256, lambda: self._apply(base))
        if made.firmware is not None:
            device.firmware = made.firmware
        return made.trouble

    def _known(self, base: str | None, make: Any) -> _Made:
        if base not in self._made:
            self._made[base] = make()
        return self._made[base]

    def _apply(self, base: Firmware) -> _Made:
        try:
            result = apply_patch(base.content, self._block)
        except PatchFormatError as error:
            return _Made(None, self._wrong(base, f"the decoder fails, {error}"))
        digest = hashlib.sha256(result).hexdigest()
        if self.target_sha256 is None:
            return self._judged_by_itself(base, result)
        if digest != self.target_sha256:
            return _Made(None, self._wrong(base, WRONG_BYTES))
        return _Made(Firmware(digest, result))

    def _judged_by_itself(self, base: Firmware, result: bytes) -> _Made:
        facts = read_image(result)
        if facts.digest_valid:
            return _Made(Firmware.of(result))
        if facts.digest_valid is None:
            return _Made(None, delta_trouble.target_not_known())
        return _Made(None, self._wrong(base, WRONG_BYTES))

    def _wrong(self, base: Firmware, found: str) -> StackTrouble:
        if base.sha256 == self.base_sha256:
            return delta_trouble.broken_patch(found)
        return delta_trouble.wrong_base(base.sha256, self.base_sha256, found)
