"""A fleet of any size for the real machines and steps of a rollout: only the service is not the one of this project.

The local service is made for fleets that are simulated device by device. This one knows ids only, keeps the quota of
AWS, and lets each request take the time it takes; all of that on a clock that nobody waits for.
"""

# ruff: noqa: N803  # the names of boto3

from __future__ import annotations

import collections
import hashlib
import json
import os
import resource
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest import mock

import boto3
from botocore.exceptions import ClientError
from ministack.core import responses
from ministack.services import stepfunctions as engine
from rollout_rig import MACHINES, ROLE, START, ClockedCalls, Context, Turn, definition, rollout_calls, rollout_step
from rollout_stores import BUCKET, TABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fuota_constructs.local.cloud import LocalCloud

SECONDS_A_REQUEST = 0.06
REQUESTS_PER_SECOND = 10
PAGE = 250
LAMBDA_SECONDS = 900
SESSION_SECONDS = 200
"""Of the service: a little longer than the plan says."""
MINUTE, HOUR, DAY = 60, 3600, 86_400

MOST_STEPS = 3000
LIMIT_EVENTS, LIMIT_BYTES = 25_000, 256 * 1024
"""Of the history of an execution, and of what goes into a state or comes out of it (AWS Step Functions quotas)."""


def device_ids(count: int) -> list[str]:
    """So many ids, the same each time."""
    return [str(uuid.UUID(bytes=hashlib.md5(b"%d" % number).digest())) for number in range(count)]  # noqa: S324


class NotFoundError(ClientError):
    """ResourceNotFoundException."""


class ConflictError(ClientError):
    """ConflictException."""


class InvalidError(ClientError):
    """ValidationException."""


class QuotaService:
    """The client of a service with tasks, groups and any number of devices; of the fleet, one in `lose_every` loses."""

    exceptions = SimpleNamespace(
        ResourceNotFoundException=NotFoundError, ConflictException=ConflictError, ValidationException=InvalidError
    )

    def __init__(self, clock: Any, devices: list[str], lose_every: int) -> None:
        self.clock, self.lose_every = clock, lose_every
        self.devices = dict.fromkeys(devices)
        self.groups: dict[str, dict[str, None]] = {}
        self.tasks: dict[str, dict[str, Any]] = {}
        self.tokens: dict[str, str] = {}
        self.requests: collections.Counter[str] = collections.Counter()
        self._recent: dict[str, collections.deque[float]] = {}

    def _asked(self, operation: str) -> None:
        self.clock.time += SECONDS_A_REQUEST
        now = self.clock()
        recent = self._recent.setdefault(operation, collections.deque(maxlen=REQUESTS_PER_SECOND))
        if len(recent) == REQUESTS_PER_SECOND and now - recent[0] < 1:
            raise ClientError({"Error": {"Code": "ThrottlingException", "Message": operation}}, operation)
        recent.append(now)
        self.requests[operation] += 1

    def _made(self, operation: str, token: str) -> str:
        self._asked(operation)
        return self.tokens.setdefault(token, str(uuid.uuid5(uuid.NAMESPACE_OID, token)))

    def create_multicast_group(self, *, ClientRequestToken: str, **_: Any) -> dict[str, str]:
        made = self._made("CreateMulticastGroup", ClientRequestToken)
        self.groups.setdefault(made, {})
        return {"Id": made}

    def associate_wireless_device_with_multicast_group(self, *, Id: str, WirelessDeviceId: str) -> None:
        self._asked("AssociateWirelessDeviceWithMulticastGroup")
        self.groups[Id][WirelessDeviceId] = None

    def disassociate_wireless_device_from_multicast_group(self, *, Id: str, WirelessDeviceId: str) -> None:
        self._asked("DisassociateWirelessDeviceFromMulticastGroup")
        del self.groups[Id][WirelessDeviceId]

    def delete_multicast_group(self, *, Id: str) -> None:
        self._asked("DeleteMulticastGroup")
        if Id not in self.groups:
            raise NotFoundError({"Error": {"Code": "ResourceNotFoundException"}}, "DeleteMulticastGroup")
        assert not self.groups.pop(Id), "the devices of a group leave before it is deleted"

    def get_multicast_group(self, *, Id: str) -> dict[str, str]:
        self._asked("GetMulticastGroup")
        assert Id in self.groups
        return {"Status": "Pending"}

    def list_multicast_groups(self, *, MaxResults: int) -> dict[str, Any]:
        self._asked("ListMulticastGroups")
        return {"MulticastGroupList": [{"Id": group} for group in [*self.groups][:MaxResults]]}

    def list_fuota_tasks(self, *, MaxResults: int) -> dict[str, Any]:
        self._asked("ListFuotaTasks")
        return {"FuotaTaskList": [{"Id": task} for task in [*self.tasks][:MaxResults]]}

    def create_fuota_task(self, *, Name: str, ClientRequestToken: str, **_: Any) -> dict[str, str]:
        made = self._made("CreateFuotaTask", ClientRequestToken)
        self.tasks.setdefault(made, {"group": None, "start": None, "is_first": Name.endswith("-0")})
        return {"Id": made}

    def get_fuota_task(self, *, Id: str) -> dict[str, Any]:
        self._asked("GetFuotaTask")
        if Id not in self.tasks:
            raise NotFoundError({"Error": {"Code": "ResourceNotFoundException"}}, "GetFuotaTask")
        start = self.tasks[Id]["start"]
        if start is None:
            return {"Status": "Pending"}
        return {"Status": "FuotaDone" if self.clock() > start + SESSION_SECONDS else "In_FuotaSession", "LoRaWAN": {}}

    def start_fuota_task(self, *, Id: str, LoRaWAN: dict[str, Any]) -> None:
        self._asked("StartFuotaTask")
        self.tasks[Id]["start"] = LoRaWAN["StartTime"].timestamp()

    def delete_fuota_task(self, *, Id: str) -> None:
        self._asked("DeleteFuotaTask")
        self.tasks.pop(Id, None)

    def associate_multicast_group_with_fuota_task(self, *, Id: str, MulticastGroupId: str) -> None:
        self._asked("AssociateMulticastGroupWithFuotaTask")
        self.tasks[Id]["group"] = MulticastGroupId

    def list_multicast_groups_by_fuota_task(self, *, Id: str) -> dict[str, Any]:
        self._asked("ListMulticastGroupsByFuotaTask")
        group = self.tasks[Id]["group"]
        return {"MulticastGroupList": [{"Id": group}] if group else []}

    def list_wireless_devices(self, *, MaxResults: int, NextToken: str = "0", **of: str) -> dict[str, Any]:
        self._asked("ListWirelessDevices")
        assert MaxResults == PAGE
        task = self.tasks.get(of.get("FuotaTaskId", ""))
        if group := (task or {}).get("group") or of.get("MulticastGroupId"):
            found = self.groups.get(group, {})
        else:
            found = self.devices
        if NextToken == "0":
            self._listed = list(found)
        start = int(NextToken)
        shown = {
            "DestinationName": "meters",
            "LastUplinkReceivedAt": datetime.fromtimestamp(self.clock(), UTC).isoformat(),
            "MulticastDeviceStatus": "Multicast setup ready",
        }
        page = [
            {**shown, "Id": device, **({"FuotaDeviceStatus": self._status(device, task)} if task else {})}
            for device in self._listed[start : start + PAGE]
        ]
        more = {"NextToken": str(start + PAGE)} if start + PAGE < len(self._listed) else {}
        return {"WirelessDeviceList": page, **more}

    def _status(self, device: str, task: dict[str, Any]) -> str:
        """In a first session one in `lose_every` loses: of those that are tried again nobody does."""
        loses = task["is_first"] and int(device[-8:], 16) % self.lose_every == 0
        return "MissingFrag" if loses else "Successful"


class FleetClock:
    """Time that passes only when somebody waits, or the service is asked."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> float:
        return self.time


class FleetContext(Context):
    """What Lambda gives the handler: the clock takes its time away."""

    def __init__(self, clock: FleetClock) -> None:
        self._clock, self._ends = clock, clock() + LAMBDA_SECONDS

    def get_remaining_time_in_millis(self) -> int:
        return int((self._ends - self._clock()) * 1000)


@dataclass
class StepCost:
    """What the calls of a step took: seconds of Lambda's clock, of this machine's processor, and memory."""

    calls: int = 0
    longest_seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_megabytes: float = 0.0


@dataclass
class LargeRollout:
    """One rollout to a large fleet, and what it took."""

    cloud: LocalCloud  # with the bucket and the table
    devices: list[str]
    lose_every: int = 50
    clock: FleetClock = field(default_factory=FleetClock)
    costs: dict[str, StepCost] = field(default_factory=lambda: collections.defaultdict(StepCost))
    events: list[int] = field(default_factory=list)  # of each execution
    largest_bytes: int = 0  # into a state, or out of it
    seconds: dict[tuple[str, int, int], float] = field(default_factory=lambda: collections.defaultdict(float))

    def __post_init__(self) -> None:
        self.service = QuotaService(self.clock, self.devices, self.lose_every)

    def settings(self, **changes: Any) -> dict[str, Any]:
        """As the construct writes them, for three waves of which the last is nine tenths of the fleet."""
        return {
            "rollout": "Stack/Rollout",
            "targets": {"deviceProfileId": "of-all-of-them"},
            "waves": [
                {"name": "canary", "devices": 100, "bakeSeconds": 2 * DAY},
                {"name": "tenth", "percent": 10, "bakeSeconds": DAY},
                {"name": "rest", "percent": 100, "bakeSeconds": DAY},
            ],
            "image": {"uri": "s3://firmware/v2.bin", "sizeBytes": 1000, "role": "arn:aws:iam::000000000000:role/r"},
            "session": {
                "rfRegion": "EU868",
                "dlClass": "ClassC",
                "fragmentSizeBytes": 112,
                "fragmentIntervalMs": 7000,
                "redundancyPercent": 30,
                "plannedLoss": 0.18,
            },
            "gate": {"success": 0.9, "confidence": 0.8, "mostSilent": 0, "silentAfterSeconds": 6 * HOUR},
            "retries": 1,
            "mostRedundancyPercent": 60,
            "setup": {"share": 0.9, "deadlineSeconds": DAY},
            **changes,
        }

    def run(self, settings: dict[str, Any]) -> dict[str, Any]:
        """Run it to its end in the real engine; answers with the output of the machine."""
        with self._engine():
            started = engine._start_execution(
                {
                    "stateMachineArn": f"{MACHINES}:Rollout",
                    "name": f"fleet-of-{len(self.devices)}",
                    "input": json.dumps(settings),
                }
            )
            execution = engine._executions[json.loads(started[2])["executionArn"]]
            while execution["status"] == "RUNNING":
                time.sleep(0.02)
        assert execution["status"] == "SUCCEEDED", (execution.get("error"), execution.get("cause"))
        output: dict[str, Any] = json.loads(execution["output"])
        return output

    def call(self, event: dict[str, Any]) -> dict[str, Any]:
        """The function, as the machine calls it."""
        assert sum(cost.calls for cost in self.costs.values()) < MOST_STEPS, f"nobody answers: {event['state']}"
        sent = json.dumps(event)
        began, computing = self.clock(), time.process_time()
        answer = json.dumps(rollout_step.step(Turn.of(json.loads(sent)), LargeFleetCalls(self)))
        cost, took = self.costs[event["step"]], self.clock() - began
        cost.calls += 1
        cost.longest_seconds = max(cost.longest_seconds, took)
        cost.cpu_seconds += time.process_time() - computing
        cost.peak_megabytes = max(cost.peak_megabytes, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        state = event["state"]
        self.seconds[event["step"], int(state.get("wave") or 0), int(state.get("attempt") or 0)] += took
        self.largest_bytes = max(self.largest_bytes, len(sent))
        answered: dict[str, Any] = json.loads(answer)
        return answered

    @contextmanager
    def _engine(self) -> Iterator[None]:
        def sleep(seconds: float) -> None:
            self.clock.time += seconds

        patches = {
            "_call_lambda": lambda _, event: self.call(event),
            "_resolve_lambda_function_ref": lambda ref, **_: ref,
            "_scaled_sleep": sleep,
            "_emit_execution_status_event": lambda _: None,
        }
        variables = {
            "AWS_ENDPOINT_URL": self.cloud.url,
            "AWS_ACCESS_KEY_ID": self.cloud.account,
            "AWS_SECRET_ACCESS_KEY": self.cloud.secret,
            "AWS_DEFAULT_REGION": self.cloud.region,
            "CONTROL_TABLE": TABLE,
            "FIRMWARE_BUCKET": BUCKET,
            "ROLLOUT": "Stack/Rollout",
            "EVENT_BUS": "default",
        }
        responses.set_request_region(self.cloud.region)
        responses.set_request_account_id(self.cloud.account)
        with (
            mock.patch.dict(os.environ, variables),
            mock.patch.multiple(engine, **patches),
            mock.patch.object(boto3, "DEFAULT_SESSION", None),  # one with the keys of this cloud
        ):
            rollout_calls._client.cache_clear()
            boto3.client("dynamodb").delete_item(TableName=TABLE, Key={"Rollout": {"S": "control"}})
            for name in ("rollout", "wave"):
                machine = {"name": name.title(), "definition": definition(name), "roleArn": ROLE}
                assert engine._create_state_machine(machine)[0] == 200
            try:
                yield
            finally:
                for execution in engine._executions.values():
                    self._note(execution["events"])
                engine._state_machines.clear()
                engine._executions.clear()
                rollout_calls._client.cache_clear()

    def _note(self, history: list[dict[str, Any]]) -> None:
        # AWS also tells that a task was started, and of an execution that it was submitted.
        self.events.append(len(history) + 2 * sum(event["type"] == "TaskScheduled" for event in history))
        for event in history:
            details = event.get("stateEnteredEventDetails") or event.get("stateExitedEventDetails") or {}
            self.largest_bytes = max(self.largest_bytes, *(len(str(text)) for text in details.values()), 0)


class LargeFleetCalls(ClockedCalls):
    """The side effects of the function: the bucket and the table are the real ones."""

    def __init__(self, rollout: LargeRollout) -> None:
        self._rollout = rollout
        super(ClockedCalls, self).__init__(FleetContext(rollout.clock))

    @property
    def iotwireless(self) -> Any:
        return self._rollout.service

    def now(self) -> float:
        return self._rollout.clock()

    def sleep(self, seconds: float) -> None:
        self._rollout.clock.time += seconds

    def say(self, line: str) -> None:
        """Metrics are not looked at."""

    def publish(self, event: Any) -> str:
        """Nor are events."""
        del event
        return ""

    def devices(self, **of: Any) -> Any:
        return super(ClockedCalls, self).devices(**of)
