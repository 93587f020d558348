"""Curl: NTLMv2 with OEM strings and no MIC, and PLAIN; CAPA first, and without QUIT after a refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import subprocess

    from tests.interop.conftest import MailServer, Programs

LOGIN_DENIED = 67  # CURLE_LOGIN_DENIED, libcurl-errors(3)

MECHANISMS = pytest.mark.parametrize("mechanism", ["NTLM", "PLAIN"])
INITIAL_RESPONSE = pytest.mark.parametrize("option", [(), ("--sasl-ir",)], ids=["two lines", "sasl-ir"])


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
@INITIAL_RESPONSE
def test_curl_logs_in_and_reads_every_octet(
    curl: Curl, server: MailServer, mechanism: str, option: tuple[str, ...]
) -> None:
    for number, message in enumerate(server.messages, 1):
        done = curl(mechanism, server.password, str(number), *option)
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout == message


@MECHANISMS
@INITIAL_RESPONSE
def test_curl_with_a_wrong_password_is_denied(
    curl: Curl, server: MailServer, mechanism: str, option: tuple[str, ...]
) -> None:
    done = curl(mechanism, "guess", "1", *option)
    assert (done.returncode, done.stdout) == (LOGIN_DENIED, b"")
    assert len(server.table) == 0
    assert server.refusals() == [(mechanism, server.username, "logon denied")]


def test_curl_lists_the_messages(curl: Curl, server: MailServer) -> None:
    done = curl("NTLM", server.password, "")
    assert done.stdout.splitlines() == [
        b"%d %d" % (number, len(message)) for number, message in enumerate(server.messages, 1)
    ]
