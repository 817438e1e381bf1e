"""The response URL of a request, over HTTP, and the CloudFormation that its stack is asked of."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import aws_calls
import protocol
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CLEANUP, DELETION = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "DELETE_IN_PROGRESS"
SIGNATURE = "5ec2e7c0ffee"
"""A secret: who knows it may answer in the name of the function."""


@dataclass
class Put:
    """One PUT that arrived at the response URL."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class ResponseSink:
    """CloudFormation: records what is PUT to response URLs, and answers what is asked about the stack."""

    base_url: str = ""
    puts: list[Put] = field(default_factory=list)
    script: list[int | str] = field(default_factory=list)
    stack_status: str = CLEANUP  # "" for a function that may not know, "broken" for an answer that does not come
    parent_id: str = ""  # of a nested stack
    record: tuple[str, str] | None = None  # physical id and status of every resource; None for one that may not know

    @property
    def url(self) -> str:
        """A presigned URL like CloudFormation's, its signature a secret."""
        return self.signed("request")

    def signed(self, request: str, at: float | None = None) -> str:
        """The presigned URL of a request, and when it was signed."""
        date = f"X-Amz-Date={time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(at))}&" if at is not None else ""
        query = f"{date}X-Amz-Signature={SIGNATURE}{request}&X-Amz-Expires=7200"
        return f"{self.base_url}/arn%3Aaws%3Acloudformation/{request}?{query}"

    def reset(self) -> None:
        """Forget."""
        self.puts.clear()
        self.script.clear()
        self.stack_status, self.parent_id, self.record = CLEANUP, "", None

    def describe(self, body: str) -> tuple[int, str]:
        """Answer DescribeStacks or DescribeStackResource."""
        asked = {name: values[0] for name, values in parse_qs(body).items()}
        if asked["Action"] == "DescribeStacks" and self.stack_status == "broken":
            return 500, _query_error("InternalFailure", "try again")
        if asked["Action"] == "DescribeStacks" and self.stack_status:
            status = f"<StackName>s</StackName><StackStatus>{self.stack_status}</StackStatus>"
            status += f"<ParentId>{self.parent_id}</ParentId>" if self.parent_id else ""
            member = f"<member>{status}<CreationTime>2026-11-23T10:11:12Z</CreationTime></member>"
            return 200, _query_answer("DescribeStacks", f"<Stacks>{member}</Stacks>")
        if asked["Action"] == "DescribeStackResource" and self.record == ("", ""):
            message = f"Resource {asked['LogicalResourceId']} does not exist for stack s"
            return 400, _query_error("ValidationError", message)
        if asked["Action"] == "DescribeStackResource" and self.record:
            physical_id, status = self.record
            detail = (
                f"<LogicalResourceId>{asked['LogicalResourceId']}</LogicalResourceId><ResourceType>t</ResourceType>"
                f"<PhysicalResourceId>{physical_id}</PhysicalResourceId><ResourceStatus>{status}</ResourceStatus>"
                "<LastUpdatedTimestamp>2026-11-23T10:11:12Z</LastUpdatedTimestamp>"
            )
            return 200, _query_answer("DescribeStackResource", f"<StackResourceDetail>{detail}</StackResourceDetail>")
        return 403, _query_error("AccessDenied", "not authorized")


def _query_error(code: str, message: str) -> str:
    return f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"


def _query_answer(operation: str, content: str) -> str:
    return f"<{operation}Response><{operation}Result>{content}</{operation}Result></{operation}Response>"


@pytest.fixture(scope="session")
def response_server() -> Iterator[ResponseSink]:
    """The HTTP server of the response URL."""
    sink = ResponseSink()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            sink.puts.append(Put(self.path, dict(self.headers), body))
            answer = sink.script.pop(0) if sink.script else 200
            if isinstance(answer, str):  # "drop"
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response(answer)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_POST(self) -> None:
            status, text = sink.describe(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(status)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        sink.base_url = f"http://127.0.0.1:{server.server_port}"
        yield sink
        server.shutdown()


@pytest.fixture
def sink(response_server: ResponseSink, monkeypatch: pytest.MonkeyPatch) -> ResponseSink:
    """The response URL, with nothing PUT yet."""
    response_server.reset()
    # Of a machine that is busy an answer is no later put a second time.
    monkeypatch.setattr(protocol, "DELIVERY_TIMEOUT_SECONDS", 120)
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", response_server.base_url)
    if aws_calls._client("cloudformation").meta.endpoint_url != response_server.base_url:
        aws_calls._client.cache_clear()
    return response_server
