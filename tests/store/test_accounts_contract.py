"""What all accounts do, in memory or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from quitclaim.accounts.administration import add
from quitclaim.accounts.memory import MemoryAccounts
from quitclaim.accounts.sqlite import SqliteAccounts
from quitclaim.database import Database
from quitclaim.identity import Identity
from quitclaim.scram import DIGESTS, ScramKeys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from quitclaim.accounts.port import Accounts

every_mechanism = pytest.mark.parametrize("mechanism", DIGESTS)

PASSWORDS = {"anna": "open sesame", "Bert": "ein schönes Passwort", "Zo\u00eb": "composed"}


# Nothing here changes them, and SCRAM's keys take their time: made once for all tests.
@pytest.fixture(params=["memory", "sqlite", "sqlite and scrypt"], scope="module")
def accounts(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Accounts]:
    """Each of the accounts, which know anna and bert."""
    check_token = {"token-of-anna": Identity("anna")}.get
    if request.param == "memory":
        yield MemoryAccounts(PASSWORDS, check_token=check_token)
        return
    with Database(tmp_path_factory.mktemp("accounts")) as database:
        for username, password in PASSWORDS.items():
            add(database, username, password)
        if request.param == "sqlite and scrypt":
            add(database, "cleo", "no NTLM", ntlm=False)
        with SqliteAccounts(database, check_token=check_token) as opened:
            yield opened


def test_they_offer_everything(accounts: Accounts) -> None:
    assert set(accounts.offers) == {"ntlm", "password", "scram", "token"}


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


# --- SCRAM


def fits(keys: ScramKeys, password: str, mechanism: str) -> bool:
    """Whether that is the password of these keys."""
    made = ScramKeys.from_password(password, mechanism, salt=keys.salt, iterations=keys.iterations)
    return (made.stored_key, made.server_key) == (keys.stored_key, keys.server_key)


@every_mechanism
@pytest.mark.parametrize("username", ["anna", "ANNA", "Bert", "ZOE\u0308"])
def test_a_users_keys_fit_the_password(
    accounts: Accounts, ask: Callable[..., Any], username: str, mechanism: str
) -> None:
    password = {"anna": "open sesame", "bert": "ein schönes Passwort"}.get(username.lower(), "composed")
    keys = ask(accounts.scram, username, mechanism)
    assert fits(keys, password, mechanism)
    assert not fits(keys, "guess", mechanism)


@every_mechanism
@pytest.mark.parametrize("username", ["", "nobody", "anna ", "anna\0", "\ud800"])
def test_keys_of_nobody_look_like_anyones_and_fit_no_password(
    accounts: Accounts, ask: Callable[..., Any], username: str, mechanism: str
) -> None:
    anna, nobody, again = (
        ask(accounts.scram, one, mechanism) for one in ("anna", username, username.upper())
    )
    assert (nobody.iterations, len(nobody.salt)) == (anna.iterations, len(anna.salt))
    assert nobody.salt == again.salt != anna.salt
    assert not fits(nobody, "open sesame", mechanism)


def test_a_token_is_checked_by_the_function_given(accounts: Accounts, ask: Callable[..., Any]) -> None:
    assert ask(accounts.token, "token-of-anna") == Identity("anna")
    assert ask(accounts.token, "guess") is None
