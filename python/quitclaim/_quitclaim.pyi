"""The handle table, in Rust: the reference of everything that `quitclaim.handles` has.

At the end is the load client, which is `quitclaim.storm`'s. What `quitclaim.ntlm` has is in here too, at run
time; its reference is `_ntlm.pyi`.

Times are in seconds, as float, since an origin that the caller keeps to (`time.monotonic` is a good one).
Counts are int. Every class here is final and refuses to be pickled or copied; table, owner and step can be
weakly referenced.

The examples share this much:

>>> from quitclaim import HandleTable, StaleHandle
>>> from quitclaim.storm import storm
>>> table = HandleTable[list[str]](1_000, quota=4)
"""

from collections.abc import Callable
from types import GenericAlias, TracebackType
from typing import Generic, Literal, NoReturn, Self, TypeAlias, TypeVar, TypeVarTuple, final, overload

from quitclaim._ntlm import (
    Acceptor,
    Challenged,
    ChannelBinding,
    Claim,
    Credential,
    Established,
    SessionKey,
)

__all__ = [
    "Acceptor",
    "CensusEntry",
    "Challenged",
    "ChannelBinding",
    "Claim",
    "Credential",
    "Established",
    "Handle",
    "HandleTable",
    "Owner",
    "Reaped",
    "SessionKey",
    "Stats",
    "Step",
    "StormReport",
    "__version__",
    "storm",
]

__version__: str

_T = TypeVar("_T")
_R = TypeVar("_R")
_Ts = TypeVarTuple("_Ts")
_Cause: TypeAlias = Literal["done", "failed", "cancelled", "owner", "reaped", "drained"]
_Reason: TypeAlias = Literal["stale", "leased", "in_step", "full", "quota"]

@final
class HandleTable(Generic[_T]):
    """A bounded table of values that are named by handles and always given back.

    Values enter and leave through an `Owner`, one for each connection; whoever has the table alone can look
    up, count and reap. All of it may be used from any thread, and no operation waits for another thread.

    In the child of `os.fork()` every table is empty: handles are stale, and values are forgotten without
    being dropped, because they are the parent's.

    Example:
        >>> with table.owner("192.0.2.7:4711") as owner:
        ...     handle = owner.acquire(["half an exchange"])
        ...     owner.step(handle, list.append, "the other half")
        ...     table[handle]
        ['half an exchange', 'the other half']
        >>> len(table)
        0
    """

    def __new__(cls, capacity: int = 65_536, *, quota: int | None = None) -> Self:
        """Makes a table for `capacity` values at once. Memory is taken as slots are first used.

        All of a small capacity (below 128 to 1,024, by the number of cores), and seven eighths of a larger
        one, can be used by any one thread; the rest may wait for other threads.

        Args:
            capacity: Values that fit in at once: 1 to 2**31 - 2.
            quota: Handles that one owner may have at once; None for as many as fit.

        Raises:
            ValueError: `capacity` or `quota` is below 1 or above 2**31 - 2.

        Example:
            >>> HandleTable[bytes](10)
            <HandleTable 0 of 10 live>
        """

    def owner(self, label: str = "") -> Owner[_T]:
        """Makes someone who may acquire handles here; they are freed when it is closed or dropped.

        Args:
            label: For `census`, where its first 48 octets are kept: what an operator should read beside a
                leaked handle, such as a peer's address.

        Raises:
            UnicodeEncodeError: `label` has a lone surrogate.

        Example:
            >>> table.owner("192.0.2.7:4711")
            <Owner "192.0.2.7:4711" 0 live>
        """

    def __getitem__(self, handle: Handle, /) -> _T:
        """Gives the value of a handle, from any thread. The reference keeps the value alive, not its handle.

        It is for looking, beside the owner: whatever may fail or change the value belongs in `Owner.step`.

        Raises:
            StaleHandle: The handle was freed, or is of another table.
            HandleInStep: Its owner has the value to itself just now.
            TypeError: It is no `Handle`.

        Example:
            >>> owner = table.owner()
            >>> handle = owner.acquire(["a value"])
            >>> table[handle]
            ['a value']
        """

    def __contains__(self, handle: object, /) -> bool:
        """Tells whether this is a handle that names a value here, in a step or not.

        Example:
            >>> owner = table.owner()
            >>> handle = owner.acquire([])
            >>> handle in table, "a handle" in table
            (True, False)
        """

    def __len__(self) -> int:
        """Counts the handles that name a value now: the *Handle Count*. So an empty table is false.

        Example:
            >>> owner = table.owner()
            >>> handle = owner.acquire([])
            >>> len(table)
            1
        """

    @property
    def capacity(self) -> int:
        """Values that fit in at once.

        Example:
            >>> table.capacity
            1000
        """

    @property
    def quota(self) -> int | None:
        """Handles that one owner may have at once, or None.

        Example:
            >>> table.quota
            4
        """

    def tick(self, now: float) -> None:
        """Sets the table's clock, from which ages are reckoned. It never goes back.

        Without ticks nothing ages. The first one starts the clock: what was acquired before is as old as if
        it had been acquired just then.

        Args:
            now: Seconds since any origin that the caller keeps to.

        Raises:
            ValueError: `now` is negative, infinite, not a number, or 2**64 or more.

        Example:
            >>> import time
            >>> table.tick(time.monotonic())
        """

    def reap(self, older_than: float) -> Reaped:
        """Frees what was acquired `older_than` seconds ago or longer, and skips what is in a step.

        The values are dropped before it returns, on this thread. Ages are the clock's: `tick` it.

        Raises:
            ValueError: `older_than` is negative, infinite, not a number, or 2**64 or more.

        Example:
            >>> owner = table.owner("stalled")
            >>> table.tick(100.0)
            >>> handle = owner.acquire(["half an exchange"])
            >>> table.tick(160.0)
            >>> table.reap(older_than=60.0)
            <Reaped 1 freed, 0 in a step>
            >>> handle in owner
            False
        """

    def drain(self) -> Reaped:
        """Frees whatever is not in a step, of any age: for a stop. Owners stay, and find their handles stale.

        Example:
            >>> owner = table.owner()
            >>> handle = owner.acquire([])
            >>> table.drain().freed
            1
        """

    def stats(self) -> Stats:
        """Reads the counters. It costs a few hundred loads: for a scrape, not for a hot path.

        Example:
            >>> owner = table.owner()
            >>> handle = owner.acquire([])
            >>> owner.close()
            >>> table.stats().freed["owner"]
            1
        """

    def census(self) -> list[CensusEntry]:
        """Lists what is in the table, slot by slot, without stopping anyone.

        Each entry was true when it was read; what changed hands just then is left out.

        Example:
            >>> owner = table.owner("192.0.2.7:4711")
            >>> handle = owner.acquire(["half an exchange"])
            >>> for entry in table.census():
            ...     print(entry.owner, entry.age, entry.state)
            192.0.2.7:4711 0.0 idle
        """

    def __class_getitem__(cls, key: object) -> GenericAlias:
        """Gives the class parametrised, for annotations: it says what the values are, and checks nothing."""

    def __reduce__(self) -> NoReturn:
        """Refuses: a table's handles are good in its own process alone.

        Raises:
            TypeError: Always. Make a table in each process.
        """

@final
class Owner(Generic[_T]):
    """Whoever acquires handles, uses them and answers for them. `HandleTable.owner` makes it.

    **Closing or dropping an owner frees what it acquired**, whatever the path; `with` closes it. There is no
    `get`: an owner uses a value by a `step`, which has it alone and, if it fails, frees it. An owner that is
    kept for ever still leaks: give each connection its own.

    An owner is for one thread at a time. While a step of it runs on one thread, any other thread's use of it
    is refused; the same thread may use it inside the step.

    Example:
        >>> with table.owner("192.0.2.7:4711") as owner:
        ...     denied, granted = owner.acquire([]), owner.acquire(["secret"])
        ...     owner.step(granted, list.pop)
        ...     owner.step(denied, list.pop)
        Traceback (most recent call last):
            ...
        IndexError: pop from empty list
        >>> table.stats().freed["failed"], table.stats().freed["owner"], len(table)
        (1, 1, 0)
    """

    def acquire(self, value: _T, /) -> Handle:
        """Puts a value into the table and names it.

        Raises:
            TableFull: No slot is free for this thread. The value stays the caller's.
            OverQuota: The owner holds as many handles as `HandleTable.quota` allows. The value stays the
                caller's.
            OwnerClosed: The owner was closed.
            OwnerBusy: Another thread is in a step of this owner.

        Example:
            >>> owner = table.owner()
            >>> handle = owner.acquire(["a value"])
            >>> handle in owner
            True
        """

    @overload
    def step(self, handle: Handle, /) -> Step[_T]: ...
    @overload
    def step(self, handle: Handle, function: Callable[[_T, *_Ts], _R], /, *arguments: *_Ts) -> _R:
        """Uses a value: `function(value, *arguments)` has it alone, and its result is the step's.

        If the function raises, **the handle is freed**, and the exception comes out as it is: cause `failed`
        for an `Exception`, `cancelled` for any other (`asyncio.CancelledError`, `GeneratorExit`,
        `KeyboardInterrupt`). So a function refuses by raising. It may free the handle itself; then the value
        ends with the step.

        The function must be done when it returns: what it would await, or yield, is no part of the step. A
        coroutine function is refused, and its handle freed. Arguments are positional; for others use
        `functools.partial`.

        Without a function it returns a `Step`, which does the same for the body of a `with`, at twice the
        price; then these are raised as the `with` begins. A refused step has changed nothing.

        Raises:
            StaleHandle: The handle names nothing of this owner's.
            HandleInStep: A step has the value already.
            HandleLeased: Another thread is just reading the value; step again.
            OwnerBusy: Another thread is in a step of this owner.
            TypeError: The function is a coroutine function.

        Example:
            >>> owner = table.owner()
            >>> handle = owner.acquire(["b", "a"])
            >>> owner.step(handle, sorted)
            ['a', 'b']
            >>> with owner.step(handle) as value:
            ...     value.remove("c")
            Traceback (most recent call last):
                ...
            ValueError: list.remove(x): x not in list
            >>> handle in owner
            False
        """

    def free(self, handle: Handle, /) -> _T | None:
        """Ends the life of a handle and gives its value back, or None if a step of it is under way.

        Raises:
            StaleHandle: The handle names nothing of this owner's.
            OwnerBusy: Another thread is in a step of this owner.

        Example:
            >>> owner = table.owner()
            >>> handle = owner.acquire(["a value"])
            >>> owner.free(handle)
            ['a value']
            >>> owner.free(handle)
            Traceback (most recent call last):
                ...
            quitclaim.errors.StaleHandle: the handle names nothing of this owner's ...
        """

    def close(self) -> None:
        """Frees all of this owner's handles, for good: it acquires no more. Closing again does nothing.

        It is never refused, not even while another thread is in a step of this owner: that step's handle is
        freed too, and its value is dropped when the step ends. Handles are stale afterwards, so a late
        `step` or `free` raises `StaleHandle`.

        Example:
            >>> owner = table.owner()
            >>> handle = owner.acquire([])
            >>> owner.close()
            >>> owner.acquire([])
            Traceback (most recent call last):
                ...
            quitclaim.errors.OwnerClosed: this owner is closed ...
        """

    def __enter__(self) -> Self:
        """Gives the owner, to be closed at the end of the `with`.

        Raises:
            OwnerClosed: The owner was closed.
            OwnerBusy: Another thread is in a step of this owner.

        Example:
            >>> with table.owner("example") as owner:
            ...     owner
            <Owner "example" 0 live>
        """

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None:
        """Closes the owner, and lets an exception pass."""

    def __contains__(self, handle: object, /) -> bool:
        """Tells whether this is a handle that names a value of this owner's, in a step or not.

        Raises:
            OwnerBusy: Another thread is in a step of this owner.

        Example:
            >>> handle = table.owner().acquire([])
            >>> handle in table.owner()
            False
        """

    def __len__(self) -> int:
        """Counts the handles this owner has now. Walks its list.

        Raises:
            OwnerBusy: Another thread is in a step of this owner.

        Example:
            >>> owner = table.owner()
            >>> handles = [owner.acquire([]) for _ in range(3)]
            >>> len(owner)
            3
        """

    @property
    def label(self) -> str:
        """What `HandleTable.owner` was given.

        Example:
            >>> table.owner("192.0.2.7:4711").label
            '192.0.2.7:4711'
        """

    @property
    def table(self) -> HandleTable[_T]:
        """The table.

        Example:
            >>> table.owner().table is table
            True
        """

    def __class_getitem__(cls, key: object) -> GenericAlias:
        """Gives the class parametrised, for annotations: it says what the values are, and checks nothing."""

    def __reduce__(self) -> NoReturn:
        """Refuses: one owner answers for its handles.

        Raises:
            TypeError: Always. Ask the table for another owner.
        """

@final
class Step(Generic[_T]):
    """A step whose function is the body of a `with`. `Owner.step` without a function makes it.

    The value is taken out when the `with` is entered and put back at its end; an exception frees the handle,
    as in `Owner.step`. **A `return` or `break` inside the `with` looks like success**: refuse by raising. No
    step should span an `await`.

    One that is never entered has done nothing. One that was entered and is dropped without an end frees the
    handle, cause `cancelled`. One that has ended may be entered again.

    Example:
        >>> owner = table.owner()
        >>> handle = owner.acquire(["b", "a"])
        >>> with owner.step(handle) as value:
        ...     value.sort()
        >>> table[handle]
        ['a', 'b']
    """

    def __enter__(self) -> _T:
        """Takes the value out and gives it.

        Raises:
            StaleHandle: The handle names nothing of the owner's.
            HandleInStep: A step has the value already; it may be this one.
            HandleLeased: Another thread is just reading the value; enter again.
            OwnerBusy: Another thread is in a step of this owner.

        Example:
            >>> owner = table.owner()
            >>> step = owner.step(owner.acquire(["a value"]))
            >>> with step as value:
            ...     value
            ['a value']
        """

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> Literal[False]:
        """Puts the value back, or frees the handle if there is an exception, and lets that pass.

        If the step is not entered, or the handle was freed inside it, it does nothing.
        """

    def __class_getitem__(cls, key: object) -> GenericAlias:
        """Gives the class parametrised, for annotations: it says what the values are, and checks nothing."""

    def __reduce__(self) -> NoReturn:
        """Refuses: a step has a value to itself.

        Raises:
            TypeError: Always. Ask the owner for another step.
        """

@final
class Handle:
    """The name of one value in one table: equal and hashed by value, and nothing else.

    It names its value from `Owner.acquire` until it is freed, and never anything again. It is masked, but
    **no secret**: who has seen one can guess a neighbour. Never send one to a peer.

    Example:
        >>> owner = table.owner()
        >>> handle = owner.acquire([])
        >>> repr(handle) # doctest: +ELLIPSIS
        '<Handle ...>'
        >>> handle == owner.acquire([])
        False
    """

    def __eq__(self, other: object, /) -> bool:
        """Tells whether the other is a handle of the same value."""

    def __hash__(self) -> int:
        """Equal handles hash equal."""

    def __reduce__(self) -> NoReturn:
        """Refuses: a handle names nothing outside its own process.

        Raises:
            TypeError: Always. Within the process, pass it on as it is.
        """

@final
class Stats:
    """What a table has done since it was made; `HandleTable.stats` reads it.

    Exact when no operation is under way. Beside other threads each counter is as it was at some time of the
    call; `live`, their difference, is never below zero or above the capacity.

    Example:
        >>> table.stats()
        <Stats 0 of 1000 live, 0 acquired, 0 freed>
    """

    @property
    def capacity(self) -> int:
        """Values that fit in at once."""

    @property
    def live(self) -> int:
        """Handles that name a value now: what Performance Monitor called *Handle Count*."""

    @property
    def high_water(self) -> int:
        """Most slots ever in use.

        Threads reuse their own, so it can exceed the most handles that were ever live.
        """

    @property
    def acquired(self) -> int:
        """Handles acquired."""

    @property
    def freed(self) -> dict[_Cause, int]:
        """Handles freed, by cause.

        `done` by `Owner.free`, `failed` and `cancelled` by a step, `owner` by an owner's end, `reaped`,
        `drained`.

        Example:
            >>> sorted(table.stats().freed)
            ['cancelled', 'done', 'drained', 'failed', 'owner', 'reaped']
        """

    @property
    def refused(self) -> dict[_Reason, int]:
        """Calls refused, by reason. A refused call has changed nothing.

        `stale` for look-ups, steps and frees, `in_step` for look-ups and steps, `leased` for steps, `full`
        and `quota` for `Owner.acquire`. `in` is never refused.

        Example:
            >>> sorted(table.stats().refused)
            ['full', 'in_step', 'leased', 'quota', 'stale']
        """

    @property
    def retired(self) -> int:
        """Slots used 2**32 times, and never again: so no handle ever names a second value."""

@final
class Reaped:
    """What `HandleTable.reap` or `HandleTable.drain` did.

    Example:
        >>> table.drain()
        <Reaped 0 freed, 0 in a step>
    """

    @property
    def freed(self) -> int:
        """Handles freed."""

    @property
    def in_step(self) -> int:
        """Handles old enough that were in a step and stayed."""

@final
class CensusEntry:
    """One value of a table, as `HandleTable.census` found it.

    Example:
        >>> owner = table.owner("192.0.2.7:4711")
        >>> handle = owner.acquire([])
        >>> [entry] = table.census()
        >>> entry.handle == handle, entry.owner, entry.age, entry.state
        (True, '192.0.2.7:4711', 0.0, 'idle')
    """

    @property
    def handle(self) -> Handle:
        """Its name, or what was its name if the state is `freed, leased`."""

    @property
    def owner(self) -> str:
        """The label of its owner, at most 48 octets. Empty without one, and once the handle is freed."""

    @property
    def age(self) -> float:
        """Seconds since it was acquired, by the table's clock."""

    @property
    def state(self) -> Literal["idle", "step", "freed, leased"]:
        """What is happening to it.

        `step`: its owner has it to itself. `freed, leased`: another thread is just reading it for the last
        time.
        """

def storm(
    address: str,
    /,
    *,
    username: str,
    password: str = "",
    domain: str = "",
    mode: Literal["fail", "ok", "mixed"] = "fail",
    connections: int = 64,
    attempts: int = 1000,
    per_connection: int = 1,
    timeout: float = 10.0,
    total_timeout: float | None = None,
    progress: Callable[[int, int, int], object] | None = None,
) -> StormReport:
    """Runs a storm of NTLM logins at a POP3 server on this machine, and reports how they ended.

    The GIL is released while it runs. Ctrl-C closes all connections and raises KeyboardInterrupt.

    Args:
        address: `HOST:PORT`; the host is in 127.0.0.0/8, `[::1]` or `localhost`, which is 127.0.0.1.
        username: Who logs in. A `{}` in it becomes the connection's number, from 0, so that good logins do
            not meet each other's maildrop lock.
        password: The right password, of each of them. A wrong one is made of it and never is it.
        domain: Their domain; none is fine.
        mode: `fail`: wrong passwords only. `ok`: right ones, each login followed by STAT and QUIT. `mixed`:
            in turn a wrong one and a right one.
        connections: At once: 1 to 4,096.
        attempts: In all: 1 to 10,000,000.
        per_connection: Attempts before a connection is closed: 1 to 10,000, and 1 if mode is `ok`.
        timeout: Seconds that the server may be silent: an hour at most.
        total_timeout: Seconds that all of it may take. None for as long as it takes.
        progress: Called about ten times a second, and at the end, with the attempts that are done, that ended
            as they should and that did not. What it raises ends the storm and comes out of this call.

    Raises:
        ValueError: the address is not loopback, and nothing was connected; or an argument is out of range.
        OSError: the process may not open as many connections.

    Example:
        >>> storm("192.0.2.1:110", username="anna", password="secret")
        Traceback (most recent call last):
        ValueError: a storm goes to this machine only, to 127.0.0.0/8, [::1] or localhost: no socket was made
    """

@final
class StormReport:
    """What a storm did. Times are in seconds.

    Attempts that were under way when it ended early are not in it.

    Example:
        >>> from socket import socket
        >>> with socket() as deaf:
        ...     deaf.bind(("127.0.0.1", 0))
        ...     report = storm("127.0.0.1:%d" % deaf.getsockname()[1], username="anna", attempts=3)
        >>> report
        <StormReport 0 as expected, 3 not, done>
        >>> report.outcomes["wrong password"]["not connected"]
        3
    """

    @property
    def address(self) -> str:
        """The server, as host and port."""

    @property
    def mode(self) -> Literal["fail", "ok", "mixed"]:
        """Which logins there were."""

    @property
    def connections(self) -> int:
        """Connections at once, at most."""

    @property
    def per_connection(self) -> int:
        """Attempts on a connection, at most."""

    @property
    def ending(self) -> Literal["done", "stopped", "out of time"]:
        """Why it ended."""

    @property
    def attempts(self) -> int:
        """Attempts that ended."""

    @property
    def expected(self) -> int:
        """Attempts that ended as they should: denied with a wrong password, logged in with the right one."""

    @property
    def unexpected(self) -> int:
        """Attempts that ended as they should not."""

    @property
    def outcomes(self) -> dict[str, dict[str, int]]:
        """Attempts by how they ended, with a `wrong password` and with the `right password`.

        `denied`: -ERR [AUTH]. `logged in`: +OK, and with the right password STAT and QUIT too. `in use`: -ERR
        [IN-USE]. `temporary`: -ERR [SYS/TEMP]. `refused`: any other -ERR. `closed`: the server hung up.
        `timed out`: it was silent. `not connected`: nobody listens, or no port was free. `protocol`: it made
        no sense.
        """

    @property
    def latency(self) -> dict[str, float]:
        """How long attempts took that were answered: `p50`, `p90`, `p99`, `p99.9` and `max`; else empty.

        From connecting, or from AUTH if the connection was there, to the server's last word.
        """

    @property
    def rate(self) -> float:
        """Attempts a second."""

    @property
    def wall(self) -> float:
        """How long all of it took."""

    @property
    def cpu(self) -> float:
        """The processor time of the thread that ran it."""
