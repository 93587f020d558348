"""A bar that is drawn again and again on one line of a terminal."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from typing import TextIO

__all__ = ("Progress",)


class Progress:
    """What is drawn while something is done. Where there is no terminal, nothing is drawn.

    >>> import io
    >>> progress = Progress(io.StringIO(), 200)
    >>> progress.line(50, "so far")
    '█████░░░░░░░░░░░░░░░ 50 of 200 so far'
    """

    def __init__(self, stream: TextIO, total: int, /) -> None:
        """Draws there, for so many things to do."""
        self._stream = stream
        self._total = total
        self.is_drawn = stream.isatty()

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
        return f"{'█' * full}{'░' * (_WIDTH - full)} {done:,} of {self._total:,} {text}"


_WIDTH: Final = 20  # characters
