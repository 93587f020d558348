"""fetchmail: USER and PASS, and QUIT after a refusal; its NTLM is NTLMv1 alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from quitclaim.ntlm import Acceptor
from quitclaim.sasl import Ntlm

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from tests.interop.conftest import Maildir, MailServer, Programs

AUTHENTICATION_FAILED = 3  # PS_AUTHFAIL, fetchmail(1), EXIT CODES
OPT_IN = pytest.mark.parametrize("mechanisms", [[Ntlm(Acceptor("MAIL", ntlmv1=True))]], ids=["opt-in"])


class Fetchmail:
    """fetchmail, with a configuration file that is made for each run."""

    def __init__(self, run: Programs, server: MailServer, maildir: Maildir, folder: Path) -> None:
        self._run = run
        self._server = server
        self._maildir = maildir
        self._folder = folder

    def __call__(
        self, mechanism: str, password: str, *, keep: bool = True
    ) -> subprocess.CompletedProcess[bytes]:
        """Fetches all messages. Each is the input of a command, so that none goes to a mail server."""
        server = self._server
        configuration = self._folder / "fetchmailrc"
        configuration.write_text(f"""\
set no syslog
set no bouncemail
set idfile {self._folder}/fetchids
set pidfile {self._folder}/fetchmail.pid
poll {server.host} service {server.port} protocol pop3 timeout 10 auth {mechanism}
    username "{server.username}" password "{password}"
    sslproto "" {"keep" if keep else "nokeep"} fetchall no rewrite
    mda "{self._maildir.command}"
""")
        configuration.chmod(0o600)
        return self._run("fetchmail", "--nodetach", "--invisible", "--fetchmailrc", str(configuration))


@pytest.fixture
def fetchmail(run: Programs, server: MailServer, maildir: Maildir, tmp_path: Path) -> Fetchmail:
    return Fetchmail(run, server, maildir, tmp_path)


def test_fetchmail_logs_in_and_reads_every_octet(
    fetchmail: Fetchmail, server: MailServer, maildir: Maildir
) -> None:
    done = fetchmail("password", server.password)
    assert done.returncode == 0, done.stderr
    assert sorted(maildir.messages()) == sorted(server.messages)


def test_fetchmail_takes_its_mail_away(fetchmail: Fetchmail, server: MailServer) -> None:
    fetchmail("password", server.password, keep=False)
    assert b"No mail" in fetchmail("password", server.password).stdout


def test_fetchmail_with_a_wrong_password_is_denied(
    fetchmail: Fetchmail, server: MailServer, maildir: Maildir
) -> None:
    done = fetchmail("password", "guess")
    assert (done.returncode, maildir.messages()) == (AUTHENTICATION_FAILED, [])
    assert len(server.table) == 0
    assert server.refusals() == [("USER", server.username, "logon denied")]


def test_fetchmail_with_ntlmv1_is_refused_once(
    fetchmail: Fetchmail, server: MailServer, maildir: Maildir
) -> None:
    done = fetchmail("ntlm", server.password)
    assert (done.returncode, maildir.messages()) == (AUTHENTICATION_FAILED, [])
    assert len(server.table) == 0
    assert [cause for _, _, cause in server.refusals()] == ["refused by policy: the response is NTLMv1"]


@OPT_IN
def test_fetchmail_with_ntlmv1_logs_in_where_that_is_opted_in_to(
    fetchmail: Fetchmail, server: MailServer, maildir: Maildir
) -> None:
    done = fetchmail("ntlm", server.password)
    assert done.returncode == 0, done.stderr
    assert sorted(maildir.messages()) == sorted(server.messages)
