"""mpop: PIPELINING and UIDL; its NTLM, GNU SASL's, is NTLMv1 alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.interop.clients.client import EVERY_WAY, Account, Client, Programs

if TYPE_CHECKING:
    import subprocess

__all__ = ("Mpop",)


class Mpop(Client):
    """mpop, with a file for each run."""

    name = "mpop"
    version = "1.4.18"
    file = ".mpoprc"
    shown = ("SCRAM-SHA-256", "stls")
    ways = (
        ("USER", EVERY_WAY),
        ("PLAIN", EVERY_WAY),
        ("LOGIN", EVERY_WAY),
        ("SCRAM-SHA-1", EVERY_WAY),
        ("SCRAM-SHA-256", EVERY_WAY),
    )
    tokens = (("OAUTHBEARER", EVERY_WAY), ("XOAUTH2", EVERY_WAY))
    ntlmv1 = EVERY_WAY
    denied = b"authentication failed"

    def settings(self, account: Account, /) -> str:
        """All messages that it has not fetched before."""
        secret = f'password "{account.secret}"'
        if account.mechanism in dict(self.tokens):  # its lines have 500 characters at most
            secret = f'passwordeval "cat {account.home}/token"'
        tls = f"""\
tls on
tls_starttls {"on" if account.carrier == "stls" else "off"}
tls_trust_file {account.authority}
"""
        return f"""\
account default
host {account.host}
port {account.port}
{"tls off" if account.carrier == "pop3" else tls.rstrip()}
auth {account.mechanism.lower()}
user {account.username}
{secret}
delivery maildir {account.home}/Maildir
received_header off
keep {"on" if account.keep else "off"}
"""

    def fetch(self, account: Account, run: Programs, /) -> subprocess.CompletedProcess[bytes]:
        """Runs it once."""
        account.write("token", account.secret)
        return run("mpop", f"--file={account.write(self.file, self.settings(account))}")
