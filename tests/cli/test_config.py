"""The configuration file: what it says, what flags say over it, and a line for whatever is wrong in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from quitclaim.cli.arguments import Parser, add_flag, said
from quitclaim.cli.configured import configured
from quitclaim.config import LIMITS, OPTIONS, Address, Settings, contradictions, default_data, over, read
from quitclaim.config.addresses import address
from quitclaim.config.lines import key_lines
from quitclaim.limits import Limits
from quitclaim.server import Listener, Proxy, default_mechanisms

if TYPE_CHECKING:
    from typing import Any

NO_VALUE = 'this is no value; write texts in "quotes", and true or false in small letters'
NETWORK = "it should be like 192.0.2.0/24, 192.0.2.7 or 2001:db8::/32; write, for example,"

# What a file has, and what is said: the line, the key and the rest.
MISTAKES = {
    # no TOML
    'listen = ["127.0.0.1:110"': "1: no TOML: unclosed array; write KEY = VALUE",
    "# \u2028 ends no line\nlisten = [\n\n": "2: this is no value;",
    "\ndomain = EXAMPLE\nlisten = []": f"2: {NO_VALUE}",
    "allow-plaintext = True": f"1: {NO_VALUE}",
    "allow-plaintext": "1: no TOML: expected '=' after a key in a key/value pair; write KEY = VALUE",
    "[limits\n": "1: no TOML: expected ']' at the end of a table declaration; write KEY = VALUE",
    'domain = "A"\n\ndomain = "B"\n': "3: domain: it was said before; write it once",
    'domain = "A"\ndomain = "B"': "2: domain: it was said before; write it once",
    "[limits]\n[limits]\n": "2: limits: it was said before; write it once",
    'listen = [\n"127.0.0.1:0"]\nlisten = [\n"127.0.0.1:0"]\n': "4: it was said before; write it once",
    f"domain = {'[' * 2_000}{']' * 2_000}": " it is too deep, or has a number too long; write less",
    f"limits.connections = {'9' * 5_000}": " it is too deep, or has a number too long; write less",
    # unknown
    "# none\nlisen = []": "2: lisen: there is no such key here; write listen",
    "allow_plaintext = true": "1: allow_plaintext: there is no such key here; write allow-plaintext",
    "zzz = 1": f"1: zzz: there is no such key; there are: {', '.join(OPTIONS)}, limits",
    '"a\\nb" = 1': f"1: 'a\\nb': there is no such key; there are: {', '.join(OPTIONS)}, limits",
    "[limits]\nloginfailures = 1": "2: limits.loginfailures: there is no such key here; write login-failures",
    "[limits]\nzzz = 1": f"2: limits.zzz: there is no such key; there are: {', '.join(LIMITS)}",
    "login-timeout = 9": "1: login-timeout: there is no such key here; write login-timeout below [limits]",
    '[limits]\n\ndomain = "A"': "3: limits.domain: there is no such key here; write domain above [limits]",
    # of a wrong type
    'listen = "127.0.0.1:110"': "1: listen: it should be a list, with something in it; write, for example,",
    "listen = []": "1: listen: it should be a list, with something in it; write, for example,",
    "listen = [110]": "1: listen: it should be a text in quotes; write, for example,",
    "data = 1": '1: data: it should be a text in quotes; write, for example, data = "/var/lib/quitclaim"',
    "tls-cert = []": "1: tls-cert: it should be a list, with something in it; write, for example,",
    "mechanisms = []": "1: mechanisms: it should be a list, with something in it; write, for example,",
    'allow-plaintext = "yes"': "1: allow-plaintext: it should be true or false; write, for example,",
    "ntlm-v1 = 1": "1: ntlm-v1: it should be true or false; write, for example, ntlm-v1 = true",
    "log-format = true": "1: log-format: it should be a text in quotes; write, for example,",
    "limits = 5": "1: limits: it should be a table; write [limits], and the limits below",
    # no such value
    'data = ""': "1: data: '' is no name of a file; write, for example,",
    'data = "a\\u0000"': "1: data: 'a\\x00' is no name of a file; write, for example,",
    'data = "~nobody-of-that-name/x"': "1: data: '~nobody-of-that-name/x' is of nobody here; write, for",
    'listen = ["110"]': "1: listen: '110' is no address: it should be like 127.0.0.1:1110, 0.0.0.0:1110 or",
    'listen = ["a..b:110"]': "1: listen: 'a..b:110' is no address: it should be like 127.0.0.1:1110, 0.0.0.0",
    f'listen = ["{"a" * 64}:110"]': f"1: listen: '{'a' * 64}:110' is no address: it should be like 127.0.0.1",
    'listen = ["a\\u0000:110"]': "1: listen: 'a\\x00:110' is no address: it should be like 127.0.0.1:1110,",
    'domain = "two.words"': "1: domain: 'two.words' is no NetBIOS name: it has 1 to 15 letters, digits,",
    'log-format = "xml"': "1: log-format: 'xml' is no format of a log: there are text and json; write, for",
    'mechanisms = ["NTLM", "GSSAPI"]': "1: mechanisms: there is no mechanism 'GSSAPI'; there are: SCRAM",
    'mechanisms = ["XOAUTH2"]': "1: mechanisms: there is no mechanism 'XOAUTH2'; there are: SCRAM",
    'trusted-proxies = ["192.0.2.7/24"]': f"1: trusted-proxies: '192.0.2.7/24' is no network: {NETWORK}",
    # limits
    "[limits]\nlogin-timeout = 0": "2: limits.login-timeout: it must be above zero; write, for example,",
    "[limits]\nconnections = 0": "2: limits.connections: it must be above zero; write, for example, conn",
    "limits.login-delay = -1": "1: limits.login-delay: it must not be below zero; write, for",
    "limits = { connections = 1.0 }": "1: limits.connections: it should be a whole number; write, for",
    "limits.connections = true": "1: limits.connections: it should be a whole number; write, for example,",
    "limits.connections = 2147483648": "1: limits.connections: it should be 2147483647 at most; write, for",
    'limits.login-timeout = "60"': "1: limits.login-timeout: it should be a number of seconds; write, for",
    "limits.login-timeout = false": "1: limits.login-timeout: it should be a number of seconds; write, for",
    "limits.idle-timeout = inf": "1: limits.idle-timeout: it should be 31536000 seconds at most, which",
    "limits.idle-timeout = -inf": "1: limits.idle-timeout: it must be above zero; write, for example,",
    f"limits.idle-timeout = 1{'0' * 400}": "1: limits.idle-timeout: it should be 31536000 seconds at most",
    "limits.idle-timeout = nan": "1: limits.idle-timeout: it should be 31536000 seconds at most, which",
    "limits.idle-timeout = 1e300": "1: limits.idle-timeout: it should be 31536000 seconds at most, which",
    # what each is right by itself
    '# TLS\nlisten = ["pop3s://[::]:995"]': "2: listen: pop3s://[::]:995 needs a certificate; write tls",
    'tls-key = "a.key"': '1: tls-key: it needs the certificate that it is of; write tls-cert = "mail.pem"',
    'tls-cert = "a"\ntls-key = ["a", "b"]': "2: tls-key: there are 2 for 1 of tls-cert; write one for",
    'listen = ["[::1]:110", "pop3://[::1]:110"]': "1: listen: [::1]:110 is there twice; write it once",
    'mechanisms = ["PLAIN", "plain"]': "1: mechanisms: PLAIN is there twice; write it once",
    'trusted-proxies = ["192.0.2.7"]': "1: trusted-proxies: no address of listen has ?proxy=1 behind it;",
    'mechanisms = ["PLAIN"]\nntlm-v1 = true': "2: ntlm-v1: NTLM is none of the mechanisms; write it",
    '\ntls-cert = "no.pem"': "2: tls-cert: ",
}


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "quitclaim.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def complaints(path: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What is said of a file that cannot be used, without its name."""
    with pytest.raises(SystemExit) as ended:
        configured({}, path)
    assert ended.value.code == 1
    lines = capsys.readouterr().err.splitlines()
    assert all(line.startswith(f"{path}:") for line in lines)
    return [line.removeprefix(f"{path}:") for line in lines]


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_is_said_with_its_line_and_what_to_write(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (complaint,) = complaints(written(tmp_path, text), capsys)
    assert complaint.startswith(MISTAKES[text])
    assert "; write" in complaint or "; there are: " in complaint


def test_a_key_in_place_of_its_file_is_not_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = 'tls-cert = "a.pem"\ntls-key = """-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n"""'
    (complaint,) = complaints(written(tmp_path, text), capsys)
    assert complaint.startswith("2: tls-key: it should be the name of a file, and is what such a file has")
    assert "c2VjcmV0" not in complaint


def test_what_is_no_text_is_said_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, b'# one\n# two\ndomain = "\xff"\n')
    assert complaints(path, capsys) == ["3: it is not UTF-8; write it in UTF-8"]


def test_all_mistakes_are_said_at_once_in_the_order_of_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (
        'domain = ""\nlisten = ["pop3s://[::]:995"]\nlisen = 1\n[limits]\nconnections = 0\nbad-commands = 0\n'
    )
    said = [line.split(": ")[:2] for line in complaints(written(tmp_path, text), capsys)]
    assert said == [
        ["1", "domain"],
        ["3", "lisen"],
        ["5", "limits.connections"],
        ["6", "limits.bad-commands"],
    ]


def test_a_contradiction_is_said_beside_mistakes_elsewhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = 'listen = ["pop3s://[::]:995"]\ndomain = ""\n'
    said = [line.split(": ")[:2] for line in complaints(written(tmp_path, text), capsys)]
    assert said == [["1", "listen"], ["2", "domain"]]


def test_what_was_meant_and_misspelt_is_no_contradiction_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = 'listen = ["pop3s://[::]:995"]\ntls-crt = "mail.pem"\n'
    assert complaints(written(tmp_path, text), capsys) == [
        "2: tls-crt: there is no such key here; write tls-cert"
    ]


def test_a_flag_is_blamed_for_what_a_flag_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        configured({"tls_key": (Path("a.key"),)}, written(tmp_path, 'domain = "A"'))
    assert capsys.readouterr().err.startswith("quitclaim: --tls-key: it needs the certificate")


# --- what is said


def flags(*arguments: str) -> dict[str, Any]:
    """What these flags of `serve` say."""
    parser = Parser(prog="serve", description="", epilog="")
    for name in OPTIONS:
        add_flag(parser, name)
    return said(parser.parse_args(arguments))


# Of each option: its flag, the same in a file, and what that means.
SAID: dict[str, tuple[list[str], str, object]] = {
    "data": (["/mail"], '"/mail"', Path("/mail")),
    "listen": (
        ["127.0.0.1:0", "pop3s://[::1]:995?proxy=1"],
        '["127.0.0.1:0", "pop3s://[::1]:995?proxy=1"]',
        (Address("127.0.0.1", 0), Address("::1", 995, implicit_tls=True, proxy=True)),
    ),
    "domain": (["EXAMPLE"], '"EXAMPLE"', "EXAMPLE"),
    "mechanisms": (["ntlm", "PLAIN"], '["ntlm", "PLAIN"]', ("NTLM", "PLAIN")),
    "allow-plaintext": ([], "true", True),
    "ntlm-v1": ([], "true", True),
    "tls-cert": (["/a.pem", "/b.pem"], '["/a.pem", "/b.pem"]', (Path("/a.pem"), Path("/b.pem"))),
    "tls-key": (["/a.key"], '"/a.key"', (Path("/a.key"),)),
    "trusted-proxies": (["192.0.2.7", "::/0"], '["192.0.2.7", "::/0"]', ("192.0.2.7", "::/0")),
    "log-format": (["json"], '"json"', "json"),
}


def test_every_option_is_tested() -> None:
    assert SAID.keys() == OPTIONS.keys()


@pytest.mark.parametrize("name", SAID)
def test_an_option_means_the_same_as_a_flag_and_in_a_file(name: str, tmp_path: Path) -> None:
    words, value, meant = SAID[name]
    arguments = [part for word in words for part in (f"--{name}", word)] or [f"--{name}"]
    field = OPTIONS[name].field
    assert flags(*arguments) == {field: meant}
    assert read(written(tmp_path, f"{name} = {value}")).said == {field: meant}
    assert getattr(Settings(), field) != meant


@pytest.mark.parametrize("name", LIMITS)
def test_a_file_says_each_limit(name: str, tmp_path: Path) -> None:
    reading = read(written(tmp_path, f"[limits]\n{name} = 7"))
    assert reading.mistakes == []
    assert reading.said == {"limits": Limits(**{name.replace("-", "_"): 7})}


@pytest.mark.parametrize("text", ["", "[limits]", "# nothing\r\n\r\n"])
def test_a_file_that_says_nothing_leaves_the_defaults(text: str, tmp_path: Path) -> None:
    assert configured({}, written(tmp_path, text)).settings == Settings()


def test_a_flag_wins_over_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, 'data = "/mail"\ndomain = "EXAMPLE"\nlisten = ["127.0.0.1:110"]')
    given = flags("--listen", "[::1]:0", "--domain", "OTHER")
    assert configured(given, path).settings == Settings(
        data=Path("/mail"), listen=(Address("::1", 0),), domain="OTHER"
    )


def test_a_flag_heals_what_the_file_alone_could_not_be(tmp_path: Path) -> None:
    path = written(tmp_path, 'listen = ["pop3s://[::]:995"]')
    given = flags("--listen", "127.0.0.1:110")
    assert configured(given, path).settings.listen == (Address("127.0.0.1", 110),)


def test_names_of_files_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/anna")
    text = 'data = "mail"\ntls-cert = ["a.pem", "/etc/b.pem"]\ntls-key = "~/a.key"'
    assert read(written(tmp_path, text)).said == {
        "data": tmp_path / "mail",
        "tls_cert": (tmp_path / "a.pem", Path("/etc/b.pem")),
        "tls_key": (Path("/home/anna/a.key"),),
    }


def test_a_certificate_in_a_flag_leaves_no_key_of_the_file(tmp_path: Path) -> None:
    in_file = read(written(tmp_path, 'tls-cert = "a.pem"\ntls-key = "a.key"')).said
    assert over(flags("--tls-cert", "c.pem"), in_file) == {"tls_cert": (Path("c.pem"),)}


def test_an_address_in_another_spelling_is_the_same() -> None:
    listen = (address("[0:0::1]:110"), address("[::1]:110"))
    (found,) = contradictions(Settings(listen=listen), by_flags=True)
    assert found == (("listen",), "[::1]:110 is there twice; write it once")


def test_two_listeners_at_free_ports_are_no_contradiction() -> None:
    settings = Settings(listen=(Address("127.0.0.1", 0), Address("127.0.0.1", 0)))
    assert list(contradictions(settings, by_flags=True)) == []


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [("0.0.0.0:110", "127.0.0.1:110"), ("[::]:110", "[::1]:110"), ("[0:0::0]:110", "[2001:db8::7]:110")],
)
def test_all_addresses_and_one_of_them_cannot_have_the_same_port(wide: str, narrow: str) -> None:
    for listen in ((address(wide), address(narrow)), (address(narrow), address(wide))):
        (found,) = contradictions(Settings(listen=listen), by_flags=True)
        assert found.options == ("listen",)
        assert found.what.startswith(f"{narrow} is one of the addresses that ")


@pytest.mark.parametrize(
    "listen",
    [
        ("0.0.0.0:110", "127.0.0.1:1110"),
        ("0.0.0.0:0", "127.0.0.1:0"),
        ("0.0.0.0:110", "[::]:110"),
        ("0.0.0.0:110", "[::1]:110"),
        ("[::]:110", "127.0.0.1:110"),
        ("127.0.0.1:110", "127.0.0.2:110"),
        ("0.0.0.0:110", "mail.example.org:110"),
    ],
)
def test_addresses_that_can_be_had_together_are_no_contradiction(listen: tuple[str, ...]) -> None:
    settings = Settings(listen=tuple(map(address, listen)))
    assert list(contradictions(settings, by_flags=True)) == []


@pytest.mark.parametrize("name", ["file", "file/mail", "file/a/b"])
def test_a_file_where_the_data_folder_should_be_is_named(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (found,) = contradictions(Settings(data=tmp_path / name), by_flags=True)
    said = f"{tmp_path}/file is no folder; write the name of one, or of one to be made"
    assert found == (("data",), said)


@pytest.mark.parametrize("name", [".", "link", "link/mail", "a/b/c", "gone"])
def test_a_data_folder_that_is_there_or_can_be_made_is_no_contradiction(name: str, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    before = list(tmp_path.iterdir())
    assert list(contradictions(Settings(data=tmp_path / name), by_flags=True)) == []
    assert list(tmp_path.iterdir()) == before


def test_the_defaults_are_those_of_an_embedded_server() -> None:
    settings, listener = Settings(), Listener()
    assert settings.listen == (Address(listener.host, listener.port),)
    assert settings.allow_plaintext == listener.allow_plaintext
    with_tokens = ("OAUTHBEARER", "XOAUTH2")  # which nobody checks for `serve`
    names = [one.name.decode() for one in default_mechanisms()]
    assert settings.mechanisms == tuple(name for name in names if name not in with_tokens)
    assert settings.trusted_proxies == Proxy().trusted
    assert settings.limits == Limits()


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
    assert default_data() == Settings().data == Path(folder)


# --- in which line

TRICKY = '''\
# [no.table] key = 1
domain = "a # no comment, key = 1" # a comment: [no]
'listen' = [
    "[limits]", # key = 1
    ["]", {a = 1}],
]
"quoted\\u002Ekey" = """
data = 1
\\""" [no] """""
literal = \'\'\'
[no]\'\'\'\'
[ limits . "inner table" ]
a.b = { key = "\\"}" } # }
c = 1979-05-27 07:32:00
[[array]]
d = [[1, 2], [3]]
[[array]]
d = 1
'''


def test_the_line_of_a_key_is_found_whatever_stands_around_it() -> None:
    assert (
        key_lines(TRICKY)
        == key_lines(TRICKY.replace("\n", "\r\n"))
        == {
            ("domain",): 2,
            ("listen",): 3,
            ("quoted.key",): 7,
            ("literal",): 10,
            ("limits",): 12,
            ("limits", "inner table"): 12,
            ("limits", "inner table", "a"): 13,
            ("limits", "inner table", "a", "b"): 13,
            ("limits", "inner table", "c"): 14,
            ("array",): 15,
            ("array", "d"): 16,
        }
    )
