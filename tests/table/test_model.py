"""Any sequence of operations, beside a dict that does the same."""

from __future__ import annotations

import weakref

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from quitclaim import Handle, HandleTable, OverQuota, Owner, OwnerClosed, StaleHandle, TableFull

CAPACITY = 6
QUOTA = 4


class DeniedError(Exception):
    """What a mechanism refuses with."""


class Value:
    """Something that can be watched."""


def fail_with(error: type[BaseException]) -> None:
    """Raises."""
    raise error


class Model(RuleBasedStateMachine):
    """A small table and its owners, beside a dict of what should be in them."""

    owners = Bundle[Owner[Value]]("owners")
    handles = Bundle["tuple[Owner[Value], Handle]"]("handles")
    failures = st.sampled_from([(DeniedError, "failed"), (GeneratorExit, "cancelled")])

    def __init__(self) -> None:
        """Begins with nothing."""
        super().__init__()
        self.table = HandleTable[Value](CAPACITY, quota=QUOTA)
        self.table.tick(0.0)
        self.live: dict[Handle, tuple[Owner[Value], int, int]] = {}  # owner, identity of the value, birth
        self.watches: dict[Handle, weakref.ref[Value]] = {}
        self.closed = set[int]()
        self.freed = dict.fromkeys(self.table.stats().freed, 0)
        self.now = 0

    def forget(self, handle: Handle, cause: str) -> None:
        """What the table does to a handle that it frees."""
        del self.live[handle]
        self.freed[cause] += 1  # type: ignore[index]

    def is_live(self, owner: Owner[Value], handle: Handle) -> bool:
        """Whether the owner has it."""
        return handle in self.live and self.live[handle][0] is owner

    @rule(target=owners, label=st.text(max_size=60).filter(lambda text: text.isprintable()))
    def open(self, label: str) -> Owner[Value]:
        """An owner more."""
        return self.table.owner(label)

    @rule(target=handles, owner=owners)
    def acquire(self, owner: Owner[Value]) -> tuple[Owner[Value], Handle]:
        """A value more, if there is room."""
        value = Value()
        refusal = self.refusal(owner)
        if refusal:
            with pytest.raises(refusal):
                owner.acquire(value)
            return owner, self.stale()
        handle = owner.acquire(value)
        assert handle not in self.watches, "a handle named two values"
        self.live[handle] = owner, id(value), self.now
        self.watches[handle] = weakref.ref(value)
        return owner, handle

    def refusal(self, owner: Owner[Value]) -> type[Exception] | None:
        """Why there is no room."""
        if id(owner) in self.closed:
            return OwnerClosed
        if sum(holder is owner for holder, *_ in self.live.values()) == QUOTA:
            return OverQuota
        if len(self.live) == CAPACITY:
            return TableFull
        return None

    def stale(self) -> Handle:
        """A handle of another table."""
        return HandleTable[None]().owner().acquire(None)

    @rule(pair=handles)
    def look(self, pair: tuple[Owner[Value], Handle]) -> None:
        """A look-up, by anyone."""
        _, handle = pair
        if handle in self.live:
            assert id(self.table[handle]) == self.live[handle][1]
        else:
            with pytest.raises(StaleHandle):
                self.table[handle]

    @rule(pair=handles, owner=owners, guard=st.booleans())
    def step(self, pair: tuple[Owner[Value], Handle], owner: Owner[Value], *, guard: bool) -> None:
        """A step that ends well, by an owner who may not be the rightful one."""
        handle = pair[1]
        if not self.is_live(owner, handle):
            with pytest.raises(StaleHandle):
                owner.step(handle, id)
            return
        if guard:
            with owner.step(handle) as value:
                assert id(value) == self.live[handle][1]
        else:
            assert owner.step(handle, id) == self.live[handle][1]

    @rule(pair=handles, failure=failures, guard=st.booleans())
    def fail(
        self, pair: tuple[Owner[Value], Handle], failure: tuple[type[BaseException], str], *, guard: bool
    ) -> None:
        """A step that fails."""
        (owner, handle), (error, cause) = pair, failure
        if not self.is_live(owner, handle):
            return
        if guard:
            with pytest.raises(error), owner.step(handle):
                fail_with(error)
        else:
            with pytest.raises(error):
                owner.step(handle, lambda _value: fail_with(error))
        self.forget(handle, cause)

    @rule(pair=handles, other=handles)
    def free_inside_a_step(
        self, pair: tuple[Owner[Value], Handle], other: tuple[Owner[Value], Handle]
    ) -> None:
        """A step that frees a handle, maybe its own."""
        (owner, handle), freed = pair, other[1]
        if self.is_live(owner, handle) and self.is_live(owner, freed):
            owner.step(handle, lambda _value: owner.free(freed))
            self.forget(freed, "done")

    @rule(pair=handles)
    def abandon(self, pair: tuple[Owner[Value], Handle]) -> None:
        """A guard that is entered and dropped."""
        owner, handle = pair
        if self.is_live(owner, handle):
            owner.step(handle).__enter__()
            self.forget(handle, "cancelled")

    @rule(pair=consumes(handles))
    def free(self, pair: tuple[Owner[Value], Handle]) -> None:
        """An end."""
        owner, handle = pair
        if self.is_live(owner, handle):
            identity = self.live[handle][1]
            assert id(owner.free(handle)) == identity
            self.forget(handle, "done")
        else:
            with pytest.raises(StaleHandle):
                owner.free(handle)

    @rule(seconds=st.integers(0, 10))
    def tick(self, seconds: int) -> None:
        """Time goes by."""
        self.now += seconds
        self.table.tick(float(self.now))

    @rule(older_than=st.integers(0, 20), pair=handles)
    def reap(self, older_than: int, pair: tuple[Owner[Value], Handle]) -> None:
        """A sweep, while one handle may be in a step."""
        owner, handle = pair
        old = {one for one, (_, _, birth) in self.live.items() if self.now - birth >= older_than}
        in_step = old & {handle} if self.is_live(owner, handle) else set[Handle]()
        if self.is_live(owner, handle):
            reaped = owner.step(handle, lambda _value: self.table.reap(older_than))
        else:
            reaped = self.table.reap(older_than)
        assert (reaped.freed, reaped.in_step) == (len(old - in_step), len(in_step))
        for one in old - in_step:
            self.forget(one, "reaped")

    @rule()
    def drain(self) -> None:
        """A sweep of all."""
        assert self.table.drain().freed == len(self.live)
        for handle in list(self.live):
            self.forget(handle, "drained")

    @rule(owner=owners)
    def close(self, owner: Owner[Value]) -> None:
        """An owner less."""
        owner.close()
        self.closed.add(id(owner))
        for handle in [one for one, (holder, *_) in self.live.items() if holder is owner]:
            self.forget(handle, "owner")

    @invariant()
    def counts_agree(self) -> None:
        """The table, its owners and its counters say what the dict says."""
        stats = self.table.stats()
        assert len(self.table) == stats.live == len(self.live)
        assert stats.freed == self.freed
        assert stats.acquired == len(self.live) + sum(self.freed.values())
        for owner in {id(holder): holder for holder, *_ in self.live.values()}.values():
            assert len(owner) == sum(holder is owner for holder, *_ in self.live.values())

    @invariant()
    def contents_agree(self) -> None:
        """Live handles name their values, which are alive; all other values are dropped."""
        census = {entry.handle: entry for entry in self.table.census()}
        assert census.keys() == self.live.keys()
        for handle, (owner, _, birth) in self.live.items():
            assert handle in self.table
            assert handle in owner
            assert census[handle].age == self.now - birth
        alive = {handle for handle, watch in self.watches.items() if watch() is not None}
        assert alive == self.live.keys()


Model.TestCase.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)
TestModel = Model.TestCase
