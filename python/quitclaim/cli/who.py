"""`quitclaim who`: what the servers on a data folder hold at this moment."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from quitclaim.cli.arguments import add_data, data_folder
from quitclaim.cli.ending import FAILED, fail
from quitclaim.identity import fold
from quitclaim.monitor import status
from quitclaim.monitor.text import quoted

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from quitclaim.cli.arguments import Commands
    from quitclaim.monitor.status import Ntlmv1Entry, Status

__all__ = ("add_to", "lines")


def add_to(commands: Commands, /) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "who",
        prog="quitclaim who",
        help="shows sessions, locks and live handles",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    parser.set_defaults(run=_who)
    add_data(parser)


def _who(arguments: Namespace) -> int:
    folder = data_folder(arguments)
    found = status.read_all(folder)
    if not found:
        fail(FAILED, f"no server runs on {folder}")
    for number, server in enumerate(found):
        if number:
            print()
        for line in lines(server):
            print(line)
    return 0


def lines(server: Status, /) -> Iterator[str]:
    """What a server says of itself, to read."""
    age = _duration(server["seconds"])
    yield f"{server['program']}, process {server['pid']}, for {age}, {_doing(server)}"
    sessions = server["sessions"]
    yield f"  sessions  {server['connected']:,}"
    for session in sessions[:_MOST]:
        user = quoted(session["username"]) if session["username"] else "not logged in"
        yield f"    {session['peer']:<24} {_duration(session['seconds']):>8}  {user}"
    yield from _more(server["connected"], len(sessions))
    locks = server["locks"]
    yield f"  locks     {len(locks):,}"
    for lock in locks[:_MOST]:
        yield f"    {quoted(lock['username'])} by process {lock['pid']}"
    yield from _more(len(locks), len(locks))
    handles = server["handles"]
    census = handles["census"]
    peak, room = handles["high_water"], handles["capacity"]
    yield f"  handles   {handles['live']:,} live, peak {peak:,}, room for {room:,}"
    for handle in census[:_MOST]:
        yield f"    {handle['owner']:<24} {_duration(handle['age']):>8}  {handle['state']}"
    yield from _more(handles["live"], len(census))
    if server["ntlmv1"] is not None:
        yield from _ntlmv1(server["ntlmv1"])


def _ntlmv1(entries: list[Ntlmv1Entry]) -> Iterator[str]:
    """Who is still to be moved away from it: the list is to become empty, and then the switch can go."""
    users = len({fold(one["username"]) for one in entries})
    yield f"  NTLMv1    {'1 user logs' if users == 1 else f'{users:,} users log'} in by it"
    for one in entries[:_MOST]:
        last = time.strftime("%Y-%m-%d %H:%MZ", time.gmtime(one["last"]))
        times = "once" if one["logins"] == 1 else f"{one['logins']:,} times"
        yield f"    {one['address']:<24} {times:>12}, last {last}  {quoted(one['username'])}"
    yield from _more(len(entries), len(entries))


def _doing(server: Status) -> str:
    if server["listening"]:
        return f"on {', '.join(server['listening'])}"
    left = server["connected"]
    return f"stopping, {left:,} session{'s' * (left != 1)} left"


def _duration(seconds: float, /) -> str:
    """A time to read, in its largest whole unit.

    >>> _duration(7.9), _duration(150), _duration(10_800), _duration(200_000)
    ('7 s', '2 min', '3 h', '2 d')
    """
    whole = int(seconds)
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if whole >= size:
            return f"{whole // size} {unit}"
    return f"{whole} s"


def _more(total: int, listed: int) -> Iterator[str]:
    left = total - min(listed, _MOST)
    if left > 0:
        yield f"    and {left:,} more"


_MOST: Final = 100  # lines of each list

_DESCRIPTION: Final = """\
Shows what the servers on a data folder hold at this moment: sessions, with
their peers and users; locks of maildrops, with the processes that hold them;
live credential handles, the oldest first, with their peers and ages. Where
`serve --ntlm-v1` takes NTLMv1: who has logged in by it since, and from where.
"""

_EPILOG: Final = """\
example:
  quitclaim who

On a server where nobody is just logging in there are no live handles: a handle
lives from AUTH or PASS to the reply. The peak counts slots ever used: as many
were live at once, or fewer.

exit codes: 0 shown, 1 no server runs there, 2 wrong arguments. A sentence on
stderr says which.
"""
