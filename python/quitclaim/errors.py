"""All exceptions of quitclaim.

What is raised while something is asked of a table:

* QuitclaimError
  x HandleError
    + StaleHandle (also a LookupError)
    + HandleInStep
    + HandleLeased
  x TableFull
  x OverQuota
  x OwnerBusy
  x OwnerClosed

Arguments of the wrong type or range raise TypeError and ValueError, as everywhere. No message and no repr
here tells a value, a label or a handle.
"""

from __future__ import annotations

__all__ = (
    "HandleError",
    "HandleInStep",
    "HandleLeased",
    "OverQuota",
    "OwnerBusy",
    "OwnerClosed",
    "QuitclaimError",
    "StaleHandle",
    "TableFull",
)


class QuitclaimError(Exception):
    """The root: whatever this package refuses, it refuses with one of these."""


class HandleError(QuitclaimError):
    """A handle that cannot be used, or not now. A refused call has changed nothing."""


class StaleHandle(HandleError, LookupError):
    """The handle names nothing of the caller's: freed, reaped, another owner's or another table's.

    It never names anything again. Acquire a new one; drop an answer that comes too late for it.
    """


class HandleInStep(HandleError):
    """The handle's value is in a step, which has it alone.

    Inside the step, use the value that the step was given; elsewhere, wait for the step's end.
    """


class HandleLeased(HandleError):
    """The handle's value is being read by another thread at this very moment.

    The value is where it was: step again. On an interpreter with a GIL this does not happen.
    """


class TableFull(QuitclaimError):
    """No slot of the table is free for the calling thread. The value stays the caller's.

    Nothing is wrong with the owner: shed load, free something, or make the table larger.
    """


class OverQuota(QuitclaimError):
    """The owner holds as many handles as the table's quota allows one owner. The value stays the caller's.

    Free a handle of this owner's before the next acquire.
    """


class OwnerBusy(QuitclaimError):
    """The owner is in a step on another thread, so this thread may not use it.

    Give each thread, or each connection, an owner of its own.
    """


class OwnerClosed(QuitclaimError):
    """The owner was closed and acquires nothing more. Ask the table for a new one."""
