"""What users of other servers ask for, over each carrier."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final

import pytest
from tests.carriers.carriers import PASSWORD, heard
from tests.carriers.test_failures import DENIED, IN_USE
from tests.server.wire import PLAIN

if TYPE_CHECKING:
    from tests.carriers.carriers import Carrier

MANY: Final = 20_437
MESSAGES: Final = {
    "LF": (b"Subject: x\n\nbody\n", b"Subject: x\r\n\r\nbody\r\n"),
    "no final line end": (b"Subject: x\r\n\r\nbody", b"Subject: x\r\n\r\nbody\r\n"),
    "a dot first of all": (b".\r\nSubject: x\r\n\r\n.\r\n..\r\n", b".\r\nSubject: x\r\n\r\n.\r\n..\r\n"),
    "8-bit, NUL and a bare CR": (b"\xff\xfe\0a\rb\r\n", b"\xff\xfe\0a\rb\r\n"),
    "a very long line": (b"x" * 100_000 + b"\n", b"x" * 100_000 + b"\r\n"),
    "nothing": (b"", b""),
}


@pytest.mark.pop3("asked-2", "asked-3", "maildrop-8", "maildrop-9", "maildrop-10")
@pytest.mark.parametrize(("delivered", "sent"), MESSAGES.values(), ids=MESSAGES)
def test_sizes_are_those_of_what_comes_and_dots_are_doubled(
    carrier: Carrier, delivered: bytes, sent: bytes
) -> None:
    carrier.back.store.memory.deliver("bert", delivered)
    wire = carrier.connect()
    assert wire.ntlm("bert", PASSWORD) == b"+OK 1 messages (%d octets)\r\n" % len(sent)
    assert wire.say(b"STAT") == b"+OK 1 %d\r\n" % len(sent)
    assert wire.say(b"LIST 1") == b"+OK 1 %d\r\n" % len(sent)
    stuffed = (b"\n" + sent).replace(b"\n.", b"\n..")[1:]
    expected = b"+OK %d octets\r\n" % len(sent) + stuffed + b".\r\n"
    wire.send(b"RETR 1")
    assert heard(wire, len(expected)) == expected


@pytest.mark.pop3("asked-6", "maildrop-20")
def test_twenty_thousand_messages_are_listed_like_two(carrier: Carrier) -> None:
    for number in range(MANY):
        carrier.back.store.memory.deliver("bert", b"x" * (number % 50))
    wire = carrier.connect()
    assert wire.ntlm("bert", PASSWORD).startswith(b"+OK %d messages " % MANY)
    sizes = array("I", [number % 50 + 2 * bool(number % 50) for number in range(MANY)])
    lines = b"".join([b"%d %d\r\n" % (number, octets) for number, octets in enumerate(sizes, 1)])
    wire.send(b"LIST", b"UIDL", b"QUIT")
    sizes_said, _, names_said = wire.rest().partition(b".\r\n+OK names follow\r\n")
    assert sizes_said == b"+OK sizes follow\r\n" + lines
    names = names_said.splitlines()
    assert names[-2:] == [b".", b"+OK goodbye"]
    assert [name.split()[0] for name in names[:-2]] == [b"%d" % number for number in range(1, MANY + 1)]
    assert len({name.split()[1] for name in names[:-2]}) == MANY


@pytest.mark.pop3("asked-5", "maildrop-1", "maildrop-2")
@pytest.mark.parametrize("goes", ["QUIT", "close", "reset"])
def test_outlooks_second_connection_has_the_maildrop_when_the_first_is_gone(
    carrier: Carrier, goes: str
) -> None:
    first, second = carrier.connect().login(), carrier.connect()
    assert second.say(PLAIN) == IN_USE
    if goes == "QUIT":
        assert first.say(b"QUIT") == b"+OK goodbye\r\n"
    else:
        {"close": first.close, "reset": first.reset}[goes]()
        carrier.until(lambda: carrier.back.store.closes == [1])
    assert second.say(PLAIN) == b"+OK 2 messages (60 octets)\r\n"


@pytest.mark.pop3("asked-12", "login-11")
def test_another_mechanism_after_ntlm_has_failed(carrier: Carrier) -> None:
    wire = carrier.connect()
    assert wire.say(b"AUTH NTLM") == b"+ \r\n"
    assert wire.say(b"TlRMTVNTUAADAAAA") == DENIED
    assert wire.ntlm("anna", "guess") == DENIED
    assert wire.say(PLAIN) == b"+OK 2 messages (60 octets)\r\n"


@pytest.mark.pop3("login-6")
def test_an_equals_sign_is_an_empty_response_and_no_response_asks_for_one(carrier: Carrier) -> None:
    wire = carrier.connect()
    assert wire.say(b"AUTH PLAIN =") == DENIED
    assert wire.say(b"AUTH NTLM =") == DENIED
    assert wire.say(b"AUTH PLAIN") == b"+ \r\n"
