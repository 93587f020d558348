"""What must hold of a session whatever octets it is given: for a fuzzer, and for tests."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from tests.session.ports import Accounts, Later, Store, at_once, chunks_of, later

from quitclaim import HandleTable
from quitclaim.errors import StoreUnavailable
from quitclaim.limits import Limits
from quitclaim.ntlm import Acceptor
from quitclaim.observer import Left, LoggedIn
from quitclaim.pop3.connection import LONGEST_RESPONSE
from quitclaim.sasl import Exchange, Login, Ntlm, OAuthBearer, Plain, Scram, XOAuth2
from quitclaim.scram import ScramKeys
from quitclaim.session import Service, Session
from quitclaim.session.dialogue import PORTION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quitclaim.observer import Event
    from quitclaim.session import Next

__all__ = ("SameKeys", "check", "mechanisms")

# The first octet of a script: how the server is. All the rest is what the peer says, but for orders.
TRUSTED: Final = 1  # a password in plaintext is taken
STLS: Final = 2  # TLS is to be had
LATER: Final = 4  # back ends answer later
PIECES: Final = 8  # messages are read a few octets at a time
MANUAL: Final = 16  # answers come when an order says so, and not before
GUARDED: Final = 32  # who guesses is delayed

# An order is an octet that no dialogue needs, and one of these; with any other, what the peer says is 0xFF.
ORDER: Final = b"\xff"
CUT: Final = b"\xff\x00"  # a chunk ends here
ANSWER: Final = b"\xff\x01"  # what is waited for comes
FAIL: Final = b"\xff\x02"  # the back end that is waited for is down
REAP: Final = b"\xff\x03"  # all handles are taken away
END: Final = b"\xff\x04"  # the peer says no more
SECURE: Final = b"\xff\x05"  # the handshake is done

MESSAGES: Final = (b"Subject: first\r\n\r\n.Hello, Anna.\r\n", b"Subject: second\r\n\r\n.signed\r\n.\r\nend")


def check(data: bytes, /) -> None:
    """Plays a script, and again in one chunk if nothing but cuts is in it.

    Raises:
        AssertionError: something was said, kept or left behind that should not have been.
    """
    settings = data[0] if data else 0
    script = data[1:]
    run = _Run(settings)
    said = run.play(script)
    _check_replies(said, script)
    if not settings & MANUAL and ORDER not in script.replace(CUT, b""):
        whole = _Run(settings & (TRUSTED | STLS))
        assert whole.play(script.replace(CUT, b"")) == said
        assert whole.events == run.events


class _Run:
    """One session, from its beginning to its end."""

    def __init__(self, settings: int, /) -> None:
        self._manual = bool(settings & MANUAL)
        self._failed = 0
        self.events: list[Event] = []
        self._store = store = Store()
        store.memory._epoch = "epoch"  # noqa: SLF001 - so that all have the same names
        for message in MESSAGES:
            store.memory.deliver("anna", message)
        how = later if settings & LATER else at_once
        _ACCOUNTS.how = store.opening = store.committing = how
        store.reading = chunks_of(5, how=how) if settings & PIECES else how
        self._service = Service(
            accounts=_ACCOUNTS,
            store=store,
            mechanisms=_MECHANISMS,
            limits=_LIMITS,
            observer=self.events.append,
            clock=lambda: 0.0,
            sleep=lambda _seconds: Later(lambda: None),
        )
        self._session = Session(
            self._service,
            _TABLE.owner("peer"),
            peer="192.0.2.7:4711",
            address="192.0.2.7" if settings & GUARDED else None,
            trusted=bool(settings & TRUSTED),
            stls=bool(settings & STLS),
        )

    def play(self, script: bytes, /) -> bytes:
        """All that is said, to the end of the session."""
        said = b"".join(self._said(script))
        session = self._session
        session.close("lost")
        if session.waiting is not None:
            assert self._answer() == b""
        assert session.receive(b"QUIT\r\n") == b""
        assert len(_TABLE) == 0
        assert set(self._store.closes) <= {1}
        assert not self._store.memory._open  # noqa: SLF001 - no lock is left
        assert [type(event) for event in self.events].count(Left) == 1
        assert [type(event) for event in self.events].count(LoggedIn) <= 1
        assert self._service.counters.errors <= self._failed
        return said

    def _said(self, script: bytes) -> Iterator[bytes]:
        for chunk in _CHUNKS.findall(script):
            yield self._checked(self._do(chunk))
            while not self._manual and self._session.next == "WAIT":
                yield self._checked(self._answer())
        if not self._manual:
            yield self._checked(self._session.receive_end())
            while self._session.next == "WAIT":
                yield self._checked(self._answer())
            if self._session.next == "STARTTLS":
                self._session.secured(None)
                yield self._checked(self._session.receive(b"NOOP\r\nQUIT\r\n"))

    def _do(self, chunk: bytes) -> bytes:
        session = self._session
        if chunk[:1] != ORDER:
            return session.receive(chunk)
        if chunk == ANSWER:
            return self._answer() if session.next == "WAIT" else b""
        if chunk == FAIL and session.waiting is not None:
            self._failed += 1
            return session.resume(None, StoreUnavailable())
        if chunk == REAP:
            _TABLE.drain()
        elif chunk == END:
            return session.receive_end()
        elif chunk == SECURE and session.next == "STARTTLS":
            session.secured(None)
        return b"" if chunk in _ORDERS else session.receive(ORDER)

    def _answer(self) -> bytes:
        """What is waited for comes, true or as an error; or the peer has taken a portion."""
        waiting = self._session.waiting
        if waiting is None:
            return self._session.resume()
        assert isinstance(waiting, Later)
        try:
            answer = waiting.find()
        except StoreUnavailable as error:
            return self._session.resume(None, error)
        return self._session.resume(answer)

    def _checked(self, said: bytes) -> bytes:
        session = self._session
        following: Next = session.next
        assert following in {"READ", "WAIT", "STARTTLS", "CLOSE"}
        assert following == "WAIT" or session.waiting is None
        if following == "READ":
            assert session.buffered <= LONGEST_RESPONSE + 2, "a line is kept that is longer than any may be"
        assert len(said) < 2 * PORTION
        return said


def _check_replies(said: bytes, script: bytes) -> None:
    """Each reply is a line, or lines from +OK to a dot; the last may break off."""
    *lines, rest = said.split(b"\r\n")
    replies = 0
    inside = may_begin = False
    for line in lines:
        if inside or (may_begin and not _STATUS.fullmatch(line)):
            inside = line != b"."
            may_begin = False
            assert _INSIDE.fullmatch(line), line
            assert not _STATUS.fullmatch(line), line  # no message of ours has such a line
        else:
            assert _STATUS.fullmatch(line), line
            may_begin = line[:1] == b"+" and line[:2] != b"+ "
            replies += 1
    assert inside or may_begin or not rest, rest
    assert replies <= script.count(b"\n") + 4, "more is answered than was asked"


_STATUS: Final = re.compile(rb"(\+OK|-ERR)( [\x20-\x7e]{1,505})?|\+ [A-Za-z0-9+/=]*")
_INSIDE: Final = re.compile(rb"[\x20-\x7e]*")
_CHUNKS: Final = re.compile(rb"\xff.|[^\xff]+", re.DOTALL)
_ORDERS: Final = frozenset({CUT, ANSWER, FAIL, REAP, END, SECURE})


class SameKeys(Accounts):
    """Those of the tests, with keys for SCRAM that are the same each time."""

    def scram(self, username: str, mechanism: str, /) -> Any:  # noqa: ANN401 - as `how` says
        """As `how` says."""
        return self.how(lambda: _keys_of_anna(mechanism) if username == "anna" else None)


@cache
def _keys_of_anna(mechanism: str) -> ScramKeys:
    return ScramKeys.from_password("open sesame", mechanism, salt=bytes(16))


def mechanisms() -> tuple[Any, ...]:
    """All there are, without a clock and a generator: a script says what a client once answered them."""
    return (
        Scram("SCRAM-SHA-256", nonce=lambda: "0" * 64),
        Scram("SCRAM-SHA-1", nonce=lambda: "0" * 64),
        Ntlm(Acceptor("MAIL"), clock=lambda: 1e9, random=bytes),
        OAuthBearer(),
        XOAuth2(),
        Plain(),
        Login(),
    )


# Made once: what is in them is the same for all.
_TABLE: Final[HandleTable[Exchange]] = HandleTable()
_ACCOUNTS: Final = SameKeys({"anna": "open sesame", "bert": "another"})
_MECHANISMS: Final = mechanisms()
_LIMITS: Final = Limits(login_failures=4, bad_commands=6, free_guesses=1)
