"""The certificates of a cloud that speaks TLS."""

import itertools
import ssl
import stat
from pathlib import Path

from cryptography import x509

from fuota_constructs.local.certificates import make_certificates
from fuota_constructs.local.cloud import LocalCloud


def test_a_client_that_trusts_the_bundle_or_the_authority_accepts_the_server(tmp_path: Path) -> None:
    files = make_certificates(tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(files.server, files.server_key)
    for host, trusted in itertools.product(("127.0.0.1", "localhost"), (files.bundle, files.authority)):
        client = ssl.create_default_context(cafile=trusted)
        client.verify_flags |= ssl.VERIFY_X509_STRICT
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        asking = client.wrap_bio(incoming, outgoing, server_hostname=host)
        answering = server.wrap_bio(outgoing, incoming, server_side=True)
        for _ in range(4):
            for side in (asking, answering):
                try:
                    side.do_handshake()
                except ssl.SSLWantReadError:
                    continue
        assert asking.version() == "TLSv1.3"


def test_only_the_owner_reads_the_key_and_the_authoritys_key_is_not_kept(tmp_path: Path) -> None:
    files = make_certificates(tmp_path / "tls")
    assert stat.S_IMODE(files.server_key.stat().st_mode) == 0o600
    kept = [path.name for path in (tmp_path / "tls").iterdir() if "PRIVATE KEY" in path.read_text("utf-8")]
    assert kept == ["server.key"]


def test_the_servers_certificate_is_no_authority(tmp_path: Path) -> None:
    files = make_certificates(tmp_path)
    server = x509.load_pem_x509_certificate(files.server.read_bytes())
    assert server.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False


def test_a_cloud_without_tls_has_no_bundle() -> None:
    cloud = LocalCloud(pid=0, port=1, region="r", account="a", iam=False)
    assert cloud.ca_bundle is cloud.authority is None
