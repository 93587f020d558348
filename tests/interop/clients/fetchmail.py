"""fetchmail: USER and PASS, and QUIT after a refusal; its NTLM is NTLMv1 alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.interop.clients.client import EVERY_WAY, Account, Client, Programs

if TYPE_CHECKING:
    import subprocess

__all__ = ("Fetchmail",)

_AUTH = {"USER": "password", "NTLM": "ntlm"}
_TLS = {"pop3": 'sslproto ""', "stls": 'sslproto "TLS1.2+"', "pop3s": 'ssl sslproto "TLS1.2+"'}


class Fetchmail(Client):
    """fetchmail, with a file for each run. Without `sslproto ""` it insists on TLS where it is offered."""

    name = "fetchmail"
    version = "6.4.37"
    file = ".fetchmailrc"
    shown = ("USER", "stls")
    ways = (("USER", EVERY_WAY),)
    ntlmv1 = EVERY_WAY
    denied = b"Authorization failure"

    def settings(self, account: Account, /) -> str:
        """All messages; each is the input of a command, so that none goes to a mail server."""
        trust = "" if account.carrier == "pop3" else f" sslcertck sslcertfile {account.authority}"
        return f"""\
set no syslog
set no bouncemail
set idfile {account.home}/.fetchids
set pidfile {account.home}/.fetchmail.pid
poll {account.host} service {account.port} protocol pop3 timeout 10 auth {_AUTH[account.mechanism]}
    username "{account.username}" password "{account.secret}"
    {_TLS[account.carrier]}{trust}
    {"keep" if account.keep else "nokeep"} fetchall no rewrite
    mda "{account.deliver}"
"""

    def fetch(self, account: Account, run: Programs, /) -> subprocess.CompletedProcess[bytes]:
        """Runs it once."""
        file = account.write(self.file, self.settings(account))
        return run("fetchmail", "--nodetach", "--invisible", "--fetchmailrc", file)
