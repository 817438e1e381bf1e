"""The multicast groups of the stack, which CloudFormation makes and deletes by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fuota_constructs.local.iotwireless.session import tasks_of_group
from fuota_constructs.local.iotwireless.store import MulticastGroup

if TYPE_CHECKING:
    from collections.abc import Iterable

    from simulation.world import World

ATTEMPTS = 3
SECONDS_BETWEEN = 20


class StackGroups:
    """Groups by the name they have in the template."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.ids: dict[str, str] = {}
        self.foreign = self._add()  # of somebody else

    def forget(self) -> None:
        """Begin a new stack."""
        self.ids = {}

    def create(self, names: Iterable[str]) -> None:
        """Make the groups that are not there yet."""
        for name in sorted(names):
            if name not in self.ids:
                self.ids[name] = self._add()

    def delete_all(self) -> bool:
        """Delete all groups of the stack; say whether that was possible."""
        return self.delete_all_but([])

    def delete_all_but(self, names: Iterable[str]) -> bool:
        """Delete the groups that are not in the template any more."""
        kept = set(names)
        return all([self._delete(name) for name in sorted(self.ids) if name not in kept])  # noqa: C419  # each is tried

    def holders(self, name: str) -> list[str]:
        """The tasks that keep a group from being deleted."""
        state = self.world.network.state
        _ = self.world.network.tasks
        group = state.all(MulticastGroup)[self.ids[name]]
        return [task.id for task in tasks_of_group(group, state)]

    def _add(self) -> str:
        request = {"LoRaWAN": {"RfRegion": "EU868", "DlClass": "ClassC"}}
        group: MulticastGroup = self.world.network.state.add(MulticastGroup, self.world.time.now, request)
        return group.id

    def _delete(self, name: str) -> bool:
        for attempt in range(ATTEMPTS):
            if attempt:
                self.world.time.sleep(SECONDS_BETWEEN)
            if not (holders := self.holders(name)):
                state = self.world.network.state
                state.remove(state.get(MulticastGroup, self.ids.pop(name)))
                return True
        self.world.group_in_use(name, holders)
        return False
