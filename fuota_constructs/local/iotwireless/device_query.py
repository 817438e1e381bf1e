"""The QueryString of bulk operations: which wireless devices it means.

Documented by example only: `DeviceProfileName: MyWirelessDevice AND DeviceProfileId: d6d8ef8e-...`. Understood here:
terms `Field: value` joined by AND and OR (AND binds stronger, no parentheses), a value may be in double quotes and may
have the wildcards * and ?. Anything else is a ValidationException. The set of fields is assumed.
"""

from __future__ import annotations

import fnmatch
import re
from functools import partial
from typing import TYPE_CHECKING, Any

from fuota_constructs.local.iotwireless.errors import invalid
from fuota_constructs.local.iotwireless.store import DeviceProfile, RegionalState, WirelessDevice

if TYPE_CHECKING:
    from collections.abc import Callable

_JOINED = re.compile(r'"[^"]*"|(?<=\s)(AND|OR)(?=\s)')  # AND and OR in quotes belong to the value
_TERM = re.compile(r'(?P<field>\w+)\s*:\s*(?:"(?P<quoted>[^"]*)"|(?P<plain>[^\s"():]+))')


def _profile_name(state: RegionalState, device: WirelessDevice) -> Any:
    profile = state.all(DeviceProfile).get(_lorawan("DeviceProfileId", state, device) or "")
    return profile.details.get("Name") if profile else None


def _lorawan(member: str, _: RegionalState, device: WirelessDevice) -> Any:
    return device.details.get("LoRaWAN", {}).get(member)


def _detail(member: str, _: RegionalState, device: WirelessDevice) -> Any:
    return device.details.get(member)


_FIELDS: dict[str, Callable[[RegionalState, WirelessDevice], Any]] = {
    "DestinationName": partial(_detail, "DestinationName"),
    "DevEui": partial(_lorawan, "DevEui"),
    "DeviceProfileId": partial(_lorawan, "DeviceProfileId"),
    "DeviceProfileName": _profile_name,
    "Id": lambda _, device: device.id,
    "Name": partial(_detail, "Name"),
    "ServiceProfileId": partial(_lorawan, "ServiceProfileId"),
}


def devices_matching(state: RegionalState, query: str) -> list[WirelessDevice]:
    """List the devices a query means, or refuse a query that is not understood."""
    alternatives = _alternatives(query)
    return [
        device
        for device in state.all(WirelessDevice).values()
        if any(all(_matches(state, device, *term) for term in terms) for terms in alternatives)
    ]


def _alternatives(query: str) -> list[list[tuple[str, re.Pattern[str]]]]:
    found: list[list[tuple[str, re.Pattern[str]]]] = [[]]
    begun = 0
    for match in _JOINED.finditer(query):
        if word := match[1]:
            found[-1].append(_term(query[begun : match.start()].strip()))
            begun = match.end()
            if word == "OR":
                found.append([])
    found[-1].append(_term(query[begun:].strip()))
    return found


def _term(text: str) -> tuple[str, re.Pattern[str]]:
    match = _TERM.fullmatch(text)
    if match is None:
        raise invalid(
            f"QueryString has {text!r} where the local cloud expects a term 'Field: value'; terms are joined by AND "
            "or OR, values with spaces go in double quotes, parentheses and NOT are not supported"
        )
    field = match["field"]
    if field not in _FIELDS:
        raise invalid(f"QueryString names the field {field!r}; the local cloud knows {', '.join(_FIELDS)}")
    value = match["quoted"] if match["plain"] is None else match["plain"]
    # fnmatch never goes back over what a * took: many of them would take years otherwise. Its [...] means nothing here.
    return field, re.compile(fnmatch.translate(value.replace("[", "[[]")))


def _matches(state: RegionalState, device: WirelessDevice, field: str, pattern: re.Pattern[str]) -> bool:
    value = _FIELDS[field](state, device)
    return value is not None and pattern.fullmatch(value) is not None
