"""The local IoT Wireless service: state and dispatch, without a network."""

from __future__ import annotations

import asyncio
import copy
import threading
import time
from typing import TYPE_CHECKING, Any

from fuota_constructs.local.iotwireless import (  # noqa: F401  # each import registers its operations
    device_messages,
    fuota_task_targets,
    fuota_tasks,
    multicast_groups,
    multicast_sessions,
    profiles_and_destinations,
    tags,
    wireless_devices,
)
from fuota_constructs.local.iotwireless.admin import ADMIN_PREFIX, Admin
from fuota_constructs.local.iotwireless.caller import account_of_access_key, caller_of
from fuota_constructs.local.iotwireless.errors import UNKNOWN_OPERATION, ServiceError, not_implemented, throttled
from fuota_constructs.local.iotwireless.faults import Faults
from fuota_constructs.local.iotwireless.idempotency import answer_once
from fuota_constructs.local.iotwireless.model import service_model
from fuota_constructs.local.iotwireless.operations import OPERATIONS, Call, PassRole, Settings
from fuota_constructs.local.iotwireless.request import check_request, read_request
from fuota_constructs.local.iotwireless.request_log import RequestLog
from fuota_constructs.local.iotwireless.response import error_response, success_response
from fuota_constructs.local.iotwireless.session import SessionPolicy
from fuota_constructs.local.iotwireless.session_clock import SessionClock
from fuota_constructs.local.iotwireless.sessions import Sessions
from fuota_constructs.local.iotwireless.state_file import StateFile
from fuota_constructs.local.iotwireless.store import Store
from fuota_constructs.local.iotwireless.summary import summary
from fuota_constructs.local.iotwireless.throttle import REQUESTS_PER_SECOND, Throttle

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from fuota_constructs.local.fleet.version_reports import VersionReport, VersionTable
    from fuota_constructs.local.iotwireless.caller import Caller
    from fuota_constructs.local.iotwireless.faults import Fault
    from fuota_constructs.local.iotwireless.model import Operation
    from fuota_constructs.local.iotwireless.response import Response


class IotWirelessService:
    """AWS IoT Wireless as far as FUOTA goes, held in memory.

    `clock` gives epoch seconds. `requests_per_second=None` switches throttling off. `account_of` maps an access key to
    an account. `image_source` reads the image of a session that begins (FirmwareUpdateImage, FirmwareUpdateRole,
    account, region) or raises; without one an image is assumed. Nothing is kept on disk unless `state_file` is given;
    fleets never are.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.time,
        *,
        session: SessionPolicy | None = None,
        requests_per_second: float | None = REQUESTS_PER_SECOND,
        page_size: int = 100,
        strict_associations: bool = False,
        account_of: Callable[[str], str] = account_of_access_key,
        image_source: Callable[[str, str, str, str], bytes] | None = None,
        state_file: Path | None = None,
    ) -> None:
        self.model = service_model()
        self.settings = Settings(session or SessionPolicy(), page_size, strict_associations)
        self.pass_role: Callable[[PassRole], str | None] | None = None
        """What answers a message to refuse a role; None takes any."""
        self.store = Store()
        self.faults = Faults()
        self.throttle = Throttle(requests_per_second)
        self.requests = RequestLog()
        self.sessions = Sessions(self.store, self.settings.session, image_source)
        self.clock = SessionClock(clock)
        self.version_writer: Callable[[VersionTable, Sequence[VersionReport]], None] | None = None
        """What takes the versions that simulated devices report."""
        self._account_of = account_of
        self._admin = Admin(self)
        self._lock = threading.Lock()
        self._state_file = StateFile(state_file) if state_file else None
        if self._state_file and (kept := self._state_file.read()):
            self.store.load(kept["states"])
            self.clock.advance(kept["advancedSeconds"])

    def now(self) -> float:
        """Give the present of the service: its clock and what the clock was advanced by."""
        return self.clock.now()

    def state(self) -> dict[str, Any]:
        """Give a summary of every account and region as JSON types, without keys of devices."""
        with self._lock:
            self.sessions.advance(self.now())
            shown = summary(self.store, self.now())
            return copy.deepcopy(shown)  # later requests are not to change it

    def tags_of(self, arn: str) -> dict[str, str]:
        """Give the tags of a resource by its ARN, none if there is no such resource."""
        with self._lock:
            for state in self.store.states():
                try:
                    return dict(state.find_by_arn(arn).tags)
                except ServiceError:
                    continue
        return {}

    async def handle(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        query: Mapping[str, Sequence[str]],
    ) -> Response:
        """Answer one HTTP request: an operation of the service or, under /_fuota/, an admin route.

        `path` is as it came, with its percent-encoding: an encoded slash belongs to a value in the path.
        """
        if self.sessions.has_fleet:  # devices take their time to decode: others on this event loop are not to wait
            response, delay = await asyncio.to_thread(self._handled, method, path, headers, body, query)
        else:
            response, delay = self._handled(method, path, headers, body, query)
        if delay:
            await asyncio.sleep(delay)  # outside the lock: others are not to wait
        return response

    def _handled(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, query: Mapping[str, Sequence[str]]
    ) -> tuple[Response, float]:
        if path.startswith(ADMIN_PREFIX):
            with self._lock:
                self.sessions.advance(self.now())
                response = self._admin.handle(method, path, body, query)
                self.sessions.notice(self.now())
                if method != "GET":
                    self._keep()
                due, self._admin.first_reports = self._admin.first_reports, {}
            self._report_versions(due)
            return response, 0.0
        caller = caller_of(headers, self._account_of)
        with self._lock:
            answered = self._answer(method, path, caller, body, query)
            due = self.sessions.versions_due(self.now())
        self._report_versions(due)
        return answered

    def _report_versions(self, due: Mapping[VersionTable, Sequence[VersionReport]]) -> None:
        """Write what devices report, before anybody has the answer, and outside the lock: the table is served here."""
        for table, reports in due.items():
            if self.version_writer is not None and reports:
                self.version_writer(table, reports)

    def _answer(
        self, method: str, path: str, caller: Caller, body: bytes, query: Mapping[str, Sequence[str]]
    ) -> tuple[Response, float]:
        now = self.now()
        self.sessions.advance(now)
        fault: Fault | None = None
        operation: Operation | None = None
        try:
            operation, in_path = self._route(method, path)
            if operation.name not in OPERATIONS:
                raise not_implemented(operation.name)
            request = read_request(self.model, operation, in_path, query, body)
            fault = self.faults.strike(operation.name, caller.account, request, now)
            response = self._execute(operation, caller, request, fault, now)
        except ServiceError as error:
            response = error_response(self.model, error)
        self.sessions.notice(now)
        self.requests.add(operation, (method, path), response, caller, now)
        return response, fault.delay_seconds if fault else 0.0

    def _route(self, method: str, path: str) -> tuple[Operation, dict[str, str]]:
        if route := self.model.route(method, path):
            return route
        allowed = ", ".join(self.model.methods_of(path))
        remedy = f"this path has {allowed}" if allowed else "no operation of AWS IoT Wireless has this path"
        raise ServiceError(UNKNOWN_OPERATION, f"unknown operation {method} {path}: {remedy}")

    def _execute(
        self, operation: Operation, caller: Caller, request: dict[str, Any], fault: Fault | None, now: float
    ) -> Response:
        error = fault.error if fault else None
        if error and fault and fault.fault != "lost-answer":
            raise error
        if not self.throttle.allows((caller.account, caller.region, operation.name), self.clock.real()):
            raise throttled(operation.name)
        state = self.store.of(caller.account, caller.region)
        state.forget_deleted(now)
        call = Call(
            operation=operation.name,
            request=check_request(self.model, operation, request),
            caller=caller,
            state=state,
            now=now,
            settings=self.settings,
            sessions=self.sessions,
            pass_role=self.pass_role,
        )
        answer = answer_once(call, self.model.idempotency_member(operation), OPERATIONS[operation.name])
        if operation.mutates:
            self._keep()
        if error:
            raise error
        return success_response(self.model, operation, answer)

    def _keep(self) -> None:
        if self._state_file:
            self._state_file.write({"states": self.store.dump(), "advancedSeconds": self.clock.advanced_seconds})
