"""What strangers do to TLS: inject, babble, stall, hang up. Nobody else notices, and nothing is left."""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from tests.server.wire import GREETING, PASSWORD, PLAIN

from quitclaim.limits import Limits
from quitclaim.observer import Left
from quitclaim.server import Listener, Tls

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.server.conftest import Served, Servers
    from tests.server.wire import Wire

BEGIN = b"+OK begin TLS\r\n"
HELLO = bytes.fromhex("16030100c8010000c40303")  # how a ClientHello begins
GARBAGE = {
    "text": b"USER anna\r\nPASS open sesame\r\n",
    "HTTP": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "zeros": bytes(1000),
    "much": b"\xff" * 300_000,
    "a record without end": b"\x16\x03\x01\xff\xff" + bytes(70_000),
    "an alert": b"\x15\x03\x01\x00\x02\x02\x28",
    "SSLv2": b"\x80\x2e\x01\x00\x02" + bytes(44),
}


@pytest.fixture(autouse=True)
def _nothing_is_complained_of(serve: Servers, caplog: pytest.LogCaptureFixture) -> Iterator[None]:  # noqa: ARG001
    """A stranger's doing is no line in the log, of ours or of asyncio's."""
    yield
    assert [record.getMessage() for record in caplog.records if record.levelname != "DEBUG"] == []


@pytest.fixture(params=["stls", "pop3s"])
def served(request: pytest.FixtureRequest, serve: Servers, tls: Tls) -> Served:
    """A server that waits for the handshake in one way or the other."""
    return serve(listener=Listener(port=0, tls=tls, implicit=request.param == "pop3s"))


def before_tls(served: Served) -> Wire:
    """A connection whose handshake is next."""
    implicit = served.listener.implicit
    wire = served.connect(greeted=not implicit)
    if not implicit:
        assert wire.say(b"STLS") == BEGIN
    return wire


def causes(served: Served) -> list[str]:
    """Why connections ended."""
    return [event.cause for event in served.events if isinstance(event, Left)]


def failed(served: Served) -> int:
    """Handshakes without a result."""
    return served.controller.server.counters.handshakes_failed


def is_gone(wire: Wire) -> bool:
    """Whether the server has closed, after an alert or without a word; nothing is said in plaintext."""
    try:
        said = wire.rest()
    except ConnectionResetError:
        return True
    return said == b"" or said.startswith(b"\x15\x03")


# --- plaintext behind STLS (CVE-2011-0411 and its children)


@pytest.mark.pop3("login-35", "login-36", "defect-1")
@pytest.mark.parametrize(
    "behind",
    [
        b"CAPA\r\n",
        b"USER anna\r\n",
        b"USER an",
        b"Q",
        b"QUIT\r\n",
        b"STLS\r\n",
        PLAIN + b"\r\nDELE 1\r\nQUIT\r\n",
        PLAIN[:20],
        # No more than one packet: what comes in a second one comes after the answer, and ends it (below).
        b"NOOP\r\n" * 1_000,
        b"x" * 6_000,
    ],
)
def test_plaintext_behind_stls_is_neither_answered_nor_done(
    offered: Served, trust: ssl.SSLContext, behind: bytes
) -> None:
    offered.store.memory.deliver("anna", b"x")
    wire = offered.connect()
    wire.socket.sendall(b"STLS\r\n" + behind)
    assert wire.line() == BEGIN
    wire.secure(trust)
    assert wire.say(b"PASS open sesame") == b"-ERR say USER first\r\n"
    assert wire.say(PLAIN) == b"+OK 1 messages (3 octets)\r\n"
    assert wire.say(b"STAT") == b"+OK 1 3\r\n"
    assert wire.say(b"QUIT") == b"+OK goodbye\r\n"
    assert wire.rest() == b""


@pytest.mark.pop3("login-35", "defect-1")
@pytest.mark.parametrize("behind", [b"CAPA\r\n", b"USER anna\r\n", b"NOOP\r\n" * 10_000])
def test_plaintext_that_comes_after_the_answer_ends_it(offered: Served, behind: bytes) -> None:
    wire = offered.connect()
    assert wire.say(b"STLS") == BEGIN
    wire.socket.sendall(behind)
    assert is_gone(wire)
    offered.until(lambda: not offered.roster.peers)
    assert causes(offered) == ["handshake"]
    assert offered.controller.server.counters.attempts == 0


def test_stls_in_an_exchange_begins_nothing(offered: Served) -> None:
    wire = offered.connect()
    assert wire.say(b"AUTH NTLM") == b"+ \r\n"
    assert wire.say(b"STLS") == b"-ERR [AUTH] authentication failed\r\n"
    assert wire.say(PLAIN).startswith(b"+OK")


# --- no handshake


@pytest.mark.pop3("defect-5")
@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
def test_garbage_ends_it(served: Served, garbage: bytes) -> None:
    wire = before_tls(served)
    with suppress(OSError):  # it may be enough before all is said
        wire.socket.sendall(garbage)
        wire.say_no_more()
    assert is_gone(wire)
    served.until(lambda: not served.roster.peers)
    assert failed(served) == 1
    assert causes(served) == ["handshake"]


@pytest.mark.pop3("login-40")
def test_tls_11_is_refused(served: Served, trust: ssl.SSLContext) -> None:
    with pytest.warns(DeprecationWarning, match="is deprecated"):
        trust.minimum_version, trust.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    trust.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError, match="EOF"):  # neither loop sends the alert
        before_tls(served).secure(trust)
    served.until(lambda: failed(served) == 1)


@pytest.mark.pop3("login-40")
def test_tls_12_is_taken(served: Served, trust: ssl.SSLContext) -> None:
    trust.maximum_version = ssl.TLSVersion.TLSv1_2
    wire = before_tls(served).secure(trust)
    if served.listener.implicit:
        assert wire.line() == GREETING
    assert wire.ntlm("anna", PASSWORD).startswith(b"+OK")


def test_a_client_that_does_not_trust_us_goes(served: Served) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        before_tls(served).secure(ssl.create_default_context())
    served.until(lambda: not served.roster.peers)


@pytest.mark.parametrize("hello", [HELLO, b"\x16"], ids=["some", "an octet"])
@pytest.mark.parametrize("how", ["reset", "close", "say_no_more"])
def test_who_hangs_up_in_a_handshake_leaves_nothing(served: Served, hello: bytes, how: str) -> None:
    wire = before_tls(served)
    wire.socket.sendall(hello)
    served.until(lambda: [is_begun(peer) for peer in served.roster.peers] == [True])
    {"reset": wire.reset, "close": wire.close, "say_no_more": wire.say_no_more}[how]()
    served.until(lambda: not served.roster.peers)
    assert causes(served) == ["handshake"]


def is_begun(peer: Any) -> bool:  # noqa: ANN401 - a connection's private part
    """Whether a connection has heard the first octet of its handshake."""
    handshake = peer.handshake
    return handshake is not None and handshake.is_begun


def test_who_says_nothing_and_goes_is_no_failed_handshake(serve: Servers, tls: Tls) -> None:
    served = serve(listener=Listener(port=0, tls=tls, implicit=True))
    served.connect(greeted=False).close()
    served.until(lambda: causes(served) == ["lost"])
    assert failed(served) == 0


def test_a_hello_on_a_plain_listener_is_a_bad_line(serve: Servers) -> None:
    wire = serve().connect()
    wire.socket.sendall(HELLO + b"\n")
    assert wire.line().startswith(b"-ERR")
    assert wire.say(PLAIN).startswith(b"+OK")


# --- half a handshake


@pytest.mark.pop3("login-38", "defect-9")
@pytest.mark.parametrize("hello", [b"", HELLO], ids=["nothing", "half a hello"])
def test_a_stalled_handshake_stalls_nobody_and_expires(
    served: Served, trust: ssl.SSLContext, hello: bytes
) -> None:
    stalled = [before_tls(served) for _ in range(20)]
    for wire in stalled:
        wire.socket.sendall(hello)
    other = before_tls(served).secure(trust)
    assert other.socket.version() == "TLSv1.3"  # type: ignore[attr-defined]  # it is one of ssl's
    if served.listener.implicit:
        assert other.line() == GREETING
    assert other.login().say(b"STAT") == b"+OK 0 0\r\n"
    served.look_around(Limits().login_timeout + 1)
    assert all(is_gone(wire) for wire in stalled)
    served.until(lambda: len(served.roster.peers) == 1)
    assert causes(served) == ["timeout"] * 20
    assert served.controller.server.counters.timeouts == 20
    assert failed(served) == 0
    assert other.say(b"QUIT") == b"+OK goodbye\r\n"


@pytest.mark.pop3("defect-9")
def test_a_handshake_counts_as_a_connection(serve: Servers, tls: Tls) -> None:
    limits = Limits(connections_per_address=2)
    served = serve(listener=Listener(port=0, tls=tls, implicit=True), limits=limits)
    held = [before_tls(served) for _ in range(2)]
    served.until(lambda: len(served.roster.peers) == 2)
    assert served.connect(greeted=False).is_closed()
    assert served.controller.server.counters.refused == 1
    held[0].reset()
    served.until(lambda: len(served.roster.admitted) == 1)


@pytest.mark.parametrize("hello", [b"", HELLO], ids=["nothing", "half a hello"])
def test_a_drain_waits_for_no_handshake(served: Served, hello: bytes) -> None:
    wire = before_tls(served)
    wire.socket.sendall(hello)
    served.until(lambda: len(served.roster.peers) == 1)
    served.stop().result(5)
    assert is_gone(wire)
    assert causes(served) == ["drained"]


@pytest.mark.parametrize("hello", [b"", HELLO], ids=["nothing", "half a hello"])
def test_a_server_that_stops_at_once_leaves_no_handshake(served: Served, hello: bytes) -> None:
    wire = before_tls(served)
    wire.socket.sendall(hello)
    served.until(lambda: len(served.roster.peers) == 1)
    served.controller.call(served.controller.server._drop_all)  # noqa: SLF001 - what a cancelled drain does
    assert is_gone(wire)


def test_a_handshake_is_ended_before_it_has_begun(offered: Served) -> None:
    wire = offered.connect()
    peer = next(iter(offered.roster.peers))

    def say_and_abort() -> None:
        peer.data_received(b"STLS\r\n")
        peer.abort()

    offered.controller.call(say_and_abort)
    assert wire.rest() in {b"", BEGIN}
    offered.until(lambda: not offered.roster.peers)
    offered.until(lambda: peer.handshake is None)  # its task is over too


# --- what lies behind a handshake


def test_a_failed_login_over_tls_leaves_no_handle(served: Served, trust: ssl.SSLContext) -> None:
    wire = before_tls(served).secure(trust)
    if served.listener.implicit:
        assert wire.line() == GREETING
    assert wire.ntlm("anna", "a guess") == b"-ERR [AUTH] authentication failed\r\n"
    assert len(served.table) == 0


@pytest.mark.pop3("defect-5")
def test_garbage_over_tls_ends_it(offered: Served, trust: ssl.SSLContext) -> None:
    wire = offered.connect()
    assert wire.say(b"STLS") == BEGIN
    secured = wire.secure(trust).socket
    assert wire.say(b"AUTH NTLM") == b"+ \r\n"
    wire.socket = socket.socket(fileno=secured.detach())
    wire.socket.settimeout(20)
    wire.socket.sendall(b"\x17\x03\x03\x00\x20" + bytes(32))
    offered.until(lambda: not offered.roster.peers)
    assert len(offered.table) == 0
