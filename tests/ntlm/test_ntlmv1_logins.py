"""Who logs in by NTLMv1 is counted, by user and address, in bounded memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.ntlm.door import ACCEPTED, Door
from tests.ntlm.initiator import Initiator

from quitclaim.monitor.ntlmv1 import Ntlmv1Login, Ntlmv1Logins
from quitclaim.ntlm import Acceptor
from quitclaim.observer import LoggedIn, Refused

if TYPE_CHECKING:
    from quitclaim import HandleTable


def login(username: str, address: str = "192.0.2.7", detail: str = "NTLMv1") -> LoggedIn:
    """A login from there."""
    return LoggedIn(f"{address}:4711", "NTLM", username, 0, 0, detail)


def observe(*events: LoggedIn | Refused, most: int = 2) -> Ntlmv1Logins:
    """An observer that has seen those, a second each."""
    seconds = iter(range(1, 1_000))
    logins = Ntlmv1Logins(most, clock=lambda: float(next(seconds)))
    for event in events:
        logins(event)
    return logins


@pytest.mark.parametrize("detail", ["NTLMv1", "NTLMv1+ESS"])
def test_a_user_is_counted_once_for_each_address(detail: str) -> None:
    logins = observe(login("anna", detail=detail), login("anna", "[::1]"), login("ANNA", detail=detail))
    assert logins.report() == [
        Ntlmv1Login("anna", "192.0.2.7", logins=2, last=3.0),
        Ntlmv1Login("anna", "[::1]", logins=1, last=2.0),
    ]
    assert (logins.total, logins.forgotten) == (3, 0)


def test_who_speaks_ntlmv2_or_is_refused_is_not_counted() -> None:
    refused = Refused("192.0.2.7:4711", "NTLM", "bert", "refused by policy: the response is NTLMv1")
    logins = observe(login("anna", detail="NTLMv2"), login("anna", detail=""), refused)
    assert (logins.report(), logins.total) == ([], 0)


def test_beyond_the_bound_who_was_not_seen_for_longest_is_forgotten() -> None:
    logins = observe(login("anna"), login("bert"), login("anna"), login("cora"))
    assert [one.username for one in logins.report()] == ["cora", "anna"]
    assert (logins.total, logins.forgotten) == (4, 1)


def test_a_report_does_not_change_with_what_comes_later() -> None:
    logins = observe(login("anna"))
    report = logins.report()
    logins(login("anna"))
    assert report == [Ntlmv1Login("anna", "192.0.2.7", logins=1, last=1.0)]


def test_a_bound_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="most must be above zero"):
        Ntlmv1Logins(0)


def test_it_observes_a_server(handle_table: HandleTable[Any]) -> None:
    logins = Ntlmv1Logins()
    door = Door(handle_table, Acceptor("MAIL", ntlmv1=True), observer=logins)
    assert door.knock(Initiator(version="NTLMv1")) == ACCEPTED
    assert door.knock(Initiator()) == ACCEPTED
    (anna,) = logins.report()
    assert (anna.username, anna.address, anna.logins) == ("anna", "192.0.2.7", 1)
