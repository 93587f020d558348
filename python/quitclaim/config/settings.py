"""What is so in the end: each option of `serve` with its value, and its default."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from quitclaim.config.addresses import Address
from quitclaim.limits import Limits
from quitclaim.server import Proxy, default_mechanisms

__all__ = ("LogFormat", "Said", "Settings", "default_data", "mechanism_names", "over")

LogFormat: TypeAlias = Literal["text", "json"]
"""How the lines of the log look."""

Said: TypeAlias = Mapping[str, Any]  # it is what `Settings` takes: each value is of its field's type
"""What one source says: fields of `Settings`, and of these only those that it says."""


def default_data() -> Path:
    """The user's data folder for this program (XDG base directory specification); it may not be there."""
    named = os.environ.get("XDG_DATA_HOME", "")
    # The specification: a relative one is to be ignored.
    return (Path(named) if named.startswith("/") else Path.home() / ".local" / "share") / "quitclaim"


def mechanism_names() -> tuple[str, ...]:
    """The SASL mechanisms that `serve` has: all but those of tokens, which nobody checks there.

    >>> mechanism_names()
    ('SCRAM-SHA-256', 'SCRAM-SHA-1', 'NTLM', 'PLAIN', 'LOGIN')
    """
    return tuple(one.name.decode() for one in default_mechanisms() if one.asks != "token")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a server does: the options that `quitclaim.config.OPTIONS` explains.

    >>> [str(address) for address in Settings().listen]
    ['127.0.0.1:1110']
    """

    data: Path = field(default_factory=default_data)
    listen: tuple[Address, ...] = (Address("127.0.0.1", 1110),)
    domain: str | None = None
    mechanisms: tuple[str, ...] = field(default_factory=mechanism_names)
    allow_plaintext: bool = False
    ntlm_v1: bool = False
    tls_cert: tuple[Path, ...] = ()
    tls_key: tuple[Path, ...] = ()
    """The key of each certificate; empty if the files of those have them."""
    trusted_proxies: tuple[str, ...] = Proxy().trusted
    """Networks, or addresses."""
    log_format: LogFormat = "text"
    limits: Limits = field(default_factory=Limits)


def over(flags: Said, file: Said, /) -> dict[str, Any]:
    """What flags say, and where these say nothing what a file says.

    Certificates and their keys belong together: they come from one source.

    >>> over({"tls_cert": ("b.pem",)}, {"domain": "EXAMPLE", "tls_cert": ("a.pem",), "tls_key": ("a.key",)})
    {'domain': 'EXAMPLE', 'tls_cert': ('b.pem',)}
    """
    if not _PAIR.isdisjoint(flags):
        file = {name: value for name, value in file.items() if name not in _PAIR}
    return {**file, **flags}


_PAIR: Final = frozenset(("tls_cert", "tls_key"))
