"""Curl: its NTLM is NTLMv2 with OEM strings and no MIC; CAPA first, and no QUIT after a refusal."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from tests.interop.clients.client import EVERY_WAY, Account, Client, Programs

if TYPE_CHECKING:
    import subprocess

__all__ = ("Curl",)


class Curl(Client):
    """curl, with nothing but its command line."""

    name = "curl"
    version = "7.88"
    file = "command"
    shown = ("NTLM", "pop3s")
    ways = (("NTLM", EVERY_WAY), ("PLAIN", EVERY_WAY), ("LOGIN", EVERY_WAY))
    tokens = (("OAUTHBEARER", EVERY_WAY),)  # which it takes where it is offered, whatever it is told
    denied = b"curl: (67)"  # CURLE_LOGIN_DENIED

    def settings(self, account: Account, /) -> str:
        """The first two messages; `[1-9]` would be nine."""
        scheme = "pop3s" if account.carrier == "pop3s" else "pop3"
        who = f"--user '{account.username}:{account.secret}'"
        if account.mechanism in dict(self.tokens):
            who = f"--user '{account.username}:' --oauth2-bearer '{account.secret}'"
        tls = "" if account.carrier == "pop3" else f" --ssl-reqd --cacert {account.authority}"
        return (
            f"curl --disable --silent --show-error --fail-early{tls} \\\n"
            f"    --login-options AUTH={account.mechanism} {who} \\\n"
            f"    --output 'Maildir/new/#1' '{scheme}://{account.host}:{account.port}/[1-2]'\n"
        )

    def fetch(self, account: Account, run: Programs, /) -> subprocess.CompletedProcess[bytes]:
        """Runs the command."""
        program, *arguments = shlex.split(self.settings(account).replace("\\\n", ""))
        return run(program, *arguments)
