"""Programs that look at servers and fetch nothing: hydra, medusa and nmap, each at our own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from quitclaim.ntlm import Acceptor
from quitclaim.sasl import Ntlm, Plain

if TYPE_CHECKING:
    from pathlib import Path

    from tests.interop.clients.client import Programs
    from tests.interop.conftest import MailServer

NTLMV1 = "refused by policy: the response is NTLMv1"
GUESSES = ("guess", "letmein", "open sesame")  # the last is right

# Each waits for seconds between two lines, and opens nothing that the clients of `test_logins.py` do not.
pytestmark = pytest.mark.parametrize("back_end", ["sqlite"], indirect=True)


class Prober:
    """Tries each of the guesses for the one account, over one connection at a time."""

    def __init__(self, run: Programs, server: MailServer, folder: Path) -> None:
        self._run = run
        self._server = server
        self._guesses = folder / "guesses"
        self._guesses.write_text("".join(f"{guess}\n" for guess in GUESSES))

    def hydra(self, mechanism: str) -> bytes:
        """What hydra has found. It knows no STLS that works: behind it, it waits for a greeting."""
        server = self._server
        tls = ["-S"] if server.carrier == "pop3s" else []
        who = ["-l", server.username, "-P", str(self._guesses)]
        where = ["-s", str(server.port), server.host, "pop3", mechanism]
        return self._run("hydra", "-I", "-t", "1", *tls, *who, *where).stdout

    def medusa(self, mechanism: str) -> bytes:
        """What medusa has found. Its STLS is TLS 1.0's, which is over."""
        server = self._server
        tls = ["-s"] if server.carrier == "pop3s" else []
        who = ["-u", server.username, "-P", str(self._guesses)]
        where = ["-h", server.host, "-n", str(server.port), "-M", "pop3"]
        return self._run("medusa", "-t", "1", *tls, *who, *where, "-m", f"AUTH:{mechanism}").stdout


@pytest.fixture
def prober(run: Programs, server: MailServer, tmp_path: Path) -> Prober:
    return Prober(run, server, tmp_path)


@pytest.mark.parametrize("carrier", ["pop3", "pop3s"])
@pytest.mark.parametrize("mechanism", ["CLEAR", "PLAIN", "LOGIN"])
def test_hydra_is_refused_once_a_guess_and_finds_what_is_right(
    prober: Prober, server: MailServer, mechanism: str
) -> None:
    found = prober.hydra(mechanism)
    assert b"login: anna   password: open sesame" in found
    name = {"CLEAR": "USER"}.get(mechanism, mechanism)
    assert server.refusals() == [(name, server.username, "logon denied")] * 2
    assert server.logins() == [(name, "", server.username)]


@pytest.mark.parametrize("carrier", ["pop3", "pop3s"])
def test_hydra_by_ntlm_finds_nothing(prober: Prober, server: MailServer) -> None:
    assert b"0 valid password" in prober.hydra("NTLM")
    assert len(server.table) == 0
    assert server.refusals() == [("NTLM", server.username, NTLMV1)] * 3


@pytest.mark.parametrize("mechanisms", [[Ntlm(Acceptor("MAIL", ntlmv1=True)), Plain()]], ids=["opt-in"])
def test_hydra_by_ntlm_finds_what_is_right_where_ntlmv1_is_opted_in_to(
    prober: Prober, server: MailServer
) -> None:
    assert b"login: anna   password: open sesame" in prober.hydra("NTLM")
    assert server.refusals() == [("NTLM", server.username, "logon denied")] * 2
    assert server.logins() == [("NTLM", "NTLMv1", server.username)]


@pytest.mark.parametrize("carrier", ["pop3", "pop3s"])
@pytest.mark.parametrize("mechanism", ["USER", "PLAIN", "LOGIN"])
def test_medusa_is_refused_once_a_guess_and_finds_what_is_right(
    prober: Prober, server: MailServer, mechanism: str
) -> None:
    assert b"User: anna Password: open sesame [SUCCESS]" in prober.medusa(mechanism)
    assert server.refusals() == [(mechanism, server.username, "logon denied")] * 2
    assert server.logins() == [(mechanism, "", server.username)]


def test_medusa_by_ntlm_leaves_with_nothing(prober: Prober, server: MailServer) -> None:
    assert b"SUCCESS" not in prober.medusa("NTLM")
    assert len(server.table) == 0
    assert server.logins() == []


# --- nmap


@pytest.mark.parametrize("mechanisms", [[Ntlm(Acceptor("MAIL", domain="EXAMPLE")), Plain()]], ids=["names"])
@pytest.mark.parametrize("carrier", ["pop3", "stls"])
def test_nmap_learns_what_is_told_to_anybody_and_leaves_nothing(run: Programs, server: MailServer) -> None:
    scripts = "+pop3-ntlm-info,+pop3-capabilities"  # +: at a port of any number
    scan = ["-sT", "-Pn", "-n", "-p", str(server.port), server.host]
    said = run("nmap", *scan, "--script", scripts).stdout.decode()
    assert "SASL(NTLM PLAIN)" in said
    assert "NetBIOS_Computer_Name: MAIL" in said
    assert ("STLS" in said) == (server.carrier == "stls")
    assert len(server.table) == 0
    assert server.refusals() == []
    assert server.controller.server.counters.bad_commands > 0  # a ClientHello where none was expected
    assert server.messages_left() == len(server.messages)
