"""Names of the radio as people type them, read in any case; refused with the spelling of the documents."""

from __future__ import annotations

import difflib
import re
from typing import Any

import click

from fuota_constructs.local.region_names import is_region
from fuota_constructs.lorawan.device_stack import DeviceStack
from fuota_constructs.lorawan.regions import FREQUENCIES_HZ, regions
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
        near = _regions_like(typed, known)
        remedy = f"did you mean {' or '.join(near)}? " if near else ""
        if is_region(typed):
            remedy = "it is the name of an AWS Region, and this is where the devices are; "
        return self.fail(f"{str(value)!r} is no RfRegion: {remedy}there are {', '.join(known.values())}", param, ctx)

    def get_missing_message(self, param: click.Parameter, ctx: click.Context | None) -> str | None:  # noqa: ARG002  # click's
        """Where the devices are is not to be guessed."""
        return f"Say where the devices are, as in {param.opts[0]} EU868; there are {', '.join(regions())}"


def _regions_like(typed: str, known: dict[str, str]) -> list[str]:
    """The regions that a name may mean: RP002 calls them EU863-870 and US902-928, and AWS knows four of its AS923.

    A wrong guess would be another frequency, so all that it may be are named. What has no band in it is a misspelling.
    """
    if name := re.match(r"([a-z]{2})[^0-9a-z]*([0-9])[0-9]{2}(?:[^0-9]+([0-9])(?![0-9]))?", typed):
        letters, band, part = name[1], name[2], name[3]
        of_band = [region for region in known if region[:3] == letters + band]
        of_part = [region for region in of_band if part and region.endswith(f"-{part}")]
        if found := of_part or of_band or [region for region in known if region[:2] == letters]:
            return [known[region] for region in found]
    if typed.isdigit() and (found := [region for region in known if typed in region]):
        return [known[region] for region in found]
    return [known[each] for each in difflib.get_close_matches(typed, known, n=1)]


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


class DataRateIndex(click.ParamType[int]):
    """The index of a data rate: 3, or as documents write it, DR3."""

    name = "dr"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Leave to the region which of them it has."""
        match = re.fullmatch(r"(?:dr)?([0-9]{1,2})", str(value).strip(), re.IGNORECASE)
        if match is None:
            return self.fail(f"{str(value)!r} is no data rate: give its index, such as 3 or DR3", param, ctx)
        return int(match[1])


class Hertz(click.ParamType[int]):
    """A radio frequency in whole hertz."""

    name = "hertz"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Refuse megahertz, which the service does not take either."""
        text = str(value).strip()
        lowest, highest = FREQUENCIES_HZ
        if not re.fullmatch(r"[0-9]{1,12}", text) or not lowest <= int(text) <= highest:
            wanted = f"give whole hertz from {lowest} to {highest}, such as 869525000 for 869.525 MHz"
            return self.fail(f"{str(value)!r} is no frequency: {wanted}", param, ctx)
        return int(text)


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
