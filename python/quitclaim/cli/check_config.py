"""`quitclaim check-config`: what a configuration file would have served, or all that is wrong in it."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Final

from quitclaim.cli.configured import configured
from quitclaim.config import LIMITS, Settings, written

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from quitclaim.cli.arguments import Commands
    from quitclaim.config import Address

__all__ = ("add_to",)


def add_to(commands: Commands, /) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "check-config",
        prog="quitclaim check-config",
        help="says what is wrong in a configuration file",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    parser.set_defaults(run=_check)
    parser.add_argument("file", metavar="FILE", type=Path, help="what `quitclaim serve --config` is to read")


def _check(arguments: Namespace) -> int:
    settings = configured({}, arguments.file).settings
    for name, value in _lines(settings):
        print(f"{name:<16} {value}")
    return 0


def _lines(settings: Settings) -> Iterator[tuple[str, str]]:
    """What would be served, to read; what is as by default and hurts nobody is left out."""
    yield "data", str(settings.data)
    for address in settings.listen:
        yield "listen", _listener(address, has_tls=bool(settings.tls_cert))
    yield "mechanisms", ", ".join(settings.mechanisms)
    for file in settings.tls_cert:
        yield "tls-cert", str(file)
    if any(address.proxy for address in settings.listen):
        yield "trusted-proxies", ", ".join(settings.trusted_proxies)
    default = Settings()
    for name in ("domain", "allow-plaintext", "ntlm-v1", "log-format"):
        value = getattr(settings, name.replace("-", "_"))
        if value != getattr(default, name.replace("-", "_")):
            yield name, "yes" if value is True else str(value)
    for field in fields(settings.limits):
        name, number = field.name.replace("_", "-"), getattr(settings.limits, field.name)
        if number != field.default:
            yield "limits", f"{name} {number:,} (default: {LIMITS[name]:,})"


def _listener(address: Address, *, has_tls: bool) -> str:
    tls = "with TLS from the beginning" if address.implicit_tls else "with STLS" if has_tls else "without TLS"
    behind = ", behind a balancer" if address.proxy else ""
    return f"{written(address.host, address.port)} {tls}{behind}"


_DESCRIPTION: Final = """\
Reads a configuration file of `quitclaim serve`, and the certificates that it
names, and says what would be served, or all that is wrong, with the line and
what to write there. It listens nowhere and makes no data folder.
"""

_EPILOG: Final = """\
example:
  quitclaim check-config quitclaim.toml

exit codes: 0 it can be served, 1 it cannot, 2 wrong arguments. On stderr is a
line for each mistake then: FILE:LINE: KEY: what is wrong; what to write.
"""
