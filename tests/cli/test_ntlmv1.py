"""`serve --ntlm-v1`: who can do no better logs in, and is on the list that `who` shows until nobody is."""

from __future__ import annotations

import base64
import os
import re
import signal
import socket
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.cli.processes import PASSWORD
from tests.interop.conftest import installed
from tests.ntlm.initiator import Initiator

from quitclaim.demo.login import read_message

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.processes import Command, Running, Start

OPT_IN = ("--listen", "127.0.0.1:0", "--ntlm-v1")


def login(server: Running, username: str, password: str = PASSWORD) -> bytes:
    """What is said in the end to somebody who speaks NTLMv1."""
    initiator = Initiator(version="NTLMv1", username=username, password=password)
    with socket.create_connection(server.address, timeout=10) as peer, peer.makefile("rwb") as stream:
        stream.readline()
        negotiate = initiator.negotiate()
        stream.write(b"AUTH NTLM %b\r\n" % base64.b64encode(negotiate))
        stream.flush()
        challenge = base64.b64decode(stream.readline().removeprefix(b"+ "))
        stream.write(b"%b\r\nQUIT\r\n" % base64.b64encode(initiator.authenticate(negotiate, challenge)))
        stream.flush()
        said = stream.readline()
        stream.readline()
    return said


def ntlmv1(quitclaim: Command, folder: Path) -> list[str]:
    """What `quitclaim who` says of it."""
    said = quitclaim("who", "--data", folder).out
    dated = re.sub(r"last \d{4}-\d\d-\d\d \d\d:\d\dZ", "last DATE", said)
    return dated.partition("  NTLMv1  ")[2].splitlines()


def test_who_can_do_no_better_is_refused_unless_it_is_said(serve: Start) -> None:
    server = serve()
    assert login(server, "anna") == b"-ERR [AUTH] authentication failed\r\n"
    server.stop(signal.SIGTERM)
    assert 'cause="refused by policy: the response is NTLMv1"' in server.said()


def test_who_can_do_no_better_logs_in_where_it_is_said(serve: Start) -> None:
    server = serve(*OPT_IN)
    assert login(server, "anna").startswith(b"+OK 1 messages")
    assert login(server, "anna", "guess") == b"-ERR [AUTH] authentication failed\r\n"
    server.stop(signal.SIGTERM)
    assert "mechanism=NTLM detail=NTLMv1" in server.said()


def test_it_says_at_once_what_that_costs(serve: Start) -> None:
    server = serve(*OPT_IN)
    server.stop(signal.SIGTERM)
    said = server.said().partition(" ")[2]
    assert said.startswith("warning: with --ntlm-v1 whoever hears such a login has the password's hash")


def test_a_file_may_say_it(start: Start, folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "quitclaim.toml"
    file.write_text(f'data = "{folder}"\nlisten = ["127.0.0.1:0"]\nntlm-v1 = true\n')
    assert login(start("-m", "quitclaim", "serve", "--config", file), "anna").startswith(b"+OK")


def test_who_lists_who_still_needs_it(serve: Start, folder: Path, quitclaim: Command) -> None:
    server = serve(*OPT_IN)
    for username in ("anna", "ANNA", "bert"):
        login(server, username)
    read_message(server.address, "anna", PASSWORD)
    assert ntlmv1(quitclaim, folder) == [
        "  2 users log in by it",
        '    127.0.0.1                        once, last DATE  "bert"',
        '    127.0.0.1                     2 times, last DATE  "anna"',
    ]


def test_who_says_when_nobody_needs_it(serve: Start, folder: Path, quitclaim: Command) -> None:
    server = serve(*OPT_IN)
    read_message(server.address, "anna", PASSWORD)
    assert ntlmv1(quitclaim, folder) == ["  0 users log in by it"]


def test_who_says_nothing_of_it_where_it_is_not_taken(serve: Start, folder: Path, quitclaim: Command) -> None:
    serve()
    assert "NTLMv1" not in quitclaim("who", "--data", folder).out


@pytest.mark.interop
def test_mpop_is_on_the_list(serve: Start, folder: Path, tmp_path: Path, quitclaim: Command) -> None:
    server = serve(*OPT_IN)
    (tmp_path / "Maildir" / "new").mkdir(parents=True)
    (tmp_path / "Maildir" / "cur").mkdir()
    (tmp_path / "Maildir" / "tmp").mkdir()
    configuration = tmp_path / "mpoprc"
    configuration.write_text(f"""\
account default
host 127.0.0.1
port {server.address[1]}
tls off
auth ntlm
user anna
password "{PASSWORD}"
delivery maildir {tmp_path}/Maildir
""")
    configuration.chmod(0o600)
    subprocess.run(  # noqa: S603 - that is the test
        [installed("mpop"), f"--file={configuration}"],
        env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]},
        timeout=20,
        check=True,
        capture_output=True,
    )
    assert [line.split()[-1] for line in ntlmv1(quitclaim, folder)[1:]] == ['"anna"']
