"""Other people's mail clients that fetch mail, each with the settings that docs/clients.md shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.interop.clients.curl import Curl
from tests.interop.clients.fetchmail import Fetchmail
from tests.interop.clients.getmail import Getmail
from tests.interop.clients.javamail import JavaMail
from tests.interop.clients.mpop import Mpop
from tests.interop.clients.mutt import Mutt
from tests.interop.clients.poplib_script import Poplib

if TYPE_CHECKING:
    from tests.interop.clients.client import Client

__all__ = ("CLIENTS",)

CLIENTS: tuple[Client, ...] = (Curl(), Fetchmail(), Getmail(), JavaMail(), Mpop(), Mutt(), Poplib())
