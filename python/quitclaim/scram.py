"""What a server keeps of a password for SCRAM (RFC 5802 §3): keys that check it and do not log in themselves.

Whoever steals them can guess, as slowly as the iterations make it, and can pass for this server to its users.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from stringprep import in_table_b1, in_table_c12
from typing import Final
from unicodedata import ucd_3_2_0

from quitclaim.identity import fold

__all__ = (
    "DIGESTS",
    "FEWEST_ITERATIONS",
    "LONGEST_SALT",
    "MOST_ITERATIONS",
    "SALT",
    "ScramKeys",
)

DIGESTS: Final = {"SCRAM-SHA-1": "sha1", "SCRAM-SHA-256": "sha256"}
"""The hash function of each mechanism, as `hashlib` names it."""

FEWEST_ITERATIONS: Final = 4096  # RFC 7677 §4; a client computes them at each login, 2 ms of a slow core
MOST_ITERATIONS: Final = 10_000_000  # what the library bears
SALT: Final = 16  # octets of one that is made here
LONGEST_SALT: Final = 64  # octets

_SHORTEST_SALT = 12  # octets: what the published examples have, and the library wants


@dataclass(frozen=True, slots=True, eq=False)
class ScramKeys:
    """The keys of one user for one mechanism: salt and iterations, which anyone may ask for, and two secrets.

    Raises:
        ValueError: the salt or the iterations are not what a client would take.

    >>> ScramKeys.from_password("open sesame", "SCRAM-SHA-256")
    ScramKeys(iterations=4096)
    """

    iterations: int
    salt: bytes = field(repr=False)
    stored_key: bytes = field(repr=False)
    server_key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not FEWEST_ITERATIONS <= self.iterations <= MOST_ITERATIONS:
            message = f"SCRAM takes {FEWEST_ITERATIONS} to {MOST_ITERATIONS} iterations"
            raise ValueError(message)
        if not _SHORTEST_SALT <= len(self.salt) <= LONGEST_SALT:
            message = f"a salt for SCRAM has {_SHORTEST_SALT} to {LONGEST_SALT} octets"
            raise ValueError(message)

    @classmethod
    def from_password(
        cls,
        password: str,
        mechanism: str,
        /,
        *,
        salt: bytes | None = None,
        iterations: int = FEWEST_ITERATIONS,
    ) -> ScramKeys:
        """Derives the keys of a password, with a salt of their own unless one is given.

        Raises:
            KeyError: no such mechanism here: see `DIGESTS`.
            ValueError: as for the class, or the password has a lone surrogate.

        >>> ScramKeys.from_password("pencil", "SCRAM-SHA-1", salt=b"a published salt").stored_key.hex()[:8]
        '07e3380c'
        """
        digest = DIGESTS[mechanism]
        salt = secrets.token_bytes(SALT) if salt is None else salt
        salted = hashlib.pbkdf2_hmac(digest, _prepared(password).encode(), salt, iterations)
        client_key = hmac.digest(salted, b"Client Key", digest)
        stored_key = hashlib.new(digest, client_key).digest()
        return cls(iterations, salt, stored_key, hmac.digest(salted, b"Server Key", digest))

    @classmethod
    def of_nobody(
        cls, username: str, mechanism: str, /, *, secret: bytes, iterations: int = FEWEST_ITERATIONS
    ) -> ScramKeys:
        """Keys that no password fits, for a name that nobody has: the first step looks like anyone's.

        The salt is the same for that name and secret for ever. Let the iterations be those of all users, and
        the secret as old as the accounts: what changes by a restart, or differs, tells that it is nobody's.

        >>> first, again = (ScramKeys.of_nobody(name, "SCRAM-SHA-1", secret=b"x") for name in ("Bo", "bo"))
        >>> first.salt == again.salt
        True
        """
        digest = DIGESTS[mechanism]
        name = f"{mechanism}\0{fold(username)}".encode("utf-8", "surrogatepass")
        salt = hmac.digest(secret, name, "sha256")[:SALT]
        nobodys = bytes(hashlib.new(digest).digest_size)  # the hash of no key that anybody knows
        return cls(iterations, salt, nobodys, nobodys)


def _prepared(password: str) -> str:
    """The password by SASLprep (RFC 4013 §2.1 and §2.2), without what that prohibits.

    A client that prohibits never gets to ask; one that does not sends such a password unprepared, or so.
    """
    mapped = "".join(" " if in_table_c12(one) else one for one in password if not in_table_b1(one))
    # What is mapped to nothing must not become the empty password, which anyone may try.
    return ucd_3_2_0.normalize("NFKC", mapped) or password
