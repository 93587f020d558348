"""The table of all that `serve` can be told: from it come its flags, the keys of its file, and the texts."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Final, get_args

from quitclaim.config.addresses import address
from quitclaim.config.settings import LogFormat, mechanism_names
from quitclaim.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("LIMITS", "OPTIONS", "Option")


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """Something that `serve` can be told, by a flag and by a key of its file.

    Args:
        name: the key, and behind two hyphens the flag.
        about: what it does, in a sentence without a capital letter and a full stop.
        example: what a file may say.
        metavar: what a flag is followed by; empty for a switch.
        parse: makes a value of a text, or says in a ValueError what it should be; None for a switch.
        many: there may be several.
        otherwise: what is so without it, where the default's value does not say it.
    """

    name: str
    about: str
    example: str
    metavar: str = ""
    parse: Callable[[str], object] | None = None
    many: bool = False
    otherwise: str = ""

    @property
    def field(self) -> str:
        """Its name in `Settings`."""
        return self.name.replace("-", "_")


# --- what makes a value of a text


def _file(text: str) -> Path:
    if "-----BEGIN" in text:  # of a key, perhaps, which is not to be seen in a log
        message = "it should be the name of a file, and is what such a file has in it"
        raise ValueError(message)
    if not text or "\0" in text:
        message = f"{text!r} is no name of a file"
        raise ValueError(message)
    return Path(text)


def _network(text: str) -> str:
    try:
        ip_network(text)
    except ValueError:
        message = f"{text!r} is no network: it should be like 192.0.2.0/24, 192.0.2.7 or 2001:db8::/32"
        raise ValueError(message) from None
    return text


def _domain(text: str) -> str:
    if not _NETBIOS_NAME.fullmatch(text):
        message = f"{text!r} is no NetBIOS name: it has 1 to 15 letters, digits, hyphens and underscores"
        raise ValueError(message)
    return text


def _mechanism(text: str) -> str:
    names = mechanism_names()
    if text.upper() not in names:
        message = f"there is no mechanism {text!r}; there are: {', '.join(names)}"
        raise ValueError(message)
    return text.upper()


def _log_format(text: str) -> str:
    formats = get_args(LogFormat)
    if text not in formats:
        message = f"{text!r} is no format of a log: there are {' and '.join(formats)}"
        raise ValueError(message)
    return text


_NETBIOS_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,15}")

OPTIONS: Final = {
    option.name: option
    for option in (
        Option(
            name="data",
            about="the data folder",
            example='"/var/lib/quitclaim"',
            metavar="DIR",
            parse=_file,
        ),
        Option(
            name="listen",
            about="where to listen, with pop3s:// by TLS from the beginning, with ?proxy=1 behind a balancer"
            " that speaks the PROXY protocol; port 0 takes a free one",
            example='["127.0.0.1:1110", "pop3s://[::]:995"]',
            metavar="[pop3[s]://]HOST:PORT[?proxy=1]",
            parse=address,
            many=True,
        ),
        Option(
            name="domain",
            about="the NetBIOS name of the domain that NTLM clients are told",
            example='"EXAMPLE"',
            metavar="NAME",
            parse=_domain,
            otherwise="none",
        ),
        Option(
            name="mechanisms",
            about="how to log in, the strongest first; without PLAIN there is no USER and PASS",
            example='["SCRAM-SHA-256", "NTLM"]',
            metavar="NAME",
            parse=_mechanism,
            many=True,
        ),
        Option(
            name="allow-plaintext",
            about="takes passwords in plaintext (USER, AUTH PLAIN) from other machines too, without TLS",
            example="true",
        ),
        Option(
            name="ntlm-v1",
            about="takes NTLMv1 too, from clients that can do no better: whoever listens has the password's"
            " hash in hours; `quitclaim who` lists who still needs it",
            example="true",
        ),
        Option(
            name="tls-cert",
            about="a PEM file with a certificate, and behind it those that lead to its root's: there is TLS"
            " then, by STLS and at pop3s://; of several, clients get the one for the name that they ask for",
            example='"mail.pem"',
            metavar="FILE.pem",
            parse=_file,
            many=True,
            otherwise="no TLS",
        ),
        Option(
            name="tls-key",
            about="a PEM file with the private key of each certificate, in the same order, not encrypted",
            example='"mail.key"',
            metavar="FILE.pem",
            parse=_file,
            many=True,
            otherwise="in the certificate's file",
        ),
        Option(
            name="trusted-proxies",
            about="whose word is taken at addresses with ?proxy=1: a balancer's, or a network of theirs",
            example='["192.0.2.0/24"]',
            metavar="NETWORK",
            parse=_network,
            many=True,
        ),
        Option(
            name="log-format",
            about="how the lines of the log look: text, or an object of JSON each",
            example='"json"',
            metavar="{text,json}",
            parse=_log_format,
        ),
    )
}
"""By name, in the order in which they are explained."""

LIMITS: Final[dict[str, float]] = {
    field.name.replace("_", "-"): field.default  # type: ignore[misc] # each of them has one
    for field in fields(Limits)
}
"""The keys of `[limits]`, which a file alone has, and their defaults: of seconds a float, else an int."""
