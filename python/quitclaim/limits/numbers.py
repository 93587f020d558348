"""The bounds of a server, all in one place."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ("Limits",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The bounds of a server. Times are in seconds.

    What the numbers from `free_guesses` on do to a guesser, `Attempts` says in figures. Whoever is on this
    machine does not feel them.

    Args:
        connections: at once, in all; who comes beyond is told to come again.
        connections_per_address: at once, from one address; of IPv6, from one /64, which is what one gets.
        unauthenticated_connections: at once, of peers that have not logged in; for who comes beyond, the one
            that has been there longest is closed. So no crowd that never logs in keeps others out.
        login_timeout: from connecting to being logged in.
        proxy_timeout: for a balancer to say whom a connection is from, where one must (`Proxy`).
        idle_timeout: without a word in TRANSACTION, and without reading what is sent; RFC 1939 §3 wants ten
            minutes at least. Nothing is deleted then.
        octets_before_login: that a peer may say before it is logged in; an attempt takes 33,000 at most.
        commands_before_login: lines that a peer may say before it is logged in; an attempt takes a few.
        login_failures: refused logins on one connection, until it is closed with the last refusal.
        bad_commands: refused lines in a row on one connection (unknown, malformed, untimely, no such
            message), until it is closed with the last refusal.
        drain_timeout: what sessions are given to end when the server stops.
        login_delay: between two logins of one user (RFC 2449 §6.5); 0 is none, and then none is announced.
        free_guesses: wrong ones of a user, or of an address, before the next answer is delayed.
        longest_guess_delay: of an answer; the first is a second, and each is twice the one before.
        user_guesses: wrong ones of a user, from addresses not known to be the user's, until it is locked out
            at those.
        user_guess_forgotten: after so long a user is forgiven one wrong guess, and then the next.
        address_guesses: wrong ones from an address, until it is locked out.
        address_guess_forgotten: after so long an address is forgiven one wrong guess, and then the next.
        remembered: addresses, and as many users, of which wrong guesses are remembered, and as many users
            whose addresses are known: some 16 MB of memory for each kind, if ever there are so many.

    Raises:
        ValueError: one of them is not above zero; `login_delay` may be zero.

    >>> Limits(connections=100).idle_timeout
    600.0
    >>> Limits(login_timeout=0)
    Traceback (most recent call last):
    ValueError: login_timeout must be above zero
    """

    connections: int = 10_000
    connections_per_address: int = 256
    unauthenticated_connections: int = 2_000
    login_timeout: float = 60.0
    proxy_timeout: float = 5.0
    idle_timeout: float = 600.0
    octets_before_login: int = 262_144
    commands_before_login: int = 100
    login_failures: int = 5
    bad_commands: int = 20
    drain_timeout: float = 10.0
    login_delay: float = 0.0
    free_guesses: int = 3
    longest_guess_delay: float = 15.0
    user_guesses: int = 20
    user_guess_forgotten: float = 900.0
    address_guesses: int = 100
    address_guess_forgotten: float = 20.0
    remembered: int = 65_536

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if name == "login_delay":
                if not self.login_delay >= 0:
                    message = "login_delay must not be below zero"
                    raise ValueError(message)
            elif not getattr(self, name) > 0:
                message = f"{name} must be above zero"
                raise ValueError(message)
