"""The client's side of NTLM for `poplib`, which has no AUTH at all: `login_ntlm`.

It needs pyspnego, which does the cryptography: `pip install quitclaim[client]`.
"""

from __future__ import annotations

import base64
import ssl
from contextlib import suppress
from poplib import POP3, error_proto
from typing import TYPE_CHECKING, Final

from quitclaim.ntlm import Credential

if TYPE_CHECKING:
    import socket

    import spnego
    from spnego.channel_bindings import GssChannelBindings

__all__ = ("login_ntlm",)


def login_ntlm(
    client: POP3, user: str, password: str, *, domain: str = "", initial_response: bool = False
) -> bytes:
    r"""Logs a `POP3` or `POP3_SSL` in by AUTH NTLM and gives the server's `+OK`, as `pass_` does.

    It speaks NTLMv2, with a MIC, and bound to the TLS connection if there is one, by STLS too (RFC 5929,
    `tls-server-end-point`). A login that fails leaves the connection as it was: try again, by any method.

    >>> from poplib import POP3, error_proto
    >>> from quitclaim.accounts import MemoryAccounts
    >>> from quitclaim.maildrop import MemoryStore
    >>> from quitclaim.testing import Controller
    >>> with Controller(accounts=MemoryAccounts({"anna": "open sesame"}), store=MemoryStore()) as controller:
    ...     client = POP3(*controller.address)
    ...     try:
    ...         login_ntlm(client, "anna", "a guess")
    ...     except error_proto as error:
    ...         print(error)
    ...     login_ntlm(client, "anna", "open sesame", domain="EXAMPLE")
    ...     _ = client.quit()
    b'-ERR [AUTH] authentication failed'
    b'+OK 0 messages (0 octets)'

    Args:
        client: it is connected, and nobody is logged in.
        user: a name; `EXAMPLE\anna` and `anna@example.org` have their domain with them.
        password: the password.
        domain: the user's domain, for servers that have several.
        initial_response: whether AUTH's own line has the first message (RFC 5034 §4), which saves a round
            trip; servers older than that refuse it.

    Raises:
        error_proto: `poplib`'s own: the server refuses, talks no NTLM, or hangs up.
        ImportError: there is no pyspnego. Nothing was said.
        OSError: the connection is lost.
        ValueError: the password has a lone surrogate. Nothing was said.
    """
    context = _context(client, f"{domain}\\{user}" if domain else user, password)
    negotiate = base64.b64encode(context.step() or b"")
    if initial_response:
        reply = _ask(client, b"AUTH NTLM " + negotiate)
    else:
        _ask(client, b"AUTH NTLM")  # answered by `+ ` in RFC 5034, by `+OK` in MS-POP3 §2.2
        reply = _ask(client, negotiate)
    try:
        authenticate = context.step(base64.b64decode(reply.removeprefix(b"+ "), validate=True))
    except Exception as error:  # a stranger's octets: pyspnego raises whatever its parser stumbles over
        _cancel(client)
        message = "the server's answer to a NEGOTIATE is no CHALLENGE"
        raise error_proto(message) from error
    reply = _ask(client, base64.b64encode(authenticate or b""))
    if not reply.startswith(b"+OK"):
        _cancel(client)
        message = "the server does not answer an AUTHENTICATE by +OK or -ERR"
        raise error_proto(message)
    return reply


def _context(client: POP3, username: str, password: str) -> spnego.ContextProxy:
    """What makes the tokens of one login, and is used up by it."""
    try:
        import spnego  # noqa: PLC0415 - an extra: whoever only serves does without it
    except ImportError as error:
        message = "login_ntlm needs pyspnego: pip install quitclaim[client]"
        raise ImportError(message) from error
    return spnego.client(
        # Not the password: pyspnego takes one that looks like two hashes for them.
        spnego.NTLMHash(username=username, nt_hash=Credential.from_password(password).nt_hash.hex()),
        hostname=client.host,
        service="pop",
        channel_bindings=_binding(client.sock),
        protocol="ntlm",
        options=spnego.NegotiateOptions.use_ntlm,  # its own, on every system: others take no hash
    )


def _binding(sock: socket.socket) -> GssChannelBindings | None:
    """The binding to a TLS connection (RFC 5929 §4.1), None over plaintext."""
    certificate = sock.getpeercert(binary_form=True) if isinstance(sock, ssl.SSLSocket) else None
    if certificate is None:
        return None
    # All of it comes with pyspnego.
    from cryptography import x509  # noqa: PLC0415
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
    from spnego.channel_bindings import GssChannelBindings  # noqa: PLC0415

    parsed = x509.load_der_x509_certificate(certificate)
    algorithm = None
    with suppress(UnsupportedAlgorithm):
        algorithm = parsed.signature_hash_algorithm
    # Ed25519 and the like have none, and no binding is defined for them. One that the server may not know
    # is better than none: a relay would choose such a certificate.
    if algorithm is None or isinstance(algorithm, hashes.MD5 | hashes.SHA1):
        algorithm = hashes.SHA256()
    return GssChannelBindings(application_data=b"tls-server-end-point:" + parsed.fingerprint(algorithm))


def _ask(client: POP3, line: bytes) -> bytes:
    """Says a line and gives the reply to it, if that begins with a plus.

    poplib's own way to do that is private, and takes no CHALLENGE of more than 1.5 KiB.
    """
    client.sock.sendall(line + b"\r\n")
    reply = client.file.readline(_LONGEST + 1)
    if not reply:
        message = "-ERR EOF"  # poplib's own words
        raise error_proto(message)
    if len(reply) > _LONGEST:
        message = "line too long"
        raise error_proto(message)
    reply = reply.rstrip(b"\r\n")
    if not reply.startswith(b"+"):
        raise error_proto(reply)
    return reply


def _cancel(client: POP3) -> None:
    """Ends the exchange (RFC 5034 §4), so that the next line is a command again."""
    with suppress(error_proto):  # what else should it answer
        _ask(client, b"*")


_LONGEST: Final = 12_288  # octets of a line; RFC 5034 §4 wants what the mechanism needs
