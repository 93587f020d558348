"""JavaMail's NTLM: it drops four characters of the challenge, so what it answers is chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.interop.clients.javamail import JavaMail

if TYPE_CHECKING:
    from pathlib import Path

    from tests.interop.clients.client import Programs
    from tests.interop.conftest import Maildir, MailServer

# NTLMv1, a wrong NTLMv2, or an exception of its own: by what it takes for the flags.
CAUSES = {
    "refused by policy: the response is NTLMv1",
    "logon denied",
    "invalid token: it ends too early",
}


def test_javamail_by_ntlm_is_refused_once_though_its_password_is_right(
    server: MailServer, run: Programs, maildir: Maildir, tmp_path: Path
) -> None:
    done = JavaMail().fetch(server.account("NTLM", home=tmp_path), run)
    assert b"javax.mail." in done.stderr, done
    assert maildir.messages() == []
    assert len(server.table) == 0
    [(mechanism, _, cause)] = server.refusals()
    assert (mechanism, cause in CAUSES) == ("NTLM", True), cause
