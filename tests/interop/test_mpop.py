"""mpop: PIPELINING and UIDL, USER and PASS or PLAIN; its NTLM, GNU SASL's, is NTLMv1 alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from quitclaim.ntlm import Acceptor
from quitclaim.sasl import Ntlm

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from tests.interop.conftest import Maildir, MailServer, Programs

MECHANISMS = pytest.mark.parametrize("mechanism", ["user", "plain"])
OPT_IN = pytest.mark.parametrize("mechanisms", [[Ntlm(Acceptor("MAIL", ntlmv1=True))]], ids=["opt-in"])


class Mpop:
    """mpop, with a configuration file that is made for each run."""

    def __init__(self, run: Programs, server: MailServer, maildir: Maildir, folder: Path) -> None:
        self._run = run
        self._server = server
        self._maildir = maildir
        self._configuration = folder / "mpoprc"

    def __call__(
        self, mechanism: str, password: str, *, keep: bool = True
    ) -> subprocess.CompletedProcess[bytes]:
        """Fetches all messages that it has not fetched before."""
        server = self._server
        self._configuration.write_text(f"""\
account default
host {server.host}
port {server.port}
tls off
timeout 10
auth {mechanism}
user {server.username}
password "{password}"
delivery maildir {self._maildir.path}
received_header off
keep {"on" if keep else "off"}
""")
        self._configuration.chmod(0o600)
        return self._run("mpop", f"--file={self._configuration}")


@pytest.fixture
def mpop(run: Programs, server: MailServer, maildir: Maildir, tmp_path: Path) -> Mpop:
    return Mpop(run, server, maildir, tmp_path)


@MECHANISMS
def test_mpop_logs_in_and_reads_every_octet(
    mpop: Mpop, server: MailServer, maildir: Maildir, mechanism: str
) -> None:
    done = mpop(mechanism, server.password)
    assert (done.returncode, done.stderr) == (0, b"")
    assert sorted(maildir.messages()) == sorted(server.messages)


@MECHANISMS
def test_mpop_with_a_wrong_password_is_denied(mpop: Mpop, server: MailServer, mechanism: str) -> None:
    done = mpop(mechanism, "guess")
    assert done.returncode != 0
    assert b"authentication failed" in done.stderr
    assert len(server.table) == 0
    assert server.refusals() == [(mechanism.upper(), server.username, "logon denied")]


def test_mpop_fetches_nothing_twice(mpop: Mpop, server: MailServer, maildir: Maildir) -> None:
    mpop("user", server.password)
    mpop("user", server.password)
    assert len(maildir.messages()) == len(server.messages)


def test_mpop_takes_its_mail_away(mpop: Mpop, server: MailServer) -> None:
    mpop("user", server.password, keep=False)
    assert b"no messages" in mpop("user", server.password).stdout


def test_mpop_with_ntlmv1_is_refused_once(mpop: Mpop, server: MailServer) -> None:
    done = mpop("ntlm", server.password)
    assert done.returncode != 0
    assert b"authentication failed" in done.stderr
    assert len(server.table) == 0
    assert [cause for _, _, cause in server.refusals()] == ["refused by policy: the response is NTLMv1"]


def test_an_operator_sees_who_it_was_that_was_refused_for_ntlmv1(mpop: Mpop, server: MailServer) -> None:
    mpop("ntlm", server.password)
    assert [username for _, username, _ in server.refusals()] == [server.username]


@OPT_IN
def test_mpop_with_ntlmv1_logs_in_where_that_is_opted_in_to(
    mpop: Mpop, server: MailServer, maildir: Maildir
) -> None:
    done = mpop("ntlm", server.password)
    assert (done.returncode, done.stderr) == (0, b"")
    assert sorted(maildir.messages()) == sorted(server.messages)
