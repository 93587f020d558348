"""The files that the demo leaves behind: whole or not at all, and in the place of nobody else's."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from quitclaim.cli.ending import USAGE, fail
from quitclaim.demo.chart import MARK, Chart, svg
from quitclaim.demo.picture import png

__all__ = ("check", "write")


def check(folder: Path, /) -> None:
    """Looks whether the files can be written there, before anything is begun.

    Raises:
        SystemExit: a file of somebody else's has one of their names, or it is no folder that can be written.
    """
    try:
        _try(folder)
    except OSError as error:
        reason = f"{folder} is no folder that files can be written to ({error.strerror})"
        fail(USAGE, f"{reason}: give another by --output")
    for name in _NAMES:
        path = folder / name
        if path.exists() and not (path.is_file() and MARK.encode() in path.read_bytes()[:_BEGINNING]):
            fail(USAGE, f"{path} is not of the demo's making: move it, or give another folder by --output")


def write(folder: Path, chart: Chart, /) -> list[Path]:
    """Writes the curve, as SVG and, if matplotlib is installed, as PNG, and gives the paths.

    Raises:
        OSError: they cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, content in zip(_NAMES, (svg(chart).encode(), png(chart)), strict=True):
        if content is not None:
            path = (folder / name).absolute()
            _replace(path, content)
            paths.append(path)
    return paths


def _try(folder: Path) -> None:
    """Makes the folder, with a file in it, and leaves nothing of it: the demo may be stopped."""
    made = [one for one in (folder, *folder.parents) if not one.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    finally:
        for one in made:
            with suppress(OSError):  # it was not made
                one.rmdir()


def _replace(path: Path, content: bytes) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    partial = Path(name)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor
            os.fchmod(descriptor, _MODE)
            file.write(content)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


_NAMES: Final = ("handle-count.svg", "handle-count.png")
_BEGINNING: Final = 4_096  # octets in which the mark stands
_MODE: Final = 0o644
