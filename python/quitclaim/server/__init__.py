"""A POP3 server on asyncio: listeners, deadlines, back-pressure, drain. What is said is the session's."""

from __future__ import annotations

from quitclaim.server.server import ConnectedPeer, Listener, Server, default_mechanisms

__all__ = ("ConnectedPeer", "Listener", "Server", "default_mechanisms")
