"""pyspnego: NTLMv2 with all that it has, MIC, key exchange and version; in raw NTLM."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import spnego

if TYPE_CHECKING:
    from tests.interop.conftest import Dialogue, MailServer

FORMS = pytest.mark.parametrize("initial_response", [False, True], ids=["two lines", "initial response"])


def log_in(dialogue: Dialogue, username: str, password: str, *, initial_response: bool) -> bytes:
    """The reply to its AUTHENTICATE."""
    client = spnego.client(username, password, protocol="ntlm")
    reply = dialogue.ntlm(
        client.step() or b"",
        lambda challenge: client.step(challenge) or b"",
        initial_response=initial_response,
    )
    assert client.complete
    return reply


@FORMS
def test_pyspnego_logs_in_and_reads_every_octet(
    server: MailServer, dialogue: Dialogue, *, initial_response: bool
) -> None:
    reply = log_in(dialogue, server.username, server.password, initial_response=initial_response)
    assert reply.startswith(b"+OK")
    for number, message in enumerate(server.messages, 1):
        assert dialogue.message(number) == message
    assert dialogue.say(b"QUIT").startswith(b"+OK")


@FORMS
def test_pyspnego_with_a_wrong_password_is_denied(
    server: MailServer, dialogue: Dialogue, *, initial_response: bool
) -> None:
    reply = log_in(dialogue, server.username, "guess", initial_response=initial_response)
    assert reply.startswith(b"-ERR [AUTH]")
    assert len(server.table) == 0
    assert server.refusals() == [("NTLM", server.username, "logon denied")]


def test_an_unknown_user_reads_the_same_as_one_with_a_wrong_password(
    server: MailServer, dialogue: Dialogue
) -> None:
    wrong = log_in(dialogue, server.username, "guess", initial_response=False)
    assert log_in(dialogue, "mallory", "guess", initial_response=False) == wrong
    assert len(server.table) == 0


def test_pyspnego_may_try_again_after_a_refusal(server: MailServer, dialogue: Dialogue) -> None:
    log_in(dialogue, server.username, "guess", initial_response=False)
    reply = log_in(dialogue, server.username, server.password, initial_response=False)
    assert reply.startswith(b"+OK")
