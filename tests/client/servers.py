"""Servers for `login_ntlm` to meet: one that says what it was told to, and a true one behind TLS."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from quitclaim.accounts import MemoryAccounts
from quitclaim.limits import Limits
from quitclaim.maildrop import MemoryStore
from quitclaim.ntlm import Acceptor, ChannelBinding
from quitclaim.sasl import Ntlm
from quitclaim.session import Service, Session

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Sequence

    from quitclaim import HandleTable
    from quitclaim.sasl import Exchange

TIMEOUT = 10.0  # seconds, for what takes a thousandth of one


@contextmanager
def scripted(replies: Sequence[bytes]) -> Iterator[tuple[tuple[str, int], list[bytes]]]:
    """A server that greets, gives each reply to one line, and hangs up: its address, and the lines it got."""
    heard: list[bytes] = []

    def talk(connection: socket.socket) -> None:
        with connection.makefile("rb") as lines:
            connection.sendall(b"+OK ready\r\n")
            for reply in replies:
                heard.append(lines.readline().rstrip(b"\r\n"))
                connection.sendall(reply)

    with listening(talk) as address:
        yield address, heard


@contextmanager
def behind_tls(
    context: ssl.SSLContext, certificate_hash: bytes, table: HandleTable[Exchange], *, by_stls: bool = False
) -> Iterator[tuple[str, int]]:
    """A session behind TLS that lets in only whoever is bound to a certificate of that hash."""
    service = Service(
        accounts=MemoryAccounts({"anna": "open sesame"}),
        store=MemoryStore(),
        mechanisms=[
            Ntlm(
                Acceptor("MAIL", channel_binding="require"),
                binding=ChannelBinding.tls_server_end_point(certificate_hash),
            )
        ],
        limits=Limits(),
    )

    def talk(connection: socket.socket) -> None:
        if by_stls:
            for reply in (b"+OK ready\r\n", b"+OK\r\nSTLS\r\n.\r\n", b"+OK\r\n"):
                connection.sendall(reply)
                if reply != b"+OK\r\n":
                    connection.recv(4096)  # CAPA, STLS
        with context.wrap_socket(connection, server_side=True) as secured:
            session = Session(service, table.owner("peer"))
            if not by_stls:
                secured.sendall(b"+OK ready\r\n")
            while session.next == "READ" and (data := secured.recv(4096)):
                secured.sendall(session.receive(data))
            session.close("quit")

    with listening(talk) as address:
        yield address


@contextmanager
def listening(talk: Callable[[socket.socket], None]) -> Iterator[tuple[str, int]]:
    """A server for one connection, in a thread that has ended when this ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(TIMEOUT)

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(TIMEOUT)
                talk(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()
        finally:
            thread.join()
