"""Names of the radio as people type them, read in any case; refused with the spelling of the documents."""

from __future__ import annotations

import difflib
from typing import Any

import click

from fuota_constructs.lorawan.device_stack import DeviceStack
from fuota_constructs.lorawan.regions import regions
from fuota_constructs.lorawan.session_plan import CLASS_B, CLASS_C


class RfRegionName(click.ParamType[str]):
    """A LoRaWAN region under the name AWS gives it."""

    name = "rfregion"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Take AS923_1 and as923-1 for AS923-1."""
        known = {region.lower(): region for region in regions()}
        typed = str(value).strip().lower().replace("_", "-")
        if typed in known:
            return known[typed]
        near = [known[each] for each in difflib.get_close_matches(typed, known, n=1)]
        remedy = f"did you mean {near[0]}? " if near else ""
        return self.fail(f"{str(value)!r} is no RfRegion: {remedy}there are {', '.join(known.values())}", param, ctx)


class DeviceClass(click.ParamType[str]):
    """The class of a multicast group."""

    name = "class"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Take b, B, ClassB, class-b and "class B" for ClassB."""
        typed = str(value).strip().lower().removeprefix("class").strip(" -_")
        known = {"b": CLASS_B, "c": CLASS_C}
        if typed in known:
            return known[typed]
        return self.fail(f"{str(value)!r} is no class of multicast groups: give B or C (ClassB, ClassC)", param, ctx)


class DeviceStackName(click.ParamType[DeviceStack]):
    """The LoRaWAN stack of devices, `name[@release][,setting=number]`."""

    name = "stack"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> DeviceStack:
        """Take loramac-node, loramac-node@4.5.1 and loramac-node,max_fragments=1000."""
        if isinstance(value, DeviceStack):
            return value
        try:
            return DeviceStack.parse(str(value).strip())
        except ValueError as error:
            return self.fail(str(error), param, ctx)
