"""Nobody else gets into a running local cloud: no web page, and no request without its secret."""

import asyncio
import base64
import io
import json
import re
import shutil
import stat
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from wire import Reply, Wire

from fuota_constructs.local import cloud as clouds
from fuota_constructs.local.cloud import LocalCloud
from fuota_constructs.local.guard import Guard
from fuota_constructs.local.own_names import OwnNames

FOREIGN = [
    ("Origin: http://evil.example", None),
    ("Origin: null", None),
    ("Origin: http://127.0.0.1:3000", None),
    ("Referer: http://evil.example/page", None),
    ("Sec-Fetch-Site: cross-site", None),
    ("Sec-Fetch-Site: same-site", None),
    ("Accept: */*", "evil.example"),
    ("Accept: */*", "evil.example:{port}"),
    ("Accept: */*", "localhost.:{port}"),
    ("Accept: */*", "[::1]:{port}"),
    ("Accept: */*", "127.0.0.1:1"),
]
EVERYWHERE = [
    ("GET", "/fuota-tasks"),
    ("GET", "/_fuota/state"),
    ("GET", "/_ministack/health"),
    ("GET", "/_localstack/health"),
    ("POST", "/_ministack/reset"),
    ("POST", "/_ministack/config"),
    ("GET", "/_aws/sqs/messages"),
    ("PUT", "/_ministack/cfn-response/token"),
    ("OPTIONS", "/2015-03-31/functions"),
    ("HEAD", "/bucket/key"),
    ("GET", "/"),
]


def _zip(code: str) -> str:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("index.py", code)
    return base64.b64encode(made.getvalue()).decode()


def _function(cloud: LocalCloud, name: str) -> bytes:
    role = f"arn:aws:iam::{cloud.account}:role/r"
    code = {"ZipFile": _zip("def handler(event, context):\n    return 'ran'\n")}
    given = {"FunctionName": name, "Runtime": "python3.11", "Handler": "index.handler", "Role": role, "Code": code}
    return json.dumps(given).encode()


@pytest.mark.parametrize(("header", "host"), FOREIGN)
@pytest.mark.parametrize(("method", "target"), EVERYWHERE)
def test_fails_for_a_web_page_on_every_route(
    wire: Wire, method: str, target: str, header: str, host: str | None
) -> None:
    # Not even the secret helps a page that got hold of it.
    reply = wire.ask(
        method,
        target,
        header,
        f"X-Fuota-Secret: {wire.cloud.secret}",
        host=host.format(port=wire.cloud.port) if host else None,
    )
    assert reply.status == 403
    assert not [name for name in reply.headers if name.startswith("access-control-")]
    if method != "HEAD":
        assert "and no web pages" in json.loads(reply.body)["message"]


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/json"])
def test_fails_before_anything_runs(wire: Wire, content_type: str) -> None:
    functions = wire.cloud.client("lambda")
    clock = wire.cloud.admin("clock")["advanced_seconds"]
    page = ("Origin: http://evil.example", f"Content-Type: {content_type}")
    made = wire.ask("POST", "/2015-03-31/functions", *page, body=_function(wire.cloud, "evil"))
    moved = wire.ask("POST", "/_fuota/clock", *page, body=b'{"advance_seconds": 60}')
    reset = wire.ask("POST", "/_ministack/reset", *page, body=b"{}")
    assert {made.status, moved.status, reset.status} == {403}
    assert "evil" not in [function["FunctionName"] for function in functions.list_functions()["Functions"]]
    assert wire.cloud.admin("clock")["advanced_seconds"] == clock


def test_fails_for_http_1_0_without_a_host(wire: Wire) -> None:
    secret = f"X-Fuota-Secret: {wire.cloud.secret}"
    assert wire.send(f"GET /_fuota/host HTTP/1.0\r\n{secret}\r\n\r\n".encode()).status == 403
    assert wire.send(f"GET /_fuota/host HTTP/1.0\r\nHost: {wire.host}\r\n{secret}\r\n\r\n".encode()).status == 200


def test_fails_for_several_hosts_and_several_origins(wire: Wire) -> None:
    assert wire.ask("GET", "/_ministack/health", f"Host: {wire.host}").status == 400  # the server's own check
    own = f"Origin: {wire.cloud.url}"
    assert wire.ask("GET", "/_ministack/health", own).status == 200
    assert wire.ask("GET", "/_ministack/health", own, "Origin: http://evil.example").status == 403


@pytest.mark.parametrize("target", ["http://evil.example/_ministack/health", "*"])
def test_fails_for_a_target_that_is_no_path(wire: Wire, target: str) -> None:
    assert wire.ask("OPTIONS" if target == "*" else "GET", target).status == 403


@pytest.mark.parametrize("header", ["Accept: */*", "Origin: http://evil.example"])
def test_fails_for_a_websocket_without_the_secret(wire: Wire, header: str) -> None:
    upgrade = ("Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
    lines = "".join(f"{line}\r\n" for line in (f"Host: {wire.host}", *upgrade, "Connection: Upgrade", header))
    assert wire.send(f"GET /_aws/execute-api/abc/prod HTTP/1.1\r\n{lines}\r\n".encode()).status == 403


@pytest.mark.parametrize(
    "host", ["localhost:{port}", "LOCALHOST:{port}", "bucket.s3.localhost:{port}", "127.0.0.1:{port}"]
)
def test_its_health_is_open_to_programs(wire: Wire, host: str) -> None:
    assert wire.ask("GET", "/_ministack/health", host=host.format(port=wire.cloud.port)).status == 200


def test_the_answer_to_cloudformation_needs_no_signature(wire: Wire) -> None:
    link = "/_ministack/cfn-response/a-token"
    assert wire.ask("PUT", link, body=b"{}").status == 200
    assert wire.ask("PUT", "/_ministack/cfn-signal/a-token", body=b"{}").status == 404
    assert wire.ask("POST", link, body=b"{}").status == 403
    assert wire.ask("GET", link).status == 403
    assert wire.ask("PUT", link, body=b"{}", host="lambda.eu-west-1.amazonaws.com").status == 403


def test_fails_for_a_large_body_of_a_stranger(wire: Wire) -> None:
    reply = wire.ask("PUT", "/_ministack/cfn-response/a-token", body=b" " * (1024 * 1024 + 1))
    assert (reply.status, json.loads(reply.body)["message"]) == (
        413,
        "an unsigned request may have at most 1048576 bytes",
    )


def _answered(reply: Reply) -> tuple[int, str, str]:
    error = reply.headers.get("x-amzn-errortype", "")
    return reply.status, error, reply.body


@pytest.mark.parametrize("target", ["/fuota-tasks", "/fuota-tasks/a%2Fb", "/multicast-groups?maxResults=1"])
def test_fails_for_unsigned_iot_wireless_calls_as_iot_wireless_does(wire: Wire, target: str) -> None:
    reply = wire.ask("GET", target)
    assert reply.status == 403
    assert reply.headers["x-amzn-errortype"] == "MissingAuthenticationTokenException"
    assert reply.headers["content-type"] == "application/json"
    assert json.loads(reply.body)["message"] == "Missing Authentication Token"
    assert reply.headers["x-amzn-requestid"]
    assert reply.headers["date"]


@pytest.mark.parametrize(
    "authorization", ["garbage", "Bearer x", "Basic eDp5", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 "]
)
def test_fails_for_an_authorization_that_is_no_signature(wire: Wire, authorization: str) -> None:
    reply = wire.ask("GET", "/fuota-tasks", f"Authorization: {authorization}")
    assert reply.status == 403
    assert reply.headers["x-amzn-errortype"] == "IncompleteSignatureException"


def test_fails_for_unsigned_calls_in_the_words_of_each_protocol(wire: Wire) -> None:
    form = "Content-Type: application/x-www-form-urlencoded"
    rest_json = wire.ask("GET", "/2015-03-31/functions")
    query = wire.ask("POST", "/", form, body=b"Action=ListUsers&Version=2010-05-08")
    json_1_1 = wire.ask("POST", "/", "X-Amz-Target: AmazonSSM.GetParameter", body=b"{}")
    s3 = [wire.ask(method, target) for method, target in (("GET", "/"), ("PUT", "/bucket"), ("GET", "/bucket/key"))]
    assert _answered(rest_json)[:2] == (403, "MissingAuthenticationTokenException")
    assert query.status == 403
    assert "<Code>MissingAuthenticationToken</Code>" in query.body
    # AWS's JSON 1.x services answer 400 here; MiniStack's wording comes from captures of them.
    assert (json_1_1.status, json.loads(json_1_1.body)["__type"]) == (400, "MissingAuthenticationTokenException")
    assert {reply.status for reply in s3} == {403}
    assert all("<Code>AccessDenied</Code>" in reply.body for reply in s3)


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/_fuota/host"),
        ("GET", "/_fuota/state"),
        ("GET", "/%5Ffuota/state"),
        ("POST", "/_fuota/clock"),
        ("DELETE", "/_fuota/faults"),
        ("GET", "/_fuota/nothing"),
        ("GET", "/_ministack/ready"),
        ("POST", "/_ministack/reset"),
        ("POST", "/_ministack/config"),
        ("GET", "/_ministack/lambda-code/000000000000/eu-west-1/f"),
        ("POST", "/_ministack/rds/iam-auth"),
        ("POST", "/_ministack/eks-auth/x"),
        ("GET", "/_localstack/init"),
    ],
)
def test_fails_on_admin_routes_without_the_secret(wire: Wire, method: str, target: str) -> None:
    without = wire.ask(method, target)
    wrong = wire.ask(method, target, f"X-Fuota-Secret: {wire.cloud.secret[:-1]}")
    empty = wire.ask(method, target, "X-Fuota-Secret: ")
    assert {without.status, wrong.status, empty.status} == {403}
    assert "wants the secret of this local cloud in the header X-Fuota-Secret" in json.loads(without.body)["message"]
    assert "`fuota local env` prints" in json.loads(wrong.body)["message"]


def test_the_secret_opens_admin_routes_and_what_cannot_be_signed(wire: Wire) -> None:
    secret = f"x-fuota-secret: {wire.cloud.secret}"
    assert json.loads(wire.ask("GET", "/_fuota/host", secret).body)["pid"] == wire.cloud.pid
    assert wire.ask("GET", "/_ministack/ready", secret).status == 200
    assert wire.ask("GET", "/_aws/sqs/messages?QueueUrl=x", secret).status not in (401, 403)


def test_the_documented_curl_commands_work(state_dir: None) -> None:
    if shutil.which("curl") is None or shutil.which("bash") is None:
        pytest.skip("the documentation shows curl and bash, and there is none here")
    text = (Path(__file__).parents[2] / "docs" / "reference" / "local-api.md").read_text("utf-8")
    [block] = [block for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) if "curl -H @-" in block]
    cloud = clouds.start(clouds.free_port())
    try:
        command = f"{sys.executable} -m fuota_constructs.cli local env --port {cloud.port}"
        script = block.replace("fuota local env", command).replace("curl ", "curl --silent --fail --noproxy '*' ")
        done = subprocess.run(["bash", "-ec", script], cwd=cloud.folder, capture_output=True, text=True, check=True)
        assert '"states"' in done.stdout
        assert cloud.admin("clock")["advanced_seconds"] == 1800
    finally:
        clouds.stop(cloud)


def test_a_root_signature_opens_admin_routes_too(wire: Wire) -> None:
    assert wire.signed("GET", "/_fuota/clock", "iotwireless").status == 200
    assert wire.signed("GET", "/_fuota/clock", "iotwireless", secret="test").status == 403


def test_fails_on_admin_routes_with_the_signature_of_a_user(wire: Wire) -> None:
    iam = wire.cloud.client("iam")
    iam.create_user(UserName="outsider")
    key = iam.create_access_key(UserName="outsider")["AccessKey"]
    reply = wire.signed("GET", "/_fuota/clock", "iotwireless", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    assert reply.status == 403
    assert "wants the secret" in json.loads(reply.body)["message"]


def test_no_answer_lets_a_page_read_it(wire: Wire) -> None:
    for service, target in (("iotwireless", "/fuota-tasks"), ("lambda", "/2015-03-31/functions"), ("s3", "/")):
        reply = wire.signed("GET", target, service)
        assert reply.status == 200
        assert not [name for name in reply.headers if name.startswith("access-control-")]
    preflight = wire.signed("OPTIONS", "/", "s3")
    assert not [name for name in preflight.headers if name.startswith("access-control-")]


def test_the_secret_is_for_its_owner_only_and_new_with_each_start(cloud: LocalCloud, iam_cloud: LocalCloud) -> None:
    file = iam_cloud.folder / "secret"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(iam_cloud.folder.stat().st_mode) == 0o700
    assert file.read_text() == iam_cloud.secret
    assert len(iam_cloud.secret) == 40
    assert iam_cloud.secret != cloud.secret
    for shown in (repr(iam_cloud), (iam_cloud.folder / "cloud.json").read_text(), iam_cloud.log.read_text()):
        assert iam_cloud.secret not in shown


def test_what_is_refused_loads_nothing(state_dir: None) -> None:
    fresh = clouds.start(clouds.free_port())
    try:
        status = Path(f"/proc/{fresh.pid}/status")
        before = int(re.findall(r"VmRSS:\s+(\d+) kB", status.read_text())[0])
        for authorization in ("garbage", "AWS4-HMAC-SHA256 Credential=x", "Bearer x"):
            assert Wire(fresh).ask("GET", "/x", f"Authorization: {authorization}").status in (400, 403)
        assert int(re.findall(r"VmRSS:\s+(\d+) kB", status.read_text())[0]) - before < 20_000
    finally:
        clouds.stop(fresh)


class Slow:
    """A client that begins a request and falls silent."""

    def __init__(self, headers: list[tuple[bytes, bytes]]) -> None:
        self.scope: dict[str, Any] = {"type": "http", "method": "POST", "path": "/", "raw_path": b"/"}
        self.scope |= {"query_string": b"", "headers": headers}
        self.pieces = [{"type": "http.request", "body": b"{", "more_body": True}]
        self.sent: list[Any] = []

    async def receive(self) -> Any:
        """The beginning of the body, and then nothing."""
        if self.pieces:
            return self.pieces.pop()
        return await asyncio.get_running_loop().create_future()

    async def send(self, message: Any) -> None:
        """Take a part of the answer."""
        self.sent.append(message)


def test_fails_for_a_body_that_never_ends() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("an unfinished request got through")

    client = Slow([(b"host", b"127.0.0.1:4566"), (b"x-fuota-secret", b"s")])
    guard = Guard(app, names=OwnNames("http", 4566), secret="s", body_seconds=0.01)
    asyncio.run(guard(client.scope, client.receive, client.send))
    assert client.sent[0]["status"] == 408


def test_half_open_requests_hold_up_nobody(cloud: LocalCloud) -> None:
    wire = Wire(cloud)
    waiting = [wire.connect() for _ in range(50)]
    try:
        for number, connection in enumerate(waiting):
            head = f"POST /fuota-tasks HTTP/1.1\r\nHost: {wire.host}\r\nContent-Length: 100\r\n"
            connection.sendall((head + "\r\n{" if number % 2 else head).encode())
        assert wire.signed("GET", "/fuota-tasks", "iotwireless").status == 200
    finally:
        for connection in waiting:
            connection.close()


def test_waits_for_the_rest_of_a_slow_body(cloud: LocalCloud) -> None:
    wire = Wire(cloud)
    body = b'{"LoRaWAN": {"RfRegion": "EU868", "DlClass": "ClassC"}, "ClientRequestToken": "slow"}'
    lines = [f"POST /multicast-groups HTTP/1.1\r\nHost: {wire.host}", "Connection: close"]
    lines += [*wire.sign("POST", "/multicast-groups", "iotwireless", body=body), f"Content-Length: {len(body)}"]
    with wire.connect() as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + body[:10])
        time.sleep(0.2)
        connection.sendall(body[10:])
        assert b" 201 " in connection.recv(100)
