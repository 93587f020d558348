"""A small POP3 server for the storm's tests: a thread for each connection."""

from __future__ import annotations

import os
import socket
import threading
import time
from base64 import b64decode, b64encode
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from quitclaim.errors import AuthenticationError
from quitclaim.ntlm import Acceptor, Credential

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Talk = Callable[[socket.SocketIO], None]


@pytest.fixture
def address() -> Iterator[str]:
    """Where a server listens that knows `user…` with the password `secret`."""
    with serving(ntlm) as address:
        yield address


@pytest.fixture
def silent_address() -> Iterator[str]:
    """Where a server listens that says nothing."""
    with serving(say_nothing) as address:
        yield address


@pytest.fixture
def deaf_address() -> Iterator[str]:
    """An address that is taken and where nobody listens."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        yield "{}:{}".format(*deaf.getsockname())


@contextmanager
def serving(talk: Talk) -> Iterator[str]:
    """A server with which everybody has that talk; the address is `HOST:PORT`."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        accepting = threading.Thread(target=accept, args=(listener, talk))
        accepting.start()
        yield "{}:{}".format(*listener.getsockname())
        listener.shutdown(socket.SHUT_RDWR)
        accepting.join()


def accept(listener: socket.socket, talk: Talk) -> None:
    """Accepts until the listener is shut down."""
    threads = []
    while True:
        try:
            peer, _ = listener.accept()
        except OSError:
            break
        threads.append(threading.Thread(target=converse, args=(peer, talk)))
        threads[-1].start()
    for thread in threads:
        thread.join()


def converse(peer: socket.socket, talk: Talk) -> None:
    """Talks to one client, who may leave at any time."""
    with peer, peer.makefile("rwb", buffering=0) as stream:
        try:
            talk(stream)
        except ConnectionError:
            return


def say_nothing(peer: socket.SocketIO) -> None:
    """Waits until the client leaves."""
    peer.read()


def ntlm(peer: socket.SocketIO) -> None:
    """The server's side of NTLM logins, until the client leaves."""
    acceptor, credential = Acceptor("MAIL", mic="required"), Credential.from_password("secret")
    peer.write(b"+OK ready\r\n")
    while command := peer.readline():
        if command == b"AUTH NTLM\r\n":
            peer.write(b"+ \r\n")
            challenged, challenge = acceptor.challenge(b64decode(peer.readline()), os.urandom(8), time.time())
            peer.write(b"+ %b\r\n" % b64encode(challenge))
            claim = challenged.authenticate(b64decode(peer.readline()), None, time.time())
            try:
                claim.verify(credential)
            except AuthenticationError:
                peer.write(b"-ERR [AUTH] no\r\n")
            else:
                peer.write(b"+OK in\r\n")
        elif command == b"STAT\r\n":
            peer.write(b"+OK 0 0\r\n")
        else:
            peer.write(b"+OK bye\r\n")
