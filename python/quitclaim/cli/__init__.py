"""The command line, which begins in `main`: one module for each command, and what they share."""

from __future__ import annotations

__all__ = ()
