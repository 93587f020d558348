"""The handle table: what `quitclaim._quitclaim` has of it, by its public name."""

from __future__ import annotations

from quitclaim._quitclaim import CensusEntry, Handle, HandleTable, Owner, Reaped, Stats, Step

__all__ = (
    "CensusEntry",
    "Handle",
    "HandleTable",
    "Owner",
    "Reaped",
    "Stats",
    "Step",
)
