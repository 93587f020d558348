"""How commands end: exit codes, and the one sentence that goes with those that are not 0."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from typing import NoReturn

__all__ = ("FAILED", "INTERRUPTED", "NO_USER", "TRY_AGAIN", "USAGE", "fail")

FAILED: Final = 1
USAGE: Final = 2  # as argparse has it
NO_USER: Final = 67  # EX_NOUSER of sysexits.h: a mail transport returns the message to its sender
TRY_AGAIN: Final = 75  # EX_TEMPFAIL: it keeps the message and tries again
INTERRUPTED: Final = 130  # as shells have it for Ctrl-C


def fail(code: int, sentence: str, /) -> NoReturn:
    """Says on stderr why it is over, and ends with that code.

    Raises:
        SystemExit: always.
    """
    sys.stderr.write(f"quitclaim: {sentence}\n")
    raise SystemExit(code)
