"""What a refusal says for the log: whom it is about, as the peer said it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from quitclaim.errors import AuthenticationError

__all__ = ("about",)

_E = TypeVar("_E", bound="AuthenticationError")


def about(username: str, error: _E, /) -> _E:
    """The error with the name that it is about.

    >>> from quitclaim.errors import LogonDenied
    >>> about("anna", LogonDenied("logon denied")).username
    'anna'
    """
    error.username = username
    return error
