"""impacket: NTLMv2 without a MIC, and flags in its AUTHENTICATE that differ from the CHALLENGE's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from impacket import ntlm  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from tests.interop.conftest import Dialogue, MailServer

FORMS = pytest.mark.parametrize("initial_response", [False, True], ids=["two lines", "initial response"])


def log_in(
    dialogue: Dialogue, username: str, password: str, *, initial_response: bool, ntlmv2: bool = True
) -> bytes:
    """The reply to its AUTHENTICATE."""
    negotiate = ntlm.getNTLMSSPType1("WORKSTATION", use_ntlmv2=ntlmv2)

    def authenticate(challenge: bytes) -> bytes:
        answer, _ = ntlm.getNTLMSSPType3(
            negotiate, challenge, username, password, "EXAMPLE", use_ntlmv2=ntlmv2
        )
        octets: bytes = answer.getData()
        return octets

    return dialogue.ntlm(negotiate.getData(), authenticate, initial_response=initial_response)


@FORMS
def test_impacket_logs_in_and_reads_every_octet(
    server: MailServer, dialogue: Dialogue, *, initial_response: bool
) -> None:
    reply = log_in(dialogue, server.username, server.password, initial_response=initial_response)
    assert reply.startswith(b"+OK")
    for number, message in enumerate(server.messages, 1):
        assert dialogue.message(number) == message
    assert dialogue.say(b"QUIT").startswith(b"+OK")


@FORMS
def test_impacket_with_a_wrong_password_is_denied(
    server: MailServer, dialogue: Dialogue, *, initial_response: bool
) -> None:
    reply = log_in(dialogue, server.username, "guess", initial_response=initial_response)
    assert reply.startswith(b"-ERR [AUTH]")
    assert len(server.table) == 0
    assert server.refusals() == [("NTLM", server.username, "logon denied")]


def test_impacket_with_ntlmv1_is_refused_though_the_password_is_right(
    server: MailServer, dialogue: Dialogue
) -> None:
    reply = log_in(dialogue, server.username, server.password, initial_response=False, ntlmv2=False)
    assert reply.startswith(b"-ERR [AUTH]")
    assert len(server.table) == 0
    assert [cause for _, _, cause in server.refusals()] == ["refused by policy: the response is NTLMv1"]
