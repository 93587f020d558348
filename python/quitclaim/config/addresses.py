"""Addresses to listen at, as a user writes them."""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ("Address", "address", "written")


class Address(NamedTuple):
    """Where to listen, and what comes first there: a balancer's PROXY header, TLS, both, or neither.

    >>> str(Address("::1", 995, implicit_tls=True))
    'pop3s://[::1]:995'
    """

    host: str
    port: int
    implicit_tls: bool = False
    proxy: bool = False

    def __str__(self) -> str:
        scheme = "pop3s://" if self.implicit_tls else ""
        return f"{scheme}{written(self.host, self.port)}{'?proxy=1' if self.proxy else ''}"


def address(text: str, /) -> Address:
    """What `[pop3://]HOST:PORT` or `pop3s://HOST:PORT` means, with `?proxy=1` behind it or not.

    >>> address("127.0.0.1:1110")
    Address(host='127.0.0.1', port=1110, implicit_tls=False, proxy=False)
    >>> address("pop3s://[::1]:0?proxy=1")
    Address(host='::1', port=0, implicit_tls=True, proxy=True)

    Raises:
        ValueError: it is something else, and what it should be.
    """
    scheme, found, rest = text.rpartition("://")
    if found and scheme.lower() not in {"pop3", "pop3s"}:
        message = f"{text!r} is not served: there are pop3:// and pop3s:// only"
        raise ValueError(message)
    rest, asked, query = rest.partition("?")
    if asked and query != "proxy=1":
        message = f"{text!r} asks for what there is not: behind the port there may be ?proxy=1 only"
        raise ValueError(message)
    host, _, port = rest.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not _is_host(host) or (":" in host) != bracketed or not (port.isascii() and port.isdecimal()):
        message = f"{text!r} is no address: it should be like 127.0.0.1:1110, 0.0.0.0:1110 or [::1]:1110"
        raise ValueError(message)
    if int(port) > _LARGEST_PORT:
        message = f"{text!r} has no such port: it is at most {_LARGEST_PORT}"
        raise ValueError(message)
    return Address(host.strip("[]"), int(port), scheme.lower() == "pop3s", bool(asked))


def written(host: str, port: int, /) -> str:
    """A host and a port as URLs have them.

    >>> written("127.0.0.1", 110), written("::1", 110)
    ('127.0.0.1:110', '[::1]:110')
    """
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _is_host(text: str) -> bool:
    """Whether somebody may be asked where it is: the resolver raises what is no OSError for `a..b`."""
    try:
        return bool(text.encode("idna")) and "\0" not in text
    except UnicodeError:
        return False


_LARGEST_PORT: Final = 65_535
