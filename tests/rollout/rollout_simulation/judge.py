"""What must not happen, whatever goes wrong: looked at with every request that changes something, and at the end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from fuota_constructs.local.iotwireless.store import FuotaTask, MulticastGroup
from rollout_simulation.fleet import attempt_of
from rollout_simulation.network import ON_AIR, devices_of

if TYPE_CHECKING:
    from rollout_simulation.world import World

LONGEST_SESSION_SECONDS = 2 * 86_400
HEARD_WITHIN_SECONDS = 2 * 3600
"""An abort is heard with the next look, which the retries of a step delay."""


class Judge:
    """Keeps what it saw of sessions."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.started: dict[str, list[str]] = {}  # by the name of a task: the tasks that were started
        self.sessions: dict[str, tuple[float, float]] = {}  # by task: from when to when it is on the air
        self.conflicts: set[tuple[str, str]] = set()
        self.delivered_at: dict[str, float] = {}  # of bricks

    def before(self, operation: str, target: str) -> None:
        """Look at what a request is about to change."""
        if operation != "DeleteFuotaTask":
            return
        task = self.world.network.state.all(FuotaTask).get(target)
        if task is None or task.gone_time is not None or not _is_ours(task):
            return
        now = self.world.time.now
        start, end = self.sessions.get(task.id, (now, now))
        is_spared = not self.world.is_asked_to_end_sessions and now < start + LONGEST_SESSION_SECONDS
        if start < now < end and is_spared:
            self.world.violation("session killed", f"{task.details['Name']} on the air until {end - now:.0f} s on")
        if task.id in self.sessions:
            self.sessions[task.id] = (start, min(now, end))

    def after(self, operation: str, target: str) -> None:
        """Look at what a request changed."""
        if operation == "StartFuotaTask":
            self._started(self.world.network.state.all(FuotaTask)[target])
        elif operation == "AssociateWirelessDeviceWithMulticastGroup":
            group = self.world.network.state.all(MulticastGroup)[target]
            device = group.wireless_device_ids[-1]
            others = [each for each in self.world.network.ours(MulticastGroup) if device in each.wireless_device_ids]
            if len(others) > 1:
                self.world.violation("device in two wave groups", f"{[each.details['Name'] for each in others]}")

    def _started(self, task: FuotaTask) -> None:
        assert task.start_time is not None
        assert task.done_time is not None
        mine = (task.start_time, task.done_time)
        self.sessions[task.id] = mine
        devices = devices_of(self.world.network, task)
        if _is_ours(task):
            names = self.started.setdefault(task.details["Name"], [])
            names.append(task.id)
            if len(names) > 1:
                self.world.violation("wave twice", f"{task.details['Name']} was started {len(names)} times")
            self.delivered_at.update(dict.fromkeys(self.world.fleet.bricks_of(devices, attempt_of(task)), mine[1]))
        for other in self.world.network.state.all(FuotaTask).values():
            if other.id == task.id or self.world.network.status(other) not in ON_AIR:
                continue
            theirs = self.sessions[other.id]
            both = devices & devices_of(self.world.network, other)
            if not both or mine[0] >= theirs[1] or theirs[0] >= mine[1]:
                continue
            if _is_ours(other) and _is_ours(task):
                self.world.violation("device in two sessions", f"{task.details['Name']} and {other.details['Name']}")
            self.conflicts |= {((task if _is_ours(task) else other).id, each) for each in both}

    def leaks(self, when: str) -> None:
        """Nothing is left of rollouts."""
        network = self.world.network
        for kind in (FuotaTask, MulticastGroup):
            for each in network.ours(kind):
                members = len(getattr(each, "wireless_device_ids", ()))
                what = f"{kind.__name__} {each.details['Name']} ({members} devices), {when}"
                self.world.violation("carried out late" if each.id in network.late else "leak", what)

    def outcome(self, output: dict[str, Any], execution: str, expected: dict[str, Any] | None) -> None:
        """How a rollout ended is how it would have ended undisturbed."""
        world = self.world
        kept = json.loads(world.network.objects.get(f"rollouts/Rollout/{execution}/outcome.json", b"{}"))
        if any(kept.get(name) != output[name] for name in ("status", "reason", "waves")):
            world.violation("evidence differs", f"{kept} is kept, {output} is told")
        sessions = [
            json.loads(body)
            for key, body in world.network.objects.items()
            if f"/{execution}/wave-" in key and "/statuses-" in key
        ]
        bricks = {each for found in sessions for each in world.fleet.bricks_among(found)}
        if bricks and output["status"] == "SUCCEEDED":
            world.violation("brick not seen", f"{len(bricks)} are silent since they have the image")
        if world.aborted_at is not None and output["status"] != "ABORTED":
            world.violation("abort does not win", f"said at {world.aborted_at:.0f}, {output['status']}")
        if expected is not None:
            for name, value in expected.items():
                if output[name] != value:
                    world.violation("outcome differs", f"{name} is {output[name]}, undisturbed {value}")

    def airtime_after_abort(self) -> None:
        """What began on the air long after an abort."""
        said = self.world.aborted_at
        for names in self.started.values():
            for task in names:
                start, end = self.sessions[task]
                if said is not None and start > said + HEARD_WITHIN_SECONDS and end > start:
                    self.world.violation("abort does not win", f"a session began {start - said:.0f} s after it")


def _is_ours(task: FuotaTask) -> bool:
    return str(task.details.get("Name", "")).startswith("rollout-")
