"""How commands end: exit codes, and the one sentence that goes with those that are not 0."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from typing import NoReturn

__all__ = ("FAILED", "INTERRUPTED", "NO_MESSAGE", "NO_USER", "TRY_AGAIN", "USAGE", "fail", "sentence")

FAILED: Final = 1
USAGE: Final = 2  # as argparse has it
NO_MESSAGE: Final = 65  # EX_DATAERR of sysexits.h: there is nothing to be tried again
NO_USER: Final = 67  # EX_NOUSER: a mail transport returns the message to its sender
TRY_AGAIN: Final = 75  # EX_TEMPFAIL: it keeps the message and tries again
INTERRUPTED: Final = 130  # as shells have it for Ctrl-C


def fail(code: int, sentence: str, /) -> NoReturn:
    """Says on stderr why it is over, and ends with that code.

    Raises:
        SystemExit: always.
    """
    sys.stderr.write(f"quitclaim: {sentence}\n")
    raise SystemExit(code)


def sentence(error: Exception, /) -> str:
    """What an exception says, without the number that Python puts before what the system says.

    >>> sentence(FileNotFoundError(2, "No such file or directory", "/proc/x"))
    '/proc/x: No such file or directory'
    >>> sentence(OSError(98, "cannot listen on 127.0.0.1:110")), sentence(ValueError("that is none"))
    ('cannot listen on 127.0.0.1:110', 'that is none')
    """
    if not isinstance(error, OSError) or not error.strerror:
        return str(error)
    return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
