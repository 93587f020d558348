"""`quitclaim serve` with certificates: STLS, pop3s://, SIGHUP, and sentences for what cannot be used."""

from __future__ import annotations

import poplib
import signal
import time
from typing import TYPE_CHECKING

import pytest
from tests.cli.processes import PASSWORD
from tests.server.certificates import issue, pem_of, trusting

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography import x509
    from tests.cli.processes import Command, Running, Start


@pytest.fixture
def certificate() -> x509.Certificate:
    return issue("localhost")


@pytest.fixture
def pem(tmp_path: Path, certificate: x509.Certificate) -> Path:
    return pem_of(tmp_path, certificate)


def test_it_serves_over_tls_in_both_ways(serve: Start, pem: Path, certificate: x509.Certificate) -> None:
    listen = ("--listen", "127.0.0.1:0", "--listen", "pop3s://127.0.0.1:0")
    server = serve(*listen, "--tls-cert", pem, listeners=2)
    plain, secured = server.addresses
    by_stls = poplib.POP3(*plain, timeout=10)
    by_stls.stls(trusting(certificate))
    from_the_beginning = poplib.POP3_SSL(*secured, context=trusting(certificate), timeout=10)
    for client in (by_stls, from_the_beginning):
        client.user("anna")
        client.pass_(PASSWORD)
        assert client.stat()[0] == 1
        client.quit()


def test_sighup_has_it_read_its_certificates_again(serve: Start, pem: Path) -> None:
    server = serve("--listen", "pop3s://127.0.0.1:0", "--tls-cert", pem)
    pem.write_bytes(b"half a fi")
    server.process.send_signal(signal.SIGHUP)
    until_it_says(server, "the certificates that were read before stay in use")
    new = issue("localhost")
    pem_of(pem.parent, new)
    server.process.send_signal(signal.SIGHUP)
    until_it_says(server, "Z the certificates were read again\n")
    poplib.POP3_SSL(*server.address, context=trusting(new), timeout=10).quit()


def until_it_says(server: Running, words: str) -> None:
    """Waits until that is in its log."""
    deadline = time.monotonic() + 20
    while words not in server.said():
        assert time.monotonic() < deadline, server.said()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("--listen", "pop3s://127.0.0.1:0"),
            "--listen: pop3s://127.0.0.1:0 needs a certificate; give --tls-cert FILE.pem",
        ),
        (
            ("--tls-key", "x.key"),
            "--tls-key: it needs the certificate that it is of; give --tls-cert FILE.pem",
        ),
        (
            ("--tls-cert", "no.pem"),
            "--tls-cert: no.pem: No such file or directory; write the name of a file that can be read",
        ),
    ],
)
def test_what_cannot_be_used_is_said(quitclaim: Command, arguments: tuple[str, ...], sentence: str) -> None:
    assert quitclaim("serve", *arguments) == (1, "", f"quitclaim: {sentence}\n")


def test_each_certificate_has_its_key(quitclaim: Command, pem: Path) -> None:
    ended = quitclaim("serve", "--tls-cert", pem, "--tls-cert", pem, "--tls-key", pem)
    assert ended.code == 1
    assert "--tls-key: there are 1 for 2 of tls-cert; write one for each, or none" in ended.err
