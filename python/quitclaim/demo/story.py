"""What the demo does and says, from its first line to the table and the curve."""

from __future__ import annotations

import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import TYPE_CHECKING, Final

from quitclaim.cli.ending import USAGE, fail
from quitclaim.cli.progress import Progress
from quitclaim.demo import files
from quitclaim.demo.chart import Chart, Curve
from quitclaim.demo.child import Child, run
from quitclaim.demo.login import read_message
from quitclaim.storm import storm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ("show",)


@dataclass(slots=True)
class _Watched:
    """A server, and what was seen of it."""

    child: Child
    points: list[tuple[int, int]] = field(default_factory=list)  # failed logins, Handle Count
    before: int = 0
    most: int = 0
    stopped: int = 0
    descriptors: list[int] = field(default_factory=list)  # before the storm and after it

    def look(self) -> int:
        """Notes how many logins have failed, and how many handles there are; both are of one moment."""
        status = self.child.status()
        handles = status["handles"]
        self.points.append((status["counters"]["denied"], handles["live"]))
        self.most = max(self.most, handles["high_water"])
        return handles["live"]


def show(*, attempts: int | None, output: Path) -> None:
    """Runs all of it. Whatever happens, both servers and their data folder are gone afterwards.

    Args:
        attempts: failed logins at each server; None for a number that fits this machine.
        output: the folder for the curve.

    Raises:
        SystemExit: the arguments do not fit this machine, and a sentence says why.
        OSError: a server ended early or answers what it should not, or a file cannot be written.
    """
    files.check(output)
    print(_BEGIN)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="quitclaim-demo-")))
        run("user", "add", _USER, "--password-stdin", data=folder, stdin=_PASSWORD.encode())
        run("deliver", _USER, data=folder, stdin=_MESSAGE)
        watched = [
            _Watched(stack.enter_context(Child(name, command, folder)))
            for name, command in (
                ("quitclaim", ("quitclaim", "serve")),
                ("exchange50", ("quitclaim.exchange50",)),
            )
        ]
        attempts = _fitting(attempts, watched[1].child)
        for one in watched:
            _log_in(one)
        print(f"\n{attempts:,} failed logins at each of them, and the Handle Count of each:")
        _blow(watched, attempts)
        for one in watched:
            one.descriptors.append(one.child.descriptors())
            one.child.stop()
            one.stopped = 0 if one.child.is_gone() else one.points[-1][1]
    print()
    print("\n".join(_table(watched)))
    fixed, leaking = watched
    print(_OUTSIDE.format(*leaking.descriptors, *fixed.descriptors))
    paths = files.write(output, _chart(fixed, leaking))
    print(f"The curve is in {' and '.join(map(str, paths))}.")
    if len(paths) == 1:
        print("For a PNG beside it, install quitclaim[plot].")


def _fitting(attempts: int | None, leaking: Child) -> int:
    room = leaking.status()["handles"]["capacity"]
    if attempts is None:
        return min(_ATTEMPTS, room)
    if attempts > room:
        reason = (
            "the server with the defect has a file descriptor for each, and this machine gives it no more"
        )
        fail(USAGE, f"--attempts is at most {room:,} here: {reason} (ulimit -Hn)")
    return attempts


def _log_in(one: _Watched) -> None:
    """Shows that it is a real server: someone logs in, and reads mail."""
    message = read_message(one.child.address, _USER, _PASSWORD)
    subject = BytesHeaderParser().parsebytes(message)["Subject"]
    one.before = one.look()
    one.descriptors.append(one.child.descriptors())
    where = "{}:{}".format(*one.child.address)
    print(f"  {one.child.name:<10}  process {one.child.pid} at {where}:")
    print(f'{"":<12}  {_USER} logs in by NTLM and reads "{subject}", {len(message)} octets')


def _blow(watched: list[_Watched], attempts: int) -> None:
    """The storm, in gusts: the same for each server, and after each a look at both."""
    progress = Progress(sys.stdout, attempts)
    gusts = min(_GUSTS, attempts)
    width = len(f"{attempts:,}")
    said = 0.0
    for gust in range(1, gusts + 1):
        began = time.monotonic()
        done = attempts * gust // gusts
        size = done - attempts * (gust - 1) // gusts
        counts = []
        for one in watched:
            _fail(one.child, size)
            counts.append(f"{one.child.name} {one.look():>{width},}")
        text = f"  {'  '.join(counts)}  {done:>{width},} of {attempts:,}"
        progress.show(done, text)
        if progress.is_drawn:
            # Slower than it could be, for whoever watches.
            time.sleep(max(0.0, began + _GUST_TIME - time.monotonic()))
        elif time.monotonic() >= said + _LINE_TIME or gust == gusts:
            said = time.monotonic()
            print(progress.line(done, text), flush=True)
    if progress.is_drawn:
        print()


def _fail(child: Child, attempts: int) -> None:
    report = storm(
        "{}:{}".format(*child.address), username=_USER, connections=_CONNECTIONS, attempts=attempts
    )
    if report.unexpected:
        message = (
            f"{report.unexpected:,} of {attempts:,} failed logins at {child.name} did not end as they should"
        )
        raise ChildProcessError(message)


def _table(watched: Iterable[_Watched]) -> list[str]:
    columns: tuple[tuple[str, str, Callable[[_Watched], int]], ...] = (
        ("failed", "logins", lambda one: one.points[-1][0]),
        ("Handle Count", "before", lambda one: one.before),
        ("", "peak", lambda one: one.most),
        ("", "after the storm", lambda one: one.points[-1][1]),
        ("", "after stop", lambda one: one.stopped),
    )
    widths = [max(len(top), len(bottom)) + 2 for top, bottom, _ in columns]
    rows = [
        f"{'':<12}" + "".join(f"{top:>{width}}" for width, (top, _, _) in zip(widths, columns, strict=True)),
        f"{'':<12}" + "".join(f"{low:>{width}}" for width, (_, low, _) in zip(widths, columns, strict=True)),
    ]
    rows += [
        f"  {one.child.name:<10}"
        + "".join(f"{value(one):>{width},}" for width, (_, _, value) in zip(widths, columns, strict=True))
        for one in watched
    ]
    return [row.rstrip() for row in rows]


def _chart(fixed: _Watched, leaking: _Watched) -> Chart:
    failed, left = leaking.points[-1]
    _, none = fixed.points[-1]
    return Chart(
        title=f"{failed:,} failed logins: one server keeps {left:,} handles, the other {none:,}",
        subtitle="Two POP3 servers, the same logins: one has the defect of 1997 (Microsoft Q214573)",
        curves=(
            Curve("exchange50", "keeps a handle for each, until it is stopped", leaking.points),
            Curve("quitclaim", "a login that fails gives its handle back", fixed.points),
        ),
    )


_ATTEMPTS: Final = 3_000
_GUSTS: Final = 60
_GUST_TIME: Final = 0.1  # seconds; six in all
_LINE_TIME: Final = 1.0  # seconds between two lines, where there is no terminal
_CONNECTIONS: Final = 32  # at once
_USER: Final = "anna"
_PASSWORD: Final = "open sesame"  # noqa: S105 - of an account that lives for ten seconds
_MESSAGE: Final = b"""\
From: Bert <bert@example.org>
To: Anna <anna@example.org>
Subject: Your handle
Date: Mon, 06 Jan 1997 09:00:00 +0000

Dear Anna,
you can have it back.
"""

_BEGIN: Final = """\
In 1997 a POP3 server took a credential handle for each NTLM login and, when
the login failed, kept it: an administrator saw Handle Count climb with the
failed logins, until the service was stopped (Microsoft Q214573).

Here it is again (exchange50), beside a server that cannot have it (quitclaim):"""

_OUTSIDE: Final = """
Seen from outside, /proc/PID/fd: exchange50 went from {:,} file descriptors to
{:,}, quitclaim from {:,} to {:,}."""
