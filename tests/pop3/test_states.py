"""The state machine: every state with every trigger, and its picture."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, get_args

import pytest

from quitclaim.pop3 import Connection, state
from quitclaim.pop3.state import AUTHORIZATION, CLOSED, TRANSITIONS, State, Trigger, after

if TYPE_CHECKING:
    from collections.abc import Callable

STATES: tuple[State, ...] = get_args(State)
TRIGGERS: tuple[Trigger, ...] = get_args(Trigger)


def picture() -> list[str]:
    """The machine in Mermaid, drawn from its table."""
    arrows = [
        f"    {source} --> {target}: {trigger}"
        for source, triggers in TRANSITIONS.items()
        for trigger, target in triggers.items()
    ]
    return ["stateDiagram-v2", f"    [*] --> {AUTHORIZATION}", *arrows, f"    {CLOSED} --> [*]"]


def test_the_picture_is_drawn_from_the_table() -> None:
    indented = "\n".join(f"    {line}" for line in picture())
    assert f"\n\n{indented}\n\n" in inspect.cleandoc(state.__doc__ or "")


def test_every_state_has_its_row() -> None:
    assert tuple(TRANSITIONS) == STATES


def test_every_state_can_be_reached_and_left() -> None:
    reached = {target for source, row in TRANSITIONS.items() for target in row.values() if target != source}
    assert reached >= set(STATES) - {AUTHORIZATION}
    assert all("close" in row for row in TRANSITIONS.values())


PULL: dict[Trigger, Callable[[Connection], object]] = {
    "challenge": lambda connection: connection.challenge(b""),
    "accept": Connection.accept,
    "refuse": Connection.refuse,
    "close": Connection.close,
}


@pytest.mark.parametrize("source", STATES)
@pytest.mark.parametrize("trigger", PULL)
def test_a_connection_follows_the_table(source: State, trigger: Trigger) -> None:
    connection = Connection()
    connection.state = source
    if trigger in TRANSITIONS[source]:
        PULL[trigger](connection)
        assert connection.state == TRANSITIONS[source][trigger]
    else:
        with pytest.raises(ValueError, match=f"{source} knows no {trigger}"):
            PULL[trigger](connection)
        assert connection.state == source


@pytest.mark.parametrize("source", STATES)
@pytest.mark.parametrize("trigger", TRIGGERS)
def test_after_is_the_table(source: State, trigger: Trigger) -> None:
    if trigger in TRANSITIONS[source]:
        assert after(source, trigger) == TRANSITIONS[source][trigger]
    else:
        with pytest.raises(ValueError, match="knows no"):
            after(source, trigger)
