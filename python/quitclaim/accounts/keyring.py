"""The keys of SCRAM of many users, packed; and, for those who are nobody, keys that look like any."""

from __future__ import annotations

import hashlib
import os
import secrets
from typing import TYPE_CHECKING, Final

from quitclaim.scram import DIGESTS, FEWEST_ITERATIONS, MOST_ITERATIONS, SALT, ScramKeys

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ("Keyring", "checked", "pack")


class Keyring:
    """Packed keys by the user's name, folded. It answers for everyone, with the same work.

    Args:
        packed: the keys, as `pack` makes them.
        secret: what the salts of nobody are made from. Whoever restarts keeps it, or they change.
        iterations: of nobody; let them be those of all.

    >>> keyring = Keyring({"anna": pack("open sesame")})
    >>> keyring.find("anna", "SCRAM-SHA-256"), keyring.find("nobody", "SCRAM-SHA-256")
    (ScramKeys(iterations=4096), ScramKeys(iterations=4096))
    """

    __slots__ = ("_iterations", "_nobodys", "_packed", "_secret")

    def __init__(
        self,
        packed: Mapping[str, bytes],
        /,
        *,
        secret: bytes | None = None,
        iterations: int = FEWEST_ITERATIONS,
    ) -> None:
        self._packed = packed
        self._secret = secrets.token_bytes(32) if secret is None else secret
        self._iterations = iterations
        self._nobodys = iterations.to_bytes(_COUNT) + bytes(_PACKED - _COUNT)

    def find(self, key: str, mechanism: str, /) -> ScramKeys:
        """The keys of that user; of nobody, if there is no such user or none are known.

        Raises:
            KeyError: no such mechanism here.
        """
        nobodys = ScramKeys.of_nobody(key, mechanism, secret=self._secret, iterations=self._iterations)
        packed = self._packed.get(key)
        keys = _unpack(packed or self._nobodys, mechanism)
        return nobodys if packed is None else keys

    def __repr__(self) -> str:
        """The type: what it holds is nobody's business."""
        return "<Keyring>"


def pack(
    password: str,
    /,
    *,
    iterations: int = FEWEST_ITERATIONS,
    random: Callable[[int], bytes] = os.urandom,
) -> bytes:
    """Derives the keys of a password for all mechanisms, each with a salt of its own, in 140 octets.

    Raises:
        ValueError: as for `ScramKeys.from_password`.

    >>> len(pack("open sesame"))
    140
    """
    packed = [iterations.to_bytes(_COUNT)]
    for mechanism in DIGESTS:
        keys = ScramKeys.from_password(password, mechanism, salt=random(SALT), iterations=iterations)
        packed += keys.salt, keys.stored_key, keys.server_key
    return b"".join(packed)


def checked(packed: bytes, /) -> bytes:
    """The same, if it is what `pack` has made.

    Raises:
        ValueError: it is not.

    >>> checked(pack("open sesame")) == b""
    False
    """
    if len(packed) != _PACKED or not FEWEST_ITERATIONS <= int.from_bytes(packed[:_COUNT]) <= MOST_ITERATIONS:
        message = f"packed keys have {_PACKED} octets, and a number of iterations that clients take"
        raise ValueError(message)
    return packed


def _unpack(packed: bytes, mechanism: str) -> ScramKeys:
    salt, stored_key, server_key, end = _PLACES[mechanism]
    return ScramKeys(
        int.from_bytes(packed[:_COUNT]),
        packed[salt:stored_key],
        packed[stored_key:server_key],
        packed[server_key:end],
    )


def _places() -> dict[str, tuple[int, int, int, int]]:
    places = {}
    salt = _COUNT
    for mechanism, digest in DIGESTS.items():
        size = hashlib.new(digest).digest_size
        stored_key = salt + SALT
        places[mechanism] = (salt, stored_key, stored_key + size, stored_key + 2 * size)
        salt = stored_key + 2 * size
    return places


# The octets of one user, which the database has too:
#
#     iterations (4, the highest first)
#     SCRAM-SHA-1:   salt (16) | StoredKey (20) | ServerKey (20)
#     SCRAM-SHA-256: salt (16) | StoredKey (32) | ServerKey (32)
#
# Packed, 100,000 users take 23 MB, and the garbage collector walks none of it.
_COUNT: Final = 4
_PLACES: Final = _places()
_PACKED: Final = max(end for *_, end in _PLACES.values())
