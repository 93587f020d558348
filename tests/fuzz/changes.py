"""Random changes of a script, as a fuzzer makes them that knows lines and orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

__all__ = ("change",)


def change(script: bytes, others: Sequence[bytes], generator: Random, /) -> bytes:
    """The script with some changes: octets and lines that are gone, doubled, moved, or of another script."""
    changed = bytearray(script)
    for _ in range(generator.randint(1, 6)):
        generator.choice(_CHANGES)(changed, others, generator)
    return bytes(changed)


def _settings(changed: bytearray, _others: Sequence[bytes], generator: Random) -> None:
    changed[:1] = bytes([generator.randrange(64)])


def _octet(changed: bytearray, _others: Sequence[bytes], generator: Random) -> None:
    if changed:
        changed[generator.randrange(len(changed))] = generator.randrange(256)


def _order(changed: bytearray, _others: Sequence[bytes], generator: Random) -> None:
    place = generator.randint(1, len(changed) + 1)
    changed[place:place] = bytes([0xFF, generator.randrange(6)])


def _cuts(changed: bytearray, _others: Sequence[bytes], generator: Random) -> None:
    for place in sorted(generator.choices(range(1, len(changed) + 2), k=9), reverse=True):
        changed[place:place] = b"\xff\x00"


def _gone(changed: bytearray, _others: Sequence[bytes], generator: Random) -> None:
    place = generator.randint(1, len(changed) + 1)
    del changed[place : place + generator.randint(1, 20)]


def _line(changed: bytearray, others: Sequence[bytes], generator: Random) -> None:
    lines = generator.choice(others)[1:].split(b"\n")
    place = changed.find(b"\n", generator.randint(0, len(changed))) + 1 or 1
    changed[place:place] = generator.choice(lines) + b"\n"


def _long(changed: bytearray, _others: Sequence[bytes], generator: Random) -> None:
    place = generator.randint(1, len(changed) + 1)
    changed[place:place] = b"A" * generator.choice((253, 254, 12_288, 12_289, 66_000))


_CHANGES: Final = (_settings, _octet, _order, _cuts, _gone, _line, _long)
