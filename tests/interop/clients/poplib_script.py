"""poplib, which Python brings: USER and PASS."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tests.interop.clients.client import EVERY_WAY, Account, Client, Programs

if TYPE_CHECKING:
    import subprocess

__all__ = ("Poplib",)


class Poplib(Client):
    """A script of ten lines. NTLM, for poplib too, is in `quitclaim.client`."""

    name = "poplib"
    version = "Python 3.11"
    file = "fetch.py"
    ways = (("USER", EVERY_WAY),)
    denied = b"-ERR [AUTH] authentication failed"

    def settings(self, account: Account, /) -> str:
        """All messages."""
        trusted = f'trusted = ssl.create_default_context(cafile="{account.authority}")\n'
        connect = f'poplib.POP3("{account.host}", {account.port}, timeout=10)'
        if account.carrier == "pop3s":
            connect = f'poplib.POP3_SSL("{account.host}", {account.port}, context=trusted, timeout=10)'
        return f"""\
import poplib, ssl
from pathlib import Path

{"" if account.carrier == "pop3" else trusted}client = {connect}
{"client.stls(trusted)" if account.carrier == "stls" else ""}
client.user("{account.username}")
client.pass_("{account.secret}")
for number in range(1, client.stat()[0] + 1):
    lines = client.retr(number)[1]
    Path(f"{account.home}/Maildir/new/{{number}}").write_bytes(b"".join(line + b"\\r\\n" for line in lines))
client.quit()
"""

    def fetch(self, account: Account, run: Programs, /) -> subprocess.CompletedProcess[bytes]:
        """Runs the script."""
        return run(sys.executable, account.write(self.file, self.settings(account)))
