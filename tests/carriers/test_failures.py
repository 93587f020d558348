"""Every way in which a login ends, by each mechanism and over each carrier: the words, and the handle."""

from __future__ import annotations

import logging
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Never

import pytest
import spnego
from tests.carriers.carriers import PASSWORD
from tests.sasl.clients import CLIENTS
from tests.session.ports import Foreign, raising

from quitclaim import HandleTable
from quitclaim.errors import AccountsUnavailable, OverQuota, StoreUnavailable, TableFull
from quitclaim.identity import Identity
from quitclaim.observer import Left

if TYPE_CHECKING:
    from tests.carriers.carriers import Carrier
    from tests.server.wire import Wire

DENIED: Final = b"-ERR [AUTH] authentication failed\r\n"
IN_USE: Final = b"-ERR [IN-USE] the maildrop is locked by another session\r\n"
UNAVAILABLE: Final = b"-ERR [SYS/TEMP] no login is possible now, try again later\r\n"


class Owners:
    """A table that remembers its owner's refusals, and may be told to have no room."""

    def __init__(self) -> None:
        self.table = HandleTable[Any]()
        self.refusal: type[Exception] | None = None

    def owner(self, label: str = "", /) -> Any:  # noqa: ANN401 - an owner, or what stands in for one
        """An owner, which takes nothing if there is no room."""
        owner = self.table.owner(label)
        return owner if self.refusal is None else _Refusing(owner, self.refusal)

    def __len__(self) -> int:
        return len(self.table)

    def tick(self, now: float, /) -> None:
        """Says what time it is."""
        self.table.tick(now)

    @property
    def freed(self) -> dict[str, int]:
        """How many handles were freed, by the causes that there were."""
        return {cause: count for cause, count in self.table.stats().freed.items() if count}


class _Refusing:
    def __init__(self, owner: Any, refusal: type[Exception], /) -> None:  # noqa: ANN401 - any owner
        self._owner = owner
        self._refusal = refusal

    def acquire(self, _value: object, /) -> Never:
        raise self._refusal

    def close(self) -> None:
        self._owner.close()


@pytest.fixture
def table() -> Owners:
    """The table, whose reasons of freeing are looked at."""
    return Owners()


# --- how to try, and how far a try may get


def ntlm(wire: Wire, username: str, password: str) -> bytes:
    """In three lines."""
    return wire.ntlm(username, password)


def plain(wire: Wire, username: str, password: str) -> bytes:
    """In two lines."""
    assert wire.say(b"AUTH PLAIN") == b"+ \r\n"
    return wire.say(b64encode(f"\0{username}\0{password}".encode()))


def user(wire: Wire, username: str, password: str) -> bytes:
    """As of old."""
    assert wire.say(b"USER " + username.encode()) == b"+OK and the password\r\n"
    return wire.say(b"PASS " + password.encode())


def by(mechanism: str) -> Login:
    """As many lines as a client of that mechanism says."""

    def login(wire: Wire, username: str, password: str) -> bytes:
        said = CLIENTS[mechanism](username, password)
        next(said)
        heard = wire.say(b"AUTH " + mechanism.encode())
        while heard.startswith(b"+ "):
            heard = wire.say(b64encode(said.send(b64decode(heard[2:]))))
        return heard

    return login


Login = Callable[["Wire", str, str], bytes]
LOGINS: Final[dict[str, Login]] = {"NTLM": ntlm, "PLAIN": plain, "USER": user} | {
    mechanism: by(mechanism) for mechanism in CLIENTS
}
every_login = pytest.mark.parametrize("login", LOGINS.values(), ids=LOGINS)

NEGOTIATE: Final = b64encode(spnego.client("anna", PASSWORD, protocol="ntlm").step() or b"")

# What brings a peer there, each line with whether it is answered; and how many handles it has then.
POINTS: Final[dict[str, tuple[tuple[bytes, ...], int]]] = {
    "connected": ((), 0),
    "USER said": ((b"USER anna",), 0),
    "AUTH PLAIN": ((b"AUTH PLAIN",), 1),
    "AUTH NTLM": ((b"AUTH NTLM",), 1),
    "NTLM challenged": ((b"AUTH NTLM", NEGOTIATE), 1),
    "logged in": ((b"USER anna", b"PASS open sesame"), 0),
}
every_point = pytest.mark.parametrize("point", POINTS)


def brought(carrier: Carrier, table: Owners, point: str) -> Wire:
    """A peer that is at that point."""
    lines, handles = POINTS[point]
    wire = carrier.connect()
    for line in lines:
        assert not wire.say(line).startswith(b"-ERR")
    assert len(table) == handles
    return wire


# --- what ends with a reply


@pytest.mark.pop3("login-16", "login-17", "login-18", "login-19", "login-20", "login-21", "login-22")
@every_login
def test_a_login_is_done(carrier: Carrier, table: Owners, login: Login) -> None:
    assert login(carrier.connect(), "anna", PASSWORD) == b"+OK 2 messages (60 octets)\r\n"
    assert (len(table), table.freed) == (0, {"done": 1})


@pytest.mark.pop3("login-3", "login-26")
@every_login
@pytest.mark.parametrize(("username", "password"), [("anna", "guess"), ("anna", ""), ("mallory", "guess")])
def test_who_is_wrong_or_unknown_reads_the_same(
    carrier: Carrier, table: Owners, login: Login, username: str, password: str
) -> None:
    wire = carrier.connect()
    assert login(wire, username, password) == DENIED
    assert (len(table), table.freed) == (0, {"failed": 1})
    assert login(wire, "anna", PASSWORD).startswith(b"+OK")


@pytest.mark.pop3("login-34")
@every_login
@pytest.mark.parametrize("password", [PASSWORD, "aVerySecretGuess"], ids=["right", "wrong"])
def test_no_event_and_no_log_has_a_secret(
    carrier: Carrier, login: Login, password: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    login(carrier.connect(), "anna", password)
    said = f"{carrier.back.events}{caplog.text}"
    assert "anna" in said
    assert password not in said
    for before in range(3):  # octets of what else is encoded with it: only the middle does not depend on it
        assert b64encode(bytes(before) + password.encode())[4:-4].decode() not in said


@pytest.mark.pop3("login-9")
@pytest.mark.parametrize("point", ["AUTH PLAIN", "AUTH NTLM", "NTLM challenged"])
@pytest.mark.parametrize("line", [b"no base64", b"", b"AAAA", b64encode(bytes(9_000)), b"A" * 12_300])
def test_a_malformed_token_is_denied(carrier: Carrier, table: Owners, point: str, line: bytes) -> None:
    assert brought(carrier, table, point).say(line) == DENIED
    assert (len(table), table.freed) == (0, {"failed": 1})


def test_what_the_policy_refuses_is_denied(carrier: Carrier, table: Owners) -> None:
    wire = brought(carrier, table, "NTLM challenged")
    lm_alone = (
        b"NTLMSSP\0\x03\0\0\0" + b"\x18\0\x18\0\x40\0\0\0" + 5 * b"\0\0\0\0\x58\0\0\0" + b"\x05\x02\0\0"
    )
    assert wire.say(b64encode(lm_alone + b"\x01" * 24)) == DENIED
    assert (len(table), table.freed) == (0, {"failed": 1})


# What a client says after AUTH, token by token, when a line's end is in its name.
SPLITTING: Final[dict[str, tuple[bytes, ...]]] = {
    "PLAIN": (b"\0anna\r\n+OK 9 messages\0guess",),
    "LOGIN": (b"anna\r\n+OK 9 messages", b"guess"),
    "SCRAM-SHA-256": (b"n,,n=anna\r\n+OK 9 messages,r=rOprNGfwEbeRWgbNEkqO", b"c=biws,r=x,p=eA=="),
    "OAUTHBEARER": (b"n,a=anna\r\n+OK 9 messages,\1auth=Bearer guess\1\1", b"\1"),
    "XOAUTH2": (b"user=anna\r\n+OK 9 messages\1auth=Bearer guess\1\1", b""),
}


@pytest.mark.pop3("login-12")
@pytest.mark.parametrize("mechanism", SPLITTING)
def test_a_lines_end_in_a_name_splits_no_reply(carrier: Carrier, table: Owners, mechanism: str) -> None:
    wire = carrier.connect()
    said = wire.say(b"AUTH " + mechanism.encode())
    for token in SPLITTING[mechanism]:
        if said.startswith(b"+ "):
            said = wire.say(b64encode(token))
    assert said == DENIED
    assert wire.say(b"AUTH NT\rLM").startswith(b"-ERR")
    assert wire.say(b"CAPA") == b"+OK capabilities\r\n"
    assert (len(table), table.freed) == (0, {"failed": 1})


@pytest.mark.pop3("login-8")
@pytest.mark.parametrize("point", ["AUTH PLAIN", "AUTH NTLM", "NTLM challenged"])
def test_a_star_cancels(carrier: Carrier, table: Owners, point: str) -> None:
    assert brought(carrier, table, point).say(b"*") == b"-ERR authentication cancelled\r\n"
    assert (len(table), table.freed) == (0, {"cancelled": 1})


@pytest.mark.pop3("login-29")
@pytest.mark.parametrize("refusal", [TableFull, OverQuota])
@pytest.mark.parametrize("lines", [(b"AUTH NTLM",), (b"AUTH PLAIN",), (b"USER anna", b"PASS open sesame")])
def test_without_room_no_handle_is_taken(
    carrier: Carrier, table: Owners, refusal: type[Exception], lines: tuple[bytes, ...]
) -> None:
    table.refusal = refusal
    wire = carrier.connect()
    assert [wire.say(line) for line in lines][-1] == UNAVAILABLE
    assert (len(table), table.freed) == (0, {})


@pytest.mark.pop3("login-29")
@every_login
@pytest.mark.parametrize("down", ["accounts", "store"])
def test_a_back_end_that_is_down_is_told_for_now(
    carrier: Carrier, table: Owners, login: Login, down: str
) -> None:
    back = carrier.back
    if down == "accounts":
        back.accounts.how = raising(AccountsUnavailable())
    else:
        back.store.opening = raising(StoreUnavailable())
    assert login(carrier.connect(), "anna", PASSWORD) == UNAVAILABLE
    assert (len(table), table.freed) == (0, {"failed": 1})


@pytest.mark.pop3("login-28", "maildrop-1", "asked-5")
@every_login
def test_a_locked_maildrop_is_told(carrier: Carrier, table: Owners, login: Login) -> None:
    lock = carrier.back.store.memory.open(Identity("anna"))
    wire = carrier.connect()
    assert login(wire, "anna", PASSWORD) == IN_USE
    assert (len(table), table.freed) == (0, {"failed": 1})
    lock.close()
    assert login(wire, "anna", PASSWORD).startswith(b"+OK")


# --- what ends without one


@pytest.mark.pop3("session-16")
@every_point
def test_who_overstays_is_closed(carrier: Carrier, table: Owners, point: str) -> None:
    wire = brought(carrier, table, point)
    carrier.overstay()
    assert b"+OK" not in wire.rest()
    wire.close()
    carrier.settle()
    assert_left(carrier, table, point, "timeout")


@pytest.mark.pop3("session-17", "login-15", "defect-4", "maildrop-2")
@every_point
@pytest.mark.parametrize("goes", ["reset", "close"])
def test_who_is_lost_leaves_nothing(carrier: Carrier, table: Owners, point: str, goes: str) -> None:
    wire = brought(carrier, table, point)
    {"reset": wire.reset, "close": wire.close}[goes]()
    carrier.settle()
    assert_left(carrier, table, point, "lost")


@every_point
def test_a_stop_leaves_nothing(carrier: Carrier, table: Owners, point: str) -> None:
    wire = brought(carrier, table, point)
    carrier.drain()
    wire.close()
    assert_left(carrier, table, point, "drained")


@every_login
@pytest.mark.parametrize("broken", ["accounts", "store"])
def test_any_other_exception_closes_and_is_logged(
    carrier: Carrier, table: Owners, login: Login, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    back = carrier.back
    if broken == "accounts":
        back.accounts.how = raising(Foreign())
    else:
        back.store.opening = raising(Foreign())
    wire = carrier.connect()
    assert login(wire, "anna", PASSWORD) == b""
    wire.close()
    carrier.settle()
    assert len(table) == 0
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert [event.cause for event in back.events if isinstance(event, Left)] == ["error"]


@pytest.mark.pop3("login-15", "maildrop-2", "asked-4")
@pytest.mark.parametrize(
    "lines", [(b"AUTH PLAIN AGFubmEAb3BlbiBzZXNhbWU=",), (b"USER anna", b"PASS open sesame")]
)
@pytest.mark.parametrize("asked", ["accounts", "store"])
def test_who_is_lost_while_a_back_end_answers_leaves_no_lock(
    carrier: Carrier, table: Owners, lines: tuple[bytes, ...], asked: str
) -> None:
    back = carrier.back
    if asked == "accounts":
        back.accounts.how = carrier.how
    else:
        back.store.opening = carrier.how
    wire = carrier.connect()
    wire.send(*lines)
    carrier.until_asked()
    assert len(table) == 1
    wire.reset()
    carrier.until_gone()
    carrier.let_go()
    carrier.settle()
    assert (len(table), table.freed) == (0, {"owner": 1})
    assert back.store.closes == ([1] if asked == "store" else [])
    back.store.memory.open(Identity("anna")).close()


def assert_left(carrier: Carrier, table: Owners, point: str, cause: str) -> None:
    """Nothing is left, the observer was told why, and nothing was deleted."""
    assert len(table) == 0
    expected = {"owner": 1} if POINTS[point][1] else {"done": 1} if point == "logged in" else {}
    assert table.freed == expected
    left = [event for event in carrier.back.events if isinstance(event, Left)]
    assert [(event.cause, event.deleted) for event in left] == [(cause, 0)]
    maildrop = carrier.back.store.memory.open(Identity("anna"))
    assert len(maildrop.octets) == 2
    maildrop.close()
