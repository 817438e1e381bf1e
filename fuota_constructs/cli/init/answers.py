"""What a new project is asked for: from options, from a terminal, or as by default."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from fuota_constructs.cli.quantities import Percentage, size_bytes
from fuota_constructs.cli.radio_names import DeviceClass, DeviceStackName, RfRegionName
from fuota_constructs.lorawan.device_stack import DeviceStack
from fuota_constructs.lorawan.session_plan import CLASS_C
from fuota_constructs.operations.visible_text import visible
from fuota_constructs.rules.image_rules import MEBIBYTE

MOST_DEVICES: Final = 100_000
MOST_NAME_CHARACTERS: Final = 128
"""CloudFormation's limit for the name of a stack."""

DEFAULT_REGION: Final = "EU868"
DEFAULT_SIZE: Final = "30kB"
DEFAULT_DEVICES: Final = 200
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")


@dataclass(frozen=True, slots=True)
class GivenFirmware:
    """The image to send: a file, or the size of a stand-in (then the path is None)."""

    path: Path | None
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Answers:
    """Everything a project is made of."""

    folder: Path
    name: str
    region_name: str
    dl_class: str
    firmware: GivenFirmware
    loss: float
    stacks: tuple[DeviceStack, ...]
    devices: int


def _within_limits(size: int, what: str) -> str | None:
    """What is wrong with the size of an image; None where nothing is."""
    if size < 1:
        return f"{what} has no bytes, so there is nothing to send: give an image of 1 to {MEBIBYTE:,} bytes"
    if size > MEBIBYTE:
        return (
            f"{what} has {size:,} bytes; the service takes at most {MEBIBYTE:,}:"
            " give a delta image instead of the whole firmware"
        )
    return None


class Firmware(click.ParamType[GivenFirmware]):
    """The file of an image; a size where `or_size` is set."""

    name = "file"

    def __init__(self, *, or_size: bool = False) -> None:
        self.or_size = or_size

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> GivenFirmware:
        """Look for a file first, and whether it can be read."""
        if isinstance(value, GivenFirmware):
            return value
        path, shown = Path(value), visible(repr(str(value)))
        instead = "a size like 100kB" if self.or_size else "--size 100kB for a stand-in"
        try:
            if path.is_file():
                with path.open("rb") as image:
                    size = image.seek(0, os.SEEK_END)
                if wrong := _within_limits(size, shown):
                    self.fail(wrong, param, ctx)
                return GivenFirmware(path, size)
            if path.exists():
                self.fail(f"{shown} is no file: give the image file, or {instead}", param, ctx)
        except (OSError, ValueError) as error:
            self.fail(f"{shown} cannot be read: {getattr(error, 'strerror', None) or error}", param, ctx)
        if self.or_size and str(value)[:1].isdigit():
            return GivenFirmware(None, FirmwareSize().convert(value, param, ctx))
        return self.fail(f"there is no file {shown}: give the image file, or {instead}", param, ctx)


class FirmwareSize(click.ParamType[int]):
    """The size of an image."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Refuse what the service would."""
        if isinstance(value, int):
            return value
        try:
            size = size_bytes(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if wrong := _within_limits(size, f"an image of {value}"):
            self.fail(wrong, param, ctx)
        return size


class KnownStack(click.ParamType[tuple[DeviceStack, ...]]):
    """The stack of the devices, or none where nobody knows it."""

    name = "stack"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[DeviceStack, ...]:
        """Take none, and what `DeviceStackName` takes."""
        if isinstance(value, tuple):
            return value
        if str(value).strip().lower() in {"none", ""}:
            return ()
        return (DeviceStackName().convert(value, param, ctx),)


class ProjectFolder(click.Path):
    """Where a project is made."""

    def __init__(self) -> None:
        super().__init__(file_okay=False, path_type=Path)

    def convert(self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Refuse an empty word, mostly a variable that is not set, which would be this folder."""
        if value == "":
            self.fail("it is empty: give a folder, or leave --folder out for this one", param, ctx)
        return super().convert(value, param, ctx)


class ProjectName(click.ParamType[str]):
    """A name that a stack, a multicast group and a FUOTA task can have."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Take what CloudFormation does."""
        typed = str(value)
        if not _NAME.fullmatch(typed) or len(typed) > MOST_NAME_CHARACTERS:
            self.fail(
                f"{visible(repr(typed))} is no name for a stack: give a letter, then letters, digits and hyphens,"
                f" at most {MOST_NAME_CHARACTERS} characters, such as {_name_of(typed)}",
                param,
                ctx,
            )
        return typed


def given_firmware(image: GivenFirmware | None, size: int | None) -> GivenFirmware | None:
    """The image of the options; None where neither is given."""
    if image is not None and size is not None:
        raise click.UsageError("--size makes a stand-in for want of an image: leave it or --image out")
    return image if size is None else GivenFirmware(None, size)


def asked(given: dict[str, Any], folder: Path, *, ask: bool) -> Answers:
    """The answers: those given, then those of the terminal, or the defaults where nobody is to be asked.

    Raises click.Abort where somebody interrupts, or nothing is left to read.
    """
    questions: tuple[tuple[str, str, Any, click.ParamType[Any]], ...] = (
        ("region_name", "LoRaWAN region, such as EU868, US915, AS923-1", DEFAULT_REGION, RfRegionName()),
        ("dl_class", "Class of the devices, B or C", CLASS_C[-1], DeviceClass()),
        ("firmware", "Firmware image: a file, or a size for a stand-in", _firmware_in(folder), Firmware(or_size=True)),
        ("loss", "Share of fragments a device loses", "10%", Percentage(zero=True)),
        ("stacks", "Stack of the devices, such as stm32cubewl, or none", "none", KnownStack()),
        ("devices", "Devices in a rehearsal", DEFAULT_DEVICES, click.IntRange(1, MOST_DEVICES)),
        ("name", "Name of stack, group and task", _name_of(folder.absolute().name), ProjectName()),
    )
    answers = dict(given)
    for field, question, default, kind in questions:
        if answers[field] is None:
            if ask:
                answers[field] = click.prompt(question, default=default, type=kind)
            else:
                answers[field] = kind.convert(default, None, None)
    return Answers(folder=folder, **answers)


def _firmware_in(folder: Path) -> str:
    """The only image there is, else the size of a stand-in."""
    found = [image for place in (folder, folder / "firmware") for image in place.glob("*.bin") if image.is_file()]
    return str(found[0]) if len(found) == 1 and 0 < found[0].stat().st_size <= MEBIBYTE else DEFAULT_SIZE


def _name_of(text: str) -> str:
    """The nearest name to a text."""
    words = re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")[: MOST_NAME_CHARACTERS - len("fuota-")].rstrip("-")
    return words if words[:1].isalpha() else f"fuota-{words}" if words else "firmware-update"
