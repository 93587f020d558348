"""A POP3 server on asyncio: listeners, TLS, deadlines, back-pressure, drain. The session says what."""

from __future__ import annotations

from quitclaim.server.defaults import default_mechanisms, default_table
from quitclaim.server.listener import Listener, Proxy
from quitclaim.server.server import ConnectedPeer, Server
from quitclaim.server.tls import Tls

__all__ = ("ConnectedPeer", "Listener", "Proxy", "Server", "Tls", "default_mechanisms", "default_table")
