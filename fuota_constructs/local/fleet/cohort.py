"""Devices of one kind: how many, what they can hold, how well they hear, and what is wrong with them."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, fields
from typing import Any, Final

from fuota_constructs.local.fleet.loss import FleetError, Loss, loss_of, number
from fuota_constructs.lorawan.fragments import MAX_ENCODED_FRAGMENTS, MAX_FRAG_SIZE_FIELD
from fuota_constructs.lorawan.regions import regions

__all__ = ["FAULTS", "MOST_DEVICES", "Cohort", "FleetError"]

MOST_DEVICES: Final = 100_000

FAULTS: Final = {
    "no-package": "the firmware has no fragmentation package: PackageVersionReq stays unanswered",
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
    accepts any. `session_cnt` is the last SessionCnt the device accepted (TS004-2.0.0). `dl_class` None follows the
    multicast group.
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

    @classmethod
    def of(cls, document: dict[str, Any], where: str) -> Cohort:
        """Read a cohort; `where` names it in errors. Raises FleetError naming field, value, range and remedy."""
        allowed = [field.name for field in fields(cls)]
        if unknown := sorted(document.keys() - set(allowed)):
            raise FleetError(f"{where} has unknown field {', '.join(unknown)}; allowed are {', '.join(allowed)}")
        name = document.get("name", "devices")
        if not isinstance(name, str) or not name:
            raise FleetError(f"{where}.name is {name!r}; give a text of 1 character or more")
        whole = _Whole(document, where)
        count = whole("count", 1, MOST_DEVICES)
        if count is None:
            raise FleetError(f"{where}.count is missing; say how many devices, 1 to {MOST_DEVICES}")
        return cls(
            name=name,
            count=count,
            loss=loss_of(document.get("loss", 0), f"{where}.loss"),
            ts004=whole("ts004", 1, 2) or 1,
            region=_one_of(document, where, "region", tuple(regions())),
            dl_class=_one_of(document, where, "dl_class", ("ClassB", "ClassC")),
            memory_bytes=whole("memory_bytes", 0, 2**31),
            max_fragments=whole("max_fragments", 1, MAX_ENCODED_FRAGMENTS),
            max_fragment_bytes=whole("max_fragment_bytes", 1, MAX_FRAG_SIZE_FIELD),
            max_lost_fragments=whole("max_lost_fragments", 0, MAX_ENCODED_FRAGMENTS),
            frag_indexes=_frag_indexes(document.get("frag_indexes", [0, 1, 2, 3]), where),
            descriptor=_descriptor(document.get("descriptor"), where),
            session_cnt=whole("session_cnt", 0, 2**16 - 1),
            faults=_faults(document.get("faults", []), where),
        )

    def as_dict(self) -> dict[str, Any]:
        """The cohort as JSON has it; what is as by default is left out."""
        shown = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "loss"}
        defaults = {field.name: field.default for field in fields(self)}
        document = {name: value for name, value in shown.items() if value != defaults[name]}
        for name in ("frag_indexes", "faults"):
            if name in document:
                document[name] = list(document[name])
        return {**document, "loss": self.loss.as_document()}


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


def _frag_indexes(value: Any, where: str) -> tuple[int, ...]:
    if not isinstance(value, (list, tuple)) or any(type(index) is not int or not 0 <= index <= 3 for index in value):  # noqa: PLR2004
        raise FleetError(f"{where}.frag_indexes is {value!r}; give a list of FragIndex values from 0 to 3")
    return tuple(value)


def _descriptor(value: Any, where: str) -> str | None:
    if value is None:
        return None
    try:
        fits = len(base64.b64decode(value, validate=True)) == 4  # noqa: PLR2004  # TS004: Descriptor has 4 bytes
    except (binascii.Error, TypeError, ValueError):
        fits = False
    if not fits:
        raise FleetError(f"{where}.descriptor is {value!r}; give the base64 of 4 bytes, such as 'AQIDBA=='")
    return str(value)


def _faults(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or any(fault not in FAULTS for fault in value):
        raise FleetError(f"{where}.faults is {value!r}; give a list of {', '.join(FAULTS)}")
    return tuple(value)
