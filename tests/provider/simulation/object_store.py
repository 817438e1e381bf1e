"""S3 as far as firmware objects need it: reads, writes with a checksum and with If-None-Match, streams that break."""

from __future__ import annotations

import base64
import hashlib
import io
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from urllib3.exceptions import ProtocolError

if TYPE_CHECKING:
    from simulation.world import World

ASSETS, FIRMWARE = "cdk-assets", "fleet-firmware"


class BreakingBody(io.BytesIO):
    """A body whose connection breaks halfway."""

    def read(self, *_: Any) -> bytes:
        raise ProtocolError("Connection broken")

    def stream(self, *_: Any, **__: Any) -> Any:
        """What botocore asks for."""
        raise ProtocolError("Connection broken")


class ObjectStore:
    """The objects of all buckets, by bucket and key."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.objects: dict[str, bytes] = {}
        self.overwritten: list[str] = []

    def image(self, revision: int) -> bytes:
        """The firmware of a revision, published among the assets."""
        content = f"firmware {revision}".encode() * 100
        self.objects[f"{ASSETS}/{revision}.bin"] = content
        return content

    def handle(self, operation: str, request: Any) -> tuple[int, dict[str, str], Any]:
        """Answer a request."""
        url = urlsplit(request.url)
        bucket = url.netloc.partition(".s3.")[0] if ".s3." in url.netloc else ""
        name = f"{bucket}/{unquote(url.path).lstrip('/')}" if bucket else unquote(url.path).lstrip("/")
        if operation == "GetObject":
            return self._get(name)
        if operation == "GetBucketEncryption":  # which the provider may not read of the bucket that tasks share
            return self.error(403, "AccessDenied", "Access Denied")
        return self._put(name, request)

    def error(self, status: int, code: str, message: str) -> tuple[int, dict[str, str], bytes]:
        """An error as S3 writes it."""
        body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
        return status, {"Content-Type": "application/xml"}, body.encode()

    def _get(self, name: str) -> tuple[int, dict[str, str], Any]:
        if name not in self.objects:  # without s3:ListBucket, which the provider does not have
            return self.error(403, "AccessDenied", "Access Denied")
        content = self.objects[name]
        if self.world.chance.random() < 0.02 * self.world.weather.storm:
            self.world.weather.counts["broken stream"] += 1
            return 200, {"Content-Length": str(len(content))}, BreakingBody()
        return 200, {"Content-Length": str(len(content))}, content

    def _put(self, name: str, request: Any) -> tuple[int, dict[str, str], bytes]:
        headers = {
            key.lower(): value.decode() if isinstance(value, bytes) else value for key, value in request.headers.items()
        }
        content = request.body if isinstance(request.body, bytes) else request.body.read()
        checksum = base64.b64encode(hashlib.sha256(content).digest()).decode()
        if headers.get("x-amz-checksum-sha256", checksum) != checksum:
            return self.error(400, "BadDigest", "the checksum does not match")
        if headers.get("if-none-match") == "*" and name in self.objects:
            return self.error(412, "PreconditionFailed", "the object exists")
        if self.objects.get(name, content) != content:
            self.overwritten.append(name)
        self.objects[name] = content
        return 200, {"ETag": '"etag"'}, b""
