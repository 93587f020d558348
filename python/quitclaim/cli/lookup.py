"""What commands ask of the accounts beforehand, so that nobody types a password or a message for nothing.

None of it decides: what is done afterwards looks again, in its own transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from quitclaim.accounts import administration
from quitclaim.errors import UnknownUser, UserExists

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quitclaim.database import Database

__all__ = ("has_accounts", "must_be_free", "must_be_known")


def has_accounts(database: Database, /) -> bool:
    """Whether there is an account at all.

    Raises:
        StoreUnavailable: as for `Database.peek`.
    """
    return bool(database.peek("SELECT EXISTS (SELECT 1 FROM account)"))


def must_be_free(database: Database, username: str, /) -> None:
    """Looks whether an account of that name can be made.

    Raises:
        InvalidUsername: no account may have that name.
        UserExists: there is one of that name; names are compared without case.
        StoreUnavailable: as for `Database.run`.
    """
    administration.checked_username(username)
    if administration.is_known(database, username):
        message = f"there is an account {username!r} already"
        raise UserExists(message)


def must_be_known(database: Database, usernames: Iterable[str], /) -> None:
    """Looks whether there are accounts of all these names.

    Raises:
        UnknownUser: one of them is missing.
        StoreUnavailable: as for `Database.run`.
    """
    unknown = [username for username in usernames if not administration.is_known(database, username)]
    if unknown:
        message = f"there is no account {', '.join(map(repr, unknown))}"
        raise UnknownUser(message)
