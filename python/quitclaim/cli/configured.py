"""What flags and a file come to, or all that is wrong with them."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from quitclaim.cli.ending import FAILED, fail, sentence
from quitclaim.cli.listeners import certificates
from quitclaim.config import OPTIONS, Mistake, Reading, Settings, contradictions, over, read

if TYPE_CHECKING:
    from quitclaim.config import Said
    from quitclaim.server import Tls

__all__ = ("Configured", "configured")


@dataclass(frozen=True, slots=True)
class Configured:
    """Settings that can be served, and their certificates."""

    settings: Settings
    tls: Tls | None


def configured(flags: Said, file: Path | None, /) -> Configured:
    """The settings of flags, and where these say nothing, of a file; its certificates are read.

    Raises:
        SystemExit: with code 1, when all that is wrong was said on stderr, a line each.
    """
    reading = None if file is None else _reading(file)
    in_file = {} if reading is None else reading.said
    settings = Settings(**over(flags, in_file))
    mistakes = [] if reading is None else list(reading.mistakes)
    # What was meant to be said there is not known: whatever seems to contradict it may not.
    unsure = {one.meant for one in mistakes}
    if any(one.line for one in mistakes):  # no TOML: nothing is known
        unsure |= OPTIONS.keys()
    for found in contradictions(settings, by_flags=reading is None):
        if unsure.isdisjoint(found.options):
            mistakes.append(Mistake(found.options[:1], found.what, found.options[0]))
    unsure |= {one.meant for one in mistakes}
    tls = None
    if unsure.isdisjoint(("tls-cert", "tls-key")):
        try:
            tls = certificates(settings)
        except OSError as error:
            key = "tls-key" if Path(error.filename or "") in settings.tls_key else "tls-cert"
            mistakes.append(Mistake((key,), f"{sentence(error)}; write the name of a file that can be read"))
        except ValueError as error:
            mistakes.append(Mistake(("tls-cert",), str(error)))
    if mistakes:
        if reading is not None:
            mistakes.sort(key=lambda one: reading.line(one) or 0)
        for mistake in mistakes:
            sys.stderr.write(f"{_said(mistake, flags, reading)}\n")
        raise SystemExit(FAILED)
    return Configured(settings, tls)


def _reading(file: Path) -> Reading:
    try:
        return read(file)
    except OSError as error:
        fail(FAILED, f"{file} cannot be read: {error.strerror}")


def _said(mistake: Mistake, flags: Said, reading: Reading | None) -> str:
    """A mistake, at its place: the file's, or if a flag says it, the flag's."""
    by_flag = any(name.replace("-", "_") in flags for name in mistake.key)
    if reading is None or (by_flag and mistake not in reading.mistakes):
        return f"quitclaim: --{mistake.key[0]}: {mistake.what}"
    return reading.sentence(mistake)
