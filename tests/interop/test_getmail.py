"""getmail6: USER and PASS, and its own reader of messages."""

from __future__ import annotations

import sys
import sysconfig
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from tests.interop.conftest import Maildir, MailServer, Programs

SCRIPT = f"{sysconfig.get_path('scripts')}/getmail"


class Getmail:
    """getmail, with a configuration file that is made for each run."""

    def __init__(self, run: Programs, server: MailServer, maildir: Maildir, folder: Path) -> None:
        self._run = run
        self._server = server
        self._maildir = maildir
        self._folder = folder

    def __call__(self, password: str, *, delete: bool = False) -> subprocess.CompletedProcess[bytes]:
        """Fetches all messages that it has not fetched before.

        Each is the input of a command: getmail refuses to write to a maildir as root.
        """
        server = self._server
        (self._folder / "getmailrc").write_text(f"""\
[retriever]
type = SimplePOP3Retriever
server = {server.host}
port = {server.port}
username = {server.username}
password = {password}
timeout = 10
[destination]
type = MDA_external
path = /bin/sh
arguments = ("-c", "{self._maildir.command}")
allow_root_commands = true
[options]
delivered_to = false
received = false
read_all = false
delete = {delete}
""")
        return self._run(sys.executable, SCRIPT, f"--getmaildir={self._folder}")


@pytest.fixture
def getmail(run: Programs, server: MailServer, maildir: Maildir, tmp_path: Path) -> Getmail:
    return Getmail(run, server, maildir, tmp_path)


def test_getmail_logs_in_and_reads_every_octet(
    getmail: Getmail, server: MailServer, maildir: Maildir
) -> None:
    done = getmail(server.password)
    assert (done.returncode, done.stderr) == (0, b"")
    added = b"Return-Path: <unknown>\r\n"
    assert sorted(maildir.messages()) == sorted(added + message for message in server.messages)


def test_getmail_with_a_wrong_password_is_denied(
    getmail: Getmail, server: MailServer, maildir: Maildir
) -> None:
    done = getmail("guess")
    assert done.returncode != 0
    assert maildir.messages() == []
    assert len(server.table) == 0
    assert server.refusals() == [("USER", server.username, "logon denied")]


def test_getmail_fetches_nothing_twice(getmail: Getmail, server: MailServer, maildir: Maildir) -> None:
    getmail(server.password)
    getmail(server.password)
    assert len(maildir.messages()) == len(server.messages)


def test_getmail_takes_its_mail_away(getmail: Getmail, server: MailServer) -> None:
    getmail(server.password, delete=True)
    assert b"0 messages (0 bytes) retrieved" in getmail(server.password).stdout
