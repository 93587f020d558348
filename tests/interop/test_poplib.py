"""poplib, which Python brings: USER and PASS, and every command that its users have."""

from __future__ import annotations

import poplib
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.interop.conftest import MailServer


@pytest.fixture
def client(server: MailServer) -> Iterator[poplib.POP3]:
    client = poplib.POP3(server.host, server.port, timeout=10)
    yield client
    client.close()


@pytest.fixture
def logged_in(server: MailServer, client: poplib.POP3) -> poplib.POP3:
    client.user(server.username)
    client.pass_(server.password)
    return client


def test_poplib_logs_in_and_reads_every_octet(server: MailServer, logged_in: poplib.POP3) -> None:
    for number, message in enumerate(server.messages, 1):
        _, lines, octets = logged_in.retr(number)
        assert b"".join(line + b"\r\n" for line in lines) == message
        assert octets == len(message)
    logged_in.quit()


def test_poplib_with_a_wrong_password_is_denied(server: MailServer, client: poplib.POP3) -> None:
    client.user(server.username)
    with pytest.raises(poplib.error_proto, match=r"-ERR \[AUTH\]"):
        client.pass_("guess")
    assert len(server.table) == 0
    assert server.refusals() == [("USER", server.username, "logon denied")]


def test_poplib_may_try_again_after_a_refusal(server: MailServer, client: poplib.POP3) -> None:
    client.user(server.username)
    with pytest.raises(poplib.error_proto):
        client.pass_("guess")
    client.user(server.username)
    client.pass_(server.password)
    assert client.stat()[0] == len(server.messages)


def test_poplib_understands_every_listing(server: MailServer, logged_in: poplib.POP3) -> None:
    sizes = [len(message) for message in server.messages]
    numbered = [b"%d %d" % item for item in enumerate(sizes, 1)]
    assert logged_in.stat() == (len(sizes), sum(sizes))
    assert logged_in.list()[1] == numbered
    names = [line.split()[1] for line in logged_in.uidl()[1]]
    assert len(set(names)) == len(sizes)
    assert b"\r\n".join(logged_in.top(1, 1)[1]).endswith(b"\r\n\r\n.one")
    assert logged_in.capa()["TOP"] == []


def test_poplib_deletes_what_it_has_not_taken_back(server: MailServer, logged_in: poplib.POP3) -> None:
    logged_in.dele(1)
    logged_in.rset()
    logged_in.dele(2)
    logged_in.quit()
    again = poplib.POP3(server.host, server.port, timeout=10)
    again.user(server.username)
    again.pass_(server.password)
    assert again.list()[1] == [b"1 %d" % len(server.messages[0])]
    again.quit()
