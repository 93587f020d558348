"""What is configured is what is served: each option, from the file or the flag to the server."""

from __future__ import annotations

import json
import signal
from base64 import b64decode
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest
from tests.server.certificates import issue, pem_of, trusting
from tests.server.headers import version_1
from tests.server.wire import GREETING, PLAIN, Wire

from quitclaim.cli import daemon
from quitclaim.config import LIMITS
from quitclaim.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.processes import Command, Start

    Given = Callable[..., dict[str, Any]]


@pytest.fixture
def given(folder: Path, quitclaim: Command, monkeypatch: pytest.MonkeyPatch) -> Given:
    """What a server is made of, if `serve` is called with these arguments; it does not begin."""
    made: Any = Mock(side_effect=OSError("that is enough"))
    monkeypatch.setattr(daemon, "Server", made)
    monkeypatch.setattr(daemon, "raise_descriptor_limit", lambda: 65_536)

    def run(*arguments: str | Path) -> dict[str, Any]:
        said = quitclaim("serve", "--data", folder, *arguments)
        assert said.err == "quitclaim: that is enough\n"
        return dict(made.call_args.kwargs)

    return run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "quitclaim.toml"


# A flag, the same in a file, and how a server is made of it.
SERVED: dict[str, tuple[str, str, Callable[[dict[str, Any]], bool]]] = {
    "listen": (
        "--listen [::1]:4711",
        'listen = ["[::1]:4711"]',
        lambda made: [(one.host, one.port, one.implicit) for one in made["listen"]] == [("::1", 4711, False)],
    ),
    "proxy": (
        "--listen 127.0.0.1:1?proxy=1 --trusted-proxies 192.0.2.0/24",
        'listen = ["127.0.0.1:1?proxy=1"]\ntrusted-proxies = ["192.0.2.0/24"]',
        lambda made: [one.proxy.trusted for one in made["listen"]] == [("192.0.2.0/24",)],
    ),
    "mechanisms": (
        "--mechanisms PLAIN --mechanisms ntlm",
        'mechanisms = ["PLAIN", "ntlm"]',
        lambda made: [one.name for one in made["mechanisms"]] == [b"PLAIN", b"NTLM"],
    ),
    "allow-plaintext": (
        "--allow-plaintext",
        "allow-plaintext = true",
        lambda made: [one.allow_plaintext for one in made["listen"]] == [True],
    ),
    "pop3s": (
        "--listen pop3s://[::1]:995 --tls-cert {pem} --tls-key {pem}",
        'listen = ["pop3s://[::1]:995"]\ntls-cert = "{pem}"\ntls-key = "{pem}"',
        lambda made: [(one.implicit, one.tls is not None) for one in made["listen"]] == [(True, True)],
    ),
    "nothing": (
        "",
        "",
        lambda made: (
            made["limits"] == Limits()
            and [(one.allow_plaintext, one.tls, one.proxy) for one in made["listen"]] == [(False, None, None)]
        ),
    ),
}


@pytest.mark.parametrize("name", SERVED)
def test_a_server_is_made_of_what_flags_say(name: str, given: Given, tmp_path: Path) -> None:
    flags, _, is_so = SERVED[name]
    pem = pem_of(tmp_path, issue("localhost"))
    assert is_so(given(*flags.format(pem=pem).split()))


@pytest.mark.parametrize("name", SERVED)
def test_a_server_is_made_of_what_a_file_says(name: str, given: Given, tmp_path: Path, file: Path) -> None:
    _, text, is_so = SERVED[name]
    pem = pem_of(tmp_path, issue("localhost"))
    file.write_text(text.format(pem=pem))
    assert is_so(given("--config", file))


@pytest.mark.parametrize("name", LIMITS)
def test_a_server_has_the_limits_of_the_file(name: str, given: Given, file: Path) -> None:
    file.write_text(f"[limits]\n{name} = 7")
    assert given("--config", file)["limits"] == Limits(**{name.replace("-", "_"): 7})


def test_nobody_gets_fewer_connections_than_were_asked_for(
    file: Path, quitclaim: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon, "raise_descriptor_limit", lambda: 1_024)
    file.write_text("[limits]\nconnections = 5000")
    sentence = (
        "5000 connections need 5128 open files, and there may be 1024: ulimit -n, or write connections = 896"
    )
    assert quitclaim("serve", "--config", file) == (1, "", f"quitclaim: {sentence}\n")


def test_connections_that_nobody_has_asked_for_are_as_many_as_there_can_be(
    given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon, "raise_descriptor_limit", lambda: 1_024)
    assert given()["limits"] == Limits(connections=896)


def test_it_does_not_warn_of_ntlm_where_there_is_none(serve: Start) -> None:
    server = serve("--listen", "0.0.0.0:0", "--mechanisms", "SCRAM-SHA-256")
    server.stop(signal.SIGTERM)
    assert server.said() == ""


def test_a_file_of_many_keys_is_what_peers_meet(start: Start, folder: Path, file: Path) -> None:
    assert folder == file.parent / "data"
    certificate = issue("localhost")
    pem_of(file.parent, certificate)
    file.write_text("""\
data = "data"
listen = ["127.0.0.1:0", "pop3s://127.0.0.1:0", "127.0.0.1:0?proxy=1"]
domain = "EXAMPLE"
mechanisms = ["NTLM", "PLAIN"]
tls-cert = "server.pem"
allow-plaintext = true
trusted-proxies = ["127.0.0.1"]
log-format = "json"
[limits]
login-failures = 1
bad-commands = 2
login-delay = 3600
connections-per-address = 2
drain-timeout = 0.1
""")
    server = start("-m", "quitclaim", "serve", "--config", file, listeners=3)
    plain, secured, behind = server.addresses
    with Wire(plain) as wire:
        wire.send(b"CAPA", b"NONE", b"NONE")
        said = wire.rest().splitlines()
        assert {b"SASL NTLM PLAIN", b"STLS", b"LOGIN-DELAY 3600"} <= set(said)
        assert [line[:4] for line in said[-2:]] == [b"-ERR", b"-ERR"]
    with Wire(secured, greeted=False) as wire:
        wire.secure(trusting(certificate))
        assert wire.line() == GREETING
        assert wire.login().say(b"QUIT").startswith(b"+OK")
    with Wire(behind, greeted=False) as wire:
        # Another machine, in plaintext: its password is taken, and it is too soon.
        wire.socket.sendall(version_1("192.0.2.7"))
        assert wire.line() == GREETING
        assert wire.say(PLAIN).startswith(b"-ERR [LOGIN-DELAY]")
    with Wire(plain) as wire:
        wire.say(b"AUTH NTLM")
        challenge = wire.say(b"TlRMTVNTUAABAAAAB4IIogAAAAAAAAAAAAAAAAAAAAAKAGFKAAAADw==")
        assert "EXAMPLE".encode("utf-16-le") in b64decode(challenge[2:])
    with Wire(plain), Wire(plain), Wire(plain, greeted=False) as third:
        assert third.line().startswith(b"-ERR [SYS/TEMP]")
    server.stop(signal.SIGTERM)
    events = [json.loads(line)["event"] for line in server.said().splitlines()]
    assert events == ["login", "session ended", "login failed"]
