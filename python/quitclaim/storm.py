"""A storm of NTLM logins at a POP3 server on this machine: failed, good or mixed, counted and timed.

It is for your own server: an address that is not loopback is refused before there is a socket. All of it runs
on the calling thread, in Rust and without the GIL, so a server in another thread of this process gets on.

    report = storm("127.0.0.1:1110", username="user{}", password="secret", mode="mixed", connections=128)
    print(text(report))

The reference of `storm` and `StormReport` is the stub beside this file: `_quitclaim.pyi`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from quitclaim._quitclaim import StormReport, storm

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("StormReport", "as_dict", "storm", "text")


def text(report: StormReport, /) -> str:
    """The report for a reader who has not seen one before: what was expected, what came, how long it took.

    >>> from socket import socket
    >>> deaf = socket()
    >>> deaf.bind(("127.0.0.1", 0))
    >>> print(text(storm("127.0.0.1:%d" % deaf.getsockname()[1], username="anna", attempts=2)))
    ... # doctest: +ELLIPSIS
    2 attempts at 127.0.0.1:... with a wrong password, up to 64 connections at once: done
      0 as expected (denied)
      2 not as expected: 2 not connected
      nobody listens at 127.0.0.1:...
    >>> deaf.close()
    """
    return "\n".join(_lines(report))


def as_dict(report: StormReport, /) -> dict[str, object]:
    """The report as JSON can have it. Times are in seconds.

    >>> from socket import socket
    >>> deaf = socket()
    >>> deaf.bind(("127.0.0.1", 0))
    >>> as_dict(storm("127.0.0.1:%d" % deaf.getsockname()[1], username="anna", attempts=2))["unexpected"]
    2
    >>> deaf.close()
    """
    return {name: getattr(report, name) for name in _ATTRIBUTES}


def _lines(report: StormReport) -> Iterator[str]:
    password, wanted = _MODES[report.mode]
    each = f" and {report.per_connection:,} on each" if report.per_connection > 1 else ""
    yield (
        f"{report.attempts:,} attempts at {report.address} with {password}, "
        f"up to {report.connections:,} connections at once{each}: {report.ending}"
    )
    yield f"  {report.expected:,} as expected ({wanted})"
    yield f"  {report.unexpected:,} not as expected{_surprises(report)}"
    if report.latency:
        each_took = f"{report.cpu / report.attempts * 1e6:,.1f} µs"
        yield (
            f"  {report.rate:,.0f} attempts/s over {report.wall:,.2f} s; "
            f"this client used {each_took} of CPU an attempt"
        )
        figures = "   ".join(f"{name} {_duration(figure)}" for name, figure in report.latency.items())
        yield f"  time to the server's last word: {figures}"
    elif report.attempts and report.attempts == sum(
        outcomes["not connected"] for outcomes in report.outcomes.values()
    ):
        yield f"  nobody listens at {report.address}"
    else:
        yield "  no attempt was answered, so there is nothing to time"


def _surprises(report: StormReport) -> str:
    both = report.mode == "mixed"
    found = [
        f"{count:,} {outcome}" + (f" with the {password}" if both else "")
        for password, outcomes in report.outcomes.items()
        for outcome, count in outcomes.items()
        if count and outcome != _EXPECTED[password]
    ]
    return ": " + ", ".join(found) if found else ""


def _duration(seconds: float) -> str:
    if seconds < 1e-3:  # noqa: PLR2004 - a millisecond
        return f"{seconds * 1e6:.0f} µs"
    return f"{seconds * 1e3:.2f} ms" if seconds < 1 else f"{seconds:.2f} s"


_EXPECTED = {"wrong password": "denied", "right password": "logged in"}
_MODES = {
    "fail": ("a wrong password", "denied"),
    "ok": ("the right password", "logged in, and out by QUIT"),
    "mixed": ("a wrong and the right password in turn", "denied, or logged in and out by QUIT"),
}
_ATTRIBUTES = (
    "address",
    "mode",
    "connections",
    "per_connection",
    "ending",
    "attempts",
    "expected",
    "unexpected",
    "outcomes",
    "latency",
    "rate",
    "wall",
    "cpu",
)
