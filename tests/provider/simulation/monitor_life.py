"""Lives of a monitor: polls that fail anywhere, come twice or late, while tasks run, are replaced and deleted.

The polls' own code runs down to the clients of boto3, which are stood in for here: their answers are all it uses.
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from simulation.virtual_time import START, Killed
from simulation.world import Violation

if TYPE_CHECKING:
    from collections.abc import Callable

RUNTIME = Path(__file__).parents[3] / "fuota_constructs" / "monitor" / "runtime"
# As Lambda does with the folder of the function.
if str(RUNTIME) not in sys.path:
    sys.path.insert(0, str(RUNTIME))

import monitor_calls  # noqa: E402  # the path comes first
import poll  # noqa: E402  # the path comes first

RULE, BUS, INTERVAL = "polls", "default", 300
STATUSES = ("Pending", "FuotaSession_Waiting", "In_FuotaSession", "FuotaDone")
DEVICE_ENDS = ("Successful", "Successful", "MissingFrag", "Not_enough_memory", "Initial")
RETRIES_AFTER = (60, 120)


class MissingError(ClientError):
    """GetFuotaTask of a task that there is not."""

    def __init__(self) -> None:
        super().__init__({"Error": {"Code": "ResourceNotFoundException", "Message": "no"}}, "GetFuotaTask")


class Life:
    """One monitor, its rule, and the tasks that the rule names one after the other."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.chance = random.Random(seed)
        self.now = START
        self.storm = self.chance.choice([0, 0, 0.02, 0.08])
        self.counts: Counter[str] = Counter()
        self.violations: list[Violation] = []
        self.tasks: dict[str, dict[str, Any]] = {}
        self.table: dict[str, dict[str, Any]] = {}
        self.told: dict[str, list[tuple[str, str]]] = {}  # by task or device, the changes that were told
        self.seen: set[str] = set()  # tasks that a poll has found
        self.rule_task, self.enabled = "", True
        self.polled: set[str] = set()
        self.deadline = 0.0
        self.happenings: list[tuple[float, Callable[[], None]]] = []

    def live(self) -> None:
        """Live it: some deployments, a session each, then a calm end."""
        for number in range(self.chance.randint(1, 3)):
            self._deploy(number)
            for _ in range(self.chance.randint(3, 25)):
                self._interval()
        self.storm = 0
        for task in self.tasks.values():
            task["Status"] = "FuotaDone" if task["Status"] != "Gone" else "Gone"
        for _ in range(90):  # a task that no poll has ever found is looked for six hours long
            if self.enabled or self.happenings:
                self._interval()
        self._judge_the_end()

    def _deploy(self, number: int) -> None:
        old = self.rule_task
        task_id = f"task-{number}"
        devices = {f"{task_id}/device-{each}": "Initial" for each in range(self.chance.choice([0, 3, 40, 600]))}
        self.tasks[task_id] = {"Id": task_id, "Arn": f"arn:{task_id}", "Status": "Pending", "devices": devices}

        def enable_the_rule() -> None:
            self.enabled = True

        def change_the_rule() -> None:
            self.rule_task = task_id

        def delete_the_old() -> None:
            if old:
                self.tasks[old]["Status"] = "Gone"

        enabled_at = self.now + self.chance.uniform(0, 300)
        self.happenings += [
            (enabled_at, enable_the_rule),
            (enabled_at + self.chance.uniform(0, 4), change_the_rule),  # CloudFormation's two calls
            (self.now + self.chance.uniform(300, 900), delete_the_old),
        ]

    def _interval(self) -> None:
        begins = self.now
        if self.rule_task and not self.enabled and self.rule_task not in self.polled:
            self.judge("monitor: polls of another task stopped", self.rule_task)
        if self.enabled and self.rule_task:
            task_id = self.rule_task
            self._deliver(task_id, 0)
            if self.chance.random() < self.storm:  # Lambda delivers an event more than once now and then
                self.happenings.append((self.now + self.chance.uniform(0, 400), lambda: self._deliver(task_id, 0)))
        self._pass(begins + INTERVAL)
        self._sessions_go_on()

    def _sessions_go_on(self) -> None:
        for task in self.tasks.values():
            status = task["Status"]
            if status in STATUSES[:3] and self.chance.random() < 0.3:
                task["Status"] = STATUSES[STATUSES.index(status) + 1]
            elif status != "Gone" and self.chance.random() < 0.02:
                task["Status"] = "Gone"  # somebody deletes it
            if task["Status"] == "In_FuotaSession":
                for device, was in task["devices"].items():
                    if was == "Initial" and self.chance.random() < 0.3:
                        task["devices"][device] = self.chance.choice(DEVICE_ENDS)

    def _deliver(self, task_id: str, retries: int) -> None:
        self.deadline = self.now + 900
        self.polled.add(task_id)
        self.counts["polls"] += 1
        try:
            poll.handler({"fuotaTaskId": task_id, "namespace": "Fleet", "eventBus": BUS, "rule": RULE}, self)
        except (Exception, Killed) as error:  # noqa: BLE001  # Lambda delivers the event again
            self.counts[f"poll failed: {type(error).__name__}"] += 1
            if retries < len(RETRIES_AFTER):
                after = self.now + RETRIES_AFTER[retries]
                self.happenings.append((after, lambda: self._deliver(task_id, retries + 1)))

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends the poll; the life is the context of its polls."""
        return int((self.deadline - self.now) * 1000)

    def sleep(self, seconds: float) -> None:
        """Sleep, while deployments go on."""
        self._pass(self.now + seconds)

    def _pass(self, until: float) -> None:
        while due := [each for each in self.happenings if each[0] <= until]:
            first = min(due, key=lambda each: each[0])
            self.happenings.remove(first)
            self.now = max(self.now, first[0])
            first[1]()
        self.now = max(self.now, until)

    # ---- the services ----

    def call(self, operation: str, effect: Callable[[], Any]) -> Any:
        """One call of a client, with what can happen to it; deployments go on meanwhile."""
        self._pass(self.now + self.chance.uniform(0.02, 0.3))
        point = self.chance.random()
        if point < self.storm * 0.2:
            raise Killed
        if point < self.storm * 0.4:
            effect()
            raise Killed
        if point < self.storm * 0.7:
            raise ReadTimeoutError(endpoint_url="https://service")
        if point < self.storm:
            effect()
            raise ClientError({"Error": {"Code": "InternalFailure", "Message": "try again"}}, operation)
        return effect()

    def judge(self, kind: str, what: str) -> None:
        """Keep what went wrong."""
        self.violations.append(Violation(kind, what))

    def write(self, line: str) -> None:
        """Take a line of the log: metrics have to add up."""
        if line.startswith("{"):
            metrics = json.loads(line)
            self.counts["metric lines"] += 1
            if "PollFailed" in metrics:
                return
            if sum(value for name, value in metrics.items() if name.startswith("Devices.")) != metrics["Devices"]:
                self.judge("monitor: metrics do not add up", line)

    def flush(self) -> None:
        """Nothing to do."""

    def _judge_the_end(self) -> None:
        task = self.tasks[self.rule_task]
        if self.enabled:
            self.judge("monitor: polls for ever", f"{self.rule_task} is {task['Status']}")
        told = {now for _, now in self.told.get(self.rule_task, [])}
        # Polling stops when a task is done, or was never there; nobody looks any more when it is deleted then.
        if not told & {"Deleted", "FuotaDone"} and self.rule_task in self.seen:
            self.judge("monitor: change not told", f"{self.rule_task} is {task['Status']}: {told}")
        for device, status in task["devices"].items() if task["Status"] != "Gone" else ():
            if status != "Initial" and status not in {now for _, now in self.told.get(device, [])}:
                self.judge("monitor: change not told", f"{device} {status}")


class Client:
    """What the polls ask of one service."""

    def __init__(self, life: Life) -> None:
        self.life = life
        self.exceptions = type("exceptions", (), {"ResourceNotFoundException": MissingError})

    def get_fuota_task(self, *, Id: str) -> dict[str, Any]:  # noqa: N803  # boto3's names
        def effect() -> dict[str, Any]:
            task = self.life.tasks[Id]
            if task["Status"] == "Gone":
                raise MissingError
            self.life.seen.add(Id)
            start = datetime.fromtimestamp(self.life.now, UTC)
            return {**{name: task[name] for name in ("Id", "Arn", "Status")}, "LoRaWAN": {"StartTime": start}}

        return self.life.call("GetFuotaTask", effect)

    def list_wireless_devices(self, *, FuotaTaskId: str, MaxResults: int, NextToken: str = "0") -> dict[str, Any]:  # noqa: N803  # as boto3 has it
        def effect() -> dict[str, Any]:
            devices, at = list(self.life.tasks[FuotaTaskId]["devices"].items()), int(NextToken)
            shown = [{"Id": name, "Arn": name, "FuotaDeviceStatus": status} for name, status in devices]
            more = {"NextToken": str(at + MaxResults)} if at + MaxResults < len(devices) else {}
            return {"WirelessDeviceList": shown[at : at + MaxResults], **more}

        return self.life.call("ListWirelessDevices", effect)

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803  # as boto3 has it
        def effect() -> dict[str, Any]:
            answers = []
            for entry in Entries:
                if self.life.chance.random() < self.life.storm * 0.3:
                    answers.append({"ErrorCode": "ThrottlingException"})
                    continue
                detail = json.loads(entry["Detail"])
                subject = detail.get("wirelessDeviceId", detail["fuotaTaskId"])
                told = self.life.told.setdefault(subject, [])
                self.life.counts["events told again"] += (detail["previousStatus"], detail["status"]) in told
                told.append((detail["previousStatus"], detail["status"]))
                self.life.counts["events"] += 1
                answers.append({"EventId": "1"})
            return {"Entries": answers}

        return self.life.call("PutEvents", effect)

    def list_targets_by_rule(self, *, Rule: str) -> dict[str, Any]:  # noqa: N803  # as boto3 has it
        def effect() -> dict[str, Any]:
            template = json.dumps({"fuotaTaskId": self.life.rule_task})
            return {"Targets": [{"Id": Rule, "InputTransformer": {"InputTemplate": template}}]}

        return self.life.call("ListTargetsByRule", effect)

    def disable_rule(self, *, Name: str) -> None:  # noqa: N803  # as boto3 has it
        assert Name == RULE
        self.life.call("DisableRule", lambda: setattr(self.life, "enabled", False))

    def enable_rule(self, *, Name: str) -> None:  # noqa: N803  # as boto3 has it
        assert Name == RULE
        self.life.call("EnableRule", lambda: setattr(self.life, "enabled", True))

    def get_item(self, *, Key: dict[str, Any], **_: Any) -> dict[str, Any]:  # noqa: N803  # as boto3 has it
        item = self.life.table.get(Key["Poll"]["S"])
        return self.life.call("GetItem", lambda: {"Item": item} if item else {})

    def put_item(self, *, Item: dict[str, Any], **_: Any) -> None:  # noqa: N803  # as boto3 has it
        self.life.call("PutItem", lambda: self.life.table.__setitem__(Item["Poll"]["S"], Item))

    def delete_item(self, *, Key: dict[str, Any], **_: Any) -> None:  # noqa: N803  # as boto3 has it
        self.life.call("DeleteItem", lambda: self.life.table.pop(Key["Poll"]["S"], None))


def run(seed: int) -> Life:
    """Live one life of a monitor."""
    life = Life(seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STATE_TABLE", "polls")
        patch.setattr(monitor_calls, "_client", lambda _: Client(life))
        patch.setattr(monitor_calls, "time", type("time", (), {"time": lambda: life.now, "sleep": life.sleep}))
        patch.setattr(sys, "stdout", life)
        life.live()
    return life
