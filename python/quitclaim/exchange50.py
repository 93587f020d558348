"""The defect of 1997, reproduced: a POP3 server that keeps the handle of each NTLM login that failed.

python -m quitclaim.exchange50 [--data DIR] [--listen HOST:PORT]

It is for demonstrations, and for testing whatever is to notice such a leak (Microsoft Q214573). All is as in
`quitclaim serve`, but for who answers for the handles: here it is the service, not the connection.

`quitclaim serve` never imports this module.
"""

from __future__ import annotations

import os
import sys
from itertools import count, islice
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from quitclaim.cli import daemon
from quitclaim.cli.arguments import Parser, add_flag, said
from quitclaim.cli.ending import FAILED, USAGE, fail, sentence
from quitclaim.config import Settings
from quitclaim.errors import QuitclaimError, StaleHandle, TableFull
from quitclaim.limits import Limits
from quitclaim.server.origin import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable

    from quitclaim.handles import Handle
    from quitclaim.monitor.status import Handles
    from quitclaim.sasl import Exchange

__all__ = ("Exchange50Table", "main", "room")

_R = TypeVar("_R")


class Exchange50Table:
    """A dict in place of the handle table: its one owner is the service, and lives as long as that does.

    Each handle holds a descriptor, as each of 1997 was a handle of Services.exe: so the leak is seen from
    outside too, in `/proc/PID/fd`.

    >>> table = Exchange50Table(capacity=10)
    >>> for response in (b"guess", b"guess"):
    ...     owner = table.owner("192.0.2.7:4711")
    ...     handle = owner.acquire("an exchange")
    ...     try:
    ...         owner.step(handle, lambda exchange, response: 1 / 0, response)
    ...     except ZeroDivisionError:
    ...         owner.close()
    >>> len(table)
    2
    >>> table.stop()
    >>> len(table)
    0
    """

    def __init__(self, capacity: int) -> None:
        """Holds so many at most: what is beyond would take the descriptors that new connections need."""
        self.capacity = capacity
        self._values: dict[int, _Entry] = {}
        self._numbers = count(1)
        self._high_water = 0
        self._refused = 0
        self._now = 0.0
        self._freed = 0

    def __len__(self) -> int:
        """The Handle Count."""
        return len(self._values)

    def owner(self, label: str = "", /) -> _Owner:
        """Whoever serves one connection. It answers for nothing."""
        return _Owner(self, label)

    def tick(self, now: float, /) -> None:
        """Says what time it is."""
        self._now = now

    def acquire(self, value: Exchange, label: str) -> int:
        """Puts a value under a new handle, with a descriptor of its own.

        Raises:
            TableFull: there is no room, or no descriptor.
        """
        if len(self._values) >= self.capacity:
            self._refused += 1
            message = "the table is full: failed logins have used it up"
            raise TableFull(message)
        try:
            descriptor = os.eventfd(0, os.EFD_CLOEXEC)
        except OSError as error:
            self._refused += 1
            raise TableFull(error.strerror) from error
        number = next(self._numbers)
        self._values[number] = _Entry(value, descriptor, label, self._now)
        self._high_water = max(self._high_water, len(self._values))
        return number

    def value(self, number: int) -> Exchange:
        """The value of a handle.

        Raises:
            StaleHandle: it was freed.
        """
        try:
            return self._values[number].value
        except KeyError:
            message = "the handle names nothing"
            raise StaleHandle(message) from None

    def free(self, number: int) -> None:
        """Frees a handle, as a good login does.

        Raises:
            StaleHandle: it was freed.
        """
        self.value(number)
        os.close(self._values.pop(number).descriptor)
        self._freed += 1

    def stop(self) -> None:
        """Frees all of them: in 1997, the only way."""
        for number in tuple(self._values):
            self.free(number)

    def handles(self) -> Handles:
        """What the status socket says of them."""
        oldest = islice(self._values.values(), _MOST)
        return {
            "live": len(self._values),
            "high_water": self._high_water,
            "capacity": self.capacity,
            "acquired": len(self._values) + self._freed,
            "freed": {"done": self._freed},
            "refused": {"full": self._refused},
            "census": [{"owner": one.owner, "age": self._now - one.since, "state": "idle"} for one in oldest],
        }


class _Entry:
    """What a handle names, and what it costs."""

    __slots__ = ("descriptor", "owner", "since", "value")

    def __init__(self, value: Exchange, descriptor: int, owner: str, since: float) -> None:
        self.value = value
        self.descriptor = descriptor
        self.owner = owner
        self.since = since


class _Owner:
    """A connection's side of it, with the three ways of the defect.

    The success path cleans up, the failure path does not, and the end of the connection is nobody's business.
    """

    __slots__ = ("_label", "_table")

    def __init__(self, table: Exchange50Table, label: str, /) -> None:
        self._table = table
        self._label = label

    def acquire(self, value: Exchange, /) -> Handle:
        """Takes a handle."""
        # A number is as good a handle as any here: the session passes it on, and never looks at it.
        return cast("Handle", self._table.acquire(value, self._label))

    def step(self, handle: Handle, function: Callable[[Exchange, Any], _R], argument: Any, /) -> _R:  # noqa: ANN401
        """Uses the value, and frees nothing if that fails: **this is the defect**."""
        return function(self._table.value(cast("int", handle)), argument)

    def free(self, handle: Handle, /) -> None:
        """Frees a handle: the login was good."""
        self._table.free(cast("int", handle))

    def close(self) -> None:
        """Frees nothing."""


def main() -> int:
    """Serves with the defect, on loopback, until SIGTERM or SIGINT; all handles are freed then."""
    parser = Parser(prog="python -m quitclaim.exchange50", description=_DESCRIPTION, epilog=_EPILOG)
    add_flag(parser, "data")
    add_flag(parser, "listen")
    limits = Limits(connections=_CONNECTIONS, connections_per_address=_CONNECTIONS)
    settings = Settings(**said(parser.parse_args()), limits=limits)
    if not all(is_loopback(one.host) for one in settings.listen):
        fail(USAGE, "this server has a defect on purpose: it listens on 127.0.0.1 or [::1] only")
    table = Exchange50Table(room())
    sys.stderr.write(_BANNER.format(table.capacity))
    try:
        daemon.run(settings, None, table, table.handles, program="exchange50")
    except (QuitclaimError, OSError) as error:
        fail(FAILED, sentence(error))
    finally:
        table.stop()
    return 0


def room() -> int:
    """How many handles fit into the descriptors that this process may have, with some left to serve with."""
    return max(1, daemon.raise_descriptor_limit() - _RESERVE)


_CONNECTIONS: Final = 256
_RESERVE: Final = (
    512  # descriptors: connections, those that are just being accepted, 64 lock files, the database
)
_MOST: Final = 1_000  # handles of a census

_BANNER: Final = """\
exchange50: this server has a defect on purpose, that of Exchange 5.0 in 1997 (Microsoft Q214573):
exchange50: each failed login leaves a handle and a descriptor behind, until it is stopped.
exchange50: there is room for {:,} of them; when that is used up, no login is possible.
"""

_DESCRIPTION: Final = """\
Serves the mail of a data folder with the defect of 1997: each failed login
leaves a handle behind, and a file descriptor, until the server is stopped. For
demonstrations, and for testing what should notice it. Loopback only.
"""

_EPILOG: Final = """\
example:
  python -m quitclaim.exchange50 --data /tmp/there --listen 127.0.0.1:0

Let failed logins come (`quitclaim storm`), and see them stay: `quitclaim who`,
or `ls /proc/PID/fd | wc -l`. When the descriptors run out, logins are refused:
-ERR [SYS/TEMP].

exit codes: 0 stopped by a signal, 1 it cannot serve, 2 wrong arguments. A
sentence on stderr says which.
"""

if __name__ == "__main__":
    sys.exit(main())
