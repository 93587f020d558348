"""The certificates of a server: what is read of them, how they are replaced, and what is said of bad ones."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from tests.server.certificates import elliptic_key, issue, pem_of

from quitclaim.server import Listener, Tls
from quitclaim.server.certificate import binding_hash, dns_names

if TYPE_CHECKING:
    from pathlib import Path

RSA_KEY = rsa.generate_private_key(65_537, 2048)


def pss(algorithm: hashes.HashAlgorithm) -> padding.PSS:
    return padding.PSS(padding.MGF1(algorithm), algorithm.digest_size)


# What signs the certificate, its padding, and what hashes it.
SIGNATURES = {
    "RSA, SHA-224": (RSA_KEY, hashes.SHA224(), None, hashes.SHA224()),
    "RSA, SHA-256": (RSA_KEY, hashes.SHA256(), None, hashes.SHA256()),
    "RSA, SHA-384": (RSA_KEY, hashes.SHA384(), None, hashes.SHA384()),
    "RSA, SHA-512": (RSA_KEY, hashes.SHA512(), None, hashes.SHA512()),
    "PSS, SHA-256": (RSA_KEY, hashes.SHA256(), pss(hashes.SHA256()), hashes.SHA256()),
    "PSS, SHA-384": (RSA_KEY, hashes.SHA384(), pss(hashes.SHA384()), hashes.SHA384()),
    "PSS, SHA-512": (RSA_KEY, hashes.SHA512(), pss(hashes.SHA512()), hashes.SHA512()),
    "ECDSA, SHA-224": (elliptic_key(), hashes.SHA224(), None, hashes.SHA224()),
    "ECDSA, SHA-256": (elliptic_key(), hashes.SHA256(), None, hashes.SHA256()),
    "ECDSA, SHA-384": (elliptic_key(), hashes.SHA384(), None, hashes.SHA384()),
    "ECDSA, SHA-512": (elliptic_key(), hashes.SHA512(), None, hashes.SHA512()),
    "Ed25519": (ed25519.Ed25519PrivateKey.generate(), None, None, hashes.SHA256()),
}
SHA256_WITH_RSA = bytes.fromhex("2a864886f70d01010b")


@pytest.mark.parametrize(("key", "algorithm", "padded", "digest"), SIGNATURES.values(), ids=SIGNATURES)
def test_the_hash_is_that_of_the_signature(
    key: rsa.RSAPrivateKey,
    algorithm: hashes.HashAlgorithm | None,
    padded: padding.PSS | None,
    digest: hashes.HashAlgorithm,
) -> None:
    made = issue("mail.example.org", key=key, algorithm=algorithm, padding=padded)
    assert binding_hash(made.public_bytes(serialization.Encoding.DER)) == made.fingerprint(digest)


@pytest.mark.parametrize("last", [4, 5], ids=["MD5", "SHA-1"])
def test_a_broken_hash_is_replaced_by_sha_256(last: int) -> None:
    made = issue(key=RSA_KEY).public_bytes(serialization.Encoding.DER)
    old = made.replace(SHA256_WITH_RSA, SHA256_WITH_RSA[:-1] + bytes([last]))
    digest = hashes.Hash(hashes.SHA256())
    digest.update(old)
    assert binding_hash(old) == digest.finalize()


def test_the_names_are_the_subjects_alternative_ones() -> None:
    made = issue("Mail.Example.org", "*.example.net")
    assert dns_names(made.public_bytes(serialization.Encoding.DER)) == ("mail.example.org", "*.example.net")


def test_the_binding_is_that_of_the_first_certificate_of_a_chain(tmp_path: Path) -> None:
    first, root = issue("first"), issue("root")
    file = pem_of(tmp_path, first)
    alone = Tls(file).context.binding
    file.write_bytes(file.read_bytes() + root.public_bytes(serialization.Encoding.PEM))
    tls = Tls(file)
    assert tls.context.names == ("first",)
    assert tls.context.binding == alone


def test_certificate_and_key_may_have_files_of_their_own(tmp_path: Path) -> None:
    both = pem_of(tmp_path, issue("mail"))
    certificate, key = tmp_path / "certificate", tmp_path / "key"
    begin = both.read_bytes().index(b"-----BEGIN CERTIFICATE")
    key.write_bytes(both.read_bytes()[:begin])
    certificate.write_bytes(both.read_bytes()[begin:])
    assert Tls(certificate, str(key)).context.names == ("mail",)


def test_tls_is_12_or_newer(tmp_path: Path) -> None:
    context = Tls(pem_of(tmp_path, issue())).context
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.options & ssl.OP_NO_COMPRESSION
    assert context.options & ssl.OP_NO_RENEGOTIATION


# --- files that cannot be used


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no\.key"):
        Tls(pem_of(tmp_path, issue()), tmp_path / "no.key")


def test_the_key_of_another_certificate_is_refused(tmp_path: Path) -> None:
    certificate = pem_of(tmp_path, issue())
    other = pem_of(tmp_path, issue(), ec.generate_private_key(ec.SECP256R1()), name="other.pem")
    with pytest.raises(ValueError, match=r"server\.pem and .*other\.pem: .*KEY_VALUES_MISMATCH"):
        Tls(certificate, other)


@pytest.mark.parametrize("octets", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_what_is_no_certificate_is_refused(tmp_path: Path, octets: bytes) -> None:
    file = tmp_path / "server.pem"
    file.write_bytes(octets)
    with pytest.raises(ValueError, match=r"server\.pem: no certificate in PEM"):
        Tls(file)


def test_nobody_is_asked_for_the_password_of_a_key(tmp_path: Path) -> None:
    file = pem_of(tmp_path, issue())
    encrypted = elliptic_key().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret"),
    )
    key = tmp_path / "server.key"
    key.write_bytes(encrypted)
    with pytest.raises(ValueError, match=r"server\.key: the key is encrypted"):
        Tls(file, key)


def test_implicit_tls_needs_a_certificate() -> None:
    with pytest.raises(ValueError, match="needs a certificate"):
        Listener(port=0, implicit=True)


# --- new ones


def test_a_certificate_is_read_again(tmp_path: Path) -> None:
    tls = Tls(pem_of(tmp_path, issue("old")))
    old = tls.context
    pem_of(tmp_path, issue("new"))
    tls.reload()
    assert (old.names, tls.context.names) == (("old",), ("new",))
    assert old.binding != tls.context.binding


def test_a_bad_one_leaves_the_old_in_use(tmp_path: Path) -> None:
    file = pem_of(tmp_path, issue("old"))
    tls = Tls(file)
    file.write_bytes(b"half a fi")
    with pytest.raises(ValueError, match="no certificate in PEM"):
        tls.reload()
    file.unlink()
    with pytest.raises(FileNotFoundError):
        tls.reload()
    assert tls.context.names == ("old",)
