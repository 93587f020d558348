"""However a session ends, and wherever it is then: nothing is left, and late answers are given back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.session.peer import DENIED, LOGINS, PASSWORD, POINTS, SAYS, UNAVAILABLE, Login
from tests.session.ports import Foreign, later

from quitclaim.errors import AccountsUnavailable, MaildropInUse, StoreUnavailable
from quitclaim.identity import Identity
from quitclaim.observer import Left

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.conftest import Peers
    from tests.session.peer import Peer

    from quitclaim import HandleTable
    from quitclaim.observer import Cause

every_login = pytest.mark.parametrize("login", LOGINS.values(), ids=LOGINS)
every_point = pytest.mark.parametrize("point", POINTS)

ASKING = [f"{name}: accounts asked" for name in LOGINS]
OPENING = [f"{name}: maildrop opening" for name in LOGINS]
LOGGED_IN = [f"{name}: logged in" for name in LOGINS]


def bring(peer: Peer, point: str) -> int:
    """Brings the peer to that point, and gives the number of its handles there."""
    go, handles = POINTS[point]
    go(peer)
    assert len(peer.table) == handles
    return handles


def endings(peer: Peer) -> list[str]:
    """The causes of the ends that the observer was told of."""
    return [event.cause for event in peer.events if isinstance(event, Left)]


def messages_of_anna(peer: Peer) -> int:
    """How many messages she has; it takes her lock, so nobody else may have it."""
    maildrop = peer.store.memory.open(Identity("anna"))
    maildrop.close()
    return len(maildrop.octets)


# --- time-outs, lost connections, and the server's own reasons


@pytest.mark.pop3("login-15", "defect-4")
@every_point
@pytest.mark.parametrize("cause", ["timeout", "lost", "drained"])
def test_at_any_point_the_owner_frees_the_handle(peer: Peer, point: str, cause: Cause) -> None:
    handles = bring(peer, point)
    peer.session.close(cause)
    assert len(peer.table) == 0
    assert peer.freed.get("owner", 0) == handles
    assert peer.session.next == "CLOSE"
    assert endings(peer) == [cause]


@every_point
def test_a_second_end_changes_nothing(peer: Peer, point: str) -> None:
    bring(peer, point)
    peer.session.close("timeout")
    peer.session.close("lost")
    assert endings(peer) == ["timeout"]


@every_point
def test_after_the_end_nothing_is_said(peer: Peer, point: str) -> None:
    bring(peer, point)
    peer.session.close("lost")
    assert peer.say(b"CAPA") == b""
    assert peer.session.receive_end() == b""


@every_point
def test_who_says_no_more_is_lost_once_all_answers_are_given(peer: Peer, point: str) -> None:
    bring(peer, point)
    said = peer.session.receive_end()
    while peer.session.waiting is not None:
        said += peer.answered()
    assert peer.session.next == "CLOSE"
    assert said.startswith(b"+OK 2") == (point in ASKING + OPENING)
    peer.session.close("lost")
    assert endings(peer) == ["lost"]


@pytest.mark.pop3("maildrop-2", "maildrop-18", "asked-4")
@pytest.mark.parametrize("point", LOGGED_IN)
@pytest.mark.parametrize("cause", ["timeout", "lost", "drained"])
def test_an_end_without_quit_unlocks_and_deletes_nothing(peer: Peer, point: str, cause: Cause) -> None:
    bring(peer, point)
    peer.say(b"DELE 1", b"DELE 2")
    peer.session.close(cause)
    assert peer.store.closes == [1]
    assert [event.deleted for event in peer.events if isinstance(event, Left)] == [0]
    assert messages_of_anna(peer) == 2


def test_quit_before_login_is_the_end(peer: Peer) -> None:
    assert peer.say(b"QUIT", b"CAPA") == b"+OK goodbye\r\n"
    assert peer.session.next == "CLOSE"
    peer.session.close("lost")
    assert endings(peer) == ["quit"]


@pytest.mark.parametrize("name", SAYS)
def test_quit_inside_an_exchange_is_no_base64_and_a_refusal(peer: Peer, name: str) -> None:
    bring(peer, name)
    assert peer.say(b"QUIT!") == DENIED
    assert peer.say(b"QUIT") == b"+OK goodbye\r\n"


# --- lost while a back end answers


@pytest.mark.parametrize("point", ASKING)
@pytest.mark.parametrize("error", [None, AccountsUnavailable(), Foreign()], ids=repr)
def test_what_the_accounts_answer_too_late_is_dropped(
    peer: Peer, point: str, error: Exception | None, caplog: pytest.LogCaptureFixture
) -> None:
    bring(peer, point)
    peer.session.close("lost")
    assert (peer.answered() if error is None else peer.failed(error)) == b""
    assert len(peer.table) == 0
    assert peer.store.opened == []
    assert not caplog.records


@pytest.mark.pop3("maildrop-2", "asked-4")
@pytest.mark.parametrize("point", OPENING)
@pytest.mark.parametrize("cause", ["timeout", "lost", "drained"])
def test_a_maildrop_that_opens_too_late_is_closed_once(peer: Peer, point: str, cause: Cause) -> None:
    bring(peer, point)
    peer.session.close(cause)
    assert peer.answered() == b""
    assert peer.store.closes == [1]
    assert messages_of_anna(peer) == 2


@pytest.mark.parametrize("point", OPENING)
@pytest.mark.parametrize("error", [MaildropInUse(), StoreUnavailable(), Foreign()], ids=repr)
def test_an_opening_that_fails_too_late_is_nobodys_business(
    peer: Peer, point: str, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    bring(peer, point)
    peer.session.close("lost")
    assert peer.failed(error) == b""
    assert not caplog.records


@pytest.mark.parametrize("point", OPENING)
def test_a_late_maildrop_that_does_not_close_is_logged_once_and_raises_nothing(
    peer: Peer, point: str, caplog: pytest.LogCaptureFixture
) -> None:
    bring(peer, point)
    peer.session.close("lost")
    assert peer.session.resume(Unclosable()) == b""
    assert len(caplog.records) == 1
    assert "the text of a foreign exception" in caplog.text


def test_a_maildrop_that_does_not_close_holds_up_no_end(peer: Peer, caplog: pytest.LogCaptureFixture) -> None:
    peer.store.opening = lambda _find: Unclosable()
    bring(peer, "PLAIN: logged in")
    peer.session.close("lost")
    assert len(caplog.records) == 1


class Unclosable:
    """A maildrop that breaks the last promise of its port."""

    octets = ()

    def close(self) -> None:
        """Raises, which it must not."""
        raise Foreign


def test_a_chunk_that_comes_too_late_is_dropped(peer: Peer) -> None:
    bring(peer, "PLAIN: logged in")
    peer.store.reading = later
    peer.say(b"RETR 1")
    peer.session.close("lost")
    assert peer.store.closes == [1]
    assert peer.answered() == b""
    assert peer.store.closes == [1]


# --- lost while a commit is under way


@pytest.fixture
def committing(peer: Peer) -> Peer:
    """A peer that has deleted a message, said QUIT, and waits."""
    bring(peer, "PLAIN: logged in")
    peer.store.committing = later
    assert peer.say(b"DELE 1", b"QUIT") == b"+OK deleted by QUIT\r\n"
    assert peer.session.next == "WAIT"
    return peer


@pytest.mark.parametrize("cause", ["timeout", "lost", "drained"])
def test_a_maildrop_stays_locked_until_its_commit_is_done(committing: Peer, cause: Cause) -> None:
    committing.session.close(cause)
    assert committing.store.closes == [0]
    with pytest.raises(MaildropInUse):
        committing.store.memory.open(Identity("anna"))
    assert committing.answered() == b""
    assert committing.store.closes == [1]
    assert messages_of_anna(committing) == 1


@pytest.mark.parametrize("error", [StoreUnavailable(), Foreign()], ids=repr)
def test_a_commit_that_fails_too_late_unlocks(committing: Peer, error: Exception) -> None:
    committing.session.close("lost")
    assert committing.failed(error) == b""
    assert committing.store.closes == [1]
    assert messages_of_anna(committing) == 2


def test_a_commit_that_is_done_in_time_is_told(committing: Peer) -> None:
    assert committing.answered() == b"+OK goodbye\r\n"
    assert committing.store.closes == [1]
    committing.session.close("lost")
    assert endings(committing) == ["quit"]
    assert messages_of_anna(committing) == 1


# --- an operator frees the handle in the middle


def reap(table: HandleTable[Any]) -> None:
    """Frees what is of any age."""
    assert table.reap(older_than=0.0).freed == 1


def drain(table: HandleTable[Any]) -> None:
    """Frees all."""
    assert table.drain().freed == 1


every_operator = pytest.mark.parametrize("operate", [reap, drain])
every_operator_cause = pytest.mark.parametrize(("operate", "cause"), [(reap, "reaped"), (drain, "drained")])


@pytest.mark.parametrize("name", SAYS)
@every_operator_cause
@pytest.mark.parametrize(
    ("line", "reply"),
    [
        (b"AGFubmEAb3BlbiBzZXNhbWU=", UNAVAILABLE),
        (b"no base64", DENIED),
        (b"*", b"-ERR authentication cancelled\r\n"),
        (b"A" * 12_300, DENIED),
    ],
    ids=["token", "no base64", "cancel", "too long"],
)
def test_a_handle_that_was_reaped_ends_the_attempt_alone(  # noqa: PLR0913, PLR0917 - a product
    peer: Peer,
    name: str,
    operate: Callable[[HandleTable[Any]], None],
    cause: str,
    line: bytes,
    reply: bytes,
) -> None:
    bring(peer, name)
    operate(peer.table)
    assert peer.say(line) == reply
    assert peer.freed == {cause: 1}
    assert peer.session.next == "READ"
    assert LOGINS["NTLM"](peer, "anna", PASSWORD).startswith(b"+OK")


@every_login
@every_operator
def test_reaped_while_the_accounts_are_asked(
    peer: Peer, login: Login, operate: Callable[[HandleTable[Any]], None]
) -> None:
    peer.accounts.how = later
    login(peer, "anna", PASSWORD)
    operate(peer.table)
    assert peer.answered() == UNAVAILABLE
    assert peer.store.opened == []


@every_login
@every_operator
def test_reaped_while_the_maildrop_opens(
    peer: Peer, login: Login, operate: Callable[[HandleTable[Any]], None]
) -> None:
    peer.store.opening = later
    login(peer, "anna", PASSWORD)
    operate(peer.table)
    assert peer.answered() == UNAVAILABLE
    assert peer.store.closes == [1]
    assert messages_of_anna(peer) == 2
    assert peer.session.next == "READ"


@every_login
def test_reaped_before_a_back_end_says_that_it_is_down(peer: Peer, login: Login) -> None:
    peer.accounts.how = later
    login(peer, "anna", PASSWORD)
    peer.table.drain()
    assert peer.failed(AccountsUnavailable()) == UNAVAILABLE


def test_two_peers_do_not_see_each_others_end(connect: Peers) -> None:
    one, other = connect(), connect()
    POINTS["NTLM challenged"][0](one)
    POINTS["PLAIN: maildrop opening"][0](other)
    one.session.close("lost")
    assert len(one.table) == 1
    assert other.answered().startswith(b"+OK")
