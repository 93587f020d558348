"""Certificates of a test's own, signed by themselves, and clients that trust them."""

from __future__ import annotations

import datetime as dt
import ssl
from functools import cache
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

__all__ = ("elliptic_key", "is_done", "issue", "pem_of", "trusting")


@cache
def elliptic_key() -> ec.EllipticCurvePrivateKey:
    """One for all, which is quickly made."""
    return ec.generate_private_key(ec.SECP256R1())


def issue(
    *names: str,
    key: CertificateIssuerPrivateKeyTypes | None = None,
    algorithm: hashes.HashAlgorithm | None = hashes.SHA256(),  # noqa: B008 - it has no state
    padding: object = None,
) -> x509.Certificate:
    """A certificate for those names and for 127.0.0.1."""
    key = elliptic_key() if key is None else key
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, " ".join(("a test", *names)))])
    now = dt.datetime.now(dt.UTC)
    alternative = x509.SubjectAlternativeName(
        [*map(x509.DNSName, names), x509.IPAddress(IPv4Address("127.0.0.1"))]
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(alternative, critical=False)
    )
    return builder.sign(key, algorithm, rsa_padding=padding)  # type: ignore[arg-type]  # what the key takes


def pem_of(
    folder: Path,
    certificate: x509.Certificate,
    key: CertificateIssuerPrivateKeyTypes | None = None,
    /,
    name: str = "server.pem",
) -> Path:
    """A file with both, as an operator has it."""
    private = (elliptic_key() if key is None else key).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / name
    file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return file


def trusting(*certificates: x509.Certificate) -> ssl.SSLContext:
    """A client's context that trusts those and no others."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(
        cadata="".join(one.public_bytes(serialization.Encoding.PEM).decode() for one in certificates)
    )
    return context


def is_done(client: ssl.SSLObject) -> bool:
    """Whether the handshake is over on this side."""
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True
