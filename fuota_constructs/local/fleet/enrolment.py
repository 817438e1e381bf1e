"""The devices of fleets as resources of the local IoT Wireless service, and as what receives."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from fuota_constructs.local.fleet.device import Device
from fuota_constructs.local.fleet.fleet import Fleet
from fuota_constructs.local.fleet.loss import FleetError
from fuota_constructs.local.iotwireless.store import DeviceProfile, MulticastGroup, RegionalState, Store, WirelessDevice

if TYPE_CHECKING:
    from fuota_constructs.local.fleet.cohort import Cohort

DESTINATION: Final = "fleet"


@dataclass
class Enrolled:
    """One device of a fleet and the multicast group it was put into, if any."""

    device: Device
    name: str
    dev_eui: str
    group_id: str | None


@dataclass
class EnrolledFleet:
    """A fleet in the cloud."""

    fleet: Fleet
    members: list[Enrolled] = field(default_factory=list)


class Enrolment:
    """All fleets of one service."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.fleets: list[EnrolledFleet] = []
        self._devices: dict[str, Enrolled] = {}

    def device(self, device_id: str) -> Device | None:
        """The simulated device behind a wireless device, None where there is none."""
        enrolled = self._devices.get(device_id)
        return enrolled.device if enrolled else None

    def clear(self) -> None:
        """Forget all fleets."""
        self.fleets.clear()
        self._devices.clear()

    def add(self, fleet: Fleet, now: float, *, account: str | None = None, region: str | None = None) -> EnrolledFleet:
        """Make the devices of a fleet, dealt evenly over the groups it is for (of a cohort's RfRegion, where it has one).

        Raises FleetError where there is no such group.
        """
        places = self._places(fleet, account, region)
        plan: list[tuple[Cohort, list[tuple[RegionalState, MulticastGroup | None]]]] = []
        for cohort in fleet.cohorts:
            fitting = [
                (state, group)
                for state, group in places
                if group is None or cohort.region in (None, group.details["LoRaWAN"].get("RfRegion"))
            ]
            if not fitting:
                raise FleetError(
                    f"cohort {cohort.name} is for RfRegion {cohort.region}, and no multicast group of the fleet is; "
                    "leave region out or make a group there"
                )
            plan.append((cohort, fitting))
        enrolled = EnrolledFleet(fleet)
        number = len(self.fleets) + 1
        for cohort, fitting in plan:
            profiles: dict[tuple[str, str, str | None], str] = {}
            for place in range(cohort.count):
                state, group = fitting[place % len(fitting)]
                rf_region = group.details["LoRaWAN"].get("RfRegion") if group else cohort.region
                key = (state.account, state.region, rf_region)
                if key not in profiles:
                    profiles[key] = _profile(state, cohort, rf_region, now)
                enrolled.members.append(
                    _member(fleet, number, len(enrolled.members), cohort, state, group, profiles[key], now)
                )
        self.fleets.append(enrolled)
        self._devices.update({member.device.id: member for member in enrolled.members})
        return enrolled

    def _places(
        self, fleet: Fleet, account: str | None, region: str | None
    ) -> list[tuple[RegionalState, MulticastGroup | None]]:
        states = [
            state
            for state in self._store.states()
            if account in (None, state.account) and region in (None, state.region)
        ]
        if fleet.groups is not None and not fleet.groups:
            if account and region:
                states = [self._store.of(account, region)]
            if len(states) != 1:
                raise FleetError("a fleet without groups needs account and aws_region: say where its devices belong")
            return [(states[0], None)]
        there = [
            (state, group)
            for state in states
            for group in state.all(MulticastGroup).values()
            if group.gone_time is None
        ]
        if fleet.groups is None:
            if not there:
                raise FleetError(
                    "there is no multicast group to put the devices into; deploy one first, or give groups: []"
                )
            return list(there)
        by_id = {group.id: (state, group) for state, group in there}
        if unknown := [group_id for group_id in fleet.groups if group_id not in by_id]:
            known = ", ".join(by_id) or "none"
            raise FleetError(f"groups has {', '.join(unknown)}, which does not exist; there are {known}")
        return [by_id[group_id] for group_id in fleet.groups]

    def counts(self, statuses: dict[str, str]) -> Counter[str]:
        """How many devices have which of the statuses given by device id."""
        return Counter(statuses.get(device_id, "Initial") for device_id in self._devices)


def _profile(state: RegionalState, cohort: Cohort, rf_region: str | None, now: float) -> str:
    lorawan: dict[str, Any] = {
        "MacVersion": "1.0.3",
        "RegParamsRevision": "RP002-1.0.1",
        "SupportsJoin": True,
        "SupportsClassB": cohort.dl_class in (None, "ClassB"),
        "SupportsClassC": cohort.dl_class in (None, "ClassC"),
        **({"RfRegion": rf_region} if rf_region else {}),
    }
    return state.add(DeviceProfile, now, {"Name": f"fleet-{cohort.name}", "LoRaWAN": lorawan}).id


def _member(
    fleet: Fleet,
    number: int,
    ordinal: int,
    cohort: Cohort,
    state: RegionalState,
    group: MulticastGroup | None,
    profile_id: str,
    now: float,
) -> Enrolled:
    # Assumed keys: a fleet's devices have their own, made of nothing secret.
    identity = hashlib.sha256(f"fleet {number} {fleet.seed} {ordinal}".encode()).digest()
    dev_eui, gen_app_key = identity[:8].hex(), identity[8:24]
    name = f"{cohort.name}-{ordinal + 1}"
    resource = state.add(
        WirelessDevice,
        now,
        {
            "Type": "LoRaWAN",
            "Name": name,
            "DestinationName": DESTINATION,
            "LoRaWAN": {
                "DevEui": dev_eui,
                "DeviceProfileId": profile_id,
                "FPorts": {"Multicast": 200, "Fuota": 201, "ClockSync": 202},
                "OtaaV1_0_x": {
                    "AppKey": gen_app_key.hex(),
                    "AppEui": "0" * 16,
                    "GenAppKey": gen_app_key.hex(),
                },
            },
        },
    )
    if group is not None:
        group.wireless_device_ids.append(resource.id)
    device = Device(cohort, resource.id, ordinal, fleet.seed, gen_app_key)
    return Enrolled(device, name, dev_eui, group.id if group else None)
