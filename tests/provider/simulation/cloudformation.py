"""CloudFormation's life cycle of a stack with custom resources: its order of events, and what it does when things fail.

Where AWS documents nothing, this follows what users report: a cancelled resource is deleted under an id made up by
CloudFormation while its Create still runs (aws-cloudformation/cloudformation-coverage-roadmap#1814), the rollback sends
an Update while the cancelled one still runs (aws/aws-cdk#31541), a repeated deployment uses its RequestId again
(aws/aws-cdk#35957), the cleanup gives up after three Deletes (roadmap#744), and an id that came with a failure is
deleted (aws/aws-cdk#22670).
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from simulation.records import Garbage, Record, Touch
from simulation.requests import Request, Requests
from simulation.stack_groups import StackGroups

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from simulation.template import Resource, Template
    from simulation.world import World

DELETES_BEFORE_GIVING_UP = 3
SERVICE_TIMEOUT_SECONDS = 330


class CloudFormation:
    """One stack at a time, and the requests to the provider that its operations make."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.requests = Requests(world)
        self.groups = StackGroups(world)
        self.records: dict[str, Record] = {}
        self.status = "NONE"
        self.stack_id = ""
        self.template: Template | None = None
        self.given_up: set[str] = set()
        self.retained: set[str] = set()
        self._touches: list[Touch] = []
        self._garbage: list[Garbage] = []
        self._pending: list[Request] = []
        self._failed = False
        self.phase = "REVIEW_IN_PROGRESS"  # the status that DescribeStacks gives
        self._cancels = True
        self._number = 0
        self.last_request_ids: dict[str, str] = {}
        self.statuses: dict[str, str] = {}  # of the resources

    @property
    def is_deleting(self) -> bool:
        """Whether the stack is being deleted."""
        return self.phase == "DELETE_IN_PROGRESS"

    def put(self, url: str, body: bytes, sandbox: Any) -> int:
        """Take an answer at a response URL."""
        return self.requests.put(url, body, sandbox)

    # ---- operations ----

    def create(self, template: Template, fails_after: float | None, *, rollback: bool) -> None:
        """Create a stack."""
        self._number += 1
        number = self.world.chance.getrandbits(64)
        self.stack_id = f"arn:aws:cloudformation:eu-west-1:123456789012:stack/Fleet/{number:016x}"
        self.world.stack_ids.add(self.stack_id)
        self.records, self._garbage = {}, []
        self.groups.forget()
        self.phase = "CREATE_IN_PROGRESS"
        self.statuses.clear()
        self.last_request_ids.clear()
        if self._go_forward(template, fails_after, cancels=rollback):
            self.template, self.status = template, "CREATE_COMPLETE"
        elif not rollback:
            self.template, self.status = template, "CREATE_FAILED"
        else:
            self.phase = "ROLLBACK_IN_PROGRESS"
            self._take_back()
            gone = self._delete_garbage("rollback of the create") and self.groups.delete_all()
            self.status = "ROLLBACK_COMPLETE" if gone else "ROLLBACK_FAILED"
        self.phase = self.status

    def update(self, template: Template, fails_after: float | None, *, rollback: bool) -> None:
        """Deploy a changed template."""
        self.phase = "UPDATE_IN_PROGRESS"
        if self._go_forward(template, fails_after, cancels=rollback):
            self.phase = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
            self._remove_what_left(template)
            self.template = template
            self._clean_up(template)
            self.status = "UPDATE_COMPLETE"
        elif not rollback:
            self.template, self.status = template, "UPDATE_FAILED"
        else:
            self._roll_back()
        self.phase = self.status

    def continue_rollback(self) -> None:
        """Go on with a rollback that failed (continue-update-rollback), or begin one (rollback-stack)."""
        self._roll_back()
        self.phase = self.status

    def delete(self) -> None:
        """Delete the stack."""
        why = "deletion of the stack"
        self.phase = "DELETE_IN_PROGRESS"
        for name in reversed(list(self.records)):
            record = self.records[name]
            if record.resource.retain:
                self.retained.add(record.physical_id)
                del self.records[name]
            elif self._delete(Garbage(record.physical_id, record.resource, record.properties, why)):
                del self.records[name]
        pieces = list(self._garbage)
        self._garbage = [piece for piece in pieces if not self._delete(replace(piece, why=why))]
        gone = not self.records and not self._garbage and self.groups.delete_all()
        self.status = "NONE" if gone else "DELETE_FAILED"
        self.phase = "DELETE_COMPLETE" if gone else "DELETE_FAILED"

    # ---- forward ----

    def _go_forward(self, template: Template, fails_after: float | None, *, cancels: bool) -> bool:
        self.status = "IN_PROGRESS"
        self._failed, self._touches, self._cancels = False, [], cancels
        self.groups.create(template.groups)
        operation = self._number = self._number + 1
        if fails_after is not None:
            self.world.weather.counts["another resource fails"] += 1
            self.world.time.spawn(lambda: self._fail(operation), after=fails_after)
        for phase in ("Custom::FirmwareObject", "Custom::FuotaTask"):
            resources = [each for each in template.resources if each.type == phase]
            self._in_parallel([partial(self._bring, resource) for resource in resources])
            if self._failed and (cancels or self._has_failed_image()):
                return False
        if fails_after is not None and fails_after < 60:
            self.world.time.sleep(fails_after)
        self._number += 1  # from here on the other resource cannot fail any more
        return not self._failed

    def _in_parallel(self, works: Iterable[Callable[[], None]]) -> None:
        processes = [self.world.time.spawn(work) for work in works]
        for process in processes:
            process.ended.wait(10_000)

    def _fail(self, operation: int) -> None:
        if operation == self._number and not self._failed:
            self.world.note("another resource of the stack fails")
            self._failed = True
            for request in self._pending if self._cancels else ():
                self._cancel(request)

    def _bring(self, resource: Resource) -> None:
        properties = resource.properties(self.groups.ids)
        record = self.records.get(resource.name)
        if record is not None and record.properties == properties and not record.failed:
            record.resource = resource
            return
        touch = Touch(resource.name, record, resource, properties)
        self._touches.append(touch)
        if record is None or (record.failed and record.physical_id in self._failed_creates()):
            self._create(touch, failed=record)
        else:
            self._update(touch, record)
        if touch.outcome == "failed":
            self._fail(self._number)
            if touch.before is not None and not self._cancels:
                self._set_back(touch)

    def _set_back(self, touch: Touch) -> None:
        # "preserves the state of successful resources while rolling back failed resources to their last known stable
        # state", which are then UPDATE_FAILED (CloudFormation User Guide, stack failure options).
        if self._undo(touch):
            self._touches.remove(touch)
        self.records[touch.name] = replace(self.records[touch.name], failed=True)

    def _has_failed_image(self) -> bool:
        return any(each.failed for each in self.records.values() if each.resource.type == "Custom::FirmwareObject")

    def _failed_creates(self) -> set[str]:
        return {record.physical_id for record in self.records.values() if record.failed and not record.resource.made}

    def _create(self, touch: Touch, *, failed: Record | None) -> None:
        old = (
            [] if failed is None else [Garbage(failed.physical_id, failed.resource, failed.properties, "failed create")]
        )
        if old and self.world.chance.random() < 0.5:  # before or after: documented nowhere
            self._delete(old.pop())
        request = self._ask("Create", touch.after, touch.properties, operation="create", reuse=failed is not None)
        physical_id = self._settle(touch, request) or self._invented(touch.name)
        touch.answered_id = physical_id
        made = touch.outcome == "done"
        resource = replace(touch.after, made=made)
        self.records[touch.name] = Record(physical_id, resource, touch.properties, failed=not made)
        self._garbage.extend(old)

    def _update(self, touch: Touch, record: Record) -> None:
        request = self._ask(
            "Update",
            touch.after,
            touch.properties,
            physical_id=record.physical_id,
            old=record.properties,
            operation="update",
            reuse=record.failed,
        )
        answered_id = self._settle(touch, request)
        touch.answered_id = answered_id or record.physical_id
        if touch.outcome != "done":
            self.records[touch.name] = replace(record, failed=True)
            return
        self.records[touch.name] = Record(answered_id, replace(touch.after, made=True), touch.properties)
        if answered_id != record.physical_id:
            self._garbage.append(Garbage(record.physical_id, record.resource, record.properties, "replaced"))

    # ---- back ----

    def _take_back(self) -> None:
        for touch in reversed(self._touches):
            record = self.records.pop(touch.name)
            self._garbage.append(Garbage(record.physical_id, record.resource, record.properties, "created"))
        self._touches = []

    def _roll_back(self) -> None:
        self.phase = "UPDATE_ROLLBACK_IN_PROGRESS"
        while self._touches:
            touch = self._touches[-1]
            if not self._undo(touch):
                self.status = "UPDATE_ROLLBACK_FAILED"
                return
            self._touches.pop()
        assert self.world.stable is not None
        self.template = self.world.stable
        self.phase = "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"
        self._clean_up(self.template)
        self.status = "UPDATE_ROLLBACK_COMPLETE"

    def _undo(self, touch: Touch) -> bool:
        record = self.records[touch.name]
        if touch.before is None:
            del self.records[touch.name]
            if not self._is_garbage(record.physical_id):
                self._garbage.append(Garbage(record.physical_id, record.resource, record.properties, "created"))
            return True
        before = touch.before
        replaced = touch.answered_id != before.physical_id
        if replaced and touch.outcome == "done":
            self._garbage = [each for each in self._garbage if each.physical_id != before.physical_id]
            if self.world.chance.random() < 0.85:
                self.records[touch.name] = replace(before, failed=False)
                self._garbage.append(Garbage(record.physical_id, record.resource, record.properties, "replacement"))
                return True
            self._garbage.append(Garbage(before.physical_id, before.resource, before.properties, "replaced"))
        elif replaced:
            self._garbage.append(Garbage(touch.answered_id, touch.after, touch.properties, "replacement"))
        physical_id = touch.answered_id if touch.outcome == "done" else before.physical_id
        request = self._ask(
            "Update",
            before.resource,
            before.properties,
            physical_id=physical_id,
            old=touch.properties,
            operation="rollback",
        )
        attempt = Touch(touch.name, record, before.resource, before.properties)
        answered_id = self._settle(attempt, request)
        if attempt.outcome != "done":
            self.world.rollback_failed(record.physical_id, before.properties, request)
            return False
        self.records[touch.name] = Record(answered_id, before.resource, before.properties)
        if answered_id != physical_id:
            self._garbage.append(Garbage(physical_id, before.resource, before.properties, "replaced"))
        return True

    def _is_garbage(self, physical_id: str) -> bool:
        return any(each.physical_id == physical_id for each in self._garbage)

    # ---- cleaning up ----

    def _remove_what_left(self, template: Template) -> None:
        names = {resource.name for resource in template.resources}
        for name in [name for name in self.records if name not in names]:
            record = self.records.pop(name)
            if record.resource.retain:
                self.retained.add(record.physical_id)
            else:
                self._garbage.append(
                    Garbage(record.physical_id, record.resource, record.properties, "left the template")
                )

    def _clean_up(self, template: Template) -> None:
        self._delete_garbage("cleanup")
        self._garbage = []
        self.groups.delete_all_but(template.groups)
        self._touches = []

    def _delete_garbage(self, why: str) -> bool:
        left = []
        for piece in self._garbage:
            if piece.resource.retain and piece.why in {"replaced", "left the template"}:
                self.retained.add(piece.physical_id)
            elif not any(self._delete(piece) for _ in range(DELETES_BEFORE_GIVING_UP)):
                self.world.note(f"CloudFormation gives up deleting {piece.physical_id} ({why})")
                self.given_up.add(piece.physical_id)
                left.append(piece)
        self._garbage = left
        return not left

    def _delete(self, piece: Garbage) -> bool:
        request = self._ask(
            "Delete", piece.resource, piece.properties, physical_id=piece.physical_id, operation=piece.why
        )
        self._wait(request)
        gone = request.answer is not None and request.answer["Status"] == "SUCCESS"
        if gone and self.statuses.get(piece.resource.name) == "DELETE_IN_PROGRESS":
            del self.statuses[piece.resource.name]
        return gone

    # ---- requests ----

    def _ask(
        self,
        kind: str,
        resource: Resource,
        properties: dict[str, Any],
        *,
        operation: str,
        physical_id: str = "",
        old: dict[str, Any] | None = None,
        reuse: bool = False,
    ) -> Request:
        known = self.last_request_ids.get(resource.name)
        request_id = known if reuse and known and self.world.chance.random() < 0.5 else ""
        event = {
            "RequestType": kind,
            "ResourceType": resource.type,
            "StackId": self.stack_id,
            "LogicalResourceId": resource.name,
            "ResourceProperties": json.loads(json.dumps(properties)),
            **({"PhysicalResourceId": physical_id} if kind != "Create" else {}),
            **({"OldResourceProperties": json.loads(json.dumps(old))} if old is not None else {}),
        }
        if kind != "Delete" or operation not in {"replaced", "replacement", "failed create"}:
            self.statuses[resource.name] = f"{kind.upper()}_IN_PROGRESS"
        request = self.requests.send(event, request_id=request_id, operation=operation)
        self.last_request_ids[resource.name] = request.event["RequestId"]
        return request

    def _cancel(self, request: Request) -> None:
        request.cancel()
        kind = request.event["RequestType"].upper()
        self.statuses[request.event["LogicalResourceId"]] = f"{kind}_FAILED"

    def _wait(self, request: Request) -> None:
        self._pending.append(request)
        request.signal.wait(SERVICE_TIMEOUT_SECONDS)
        self._pending.remove(request)
        request.closed = True

    def _settle(self, touch: Touch, request: Request) -> str:
        """Wait for an answer; give the physical id in it, nothing if there was none."""
        if self._failed and self._cancels and request.operation in {"create", "update"}:
            self._cancel(request)
        self._wait(request)
        if request.answer is None:
            touch.outcome = "cancelled" if request.cancelled else "failed"
            return ""
        touch.outcome = "done" if request.answer["Status"] == "SUCCESS" else "failed"
        end = "COMPLETE" if touch.outcome == "done" else "FAILED"
        self.statuses[touch.name] = f"{request.event['RequestType'].upper()}_{end}"
        physical_id: str = request.answer["PhysicalResourceId"]
        return physical_id

    def _invented(self, name: str) -> str:
        return f"Fleet-{name}-{self.world.chance.getrandbits(60):015X}"
