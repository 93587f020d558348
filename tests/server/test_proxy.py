"""A listener behind balancers: a PROXY header comes first, and decides who the peer is and what it may do."""

from __future__ import annotations

from contextlib import suppress
from ssl import MemoryBIO, SSLWantReadError
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import hashes
from spnego.channel_bindings import GssChannelBindings
from tests.server.certificates import is_done
from tests.server.headers import LOCAL, version_1, version_2
from tests.server.headers import tls as has_tls
from tests.server.wire import GREETING, PASSWORD, PLAIN, Wire

from quitclaim.limits import Limits
from quitclaim.ntlm import Acceptor, ChannelBinding
from quitclaim.observer import Connected, Refused
from quitclaim.sasl import Ntlm, Plain
from quitclaim.server import Listener, Proxy, Tls

if TYPE_CHECKING:
    import ssl

    from cryptography import x509
    from tests.server.conftest import Served, Servers

    from quitclaim.observer import Event

AFAR = version_1("192.0.2.7")
AFAR_BY_TLS = version_2("192.0.2.7", 4711, has_tls())
HERE = version_1("127.0.0.1")
BEHIND = Listener(port=0, proxy=Proxy())
NO_PASSWORD = b"-ERR no such mechanism here, see CAPA\r\n"
EMPTY = b"+OK 0 messages (0 octets)\r\n"
TOO_MANY = b"-ERR [SYS/TEMP] too many connections, try again later\r\n"


@pytest.fixture
def behind(serve: Servers) -> Served:
    """A server behind a balancer on loopback."""
    return serve(listener=BEHIND)


def arrived(served: Served, header: bytes) -> Wire:
    """A connection whose balancer has said whom it is from."""
    wire = served.connect(greeted=False)
    wire.socket.sendall(header)
    assert wire.line() == GREETING
    return wire


def peers(served: Served) -> list[str]:
    """Whom the observer was told of."""
    return [event.peer for event in served.events if isinstance(event, Connected)]


def unproxied(served: Served) -> int:
    """Connections without a header that is believed."""
    return served.controller.server.counters.unproxied


def complaints(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What an operator reads, without the balancer's port."""
    return [record.getMessage().partition(" is closed: ")[2] for record in caplog.records]


# --- who the peer is


@pytest.mark.pop3("login-41", "asked-7")
@pytest.mark.parametrize(
    ("header", "peer"),
    [
        (AFAR, "192.0.2.7:4711"),
        (version_2("192.0.2.7"), "192.0.2.7:4711"),
        (version_1("2001:db8::7"), "[2001:db8::7]:4711"),
        (version_2("::ffff:192.0.2.7"), "192.0.2.7:4711"),
    ],
)
def test_the_header_names_the_peer(behind: Served, header: bytes, peer: str) -> None:
    wire = arrived(behind, header)
    assert wire.ntlm("anna", "a guess").startswith(b"-ERR [AUTH]")
    assert wire.ntlm("anna", PASSWORD) == EMPTY
    assert [one.peer for one in behind.controller.server.sessions()] == [peer]
    assert wire.say(b"QUIT") == b"+OK goodbye\r\n"
    behind.until(lambda: not behind.roster.peers)
    assert {event.peer for event in behind.events} == {peer}
    assert [event.peer for event in behind.events if isinstance(event, Refused)] == [peer]


@pytest.mark.pop3("asked-7")
def test_limits_count_whom_the_header_names(serve: Servers) -> None:
    served = serve(listener=BEHIND, limits=Limits(connections_per_address=1))
    _first, other = arrived(served, AFAR), arrived(served, version_1("192.0.2.8"))
    second = served.connect(greeted=False)
    second.socket.sendall(version_2("192.0.2.7", 4712))
    assert second.line() == TOO_MANY
    assert other.say(b"QUIT") == b"+OK goodbye\r\n"


@pytest.mark.pop3("login-25")
@pytest.mark.parametrize(
    "header", [LOCAL, b"PROXY UNKNOWN\r\n", b"PROXY UNKNOWN 127.0.0.1 127.0.0.1 1 2\r\n"]
)
def test_a_health_check_is_the_balancers_and_not_trusted(behind: Served, header: bytes) -> None:
    wire = arrived(behind, header)
    assert wire.say(PLAIN) == NO_PASSWORD
    assert wire.say(b"QUIT") == b"+OK goodbye\r\n"
    assert peers(behind) == ["{}:{}".format(*wire.socket.getsockname())]


# --- what it may do


@pytest.mark.pop3("login-25")
def test_nobody_is_local_because_the_balancer_is(behind: Served) -> None:
    wire = arrived(behind, AFAR)
    assert wire.say(PLAIN) == NO_PASSWORD
    assert wire.say(b"USER anna") == b"-ERR no password in plaintext is taken here, see CAPA\r\n"
    assert arrived(behind, HERE).say(PLAIN) == EMPTY


@pytest.mark.pop3("login-25")
def test_a_password_is_taken_under_the_balancers_tls(serve: Servers, tls: Tls) -> None:
    served = serve(listener=Listener(port=0, proxy=Proxy(), tls=tls))
    wire = arrived(served, AFAR_BY_TLS)
    assert wire.say(b"STLS").startswith(b"-ERR")
    assert wire.say(PLAIN) == EMPTY


@pytest.mark.parametrize("header", [version_2("192.0.2.7", 4711, has_tls(0)), version_2("192.0.2.7")])
def test_stls_is_offered_to_who_has_no_tls_yet(
    serve: Servers, tls: Tls, trust: ssl.SSLContext, header: bytes
) -> None:
    served = serve(listener=Listener(port=0, proxy=Proxy(), tls=tls))
    wire = arrived(served, header)
    assert wire.say(PLAIN) == NO_PASSWORD
    assert wire.say(b"STLS") == b"+OK begin TLS\r\n"
    assert wire.secure(trust).say(PLAIN) == EMPTY


def test_ntlm_is_bound_to_the_balancers_certificate_if_that_is_known(
    serve: Servers, certificate: x509.Certificate
) -> None:
    shown = certificate.fingerprint(hashes.SHA256())
    acceptor = Acceptor("MAIL", channel_binding="require")
    ntlm = Ntlm(acceptor, binding=ChannelBinding.tls_server_end_point(shown))
    wire = arrived(serve(listener=BEHIND, mechanisms=[ntlm]), AFAR_BY_TLS)
    assert wire.ntlm("anna", PASSWORD).startswith(b"-ERR [AUTH]")
    right = GssChannelBindings(application_data=b"tls-server-end-point:" + shown)
    assert wire.ntlm("anna", PASSWORD, right) == EMPTY


def test_ntlm_that_must_be_bound_is_not_offered_where_nobody_knows_to_what(serve: Servers) -> None:
    ntlm = Ntlm(Acceptor("MAIL", channel_binding="require"))
    wire = arrived(serve(listener=BEHIND, mechanisms=[ntlm, Plain()]), AFAR_BY_TLS)
    wire.send(b"AUTH", b"QUIT")
    assert wire.rest() == b"+OK mechanisms\r\nPLAIN\r\n.\r\n+OK goodbye\r\n"


# --- what comes when


def test_nothing_is_said_before_the_header_and_what_is_behind_it_is_answered(behind: Served) -> None:
    wire = behind.connect(greeted=False)
    for octet in AFAR_BY_TLS[:-1]:
        wire.socket.sendall(bytes([octet]))
        behind.controller.call(lambda: None)
    assert peers(behind) == []
    wire.socket.sendall(AFAR_BY_TLS[-1:] + PLAIN + b"\r\nSTAT\r\nQU")
    wire.socket.sendall(b"IT\r\n")
    assert wire.rest() == GREETING + EMPTY + b"+OK 0 0\r\n+OK goodbye\r\n"


@pytest.mark.parametrize("early", [0, 7, 1_000], ids=["header first", "some of the hello with it", "at once"])
def test_a_handshake_follows_the_header(serve: Servers, tls: Tls, trust: ssl.SSLContext, early: int) -> None:
    served = serve(listener=Listener(port=0, proxy=Proxy(), tls=tls, implicit=True))
    wire = served.connect(greeted=False)
    from_peer, to_peer = MemoryBIO(), MemoryBIO()
    client = trust.wrap_bio(from_peer, to_peer, server_hostname="127.0.0.1")
    with pytest.raises(SSLWantReadError):
        client.do_handshake()
    hello = to_peer.read()
    wire.socket.sendall(AFAR + hello[:early])
    served.until(lambda: peers(served) == ["192.0.2.7:4711"])
    wire.socket.sendall(hello[early:])
    while not is_done(client):
        from_peer.write(wire.socket.recv(65_536))
    client.write(PLAIN + b"\r\nQUIT\r\n")
    wire.socket.sendall(to_peer.read())
    said = b""
    while not said.endswith(b"+OK goodbye\r\n"):
        from_peer.write(wire.socket.recv(65_536))
        with suppress(SSLWantReadError):
            while octets := client.read(65_536):
                said += octets
    assert said == GREETING + EMPTY + b"+OK goodbye\r\n"


# --- who is sent away


@pytest.mark.pop3("login-41")
@pytest.mark.parametrize("header", [b"", AFAR], ids=["silent", "with a header"])
def test_only_trusted_networks_are_believed(
    serve: Servers, caplog: pytest.LogCaptureFixture, header: bytes
) -> None:
    served = serve(listener=Listener(port=0, proxy=Proxy(("192.0.2.0/24", "::1"))))
    wire = served.connect(greeted=False)
    with suppress(OSError):  # it may be closed before
        wire.socket.sendall(header)
    assert wire.is_closed()
    assert (unproxied(served), peers(served)) == (1, [])
    assert complaints(caplog) == ["it is none of the proxies that are trusted"]


@pytest.mark.pop3("login-41")
@pytest.mark.parametrize(
    "octets", [PLAIN + b"\r\n", b"PROXY TCP4 x\r\n", b"\x16\x03\x01", b"\r\n\r\n\0\r\nX"]
)
def test_a_malformed_header_ends_it_without_a_word(
    behind: Served, caplog: pytest.LogCaptureFixture, octets: bytes
) -> None:
    wire = behind.connect(greeted=False)
    wire.socket.sendall(octets)
    assert wire.is_closed()
    behind.until(lambda: not behind.roster.peers)
    assert (unproxied(behind), behind.events) == (1, [])
    (complaint,) = complaints(caplog)
    assert complaint.startswith("its PROXY header is malformed: ")


@pytest.mark.pop3("login-42")
@pytest.mark.parametrize("octets", [b"", b"PRO", AFAR_BY_TLS[:-1]], ids=["silent", "a part", "all but one"])
def test_a_header_that_does_not_come_in_time_ends_it(
    behind: Served, caplog: pytest.LogCaptureFixture, octets: bytes
) -> None:
    wire = behind.connect(greeted=False)
    wire.socket.sendall(octets)
    behind.until(lambda: behind.roster.arriving == 1)
    behind.look_around(Limits().proxy_timeout - 2)
    behind.look_around(0)
    assert behind.controller.call(lambda: behind.roster.arriving) == 1
    behind.look_around(Limits().proxy_timeout + 1)
    assert wire.is_closed()
    assert (unproxied(behind), behind.roster.arriving) == (1, 0)
    assert complaints(caplog) == ["it sends no PROXY header"]


@pytest.mark.pop3("login-42")
def test_a_header_that_comes_octet_by_octet_has_no_more_time(behind: Served) -> None:
    wire = behind.connect(greeted=False)
    for octet in AFAR[:20]:
        wire.socket.sendall(bytes([octet]))
        behind.look_around(1)
    behind.look_around(Limits().proxy_timeout + 2)
    assert wire.is_closed()


def test_who_has_arrived_has_all_the_time_to_log_in(behind: Served) -> None:
    wire = arrived(behind, AFAR)
    behind.look_around(Limits().proxy_timeout + 2)
    assert wire.ntlm("anna", PASSWORD) == EMPTY


@pytest.mark.parametrize(("octets", "complaint"), [(b"PROXY T", ["its PROXY header is cut off"]), (b"", [])])
def test_who_leaves_in_a_header_is_complained_of_and_who_only_looks_is_not(
    behind: Served, caplog: pytest.LogCaptureFixture, octets: bytes, complaint: list[str]
) -> None:
    wire = behind.connect(greeted=False)
    wire.socket.sendall(octets)
    behind.until(lambda: behind.roster.arriving == 1)
    wire.say_no_more()
    assert wire.is_closed()
    behind.until(lambda: behind.roster.arriving == 0)
    assert complaints(caplog) == complaint
    assert unproxied(behind) == len(complaint)


def test_who_hangs_up_in_a_header_leaves_nothing(behind: Served) -> None:
    wire = behind.connect(greeted=False)
    wire.socket.sendall(AFAR[:5])
    behind.until(lambda: behind.roster.arriving == 1)
    wire.reset()
    behind.until(lambda: behind.roster.arriving == 0)
    assert not behind.roster.peers


# --- how many, and how it ends


def test_connections_without_a_header_count_as_connections(serve: Servers) -> None:
    served = serve(listener=BEHIND, limits=Limits(connections=2))
    wire, silent = arrived(served, AFAR), served.connect(greeted=False)
    served.until(lambda: served.roster.arriving == 1)
    assert served.connect(greeted=False).rest() == TOO_MANY
    silent.close()
    served.until(lambda: served.roster.arriving == 0)
    assert arrived(served, AFAR).say(b"QUIT") == b"+OK goodbye\r\n"
    assert wire.say(b"QUIT") == b"+OK goodbye\r\n"
    assert served.controller.server.counters.refused == 1


def test_a_listener_without_a_balancer_counts_those_that_have_one(serve: Servers, tls: Tls) -> None:
    direct = Listener(port=0, tls=tls)
    served = serve(listener=BEHIND, others=[direct], limits=Limits(connections=1))
    silent = served.connect(greeted=False)
    served.until(lambda: served.roster.arriving == 1)
    with Wire(served.controller.addresses[1], greeted=False) as wire:
        assert wire.rest() == TOO_MANY
    silent.close()
    served.until(lambda: served.roster.arriving == 0)
    with Wire(served.controller.addresses[1]) as wire:
        assert wire.say(b"QUIT") == b"+OK goodbye\r\n"


@pytest.mark.parametrize("octets", [b"", AFAR[:9]], ids=["silent", "half a header"])
def test_a_drain_waits_for_no_header(behind: Served, octets: bytes) -> None:
    wire = behind.connect(greeted=False)
    wire.socket.sendall(octets)
    behind.until(lambda: behind.roster.arriving == 1)
    behind.stop().result(5)
    assert wire.is_closed()
    assert unproxied(behind) == 0


def test_who_is_refused_after_the_header_says_no_more(serve: Servers) -> None:
    served = serve(listener=BEHIND, limits=Limits(connections_per_address=1))
    first = arrived(served, AFAR)
    with served.connect(greeted=False) as second:
        second.socket.sendall(AFAR + PLAIN + b"\r\n")
        assert second.line() == TOO_MANY
    assert served.controller.server.counters.attempts == 0
    assert first.say(b"QUIT") == b"+OK goodbye\r\n"


def test_an_observer_that_raises_costs_that_connection_only(serve: Servers) -> None:
    def refuses_afar(event: Event) -> None:
        if isinstance(event, Connected) and event.peer.startswith("192.0.2.7"):
            message = "an embedder's mistake"
            raise RuntimeError(message)

    served = serve(listener=BEHIND, observer=refuses_afar)
    wire = served.connect(greeted=False)
    wire.socket.sendall(AFAR + PLAIN + b"\r\n")
    assert wire.is_closed()
    assert arrived(served, HERE).say(PLAIN) == EMPTY
    assert served.controller.server.counters.attempts == 1


# --- which networks


@pytest.mark.parametrize("networks", [(), ("192.0.2.0/33",), ("localhost",), ("192.0.2.7/24",)])
def test_networks_must_be_some(networks: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=r"balancers|network|appear|host bits"):
        Proxy(networks)


@pytest.mark.parametrize(
    ("networks", "address", "trusted"),
    [
        (Proxy().trusted, "127.9.9.9", True),
        (Proxy().trusted, "::1", True),
        (Proxy().trusted, "::ffff:127.0.0.1", True),
        (Proxy().trusted, "192.0.2.7", False),
        (("192.0.2.0/24",), "192.0.2.255", True),
        (("192.0.2.0/24",), "192.0.3.0", False),
        (("192.0.2.7",), "192.0.2.7", True),
        (("2001:db8::/32",), "2001:db8:9::1", True),
        (("2001:db8::/32",), "192.0.2.7", False),
        (("0.0.0.0/0",), "2001:db8::1", False),
        (("fe80::/10",), "fe80::1%2", True),
    ],
)
def test_a_network_is_what_it_says(networks: tuple[str, ...], address: str, *, trusted: bool) -> None:
    assert Proxy(networks).trusts(address) is trusted
