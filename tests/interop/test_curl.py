"""curl: what it has besides logging in (`test_logins.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import subprocess

    from tests.interop.clients.client import Programs
    from tests.interop.conftest import MailServer

LOGIN_DENIED = 67  # CURLE_LOGIN_DENIED, libcurl-errors(3)

MECHANISMS = pytest.mark.parametrize("mechanism", ["NTLM", "PLAIN"])


class Curl:
    """curl, with nothing but its command line."""

    def __init__(self, run: Programs, server: MailServer) -> None:
        self._run = run
        self._server = server

    def __call__(
        self, mechanism: str, password: str, path: str, *options: str
    ) -> subprocess.CompletedProcess[bytes]:
        """Retrieves the message of that number, or lists them all if it is empty."""
        server = self._server
        return self._run(
            "curl",
            "--disable",
            "--silent",
            "--show-error",
            *options,
            "--login-options",
            f"AUTH={mechanism}",
            "--user",
            f"{server.username}:{password}",
            f"pop3://{server.host}:{server.port}/{path}",
        )


@pytest.fixture
def curl(run: Programs, server: MailServer) -> Curl:
    return Curl(run, server)


@MECHANISMS
def test_curl_logs_in_by_an_initial_response(curl: Curl, server: MailServer, mechanism: str) -> None:
    for number, message in enumerate(server.messages, 1):
        done = curl(mechanism, server.password, str(number), "--sasl-ir")
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout == message


@MECHANISMS
def test_curl_with_a_wrong_password_in_an_initial_response_is_denied(
    curl: Curl, server: MailServer, mechanism: str
) -> None:
    done = curl(mechanism, "guess", "1", "--sasl-ir")
    assert (done.returncode, done.stdout) == (LOGIN_DENIED, b"")
    assert len(server.table) == 0
    assert server.refusals() == [(mechanism, server.username, "logon denied")]


def test_curl_lists_the_messages(curl: Curl, server: MailServer) -> None:
    done = curl("NTLM", server.password, "")
    assert done.stdout.splitlines() == [
        b"%d %d" % (number, len(message)) for number, message in enumerate(server.messages, 1)
    ]
