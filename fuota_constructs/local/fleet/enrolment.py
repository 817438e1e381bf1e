"""The devices of fleets as resources of the local IoT Wireless service, and as what receives."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from fuota_constructs.local.fleet.device import Device
from fuota_constructs.local.fleet.firmware import firmware_at
from fuota_constructs.local.fleet.loss import FleetError
from fuota_constructs.local.iotwireless.store import DeviceProfile, MulticastGroup, RegionalState, Store, WirelessDevice

if TYPE_CHECKING:
    from fuota_constructs.local.fleet.cohort import Cohort
    from fuota_constructs.local.fleet.fleet import Fleet

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

    def add(
        self,
        fleet: Fleet,
        now: float,
        *,
        account: str | None = None,
        region: str | None = None,
        profile_id: str | None = None,
    ) -> EnrolledFleet:
        """Make the devices of a fleet, dealt evenly over its groups (of a cohort's RfRegion, where it has one).

        `profile_id` is the device profile they are made with, which is made where it is not there; by default each
        cohort has one of its own. Raises FleetError where there is no such group.
        """
        places = self._places(fleet, account, region)
        plan: list[tuple[Cohort, list[tuple[RegionalState, MulticastGroup | None]]]] = []
        for cohort in fleet.cohorts:
            fitting = [
                (state, group)
                for state, group in places
                if group is None or cohort.region in (None, group.details["LoRaWAN"].get("RfRegion"))
            ]
            if fitting and cohort.group is not None:
                fitting = _named(cohort, fitting)
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
                    profiles[key] = _profile(state, cohort, rf_region, now, profile_id)
                identity = _Identity(fleet.seed, number, len(enrolled.members))
                member = _member(identity, cohort, state, group, profile_id=profiles[key], now=now)
                member.device.firmware = firmware_at(cohort.firmware, place, cohort.count)
                enrolled.members.append(member)
        return self._noted(enrolled)

    def take(self, fleet: Fleet, device_ids: Any, *, account: str | None, region: str | None) -> EnrolledFleet:
        """Let wireless devices that are there be simulated, as the cohorts of a fleet in proportion to their counts.

        Raises FleetError where there is no such device.
        """
        if not account or not region:
            raise FleetError("device_ids need account and aws_region: say where the devices are")
        if not isinstance(device_ids, list) or not device_ids:
            raise FleetError(f"device_ids is {device_ids!r}; give a list of ids of wireless devices")
        there = self._store.of(account, region).all(WirelessDevice)
        cohorts = [cohort for cohort in fleet.cohorts for _ in range(cohort.count)]
        enrolled, number = EnrolledFleet(fleet), len(self.fleets) + 1
        for place, device_id in enumerate(device_ids):
            if device_id not in there:
                raise FleetError(f"device_ids has {device_id!r}, which does not exist in {account}, {region}")
            resource, identity = there[device_id], _Identity(fleet.seed, number, place)
            at = place * len(cohorts) // len(device_ids)
            cohort = cohorts[at]
            device = _simulated(cohort, resource, identity)
            device.firmware = firmware_at(cohort.firmware, at - cohorts.index(cohort), cohort.count)
            name = str(resource.details.get("Name") or resource.id)
            enrolled.members.append(Enrolled(device, name, identity.dev_eui, None))
        return self._noted(enrolled)

    def _noted(self, enrolled: EnrolledFleet) -> EnrolledFleet:
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


def _named(
    cohort: Cohort, places: list[tuple[RegionalState, MulticastGroup | None]]
) -> list[tuple[RegionalState, MulticastGroup | None]]:
    """The group that a cohort names. Raises FleetError where there is none."""
    groups = [(state, group) for state, group in places if group is not None]
    found: list[tuple[RegionalState, MulticastGroup | None]] = [
        (state, group) for state, group in groups if cohort.group in (group.id, group.details.get("Name"))
    ]
    if not found:
        known = ", ".join(str(group.details.get("Name") or group.id) for _, group in groups) or "none"
        raise FleetError(
            f"cohort {cohort.name} is for the group {cohort.group!r}, which is not there; there are {known}"
        )
    return found


def _profile(
    state: RegionalState, cohort: Cohort, rf_region: str | None, now: float, profile_id: str | None = None
) -> str:
    if profile_id in state.all(DeviceProfile):
        return str(profile_id)
    lorawan: dict[str, Any] = {
        "MacVersion": "1.0.3",
        "RegParamsRevision": "RP002-1.0.1",
        "SupportsJoin": True,
        "SupportsClassB": cohort.dl_class in (None, "ClassB"),
        "SupportsClassC": cohort.dl_class in (None, "ClassC"),
        **({"RfRegion": rf_region} if rf_region else {}),
    }
    return state.add(DeviceProfile, now, {"Name": f"fleet-{cohort.name}", "LoRaWAN": lorawan}, profile_id).id


class _Identity:
    """What tells a device from others: made of the fleet's seed, so that the same fleet has the same devices."""

    def __init__(self, seed: int, fleet_number: int, ordinal: int) -> None:
        digest = hashlib.sha256(f"fleet {fleet_number} {seed} {ordinal}".encode()).digest()
        self.seed, self.ordinal = seed, ordinal
        self.dev_eui = digest[:8].hex()
        self.gen_app_key = digest[8:24]


def _member(
    identity: _Identity,
    cohort: Cohort,
    state: RegionalState,
    group: MulticastGroup | None,
    *,
    profile_id: str,
    now: float,
) -> Enrolled:
    name = f"{cohort.name}-{identity.ordinal + 1}"
    key = identity.gen_app_key.hex()
    lorawan = {
        "DevEui": identity.dev_eui,
        "DeviceProfileId": profile_id,
        "FPorts": {"Multicast": 200, "Fuota": 201, "ClockSync": 202},
        "OtaaV1_0_x": {"AppKey": key, "AppEui": "0" * 16, "GenAppKey": key},
    }
    request = {"Type": "LoRaWAN", "Name": name, "DestinationName": DESTINATION, "LoRaWAN": lorawan}
    resource = state.add(WirelessDevice, now, request)
    if group is not None:
        group.wireless_device_ids.append(resource.id)
    rf_region = group.details["LoRaWAN"].get("RfRegion") if group else None
    device = Device(cohort, resource.id, identity.ordinal, identity.seed, identity.gen_app_key, rf_region=rf_region)
    return Enrolled(device, name, identity.dev_eui, group.id if group else None)


def _simulated(cohort: Cohort, resource: WirelessDevice, identity: _Identity) -> Device:
    """A device for a resource that is there, with its keys where it has some."""
    lorawan = resource.details.get("LoRaWAN", {})
    gen_app_key = lorawan.get("OtaaV1_0_x", {}).get("GenAppKey")
    app_key = lorawan.get("OtaaV1_1", {}).get("AppKey")
    return Device(
        cohort,
        resource.id,
        identity.ordinal,
        identity.seed,
        bytes.fromhex(gen_app_key) if gen_app_key else identity.gen_app_key,
        app_key=bytes.fromhex(app_key) if app_key else None,
    )
