"""The side effects themselves: the real clock, the real PUT, TLS with an authority of one's own."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import aws_calls
import index
import pytest
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from lambda_rig import Context, event

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lambda_rig import Cloud, ResponseSink


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
    for service in ("iotwireless", "s3"):
        with pytest.raises(aws_calls.AbandonedError):
            getattr(calls, service)


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
    assert aws_calls.may_be_iam_propagation(error) is expected


def test_r12_an_error_that_is_no_refusal_is_not_waited_for() -> None:
    assert aws_calls.may_be_iam_propagation(ValueError("AccessDenied")) is False


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
    assert aws_calls.AwsCalls().put(https_url, b"{}", timeout=5) == 204


def test_r03_fails_to_put_to_a_server_nobody_vouches_for(https_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
        aws_calls.AwsCalls().put(https_url, b"{}", timeout=5)
