"""Counters, and the ways to look at them."""

from __future__ import annotations

__all__ = ()
