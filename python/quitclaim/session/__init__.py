"""A POP3 session: what is said to whom, through the ports; it knows neither sockets nor the event loop."""

from __future__ import annotations

from quitclaim.session.dialogue import ExchangeOwner, ExchangeTable, Next
from quitclaim.session.service import Service
from quitclaim.session.session import Session

__all__ = ("ExchangeOwner", "ExchangeTable", "Next", "Service", "Session")
