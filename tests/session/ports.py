"""Back ends that a test turns: they answer at once, later, not at all, or with what nobody expects."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeAlias, TypeVar

from quitclaim.accounts.memory import MemoryAccounts
from quitclaim.identity import Identity
from quitclaim.maildrop.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Mapping, Sequence

    from quitclaim.accounts.port import Ask
    from quitclaim.answer import Answer
    from quitclaim.maildrop.memory import MemoryMaildrop
    from quitclaim.maildrop.port import Maildrop
    from quitclaim.ntlm import Claim, Credential
    from quitclaim.scram import ScramKeys

__all__ = (
    "Accounts",
    "Foreign",
    "How",
    "Later",
    "Store",
    "at_once",
    "chunks_of",
    "later",
    "raising",
    "raising_later",
)

_T = TypeVar("_T")

How: TypeAlias = Callable[[Callable[[], Any]], Any]
"""How a back end answers: it is given what finds the true answer, and answers, raises, or takes its time."""


class Later(Awaitable[_T], Generic[_T]):
    """An answer that is there when the test says so. No event loop has to do with it."""

    def __init__(self, find: Callable[[], _T], /) -> None:
        self.find = find

    def __await__(self) -> Generator[Any, None, _T]:
        """Never comes to it: the session awaits nothing."""
        message = "a session awaits nothing itself"
        raise AssertionError(message)


class Foreign(Exception):  # noqa: N818 - what is the case
    """What no port is allowed to raise. Its text must reach the log and nobody else."""

    def __init__(self) -> None:
        super().__init__("the text of a foreign exception")


def at_once(find: Callable[[], Any]) -> object:
    """As the ports in memory do."""
    return find()


def later(find: Callable[[], Any]) -> object:
    """As a back end in another thread does."""
    return Later(find)


def raising(error: Exception, /) -> How:
    """As a back end does that is down, or has a defect."""

    def how(_find: Callable[[], Any]) -> NoReturn:
        raise error

    return how


def raising_later(error: Exception, /) -> How:
    """The same, from another thread."""
    return lambda find: Later(lambda: raising(error)(find))


class Accounts:
    """The accounts in memory, which answer as `how` says."""

    def __init__(self, passwords: Mapping[str, str], /) -> None:
        self._accounts = _accounts(tuple(passwords.items()))
        self.how: How = at_once

    @property
    def offers(self) -> frozenset[Ask]:
        """Everything."""
        return self._accounts.offers

    def ntlm(self, claim: Claim, /) -> Answer[Credential | None]:
        """As `how` says."""
        return self.how(lambda: self._accounts.ntlm(claim))  # type: ignore[no-any-return]

    def password(self, username: str, password: str, /) -> Answer[Identity | None]:
        """As `how` says."""
        return self.how(lambda: self._accounts.password(username, password))  # type: ignore[no-any-return]

    def scram(self, username: str, mechanism: str, /) -> Answer[ScramKeys]:
        """As `how` says."""
        return self.how(lambda: self._accounts.scram(username, mechanism))  # type: ignore[no-any-return]

    def token(self, token: str, /) -> Answer[Identity | None]:
        """As `how` says; a token is `token-of-` and the user's name."""
        return self.how(lambda: self._accounts.token(token))  # type: ignore[no-any-return]


@cache
def _accounts(passwords: tuple[tuple[str, str], ...]) -> MemoryAccounts:
    """The same for all tests: they are never changed, and the keys of SCRAM take their time."""
    users = {f"token-of-{username}": Identity(username) for username, _ in passwords}
    return MemoryAccounts(dict(passwords), check_token=users.get)


class Store:
    """The store in memory, which opens, reads and commits as told, and counts what is closed."""

    def __init__(self) -> None:
        self.memory = MemoryStore()
        self.opening: How = at_once
        self.reading: How = at_once
        self.committing: How = at_once
        self.opened: list[CountedMaildrop] = []

    def open(self, identity: Identity, /) -> Answer[Maildrop]:
        """As `opening` says."""
        return self.opening(lambda: self._open(identity))  # type: ignore[no-any-return]

    def _open(self, identity: Identity) -> CountedMaildrop:
        maildrop = CountedMaildrop(self, self.memory.open(identity))
        self.opened.append(maildrop)
        return maildrop

    @property
    def closes(self) -> list[int]:
        """How often each maildrop was closed that was opened."""
        return [maildrop.closes for maildrop in self.opened]


class CountedMaildrop:
    """A maildrop in memory that knows how often it was closed, and reads and commits as its store says."""

    def __init__(self, store: Store, maildrop: MemoryMaildrop, /) -> None:
        self._store = store
        self._maildrop = maildrop
        self.octets: Sequence[int] = maildrop.octets
        self.closes = 0

    def uidl(self, number: int, /) -> str:
        """As in memory."""
        return self._maildrop.uidl(number)

    def read(self, number: int, offset: int, /) -> Answer[bytes]:
        """As `reading` says."""
        return self._store.reading(lambda: self._maildrop.read(number, offset))  # type: ignore[no-any-return]

    def commit(self, deleted: Collection[int], /) -> Answer[None]:
        """As `committing` says."""
        assert not self.closes, "committed after it was closed"
        return self._store.committing(lambda: self._maildrop.commit(deleted))  # type: ignore[no-any-return]

    def close(self) -> None:
        """Gives the lock back."""
        self.closes += 1
        self._maildrop.close()


def chunks_of(size: int, /, how: How = at_once) -> How:
    """Reads of so many octets at most, each as `how` says."""
    return lambda find: how(lambda: find()[:size])
