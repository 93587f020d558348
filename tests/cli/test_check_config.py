"""`quitclaim check-config`, and the documented example: what would be served, and nothing is."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tests.server.certificates import issue, pem_of

from quitclaim.cli.configured import configured
from quitclaim.config import LIMITS, OPTIONS, Settings, read

if TYPE_CHECKING:
    from tests.cli.processes import Command

EXAMPLE = Path(str(files("quitclaim"))) / "contrib" / "quitclaim.toml"
ROOT = Path(__file__).parent.parent.parent
SCRIPT = ROOT / "scripts" / "example_config.py"
PAGE = ROOT / "docs" / "operating.md"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "quitclaim.toml"


def test_it_says_what_would_be_served(file: Path, quitclaim: Command) -> None:
    pem_of(file.parent, issue("localhost"))
    file.write_text("""\
data = "mail"
listen = ["127.0.0.1:110", "pop3s://[::]:995", "10.0.0.7:110?proxy=1"]
domain = "EXAMPLE"
mechanisms = ["NTLM", "PLAIN"]
ntlm-v1 = true
tls-cert = "server.pem"
log-format = "json"
[limits]
connections = 20_000
login-timeout = 60
idle-timeout = 1200.5
""")
    folder = file.parent
    assert quitclaim("check-config", file) == (
        0,
        f"""\
data             {folder}/mail
listen           127.0.0.1:110 with STLS
listen           [::]:995 with TLS from the beginning
listen           10.0.0.7:110 with STLS, behind a balancer
mechanisms       NTLM, PLAIN
tls-cert         {folder}/server.pem
trusted-proxies  127.0.0.0/8, ::1
domain           EXAMPLE
ntlm-v1          yes
log-format       json
limits           connections 20,000 (default: 10,000)
limits           idle-timeout 1,200.5 (default: 600.0)
""",
        "",
    )


def test_it_says_that_passwords_are_taken_in_plaintext(file: Path, quitclaim: Command) -> None:
    file.write_text("allow-plaintext = true")
    said = quitclaim("check-config", file).out
    assert "listen           127.0.0.1:1110 without TLS\n" in said
    assert "allow-plaintext  yes\n" in said


def test_it_makes_no_data_folder(file: Path, quitclaim: Command) -> None:
    file.write_text('data = "mail"')
    assert quitclaim("check-config", file).code == 0
    assert list(file.parent.iterdir()) == [file]


def test_it_says_what_serve_would_fail_by(file: Path, quitclaim: Command) -> None:
    file.write_text('data = "quitclaim.toml"\nlisten = ["0.0.0.0:99", "10.0.0.7:99"]\n')
    said = quitclaim("check-config", file)
    assert (said.code, said.out) == (1, "")
    assert said.err.splitlines() == [
        f"{file}:1: data: {file} is no folder; write the name of one, or of one to be made",
        f"{file}:2: listen: 10.0.0.7:99 is one of the addresses that 0.0.0.0:99 takes; write one of the two",
    ]


def test_it_says_all_that_is_wrong(file: Path, quitclaim: Command) -> None:
    file.write_text('domain = ""\n[limits]\nconnections = 0\n')
    said = quitclaim("check-config", file)
    assert (said.code, said.out) == (1, "")
    assert [line.split(": ")[0] for line in said.err.splitlines()] == [f"{file}:1", f"{file}:3"]


def test_serve_says_the_same(file: Path, quitclaim: Command) -> None:
    file.write_text('domain = ""\n[limits]\nconnections = 0\n')
    assert quitclaim("serve", "--config", file) == quitclaim("check-config", file)


@pytest.mark.parametrize("name", ["no.toml", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, quitclaim: Command) -> None:
    said = quitclaim("check-config", tmp_path / name)
    assert (said.code, said.out, said.err.count("\n")) == (1, "", 1)
    assert said.err.startswith(f"quitclaim: {tmp_path / name} cannot be read: ")


# --- certificates


def test_a_certificate_that_is_not_there_is_named_with_its_line(file: Path, quitclaim: Command) -> None:
    file.write_text('# TLS\ntls-cert = "no.pem"\n')
    advice = "write the name of a file that can be read"
    assert quitclaim("check-config", file).err == (
        f"{file}:2: tls-cert: {file.parent}/no.pem: No such file or directory; {advice}\n"
    )


def test_a_key_that_is_not_there_is_named_with_its_line(file: Path, quitclaim: Command) -> None:
    pem_of(file.parent, issue("localhost"))
    file.write_text('tls-cert = "server.pem"\ntls-key = "no.key"\n')
    assert quitclaim("check-config", file).err.startswith(
        f"{file}:2: tls-key: {file.parent}/no.key: No such file or directory; write"
    )


def test_a_key_of_another_certificate_is_named(file: Path, quitclaim: Command) -> None:
    pem_of(file.parent, issue("localhost"))
    pem_of(file.parent, issue("localhost"), ec.generate_private_key(ec.SECP256R1()), name="other.pem")
    file.write_text('tls-cert = "server.pem"\ntls-key = "other.pem"\n')
    said = quitclaim("check-config", file)
    assert said.code == 1
    assert said.err.startswith(
        f"{file}:1: tls-cert: {file.parent}/server.pem and {file.parent}/other.pem: no "
    )
    assert "KEY_VALUES_MISMATCH" in said.err


def test_certificates_are_read_beside_mistakes_elsewhere(file: Path, quitclaim: Command) -> None:
    file.write_text('tls-cert = "no.pem"\ndomain = ""')
    said = quitclaim("check-config", file).err
    assert [line.split(": ")[1] for line in said.splitlines()] == ["tls-cert", "domain"]


# --- docs/operating.md


def test_the_page_shows_what_it_says(file: Path, quitclaim: Command) -> None:
    pem_of(file.parent, issue("localhost"), name="mail.pem")
    file.write_text("""\
data = "/var/lib/quitclaim"
listen = ["127.0.0.1:110", "pop3s://[::]:995"]
mechanisms = ["SCRAM-SHA-256", "NTLM"]
tls-cert = "mail.pem"
limits.login-timeout = 30.0
""")
    said = quitclaim("check-config", file).out.replace(str(file.parent), "/etc/quitclaim")
    assert f"$ quitclaim check-config quitclaim.toml\n{said}$ quitclaim serve" in PAGE.read_text()


def test_the_page_shows_what_is_wrong(
    file: Path, quitclaim: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("# mail\nlisen = []\n\n[limits]\nlogin-timeout = 0\n")
    monkeypatch.chdir(file.parent)
    said = quitclaim("check-config", "quitclaim.toml").err
    assert f"```text\n{said}```" in PAGE.read_text()


# --- the documented example


def test_the_example_follows_from_the_table_of_options() -> None:
    command = [sys.executable, str(SCRIPT), "--check"]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    assert (checked.returncode, checked.stderr) == (0, "")


def test_the_example_has_every_key_and_no_other() -> None:
    table = tomllib.loads(enabled())
    assert [*table] == [*OPTIONS, "limits"]
    assert [*table["limits"]] == [*LIMITS]


def enabled() -> str:
    """The example with the keys that are commented out in it."""
    return re.sub(r"^#(?=[a-z-]+ = )", "", EXAMPLE.read_text(), flags=re.MULTILINE)


def test_to_serve_the_example_is_to_serve_without_a_file() -> None:
    assert configured({}, EXAMPLE).settings == Settings()


def test_what_is_commented_out_in_the_example_is_right(file: Path) -> None:
    file.write_text(enabled())
    reading = read(file)
    assert reading.mistakes == []
    commented = {field for field, value in reading.said.items() if value != getattr(Settings(), field)}
    assert commented == {"data", "domain", "tls_cert", "tls_key"}


def test_every_key_of_the_example_has_a_comment_above_it() -> None:
    lines = EXAMPLE.read_text().splitlines()
    keys = [number for number, line in enumerate(lines) if re.match(r"#?[a-z0-9-]+ = ", line)]
    assert len(keys) == len(OPTIONS) + len(LIMITS)
    assert [lines[number] for number in keys if not lines[number - 1].startswith("# ")] == []
