"""Dialogues, each over each carrier: line by line, in one packet, and octet by octet."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Final

import pytest
from tests.carriers.carriers import PASSWORD, heard

if TYPE_CHECKING:
    from tests.carriers.carriers import Carrier
    from tests.server.wire import Wire

Dialogue = tuple[tuple[bytes, bytes], ...]

PLAIN: Final = b64encode(b"\0anna\0open sesame")
INSIDE: Final = b"+OK 2 messages (60 octets)\r\n"
DENIED: Final = b"-ERR [AUTH] authentication failed\r\n"
NO_MESSAGE: Final = b"-ERR no such message\r\n"
UNTIMELY: Final = b"-ERR not in this state\r\n"
DELETED: Final = b"+OK deleted by QUIT\r\n"
FIRST: Final = b"+OK 32 octets\r\nSubject: first\r\n\r\nHello, Anna.\r\n.\r\n"
SECOND: Final = b"+OK 28 octets\r\nSubject: second\r\n\r\n..signed\r\n.\r\n"
USER: Final = ((b"USER anna", b"+OK and the password\r\n"), (b"PASS open sesame", INSIDE))
QUIT: Final = (b"QUIT", b"+OK goodbye\r\n")

DIALOGUES: Final[dict[str, Dialogue]] = {
    "read and delete": (
        *USER,
        (b"STAT", b"+OK 2 60\r\n"),
        (b"LIST", b"+OK sizes follow\r\n1 32\r\n2 28\r\n.\r\n"),
        (b"RETR 1", FIRST),
        (b"DELE 1", DELETED),
        (b"LIST", b"+OK sizes follow\r\n2 28\r\n.\r\n"),
        (b"RETR 1", NO_MESSAGE),
        (b"RETR 2", SECOND),
        QUIT,
    ),
    "change one's mind": (
        (b"AUTH PLAIN " + PLAIN, INSIDE),
        (b"DELE 1", DELETED),
        (b"DELE 2", DELETED),
        (b"STAT", b"+OK 0 0\r\n"),
        (b"RSET", b"+OK\r\n"),
        (b"STAT", b"+OK 2 60\r\n"),
        (b"NOOP", b"+OK\r\n"),
        QUIT,
    ),
    "look at heads": (
        *USER,
        (b"TOP 1 0", b"+OK\r\nSubject: first\r\n\r\n.\r\n"),
        (b"TOP 2 1", b"+OK\r\nSubject: second\r\n\r\n..signed\r\n.\r\n"),
        (b"TOP 2 999999", b"+OK\r\nSubject: second\r\n\r\n..signed\r\n.\r\n"),
        (b"TOP 3 0", NO_MESSAGE),
        QUIT,
    ),
    "try until it is right": (
        (b"AUTH PLAIN", b"+ \r\n"),
        (b64encode(b"\0anna\0guess"), DENIED),
        (b"AUTH PLAIN", b"+ \r\n"),
        (b"*", b"-ERR authentication cancelled\r\n"),
        (b"AUTH NTLM", b"+ \r\n"),
        (b"no base64", DENIED),
        (b"AUTH PLAIN =", DENIED),
        (b"AUTH EXTERNAL", b"-ERR no such mechanism here, see CAPA\r\n"),
        *USER,
        QUIT,
    ),
    "err in all states": (
        (b"STAT", UNTIMELY),
        (b"NOOP", UNTIMELY),
        (b"APOP anna 0123456789abcdef", b"-ERR unknown command\r\n"),
        (b"PASS open sesame", b"-ERR say USER first\r\n"),
        (b"x" * 300, b"-ERR line too long\r\n"),
        *USER,
        (b"USER anna", UNTIMELY),
        (b"LIST 0", b"-ERR bad message number\r\n"),
        (b"RETR", b"-ERR message number missing\r\n"),
        (b"STAT now", b"-ERR no argument allowed\r\n"),
        (b"STAT", b"+OK 2 60\r\n"),
        QUIT,
    ),
    "leave at once": (QUIT,),
}

every_dialogue = pytest.mark.parametrize("dialogue", DIALOGUES.values(), ids=DIALOGUES)


@every_dialogue
def test_a_dialogue_line_by_line(carrier: Carrier, dialogue: Dialogue) -> None:
    wire = carrier.connect()
    for said, reply in dialogue:
        wire.send(said)
        assert heard(wire, len(reply)) == reply
    assert wire.rest() == b""


@pytest.mark.pop3("session-11", "session-12")
@every_dialogue
def test_a_dialogue_in_one_packet(carrier: Carrier, dialogue: Dialogue) -> None:
    wire = carrier.connect()
    wire.send(*[said for said, _ in dialogue])
    assert wire.rest() == b"".join([reply for _, reply in dialogue])


@pytest.mark.pop3("session-11")
@every_dialogue
def test_a_dialogue_octet_by_octet(carrier: Carrier, dialogue: Dialogue) -> None:
    wire = carrier.connect()
    for octet in b"".join([said + b"\r\n" for said, _ in dialogue]):
        wire.socket.sendall(bytes([octet]))
    assert wire.rest() == b"".join([reply for _, reply in dialogue])


@pytest.mark.pop3("login-7", "login-13", "login-16", "asked-12")
def test_ntlm_is_begun_by_a_plus_and_a_space(carrier: Carrier) -> None:
    wire = carrier.connect()
    assert wire.say(b"AUTH NTLM") == b"+ \r\n"
    assert wire.say(b"*") == b"-ERR authentication cancelled\r\n"
    assert wire.ntlm("anna", "guess") == DENIED
    assert wire.ntlm("anna", PASSWORD) == INSIDE


@pytest.mark.pop3("session-19", "session-20", "session-21")
def test_capa_is_true_before_login_and_after(carrier: Carrier) -> None:
    wire = carrier.connect()
    before = capabilities(wire)
    assert {b"TOP", b"UIDL", b"USER", b"UTF8 USER", b"LANG", b"PIPELINING", b"EXPIRE NEVER"} <= before
    assert b"SASL " + b" ".join([one.name for one in carrier.back.mechanisms]) in before
    wire.login()
    after = capabilities(wire)
    assert {b"TOP", b"UIDL", b"LANG", b"PIPELINING", b"EXPIRE NEVER"} <= after
    assert [line for line in after if line.startswith((b"USER", b"SASL", b"STLS"))] == []
    assert wire.say(b"TOP 1 0") == b"+OK\r\n"


def capabilities(wire: Wire) -> set[bytes]:
    """What CAPA tells of."""
    assert wire.say(b"CAPA") == b"+OK capabilities\r\n"
    lines = set()
    while (line := wire.line()) != b".\r\n":
        lines.add(line.removesuffix(b"\r\n"))
    return lines
