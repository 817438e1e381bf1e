"""The one way into a local cloud: an ASGI application in front of all that MiniStack and we serve.

A cloud runs code as its user, so nobody else gets in: no web page (`own_names`), and no request that is not signed with
the cloud's secret. What AWS serves to anybody (API Gateway, function URLs, public buckets, signing in to Cognito) wants
the secret here as well.
"""

import asyncio
import hmac
import json
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qs

from fuota_constructs.local import ministack_signatures as signatures
from fuota_constructs.local.cloud_secret import HEADER
from fuota_constructs.local.iotwireless.model import service_model
from fuota_constructs.local.ministack_signatures import Request, SignatureError, UnsignedError
from fuota_constructs.local.own_names import OwnNames

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Answer = tuple[int, dict[str, str], bytes]

SERVICE = "iotwireless"
BODY_SECONDS = 60.0
"""How long a client may keep the cloud waiting for the next piece of a body; half-read heads end after 75 s."""

_UNSIGNED_BODY_BYTES = 1024 * 1024  # of what anybody may send: the answer to CloudFormation has 4,096 bytes at most
_ADMIN_PREFIXES = ("/_fuota/", "/_ministack/", "/_localstack/")
_HEALTH = ("/_ministack/health", "/_localstack/health", "/health")
# Links with a token nobody can guess, as AWS's own are presigned: the answer of a custom resource (ResponseURL) and
# the signal to a wait condition.
_TOKEN_PREFIXES = ("/_ministack/cfn-response/", "/_ministack/cfn-signal/")
_WHERE = "it is the AWS_SECRET_ACCESS_KEY that `fuota local env` prints"


class _GoneError(Exception):
    """The client left, or kept us waiting for the rest of its request."""


class Guard:
    """Lets requests through to `app` that come from a program with the secret; all others are refused first."""

    def __init__(self, app: App, *, names: OwnNames, secret: str, body_seconds: float = BODY_SECONDS) -> None:
        self._app = app
        self._names = names
        self._secret = secret.encode()
        self._body_seconds = body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection of ASGI."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        if complaint := self._names.complaint(scope["headers"], scope["raw_path"]):
            await _refuse(scope, receive, send, _message(403, complaint))
            return
        request = _request(scope)
        limit = None if _is_signed(request) or self._has_secret(request) else _UNSIGNED_BODY_BYTES
        try:
            body = await self._body(receive, limit) if scope["type"] == "http" else b""
        except _GoneError:
            await _refuse(scope, receive, send, _message(408, "the rest of the request did not come in time"))
            return
        except OverflowError:
            message = f"an unsigned request may have at most {_UNSIGNED_BODY_BYTES} bytes"
            await _refuse(scope, receive, send, _message(413, message))
            return
        request = Request(**{**request.__dict__, "body": body})
        checked = self._checked(request)
        if isinstance(checked, tuple):
            await _refuse(scope, receive, send, checked)
            return
        if scope["type"] == "http":
            receive = _replaying(body, receive)
        await self._app({**scope, "path": checked}, receive, _without_cors(send))

    def _checked(self, request: Request) -> str | Answer:
        """The path to serve, or how to refuse."""
        if self._is_open(request) or self._has_secret(request):
            return request.path
        if HEADER.lower() in request.headers:
            return _message(403, f"{HEADER} is not the secret of this local cloud: {_WHERE}")
        try:
            signer = signatures.signer_of(request)
        except SignatureError as error:
            return self._refusal(request, error)
        if request.path.startswith(_ADMIN_PREFIXES) and not signer.is_root:
            return _message(403, _admin(request))
        # An id is one segment of a path: MiniStack would hand %2F over as a slash, and route the request elsewhere.
        return request.raw_path if signer.service == SERVICE else request.path

    def _refusal(self, request: Request, error: SignatureError) -> Answer:
        if isinstance(error, UnsignedError) and request.path.startswith(_ADMIN_PREFIXES):
            return _message(403, _admin(request))
        # A request without a credential scope names no service: MiniStack would take the path for a bucket.
        scoped = "Credential=" in request.headers.get("authorization", "") or "X-Amz-Credential" in request.query
        ours = not scoped and service_model().methods_of(request.raw_path)
        return signatures.refusal(request, error, SERVICE if ours else None)

    def _is_open(self, request: Request) -> bool:
        if not self._names.is_loopback(request.headers["host"]):
            return False
        if request.path in _HEALTH:
            return request.method in ("GET", "HEAD")
        return request.method == "PUT" and request.path.startswith(_TOKEN_PREFIXES)

    def _has_secret(self, request: Request) -> bool:
        return hmac.compare_digest(request.headers.get(HEADER.lower(), "").encode(), self._secret)

    async def _body(self, receive: Receive, limit: int | None) -> bytes:
        pieces: list[bytes] = []
        size = 0
        while True:
            try:
                message = await asyncio.wait_for(receive(), self._body_seconds)
            except TimeoutError:
                raise _GoneError from None
            if message["type"] != "http.request":
                raise _GoneError
            pieces.append(message.get("body", b""))
            size += len(pieces[-1])
            if limit is not None and size > limit:
                raise OverflowError
            if not message.get("more_body", False):
                return b"".join(pieces)


def _request(scope: Scope) -> Request:
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1").lower(), _text(value)
        # SigV4 signs a header that came on several lines as its values with a comma between them.
        headers[key] = f"{headers[key]},{text}" if key in headers else text
    return Request(
        method=scope.get("method", "GET"),  # a WebSocket is asked for with GET
        path=scope["path"],
        raw_path=scope["raw_path"].decode("latin-1"),
        headers=headers,
        query=parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True),
    )


def _is_signed(request: Request) -> bool:
    names = {name.lower() for name in request.query}
    return "authorization" in request.headers or bool({"x-amz-signature", "signature"} & names)


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _admin(request: Request) -> str:
    return f"{request.path[:100]} wants the secret of this local cloud in the header {HEADER}: {_WHERE}"


def _message(status: int, message: str) -> Answer:
    return status, {"Content-Type": "application/json"}, json.dumps({"message": message}).encode()


def _replaying(body: bytes, receive: Receive) -> Receive:
    pieces: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return pieces.pop() if pieces else await receive()

    return replay


def _without_cors(send: Send) -> Send:
    # No page of another origin gets here, so no answer is for one; MiniStack lets every page read every answer.
    async def without_cors(message: Message) -> None:
        if "headers" in message:
            kept = [item for item in message["headers"] if not item[0].lower().startswith(b"access-control-")]
            message = {**message, "headers": kept}
        await send(message)

    return without_cors


async def _refuse(scope: Scope, receive: Receive, send: Send, answer: Answer) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})  # before it was accepted: answered with 403
        return
    status, headers, body = answer
    headers |= {
        "Content-Length": str(len(body)),
        "Date": formatdate(usegmt=True),
        "x-amzn-requestid": str(uuid.uuid4()),
    }
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
