"""The certificate authority and server certificate of a local cloud that speaks TLS."""

import datetime
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path

LIFETIME = datetime.timedelta(days=30)


@dataclass(frozen=True)
class Certificates:
    """Where the PEM files of one cloud are.

    `bundle` is our authority together with the system's own, for clients whose setting replaces the whole list
    (AWS_CA_BUNDLE, SSL_CERT_FILE); `authority` alone is for those that add to it (NODE_EXTRA_CA_CERTS).
    """

    authority: Path
    bundle: Path
    server: Path
    server_key: Path


def certificates_in(folder: Path) -> Certificates:
    """The files of the cloud whose folder this is, whether they exist or not."""
    return Certificates(
        authority=folder / "ca.pem",
        bundle=folder / "ca-bundle.pem",
        server=folder / "server.pem",
        server_key=folder / "server.key",
    )


def make_certificates(folder: Path) -> Certificates:
    """Make a new authority and a certificate for 127.0.0.1 and localhost, valid for 30 days.

    The authority's own key is never written down, so nobody can sign anything else with it.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    files = certificates_in(folder)
    now = datetime.datetime.now(datetime.UTC)

    def builder(common_name: str, issuer: str, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + LIFETIME)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        )

    def usage(*, signs_certificates: bool) -> x509.KeyUsage:
        return x509.KeyUsage(
            digital_signature=True,
            key_cert_sign=signs_certificates,
            crl_sign=signs_certificates,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            encipher_only=False,
            decipher_only=False,
        )

    ca_name = "fuota local cloud, this machine only"
    ca_key = ec.generate_private_key(ec.SECP256R1())
    authority = (
        builder(ca_name, ca_name, ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage(signs_certificates=True), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    server_key = ec.generate_private_key(ec.SECP256R1())
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    server = (
        builder("localhost", ca_name, server_key.public_key())
        # rustls and Go refuse a CA certificate as the server's own.
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    files.authority.write_bytes(authority.public_bytes(pem))
    files.bundle.write_bytes(authority.public_bytes(pem) + _system_authorities())
    files.server.write_bytes(server.public_bytes(pem))
    files.server_key.touch(mode=0o600)
    files.server_key.write_bytes(
        server_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


def _system_authorities() -> bytes:
    paths = ssl.get_default_verify_paths()
    for candidate in (paths.cafile, paths.openssl_cafile):
        if candidate and Path(candidate).is_file():
            return b"\n" + Path(candidate).read_bytes()
    return b""
