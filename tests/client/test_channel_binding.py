"""`login_ntlm` over TLS is bound to the server's certificate (RFC 5929 §4.1)."""

from __future__ import annotations

import datetime as dt
import hashlib
import ssl
from functools import cache
from poplib import POP3, POP3_SSL, error_proto
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from tests.client.servers import TIMEOUT, behind_tls

from quitclaim.client import login_ntlm

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from quitclaim import HandleTable

RSA_WITH = bytes.fromhex("06092a864886f70d0101")  # OBJECT IDENTIFIER 1.2.840.113549.1.1, RFC 8017 §A.2.4
SHA256, SHA1, MD5 = (RSA_WITH + bytes([last]) for last in (11, 5, 4))

# What signs the certificate, what the certificate is made to say about it, and what the binding is made with.
SIGNATURES = {
    "SHA-256": (hashes.SHA256(), SHA256, hashlib.sha256),
    "SHA-384": (hashes.SHA384(), SHA256, hashlib.sha384),
    "SHA-512": (hashes.SHA512(), SHA256, hashlib.sha512),
    "SHA-1": (hashes.SHA256(), SHA1, hashlib.sha256),
    "MD5": (hashes.SHA256(), MD5, hashlib.sha256),
    "none, Ed25519": (None, SHA256, hashlib.sha256),
}


def certificate(
    folder: Path, algorithm: hashes.HashAlgorithm | None, says: bytes = SHA256
) -> tuple[ssl.SSLContext, bytes]:
    """A server's context with a certificate of its own signature, and the certificate in DER."""
    key = rsa_key() if algorithm else ed25519.Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, algorithm)  # type: ignore[arg-type]  # None for Ed25519
    )
    # Nobody signs with the old ones any more, and nobody here verifies.
    der = made.public_bytes(serialization.Encoding.DER).replace(SHA256, says)
    file = folder / "server.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + ssl.DER_cert_to_PEM_cert(der).encode()
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context, der


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    """One for all: a key takes longer than all else here."""
    return rsa.generate_private_key(65_537, 2048)


def unverified() -> ssl.SSLContext:
    """A client's context that takes any certificate: the binding tells what it is worth."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@pytest.mark.parametrize(("algorithm", "says", "digest"), SIGNATURES.values(), ids=SIGNATURES)
def test_a_login_is_bound_by_the_hash_of_the_certificates_signature(
    tmp_path: Path,
    handle_table: HandleTable[Any],
    algorithm: hashes.HashAlgorithm | None,
    says: bytes,
    digest: Callable[[bytes], Any],
) -> None:
    context, der = certificate(tmp_path, algorithm, says)
    with behind_tls(context, digest(der).digest(), handle_table) as address:
        client = POP3_SSL(*address, context=unverified(), timeout=TIMEOUT)
        assert login_ntlm(client, "anna", "open sesame").startswith(b"+OK")
        client.quit()


def test_a_login_through_somebody_with_another_certificate_is_refused(
    tmp_path: Path, handle_table: HandleTable[Any]
) -> None:
    context, _ = certificate(tmp_path, hashes.SHA256())
    with behind_tls(context, hashlib.sha256(b"the true certificate").digest(), handle_table) as address:
        client = POP3_SSL(*address, context=unverified(), timeout=TIMEOUT)
        with pytest.raises(error_proto, match="authentication failed"):
            login_ntlm(client, "anna", "open sesame")
        client.quit()


def test_a_login_after_stls_is_bound(tmp_path: Path, handle_table: HandleTable[Any]) -> None:
    context, der = certificate(tmp_path, hashes.SHA256())
    with behind_tls(context, hashlib.sha256(der).digest(), handle_table, by_stls=True) as address:
        client = POP3(*address, timeout=TIMEOUT)
        client.stls(unverified())
        assert login_ntlm(client, "anna", "open sesame").startswith(b"+OK")
        client.quit()
