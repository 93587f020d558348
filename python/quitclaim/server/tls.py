"""TLS as a server speaks it: its certificates, which one for which name, and what logins are bound to."""

from __future__ import annotations

import ssl
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Never

from quitclaim.ntlm import ChannelBinding
from quitclaim.server.certificate import binding_hash, dns_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from os import PathLike

__all__ = ("CertifiedContext", "Tls")


class Tls:
    """The certificates of a server, for TLS 1.2 and newer; listeners may share it.

        tls = Tls("mail.pem", "mail.key")
        listen = [Listener("0.0.0.0", 110, tls=tls), Listener("0.0.0.0", 995, tls=tls, implicit=True)]

    Args:
        certificate: a PEM file with a certificate, and behind it those that lead to the root's.
        key: a PEM file with the certificate's private key; None if it is in the same file.
        others: more of such pairs. A client that asks for one of their names (SNI) is shown that one, and
            everybody else the first.

    Raises:
        OSError: a file cannot be read.
        ValueError: a file is no PEM, the key is encrypted, or it is not the certificate's.

    >>> Tls("no such file")
    Traceback (most recent call last):
    FileNotFoundError: [Errno 2] No such file or directory: 'no such file'
    """

    __slots__ = ("_files", "context")

    context: CertifiedContext
    """What the next handshake begins with."""

    def __init__(
        self,
        certificate: str | PathLike[str],
        key: str | PathLike[str] | None = None,
        /,
        *,
        others: Iterable[tuple[str | PathLike[str], str | PathLike[str] | None]] = (),
    ) -> None:
        pairs = [(certificate, key), *others]
        self._files = [(Path(one), None if other is None else Path(other)) for one, other in pairs]
        self.reload()

    def reload(self) -> None:
        """Reads the files again, for the handshakes to come; connections that there are keep theirs.

        Raises:
            OSError: as at first. What was read before stays in use then.
            ValueError: as at first, and the same.
        """
        first, *others = [CertifiedContext.load(*files) for files in self._files]
        if others:
            by_name: dict[str, CertifiedContext] = {}
            for context in (*reversed(others), first):  # who is named earlier has the last word
                by_name.update(dict.fromkeys(context.names, context))
            first.sni_callback = _by_name(by_name)
        self.context = first


class CertifiedContext(ssl.SSLContext):
    """A context with one certificate, and what there is to know of that."""

    names: tuple[str, ...]
    binding: ChannelBinding

    @classmethod
    def load(cls, certificate: Path, key: Path | None, /) -> CertifiedContext:
        """Reads a certificate and its key; errors as of `Tls`."""
        for file in (certificate, key or certificate):
            file.open("rb").close()  # OpenSSL would not say which of the two
        # A new one each time: it takes the tickets with it that resume connections to an old certificate.
        context = cls(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.options |= ssl.OP_NO_RENEGOTIATION  # of TLS 1.2: work for us at the peer's wish
        try:
            context.load_cert_chain(certificate, key, _Encrypted(key or certificate))
            shown = _shown_by(context)
        except ssl.SSLError as error:
            pair = f"{certificate} and {key}" if key else str(certificate)
            message = (
                f"{pair}: no certificate in PEM and the key that belongs to it ({error.reason or 'no PEM'})"
            )
            raise ValueError(message) from error
        context.names = dns_names(shown)
        context.binding = ChannelBinding.tls_server_end_point(binding_hash(shown))
        return context


class _Encrypted:
    """What is asked for the password of an encrypted key: OpenSSL itself would ask on the terminal."""

    def __init__(self, file: Path, /) -> None:
        self._file = file

    def __call__(self) -> Never:
        message = f"{self._file}: the key is encrypted, and nobody is there to be asked: decrypt it"
        raise ValueError(message)


def _shown_by(context: ssl.SSLContext) -> bytes:
    """The certificate that a client is shown, in DER: by a handshake in memory, so it is no other one."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    anybody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anybody.check_hostname = False
    anybody.verify_mode = ssl.CERT_NONE
    client = anybody.wrap_bio(to_client, to_server)
    server = context.wrap_bio(to_server, to_client, server_side=True)
    for side in (client, server) * 3:  # TLS 1.3 needs one round of these, and 1.2 one more
        with suppress(ssl.SSLWantReadError):
            side.do_handshake()
    certificate = client.getpeercert(binary_form=True)
    assert certificate is not None, "a server shows one"  # noqa: S101 - only ciphers that nobody enables have none
    return certificate


def _by_name(contexts: dict[str, CertifiedContext]) -> Callable[[ssl.SSLObject, str, ssl.SSLContext], None]:
    """What chooses by the name that a client asks for (RFC 6066 §3), if it asks."""

    def choose(connection: ssl.SSLObject, name: str | None, _first: ssl.SSLContext) -> None:
        if name is None:
            return
        name = name.lower()
        chosen = contexts.get(name) or contexts.get("*." + name.partition(".")[2])
        if chosen is not None:
            connection.context = chosen

    return choose
