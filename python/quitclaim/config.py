"""What `serve` is told: by flags, and by a TOML file with the flags' names as keys.

data = "/var/lib/quitclaim"
listen = ["127.0.0.1:1110", "pop3s://[::]:995"]
tls-cert = "mail.pem"
tls-key = "mail.key"
domain = "EXAMPLE"
allow-plaintext = false
"""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("Address", "Settings", "address", "default_data", "domain", "load")


class Address(NamedTuple):
    """Where to listen, and whether all begins with TLS there."""

    host: str
    port: int
    implicit_tls: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What one source says; None where it says nothing."""

    data: Path | None = None
    listen: tuple[Address, ...] | None = None
    domain: str | None = None
    allow_plaintext: bool | None = None
    tls_cert: tuple[Path, ...] | None = None
    tls_key: tuple[Path, ...] | None = None
    """The key of each certificate; None if the files of those have them."""

    def over(self, other: Settings, /) -> Settings:
        """These settings, and the other's where these say nothing.

        Certificates and their keys belong together: they come from one source.

        >>> both = Settings(domain="EXAMPLE").over(Settings(domain="OTHER", allow_plaintext=True))
        >>> both.domain, both.allow_plaintext
        ('EXAMPLE', True)
        """
        tls = self if self.tls_cert or self.tls_key else other
        return Settings(
            data=other.data if self.data is None else self.data,
            listen=other.listen if self.listen is None else self.listen,
            domain=other.domain if self.domain is None else self.domain,
            allow_plaintext=other.allow_plaintext if self.allow_plaintext is None else self.allow_plaintext,
            tls_cert=tls.tls_cert,
            tls_key=tls.tls_key,
        )


def load(path: Path, /) -> Settings:
    """The settings of a file. A relative `data` is relative to the file's folder.

    Raises:
        ValueError: in one sentence, which file, where in it, and what is wrong.
        OSError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            table = tomllib.load(file)
    except UnicodeDecodeError:
        message = f"{path} is not UTF-8"
        raise ValueError(message) from None
    except ValueError as error:  # no TOML, with the line
        message = f"{path}: {error}"
        raise ValueError(message) from None
    unknown = sorted(table.keys() - _KEYS.keys())
    if unknown:
        message = f"{path}: there is no key {unknown[0]!r}, only {', '.join(_KEYS)}"
        raise ValueError(message)
    values = {}
    for key, value in table.items():
        try:
            values[key] = _KEYS[key](value, path.parent)
        except ValueError as error:
            message = f"{path}: {key}: {error}"
            raise ValueError(message) from None
    return Settings(**{key.replace("-", "_"): value for key, value in values.items()})  # type: ignore[arg-type]


def address(text: str, /) -> Address:
    """What `[pop3://]HOST:PORT` or `pop3s://HOST:PORT` means.

    >>> address("127.0.0.1:1110")
    Address(host='127.0.0.1', port=1110, implicit_tls=False)
    >>> address("pop3s://[::1]:0")
    Address(host='::1', port=0, implicit_tls=True)

    Raises:
        ValueError: it is something else, and what it should be.
    """
    scheme, found, rest = text.rpartition("://")
    if found and scheme.lower() not in {"pop3", "pop3s"}:
        message = f"{text!r} is not served: there are pop3:// and pop3s:// only"
        raise ValueError(message)
    host, _, port = rest.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not host or (":" in host) != bracketed or not (port.isascii() and port.isdecimal()):
        message = f"{text!r} is no address: it should be like 127.0.0.1:1110, 0.0.0.0:1110 or [::1]:1110"
        raise ValueError(message)
    if int(port) > _LARGEST_PORT:
        message = f"{text!r} has no such port: it is at most {_LARGEST_PORT}"
        raise ValueError(message)
    return Address(host.strip("[]"), int(port), scheme.lower() == "pop3s")


def domain(text: str, /) -> str:
    """The text, if it is a NetBIOS name of a domain.

    >>> domain("EXAMPLE")
    'EXAMPLE'

    Raises:
        ValueError: it is not.
    """
    if not _NETBIOS_NAME.fullmatch(text):
        message = f"{text!r} is no NetBIOS name: it has 1 to 15 letters, digits, hyphens and underscores"
        raise ValueError(message)
    return text


def default_data() -> Path:
    """The user's data folder for this program (XDG base directory specification); it may not be there."""
    named = os.environ.get("XDG_DATA_HOME", "")
    # The specification: a relative one is to be ignored.
    return (Path(named) if named.startswith("/") else Path.home() / ".local" / "share") / "quitclaim"


# --- the keys of a file: each makes its setting of what TOML has, or says what it should be


def _data(value: object, folder: Path) -> Path:
    return folder / Path(_text(value)).expanduser()


def _listen(value: object, _folder: Path) -> tuple[Address, ...]:
    if not isinstance(value, list) or not value:
        message = 'it should be a list of addresses, such as ["127.0.0.1:1110"]'
        raise ValueError(message)
    return tuple(address(_text(one)) for one in value)


def _files(value: object, folder: Path) -> tuple[Path, ...]:
    if value == []:
        message = "it should be a file, or a list of files"
        raise ValueError(message)
    return tuple(_data(one, folder) for one in (value if isinstance(value, list) else [value]))


def _domain(value: object, _folder: Path) -> str:
    return domain(_text(value))


def _allow_plaintext(value: object, _folder: Path) -> bool:
    if not isinstance(value, bool):
        message = "it should be true or false"
        raise ValueError(message)  # noqa: TRY004 - a file's mistake is no type error of a caller
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        message = "it should be a text in quotes"
        raise ValueError(message)
    return value


_KEYS: Final[dict[str, Callable[[object, Path], object]]] = {
    "allow-plaintext": _allow_plaintext,
    "data": _data,
    "domain": _domain,
    "listen": _listen,
    "tls-cert": _files,
    "tls-key": _files,
}
_LARGEST_PORT: Final = 65_535
_NETBIOS_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,15}")
