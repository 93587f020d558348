"""Maildrops: the ports, and where mail is kept.

Here are the ports and the store in memory; `quitclaim.maildrop.sqlite` and the others need more than Python
has everywhere (`fcntl`), so whoever wants them names their module.
"""

from __future__ import annotations

from quitclaim.maildrop.memory import MemoryMaildrop, MemoryStore
from quitclaim.maildrop.port import LARGEST_CHUNK, Maildrop, MaildropStore

__all__ = ("LARGEST_CHUNK", "Maildrop", "MaildropStore", "MemoryMaildrop", "MemoryStore")
