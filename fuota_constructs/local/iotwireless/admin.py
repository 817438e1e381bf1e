"""The admin routes under /_fuota/: JSON in, JSON out. In a local cloud they want its secret (`guard`).

    GET    /_fuota/state      everything there is, without keys of devices
    GET    /_fuota/requests   the requests since the start: {"requests": [{"operation": ..., "status": ...}]}
    DELETE /_fuota/requests   forget them
    GET    /_fuota/clock      {"now": epoch seconds, "advanced_seconds": n, "speed": 1, "next_wait": when or null}
    POST   /_fuota/clock      {"advance_seconds": n, "speed": factor}, one or both: move the clock, let it run faster
    POST   /_fuota/fleet      make devices: {"devices": 200, "loss": 0.1, "seed": 1, "groups": ["<id>"]}
    GET    /_fuota/fleet      devices by status, fragments, completion times; ?devices=1 lists each, ?task=<id> picks
    POST   /_fuota/versions   where devices report the version they run: {"table": ..., "rollout": ..., "version": ...}
    POST   /_fuota/stand-ins  make what is missing: groups (id: RfRegion), devices, tasks, with ids of your choice
    GET    /_fuota/sessions   FUOTA tasks: status, fragments sent and in all, seconds left, what kept the image away
    GET    /_fuota/faults     the faults on order
    POST   /_fuota/faults     order one: {"operation": "CreateFuotaTask", "fault": "throttle", "times": 2}
    DELETE /_fuota/faults     cancel all
    POST   /_fuota/reset      forget resources, faults and requests, and set the clock back

A request that is not one of these is answered 400 (404 for the path) with what is allowed.
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any, Protocol

from fuota_constructs.local.fleet.loss import FleetError
from fuota_constructs.local.iotwireless.faults import ERROR_OF_FAULT, EVERY_OPERATION, Fault
from fuota_constructs.local.iotwireless.json_body import JsonBodyError, json_object
from fuota_constructs.local.iotwireless.operations import OPERATIONS
from fuota_constructs.local.iotwireless.response import json_response
from fuota_constructs.local.iotwireless.session_report import session_reports
from fuota_constructs.local.iotwireless.summary import summary
from fuota_constructs.local.region_names import is_region

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fuota_constructs.local.fleet.version_reports import VersionReport, VersionTable
    from fuota_constructs.local.iotwireless.faults import Faults
    from fuota_constructs.local.iotwireless.request_log import RequestLog
    from fuota_constructs.local.iotwireless.response import Response
    from fuota_constructs.local.iotwireless.session_clock import SessionClock
    from fuota_constructs.local.iotwireless.sessions import Sessions
    from fuota_constructs.local.iotwireless.store import Store
    from fuota_constructs.local.iotwireless.throttle import Throttle

ADMIN_PREFIX = "/_fuota/"
_FAULT_FIELDS = ("operation", "fault", "times", "seconds", "delay_seconds", "after_role_created", "message")
_VERSION_FIELDS = ("account", "aws_region", "table", "rollout", "version")
_FASTEST = 1_000_000
_LONGEST_ADVANCE_SECONDS = 10 * 366 * 24 * 3600


class AdminError(Exception):
    """An admin request that cannot be served."""


class Administered(Protocol):
    """What the admin routes read and change of a service."""

    store: Store
    faults: Faults
    throttle: Throttle
    requests: RequestLog
    sessions: Sessions
    clock: SessionClock

    def now(self) -> float: ...


class Admin:
    """The admin routes of one service."""

    def __init__(self, service: Administered) -> None:
        self._service = service
        self.first_reports: dict[VersionTable, list[VersionReport]] = {}
        """What devices have reported before the request that is just answered; whoever asked writes it."""
        self._routes: dict[tuple[str, str], Callable[[dict[str, Any]], Any]] = {
            ("GET", "state"): lambda _: summary(service.store, service.now()),
            ("POST", "fleet"): self._add_fleet,
            ("GET", "fleet"): self._fleet,
            ("POST", "versions"): self._add_version_table,
            ("POST", "stand-ins"): self._add_stand_ins,
            ("GET", "sessions"): lambda _: self._sessions(),
            ("GET", "requests"): lambda _: {"requests": service.requests.list()},
            ("DELETE", "requests"): lambda _: service.requests.clear(),
            ("GET", "clock"): lambda _: self._clock(),
            ("POST", "clock"): self._advance_clock,
            ("GET", "faults"): lambda _: {"faults": service.faults.list()},
            ("POST", "faults"): self._order_fault,
            ("DELETE", "faults"): lambda _: service.faults.clear(),
            ("POST", "reset"): lambda _: self._reset(),
        }

    def handle(self, method: str, path: str, body: bytes, query: Mapping[str, Sequence[str]]) -> Response:
        """Answer an admin request."""
        route = self._routes.get((method, path.removeprefix(ADMIN_PREFIX)))
        if route is None:
            allowed = ", ".join(f"{verb} {ADMIN_PREFIX}{name}" for verb, name in self._routes)
            return json_response(404, {"error": f"no admin route {method} {path}; there are: {allowed}"})
        try:
            asked = {name: given[-1] for name, given in query.items()} if method == "GET" else json_object(body)
            document = route(asked)
        except (AdminError, FleetError, JsonBodyError) as error:
            return json_response(400, {"error": str(error)})
        return json_response(200, {} if document is None else document)

    def _clock(self) -> dict[str, float | None]:
        clock = self._service.clock
        times = {"now": clock.now(), "advanced_seconds": clock.advanced_seconds, "speed": clock.speed}
        return {**times, "next_wait": clock.next_awaited}

    def _advance_clock(self, document: dict[str, Any]) -> dict[str, float | None]:
        _refuse_unknown(document, ("advance_seconds", "speed"))
        speed = _number(document, "speed")
        seconds = _number(document, "advance_seconds", required=speed is None)
        if speed is not None and not 0 < speed <= _FASTEST:
            raise AdminError(f"speed is {speed:g}; it must be over 0, at most {_FASTEST}, and 1 is real time")
        if seconds is not None and not 0 < seconds <= _LONGEST_ADVANCE_SECONDS:
            raise AdminError(f"advance_seconds is {seconds:g}; it must be over 0, at most {_LONGEST_ADVANCE_SECONDS}")
        if speed is not None:
            self._service.clock.run(speed)
        if seconds is not None:
            self._service.clock.advance(seconds)
        return self._clock()

    def _sessions(self) -> dict[str, Any]:
        service, now = self._service, self._service.now()
        return {"now": now, "sessions": session_reports(service.sessions, service.store, now)}

    def _add_fleet(self, document: dict[str, Any]) -> dict[str, Any]:
        from fuota_constructs.local.fleet.admin_routes import add_fleet

        return add_fleet(self._service.sessions, document, self._service.now())

    def _add_version_table(self, document: dict[str, Any]) -> None:
        from fuota_constructs.local.fleet.version_reports import table_of

        table = table_of(document)
        if table is None:
            raise AdminError(
                f"{json.dumps(document)} is no table of versions; give all of {', '.join(_VERSION_FIELDS)}"
            )
        _check_place(table.account, table.region)
        sessions = self._service.sessions
        self.first_reports = sessions.version_reports.add(table, sessions.enrolment, self._service.now())

    def _add_stand_ins(self, document: dict[str, Any]) -> None:
        from fuota_constructs.local.iotwireless.stand_ins import add_stand_ins

        _refuse_unknown(document, ("account", "aws_region", "multicast_groups", "wireless_devices", "fuota_tasks"))
        account, region = _text(document, "account"), _text(document, "aws_region")
        if not account or not region:
            raise AdminError("stand-ins need account and aws_region: say where they belong")
        _check_place(account, region)
        groups = document.get("multicast_groups", {})
        if not isinstance(groups, dict) or not {type(each) for each in groups.values()} <= {str, type(None)}:
            raise AdminError(f"multicast_groups is {json.dumps(groups)}; give an RfRegion or null for each id")
        add_stand_ins(
            self._service.store.of(account, region),
            self._service.now(),
            groups=groups,
            devices=_ids(document, "wireless_devices"),
            tasks=_ids(document, "fuota_tasks"),
        )

    def _fleet(self, query: dict[str, Any]) -> dict[str, Any]:
        from fuota_constructs.local.fleet.admin_routes import fleet_report

        _refuse_unknown(query, ("devices", "task"))
        listed = _one_of(query, "devices", ("0", "1"), default="0") == "1"
        return fleet_report(self._service.sessions, self._service.now(), devices=listed, task_id=query.get("task"))

    def _order_fault(self, document: dict[str, Any]) -> dict[str, Any]:
        _refuse_unknown(document, _FAULT_FIELDS)
        operations = (*sorted(OPERATIONS), EVERY_OPERATION)
        by_role = _one_of(document, "after_role_created", (True, False), default=False)
        times = _number(document, "times")
        seconds = _number(document, "seconds")
        if times is not None and (times < 1 or times != int(times)):
            raise AdminError(f"times is {times:g}; it must be a whole number from 1")
        if seconds is not None and seconds <= 0:
            raise AdminError(f"seconds is {seconds:g}; it must be over 0")
        if by_role and seconds is None:
            raise AdminError("after_role_created needs seconds: how long after the service first saw the role")
        delay = _number(document, "delay_seconds") or 0.0
        if delay < 0:
            raise AdminError(f"delay_seconds is {delay:g}; it must be 0 or more")
        fault = Fault(
            operation=_one_of(document, "operation", operations),
            fault=_one_of(document, "fault", tuple(ERROR_OF_FAULT)),
            times=int(times) if times is not None else (1 if seconds is None else None),
            seconds=seconds,
            delay_seconds=delay,
            after_role_created=by_role,
            message=_text(document, "message"),
            ordered_at=self._service.now(),
        )
        if fault.fault == "slow" and not delay:
            raise AdminError("fault slow needs delay_seconds over 0")
        self._service.faults.order(fault)
        return {"faults": self._service.faults.list()}

    def _reset(self) -> None:
        self._service.store.clear()
        self._service.faults.clear()
        self._service.requests.clear()
        self._service.throttle.clear()
        self._service.sessions.clear()
        self._service.clock.reset()


def _check_place(account: str, region: str) -> None:
    # No client could ask for what is elsewhere, and whoever looks into every account and Region would fail.
    if not re.fullmatch(r"\d{12}", account, re.ASCII):
        raise AdminError(f"account is {json.dumps(account)}; it must have 12 digits")
    if not is_region(region):
        raise AdminError(f"aws_region is {json.dumps(region)}; it must be the name of an AWS Region, such as eu-west-1")


def _refuse_unknown(document: dict[str, Any], allowed: tuple[str, ...]) -> None:
    if unknown := sorted(document.keys() - set(allowed)):
        raise AdminError(f"unknown field {', '.join(unknown)}; allowed are {', '.join(allowed)}")


def _one_of(document: dict[str, Any], field: str, allowed: tuple[Any, ...], default: Any = None) -> Any:
    value = document.get(field, default)
    if not any(value is choice or (isinstance(value, str) and value == choice) for choice in allowed):
        raise AdminError(f"{field} is {json.dumps(value)}; it must be one of {', '.join(map(str, allowed))}")
    return value


def _number(document: dict[str, Any], field: str, *, required: bool = False) -> Any:
    value = document.get(field)
    if value is None and not required:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise AdminError(f"{field} is {json.dumps(value)}; it must be a number")
    return value


def _ids(document: dict[str, Any], field: str) -> list[str]:
    value = document.get(field, [])
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        raise AdminError(f"{field} is {json.dumps(value)}; give a list of ids")
    return value


def _text(document: dict[str, Any], field: str) -> str | None:
    value = document.get(field)
    if value is not None and not isinstance(value, str):
        raise AdminError(f"{field} is {json.dumps(value)}; it must be a string")
    return value
