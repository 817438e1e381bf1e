"""CloudFormation, as far as the custom resource of a rollout hears of it: deployments, and the end of the stack."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import fuota_rollout
from protocol import Log, ProviderError, Request
from simulation.virtual_calls import VirtualCalls

from rollout_simulation.operators import NAME

if TYPE_CHECKING:
    from collections.abc import Callable

    from rollout_simulation.world import World

TRIES = 3
TIMEOUT_SECONDS = 285


class Calls(VirtualCalls):
    """The side effects of the provider, while its function may run."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.work_by = world.time.now + TIMEOUT_SECONDS


class SilentLog(Log):
    """A log that nobody reads."""

    def _write(self, level: str, message: str, details: Any) -> None:
        """Write nothing."""


class Stack:
    """The stack that has the rollout."""

    def __init__(self, world: World, table: str) -> None:
        self.world, self.table = world, table
        self.settings: dict[str, Any] = {}

    def create(self, settings: dict[str, Any]) -> None:
        """Deploy it for the first time."""
        self.settings = settings
        assert self._deliver("Create", fuota_rollout.create, settings) == ""

    def update(self, settings: dict[str, Any]) -> str:
        """Deploy it again; why that failed, empty when it did not. A failed one is rolled back."""
        failed = self._deliver("Update", fuota_rollout.update, settings)
        if failed:
            back = self._deliver("Update", fuota_rollout.update, self.settings)
            if back and not self.world.weather.storm:
                self.world.violation("rollback fails", back)
        else:
            self.settings = settings
        return failed

    def delete(self) -> bool:
        """Delete it; whether it is gone."""
        self.world.is_stack_going = True
        return self._deliver("Delete", fuota_rollout.delete, self.settings) == ""

    def _deliver(self, kind: str, action: Callable[..., Any], settings: dict[str, Any]) -> str:
        properties = {"ControlTable": self.table, "Rollout": NAME, "Settings": json.dumps(settings)}
        event = {
            "RequestType": kind,
            "PhysicalResourceId": f"{fuota_rollout.PHYSICAL_ID}{self.table}" if kind != "Create" else "",
            "ResourceProperties": properties,
            "StackId": "arn:aws:cloudformation:eu-west-1:123456789012:stack/Fleet/1",
            "RequestId": "1",
            "LogicalResourceId": "Rollout",
            "ResourceType": "Custom::FuotaRollout",
            "ResponseURL": "https://cloudformation",
        }
        request, reason = Request.of(event), ""
        for number in range(TRIES if kind == "Delete" else 1):
            if number:
                self.world.time.sleep(20)
            try:
                action(request, Calls(self.world), SilentLog(request))
            except ProviderError as error:
                reason = str(error)
            except Exception as error:  # noqa: BLE001  # the protocol makes a failure of it
                reason = f"{type(error).__name__}: {error}"
            else:
                self.world.note(f"CFN {kind} succeeds")
                return ""
            self.world.note(f"CFN {kind} fails: {reason}")
        return reason
