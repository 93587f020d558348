"""mutt: UIDL and RETR by its command to fetch mail; its NTLM, GNU SASL's, is NTLMv1 alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.interop.clients.client import EVERY_WAY, Account, Client, Programs

if TYPE_CHECKING:
    import subprocess

__all__ = ("Mutt",)


class Mutt(Client):
    """mutt, at a terminal: it fetches into its spool and quits. After a refusal it waits for two seconds."""

    name = "mutt"
    version = "2.2.12"
    file = ".muttrc"
    shown = ("SCRAM-SHA-256", "pop3s")
    ways = (
        ("USER", EVERY_WAY),
        ("PLAIN", ("stls",)),  # each refusal takes two seconds, and its carriers are the same for all
        ("LOGIN", ("stls",)),
        ("SCRAM-SHA-1", ("stls",)),
        ("SCRAM-SHA-256", EVERY_WAY),
    )
    tokens = (("OAUTHBEARER", ("stls",)), ("XOAUTH2", ("stls",)))
    ntlmv1 = EVERY_WAY
    denied = b"\a"  # it beeps: what it says it paints over, because it has been told to quit

    def settings(self, account: Account, /) -> str:
        """Where the mail is, and where it goes by `fetch-mail`."""
        scheme = "pops" if account.carrier == "pop3s" else "pop"
        secret = f'set pop_pass="{account.secret}"'
        if account.mechanism in dict(self.tokens):
            secret = f'set pop_oauth_refresh_command="echo {account.secret}"'
        tls = f"""\
set ssl_starttls=yes ssl_force_tls=yes ssl_ca_certificates_file="{account.authority}"
"""
        return f"""\
set pop_host="{scheme}://{account.username}@{account.host}:{account.port}"
set pop_authenticators="{account.mechanism.lower()}"
{secret}
{"set ssl_starttls=no ssl_force_tls=no" if account.carrier == "pop3" else tls.rstrip()}
set pop_delete={"no" if account.keep else "yes"} pop_last=no
set folder="{account.home}" spoolfile="{account.home}/Maildir" mbox_type=Maildir
set quit=yes move=no confirmcreate=no sleep_time=0
"""

    def fetch(self, account: Account, run: Programs, /) -> subprocess.CompletedProcess[bytes]:
        """Fetches mail, and quits."""
        file = account.write(self.file, self.settings(account))
        return run("mutt", "-n", "-F", file, "-e", "push <fetch-mail><quit>", terminal=True)
