"""The side effects themselves: the real clock, the real PUT, TLS with an authority of one's own."""

from __future__ import annotations

import datetime
import ipaddress
import os
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import aws_calls
import index
import pytest
from aws_errors import may_be_iam_propagation
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from lambda_rig import Context, event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from response_sink import ResponseSink
    from wireless_rig import Cloud


def test_the_handler_itself_answers(cloud: Cloud, sink: ResponseSink) -> None:
    index.handler({**event("create_fuota_task"), "ResponseURL": sink.url}, Context())
    (put,) = sink.puts
    assert b'"SUCCESS"' in put.body
    assert len(cloud.tasks()) == 1


def test_the_clock_moves_forward_and_jitter_stays_below_its_bound() -> None:
    calls = aws_calls.AwsCalls()
    before = calls.now()
    calls.sleep(0)
    assert calls.now() >= before
    assert abs(calls.epoch() - time.time()) < 60
    assert all(0 <= calls.jitter(0.5) <= 0.5 for _ in range(20))


def test_what_was_abandoned_calls_nothing(cloud: Cloud) -> None:
    calls = aws_calls.AwsCalls()
    calls.abandoned = True
    for service in ("iotwireless", "s3", "cloudformation"):
        with pytest.raises(aws_calls.AbandonedError):
            getattr(calls, service)


def test_r02_a_request_that_is_abandoned_while_boto3_retries_is_not_sent_again(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lambda freezes a thread in the middle of a call and thaws it during a later event."""
    calls = aws_calls.AwsCalls()
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: setattr(calls, "abandoned", True))
    cloud.fault("DeleteFuotaTask", "internal-error", times=5)
    client = calls.iotwireless
    with pytest.raises(aws_calls.AbandonedError):
        in_its_own_thread(calls, lambda: client.delete_fuota_task(Id="some-task"))
    assert cloud.requests() == ["DeleteFuotaTask"]


def test_r02_a_request_is_not_sent_when_its_guard_took_too_long(cloud: Cloud) -> None:
    calls = aws_calls.AwsCalls()
    calls.guard = lambda _: setattr(calls, "abandoned", True)
    client = calls.iotwireless
    with pytest.raises(aws_calls.AbandonedError):
        in_its_own_thread(calls, lambda: client.delete_fuota_task(Id="some-task"))
    assert cloud.requests() == []


def test_the_guard_is_asked_before_each_attempt_that_changes_something(cloud: Cloud, impatient_boto3: None) -> None:
    calls, asked = aws_calls.AwsCalls(), list[str]()
    calls.guard = asked.append
    cloud.fault("DeleteFuotaTask", "internal-error", times=2)

    def work() -> None:
        calls.iotwireless.list_fuota_tasks()
        with pytest.raises(ClientError):
            calls.iotwireless.delete_fuota_task(Id="some-task")
        calls.drop_guard()
        with pytest.raises(ClientError):
            calls.iotwireless.delete_fuota_task(Id="some-task")

    in_its_own_thread(calls, work)
    assert asked == ["DeleteFuotaTask"] * 3


def in_its_own_thread(calls: aws_calls.AwsCalls, work: Callable[[], object]) -> None:
    """Do work as the handler's worker does, and raise what it raises."""
    raised: list[BaseException] = []

    def guarded() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  # raised again below
            raised.append(error)

    calls.run(guarded, seconds=10)
    for error in raised:
        raise error


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        ("AccessDeniedException", "no", True),
        ("AccessDenied", "no", True),
        ("AccessDenied", "no, with an explicit deny in a policy", False),
        ("ValidationException", "The role cannot be Assumed", True),
        ("ValidationException", "not allowed to perform iam:PassRole", True),
        ("ValidationException", "check the trust policy", True),
        ("ValidationException", "RedundancyPercent is 101", False),
        ("ThrottlingException", "assume nothing", False),
    ],
)
def test_r12_which_refusals_waiting_may_heal(code: str, message: str, expected: bool) -> None:
    error = ClientError({"Error": {"Code": code, "Message": message}}, "CreateFuotaTask")
    assert may_be_iam_propagation(error) is expected


def test_r12_an_error_that_is_no_refusal_is_not_waited_for() -> None:
    assert may_be_iam_propagation(ValueError("AccessDenied")) is False


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1 and its key."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "ca.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "ca.pem", folder / "key.pem"


@pytest.fixture
def https_url(authority: tuple[Path, Path]) -> Iterator[str]:
    """A response URL behind TLS."""

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    class Quiet(HTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            pass  # a refused handshake is what one of the tests is about

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority)
    with Quiet(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"https://127.0.0.1:{server.server_port}/request"
        server.shutdown()


@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_r03_an_authority_of_ones_own_is_trusted(
    https_url: str, authority: tuple[Path, Path], variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, str(authority[0]))
    assert aws_calls.AwsCalls().put(https_url, b"{}", timeout=120) == 204


def test_r03_fails_to_put_to_a_server_nobody_vouches_for(https_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
        aws_calls.AwsCalls().put(https_url, b"{}", timeout=120)


@pytest.mark.parametrize(
    ("url", "overridden", "allowed"),
    [
        ("https://bucket.s3.amazonaws.com/x", False, True),
        ("http://bucket.s3.amazonaws.com/x", False, False),
        ("http://169.254.170.2/credentials", False, False),
        ("http://127.0.0.1:4566/x", True, True),
        ("file:///etc/passwd", True, False),
        ("ftp://127.0.0.1/x", True, False),
        ("HTTPS://bucket/x", True, False),
        ("not a url", True, False),
        ("", True, False),
    ],
)
def test_r03_answers_go_to_https_and_to_http_only_where_endpoints_are_overridden(
    url: str, overridden: bool, allowed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_ENDPOINT_URL")]:
        monkeypatch.delenv(name)
    if overridden:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:4566")
    if allowed:
        aws_calls.check_response_url(url)
    else:
        with pytest.raises(ValueError, match="is not https"):
            aws_calls.check_response_url(url)


@pytest.fixture
def dripping_url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A response URL that answers byte by byte, each within any timeout of a socket."""
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            for byte in b"HTTP/1.0 200 " + b"O" * 10_000:
                if over.wait(0.05):
                    return
                self.wfile.write(bytes([byte]))

        def log_message(self, *arguments: object) -> None:
            pass

    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1")
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/request"
        over.set()
        server.shutdown()


def test_r03_an_answer_that_comes_byte_by_byte_is_not_waited_for(dripping_url: str) -> None:
    with pytest.raises(TimeoutError, match=r"longer than the time for it|timed out"):
        aws_calls.AwsCalls().put(dripping_url, b"{}", timeout=0.3)


def test_r03_an_answer_is_put_even_if_no_thread_can_be_started(
    sink: ResponseSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(aws_calls.AwsCalls, "run", fail)
    assert aws_calls.AwsCalls().put(sink.url, b"{}", timeout=120) == 200
    assert len(sink.puts) == 1


def test_a_request_of_no_invocation_is_nobodys_to_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws_calls, "_invocation", threading.local())
    aws_calls._judge_request("before-send.iot-wireless.DeleteFuotaTask")
