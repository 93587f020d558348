"""What a peer may make the server hold, how often it may guess, and the counts of who does."""

from __future__ import annotations

from quitclaim.limits.attempts import Attempts, Guess
from quitclaim.limits.connections import Connections, network
from quitclaim.limits.logins import RecentLogins
from quitclaim.limits.numbers import Limits

__all__ = ("Attempts", "Connections", "Guess", "Limits", "RecentLogins", "network")
