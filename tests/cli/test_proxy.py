"""`quitclaim serve` behind a balancer: which addresses, whose word is taken, and sentences for the rest."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest
from tests.server.headers import version_1
from tests.server.wire import GREETING, PASSWORD, Wire

from quitclaim.config import Address, address, read

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.processes import Command, Start

AFAR = version_1("192.0.2.7")


def test_it_takes_the_balancers_word(serve: Start) -> None:
    server = serve("--listen", "127.0.0.1:0?proxy=1", "--listen", "127.0.0.1:0", listeners=2)
    behind, direct = server.addresses
    with Wire(behind, greeted=False) as wire, Wire(direct) as other:
        wire.socket.sendall(AFAR)
        assert wire.line() == GREETING
        assert wire.ntlm("anna", "a guess").startswith(b"-ERR [AUTH]")
        assert other.ntlm("anna", PASSWORD).startswith(b"+OK")
    server.stop(signal.SIGTERM)
    assert "login failed: peer=192.0.2.7:4711 " in server.said()


@pytest.mark.parametrize("network", ["192.0.2.0/24", "::/0"])
def test_it_trusts_whom_it_is_told_to_and_says_whom_it_does_not(serve: Start, network: str) -> None:
    server = serve("--listen", "127.0.0.1:0?proxy=1", "--trusted-proxies", network)
    with Wire(server.address, greeted=False) as wire:
        assert wire.is_closed()
    server.stop(signal.SIGTERM)
    assert " is closed: it is none of the proxies that are trusted\n" in server.said()


def test_several_networks_may_be_trusted(serve: Start) -> None:
    networks = ("--trusted-proxies", "192.0.2.0/24", "--trusted-proxies", "127.0.0.1")
    server = serve("--listen", "127.0.0.1:0?proxy=1", *networks)
    with Wire(server.address, greeted=False) as wire:
        wire.socket.sendall(AFAR)
        assert wire.line() == GREETING


def test_a_file_says_the_same(start: Start, folder: Path, tmp_path: Path) -> None:
    assert folder.name == "data"
    file = tmp_path / "quitclaim.toml"
    file.write_text('data = "data"\nlisten = ["127.0.0.1:0?proxy=1"]\ntrusted-proxies = ["127.0.0.0/8"]\n')
    assert read(file).said["trusted_proxies"] == ("127.0.0.0/8",)
    with Wire(start("-m", "quitclaim", "serve", "--config", file).address, greeted=False) as wire:
        wire.socket.sendall(AFAR)
        assert wire.line() == GREETING


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("127.0.0.1:110?proxy=1", Address("127.0.0.1", 110, proxy=True)),
        ("pop3://[::]:110?proxy=1", Address("::", 110, proxy=True)),
        ("POP3S://mail.test:995?proxy=1", Address("mail.test", 995, implicit_tls=True, proxy=True)),
    ],
)
def test_an_address_says_that_a_balancer_connects_to_it(text: str, meant: Address) -> None:
    assert address(text) == meant


@pytest.mark.parametrize(
    "query", ["", "proxy", "proxy=", "proxy=0", "proxy=yes", "Proxy=1", "tls=1", "proxy=1&x=1"]
)
def test_an_address_says_nothing_else(quitclaim: Command, query: str) -> None:
    ended = quitclaim("serve", "--listen", f"127.0.0.1:110?{query}")
    assert ended.code == 2
    assert "behind the port there may be ?proxy=1 only" in ended.err


@pytest.mark.parametrize("network", ["192.0.2.7/24", "localhost", "", "1"])
def test_a_network_is_one(quitclaim: Command, network: str) -> None:
    ended = quitclaim("serve", "--trusted-proxies", network)
    assert ended.code == 2
    assert "is no network: it should be like 192.0.2.0/24" in ended.err


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("trusted-proxies = []", "trusted-proxies: it should be a list, with something in it"),
        ('trusted-proxies = "127.0.0.1"', "trusted-proxies: it should be a list, with something in it"),
        ("trusted-proxies = [1]", "trusted-proxies: it should be a text"),
        ('trusted-proxies = ["x"]', "trusted-proxies: 'x' is no network"),
        ('listen = ["127.0.0.1:0?x"]', "listen: '127.0.0.1:0?x' asks for what there is not"),
    ],
)
def test_what_is_wrong_in_a_file_is_said(
    quitclaim: Command, tmp_path: Path, line: str, sentence: str
) -> None:
    file = tmp_path / "quitclaim.toml"
    file.write_text(line)
    ended = quitclaim("serve", "--config", file)
    assert ended.code == 1
    assert sentence in ended.err


def test_nobody_is_trusted_in_vain(quitclaim: Command) -> None:
    sentence = (
        "--trusted-proxies: no address of listen has ?proxy=1 behind it; write it there, or nothing here"
    )
    assert quitclaim("serve", "--trusted-proxies", "127.0.0.1") == (1, "", f"quitclaim: {sentence}\n")
