"""AUTHORIZATION: login attempts of any mechanism (RFC 1939 §4 and §7, RFC 5034).

An attempt begins at AUTH or PASS and ends with its reply. All it has is a handle; the table has the exchange.
Whatever refuses does so by a step that raises, and then the handle is gone before the peer hears of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Never

from quitclaim.errors import (
    AccountsUnavailable,
    AuthenticationError,
    HandleError,
    InvalidToken,
    MaildropInUse,
    OverQuota,
    StoreUnavailable,
    TableFull,
    Unavailable,
)
from quitclaim.identity import fold
from quitclaim.observer import LoggedIn, Refused
from quitclaim.sasl.mechanism import Question
from quitclaim.session import guesses, texts
from quitclaim.session.open_maildrop import OpenMaildrop

if TYPE_CHECKING:
    from quitclaim.identity import Identity
    from quitclaim.maildrop.port import Maildrop
    from quitclaim.observer import Cause
    from quitclaim.pop3 import Auth, BadResponse, Cancelled, Pass, Response, User
    from quitclaim.sasl.mechanism import Exchange, Mechanism
    from quitclaim.session.dialogue import Dialogue

__all__ = ("auth", "bad_response", "cancelled", "given_up", "password", "response", "too_long", "user")


def user(dialogue: Dialogue, command: User) -> bytes:
    """USER: kept for the PASS that follows; says nothing of who exists."""
    if b"PLAIN" not in dialogue.offer.mechanisms:
        return dialogue.refuse_command(texts.NO_PLAINTEXT)
    dialogue.said_user = command.name
    return texts.WHICH_PASSWORD


def password(dialogue: Dialogue, command: Pass) -> bytes:
    """PASS: an attempt of PLAIN in other words."""
    name, dialogue.said_user = dialogue.said_user, None
    if name is None:
        return dialogue.refuse_command(texts.NO_USER)
    plain = dialogue.offer.mechanisms[b"PLAIN"]
    return _begin(dialogue, b"USER", plain, b"\0%b\0%b" % (name, command.password))


def auth(dialogue: Dialogue, command: Auth) -> bytes:
    """AUTH: lists the mechanisms, or begins an attempt of one."""
    name = command.mechanism
    if name is None:
        return dialogue.offer.mechanism_list
    mechanism = dialogue.offer.mechanisms.get(name)
    if mechanism is None:
        return dialogue.refuse_command(texts.NO_MECHANISM)
    return _begin(dialogue, name, mechanism, command.initial_response)


def response(dialogue: Dialogue, response: Response) -> bytes:
    """A line of the exchange under way."""
    return _respond(dialogue, response.token) if dialogue.verdict is None else _last_word(dialogue)


def cancelled(dialogue: Dialogue, _event: Cancelled) -> bytes:
    """`*`: the attempt is over, by the peer's wish."""
    if dialogue.verdict is not None:
        return _last_word(dialogue)
    _fail_handle(dialogue, _Cancellation())
    dialogue.service.counters.cancelled += 1
    return _refused(dialogue, texts.CANCELLED, "cancelled", dialogue.asked)


def bad_response(dialogue: Dialogue, _event: BadResponse) -> bytes:
    """What is no base64 is refused like any token that is malformed."""
    if dialogue.verdict is not None:
        return _last_word(dialogue)
    return _refuse(dialogue, _fail_handle(dialogue, InvalidToken("no base64")))


def too_long(dialogue: Dialogue) -> bytes:
    """A line of the exchange that exceeds its limit is refused like any token that is malformed."""
    if dialogue.verdict is not None:
        return _last_word(dialogue)
    return _refuse(dialogue, _fail_handle(dialogue, InvalidToken("line too long")))


def given_up(dialogue: Dialogue, cause: Cause) -> None:
    """The connection ends before an attempt that somebody was asked about: he may have learned enough."""
    if dialogue.handle is not None and dialogue.asked and dialogue.service.observer is not None:
        mechanism = dialogue.mechanism.decode()
        dialogue.service.observer(Refused(dialogue.peer, mechanism, dialogue.asked, f"given up: {cause}"))


# --- an attempt, from here to its reply


def _begin(dialogue: Dialogue, name: bytes, mechanism: Mechanism, initial_response: bytes | None) -> bytes:
    dialogue.service.counters.attempts += 1
    dialogue.mechanism = name
    dialogue.asked = ""
    dialogue.guess = None  # of the attempt before: one that is cancelled counts, it may have had its answer
    try:
        dialogue.handle = dialogue.owner.acquire(mechanism.start(dialogue.binding))
    except (TableFull, OverQuota) as error:
        return _refuse(dialogue, error)
    if initial_response is None:
        return dialogue.connection.challenge(mechanism.opening)
    return _respond(dialogue, initial_response)


def _respond(dialogue: Dialogue, token: bytes) -> bytes:
    handle = dialogue.handle
    assert handle is not None, "a response belongs to an attempt"  # noqa: S101 - our own mistake
    try:
        outcome = dialogue.owner.step(handle, _step, token)
    except (AuthenticationError, HandleError) as error:
        return _refuse(dialogue, error)
    if type(outcome) is bytes:
        return dialogue.connection.challenge(outcome)
    if isinstance(outcome, Question):
        dialogue.asked = outcome.username
        refusal = guesses.note(dialogue, outcome.username)
        if refusal is not None:
            return _refuse(dialogue, _fail_handle(dialogue, refusal))
        return dialogue.ask(outcome.ask, dialogue.service.accounts, _answered)
    return _proven(dialogue, outcome)  # type: ignore[arg-type]  # a bytes of a subclass is nobody's challenge


def _answered(dialogue: Dialogue, answer: object, error: BaseException | None) -> bytes:
    """The accounts have answered: the exchange takes it by a step."""
    if error is not None:
        return _refuse(dialogue, _fail_handle(dialogue, error))
    handle = dialogue.handle
    assert handle is not None, "an answer belongs to an attempt"  # noqa: S101 - our own mistake
    try:
        outcome = dialogue.owner.step(handle, _answer, answer)
    except (AuthenticationError, HandleError) as refusal:
        return _refuse(dialogue, refusal)
    if type(outcome) is bytes:
        return guesses.delayed(dialogue, lambda: dialogue.connection.challenge(outcome))
    return _proven(dialogue, outcome)  # type: ignore[arg-type]


def _proven(dialogue: Dialogue, identity: Identity) -> bytes:
    """Takes note of who it is; the handle lives until the reply."""
    dialogue.username = identity.username
    if dialogue.guess is None:
        return _open(dialogue, identity)
    dialogue.guess.was_right()
    return guesses.delayed(dialogue, lambda: _open(dialogue, identity))


def _open(dialogue: Dialogue, identity: Identity) -> bytes:
    """Opens the maildrop, unless the last login was a moment ago."""
    service = dialogue.service
    if service.limits.login_delay and identity.key in service.recent_logins:
        _fail_handle(dialogue, _TooSoon())
        service.counters.too_soon += 1
        return _refused(dialogue, texts.TOO_SOON, "too soon", dialogue.username)
    return dialogue.ask(service.store.open, identity, _opened, late=_close)


def _opened(dialogue: Dialogue, maildrop: Maildrop, error: BaseException | None) -> bytes:
    """The store has answered: the login is good, unless the maildrop is not to be had."""
    if error is not None:
        return _refuse(dialogue, _fail_handle(dialogue, error))
    dialogue.mail = mail = OpenMaildrop(maildrop)  # first of all: from here on it is closed with the session
    handle, dialogue.handle = dialogue.handle, None
    assert handle is not None, "a login belongs to an attempt"  # noqa: S101 - our own mistake
    try:
        exchange = dialogue.owner.free(handle)
    except HandleError as stale:
        dialogue.mail = None
        mail.close()
        return _refuse(dialogue, stale)
    dialogue.connection.accept()
    octets = mail.count()
    messages = len(mail)
    service = dialogue.service
    service.counters.logins += 1
    if service.limits.login_delay:
        service.recent_logins.add(fold(dialogue.username))
    if service.observer is not None:
        mechanism = dialogue.mechanism.decode()
        detail = "" if exchange is None else exchange.detail
        service.observer(LoggedIn(dialogue.peer, mechanism, dialogue.username, messages, octets, detail))
    return b"+OK %d messages (%d octets)\r\n" % (messages, octets)


# --- its refusals


def _fail_handle(dialogue: Dialogue, error: BaseException) -> BaseException:
    """Ends an attempt that no step of its own has ended, by a step that raises.

    `owner.free` would do, and count as `done`: what failed is to be counted as failed, or as cancelled.
    """
    handle = dialogue.handle
    assert handle is not None, "only an attempt ends"  # noqa: S101 - our own mistake
    try:
        dialogue.owner.step(handle, _raise, error)
    except BaseException as raised:
        if raised is not error and not isinstance(raised, HandleError):
            raise
    return error


def _refuse(dialogue: Dialogue, error: BaseException) -> bytes:
    """Answers an attempt that is over; what is not expected goes on to whoever closes the connection."""
    counters = dialogue.service.counters
    if isinstance(error, AuthenticationError):
        counters.denied += 1
        return _refused(dialogue, texts.DENIED, error.cause, error.username, error.last_challenge)
    if dialogue.guess is not None and not dialogue.username:
        dialogue.guess.was_none()  # nobody has looked at it
    if isinstance(error, MaildropInUse):
        counters.in_use += 1
        return _refused(dialogue, texts.IN_USE, "maildrop in use", dialogue.username)
    if isinstance(error, Unavailable | TableFull | OverQuota | HandleError):
        counters.unavailable += 1
        reply = texts.BROKEN if isinstance(error, Unavailable) and error.is_permanent else texts.UNAVAILABLE
        return _refused(dialogue, reply, f"unavailable: {_missing(error)}", dialogue.username)
    raise error


def _missing(error: BaseException) -> str:
    """What a login lacks, for the log: each is another thing to mend."""
    if isinstance(error, AccountsUnavailable):
        return "accounts"
    if isinstance(error, StoreUnavailable):
        return "store"
    return "no answer" if isinstance(error, Unavailable) else "no handle"


def _refused(
    dialogue: Dialogue, reply: bytes, cause: str, username: str = "", last_challenge: bytes = b""
) -> bytes:
    dialogue.handle = None
    dialogue.username = ""
    dialogue.failures += 1
    service = dialogue.service
    if service.observer is not None:
        service.observer(Refused(dialogue.peer, dialogue.mechanism.decode(), username, cause))
    if last_challenge:
        dialogue.verdict = reply
        return guesses.delayed(dialogue, lambda: dialogue.connection.challenge(last_challenge))
    dialogue.connection.refuse()
    if dialogue.guess is None:
        return _told(dialogue, reply)
    return guesses.delayed(dialogue, lambda: _told(dialogue, reply))


def _last_word(dialogue: Dialogue) -> bytes:
    """The verdict, for a peer that was told why before: whatever it says to that."""
    reply, dialogue.verdict = dialogue.verdict, None
    assert reply is not None, "there was a verdict"  # noqa: S101 - our own mistake
    dialogue.connection.refuse()
    return _told(dialogue, reply)


def _told(dialogue: Dialogue, reply: bytes) -> bytes:
    if dialogue.failures >= dialogue.service.limits.login_failures:
        dialogue.leave("failures")
    return reply


class _TooSoon(Exception):  # noqa: N818 - what is the case
    """What ends a step of a login that comes too soon after the last one."""


class _Cancellation(BaseException):
    """What ends a step that the peer cancelled: no `Exception`, so the table counts it as cancelled."""


def _step(exchange: Exchange, token: bytes) -> object:
    return exchange.step(token)


def _answer(exchange: Exchange, answer: object) -> object:
    return exchange.answer(answer)


def _raise(_exchange: Exchange, error: BaseException) -> Never:
    raise error


def _close(maildrop: Any, _error: BaseException | None) -> None:  # noqa: ANN401 - what was opened, or None
    if maildrop is not None:
        maildrop.close()
