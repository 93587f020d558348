"""What a server has counted since it started. Plain sums: whoever scrapes takes the differences."""

from __future__ import annotations

__all__ = ("Counters",)


class Counters:
    """Sums over all connections of a server. An `attempt` is one login try, from AUTH or PASS to its reply.

    >>> counters = Counters()
    >>> counters.attempts += 1
    >>> counters.as_dict()["attempts"]
    1
    """

    __slots__ = (
        "attempts",  # logins begun
        "bad_commands",  # lines that were refused for their form, state or name
        "cancelled",  # attempts that the peer took back with `*`
        "connections",  # accepted
        "delayed",  # answers to guesses that were said late
        "deleted",  # messages, by QUIT
        "denied",  # attempts refused with [AUTH]
        "errors",  # connections ended by an exception of our own, or of an embedder's part
        "handshakes_failed",  # connections ended by a TLS handshake without a result
        "in_use",  # attempts that met a locked maildrop
        "locked_out",  # attempts that nobody looked at: too many wrong ones before; among the denied
        "logins",  # attempts that were good
        "octets",  # of mail, sent by RETR and TOP
        "refused",  # connections beyond the limits
        "retrieved",  # messages sent whole
        "timeouts",  # connections closed for saying nothing
        "too_soon",  # attempts that were right, and too soon after the last login
        "unavailable",  # attempts that met a full table or a back end that was down
        "unproxied",  # connections ended for want of a PROXY header, or of a proxy that is trusted
    )

    def __init__(self) -> None:
        for name in self.__slots__:
            setattr(self, name, 0)

    attempts: int
    bad_commands: int
    cancelled: int
    connections: int
    delayed: int
    deleted: int
    denied: int
    errors: int
    handshakes_failed: int
    in_use: int
    locked_out: int
    logins: int
    octets: int
    refused: int
    retrieved: int
    timeouts: int
    too_soon: int
    unavailable: int
    unproxied: int

    def as_dict(self) -> dict[str, int]:
        """All of them by name, for a scrape."""
        return {name: getattr(self, name) for name in self.__slots__}
