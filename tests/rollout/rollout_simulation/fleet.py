"""The devices of a life, and how each fares: by itself and the session, whatever happens around it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from fuota_constructs.local.iotwireless.store import FuotaTask, WirelessDevice
from rollout_simulation import network

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Mapping

    from rollout_simulation.world import World

# What a device says at the end of its first session, of its second and so on; the last for good.
FATES: dict[str, tuple[str, ...]] = {
    "near": ("Successful",),
    "far": ("MissingFrag", "Successful"),
    "very far": ("MissingFrag", "MissingFrag", "Successful"),
    "unlucky": ("MICError", "Successful"),
    "broken": ("MICError",),
    "asleep": ("Initial", "Successful"),
    "small": ("Not_enough_memory",),
    "brick": ("Successful",),
    "far brick": ("MissingFrag", "Successful"),
}
BRICKS = ("brick", "far brick")
FLEETS = (
    ("near",),
    ("near", "near", "near", "far"),
    ("near", "near", "far", "unlucky", "asleep"),
    ("near", "near", "very far"),
    ("near", "broken", "broken"),
    ("near", "near", "near", "near", "near", "small"),
    ("near", "near", "near", "near", "near", "brick"),
    ("near", "near", "near", "far brick"),
)


class Fleet:
    """The devices."""

    def __init__(self, world: World, chance: random.Random) -> None:
        self.world = world
        self.fates: dict[str, str] = {}
        kinds = chance.choice(FLEETS)
        for number in range(chance.randint(4, 12)):
            digest = hashlib.sha256(f"{world.seed} {number}".encode()).hexdigest()
            device = f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"
            self.fates[device] = chance.choice(kinds)
        late = chance.choice([0, 0, 0.5])
        self.set_up_after = {each: chance.uniform(0, 5 * 3600) for each in self.fates if chance.random() < late}

    def enrol(self) -> None:
        """Make the devices."""
        for device in self.fates:
            request = {"Type": "LoRaWAN", "Name": device, "DestinationName": "d", "LoRaWAN": {}}
            self.world.network.state.add(WirelessDevice, self.world.time.now, request, device)

    def status(self, task: FuotaTask, device: str, now: float) -> str:
        """FuotaDeviceStatus, which comes with the end of the session."""
        if network.task_status(task, now) != "FuotaDone":
            return "Initial"
        if (task.id, device) in self.world.judge.conflicts:
            return "Device_exist_in_conflict_fuota_task"
        return self.fate(device, attempt_of(task))

    def fate(self, device: str, attempt: int) -> str:
        """What a device says at the end of a session of its own."""
        fate = FATES[self.fates[device]]
        return fate[min(attempt, len(fate) - 1)]

    def bricks_of(self, devices: Iterable[str], attempt: int) -> set[str]:
        """Who of these does not survive the image, and has it from this session on."""
        return {each for each in devices if self.fates[each] in BRICKS and self.fate(each, attempt) == "Successful"}

    def bricks_among(self, found: Mapping[str, Mapping[str, str]]) -> set[str]:
        """Who has the image by the statuses of a session, and does not survive it."""
        return {each for each, has in found.items() if self.fates[each] in BRICKS and has["status"] == "Successful"}

    def heard(self, device: str, now: float) -> float | None:
        """When a device sent its last uplink."""
        if self.fates[device] in BRICKS:
            return min(now, self.world.judge.delivered_at.get(device, now)) - 1
        return now - 1


def attempt_of(task: Any) -> int:
    """Which session of its wave a task of a rollout is for."""
    name = str(task.details.get("Name", ""))
    return int(name.rpartition("-")[2]) if name.startswith("rollout-") else 0
