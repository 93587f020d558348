"""The main job in one command, from `story` on: the defect of 1997 beside a server that cannot have it."""

from __future__ import annotations

__all__ = ()
