"""Devices of one kind: how many, what they can hold, how well they hear, and what is wrong with them."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from fuota_constructs.local.fleet.firmware import FirmwareShare, shares_of
from fuota_constructs.local.fleet.loss import FleetError, Loss, loss_of, number
from fuota_constructs.lorawan.device_stack import LARGEST, DeviceStack
from fuota_constructs.lorawan.fragments import MAX_ENCODED_FRAGMENTS, MAX_FRAG_SIZE_FIELD
from fuota_constructs.lorawan.multicast.messages import MOST_GROUPS
from fuota_constructs.lorawan.regions import regions

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FAULTS", "MOST_DEVICES", "Cohort", "FleetError"]

MOST_DEVICES: Final = 100_000

BASE_DESCRIPTOR: Final = "base"
"""Accept only the descriptor that names the firmware of the device, as Descriptor.of_base makes it."""

FAULTS: Final = {
    "no-package": "the firmware has none of the packages FUOTA takes: PackageVersionReq stays unanswered on every port",
    "no-frag-algo": "the device does not know fragmentation algorithm 0",
    "corrupt-fragment": "one byte of one received data fragment turns over on its way into memory",
    "write-error": "writing one of the received fragments to memory fails",
}


@dataclass(frozen=True)
class Cohort:
    """Some devices that are alike.

    `memory_bytes` is the room for an image, padding included; `max_fragments` and `max_fragment_bytes` what the
    firmware was built for (LoRaMac-node: FRAG_MAX_NB, FRAG_MAX_SIZE); `max_lost_fragments` what its decoder has matrix
    memory for (FRAG_MAX_REDUNDANCY); None is no limit. `descriptor` (base64 of 4 bytes) is the only one accepted, None
    accepts any, and `base` is the begin of the SHA-256 of the firmware that the device has. `session_cnt` is the last
    SessionCnt the device accepted (TS004-2.0.0). `dl_class` None follows the multicast group. `firmware` is what they
    have in flash, which a delta is applied to: where nothing is said, nobody has the image that a delta leads to.
    `group` is the name or id of the only multicast group they are put into; None is all of the fleet's. `most_groups`
    is in how many groups a device can be at a time, the four of TS005 where nothing is said.

    `stack` is what runs on the devices: they then behave as it does, and the numbers above say how it is built where
    that is not as it comes. `status_as` is `spec` or `stack`: whether they answer how far they are as TS004 says, or as
    their stack does. `late` and `repeated` are the shares of the fragments heard that come late, or once more.
    `bricks` is the share of the devices that are never heard again once they have the image. `runs` is the version that
    they report before the update, None where they have not said; `reports` the one that they report when they have
    applied it, None for that of their rollout; `never_reboots` the share that has the image and goes on with the old
    firmware.
    """

    name: str
    count: int
    loss: Loss
    ts004: int = 1
    region: str | None = None
    dl_class: str | None = None
    memory_bytes: int | None = None
    max_fragments: int | None = None
    max_fragment_bytes: int | None = None
    max_lost_fragments: int | None = None
    frag_indexes: tuple[int, ...] = (0, 1, 2, 3)
    descriptor: str | None = None
    session_cnt: int | None = None
    faults: tuple[str, ...] = ()
    stack: DeviceStack | None = None
    status_as: str = "spec"
    late: float = 0.0
    repeated: float = 0.0
    bricks: float = 0.0
    runs: str | None = None
    reports: str | None = None
    never_reboots: float = 0.0
    firmware: tuple[FirmwareShare, ...] = ()
    group: str | None = None
    most_groups: int = MOST_GROUPS

    @classmethod
    def of(cls, document: dict[str, Any], where: str, folder: Path | None = None) -> Cohort:
        """Read a cohort; `where` names it in errors, `folder` is what paths are relative to.

        Raises FleetError naming field, value, range and remedy.
        """
        allowed = [field.name for field in fields(cls)]
        if unknown := sorted(document.keys() - set(allowed)):
            raise FleetError(f"{where} has unknown field {', '.join(unknown)}; allowed are {', '.join(allowed)}")
        name = document.get("name", "devices")
        if not isinstance(name, str) or not name:
            raise FleetError(f"{where}.name is {name!r}; give a text of 1 character or more")
        whole = _Whole(document, where)
        stack = _stack(document, where)
        count = whole("count", 1, MOST_DEVICES)
        if count is None:
            raise FleetError(f"{where}.count is missing; say how many devices, 1 to {MOST_DEVICES}")
        status_as = _one_of(document, where, "status_as", ("spec", "stack")) or "spec"
        if status_as == "stack" and stack is None:
            raise FleetError(
                f"{where}.status_as is 'stack' and no stack is given; name it, such as stack: loramac-node"
            )
        ts004 = whole("ts004", 1, 2) or (stack.ts004_versions[0] if stack else 1)
        if stack and ts004 not in stack.ts004_versions:
            known = " and ".join(str(version) for version in stack.ts004_versions)
            raise FleetError(f"{where}.ts004 is {ts004}; {stack} has {known} only, so leave it out")
        return cls(
            name=name,
            count=count,
            loss=loss_of(document.get("loss", 0), f"{where}.loss"),
            ts004=ts004,
            region=_one_of(document, where, "region", tuple(regions())),
            dl_class=_one_of(document, where, "dl_class", ("ClassB", "ClassC")),
            memory_bytes=whole("memory_bytes", 0, 2**31),
            max_fragments=whole("max_fragments", 1, MAX_ENCODED_FRAGMENTS),
            max_fragment_bytes=whole("max_fragment_bytes", 1, MAX_FRAG_SIZE_FIELD),
            max_lost_fragments=whole("max_lost_fragments", 0, MAX_ENCODED_FRAGMENTS),
            frag_indexes=_frag_indexes(
                document.get("frag_indexes", stack.frag_indexes if stack else (0, 1, 2, 3)), where
            ),
            descriptor=_descriptor(document, where),
            session_cnt=whole("session_cnt", 0, 2**16 - 1),
            faults=_faults(document.get("faults", []), where),
            stack=stack,
            status_as=status_as,
            late=number(document.get("late", 0), f"{where}.late", 0, 1),
            repeated=number(document.get("repeated", 0), f"{where}.repeated", 0, 1),
            bricks=number(document.get("bricks", 0), f"{where}.bricks", 0, 1),
            runs=_version(document, where, "runs"),
            reports=_version(document, where, "reports"),
            never_reboots=number(document.get("never_reboots", 0), f"{where}.never_reboots", 0, 1),
            group=_text(document.get("group"), f"{where}.group"),
            most_groups=whole("most_groups", 1, MOST_GROUPS) or MOST_GROUPS,
            firmware=shares_of(document.get("firmware"), f"{where}.firmware", folder),
        )

    @cached_property
    def build(self) -> DeviceStack | None:
        """The stack as these devices have it built."""
        if self.stack is None:
            return None
        own = {name: value for name in _BUILD if (value := getattr(self, name)) is not None}
        if "max_lost_fragments" in own:
            own["max_lost_percent"] = None
        least = self.stack.min_fragment_bytes
        if least and self.memory_bytes and not (self.stack.max_fragments or self.max_fragments):
            own["max_fragments"] = self.memory_bytes // least + 1  # Zephyr reckons so with its image partition
        return self.stack._replace(**own)

    def as_dict(self) -> dict[str, Any]:
        """The cohort as JSON has it; what is as by default is left out."""
        shown = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "loss"}
        defaults = {field.name: field.default for field in fields(self)}
        document = {name: value for name, value in shown.items() if value != defaults[name]}
        for name in ("frag_indexes", "faults"):
            if name in document:
                document[name] = list(document[name])
        if self.stack is not None:
            document["stack"] = self.stack.text
        if self.firmware:
            document["firmware"] = [each.as_dict() for each in self.firmware]
        return {**document, "loss": self.loss.as_document()}


_BUILD: Final = ("max_fragments", "max_fragment_bytes", "max_lost_fragments")


def _stack(document: dict[str, Any], where: str) -> DeviceStack | None:
    """A stack by its text, or as an object with its name and the numbers of a build."""
    given = document.get("stack")
    if given is None:
        return None
    try:
        if isinstance(given, str):
            return DeviceStack.parse(given)
        if isinstance(given, dict) and isinstance(given.get("name"), str) and given.keys() <= {"name", *LARGEST}:
            return DeviceStack.of(**given)
    except ValueError as error:
        raise FleetError(f"{where}.stack: {error}") from None
    raise FleetError(
        f"{where}.stack is {given!r}; give a name such as 'loramac-node', or {{'name': 'loramac-node',"
        f" 'max_fragments': 1000}} with any of {', '.join(LARGEST)}"
    )


class _Whole:
    """Reads whole numbers of a document."""

    def __init__(self, document: dict[str, Any], where: str) -> None:
        self._document = document
        self._where = where

    def __call__(self, field: str, least: int, most: int) -> int | None:
        value = self._document.get(field)
        if value is None:
            return None
        return int(number(value, f"{self._where}.{field}", least, most, whole=True))


def _one_of(document: dict[str, Any], where: str, field: str, allowed: tuple[str, ...]) -> str | None:
    value = document.get(field)
    if value is not None and value not in allowed:
        raise FleetError(f"{where}.{field} is {value!r}; it must be one of {', '.join(allowed)}")
    return value


def _text(value: Any, where: str) -> str | None:
    if value is not None and (not isinstance(value, str) or not value):
        raise FleetError(f"{where} is {value!r}; give the name or id of a multicast group")
    return value


def _version(document: dict[str, Any], where: str, field: str) -> str | None:
    value = document.get(field)
    if value is not None and (not isinstance(value, str) or not value.strip()):
        raise FleetError(f"{where}.{field} is {value!r}; give a version as a text, such as '2.3.9'")
    return value


def _frag_indexes(value: Any, where: str) -> tuple[int, ...]:
    if not isinstance(value, (list, tuple)) or any(type(index) is not int or not 0 <= index <= 3 for index in value):  # noqa: PLR2004  # two bits
        raise FleetError(f"{where}.frag_indexes is {value!r}; give a list of FragIndex values from 0 to 3")
    return tuple(value)


def _descriptor(document: dict[str, Any], where: str) -> str | None:
    value = document.get("descriptor")
    if value is None:
        return None
    if value == BASE_DESCRIPTOR:
        if not document.get("firmware"):
            raise FleetError(f"{where}.descriptor is 'base' and there is no firmware; say which they have")
        return BASE_DESCRIPTOR
    try:
        fits = len(base64.b64decode(value, validate=True)) == 4  # noqa: PLR2004  # TS004: Descriptor has 4 bytes
    except (binascii.Error, TypeError, ValueError):
        fits = False
    if not fits:
        raise FleetError(f"{where}.descriptor is {value!r}; give the base64 of 4 bytes, such as 'AQIDBA==', or 'base'")
    return str(value)


def _faults(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or any(fault not in FAULTS for fault in value):
        raise FleetError(f"{where}.faults is {value!r}; give a list of {', '.join(FAULTS)}")
    return tuple(value)
