"""The dialogues that Microsoft publishes (MS-POP3 §4), replayed line for line over TCP."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from quitclaim.accounts.memory import MemoryAccounts
from quitclaim.maildrop.memory import MemoryStore
from quitclaim.ntlm import Challenged
from quitclaim.sasl import Ntlm

if TYPE_CHECKING:
    from tests.interop.conftest import Dialogue, MailServer

    from quitclaim.accounts.port import Accounts
    from quitclaim.maildrop.port import MaildropStore
    from quitclaim.ntlm import Acceptor
    from quitclaim.sasl import Mechanism

PUBLISHED = json.loads((Path(__file__).parent.parent / "vectors" / "ms-pop3.json").read_text())


class RecordedAcceptor:
    """An acceptor that answers every NEGOTIATE with the published CHALLENGE."""

    def __init__(self, section: str, *, ntlmv1: bool) -> None:
        self._challenge = bytes.fromhex(PUBLISHED[section]["challenge"])
        self._ntlmv1 = ntlmv1

    requires_channel_binding = False

    def challenge(self, negotiate: bytes, _server_challenge: bytes, _now: float) -> tuple[Challenged, bytes]:
        """As an acceptor does it."""
        challenged = Challenged.from_wire(negotiate, self._challenge, ntlmv1=self._ntlmv1)
        return challenged, self._challenge


@pytest.fixture
def back_end() -> tuple[Accounts, MaildropStore]:
    """The published account; nothing is said about its mail."""
    return MemoryAccounts({"user": "password"}), MemoryStore()


@pytest.fixture
def mechanisms(section: str, *, ntlmv1: bool) -> tuple[Mechanism, ...]:
    """NTLM as that section has it."""
    return (Ntlm(cast("Acceptor", RecordedAcceptor(section, ntlmv1=ntlmv1))),)


# The published client speaks NTLMv1 with extended session security, which must be opted in to.
@pytest.mark.parametrize(
    ("section", "ntlmv1", "outcome"),
    [("success", True, b"+OK"), ("failure", True, b"-ERR [AUTH]"), ("success", False, b"-ERR [AUTH]")],
    ids=["4.1 success", "4.2 failure", "4.1 without the opt-in"],
)
def test_a_published_dialogue_goes_as_published(
    server: MailServer, dialogue: Dialogue, section: str, outcome: bytes
) -> None:
    negotiate, challenge, authenticate = (
        base64.b64encode(bytes.fromhex(PUBLISHED[section][message]))
        for message in ("negotiate", "challenge", "authenticate")
    )
    assert dialogue.say(b"AUTH NTLM") == b"+ \r\n"
    assert dialogue.say(negotiate) == b"+ " + challenge + b"\r\n"
    assert dialogue.say(authenticate).startswith(outcome)
    assert len(server.table) == 0
