"""What devices have in flash: the base of a delta, or what an earlier session left there."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from fuota_constructs.firmware.delta.delta_image import device_base
from fuota_constructs.firmware.formats import read_image
from fuota_constructs.local.fleet.loss import FleetError, number

MOST_BYTES: Final = 16 * 1024 * 1024
_ROUNDING: Final = 1e-6


@dataclass(frozen=True)
class Firmware:
    """An image in the flash of a device.

    Of a file whose format declares its end, such as MCUboot, it is what is before that end.
    """

    sha256: str
    content: bytes = field(repr=False, compare=False)

    @classmethod
    def of(cls, content: bytes) -> Firmware:
        """What a device has of a file."""
        held = device_base(content, read_image(content))
        return cls(hashlib.sha256(held).hexdigest(), held)


@dataclass(frozen=True)
class FirmwareShare:
    """A share of the devices of a cohort, and the file they run. `sha256` is that of the file."""

    file: str
    share: float
    sha256: str
    firmware: Firmware

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {"file": self.file, "share": self.share, "sha256": self.sha256}


def shares_of(value: Any, where: str, folder: Path | None) -> tuple[FirmwareShare, ...]:
    """Read a file, `{file: share, ...}`, or a list of `{file, share, sha256}`; paths are relative to `folder`.

    Raises FleetError for what is none of them, a file that cannot be read or is not the one with that digest, and for
    shares that do not make up the whole.
    """
    if value is None:
        return ()
    shares = tuple(_share(entry, where, folder) for entry in _entries(value, where))
    whole = sum(each.share for each in shares)
    if abs(whole - 1) > _ROUNDING:
        raise FleetError(f"{where} has shares of {100 * whole:g} % together; say what the others run: 100 % in all")
    return shares


def _entries(value: Any, where: str) -> list[dict[str, Any]]:
    if isinstance(value, str) and value:
        return [{"file": value, "share": 1}]
    if isinstance(value, dict) and value and all(isinstance(file, str) and file for file in value):
        return [{"file": file, "share": share} for file, share in value.items()]
    if isinstance(value, list | tuple) and value and all(_is_entry(entry) for entry in value):
        return list(value)
    raise FleetError(f"{where} is {value!r}; give a file, or files with shares, such as {{base.bin: 95%, old.bin: 5%}}")


def _is_entry(entry: Any) -> bool:
    if not isinstance(entry, dict) or not {"file", "share"} <= entry.keys() <= {"file", "share", "sha256"}:
        return False
    return all(isinstance(entry[name], str) and entry[name] for name in entry.keys() & {"file", "sha256"})


def _share(entry: dict[str, Any], where: str, folder: Path | None) -> FirmwareShare:
    path = (folder or Path.cwd()) / Path(entry["file"]).expanduser()
    try:
        if path.exists() and not path.is_file():  # a device or a pipe may never end
            raise FleetError(f"{where} has {entry['file']!r}, which cannot be read (it is no file): looked for {path}")
        if path.stat().st_size > MOST_BYTES:
            raise FleetError(f"{where} has {entry['file']!r} of over {MOST_BYTES} bytes; give a firmware image")
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        if isinstance(error, FleetError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise FleetError(f"{where} has {entry['file']!r}, which cannot be read ({reason}): looked for {path}") from None
    digest = hashlib.sha256(content).hexdigest()
    if entry.get("sha256", digest) != digest:
        raise FleetError(f"{where} has {entry['file']!r}, which is another file by now: give the fleet again")
    if not content:
        raise FleetError(f"{where} has {entry['file']!r}, which is empty; give a firmware image")
    return FirmwareShare(
        str(path.absolute()), number(entry["share"], f"{where}.{entry['file']}", 0, 1), digest, Firmware.of(content)
    )


def firmware_at(shares: tuple[FirmwareShare, ...], place: int, count: int) -> Firmware | None:
    """What the device at a place, from 0, of `count` has: the first ones what is named first. None where not stated."""
    reached = 0.0
    for each in shares:
        reached += each.share
        if place < round(reached * count):
            return each.firmware
    return shares[-1].firmware if shares else None
