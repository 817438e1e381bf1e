"""Between boto3 and the services: the real clients of function, provider and operator, whose requests end here.

IoT Wireless is the local service, the table is MiniStack's, in this process; buckets are a dictionary.
"""

from __future__ import annotations

import functools
import hashlib
import io
import json
import re
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

import aws_calls
import rollout_calls
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from ministack.services import dynamodb
from simulation.client_seams import ACCOUNT, REGION

from fuota_constructs.local.iotwireless import IotWirelessService
from fuota_constructs.local.iotwireless.session import SessionPolicy, task_status
from fuota_constructs.local.iotwireless.store import FuotaTask, MulticastGroup, WirelessDevice
from rollout_simulation.function import Invocation
from rollout_simulation.weather import REQUEST_FAULTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rollout_simulation.world import World

Answer = tuple[int, "Mapping[str, str]", bytes]
BUCKET = "fleet-firmware"
READ_TIMEOUT_SECONDS = 20
ON_AIR = ("FuotaSession_Waiting", "In_FuotaSession")
OF_A_RESOURCE = re.compile("/(?:fuota-tasks|multicast-groups)/([^/]+)|(?:fuotaTaskId|multicastGroupId)=([0-9a-f-]+)")
WHO = (
    b"<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/somebody</Arn>"
    b"</GetCallerIdentityResult></GetCallerIdentityResponse>"
)
REFUSED = b"<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"
TABLE_OPERATIONS = {
    "GetItem": dynamodb._get_item,
    "PutItem": dynamodb._put_item,
    "UpdateItem": dynamodb._update_item,
}
make_clients = {
    "function": rollout_calls._client.__wrapped__,
    "provider": aws_calls._client.__wrapped__,
}


class Body(io.BytesIO):
    """The body of an answer, as urllib3 gives it to botocore."""

    def stream(self, *_: object, **__: object) -> Any:
        """All at once."""
        yield self.read()


@functools.cache
def client(whose: str, service: str) -> Any:
    """A client as function or provider make it, whose requests go to the world that is being lived."""
    made = make_clients[whose](service)
    made.meta.events.register_last("before-send", lambda **sent: Network.current.send(service=service, **sent))
    return made


class Network:
    """The services of one account, as clients reach them."""

    current: ClassVar[Network]

    def __init__(self, world: World) -> None:
        self.world = world
        self.service = IotWirelessService(
            clock=lambda: world.time.now,
            session=SessionPolicy(deletion_seconds=2.0, image_size_bytes=1000),
            requests_per_second=None,
            strict_associations=world.chance.random() < 0.5,
        )
        self.service.sessions.device_status = world.fleet.status  # type: ignore[method-assign]  # the fleet of the simulation tells
        self.service.sessions.heard = world.fleet.heard  # type: ignore[method-assign]  # the fleet of the simulation tells
        self.objects: dict[str, bytes] = {}
        self.visible_at: dict[str, float] = {}
        self.denied_until: dict[str, float] = {}
        self.late: set[str] = set()  # tasks and groups that a request reached when nobody expected it any more
        self.calls = 0

    @property
    def state(self) -> Any:
        """What the service remembers of our account."""
        return self.service.store.of(ACCOUNT, REGION)

    def ours(self, kind: type[FuotaTask | MulticastGroup]) -> list[Any]:
        """The tasks or groups that rollouts made and that are still there."""
        self.state.forget_deleted(self.world.time.now)
        return [each for each in self.state.all(kind).values() if each.details.get("Name", "").startswith("rollout-")]

    def status(self, task: FuotaTask) -> str:
        """The status of a task."""
        return str(task_status(task, self.world.time.now))

    def send(self, request: Any, event_name: str, service: str, **_: object) -> AWSResponse:  # noqa: C901, PLR0912  # a table
        """Carry a request out, or not."""
        operation = event_name.rpartition(".")[2]
        self.calls += 1
        time, chance = self.world.time, self.world.chance
        sender = time.running.group
        time.sleep(chance.uniform(0.01, 0.1))
        function = sender if isinstance(sender, Invocation) else None
        fault = self.world.weather.strikes(chance, REQUEST_FAULTS) if sender != "operator" else None
        if function is None and fault is not None and fault.startswith(("killed", "hang")):
            fault = None
        self.world.note(f"{sender} {operation} {_path(request)}{f' [{fault}]' if fault else ''}")
        effect = functools.partial(self._effect, service, operation, request, _content(request))
        match fault:
            case "throttle":
                return self._refusal(request, service, 429, "ThrottlingException")
            case "server error":
                return self._refusal(request, service, 500, "InternalServerException")
            case "server error after the effect":
                effect()
                return self._refusal(request, service, 500, "InternalServerException")
            case "read timeout" | "read timeout, effect later":
                if fault != "read timeout":
                    self._arrives(effect, chance.uniform(2, READ_TIMEOUT_SECONDS + 10))
                time.sleep(READ_TIMEOUT_SECONDS)
                raise ReadTimeoutError(endpoint_url=request.url)
            case "connection closed after the effect":
                effect()
                raise ConnectionClosedError(endpoint_url=request.url)
            case "slow":
                time.sleep(chance.uniform(3, 9))
            case "access denied":
                return self._refusal(request, service, 403, "AccessDeniedException")
            case "killed before" | "killed after" | "killed, effect later":
                if fault == "killed after":
                    effect()
                elif fault == "killed, effect later":
                    self._arrives(effect, chance.uniform(0.1, 20))
                assert function is not None
                function.killed("Runtime.ExitError")
            case "hang until the time is up":
                assert function is not None
                function.hang()
        if time.now < self.denied_until.get(operation, 0) and sender != "operator":
            return self._refusal(request, service, 403, "AccessDeniedException")
        answer = effect()
        time.sleep(chance.uniform(0.005, 0.03))
        return _response(request, answer)

    def _arrives(self, effect: functools.partial[Answer], after: float) -> None:
        self.world.time.spawn(effect, after=after, group="late")

    def _effect(self, service: str, operation: str, request: Any, content: bytes) -> Answer:  # noqa: PLR0911  # a table
        if service == "s3":
            return self._bucket(operation, request, content)
        if service == "iotwireless":
            return self._wireless(operation, request, content)
        if service == "sts":
            return 200, {}, WHO
        if service == "iam":  # the function may not ask it, which a rollout does without
            return 403, {}, REFUSED
        asked = json.loads(content)
        if service == "events":
            return _json(200, {"FailedEntryCount": 0, "Entries": [{"EventId": "1"} for _ in asked["Entries"]]})
        if service == "dynamodb":
            status, told, body = TABLE_OPERATIONS[operation](asked)
            if operation != "GetItem":
                self.world.table_changed(asked)
            return status, told, body if isinstance(body, bytes) else body.encode()
        status, answer = self.world.machines.handle(operation, asked)
        return _json(status, answer)

    def _bucket(self, operation: str, request: Any, content: bytes) -> Answer:
        url = urlsplit(request.url)
        key = unquote(url.path).lstrip("/").removeprefix(f"{BUCKET}/")
        if operation == "PutObject":
            self.objects[key] = content
            return 200, {"ETag": '"etag"'}, b""
        if operation == "ListObjectsV2":
            prefix = parse_qs(url.query).get("prefix", [""])[0]
            keys = [
                f"<Contents><Key>{each}</Key><ETag>{hashlib.sha256(found).hexdigest()}</ETag></Contents>"
                for each, found in sorted(self.objects.items())
                if each.startswith(prefix)
            ]
            return 200, {}, f"<ListBucketResult>{''.join(keys)}</ListBucketResult>".encode()
        if operation == "GetBucketEncryption":
            return 404, {}, b"<Error><Code>ServerSideEncryptionConfigurationNotFoundError</Code></Error>"
        if operation == "HeadObject":
            return 200, {"Content-Length": str(len(self.objects[key])), "ETag": '"etag"'}, b""
        if key not in self.objects:
            return 404, {}, b"<Error><Code>NoSuchKey</Code><Message>no such key</Message></Error>"
        return 200, {"Content-Length": str(len(self.objects[key]))}, self.objects[key]

    def _wireless(self, operation: str, request: Any, content: bytes) -> Answer:
        found = OF_A_RESOURCE.search(request.url)
        target = next((group for group in found.groups() if group), "") if found else ""
        if self.world.time.now < self.visible_at.get(target, 0):
            return _json(404, {"message": "not yet", "ResourceId": target}, "ResourceNotFoundException")
        self.world.judge.before(operation, target)
        url = urlsplit(request.url)
        headers = {name: _text(value) for name, value in request.headers.items()}
        answer, _ = self.service._handled(request.method, url.path, headers, content, parse_qs(url.query))
        if answer[0] < 300:
            if operation in {"CreateFuotaTask", "CreateMulticastGroup"}:
                self._made(json.loads(answer[2])["Id"])
            elif operation in {"DeleteFuotaTask", "DeleteMulticastGroup"}:
                self._deleted(target)
            elif operation in {"ListFuotaTasks", "ListMulticastGroups"}:
                answer = self._visible(answer)
            elif operation == "ListWirelessDevices" and (group := self.state.all(MulticastGroup).get(target)):
                answer = self._set_up(answer, group)
            self.world.judge.after(operation, target)
        return answer

    def _made(self, resource: str) -> None:
        if self.world.time.running.group == "late":
            self.late.add(resource)
        if resource in self.visible_at:
            return  # its token was used before
        lag = self.world.chance.uniform(1, 30) if self.world.weather.happens(self.world.chance, "lag") else 0
        self.visible_at[resource] = self.world.time.now + lag

    def _deleted(self, resource: str) -> None:
        if self.world.weather.happens(self.world.chance, "slow_deletes"):
            there = self.state.all(FuotaTask).get(resource) or self.state.all(MulticastGroup).get(resource)
            if there is not None and there.gone_time == self.world.time.now + 2.0:
                there.gone_time = self.world.time.now + self.world.chance.choice([20, 60, 200, 500])

    def _visible(self, answer: Answer) -> Answer:
        page = json.loads(answer[2])
        for key, listed in page.items():
            if isinstance(listed, list):
                page[key] = [each for each in listed if self.world.time.now >= self.visible_at.get(each["Id"], 0)]
        return answer[0], answer[1], json.dumps(page).encode()

    def _set_up(self, answer: Answer, group: MulticastGroup) -> Answer:
        """Devices learn of their group with their uplinks, some of them late."""
        page = json.loads(answer[2])
        for device in page["WirelessDeviceList"]:
            if self.world.time.now < group.created_at + self.world.fleet.set_up_after.get(device["Id"], 0):
                device["MulticastDeviceStatus"] = "Multicast_setup_attempting"
        return answer[0], answer[1], json.dumps(page).encode()

    def _refusal(self, request: Any, service: str, status: int, code: str) -> AWSResponse:
        if service == "iam":
            return _response(request, (status, {}, REFUSED))
        if service == "s3":
            code = code.removesuffix("Exception")
            return _response(request, (status, {}, f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()))
        return _response(request, _json(status, {"message": "no", "__type": code}, code))


def devices_of(network: Network, task: FuotaTask) -> set[str]:
    """The devices of a task."""
    groups = network.state.all(MulticastGroup)
    return set(task.wireless_device_ids).union(
        *(groups[group].wireless_device_ids for group in task.multicast_group_ids if group in groups)
    )


def there(network: Network) -> dict[str, WirelessDevice]:
    """All devices."""
    found: dict[str, WirelessDevice] = network.state.all(WirelessDevice)
    return found


def _json(status: int, document: Any, error: str = "") -> Answer:
    return status, {"x-amzn-errortype": error} if error else {}, json.dumps(document).encode()


def _response(request: Any, answer: Answer) -> AWSResponse:
    status, headers, body = answer
    return AWSResponse(request.url, status, headers, Body(body))


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _content(request: Any) -> bytes:
    """What is sent, read at once: a retry reads it again."""
    body = request.body or b""
    content: bytes = body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else body.read()
    is_chunked = "aws-chunked" in _text(request.headers.get("Content-Encoding", ""))
    return _unchunked(content) if is_chunked else content


def _unchunked(content: bytes) -> bytes:
    """What boto3 sends with its checksum behind it: hexadecimal lengths and chunks, the last of which is empty."""
    found = b""
    while True:
        size, _, content = content.partition(b"\r\n")
        if not (length := int(size.partition(b";")[0], 16)):
            return found
        found, content = found + content[:length], content[length + 2 :]


def _path(request: Any) -> str:
    path = re.sub("([0-9a-f]{8})-[0-9a-f-]{27}", r"\1", unquote(urlsplit(request.url).path))
    if path == "/" and isinstance(request.body, bytes) and request.body.startswith(b"{"):
        document = json.loads(request.body)
        path = str(document.get("ExpressionAttributeValues") or document.get("Item") or "")[:300]
    return path
