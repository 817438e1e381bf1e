"""Every side effect of the monitor: AWS clients, the clock, sleeping and what is printed to the log.

Nothing else in this folder reaches outside the process, so a test replaces the clock here and needs no mock.
"""

import functools
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from memory import Memory
from watched import Watched

# Four pages a second: two monitors at once stay below the 10 requests a second that the service allows an account for
# each operation (AWS General Reference, AWS IoT Wireless quotas); what passes it is retried by botocore.
SECONDS_BETWEEN_PAGES = 0.25
DEVICES_PER_PAGE = 250
EVENTS_PER_CALL = 10
ATTEMPTS_PER_CALL = 10
PUBLISHING_ATTEMPTS = 3
SECONDS_OF_A_RULE_UPDATE = 5
"""How long CloudFormation may take between the state of a rule and its targets (assumed)."""
SECONDS_TO_FINISH = 60
"""What is left of the function's time when a poll stops beginning things: enough for 2,000 events and a write."""


class EventsNotPublishedError(Exception):
    """EventBridge did not take every event; the next poll tells all of them again."""


class MonitorCalls:
    """The side effects of one poll."""

    def __init__(self, context: Any) -> None:
        """`context` is what Lambda gives its handler."""
        self._context = context

    def time_is_up(self) -> bool:
        """Whether there is only time left to keep what was told."""
        left: int = self._context.get_remaining_time_in_millis()
        return left < SECONDS_TO_FINISH * 1000

    def now(self) -> int:
        """Seconds since the epoch."""
        return int(self.now_exactly())

    def now_exactly(self) -> float:
        """Seconds since the epoch, and parts of one."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Do nothing for a while."""
        time.sleep(seconds)

    def say(self, line: str) -> None:
        """Print a line of JSON to the log."""
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    def say_plainly(self, text: str) -> None:
        """Print a line for people to the log."""
        self.say(text)

    def task(self, task_id: str) -> Mapping[str, Any] | None:
        """The task as GetFuotaTask gives it, None when there is none."""
        iotwireless = _client("iotwireless")
        try:
            task: Mapping[str, Any] = iotwireless.get_fuota_task(Id=task_id)
        except iotwireless.exceptions.ResourceNotFoundException:
            return None
        return task

    def devices(self, task_id: str) -> Iterator[Mapping[str, Any]]:
        """The devices of a task, those of its groups included, page by page as asked for, while there is time."""
        token = None
        while not self.time_is_up():
            asked = self.now_exactly()
            more: dict[str, str] = {"NextToken": token} if token else {}
            page = _client("iotwireless").list_wireless_devices(
                FuotaTaskId=task_id, MaxResults=DEVICES_PER_PAGE, **more
            )
            yield from page["WirelessDeviceList"]
            token = page.get("NextToken")
            if not token:
                return
            self.sleep(max(0.0, SECONDS_BETWEEN_PAGES - (self.now_exactly() - asked)))

    def publish(self, event_bus: str, events: Sequence[Mapping[str, Any]]) -> None:
        """Put events on a bus, ten a call; those that are refused again, twice.

        Raises:
            EventsNotPublishedError: some are still refused.
        """
        for start in range(0, len(events), EVENTS_PER_CALL):
            batch = [{**event, "EventBusName": event_bus} for event in events[start : start + EVENTS_PER_CALL]]
            for attempt in range(PUBLISHING_ATTEMPTS):
                answer = _client("events").put_events(Entries=batch)
                refused = [(e, a) for e, a in zip(batch, answer["Entries"], strict=True) if "ErrorCode" in a]
                if not refused:
                    break
                batch = [event for event, _ in refused]
                self.sleep(2**attempt)
            else:
                error = refused[0][1]
                raise EventsNotPublishedError(f"{error['ErrorCode']}: {error.get('ErrorMessage', '')}")

    def remembered(self, key: str) -> Memory | None:
        """What the last poll saw, None when there was none."""
        answer = _client("dynamodb").get_item(TableName=_table(), Key=_key(key), ConsistentRead=True)
        return Memory.of(answer["Item"]) if "Item" in answer else None

    def remember(self, key: str, memory: Memory) -> None:
        """Keep what this poll saw."""
        _client("dynamodb").put_item(TableName=_table(), Item=memory.item(key, now=self.now()))

    def forget(self, key: str) -> None:
        """Forget a task."""
        _client("dynamodb").delete_item(TableName=_table(), Key=_key(key))

    def stop_polling(self, watched: Watched, reason: str) -> None:
        """Disable the rule that starts the polls; the next deployment that changes it enables it again.

        A poll of an old task may come late, when a deployment has given the rule a new one, or removed it.
        """
        rule, events = watched.rule, _client("events")
        try:
            if self._polls(watched):
                events.disable_rule(Name=rule)
                # A deployment that gives the rule a new task enables the rule and names the task one after the other
                # (assumed): between the two, this would have stopped the polls of the new task before the first.
                self.sleep(SECONDS_OF_A_RULE_UPDATE)
                if self._polls(watched):
                    self.say_plainly(f"polling stops: {reason}; `aws events enable-rule --name {rule}` starts it again")
                    return
            # Also where this poll found it so: one before may have died between the two. Too much costs one poll.
            events.enable_rule(Name=rule)
        except events.exceptions.ResourceNotFoundException:
            self.say_plainly(f"{reason}; the rule {rule} is gone")
        else:
            self.say_plainly(f"{reason}; the rule {rule} polls another task by now and goes on")

    def _polls(self, watched: Watched) -> bool:
        """Whether the rule still has this task polled."""
        targets = _client("events").list_targets_by_rule(Rule=watched.rule)["Targets"]
        return any(_names(target, watched.task_id) for target in targets)


def _names(target: Mapping[str, Any], task_id: str) -> bool:
    """Whether the input of a target, or the template that it is made of, names a task."""
    template = target.get("InputTransformer", {}).get("InputTemplate", "")
    return json.dumps(task_id) in (target.get("Input") or template)


def _key(key: str) -> dict[str, Any]:
    return {"Poll": {"S": key}}


def _table() -> str:
    return os.environ["STATE_TABLE"]


@functools.cache
def _client(service: str) -> Any:
    import boto3
    from botocore.config import Config

    # "standard" retries throttling, 5xx and broken connections with jitter.
    return boto3.client(  # type: ignore[call-overload]
        service,
        config=Config(
            connect_timeout=5,
            read_timeout=10,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS_PER_CALL},
        ),
    )
