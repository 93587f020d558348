"""getmail6: USER and PASS, and its own reader of messages."""

from __future__ import annotations

import sys
import sysconfig
from typing import TYPE_CHECKING

from tests.interop.clients.client import Account, Client, Programs

if TYPE_CHECKING:
    import subprocess

__all__ = ("Getmail",)

SCRIPT = f"{sysconfig.get_path('scripts')}/getmail"


class Getmail(Client):
    """getmail, with a file for each run. It knows no STLS."""

    name = "getmail6"
    version = "6.20.2"
    file = "getmailrc"
    shown = ("USER", "pop3s")
    ways = (("USER", ("pop3", "pop3s")),)
    tokens = (("XOAUTH2", ("pop3", "pop3s")),)
    denied = b"[AUTH] authentication failed"
    added = b"Return-Path: <unknown>\r\n"

    def settings(self, account: Account, /) -> str:
        """All messages that it has not fetched before; each is the input of a command.

        It refuses to write to a maildir as root.
        """
        implicit = account.carrier == "pop3s"
        return f"""\
[retriever]
type = {"SimplePOP3SSLRetriever" if implicit else "SimplePOP3Retriever"}
server = {account.host}
port = {account.port}
{f"ca_certs = {account.authority}" if implicit else "# no STLS"}
username = {account.username}
password = {account.secret}
{"use_xoauth2 = true" if account.mechanism == "XOAUTH2" else ""}
[destination]
type = MDA_external
path = /bin/sh
arguments = ("-c", "{account.deliver}")
allow_root_commands = true
[options]
delivered_to = false
received = false
read_all = false
delete = {not account.keep}
"""

    def fetch(self, account: Account, run: Programs, /) -> subprocess.CompletedProcess[bytes]:
        """Runs it once."""
        account.write(self.file, self.settings(account))
        return run(sys.executable, SCRIPT, f"--getmaildir={account.home}")
