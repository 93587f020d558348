"""Peers that vanish while a back end answers: no handle and no lock is left (DESIGN §6)."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

import pytest
from tests.server.back_ends import Gate, Threads
from tests.server.wire import PASSWORD
from tests.session.ports import Accounts

from quitclaim.identity import Identity
from quitclaim.limits import Limits
from quitclaim.observer import Left

if TYPE_CHECKING:
    from tests.server.conftest import Served, Servers

MANY = 300
USERS = [f"user{number}" for number in range(MANY)]
LIMITS = Limits(connections_per_address=MANY + 1)

every_back_end = pytest.mark.parametrize("back_end", [Gate, Threads])


def lose_all(served: Served, back_end: Gate | Threads) -> None:
    """All users log in, wait, and vanish: some by RST, some by FIN, some after one half."""
    wires = [served.connect() for _ in USERS]
    for user, wire in zip(USERS, wires, strict=True):
        wire.send(b"AUTH PLAIN " + b64encode(f"\0{user}\0{PASSWORD}".encode()), b"STAT")
    served.until(lambda: back_end.waiting == MANY)
    assert served.controller.call(lambda: len(served.table)) == MANY
    for number, wire in enumerate(wires):
        if number % 3:
            wire.say_no_more()
        wire.close() if number % 2 else wire.reset()


def left(served: Served) -> int:
    """How many ends the observer was told of."""
    return sum(isinstance(event, Left) for event in served.events)


@pytest.mark.pop3("maildrop-2", "asked-4")
@every_back_end
def test_peers_that_vanish_while_their_maildrops_open_leave_no_lock(
    serve: Servers, back_end: type[Gate | Threads]
) -> None:
    gate = back_end()
    served = serve(limits=LIMITS, accounts=Accounts(dict.fromkeys(USERS, PASSWORD)))
    served.store.opening = gate.how
    lose_all(served, gate)
    served.controller.call(gate.open)
    served.until(lambda: left(served) == MANY and not served.roster.answers)
    assert served.store.closes == [1] * MANY
    for user in USERS:
        served.store.memory.open(Identity(user)).close()
    assert served.controller.call(lambda: len(served.roster.admitted)) == 0


@every_back_end
def test_peers_that_vanish_while_the_accounts_are_asked_leave_no_handle(
    serve: Servers, back_end: type[Gate | Threads]
) -> None:
    gate = back_end()
    accounts = Accounts(dict.fromkeys(USERS, PASSWORD))
    accounts.how = gate.how
    served = serve(limits=LIMITS, accounts=accounts)
    lose_all(served, gate)
    served.controller.call(gate.open)
    served.until(lambda: left(served) == MANY and not served.roster.answers)
    assert served.controller.call(lambda: len(served.roster.admitted)) == 0
    assert len(served.store.opened) == sum(served.store.closes)


def test_who_vanishes_by_rst_is_gone_before_the_answer(serve: Servers) -> None:
    gate = Gate()
    served = serve()
    served.store.opening = gate.how
    wire = served.connect()
    wire.send(b"USER anna", b"PASS open sesame")
    served.until(lambda: gate.waiting == 1)
    wire.reset()
    served.until(lambda: left(served) == 1)
    assert served.controller.call(lambda: len(served.table)) == 0
    assert served.store.opened == []
    served.controller.call(gate.open)
    served.until(lambda: served.store.closes == [1])


def test_an_address_is_counted_until_its_late_answer_is_there(serve: Servers) -> None:
    gate = Gate()
    served = serve(limits=Limits(connections_per_address=1))
    served.store.opening = gate.how
    wire = served.connect()
    wire.send(b"USER anna", b"PASS open sesame")
    served.until(lambda: gate.waiting == 1)
    wire.reset()
    served.until(lambda: left(served) == 1)
    with served.connect(greeted=False) as other:
        assert other.rest() == b"-ERR [SYS/TEMP] too many connections, try again later\r\n"
    served.controller.call(gate.open)
    served.until(lambda: not served.roster.answers)
    assert served.connect().say(b"QUIT") == b"+OK goodbye\r\n"


def test_who_is_timed_out_while_the_maildrop_opens_leaves_no_lock(serve: Servers) -> None:
    gate = Gate()
    served = serve()
    served.store.opening = gate.how
    wire = served.connect()
    wire.send(b"USER anna", b"PASS open sesame")
    served.until(lambda: gate.waiting == 1)
    served.look_around(100)
    assert wire.rest() == b"+OK and the password\r\n"
    served.controller.call(gate.open)
    served.until(lambda: served.store.closes == [1])


def test_who_vanishes_while_a_commit_is_under_way_is_locked_until_it_is_done(serve: Servers) -> None:
    gate = Gate()
    served = serve()
    served.store.memory.deliver("anna", b"x")
    served.store.committing = gate.how
    wire = served.connect().login()
    wire.send(b"DELE 1", b"QUIT")
    served.until(lambda: gate.waiting == 1)
    wire.reset()
    served.until(lambda: left(served) == 1)
    with served.connect() as other:
        other.send(b"USER anna", b"PASS open sesame", b"QUIT")
        assert b"-ERR [IN-USE]" in other.rest()
    served.controller.call(gate.open)
    served.until(lambda: not served.roster.answers)
    assert served.connect().say(b"USER anna", b"PASS open sesame") == b"+OK and the password\r\n"
    assert served.store.closes[0] == 1
    served.until(lambda: len(served.store.opened) == 2)
    assert len(served.store.opened[1].octets) == 0
