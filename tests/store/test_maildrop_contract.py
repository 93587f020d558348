"""What every store of maildrops does, in memory or not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from quitclaim.accounts.administration import add
from quitclaim.errors import MaildropInUse
from quitclaim.identity import Identity
from quitclaim.maildrop.memory import MemoryStore
from quitclaim.maildrop.port import LARGEST_CHUNK
from quitclaim.maildrop.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from quitclaim.maildrop.port import Maildrop, MaildropStore

ANNA = Identity("anna")
BERT = Identity("bert")


@dataclass
class Mail:
    """A store that knows anna and bert, and what a test does with it."""

    store: MaildropStore
    put: Callable[[str | list[str], bytes], None]
    ask: Callable[..., Any]

    def deliver(self, *messages: bytes, to: str = "anna") -> None:
        """Delivers them, one by one."""
        for message in messages:
            self.put(to, message)

    def open(self, identity: Identity = ANNA) -> Maildrop:
        """Opens a maildrop."""
        maildrop: Maildrop = self.ask(self.store.open, identity)
        return maildrop

    def reopen(self, maildrop: Maildrop) -> Maildrop:
        """Closes anna's, and opens it again."""
        maildrop.close()
        return self.open()

    def uidls(self, maildrop: Maildrop) -> list[str]:
        """All of them."""
        return [maildrop.uidl(number) for number in range(1, len(maildrop.octets) + 1)]

    def message(self, maildrop: Maildrop, number: int) -> bytes:
        """A message, read to its end."""
        read = b""
        while chunk := self.ask(maildrop.read, number, len(read)):
            assert len(chunk) <= LARGEST_CHUNK
            read += chunk
        return read


@pytest.fixture(params=["memory", "sqlite"])
def mail(request: pytest.FixtureRequest, ask: Callable[..., Any]) -> Mail:
    """Each of the stores."""
    if request.param == "memory":
        memory = MemoryStore()
        return Mail(memory, memory.deliver, ask)
    database = request.getfixturevalue("database")
    add(database, "anna", "open sesame")
    add(database, "Bert", "open sesame")
    sqlite = SqliteStore(database)
    return Mail(sqlite, sqlite.deliver, ask)


def test_a_name_alone_is_one_name_and_many_are_many(mail: Mail) -> None:
    mail.put("anna", b"to one")
    mail.put(["anna", "bert", "Anna"], b"to both")
    octets = {len(b"to one\r\n"), len(b"to both\r\n")}
    assert set(mail.open().octets) == octets
    assert len(mail.open(BERT).octets) == 1


def test_a_new_maildrop_is_empty(mail: Mail) -> None:
    assert list(mail.open().octets) == []


def test_messages_are_numbered_as_they_came(mail: Mail) -> None:
    mail.deliver(b"first\r\n", b"second\r\n", b"third\r\n")
    maildrop = mail.open()
    assert [mail.message(maildrop, number) for number in (1, 2, 3)] == [
        b"first\r\n",
        b"second\r\n",
        b"third\r\n",
    ]


def test_a_user_has_the_mail_of_that_user_only(mail: Mail) -> None:
    mail.deliver(b"to anna\r\n")
    mail.deliver(b"to bert\r\n", to="bert")
    assert mail.message(mail.open(BERT), 1) == b"to bert\r\n"


def test_names_are_compared_without_case(mail: Mail) -> None:
    mail.deliver(b"hello\r\n", to="BERT")
    assert mail.message(mail.open(Identity("bErt")), 1) == b"hello\r\n"


@pytest.mark.pop3("maildrop-8", "maildrop-9", "asked-2")
@pytest.mark.parametrize(
    ("delivered", "sent"),
    [
        (b"", b""),
        (b"a\nb\n", b"a\r\nb\r\n"),
        (b"no end", b"no end\r\n"),
        (b"bare\rCR\r", b"bare\rCR\r\r\n"),
        (b".\n..\n", b".\r\n..\r\n"),
        (b"nul \0 and \xff\xfe\r\n", b"nul \0 and \xff\xfe\r\n"),
        (b"\n\n", b"\r\n\r\n"),
    ],
)
def test_octets_are_those_that_are_sent(mail: Mail, delivered: bytes, sent: bytes) -> None:
    mail.deliver(delivered)
    maildrop = mail.open()
    assert (mail.message(maildrop, 1), list(maildrop.octets)) == (sent, [len(sent)])


@pytest.mark.parametrize("octets", [LARGEST_CHUNK - 2, LARGEST_CHUNK, 2 * LARGEST_CHUNK + 3])
def test_a_large_message_is_read_in_chunks(mail: Mail, octets: int) -> None:
    message = b"x" * (octets - 2) + b"\r\n"
    mail.deliver(message)
    assert mail.message(mail.open(), 1) == message


@pytest.mark.parametrize("offset", [0, 1, LARGEST_CHUNK - 1, LARGEST_CHUNK, LARGEST_CHUNK + 1])
def test_any_offset_can_be_read(mail: Mail, offset: int) -> None:
    message = bytes(range(32, 127)) * 3000 + b"\r\n"
    mail.deliver(message)
    chunk = mail.ask(mail.open().read, 1, offset)
    assert chunk
    assert message[offset:].startswith(chunk)


@pytest.mark.parametrize("beyond", [0, 1, LARGEST_CHUNK])
def test_there_is_nothing_at_the_end(mail: Mail, beyond: int) -> None:
    mail.deliver(b"hello\r\n")
    assert mail.ask(mail.open().read, 1, 7 + beyond) == b""


@pytest.mark.parametrize("number", [-1, 0, 2])
def test_no_other_number_names_a_message(mail: Mail, number: int) -> None:
    mail.deliver(b"hello\r\n")
    maildrop = mail.open()
    for wrong in (
        lambda: maildrop.uidl(number),
        lambda: mail.ask(maildrop.read, number, 0),
        lambda: mail.ask(maildrop.commit, [number]),
    ):
        with pytest.raises(IndexError):
            wrong()


# --- UIDL


@pytest.mark.pop3("maildrop-13")
def test_a_uidl_has_70_visible_octets_at_most(mail: Mail) -> None:
    mail.deliver(b"hello\r\n")
    assert re.fullmatch(r"[\x21-\x7e]{1,70}", mail.open().uidl(1))


@pytest.mark.pop3("maildrop-14")
def test_uidls_stay(mail: Mail) -> None:
    mail.deliver(b"1\r\n", b"2\r\n", b"3\r\n")
    maildrop = mail.open()
    before = mail.uidls(maildrop)
    mail.ask(maildrop.commit, [1])
    assert mail.uidls(mail.reopen(maildrop)) == before[1:]


@pytest.mark.pop3("maildrop-15", "asked-1")
def test_a_uidl_is_not_used_again_after_the_last_message_is_deleted(mail: Mail) -> None:
    mail.deliver(b"hello\r\n")
    maildrop = mail.open()
    before = maildrop.uidl(1)
    mail.ask(maildrop.commit, [1])
    mail.deliver(b"hello\r\n")
    assert mail.reopen(maildrop).uidl(1) != before


@pytest.mark.pop3("maildrop-14")
def test_the_same_message_twice_has_two_uidls(mail: Mail) -> None:
    mail.deliver(b"hello\r\n", b"hello\r\n")
    assert len(set(mail.uidls(mail.open()))) == 2


@pytest.mark.pop3("maildrop-14")
def test_uidls_of_two_maildrops_differ(mail: Mail) -> None:
    mail.deliver(b"hello\r\n")
    mail.deliver(b"hello\r\n", to="bert")
    assert mail.open().uidl(1) != mail.open(BERT).uidl(1)


# --- the list is fixed


@pytest.mark.pop3("maildrop-5")
def test_mail_that_comes_later_shows_in_the_next_session(mail: Mail) -> None:
    mail.deliver(b"first\r\n")
    maildrop = mail.open()
    mail.deliver(b"second\r\n")
    assert (list(maildrop.octets), list(mail.reopen(maildrop).octets)) == ([7], [7, 8])


@pytest.mark.pop3("maildrop-5")
def test_mail_that_comes_later_survives_the_update(mail: Mail) -> None:
    mail.deliver(b"first\r\n")
    maildrop = mail.open()
    mail.deliver(b"second\r\n")
    mail.ask(maildrop.commit, [1])
    assert mail.message(mail.reopen(maildrop), 1) == b"second\r\n"


# --- update


@pytest.mark.pop3("maildrop-16")
def test_commit_deletes_these_and_no_others(mail: Mail) -> None:
    mail.deliver(b"1\r\n", b"2\r\n", b"3\r\n", b"4\r\n")
    maildrop = mail.open()
    mail.ask(maildrop.commit, {4, 2})
    again = mail.reopen(maildrop)
    assert [mail.message(again, number) for number in (1, 2)] == [b"1\r\n", b"3\r\n"]


def test_commit_of_nothing_deletes_nothing(mail: Mail) -> None:
    mail.deliver(b"1\r\n")
    maildrop = mail.open()
    mail.ask(maildrop.commit, ())
    assert len(mail.reopen(maildrop).octets) == 1


@pytest.mark.pop3("maildrop-16")
def test_commit_with_a_wrong_number_deletes_nothing(mail: Mail) -> None:
    mail.deliver(b"1\r\n")
    maildrop = mail.open()
    with pytest.raises(IndexError):
        mail.ask(maildrop.commit, [1, 2])
    assert len(mail.reopen(maildrop).octets) == 1


@pytest.mark.pop3("maildrop-18")
def test_close_deletes_nothing(mail: Mail) -> None:
    mail.deliver(b"1\r\n")
    assert len(mail.reopen(mail.open()).octets) == 1


# --- the lock


@pytest.mark.pop3("maildrop-1")
def test_an_open_maildrop_is_not_opened_again(mail: Mail) -> None:
    mail.open()
    with pytest.raises(MaildropInUse):
        mail.open(Identity("ANNA"))


def test_two_users_have_their_maildrops_open(mail: Mail) -> None:
    mail.open()
    assert list(mail.open(BERT).octets) == []


def test_a_closed_maildrop_is_opened_again(mail: Mail) -> None:
    mail.open().close()
    assert list(mail.open().octets) == []


def test_closing_twice_does_not_free_the_lock_of_the_next_session(mail: Mail) -> None:
    first = mail.open()
    first.close()
    mail.open()
    first.close()
    with pytest.raises(MaildropInUse):
        mail.open()


@pytest.mark.pop3("maildrop-3")
def test_a_lock_stops_no_delivery(mail: Mail) -> None:
    maildrop = mail.open()
    mail.deliver(b"hello\r\n")
    assert len(mail.reopen(maildrop).octets) == 1
