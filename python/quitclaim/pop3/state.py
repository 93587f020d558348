"""The states of a POP3 connection, and what leads from one to another (RFC 1939 §3, RFC 5034 §4).

`TRANSITIONS` is the machine; this is its picture, in Mermaid, which a test draws from it:

    stateDiagram-v2
        [*] --> AUTHORIZATION
        AUTHORIZATION --> EXCHANGE: challenge
        AUTHORIZATION --> TRANSACTION: accept
        AUTHORIZATION --> AUTHORIZATION: refuse
        AUTHORIZATION --> CLOSED: quit
        AUTHORIZATION --> CLOSED: close
        EXCHANGE --> EXCHANGE: challenge
        EXCHANGE --> TRANSACTION: accept
        EXCHANGE --> AUTHORIZATION: refuse
        EXCHANGE --> AUTHORIZATION: cancel
        EXCHANGE --> CLOSED: close
        TRANSACTION --> UPDATE: quit
        TRANSACTION --> CLOSED: close
        UPDATE --> CLOSED: close
        CLOSED --> CLOSED: close
        CLOSED --> [*]

The server challenges, accepts and refuses; the peer cancels and quits; either closes. A line of an exchange
that is too long or no base64 counts as refused. QUIT before login closes without an update.
"""

from __future__ import annotations

from typing import Final, Literal

__all__ = (  # noqa: RUF022 - sorted as Python sorts
    "AUTHORIZATION",
    "CLOSED",
    "EXCHANGE",
    "State",
    "TRANSACTION",
    "TRANSITIONS",
    "Trigger",
    "UPDATE",
    "after",
)

State = Literal["AUTHORIZATION", "EXCHANGE", "TRANSACTION", "UPDATE", "CLOSED"]
Trigger = Literal["challenge", "accept", "refuse", "cancel", "quit", "close"]

AUTHORIZATION: Final = "AUTHORIZATION"
EXCHANGE: Final = "EXCHANGE"  # the part of AUTHORIZATION in which lines are SASL responses
TRANSACTION: Final = "TRANSACTION"
UPDATE: Final = "UPDATE"
CLOSED: Final = "CLOSED"

TRANSITIONS: Final[dict[State, dict[Trigger, State]]] = {
    AUTHORIZATION: {
        "challenge": EXCHANGE,
        "accept": TRANSACTION,
        "refuse": AUTHORIZATION,
        "quit": CLOSED,
        "close": CLOSED,
    },
    EXCHANGE: {
        "challenge": EXCHANGE,
        "accept": TRANSACTION,
        "refuse": AUTHORIZATION,
        "cancel": AUTHORIZATION,
        "close": CLOSED,
    },
    TRANSACTION: {"quit": UPDATE, "close": CLOSED},
    UPDATE: {"close": CLOSED},
    CLOSED: {"close": CLOSED},
}


def after(state: State, trigger: Trigger, /) -> State:
    """The state that a trigger leads to (RFC 1939 §3).

    Raises:
        ValueError: the state knows no such trigger, which is the caller's mistake, never the peer's.

    >>> after(AUTHORIZATION, "challenge"), after(TRANSACTION, "quit")
    ('EXCHANGE', 'UPDATE')
    >>> after(TRANSACTION, "accept")
    Traceback (most recent call last):
    ValueError: TRANSACTION knows no accept
    """
    following = TRANSITIONS[state].get(trigger)
    if following is None:
        message = f"{state} knows no {trigger}"
        raise ValueError(message)
    return following
