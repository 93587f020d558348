"""`quitclaim serve`, as a process: ready, drained, killed, and refused with a sentence."""

from __future__ import annotations

import json
import poplib
import re
import signal
import socket
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.cli.processes import PASSWORD

from quitclaim.database import Database
from quitclaim.demo.login import read_message
from quitclaim.maildrop.lock import Locks
from quitclaim.monitor import status

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.processes import Command, Running, Start


def logged_in(server: Running) -> poplib.POP3:
    client = poplib.POP3(*server.address, timeout=10)
    client.user("anna")
    client.pass_(PASSWORD)
    return client


def test_it_serves_mail_by_ntlm_and_leaves_by_sigterm(serve: Start, folder: Path) -> None:
    server = serve()
    assert read_message(server.address, "anna", PASSWORD) == b"Subject: hello\r\n\r\nDear Anna\r\n"
    assert server.stop(signal.SIGTERM) == 0
    assert list((folder / "run").iterdir()) == []


def test_it_leaves_by_ctrl_c_too(serve: Start) -> None:
    server = serve()
    assert server.stop(signal.SIGINT) == 0
    assert server.said() == ""


def test_it_says_each_address_that_it_listens_at(serve: Start) -> None:
    server = serve("--listen", "127.0.0.1:0", "--listen", "pop3://[::1]:0", listeners=2)
    assert [host for host, _ in server.addresses] == ["127.0.0.1", "[::1]"]


def test_a_session_may_end_while_it_drains(serve: Start) -> None:
    server = serve()
    client = logged_in(server)
    server.process.send_signal(signal.SIGTERM)
    client.dele(1)
    client.quit()
    assert server.process.wait(20) == 0
    assert "deleted=1" in server.said()


def test_it_says_for_whom_it_waits(serve: Start) -> None:
    server = serve()
    client = logged_in(server)
    server.process.send_signal(signal.SIGTERM)
    while "stopping" not in server.said():
        pass
    client.quit()
    assert server.process.wait(20) == 0
    assert "Z stopping: 1 session has 10 s to end; the same signal again ends it now\n" in server.said()


def test_a_second_signal_ends_it_at_once(serve: Start, folder: Path) -> None:
    server = serve()
    client = logged_in(server)
    server.process.send_signal(signal.SIGTERM)
    # It drains when it listens no more.
    while is_open(server.address):
        pass
    assert server.stop(signal.SIGTERM) == -signal.SIGTERM
    client.close()
    assert list((folder / "run").iterdir()) == []


def is_open(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, timeout=10).close()
    except ConnectionError:
        return False
    return True


@pytest.mark.pop3("maildrop-2", "asked-4")
def test_sigkill_leaves_no_lock_and_a_socket_that_is_found_dead(serve: Start, folder: Path) -> None:
    server = serve()
    client = logged_in(server)
    assert Locks(folder).holders() != {}
    server.stop(signal.SIGKILL)
    client.close()
    assert Locks(folder).holders() == {}
    assert len(list((folder / "run").iterdir())) == 1
    assert status.read_all(folder) == []
    assert list((folder / "run").iterdir()) == []


@pytest.mark.pop3("login-34")
def test_it_logs_logins_and_ends_of_sessions(serve: Start) -> None:
    server = serve()
    with pytest.raises(ConnectionError, match=r"\[AUTH\]"):
        read_message(server.address, "anna", "guess")
    read_message(server.address, "anna", PASSWORD)
    server.stop(signal.SIGTERM)
    lines = [re.sub(r"127.0.0.1:\d+", "PEER", line.partition(" ")[2]) for line in server.said().splitlines()]
    assert lines == [
        'login failed: peer=PEER mechanism=NTLM user="anna" cause="logon denied"',
        'login: peer=PEER mechanism=NTLM detail=NTLMv2 user="anna" messages=1 octets=29',
        'session ended: peer=PEER user="anna" cause="quit" retrieved=1 octets=29 deleted=0',
    ]


@pytest.mark.pop3("maildrop-19")
def test_who_leaves_without_quit_is_said_to_have(serve: Start) -> None:
    server = serve()
    client = logged_in(server)
    client.dele(1)
    client.close()
    server.stop(signal.SIGTERM)
    (line,) = (line for line in server.said().splitlines() if "session ended" in line)
    assert "session ended without QUIT: peer=" in line
    assert line.endswith(' user="anna" cause="lost" retrieved=0 octets=0 deleted=0')


def test_it_logs_as_json_and_nothing_else_there(serve: Start) -> None:
    server = serve("--listen", "0.0.0.0:0", "--log-format", "json")
    address = ("127.0.0.1", server.address[1])
    with pytest.raises(ConnectionError, match=r"\[AUTH\]"):
        read_message(address, "anna", "guess")
    read_message(address, "anna", PASSWORD)
    server.stop(signal.SIGTERM)
    lines = [json.loads(line) for line in server.said().splitlines()]
    assert [line["event"] for line in lines] == ["message", "login failed", "login", "session ended"]
    assert lines[0]["text"].startswith("warning: NTLM is old")


def test_a_log_format_that_there_is_not_is_named(quitclaim: Command) -> None:
    said = quitclaim("serve", "--log-format", "xml")
    assert (said.code, said.err.count("\n"), "xml" in said.err) == (2, 1, True)


def test_an_account_made_meanwhile_can_log_in(serve: Start, folder: Path, quitclaim: Command) -> None:
    server = serve()
    quitclaim("user", "add", "carl", "--data", folder, "--password-stdin", stdin=b"a secret")
    quitclaim("deliver", "carl", "--data", folder, stdin=b"hello\n")
    assert read_message(server.address, "carl", "a secret") == b"hello\r\n"


def test_it_takes_its_settings_from_a_file(start: Start, folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "quitclaim.toml"
    file.write_text('data = "data"\nlisten = ["127.0.0.1:0"]\ndomain = "EXAMPLE"\n')
    server = start("-m", "quitclaim", "serve", "--config", file)
    assert read_message(server.address, "anna", PASSWORD)
    assert len(status.read_all(folder)) == 1


def test_it_warns_where_strangers_can_hear_it(serve: Start) -> None:
    server = serve("--listen", "0.0.0.0:0", "--allow-plaintext")
    server.stop(signal.SIGTERM)
    ntlm, plaintext = server.said().splitlines()
    assert "NTLM is old" in ntlm
    assert plaintext.endswith("Z warning: with --allow-plaintext passwords cross the network unencrypted.")


def test_it_warns_where_nobody_can_log_in(start: Start, tmp_path: Path) -> None:
    server = start("-m", "quitclaim", "serve", "--data", tmp_path / "new", "--listen", "127.0.0.1:0")
    server.stop(signal.SIGTERM)
    time, _, said = server.said().partition(" ")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", time)
    assert said == f"warning: {tmp_path}/new has no accounts yet: make one by `quitclaim user add NAME`\n"


def test_the_defect_is_not_even_imported(start: Start, folder: Path) -> None:
    server = start(
        "-X", "importtime", "-m", "quitclaim", "serve", "--data", folder, "--listen", "127.0.0.1:0"
    )
    read_message(server.address, "anna", PASSWORD)
    server.stop(signal.SIGTERM)
    assert "quitclaim.cli.serve" in server.said()
    assert "exchange50" not in server.said()


# --- what it cannot do, it says


def test_an_occupied_port_is_named(folder: Path, quitclaim: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = quitclaim(
            "serve", "--data", folder, "--listen", "127.0.0.1:0", "--listen", f"127.0.0.1:{port}"
        )
    assert said == (1, "", f"quitclaim: cannot listen on 127.0.0.1:{port}: Address already in use\n")
    assert not (folder / "run").exists()


def test_signals_are_as_they_were_when_it_could_not_listen(folder: Path, quitclaim: Command) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with socket.create_server(("127.0.0.1", 0)) as other:
        quitclaim("serve", "--data", folder, "--listen", "{}:{}".format(*other.getsockname()))
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, quitclaim: Command) -> None:
    (tmp_path / "file").touch()
    said = quitclaim("serve", "--data", tmp_path / "file" / "data", "--listen", "127.0.0.1:0")
    assert (said.code, said.err.count("\n"), str(tmp_path / "file") in said.err) == (1, 1, True)


def test_a_newer_schema_is_named_and_left_alone(folder: Path, quitclaim: Command) -> None:
    Database(folder).close()
    with closing(sqlite3.connect(folder / "quitclaim.db", isolation_level=None)) as other:
        other.execute("PRAGMA user_version = 1000")
    before = (folder / "quitclaim.db").read_bytes()
    said = quitclaim("serve", "--data", folder, "--listen", "127.0.0.1:0")
    assert (said.code, said.err.count("\n"), "newer version" in said.err) == (1, 1, True)
    assert (folder / "quitclaim.db").read_bytes() == before


def test_a_database_that_is_none_is_named(tmp_path: Path, quitclaim: Command) -> None:
    (tmp_path / "quitclaim.db").write_bytes(b"no database " * 1_000)
    said = quitclaim("serve", "--data", tmp_path, "--listen", "127.0.0.1:0")
    assert (said.code, said.err.count("\n"), "quitclaim.db" in said.err) == (1, 1, True)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("listen = [", ":1: "), ("lisen = 1", ":1: lisen: there is no such key here; write listen")],
)
def test_a_broken_configuration_is_named(
    text: str, sentence: str, tmp_path: Path, quitclaim: Command
) -> None:
    file = tmp_path / "quitclaim.toml"
    file.write_text(text)
    said = quitclaim("serve", "--config", file)
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert str(file) in said.err
    assert sentence in said.err


def test_a_configuration_that_is_not_there_is_named(tmp_path: Path, quitclaim: Command) -> None:
    said = quitclaim("serve", "--config", tmp_path / "none.toml")
    assert said == (1, "", f"quitclaim: {tmp_path}/none.toml cannot be read: No such file or directory\n")
