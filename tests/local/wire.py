"""Requests as they are on the wire, to say what no SDK says."""

import socket
import ssl
from dataclasses import dataclass
from typing import Any, NamedTuple

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from fuota_constructs.local.cloud import LocalCloud


class Reply(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: str


@dataclass(frozen=True)
class Wire:
    """The port of a local cloud."""

    cloud: LocalCloud

    @property
    def host(self) -> str:
        """What an SDK sends as Host."""
        return f"127.0.0.1:{self.cloud.port}"

    def send(self, request: bytes) -> Reply:
        """Send bytes and read until the cloud closes; the request has to ask for that."""
        with self.connect() as connection:
            connection.sendall(request)
            answer = b""
            while piece := connection.recv(65536):
                answer += piece
        head, _, body = answer.partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        return Reply(int(status.split()[1]), {name.lower(): headers[name] for name in headers}, body.decode())

    def connect(self) -> socket.socket:
        """Connect, with TLS where the cloud speaks it."""
        connection = socket.create_connection(("127.0.0.1", self.cloud.port), timeout=60)
        if not self.cloud.iam:
            return connection
        context = ssl.create_default_context(cafile=self.cloud.ca_bundle)
        return context.wrap_socket(connection, server_hostname="127.0.0.1")

    def ask(self, method: str, target: str, *headers: str, body: bytes = b"", host: str | None = None) -> Reply:
        """Send a request of HTTP/1.1; header lines in text, Host is the cloud's own unless given."""
        lines = [f"{method} {target} HTTP/1.1", f"Host: {self.host if host is None else host}", "Connection: close"]
        lines += [*headers, *([f"Content-Length: {len(body)}"] if body else [])]
        return self.send("\r\n".join([*lines, "", ""]).encode("latin-1") + body)

    def sign(  # what botocore does, with each part to be chosen
        self,
        method: str,
        target: str,
        service: str,
        *,
        key: str | None = None,
        secret: str | None = None,
        region: str | None = None,
        body: bytes = b"",
        host: str | None = None,
    ) -> list[str]:
        """The header lines of a signature, of the root key with the cloud's secret unless told otherwise."""
        scheme = "https" if self.cloud.iam else "http"
        request = AWSRequest(method, f"{scheme}://{host or self.host}{target}", data=body)
        request.headers["Host"] = host or self.host
        given = Credentials(key or self.cloud.account, self.cloud.secret if secret is None else secret)
        signer = S3SigV4Auth if service == "s3" else SigV4Auth
        signer(given, service, region or self.cloud.region).add_auth(request)
        return [f"{name}: {value}" for name, value in request.headers.items() if name != "Host"]

    def signed(self, method: str, target: str, service: str, **parts: Any) -> Reply:
        """Send a signed request."""
        lines = self.sign(method, target, service, **parts)
        return self.ask(method, target, *lines, body=parts.get("body", b""), host=parts.get("host"))
