"""The configuration file: the flags' names as keys, and a sentence for whatever is wrong in it."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest

from quitclaim.cli.serve import settings
from quitclaim.config import Address, Settings, default_data, load

WRONG = {
    'listen = ["127.0.0.1:110"': "at end of document",
    'domain = "EXAMPLE"\ndata = a': "at line 2",
    "lisen = []": "no key 'lisen'",
    'listen = "127.0.0.1:110"': "listen: it should be a list",
    "listen = []": "listen: it should be a list",
    "listen = [110]": "listen: it should be a text",
    'listen = ["110"]': "listen: '110' is no address",
    "data = 1": "data: it should be a text",
    'data = ""': "data: it should be a text",
    'domain = "two.words"': "domain: 'two.words' is no NetBIOS name",
    'allow-plaintext = "yes"': "allow-plaintext: it should be true or false",
    "allow_plaintext = true": "no key 'allow_plaintext'",
}


def written(folder: Path, text: str) -> Path:
    path = folder / "quitclaim.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_said_in_a_sentence_with_file_and_place(text: str, tmp_path: Path) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ValueError, match="quitclaim") as raised:
        load(path)
    assert str(raised.value).startswith(f"{path}: ")
    assert WRONG[text] in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "quitclaim.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match=r"quitclaim\.toml is not UTF-8$"):
        load(path)


def test_a_file_says_what_flags_say(tmp_path: Path) -> None:
    text = 'data = "mail"\nlisten = ["127.0.0.1:0", "pop3s://[::1]:995"]\ndomain = "EXAMPLE"\n'
    assert load(written(tmp_path, text + "allow-plaintext = true")) == Settings(
        data=tmp_path / "mail",
        listen=(Address("127.0.0.1", 0), Address("::1", 995, implicit_tls=True)),
        domain="EXAMPLE",
        allow_plaintext=True,
    )


def test_an_empty_file_says_nothing(tmp_path: Path) -> None:
    assert load(written(tmp_path, "")) == Settings()


def test_a_flag_wins_over_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, 'data = "/mail"\ndomain = "EXAMPLE"\nlisten = ["127.0.0.1:110"]')
    flags = Namespace(
        config=path, data=None, listen=[Address("::1", 0)], domain="OTHER", allow_plaintext=None
    )
    flags.tls_cert = flags.tls_key = None
    assert settings(flags) == Settings(data=Path("/mail"), listen=(Address("::1", 0),), domain="OTHER")


def test_a_file_names_certificates_beside_it(tmp_path: Path) -> None:
    said = load(written(tmp_path, 'tls-cert = ["a.pem", "/etc/b.pem"]\ntls-key = "a.key"'))
    assert said.tls_cert == (tmp_path / "a.pem", Path("/etc/b.pem"))
    assert said.tls_key == (tmp_path / "a.key",)


def test_a_certificate_in_a_flag_leaves_no_key_of_the_file(tmp_path: Path) -> None:
    flags = Settings(tls_cert=(Path("c.pem"),))
    said = flags.over(load(written(tmp_path, 'tls-cert = "a.pem"\ntls-key = "a.key"')))
    assert (said.tls_cert, said.tls_key) == ((Path("c.pem"),), None)


@pytest.mark.parametrize(
    ("variable", "folder"),
    [
        ("/data", "/data/quitclaim"),
        ("", "/home/anna/.local/share/quitclaim"),
        ("x", "/home/anna/.local/share/quitclaim"),
    ],
)
def test_the_default_folder_follows_the_xdg_specification(
    variable: str, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/anna")
    monkeypatch.setenv("XDG_DATA_HOME", variable)
    assert default_data() == Path(folder)
