"""A line with a bar that is drawn again and again on a terminal."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from typing import TextIO

__all__ = ("Progress",)


class Progress:
    """What is drawn while something is done. Where no line can be drawn again, nothing is drawn.

    The bar comes last: a narrow terminal cuts that, and not what there is to read.

    >>> import io
    >>> Progress(io.StringIO(), 200).line(50, "50 of 200 logins")
    '50 of 200 logins  █████░░░░░░░░░░░░░░░'
    >>> Progress(io.TextIOWrapper(io.BytesIO(), "ascii"), 200).line(50, "50 of 200 logins")
    '50 of 200 logins  #####...............'
    """

    def __init__(self, stream: TextIO, total: int, /) -> None:
        """Draws there, for so many things to do."""
        self._stream = stream
        self._total = total
        self._full, self._empty = "█░" if _can_say(stream, "█░") else "#."
        self.is_drawn = stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"

    def show(self, done: int, text: str, /) -> None:
        """Draws it in the place of what was drawn before."""
        if self.is_drawn:
            width = shutil.get_terminal_size().columns - 1
            self._stream.write(f"\r{self.line(done, text)[:width]}\x1b[K")
            self._stream.flush()

    def clear(self) -> None:
        """Leaves the line empty."""
        if self.is_drawn:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def line(self, done: int, text: str, /) -> str:
        """What is drawn."""
        full = _WIDTH * done // self._total
        return f"{text}  {self._full * full}{self._empty * (_WIDTH - full)}"


def _can_say(stream: TextIO, text: str) -> bool:
    try:
        text.encode(stream.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


_WIDTH: Final = 20  # characters
