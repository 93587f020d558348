"""What the tests of the NTLM acceptor share."""

from __future__ import annotations

import time
from typing import Protocol

import pytest
import spnego

from quitclaim.ntlm import Acceptor, ChannelBinding, Claim


class Client(Protocol):
    """Whoever logs in: pyspnego's context, for one."""

    def step(self, token: bytes | None = None, /) -> bytes | None:
        """Takes a token, and gives the answer."""


class Clients(Protocol):
    """Makes a client of pyspnego's."""

    def __call__(self, username: str, password: str, /) -> Client:
        """With that name and password."""


class Claims(Protocol):
    """Makes a claim."""

    def __call__(
        self, client: Client, /, acceptor: Acceptor | None = None, binding: ChannelBinding | None = None
    ) -> Claim:
        """Of that client's, to that acceptor, over TLS with that binding or over plaintext."""


@pytest.fixture
def client() -> Clients:
    """A client of pyspnego's, by username and password."""
    return _client


def _client(username: str, password: str) -> Client:
    return spnego.client(username, password, protocol="ntlm")


@pytest.fixture
def claim() -> Claims:
    """The claim that a client makes."""
    return _claim


def _claim(
    client: Client, /, acceptor: Acceptor | None = None, binding: ChannelBinding | None = None
) -> Claim:
    acceptor = acceptor or Acceptor("MAIL", domain="EXAMPLE")
    challenged, challenge = acceptor.challenge(client.step() or b"", b"8 octets", time.time())
    return challenged.authenticate(client.step(challenge) or b"", binding, time.time())
