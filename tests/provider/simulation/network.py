"""Between boto3 and the services: the handler's real clients, whose requests end here, with all that can befall them.

The IoT Wireless service is the local one, which is also what the rehearsals run on. Its answers are changed only where
AWS may differ from it: new tasks that cannot be read yet, deletions that take long, defaults that show.
"""

from __future__ import annotations

import functools
import io
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

import aws_calls
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError, ReadTimeoutError

from fuota_constructs.local.iotwireless import IotWirelessService
from fuota_constructs.local.iotwireless.session import SessionPolicy, task_status
from fuota_constructs.local.iotwireless.store import FuotaTask
from simulation import stack_api
from simulation.client_seams import ACCOUNT, REGION
from simulation.object_store import ObjectStore
from simulation.weather import REQUEST_FAULTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulation.aws_lambda import Sandbox
    from simulation.world import World

Answer = tuple[int, "Mapping[str, str]", bytes]

TASK_PATH = re.compile("/fuota-tasks/([^/]+)|resourceArn=[^&]*FuotaTask%2F([0-9a-f-]+)|fuotaTaskId=([0-9a-f-]+)")
SESSION = ("FuotaSession_Waiting", "In_FuotaSession")
SHOWN_DEFAULTS = {"RedundancyPercent": 20, "FragmentIntervalMS": 3000}  # whether AWS shows any is not documented
make_client = aws_calls._client.__wrapped__
PASSES_ROLE = ("CreateFuotaTask", "UpdateFuotaTask")


class Body(io.BytesIO):
    """The body of an answer, as urllib3 gives it to botocore."""

    def stream(self, *_: object, **__: object) -> Any:
        """All at once."""
        yield self.read()


@functools.cache
def client(service: str) -> Any:
    """The handler's own client, whose requests go to the world of the process that sends them."""
    made = make_client(service)
    # After the handler's own hook, which is registered for the same event.
    made.meta.events.register_last("before-send", lambda **sent: here().send(**sent))
    return made


def here() -> Network:
    """The network of the sequence that is being lived."""
    return Network.current


@dataclass(eq=False)
class OnTheWay:
    """Whose request it is that arrives when nobody waits for it any more."""

    event: Mapping[str, Any]


class Network:
    """The services of one account, as the handler's clients reach them."""

    current: ClassVar[Network]

    def __init__(self, world: World) -> None:
        self.world = world
        chance = world.chance
        self.service = IotWirelessService(
            clock=lambda: world.time.now,
            session=SessionPolicy(deletion_seconds=2.0),
            requests_per_second=None,
            strict_associations=chance.random() < 0.5,
        )
        self.objects = ObjectStore(world)
        self.shows_defaults = chance.random() < 0.3
        self.forgets_tokens = chance.random() < 0.3  # those of deleted tasks; AWS does not say how long it keeps them
        self.visible_at: dict[str, float] = {}
        self.denied_until: dict[str, float] = {}  # by operation, or by the role that is passed
        self.denied_for_good: set[str] = set()
        self.calls = 0

    @property
    def state(self) -> Any:
        """What the service remembers of our account."""
        return self.service.store.of(ACCOUNT, REGION)

    @property
    def tasks(self) -> dict[str, FuotaTask]:
        """The tasks the service has, by id."""
        self.state.forget_deleted(self.world.time.now)
        tasks: dict[str, FuotaTask] = self.state.all(FuotaTask)
        return tasks

    def status(self, task_id: str) -> str | None:
        """The status of a task, None if there is none."""
        task = self.tasks.get(task_id)
        return None if task is None else str(task_status(task, self.world.time.now))

    def send(self, request: Any, event_name: str, **_: object) -> AWSResponse:  # noqa: C901, PLR0911, PLR0912  # a table
        _, _, operation = event_name.split(".")
        self.calls += 1
        time, chance, weather = self.world.time, self.world.chance, self.world.weather
        sandbox: Sandbox = time.running.group
        time.sleep(chance.uniform(0.02, 0.15))
        fault = weather.strikes(chance, REQUEST_FAULTS)
        self.world.note(f"{sandbox} {operation} {_path(request)}{f' [{fault}]' if fault else ''}")
        match fault:
            case "throttle":
                return self._refusal(request, 429, "ThrottlingException", "rate exceeded")
            case "server error":
                return self._refusal(request, 500, "InternalServerException", "internal error")
            case "server error after the effect":
                self._effect(operation, request)
                return self._refusal(request, 500, "InternalServerException", "internal error")
            case "read timeout" | "read timeout, effect later":
                if fault == "read timeout, effect later":
                    self._arrives(operation, request, chance.uniform(2, 25), sandbox)
                time.sleep(aws_calls.READ_TIMEOUT_SECONDS)
                raise ReadTimeoutError(endpoint_url=request.url)
            case "connection refused":
                raise EndpointConnectionError(endpoint_url=request.url)
            case "connection closed after the effect":
                self._effect(operation, request)
                raise ConnectionClosedError(endpoint_url=request.url)
            case "slow":
                time.sleep(chance.uniform(3, 9))
            case "hang":  # a trickle of bytes, that no timeout ends
                early = chance.random() < 0.5
                if early:
                    self._effect(operation, request)
                frozen = sandbox.freezes
                time.sleep(400)
                if early or sandbox.freezes != frozen:  # a thawed function finds its connections closed
                    raise ConnectionClosedError(endpoint_url=request.url)
            case "crash before":
                sandbox.crash()
            case "crash after":
                self._effect(operation, request)
                sandbox.crash()
            case "access denied":
                return self._denial(request, operation)
            case "conflict" if operation.startswith(("Associate", "Update", "Disassociate")):
                return self._refusal(request, 409, "ConflictException", "the group is busy")
        if self._is_denied(operation, request):
            return self._denial(request, operation)
        answer = self._effect(operation, request)
        time.sleep(chance.uniform(0.01, 0.05))
        return _response(request, answer)

    def _arrives(self, operation: str, request: Any, after: float, sandbox: Sandbox) -> None:
        """Have a request arrive later, even when its sender has stopped waiting for it.

        A Create that does makes another task if the one of its token is gone and the service has forgotten the token.
        """
        group = OnTheWay(sandbox.event)

        def arrive() -> None:
            if after > aws_calls.READ_TIMEOUT_SECONDS and not operation.startswith(aws_calls.READING):
                self.world.overtaken.add(_task_id(request))
            answer = self._effect(operation, request)
            if operation == "CreateFuotaTask" and answer[0] == 201:
                self.world.overtaken.add(json.loads(answer[2])["Id"])

        self.world.time.spawn(arrive, after=after, group=group)

    def _effect(self, operation: str, request: Any) -> Answer:
        if operation.startswith("DescribeStack"):
            return stack_api.answer(self.world.cloudformation, _text(request.body))
        if ".s3." in request.url or request.url.partition("//")[2].startswith("s3."):
            return self.objects.handle(operation, request)
        task_id = _task_id(request)
        if self.world.time.now < self.visible_at.get(task_id, 0):
            return _error(404, "ResourceNotFoundException", "no such task (yet)")
        if operation == "DeleteFuotaTask" and self.status(task_id) not in {None, "Delete_Waiting"}:
            self.world.deletions.append(self.world.deletion(task_id, self.status(task_id)))
        answer = self._handle(request)
        if operation == "CreateFuotaTask" and answer[0] == 201:
            self._made(json.loads(answer[2])["Id"])
        elif operation == "DeleteFuotaTask" and answer[0] == 204:
            self._deleted(task_id)
        elif operation == "GetFuotaTask" and answer[0] == 200 and self.shows_defaults:
            shown = {**SHOWN_DEFAULTS, **json.loads(answer[2])}
            answer = (answer[0], answer[1], json.dumps(shown).encode())
        elif operation == "ListFuotaTasks" and answer[0] == 200:
            page = json.loads(answer[2])
            page["FuotaTaskList"] = [
                task for task in page["FuotaTaskList"] if self.world.time.now >= self.visible_at.get(task["Id"], 0)
            ]
            answer = (answer[0], answer[1], json.dumps(page).encode())
        return answer

    def _handle(self, request: Any) -> Answer:
        if self.forgets_tokens:
            known = self.tasks
            tokens = self.state.tokens
            for token in [token for token, kept in tokens.items() if (kept["answer"] or {}).get("Id") not in known]:
                del tokens[token]
        url = urlsplit(request.url)
        headers = {name: _text(value) for name, value in request.headers.items()}
        body = request.body or b""
        answer, _ = self.service._handled(
            request.method, url.path, headers, body.encode() if isinstance(body, str) else body, parse_qs(url.query)
        )
        return answer

    def _made(self, task_id: str) -> None:
        if task_id in self.visible_at:
            return  # its token was used before
        lag = self.world.chance.uniform(1, 30) if self.world.weather.happens(self.world.chance, "lag") else 0
        self.visible_at[task_id] = self.world.time.now + lag
        self.world.made_by[task_id] = self.world.current_request()

    def _deleted(self, task_id: str) -> None:
        if self.world.weather.happens(self.world.chance, "slow_deletes"):
            task = self.tasks.get(task_id)
            if task is not None and task.gone_time == self.world.time.now + 2.0:
                task.gone_time = self.world.time.now + self.world.chance.choice([20, 60, 200, 500])

    def _is_denied(self, operation: str, request: Any) -> bool:
        if operation in self.denied_for_good:
            return True
        now = self.world.time.now
        until = self.denied_until.get(operation, 0)
        if operation in PASSES_ROLE and request.body:
            role = json.loads(request.body).get("FirmwareUpdateRole", "")
            until = max(until, self.denied_until.get(role, 0))
        # Not everywhere at once: some requests are let through before the window is over.
        return now < until and self.world.chance.random() < 0.8

    def _denial(self, request: Any, operation: str) -> AWSResponse:
        code = "AccessDenied" if operation in {"GetObject", "PutObject"} else "AccessDeniedException"
        if operation in self.denied_for_good and operation.startswith(("List", "Tag")):
            event = self.world.time.running.group.event
            self.world.unseen.add((event["StackId"], event["LogicalResourceId"]))
        because = " with an explicit deny in a service control policy" if operation in self.denied_for_good else ""
        return self._refusal(request, 403, code, f"not authorized to perform {operation}{because}")

    def _refusal(self, request: Any, status: int, code: str, message: str) -> AWSResponse:
        if "://cloudformation." in request.url:
            return _response(request, stack_api.error(status, code, message))
        if ".s3." in request.url or request.url.partition("//")[2].startswith("s3."):
            return _response(request, self.objects.error(status, code, message))
        return _response(request, _error(status, code, message))


def _task_id(request: Any) -> str:
    found = TASK_PATH.search(request.url)
    return unquote(next((group for group in found.groups("") if group), "")) if found else ""


def _error(status: int, code: str, message: str) -> Answer:
    return status, {"x-amzn-errortype": code}, json.dumps({"Message": message}).encode()


def _response(request: Any, answer: Answer) -> AWSResponse:
    status, headers, body = answer
    return AWSResponse(request.url, status, headers, body if isinstance(body, io.BytesIO) else Body(body))


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _path(request: Any) -> str:
    return re.sub("([0-9a-f]{8})-[0-9a-f-]{27}", r"\1", unquote(urlsplit(request.url).path))
