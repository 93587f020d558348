"""NTLM that must be bound to a TLS connection is not offered where there is none to bind it to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from quitclaim.ntlm import Acceptor, ChannelBinding
from quitclaim.sasl import Ntlm, Plain

if TYPE_CHECKING:
    from tests.session.conftest import Peers

BINDING = ChannelBinding.tls_server_end_point(bytes(32))
NO_MECHANISM = b"-ERR no such mechanism here, see CAPA\r\n"


def ntlm(*, binding: ChannelBinding | None = None) -> Ntlm:
    """What takes nobody who is not bound."""
    return Ntlm(Acceptor("MAIL", channel_binding="require"), binding=binding)


@pytest.mark.parametrize("stls", [False, True])
def test_it_is_not_offered_over_plaintext(connect: Peers, *, stls: bool) -> None:
    peer = connect(mechanisms=[ntlm(), Plain()], stls=stls)
    assert b"SASL PLAIN\r\n" in peer.say(b"CAPA")
    assert peer.say(b"AUTH") == b"+OK mechanisms\r\nPLAIN\r\n.\r\n"
    assert peer.say(b"AUTH NTLM") == NO_MECHANISM


def test_it_is_offered_under_tls(connect: Peers) -> None:
    peer = connect(mechanisms=[ntlm(), Plain()], stls=True)
    peer.say(b"STLS")
    peer.session.secured(BINDING)
    assert b"SASL NTLM PLAIN\r\n" in peer.say(b"CAPA")
    assert peer.say(b"AUTH NTLM", b"*").startswith(b"+ \r\n")


def test_it_is_offered_where_somebody_else_ends_the_tls(connect: Peers) -> None:
    peer = connect(mechanisms=[ntlm(binding=BINDING)])
    assert b"SASL NTLM\r\n" in peer.say(b"CAPA")
