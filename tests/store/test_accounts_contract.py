"""What all accounts do, in memory or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from quitclaim.accounts.administration import add
from quitclaim.accounts.memory import MemoryAccounts
from quitclaim.accounts.sqlite import SqliteAccounts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from quitclaim.accounts.port import Accounts

PASSWORDS = {"anna": "open sesame", "Bert": "ein schönes Passwort", "Zo\u00eb": "composed"}


@pytest.fixture(params=["memory", "sqlite", "sqlite and scrypt"])
def accounts(request: pytest.FixtureRequest) -> Iterator[Accounts]:
    """Each of the accounts, which know anna and bert."""
    if request.param == "memory":
        yield MemoryAccounts(PASSWORDS)
        return
    database = request.getfixturevalue("database")
    for username, password in PASSWORDS.items():
        add(database, username, password)
    if request.param == "sqlite and scrypt":
        add(database, "cleo", "no NTLM", ntlm=False)
    with SqliteAccounts(database) as opened:
        yield opened


def test_they_offer_both(accounts: Accounts) -> None:
    assert set(accounts.offers) == {"ntlm", "password"}


@pytest.mark.parametrize(("username", "password"), PASSWORDS.items())
def test_a_right_password_gives_the_identity(
    accounts: Accounts, ask: Callable[..., Any], username: str, password: str
) -> None:
    assert ask(accounts.password, username, password).key == username.lower()


def test_a_name_is_compared_without_case(accounts: Accounts, ask: Callable[..., Any]) -> None:
    assert ask(accounts.password, "ANNA", "open sesame").key == "anna"


def test_a_name_may_come_composed_or_not(accounts: Accounts, ask: Callable[..., Any]) -> None:
    assert ask(accounts.password, "ZOE\u0308", "composed").key == "zo\u00eb"


@pytest.mark.parametrize("password", ["", "Open sesame", "open sesame ", "\ud800", "x" * 300, "nul\0"])
def test_a_wrong_password_gives_nobody(accounts: Accounts, ask: Callable[..., Any], password: str) -> None:
    assert ask(accounts.password, "anna", password) is None


@pytest.mark.parametrize("username", ["", "nobody", "anna ", "anna\0", "\ud800"])
def test_an_unknown_user_is_nobody(accounts: Accounts, ask: Callable[..., Any], username: str) -> None:
    assert ask(accounts.password, username, "open sesame") is None


class Claim:
    """As much of a claim as accounts look at."""

    def __init__(self, username: str) -> None:
        """Claims to be somebody."""
        self.username = username


def test_a_claim_is_verified_with_the_users_credential(accounts: Accounts, ask: Callable[..., Any]) -> None:
    assert ask(accounts.ntlm, Claim("bERT")).accepts_password(PASSWORDS["Bert"])


def test_a_claim_of_an_unknown_user_has_no_credential(accounts: Accounts, ask: Callable[..., Any]) -> None:
    assert ask(accounts.ntlm, Claim("nobody")) is None
