"""HAProxy in front of the server: PROXY versions 1 and 2, TLS that it ends or passes on; and curl."""

from __future__ import annotations

import poplib
import re
import socket
import subprocess
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from tests.interop.conftest import installed
from tests.server.certificates import issue, pem_of, trusting
from tests.server.wire import PASSWORD

from quitclaim.accounts.memory import MemoryAccounts
from quitclaim.maildrop.memory import MemoryStore
from quitclaim.observer import Connected, LoggedIn
from quitclaim.server import Listener, Proxy, Tls
from quitclaim.testing import Controller

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator

    from cryptography import x509

    from quitclaim import HandleTable
    from quitclaim.observer import Event

PEER = "127.0.0.9"  # an address of the balancer's clients that is nobody else's
PATIENCE = 20.0  # seconds
VERSIONS = [
    "send-proxy",
    "send-proxy-v2",
    "send-proxy-v2 proxy-v2-options crc32c,unique-id",
    "send-proxy-v2-ssl-cn",
]


class Balanced:
    """A server, what it has told of, and the address of the balancer in front of it."""

    def __init__(self, controller: Controller, events: list[Event], address: tuple[str, int], /) -> None:
        self.controller = controller
        self.events = events
        self.address = address

    def seen(self, kind: type[Event]) -> list[str]:
        """The peers of such events."""
        return [event.peer for event in self.controller.call(self.events.copy) if isinstance(event, kind)]

    def until(self, is_so: Callable[[], bool]) -> None:
        """Waits until it is so."""
        deadline = time.monotonic() + PATIENCE
        while not is_so():
            assert time.monotonic() < deadline, "it never came to it"


class Balance(Protocol):
    """Starts a server, and HAProxy in front of it."""

    def __call__(
        self, server: str, /, *, bind: str = "", check: str = "", listener: Listener = ...
    ) -> Balanced:
        """With these words in HAProxy's configuration about the server, its own socket, and health checks."""


@pytest.fixture
def balance(tmp_path: Path, handle_table: HandleTable[Any]) -> Iterator[Balance]:
    with ExitStack() as stack:

        def start(
            server: str,
            /,
            *,
            bind: str = "",
            check: str = "",
            listener: Listener = Listener(port=0, proxy=Proxy()),  # noqa: B008 - frozen
        ) -> Balanced:
            events: list[Event] = []
            accounts = MemoryAccounts({"anna": PASSWORD})
            controller = stack.enter_context(
                Controller(
                    accounts=accounts,
                    store=MemoryStore(),
                    listen=[listener],
                    table=handle_table,
                    observer=events.append,
                )
            )
            # HAProxy is given a socket that listens: so there is no port to guess, and nothing to wait for.
            ours = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            file = tmp_path / "haproxy.cfg"
            host, port = controller.address
            file.write_text(CONFIGURATION.format(ours.fileno(), bind, check, f"{host}:{port} {server}"))
            process = stack.enter_context(
                subprocess.Popen([installed("haproxy"), "-db", "-q", "-f", file], pass_fds=[ours.fileno()])  # noqa: S603
            )
            stack.callback(process.terminate)
            return Balanced(controller, events, ours.getsockname())

        yield start


CONFIGURATION = """\
defaults
    mode tcp
    timeout connect 10s
    timeout client 10s
    timeout server 10s
    unique-id-format %pid
listen pop3
    bind fd@{} {}
    {}
    server quitclaim {}
"""


class Pop3(poplib.POP3):
    """poplib, from an address of its own."""

    def _create_socket(self, timeout: float) -> socket.socket:
        return socket.create_connection((self.host, self.port), timeout, source_address=(PEER, 0))

    @property
    def name(self) -> str:
        """Its address and port."""
        return "{}:{}".format(*self.sock.getsockname())


@pytest.fixture
def certificate() -> x509.Certificate:
    return issue("localhost")


@pytest.fixture
def pem(tmp_path: Path, certificate: x509.Certificate) -> Path:
    return pem_of(tmp_path, certificate)


@pytest.fixture
def trust(certificate: x509.Certificate) -> ssl.SSLContext:
    return trusting(certificate)


@pytest.fixture
def nobody_is_local(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quitclaim.server.arrival.is_loopback", lambda _address: False)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_peer_is_the_balancers_client(balance: Balance, version: str) -> None:
    balanced = balance(version)
    with closing(Pop3(*balanced.address, timeout=PATIENCE)) as client:
        client.user("anna")
        with pytest.raises(poplib.error_proto, match=r"\[AUTH\]"):
            client.pass_("a guess")
        client.user("anna")
        client.pass_(PASSWORD)
        assert balanced.seen(LoggedIn) == [client.name]
        client.quit()


@pytest.mark.usefixtures("nobody_is_local")
@pytest.mark.parametrize("version", VERSIONS[:3])
def test_no_password_is_taken_from_who_has_no_tls_that_we_know_of(
    balance: Balance, version: str, pem: Path, trust: ssl.SSLContext
) -> None:
    """The balancer ends TLS and does not say so: it may as well have none."""
    balanced = balance(version, bind=f"ssl crt {pem}")
    with closing(poplib.POP3_SSL(*balanced.address, context=trust, timeout=PATIENCE)) as client:
        assert "USER" not in client.capa()
        client.quit()


@pytest.mark.usefixtures("nobody_is_local")
def test_a_password_is_taken_under_tls_that_the_balancer_ends(
    balance: Balance, pem: Path, trust: ssl.SSLContext
) -> None:
    balanced = balance("send-proxy-v2-ssl", bind=f"ssl crt {pem}")
    with closing(poplib.POP3_SSL(*balanced.address, context=trust, timeout=PATIENCE)) as client:
        assert "STLS" not in client.capa()
        client.user("anna")
        client.pass_(PASSWORD)
        client.quit()


@pytest.mark.usefixtures("nobody_is_local")
def test_no_password_is_taken_from_who_has_no_tls_with_the_balancer(balance: Balance) -> None:
    balanced = balance("send-proxy-v2-ssl")
    with closing(Pop3(*balanced.address, timeout=PATIENCE)) as client:
        assert "USER" not in client.capa()
        client.quit()


@pytest.mark.usefixtures("nobody_is_local")
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("implicit", [False, True], ids=["stls", "pop3s"])
def test_tls_goes_through_the_balancer(
    balance: Balance, pem: Path, trust: ssl.SSLContext, version: str, *, implicit: bool
) -> None:
    listener = Listener(port=0, tls=Tls(pem), implicit=implicit, proxy=Proxy())
    balanced = balance(version, listener=listener)
    client: poplib.POP3
    if implicit:
        client = poplib.POP3_SSL(*balanced.address, context=trust, timeout=PATIENCE)
    else:
        client = poplib.POP3(*balanced.address, timeout=PATIENCE)
        client.stls(trust)
    with closing(client):
        client.user("anna")
        client.pass_(PASSWORD)
        client.quit()


@pytest.mark.parametrize("version", VERSIONS)
def test_health_checks_find_the_server_well(balance: Balance, version: str) -> None:
    expect = "option tcp-check\n    tcp-check expect string +OK\n    default-server inter 50 fall 1 rise 1"
    balanced = balance(f"{version} check", check=expect)
    balanced.until(lambda: len(balanced.seen(Connected)) > 2)
    with closing(Pop3(*balanced.address, timeout=PATIENCE)) as client:
        assert client.getwelcome() == b"+OK quitclaim ready"
        client.quit()
    assert balanced.controller.server.counters.unproxied == 0


def test_a_balancer_that_is_not_trusted_is_not_served(
    balance: Balance, caplog: pytest.LogCaptureFixture
) -> None:
    balanced = balance("send-proxy", listener=Listener(port=0, proxy=Proxy(("192.0.2.0/24",))))
    with socket.create_connection(balanced.address, PATIENCE) as client:
        assert client.recv(100) == b""
    assert balanced.seen(Connected) == []
    assert "it is none of the proxies that are trusted" in caplog.text


def test_curl_speaks_the_proxy_protocol_itself(handle_table: HandleTable[Any]) -> None:
    store = MemoryStore()
    store.deliver("anna", b"Subject: hello\r\n\r\nHello.\r\n")
    events: list[Event] = []
    with Controller(
        accounts=MemoryAccounts({"anna": PASSWORD}),
        store=store,
        listen=[Listener(port=0, proxy=Proxy())],
        table=handle_table,
        observer=events.append,
    ) as controller:
        host, port = controller.address
        command = [installed("curl"), "--disable", "--silent", "--haproxy-protocol", "--interface", PEER]
        command += ["--user", f"anna:{PASSWORD}", f"pop3://{host}:{port}/1"]
        done = subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE)  # noqa: S603 - as above
    assert done.stdout == b"Subject: hello\r\n\r\nHello.\r\n"
    assert {event.peer.partition(":")[0] for event in events} == {PEER}


def test_the_configuration_in_the_docs_is_one(tmp_path: Path) -> None:
    page = Path(__file__).parents[2] / "docs" / "operating.md"
    (block,) = re.findall(r"```haproxy\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    file = tmp_path / "haproxy.cfg"
    file.write_text(block)
    checked = subprocess.run([installed("haproxy"), "-c", "-q", "-f", file], capture_output=True, check=False)  # noqa: S603 - as above
    assert (checked.returncode, checked.stderr) == (0, b"")
