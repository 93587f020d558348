"""What docs/operating.md says of the log is what the log says, and its commands are those that there are."""

from __future__ import annotations

import re
from base64 import b64encode
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

import pytest
from tests.ntlm.door import BINDING, Door
from tests.ntlm.initiator import Initiator
from tests.session.peer import LOGINS, PASSWORD, Peer
from tests.session.ports import later, raising

from quitclaim.cli.main import main
from quitclaim.cli.who import lines
from quitclaim.errors import AccountsUnavailable, StoreUnavailable, Unavailable
from quitclaim.identity import Identity
from quitclaim.limits import Limits
from quitclaim.monitor.json_lines import JsonLines
from quitclaim.monitor.text import TextLines
from quitclaim.ntlm import Acceptor
from quitclaim.observer import Cause, Left, LoggedIn, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from quitclaim import HandleTable
    from quitclaim.monitor.status import Status
    from quitclaim.observer import Event

PAGE = Path(__file__).parent.parent / "docs" / "operating.md"
TEXT = PAGE.read_text()
TIME = "2026-11-22T22:00:00Z"
PEER = "192.0.2.7:4711"


def block(language: str, number: int = 0) -> str:
    """A fenced block of that language."""
    found: str = re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)[number]
    return found


def causes(title: str) -> list[str]:
    """The causes in the table under a title."""
    return re.findall(
        r"^\| `([^`]+)` \|", TEXT.partition(f"### {title}\n")[2].partition("\n##")[0], re.MULTILINE
    )


# --- its lines

EVENTS: list[Event] = [
    Refused(PEER, "NTLM", "anna", "logon denied"),
    LoggedIn(PEER, "NTLM", "anna", 3, 4_500, "NTLMv2+MIC"),
    Left(PEER, "anna", "quit", 3, 4_500, 3),
    Left(PEER, "anna", "lost", 1, 1_500, 0),
]


def test_its_lines_of_text_are_the_logs() -> None:
    log = TextLines()
    assert block("text", 1).splitlines() == [log.opening(TIME) + log.event(event) for event in EVENTS]


def test_its_lines_of_json_are_the_logs() -> None:
    log = JsonLines()
    assert block("json").splitlines() == [log.opening(TIME) + log.event(event) for event in EVENTS]


def test_its_list_of_who_needs_ntlmv1_is_what_who_shows() -> None:
    shown = {
        "program": "quitclaim",
        "pid": 1,
        "listening": [],
        "seconds": 0.0,
        "connected": 0,
        "handles": {"live": 0, "high_water": 0, "capacity": 1, "census": []},
        "locks": [],
        "sessions": [],
        "ntlmv1": [
            {"username": "bert", "address": "192.0.2.7", "logins": 1, "last": 1_795_384_800.0},
            {"username": "anna", "address": "192.0.2.8", "logins": 2, "last": 1_795_384_680.0},
        ],
    }
    assert list(lines(cast("Status", shown)))[-3:] == block("text", 2).splitlines()


# --- why a login failed


def plain(peer: Peer) -> None:
    LOGINS["PLAIN"](peer, "anna", PASSWORD)


def wrong(peer: Peer) -> None:
    LOGINS["PLAIN"](peer, "anna", "guess")


def accounts_are_down(peer: Peer) -> None:
    peer.accounts.how = raising(AccountsUnavailable())
    plain(peer)


def store_is_down(peer: Peer) -> None:
    peer.store.opening = raising(StoreUnavailable())
    plain(peer)


def accounts_do_not_answer(peer: Peer) -> None:
    peer.accounts.how = raising(Unavailable())
    plain(peer)


def its_handle_is_reaped(peer: Peer) -> None:
    peer.say(b"AUTH PLAIN")
    peer.table.drain()
    peer.say(b64encode(b"\0anna\0" + PASSWORD.encode()))


def gone_before_the_answer(peer: Peer) -> None:
    peer.accounts.how = later
    plain(peer)
    peer.session.close("lost")


def open_elsewhere(peer: Peer) -> None:
    peer.store.memory.open(Identity("anna"))
    plain(peer)


def out_of_patience(peer: Peer) -> None:
    for _ in range(2):
        wrong(peer)


def twice_in_a_minute(peer: Peer) -> None:
    plain(peer)
    peer.say(b"QUIT")
    plain(Peer(peer.table, address=peer.session.address, beside=peer, observer=peer.events.append))


SITUATIONS: dict[str, Callable[[Peer], object]] = {
    "logon denied": wrong,
    "logon denied: nobody of that name has an NT hash": lambda peer: LOGINS["NTLM"](peer, "mallory", "guess"),
    "locked out": out_of_patience,
    "refused by policy: acting for another user": lambda peer: peer.say(
        b"AUTH PLAIN " + b64encode(b"bert\0anna\0" + PASSWORD.encode())
    ),
    "invalid token: …": lambda peer: peer.say(b"AUTH PLAIN", b"%"),
    "cancelled": lambda peer: peer.say(b"AUTH PLAIN", b"*"),
    "given up: …": gone_before_the_answer,
    "maildrop in use": open_elsewhere,
    "too soon": twice_in_a_minute,
    "unavailable: accounts": accounts_are_down,
    "unavailable: store": store_is_down,
    "unavailable: no handle": its_handle_is_reaped,
    "unavailable: no answer": accounts_do_not_answer,
}
LIMITS = Limits(address_guesses=1, login_delay=60.0)


def last_cause(events: list[Event]) -> str:
    """Why the last login failed; what a word behind a colon may be that the table leaves out is left out."""
    event = [event for event in events if isinstance(event, Refused)][-1]
    return re.sub(r"^(invalid token|given up): .+", r"\1: …", event.cause)


@pytest.mark.parametrize("cause", SITUATIONS)
def test_a_login_fails_for_the_cause_that_the_log_says(cause: str, handle_table: HandleTable[Any]) -> None:
    peer = Peer(handle_table, address="192.0.2.7", limits=LIMITS)
    SITUATIONS[cause](peer)
    assert last_cause(peer.events) == cause


POLICIES = {
    "the response is NTLMv1": (Acceptor("MAIL"), Initiator(version="NTLMv1")),
    "the client's clock is too far off": (Acceptor("MAIL"), Initiator(ahead=37 * 3600.0)),
    "there is no MIC": (Acceptor("MAIL", mic="required"), Initiator(mic=False)),
    "there is no channel binding": (Acceptor("MAIL", channel_binding="require"), Initiator()),
    "the channel binding is of another connection": (Acceptor("MAIL"), Initiator(binding=bytes(range(16)))),
}


@pytest.mark.parametrize("words", POLICIES)
def test_ntlm_is_refused_for_the_cause_that_the_log_says(words: str, handle_table: HandleTable[Any]) -> None:
    acceptor, initiator = POLICIES[words]
    door = Door(handle_table, acceptor, binding=BINDING)
    door.knock(initiator)
    assert last_cause(door.events) == f"refused by policy: {words}"


def test_the_table_has_each_cause_and_no_other() -> None:
    policies = {f"refused by policy: {words}" for words in POLICIES}
    assert sorted(causes("Why a login failed")) == sorted(SITUATIONS.keys() | policies)


# --- why a session ended


def test_the_table_has_each_end_of_a_session_that_was_logged_in() -> None:
    before_login = {"failures", "refused", "handshake"}
    assert set(causes("Why a session ended")) == set(get_args(Cause)) - before_login


# --- its commands, files and links


def test_its_flags_are_the_commands_own(capsys: pytest.CaptureFixture[str]) -> None:
    said = ""
    for command in ("serve", "user add", "who"):
        with pytest.raises(SystemExit):
            main([*command.split(), "--help"])
        said += capsys.readouterr().out
    flags = set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]+", TEXT))
    assert {flag for flag in flags if flag not in said} == set()


def test_what_comes_with_the_package_is_where_the_page_looks() -> None:
    folder = Path(str(files("quitclaim"))) / "contrib" / "fail2ban"
    assert all(
        (folder / path).is_file() for path in re.findall(r"^# cp (\S+)", block("console", 2), re.MULTILINE)
    )


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)]+)\)", TEXT))
def test_a_link_leads_somewhere(link: str) -> None:
    path, _, title = link.partition("#")
    titles = re.findall(r"^#+ (.+)$", (PAGE.parent / (path or PAGE.name)).read_text(), re.MULTILINE)
    assert not title or title in {re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in titles}
