"""Accounts in SQLite, looked up in memory: a storm of failed logins pays no thread for its answers."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Final, NamedTuple

from quitclaim.accounts.administration import ITERATIONS
from quitclaim.accounts.keyring import Keyring, checked
from quitclaim.accounts.password import ScryptHash
from quitclaim.errors import AccountsUnavailable, StoreUnavailable
from quitclaim.identity import Identity, fold
from quitclaim.lane import Lane
from quitclaim.ntlm import Credential

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from quitclaim.accounts.port import Ask
    from quitclaim.answer import Answer
    from quitclaim.database import Database
    from quitclaim.ntlm import Claim
    from quitclaim.scram import ScramKeys

__all__ = ("MOST_WAITING", "SqliteAccounts")

_log = logging.getLogger(__name__)


class SqliteAccounts:
    """The `Accounts` of a data folder, all of them in memory.

    Whether they are as the database has them is asked before each answer (2 us). If so, it answers at once;
    if they were changed, by this process or another, later, and alike for who is known and who is not. Those
    who ask while they are read again share that.

    An account has an NT hash or, if its password is not to be guessed so easily, a scrypt hash, which NTLM
    cannot use. As soon as one has, every password is checked as slowly, in one thread: who has which, and who
    is there at all, is not to be learned from the time. At 45 ms each, 128 may wait, which is 6 s for the
    last; what exceeds them is refused ([SYS/TEMP]). So whoever keeps 128 wrong passwords waiting keeps others
    from logging in by password, whom only a limit on connections can help: no address is known here. NTLM
    and SCRAM wait for none of it.

    An account from before there was SCRAM has no keys for it until its password is set again, and logs in in
    the other ways. To who asks it looks like one that has.

    Args:
        database: whose accounts.
        check_token: as for `MemoryAccounts`.

    >>> import tempfile
    >>> from pathlib import Path
    >>> from quitclaim.accounts.administration import add
    >>> from quitclaim.database import Database
    >>> with tempfile.TemporaryDirectory() as folder, Database(Path(folder)) as database:
    ...     add(database, "anna", "open sesame")
    ...     with SqliteAccounts(database) as accounts:
    ...         accounts.password("Anna", "open sesame"), accounts.password("bert", "open sesame")
    (Identity(username='Anna'), None)

    Raises:
        AccountsUnavailable: they cannot be read.
    """

    def __init__(
        self, database: Database, /, *, check_token: Callable[[str], Answer[Identity | None]] | None = None
    ) -> None:
        """Reads them, and waits for that. The caller closes the database, after this."""
        self._database = database
        self._check_token = check_token
        self._accounts = _Snapshot(-1, {}, {}, Keyring({}))
        self._seen = -1  # the version of the database at which the snapshot was last known to be right
        try:
            database.run(self._refresh)
        except StoreUnavailable as error:
            raise AccountsUnavailable(str(error), is_permanent=error.is_permanent) from error
        self._scrypt = Lane("the check of passwords", MOST_WAITING, AccountsUnavailable)

    @property
    def offers(self) -> frozenset[Ask]:
        """All but tokens, unless somebody checks them."""
        return _OFFERS if self._check_token is None else _OFFERS | {"token"}

    def ntlm(self, claim: Claim, /) -> Answer[Credential | None]:
        """The credential of the user whom the claim names; None for one who is unknown or has none.

        Raises:
            AccountsUnavailable: the database cannot be read, as for `Database.submit`.
        """
        key = fold(claim.username)
        return self._accounts.credentials.get(key) if self._is_fresh() else self._ntlm_later(key)

    def password(self, username: str, password: str, /) -> Answer[Identity | None]:
        """The user's identity, if that is the password.

        Raises:
            AccountsUnavailable: as for `ntlm`, or too many passwords wait to be checked.
        """
        return self._checked(username, password) if self._is_fresh() else self._later(username, password)

    def scram(self, username: str, mechanism: str, /) -> Answer[ScramKeys]:
        """The user's keys; those of nobody for whoever is unknown or has none, after the same work.

        Raises:
            AccountsUnavailable: as for `ntlm`.
        """
        key = fold(username)
        if self._is_fresh():
            return self._accounts.keyring.find(key, mechanism)
        return self._scram_later(key, mechanism)

    def token(self, token: str, /) -> Answer[Identity | None]:
        """What `check_token` says."""
        return None if self._check_token is None else self._check_token(token)

    def close(self) -> None:
        """Ends the thread that checks passwords, and refuses what waits for it. Idempotent."""
        self._scrypt.close()

    def __enter__(self) -> Self:
        """Gives itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None:
        """Closes itself."""
        self.close()

    def _checked(self, username: str, password: str, /) -> Answer[Identity | None]:
        accounts = self._accounts
        if accounts.hashes:
            return self._scrypt.submit(_check_slowly, accounts, username, password)
        return _check(accounts, username, password)

    async def _ntlm_later(self, key: str, /) -> Credential | None:
        await self._refreshed()
        return self._accounts.credentials.get(key)

    async def _scram_later(self, key: str, mechanism: str, /) -> ScramKeys:
        await self._refreshed()
        return self._accounts.keyring.find(key, mechanism)

    async def _later(self, username: str, password: str, /) -> Identity | None:
        await self._refreshed()
        answer = self._checked(username, password)
        return await answer if isinstance(answer, Awaitable) else answer

    def _is_fresh(self) -> bool:
        try:
            version = self._database.peek("PRAGMA data_version")
            if version != self._seen:
                # Somebody has changed something: a message was delivered, most of the time.
                if self._database.peek("SELECT accounts FROM revision") != self._accounts.revision:
                    return False
                self._seen = version
        except StoreUnavailable:
            return False  # the thread that reads can wait for what it is, and says it
        return True

    async def _refreshed(self) -> None:
        try:
            await self._database.submit(self._refresh)
        except StoreUnavailable as error:
            raise AccountsUnavailable(str(error), is_permanent=error.is_permanent) from error

    def _refresh(self, connection: sqlite3.Connection, /) -> None:
        """Reads the accounts, on the thread that reads, unless a request before this one has done so."""
        # The revision first: if they change in between, they are read again.
        revision: int = connection.execute("SELECT accounts FROM revision").fetchone()[0]
        if revision == self._accounts.revision:
            return
        secret: bytes = connection.execute("SELECT secret FROM nobody").fetchone()[0]
        scram: dict[str, bytes] = {}
        accounts = _Snapshot(revision, {}, {}, Keyring(scram, secret=secret, iterations=ITERATIONS))
        last: int | None = 0
        while last is not None:
            *columns, last = connection.execute(_PAGE, (last,)).fetchone()
            for key, nt_hash, scrypt, packed in zip(*map(json.loads, columns), strict=True):
                try:
                    if packed:
                        scram[key] = checked(bytes.fromhex(packed))
                    if scrypt is None:
                        accounts.credentials[key] = Credential.from_hex(nt_hash)
                    else:
                        accounts.hashes[key] = ScryptHash(scrypt).text
                except ValueError:
                    _log.warning("the account %r is not readable, so nobody can log in to it", key)
        self._accounts = accounts


class _Snapshot(NamedTuple):
    """The accounts at one revision, by key: NT hashes, scrypt hashes for those without, SCRAM's keys.

    Nothing in it is tracked by the garbage collector, which would else walk 100,000 accounts while all wait.
    """

    revision: int
    credentials: dict[str, Credential]
    hashes: dict[str, str]
    keyring: Keyring


def _check(accounts: _Snapshot, username: str, password: str, /) -> Identity | None:
    credential = accounts.credentials.get(fold(username))
    accepted = (credential or _NOBODYS).accepts_password(password)
    return Identity(username) if accepted and credential is not None else None


def _check_slowly(accounts: _Snapshot, username: str, password: str, /) -> Identity | None:
    """The same for accounts of both kinds, with both kinds of work, on the thread for it."""
    stored = accounts.hashes.get(fold(username))
    accepted = ScryptHash(stored or _NOBODYS_HASH).accepts_password(password)
    identity = _check(accounts, username, password)
    return identity if stored is None else Identity(username) if accepted else None


_OFFERS: Final[frozenset[Ask]] = frozenset({"ntlm", "password", "scram"})
MOST_WAITING: Final = 128  # passwords: 6 s of work, a tenth of the time for a login
# A page is one row, because sqlite3 gives up the GIL for each row and must wait for it again: beside a busy
# event loop 100,000 rows took 3.4 s. And it is a page, because what parses it keeps the GIL to its end.
_PAGE: Final = """
    SELECT json_group_array(key), json_group_array(nt_hash), json_group_array(scrypt),
           json_group_array(hex(scram)), CASE count(*) WHEN 5000 THEN max(mailbox) END
    FROM (SELECT mailbox, key, hex(nt_hash) AS nt_hash, scrypt, scram
          FROM account JOIN mailbox ON mailbox.id = account.mailbox
          WHERE mailbox > ? ORDER BY mailbox LIMIT 5000)
"""
_NOBODYS: Final = Credential.from_nt_hash(bytes(16))
_NOBODYS_HASH: Final = f"16384$8$1${'0' * 32}${'0' * 64}"
