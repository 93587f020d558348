"""The header that SCRAM and OAUTHBEARER begin with (RFC 5801 §4): channel binding, and for whom to act."""

from __future__ import annotations

from quitclaim.errors import InvalidToken, Unsupported

__all__ = ("split", "unescaped")


def split(message: str, /) -> tuple[str, str]:
    """The user to act as, or nothing; and what follows the header.

    Raises:
        InvalidToken: it does not begin with such a header.
        Unsupported: the client insists on a channel binding, which no mechanism with this header has here.

    >>> split("n,a=anna,n=anna,r=nonce")
    ('anna', 'n=anna,r=nonce')
    """
    flag, _, tail = message.partition(",")
    authorization, comma, rest = tail.partition(",")
    if not comma or (authorization and not authorization.startswith("a=")):
        raise InvalidToken
    if flag.startswith("p="):
        reason = "channel binding is not supported"
        raise Unsupported(reason)
    if flag not in {"n", "y"}:
        raise InvalidToken
    return unescaped(authorization[2:]), rest


def unescaped(name: str, /) -> str:
    """A name as it was before its commas and equals signs were escaped (RFC 5801 §4, `saslname`).

    Raises:
        InvalidToken: it has another escape, an `=` of no escape, or a NUL.

    >>> unescaped("a=2Cb=3Dc")
    'a,b=c'
    """
    first, *rest = name.split("=")
    if "\0" in name or any(one[:2] not in _ESCAPES for one in rest):
        raise InvalidToken
    return first + "".join(_ESCAPES[one[:2]] + one[2:] for one in rest)


_ESCAPES = {"2C": ",", "3D": "="}
