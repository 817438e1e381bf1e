"""The requests of CloudFormation to the provider: events with presigned URLs, and the answers that arrive there."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from simulation.virtual_time import Signal
from simulation.weather import ANSWER_FAULTS

if TYPE_CHECKING:
    from simulation.world import World

HOST = "https://cloudformation-custom-resource-response-euwest1.s3.eu-west-1.amazonaws.com"
MARGIN_SECONDS = 15
MOST_BYTES = 4096
# What only a mistake in our code says to somebody whose deployment failed.
UNREADABLE = ("AttributeError", "NoneType", "TypeError", "KeyError", "IndexError", "UnboundLocalError")


class Request:
    """One request, and what became of it."""

    def __init__(self, world: World, event: dict[str, Any], operation: str) -> None:
        self.event = event
        self.operation = operation
        self.signal = Signal(world.time)
        self.answer: dict[str, Any] | None = None
        self.cancelled = False
        self.closed = False

    def cancel(self) -> None:
        """Stop waiting for it: another resource failed."""
        if not self.signal.given:
            self.cancelled = True
            self.closed = True
            self.signal.give()


class Requests:
    """All requests of a sequence, by their response URL."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.by_url: dict[str, Request] = {}
        self.answered: dict[tuple[str, int, float], bytes] = {}

    def send(self, event: dict[str, Any], *, request_id: str, operation: str) -> Request:
        """Sign a URL and hand the event to Lambda."""
        chance = self.world.chance
        signed = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(self.world.time.now))
        request_id = request_id or f"{chance.getrandbits(128):032x}"
        path = quote(f"{event['StackId']}|{event['LogicalResourceId']}|{request_id}", safe="")
        query = f"X-Amz-Date={signed}&X-Amz-Expires=7200&X-Amz-Signature={chance.getrandbits(256):064x}"
        url = f"{HOST}/{path}?X-Amz-Algorithm=AWS4-HMAC-SHA256&{query}"
        request = Request(self.world, {**event, "RequestId": request_id, "ResponseURL": url}, operation)
        self.by_url[url] = request
        kind = event["RequestType"]
        self.world.weather.counts[f"event {kind}"] += 1
        self.world.note(
            f"CFN {kind} {event['LogicalResourceId']} {event.get('PhysicalResourceId', '')[-40:]} ({operation})"
        )
        self.world.function.invoke(request.event)
        return request

    def put(self, url: str, body: bytes, sandbox: Any) -> int:
        """Take an answer, or lose it."""
        world = self.world
        world.time.sleep(world.chance.uniform(0.05, 0.2))
        request = self.by_url[url]
        self._judge(request, body, sandbox)
        fault = world.weather.strikes(world.chance, ANSWER_FAULTS)
        if fault in {None, "500 taken", "timeout taken"}:
            self._take(request, body)
        if fault is not None and fault.startswith("timeout"):
            world.time.sleep(5)
            raise TimeoutError(url)
        return {"500 lost": 500, "500 taken": 500, "403": 403}.get(fault or "", 200)

    def _take(self, request: Request, body: bytes) -> None:
        answer = json.loads(body)
        if request.answer is None and not request.closed:
            request.answer = answer
            self.world.note(f"CFN takes {answer['Status']} {answer['PhysicalResourceId'][-40:]} {answer.get('Reason')}")
            self.world.weather.counts[f"{request.event['RequestType']} {answer['Status']}"] += 1
            request.signal.give()

    def _judge(self, request: Request, body: bytes, sandbox: Any) -> None:  # noqa: C901  # one check after the other
        world, event, answer = self.world, request.event, json.loads(body)
        invocation = (event["ResponseURL"], sandbox.number, sandbox.started)
        first = invocation not in self.answered
        if self.answered.setdefault(invocation, body) != body:
            world.violation("two answers", f"{event['RequestType']} was answered twice by one invocation")
        elif sandbox.event is not event:
            world.violation("two answers", f"{event['RequestType']} was answered by a thread that was left behind")
        elif first and world.time.now > sandbox.started + 300 - MARGIN_SECONDS:
            world.violation("late answer", f"{event['RequestType']} {world.time.now - sandbox.started:.0f} s")
        if len(body) > MOST_BYTES:
            world.violation("answer too large", f"{len(body)} bytes")
        for name in ("StackId", "RequestId", "LogicalResourceId"):
            if answer[name] != event[name]:
                world.violation("wrong ids", f"{name} {answer[name]}")
        if not answer["PhysicalResourceId"]:
            world.violation("wrong ids", "no PhysicalResourceId")
        if event["RequestType"] == "Delete" and answer["PhysicalResourceId"] != event["PhysicalResourceId"]:
            world.violation("wrong ids", "a Delete was answered with another id")
        failed = answer["Status"] == "FAILED"
        if event["RequestType"] == "Update" and failed and answer["PhysicalResourceId"] != event["PhysicalResourceId"]:
            world.violation("wrong ids", "a failed Update was answered with another id")
        if failed and any(word in answer["Reason"] for word in UNREADABLE):
            world.violation("unreadable reason", answer["Reason"])
        if "X-Amz-Signature" in body.decode():
            world.violation("secret told", answer.get("Reason", ""))
