"""Hashes of passwords for accounts that are not to have an NT hash: scrypt (RFC 7914).

An NT hash is as good as the password and quickly guessed from; who needs no NTLM is better off without one.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Final

__all__ = ("ScryptHash",)


class ScryptHash:
    """The scrypt hash of a password. Making one, and comparing one, takes 45 ms and 16 MiB.

    >>> stored = ScryptHash.from_password("open sesame").text
    >>> ScryptHash(stored).accepts_password("open sesame"), ScryptHash(stored)
    (True, <ScryptHash>)
    """

    __slots__ = ("_hash", "_salt", "text")

    def __init__(self, text: str, /) -> None:
        """Reads what `text` of another one has written: `16384$8$1$salt$hash`, these two in hexadecimal.

        Raises:
            ValueError: it is anything else, or one that takes another time: every password has to take the
                same.
        """
        *parameters, salt, digest = text.split("$")
        if parameters != [str(_N), str(_R), str(_P)]:
            message = "a scrypt hash is of n = 16384, r = 8, p = 1"
            raise ValueError(message)
        self.text = text
        self._salt = bytes.fromhex(salt)
        self._hash = bytes.fromhex(digest)

    @classmethod
    def from_password(cls, password: str, /) -> ScryptHash:
        """Makes the hash of a password, with a salt of its own."""
        salt = secrets.token_bytes(16)
        return cls(f"{_N}${_R}${_P}${salt.hex()}${_scrypt(password, salt).hex()}")

    def accepts_password(self, password: str, /) -> bool:
        """Whether that is the password; the comparison is in constant time."""
        return hmac.compare_digest(_scrypt(password, self._salt), self._hash)

    def __repr__(self) -> str:
        """The type: what it holds is nobody's business."""
        return "<ScryptHash>"


def _scrypt(password: str, salt: bytes, /) -> bytes:
    # A lone surrogate is no character; it is hashed like any other wrong password.
    octets = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(octets, salt=salt, n=_N, r=_R, p=_P, maxmem=_MEMORY, dklen=32)


_N: Final = 16_384
_R: Final = 8
_P: Final = 1
_MEMORY: Final = 64 * 1_048_576  # octets; OpenSSL's own bound is 32 MiB
