"""Accounts: the port, and those who know them.

Here are the port and the accounts in memory; `quitclaim.accounts.sqlite` and the others need more than Python
has everywhere, so whoever wants them names their module.
"""

from __future__ import annotations

from quitclaim.accounts.memory import MemoryAccounts
from quitclaim.accounts.port import Accounts, Ask

__all__ = ("Accounts", "Ask", "MemoryAccounts")
