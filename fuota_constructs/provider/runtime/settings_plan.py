"""What an event has to do to a multicast group: pure decisions, no calls.

As for tasks, only what the template declares, or declared before, is ours: devices that joined otherwise stay.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from group_properties import FIELDS, STRUCTURES


@dataclass(frozen=True)
class Declared:
    """What a template says, its list of devices read."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    devices: tuple[str, ...] = ()


NOTHING = Declared()


@dataclass(frozen=True)
class ActualGroup:
    """A multicast group as the service has it."""

    id: str
    arn: str
    status: str
    lorawan: Mapping[str, Any]
    members: Collection[str] = ()

    @property
    def fields(self) -> dict[str, Any]:
        """Its gateways and default session, flat."""
        found = {name: (self.lorawan.get(structure) or {}).get(name) for name, (structure, _) in FIELDS.items()}
        return {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}


@dataclass(frozen=True)
class SettingsPlan:
    """Fields to write, fields to clear, devices to add and to take out."""

    write: Mapping[str, Any] = field(default_factory=dict)
    clear: tuple[str, ...] = ()
    join: tuple[str, ...] = ()
    leave: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    """Which of it the template changed, and not somebody else: the names of properties."""

    def __bool__(self) -> bool:
        return bool(self.write or self.clear or self.join or self.leave)


def plan_settings(desired: Declared, former: Declared, actual: ActualGroup) -> SettingsPlan:
    """Decide what is to be done."""
    fields, declared, past = actual.fields, set(desired.devices), set(former.devices)
    write = {name: value for name, value in desired.fields.items() if fields[name] != value}
    clear = tuple(
        name
        for name, value in former.fields.items()
        # Stale only if the group still has it: a refused update never set what its rollback takes away.
        if name not in desired.fields and fields[name] == value
    )
    join = tuple(device for device in desired.devices if device not in actual.members)
    leave = tuple(device for device in former.devices if device not in declared and device in actual.members)
    changed = [name for name, value in write.items() if former.fields.get(name) != value]
    changed += clear
    if leave or any(device not in past for device in join):
        changed.append("WirelessDeviceIds")
    return SettingsPlan(write, clear, join, leave, tuple(changed))


def lorawan_of(plan: SettingsPlan, actual: ActualGroup) -> dict[str, Any]:
    """The change in the shape of UpdateMulticastGroup, empty if there is none.

    Whether a part that is left out stays or goes is not documented: each structure that changes is sent whole, and what
    the group has beside it, too.
    """
    if not (plan.write or plan.clear):
        return {}
    changed: dict[str, Any] = {name: actual.lorawan[name] for name in ("RfRegion", "DlClass") if name in actual.lorawan}
    for structure in STRUCTURES:
        value = dict(actual.lorawan.get(structure) or {})
        for name, (place, _) in FIELDS.items():
            if place == structure and name in plan.write:
                value[name] = list(plan.write[name]) if name == "GatewayList" else plan.write[name]
            elif place == structure and name in plan.clear:
                value.pop(name)
                # "If the gateway list is empty", the service chooses the gateways (UpdateMulticastGroup).
                if name == "GatewayList":
                    value[name] = []
        if value or structure in actual.lorawan:
            changed[structure] = value
    return changed


def left_over(plan: SettingsPlan, former: Declared, actual: ActualGroup) -> list[str]:
    """What should be cleared and is still there, as no documented way clears it."""
    return [name for name in plan.clear if actual.fields[name] == former.fields[name]]
