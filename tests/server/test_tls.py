"""TLS as clients have it: by STLS (RFC 2595), from the beginning (RFC 8314), and what logins are bound to."""

from __future__ import annotations

import poplib
import socket
import ssl
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import hashes
from spnego.channel_bindings import GssChannelBindings
from tests.server.certificates import is_done, issue, pem_of, trusting
from tests.server.wire import GREETING, PASSWORD, PLAIN

from quitclaim.limits import Limits
from quitclaim.ntlm import Acceptor
from quitclaim.observer import Left
from quitclaim.sasl import Ntlm
from quitclaim.server import Listener, Tls

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography import x509
    from tests.server.conftest import Served, Servers
    from tests.server.wire import Wire

BEGIN = b"+OK begin TLS\r\n"
EMPTY = b"+OK 0 messages (0 octets)\r\n"
DENIED = b"-ERR [AUTH] authentication failed\r\n"
LONG = b"".join(b".%d\r\n" % number for number in range(300_000))


def secured(served: Served, trust: ssl.SSLContext) -> Wire:
    """A connection after STLS."""
    wire = served.connect()
    assert wire.say(b"STLS") == BEGIN
    return wire.secure(trust)


def from_the_beginning(served: Served, trust: ssl.SSLContext) -> Wire:
    """A connection to a server that begins with TLS."""
    wire = served.connect(greeted=False).secure(trust)
    assert wire.line() == GREETING
    return wire


def capabilities(wire: Wire) -> list[bytes]:
    """What CAPA says."""
    lines = [wire.say(b"CAPA")]
    while lines[-1] != b".\r\n":
        lines.append(wire.line())
    return [line.rstrip() for line in lines[1:-1]]


# --- other people's clients


def test_poplib_logs_in_after_stls(offered: Served, trust: ssl.SSLContext) -> None:
    offered.store.memory.deliver("anna", b"Subject: hello\r\n\r\nHello.\r\n")
    client = poplib.POP3(*offered.controller.address, timeout=20)
    client.stls(trust)
    client.user("anna")
    client.pass_(PASSWORD)
    assert client.retr(1)[1] == [b"Subject: hello", b"", b"Hello."]
    assert client.quit() == b"+OK goodbye"


@pytest.mark.pop3("login-39")
def test_poplib_logs_in_over_pop3s(pop3s: Served, trust: ssl.SSLContext) -> None:
    client = poplib.POP3_SSL(*pop3s.controller.address, context=trust, timeout=20)
    client.user("anna")
    client.pass_(PASSWORD)
    assert client.stat() == (0, 0)
    assert client.quit() == b"+OK goodbye"


@pytest.mark.parametrize("login", ["PLAIN", "NTLM"])
@pytest.mark.parametrize("scheme", ["pop3", "pop3s"])
@pytest.mark.parametrize(("password", "status"), [(PASSWORD, 0), ("a guess", 67)])
def test_curl_requires_tls(  # noqa: PLR0913 - two ways of three things
    serve: Servers, tls: Tls, tmp_path: Path, *, scheme: str, login: str, password: str, status: int
) -> None:
    served = serve(listener=Listener(port=0, tls=tls, implicit=scheme == "pop3s"))
    served.store.memory.deliver("anna", LONG)
    host, port = served.controller.address
    arguments = ["--disable", "--silent", "--ssl-reqd", "--cacert", str(tmp_path / "server.pem")]
    arguments += ["--login-options", f"AUTH={login}", "--user", f"anna:{password}"]
    command = ["curl", *arguments, f"{scheme}://{host}:{port}/1"]
    done = subprocess.run(command, check=False, capture_output=True, timeout=20)  # noqa: S603 - as written above
    assert done.returncode == status, done.stderr
    assert done.stdout == (b"" if status else LONG)


# --- what is offered


@pytest.mark.pop3("session-21")
def test_capa_offers_stls_until_there_is_tls(offered: Served, trust: ssl.SSLContext) -> None:
    wire = offered.connect()
    assert b"STLS" in capabilities(wire)
    assert wire.say(b"STLS") == BEGIN
    assert b"STLS" not in capabilities(wire.secure(trust))
    assert wire.say(b"STLS").startswith(b"-ERR")
    wire.login()
    assert wire.say(b"STLS").startswith(b"-ERR")


@pytest.mark.pop3("session-21")
def test_pop3s_offers_no_stls(pop3s: Served, trust: ssl.SSLContext) -> None:
    wire = from_the_beginning(pop3s, trust)
    assert b"STLS" not in capabilities(wire)
    assert wire.say(b"STLS").startswith(b"-ERR")


@pytest.mark.pop3("login-24")
def test_a_password_is_taken_from_afar_under_tls_alone(
    offered: Served, trust: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quitclaim.server.connection.is_loopback", lambda _address: False)
    wire = offered.connect()
    assert b"SASL SCRAM-SHA-256 SCRAM-SHA-1 NTLM" in capabilities(wire)
    assert wire.say(PLAIN).startswith(b"-ERR")
    assert wire.say(b"STLS") == BEGIN
    assert b"SASL SCRAM-SHA-256 SCRAM-SHA-1 NTLM PLAIN LOGIN" in capabilities(wire.secure(trust))
    assert wire.say(PLAIN) == EMPTY


@pytest.mark.pop3("login-36")
def test_a_user_from_before_is_forgotten(offered: Served, trust: ssl.SSLContext) -> None:
    wire = offered.connect()
    assert wire.say(b"USER anna").startswith(b"+OK")
    assert wire.say(b"STLS") == BEGIN
    assert wire.secure(trust).say(b"PASS open sesame") == b"-ERR say USER first\r\n"


def test_who_speaks_with_the_last_message_of_the_handshake_is_heard(
    pop3s: Served, trust: ssl.SSLContext
) -> None:
    wire = pop3s.connect(greeted=False)
    from_peer, to_peer = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trust.wrap_bio(from_peer, to_peer, server_hostname="127.0.0.1")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    wire.socket.sendall(to_peer.read())
    while not is_done(client):
        from_peer.write(wire.socket.recv(65_536))
    client.write(PLAIN + b"\r\nQUIT\r\n")
    wire.socket.sendall(to_peer.read())
    said = b""
    while not said.endswith(b"+OK goodbye\r\n"):
        from_peer.write(wire.socket.recv(65_536))
        with suppress(ssl.SSLWantReadError):
            while octets := client.read(65_536):
                said += octets
    assert said == GREETING + EMPTY + b"+OK goodbye\r\n"


@pytest.mark.parametrize("chunk", [1, 5, 100])
def test_a_hello_may_come_in_pieces(pop3s: Served, trust: ssl.SSLContext, chunk: int) -> None:
    wire = pop3s.connect(greeted=False)
    from_peer, to_peer = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trust.wrap_bio(from_peer, to_peer, server_hostname="127.0.0.1")
    wire.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while not is_done(client):
        while hello := to_peer.read(chunk):
            wire.socket.sendall(hello)
        from_peer.write(wire.socket.recv(65_536))
    assert client.version() == "TLSv1.3"


# --- channel binding


@pytest.mark.parametrize("policy", ["allow", "require"])
@pytest.mark.parametrize("implicit", [False, True], ids=["stls", "pop3s"])
def test_ntlm_is_bound_to_the_certificate(  # noqa: PLR0913 - fixtures
    serve: Servers,
    tls: Tls,
    trust: ssl.SSLContext,
    certificate: x509.Certificate,
    policy: str,
    *,
    implicit: bool,
) -> None:
    acceptor = Acceptor("MAIL", channel_binding=policy)  # type: ignore[arg-type]  # one of them
    served = serve(listener=Listener(port=0, tls=tls, implicit=implicit), mechanisms=[Ntlm(acceptor)])
    wire = (from_the_beginning if implicit else secured)(served, trust)
    right = certificate.fingerprint(hashes.SHA256())
    assert wire.ntlm("anna", PASSWORD, binding(right[::-1])) == DENIED
    assert wire.ntlm("anna", "a guess", binding(right)) == DENIED
    assert len(served.table) == 0
    if policy == "require":
        assert wire.ntlm("anna", PASSWORD) == DENIED
    assert wire.ntlm("anna", PASSWORD, binding(right)) == EMPTY


def test_ntlm_without_a_binding_is_allowed(offered: Served, trust: ssl.SSLContext) -> None:
    assert secured(offered, trust).ntlm("anna", PASSWORD) == EMPTY


def binding(certificate_hash: bytes) -> GssChannelBindings:
    """What a client says that it is bound to."""
    return GssChannelBindings(application_data=b"tls-server-end-point:" + certificate_hash)


# --- which certificate


def test_a_new_certificate_is_for_who_comes_next(
    serve: Servers, tmp_path: Path, trust: ssl.SSLContext, tls: Tls
) -> None:
    served = serve(listener=Listener(port=0, tls=tls, implicit=True))
    old = from_the_beginning(served, trust)
    new = issue("localhost")
    pem_of(tmp_path, new)
    served.controller.call(tls.reload)
    wire = from_the_beginning(served, trusting(new))
    assert wire.ntlm("anna", PASSWORD, binding(new.fingerprint(hashes.SHA256()))) == EMPTY
    assert old.say(b"QUIT") == b"+OK goodbye\r\n"


@pytest.mark.parametrize(
    ("name", "shown"),
    [("a.test", 0), ("B.test", 1), ("x.wild.test", 1), ("wild.test", 0), ("y.x.wild.test", 0), ("c.test", 0)],
)
def test_a_client_is_shown_the_certificate_it_asks_for(
    serve: Servers, tmp_path: Path, name: str, shown: int
) -> None:
    made = [issue("a.test"), issue("b.test", "*.wild.test")]
    first, other = (pem_of(tmp_path, one, name=f"{number}.pem") for number, one in enumerate(made))
    tls = Tls(first, others=[(other, None)])
    served = serve(listener=Listener(port=0, tls=tls, implicit=True))
    context = trusting(*made)
    context.check_hostname = False
    wire = served.connect(greeted=False).secure(context, name)
    assert wire.line() == GREETING
    right = made[shown].fingerprint(hashes.SHA256())
    assert wire.ntlm("anna", PASSWORD, binding(right)) == EMPTY


# --- the rest of a life


def test_a_long_message_comes_whole_to_who_reads_slowly(
    serve: Servers, tls: Tls, trust: ssl.SSLContext
) -> None:
    served = serve(listener=Listener(port=0, tls=tls))
    served.store.memory.deliver("anna", LONG * 4)
    wire = served.connect(receive_buffer=4096)
    assert wire.say(b"STLS") == BEGIN
    wire.secure(trust).login()
    wire.send(b"RETR 1", b"QUIT")
    served.until(lambda: all(peer.is_choked for peer in served.roster.peers))
    said = wire.rest()
    assert said.endswith(b"\r\n.\r\n+OK goodbye\r\n")
    assert said.count(b"\r\n..") == 4 * LONG.count(b"\n")


def test_who_takes_what_was_said_last_has_time_for_it(
    serve: Servers, tls: Tls, trust: ssl.SSLContext
) -> None:
    served = serve(listener=Listener(port=0, tls=tls))
    served.store.memory.deliver("anna", LONG[:400_000])
    wire = served.connect(receive_buffer=4096)
    assert wire.say(b"STLS") == BEGIN
    wire.secure(trust).login()
    wire.send(b"RETR 1")
    size = 300_000
    said = b""
    while len(said) < size:
        said += wire.socket.recv(65_536)
    wire.send(b"DELE 1", b"QUIT")
    served.until(lambda: any(isinstance(event, Left) for event in served.events))
    served.look_around(6)  # all is not sent, and what was taken meanwhile counts
    said += wire.rest()
    assert said.endswith(b"\r\n.\r\n+OK deleted by QUIT\r\n+OK goodbye\r\n")


def test_who_hangs_up_over_tls_leaves_nothing(offered: Served, trust: ssl.SSLContext) -> None:
    attempt, session, polite = (secured(offered, trust) for _ in range(3))
    assert attempt.say(b"AUTH NTLM") == b"+ \r\n"
    session.login()
    polite.socket.unwrap()  # type: ignore[attr-defined]  # it is one of ssl's
    attempt.reset()
    session.close()
    offered.until(lambda: not offered.roster.peers)
    assert len(offered.table) == 0


def test_who_says_nothing_under_tls_overstays(offered: Served, trust: ssl.SSLContext) -> None:
    before, inside = secured(offered, trust), secured(offered, trust).login()
    offered.look_around(Limits().login_timeout + 1)
    assert before.is_closed()
    assert inside.say(b"NOOP") == b"+OK\r\n"
    offered.look_around(Limits().login_timeout + Limits().idle_timeout + 2)
    assert inside.is_closed()
    assert offered.controller.server.counters.timeouts == 2


def test_a_drain_says_so_over_tls(pop3s: Served, trust: ssl.SSLContext) -> None:
    wire = from_the_beginning(pop3s, trust)
    pop3s.stop()
    assert wire.rest() == b"-ERR [SYS/TEMP] the server is stopping, try again later\r\n"
