"""Credential handles that are always given back.

A `HandleTable` holds values under handles; an `Owner`, one for each connection, puts them in and answers for
them. A step that fails frees its handle, and closing or dropping the owner frees the rest, so there is no
clean-up to forget.

    table = HandleTable[Exchange](10_000, quota=4)
    with table.owner("192.0.2.7:4711") as owner:
        handle = owner.acquire(Exchange())
        answer = owner.step(handle, Exchange.receive, response)

The reference, with errors, units and examples, is the stub beside this file: `_quitclaim.pyi`.
"""

from __future__ import annotations

from quitclaim._quitclaim import __version__
from quitclaim.errors import (
    HandleError,
    HandleInStep,
    HandleLeased,
    OverQuota,
    OwnerBusy,
    OwnerClosed,
    QuitclaimError,
    StaleHandle,
    TableFull,
)
from quitclaim.handles import CensusEntry, Handle, HandleTable, Owner, Reaped, Stats, Step

__all__ = (
    "CensusEntry",
    "Handle",
    "HandleError",
    "HandleInStep",
    "HandleLeased",
    "HandleTable",
    "OverQuota",
    "Owner",
    "OwnerBusy",
    "OwnerClosed",
    "QuitclaimError",
    "Reaped",
    "StaleHandle",
    "Stats",
    "Step",
    "TableFull",
    "__version__",
)
