"""What people do by hand while a stack lives: start sessions, delete tasks, add tags and groups, at any moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fuota_constructs.local.iotwireless.store import FuotaTask
    from simulation.world import World


class Operator:
    """Somebody with the AWS console."""

    def __init__(self, world: World) -> None:
        self.world = world

    def act(self, *, during: bool) -> None:
        """Do something to one of the tasks of the stack."""
        network, chance = self.world.network, self.world.chance
        ours = [each for each in network.tasks if each in self.world.made_by]
        if not ours:
            return
        task_id = chance.choice(ours)
        task = network.tasks[task_id]
        act = chance.choice(["start", "start", "start", "delete", "tag", "associate"])
        if act != "delete" and network.status(task_id) != "Pending":
            return
        if network.status(task_id) in {"Delete_Waiting", "FuotaSession_Waiting", "In_FuotaSession"}:
            return
        if act == "start" and not task.multicast_group_ids:
            return
        self.world.note(f"operator: {act} {task_id}{' amid an operation' if during else ''}")
        self.world.weather.counts[f"operator: {act}"] += 1
        self.world.operated.setdefault(task_id, set()).add(act)
        if during:
            self.world.operated[task_id].add(f"{act} during an operation")
        if act == "tag":
            task.tags["by-hand"] = "1"
            self.world.operated[task_id].add("by-hand")
        elif act == "associate":
            foreign = self.world.cloudformation.groups.foreign
            if foreign not in task.multicast_group_ids:
                task.multicast_group_ids.append(foreign)
        elif act == "start":
            task.start_time = self.world.time.now + 1800
            task.done_time = task.start_time + chance.choice([600, 3600, 5 * 3600])
        else:
            self._delete(task)

    def _delete(self, task: FuotaTask) -> None:
        task.gone_time = self.world.time.now + 2
