"""`quitclaim storm`, at a server in this process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.cli.processes import PASSWORD

from quitclaim.accounts.memory import MemoryAccounts
from quitclaim.maildrop.memory import MemoryStore
from quitclaim.testing import Controller

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.processes import Command


@pytest.fixture
def address() -> Iterator[str]:
    """A server with four accounts."""
    accounts = MemoryAccounts({f"user{number}": PASSWORD for number in range(4)})
    with Controller(accounts=accounts, store=MemoryStore()) as controller:
        yield "{}:{}".format(*controller.address)


def test_failed_logins_are_as_expected(address: str, quitclaim: Command) -> None:
    code, out, err = quitclaim(
        "storm", address, "--user", "user0", "--attempts", "40", "--per-connection", "4"
    )
    assert (code, err) == (0, "")
    assert "40 as expected (denied)" in out


def test_good_logins_are_as_expected(address: str, quitclaim: Command) -> None:
    line = f"storm {address} --user user{{}} --mode ok --connections 4 --attempts 40 --password-stdin"
    code, out, _ = quitclaim(*line.split(), stdin=PASSWORD.encode())
    assert (code, "40 as expected (logged in" in out) == (0, True)


def test_what_is_not_as_expected_is_exit_1(address: str, quitclaim: Command) -> None:
    line = f"storm {address} --user nobody --mode ok --attempts 3 --password-stdin"
    code, out, _ = quitclaim(*line.split(), stdin=PASSWORD.encode())
    assert (code, "3 not as expected: 3 denied" in out) == (1, True)


def test_good_logins_of_one_user_get_advice(address: str, quitclaim: Command) -> None:
    user = ("--user", "user0", "--mode", "ok", "--attempts", "200", "--password-stdin")
    _, together, _ = quitclaim("storm", address, *user, stdin=PASSWORD.encode())
    _, in_turn, _ = quitclaim("storm", address, *user, "--connections", "1", stdin=PASSWORD.encode())
    assert ("in use" in together, "one maildrop, one session" in together) == (True, True)
    assert "one maildrop, one session" not in in_turn


def test_the_report_comes_as_json_too(address: str, quitclaim: Command) -> None:
    _, out, _ = quitclaim("storm", address, "--user", "user0", "--attempts", "3", "--json")
    assert json.loads(out)["expected"] == 3
