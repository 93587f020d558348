"""The NTLM acceptor, in Rust: the reference of everything that `quitclaim.ntlm` has.

The half of `_quitclaim.pyi` that knows no table. At run time there is no module of this name: the classes
are in `quitclaim._quitclaim`. Import them from `quitclaim.ntlm`.

Times are in seconds, as float; `now` is since 1970, as `time.time` has it. Tokens are NTLM messages, neither
base64 nor SPNEGO. Every class here is final, may be used from any thread, and refuses to be pickled or
copied. No message and no repr tells a secret; those of `Claim` and `Established` tell names.

Each step of an exchange is good once: a second `Challenged.authenticate` or `Claim.verify` raises
`OutOfSequence`, whatever came of the first. A call with arguments of a wrong type or range was no step.

The examples share this much; their client is pyspnego's:

>>> import os, time, spnego
>>> from quitclaim.ntlm import Acceptor, Challenged, ChannelBinding, Credential, SessionKey
>>> acceptor, alice = Acceptor("MAIL"), Credential.from_password("secret")
>>> client = spnego.client("alice", "secret", protocol="ntlm")
>>> challenged, challenge = acceptor.challenge(client.step(), os.urandom(8), time.time())
>>> answer = client.step(challenge)
"""

from typing import Literal, Self, TypeAlias, final

__all__ = [
    "Acceptor",
    "Challenged",
    "ChannelBinding",
    "Claim",
    "Credential",
    "Established",
    "SessionKey",
]

_Version: TypeAlias = Literal["NTLMv1", "NTLMv1+ESS", "NTLMv2"]

@final
class Acceptor:
    """Who answers NEGOTIATEs: one for each listener, shared by its connections and threads.

    Example:
        >>> Acceptor("MAIL", domain="EXAMPLE", mic="required") # doctest: +ELLIPSIS
        <quitclaim.ntlm.Acceptor object at ...>
    """

    def __new__(
        cls,
        server: str,
        *,
        domain: str | None = None,
        dns_names: tuple[str, str] | None = None,
        mic: Literal["optional", "required"] = "optional",
        channel_binding: Literal["off", "allow", "require"] = "allow",
        client_time_window: float = 129_600.0,
        ntlmv1: bool = False,
    ) -> Self:
        """Makes an acceptor that goes by those names and accepts what the policy says.

        Clients may check and show the names; nothing depends on them here.

        Args:
            server: Its NetBIOS name.
            domain: Its domain's NetBIOS name; None if it is a domain of its own.
            dns_names: The DNS names of domain and server, in this order. Windows clients like to see them.
            mic: Whether NTLMv2 must come with a MIC. One that is announced is checked anyway. `required`
                shuts out curl, and clients older than Windows Vista.
            channel_binding: `require`: a login must be bound to its TLS connection, so over plaintext there
                is none. `allow`: if it is bound, then to this one. `off`: nobody looks.
            client_time_window: Seconds that a client's clock may be off; `math.inf` for any.
            ntlmv1: Whether NTLMv1 is accepted, which is broken in hours and relayed at once.

        Raises:
            ValueError: A name is empty, longer than 255 characters or has control characters; a word or time
                is none of the above; or `ntlmv1` meets a MIC or binding that is required: it has neither.

        Example:
            >>> Acceptor("MAIL", mic="required", ntlmv1=True)
            Traceback (most recent call last):
                ...
            ValueError: NTLMv1 can have neither a MIC nor a channel binding, and one is required
        """

    @property
    def requires_channel_binding(self) -> bool:
        """Whether a login must be bound to its TLS connection, so that over plaintext there is none.

        Example:
            >>> Acceptor("MAIL", channel_binding="require").requires_channel_binding
            True
        """

    def challenge(self, negotiate: bytes, server_challenge: bytes, now: float, /) -> tuple[Challenged, bytes]:
        """Answers a NEGOTIATE: what to keep until the AUTHENTICATE comes, and the CHALLENGE to send.

        `server_challenge` must be fresh from `os.urandom`, each time: whoever can tell it in advance can log
        in with a response that he has recorded.

        Raises:
            InvalidToken: It is no NEGOTIATE, or offers neither Unicode nor OEM strings.
            ValueError: `server_challenge` is not 8 octets, or `now` is no time that a clock can have.

        Example:
            >>> acceptor.challenge(b"GET / HTTP/1.1", os.urandom(8), time.time())
            Traceback (most recent call last):
                ...
            quitclaim.errors.InvalidToken: invalid token: it is not an NTLM message
        """

@final
class Challenged:
    """An exchange whose CHALLENGE is on its way: good for one AUTHENTICATE. `Acceptor.challenge` makes it.

    Example:
        >>> claim = challenged.authenticate(answer, None, time.time())
        >>> challenged.authenticate(answer, None, time.time()) # doctest: +ELLIPSIS
        Traceback (most recent call last):
            ...
        quitclaim.errors.OutOfSequence: this step of the exchange was done already, ...
    """

    def authenticate(self, authenticate: bytes, binding: ChannelBinding | None, now: float, /) -> Claim:
        """Reads an AUTHENTICATE and holds it against the policy. The claim **proves nothing yet**.

        `binding` is that of the TLS connection which the message came over, None over plaintext. What is
        refused has the `username` that the peer claims, if one can be read, for a log.

        Raises:
            InvalidToken: It is no AUTHENTICATE, or one that was tampered with.
            Unsupported: It is anonymous, has no NT response, or is refused by the policy.
            OutOfSequence: There was one before.
            ValueError: `now` is no time that a clock can have.

        Example:
            >>> binding = ChannelBinding.tls_server_end_point(bytes(32))
            >>> challenged.authenticate(answer, binding, time.time()).username
            'alice'
        """

    @staticmethod
    def from_wire(negotiate: bytes, challenge: bytes, /, *, ntlmv1: bool = False) -> Challenged:
        """Replays messages that were exchanged elsewhere. **Never for a login**: the challenge is not fresh.

        The policy is the default but for `ntlmv1`; `negotiate` may be empty where no MIC is at stake.

        Raises:
            InvalidToken: The second is no CHALLENGE.

        Example:
            >>> Challenged.from_wire(b"", challenge).authenticate(answer, None, time.time()).version
            'NTLMv2'
        """

@final
class Claim:
    """Who the peer says it is. Look it up, now or later, and `verify` with what you find.

    The names are as the peer sent them, without control characters: compare without regard to case. The last
    three properties are for a domain controller. **After `verify` every property raises OutOfSequence**.

    Example:
        >>> claim = challenged.authenticate(answer, None, time.time())
        >>> claim.username, claim.version, claim.mic
        ('alice', 'NTLMv2', True)
        >>> claim.verify({"alice": alice}.get(claim.username)).username
        'alice'
        >>> claim
        <Claim, used up>
    """

    @property
    def username(self) -> str:
        """The user's name. One with an `@` comes with an empty domain (a UPN)."""

    @property
    def domain(self) -> str:
        """The user's domain, often empty, and often the name of the client's own computer."""

    @property
    def workstation(self) -> str:
        """What the client calls its computer."""

    @property
    def version(self) -> _Version:
        """The protocol that the client answered with."""

    @property
    def mic(self) -> bool:
        """Whether there is a MIC, which will be verified."""

    @property
    def challenge(self) -> bytes:
        """The 8 octets that the responses answer: under `NTLMv1+ESS` not those that were sent."""

    @property
    def nt_response(self) -> bytes:
        """The NT response as it came."""

    @property
    def lm_response(self) -> bytes:
        """The LM response as it came, 24 octets or none. It proves nothing here."""

    def verify(self, proof: Credential | SessionKey | None, /) -> Established:
        """Verifies the response, then the MIC if there is one. MS-NLMP §3.2.5.1.2.

        For an unknown user pass None, and never return early: None takes the work of a wrong password, and
        gets its answer. A `SessionKey` is what a domain controller gave after it had accepted the response.

        Raises:
            LogonDenied: Nobody, the wrong password, a broken MIC, or a key of zeros.
            OutOfSequence: It was verified before.

        Example:
            >>> challenged.authenticate(answer, None, time.time()).verify(None)
            Traceback (most recent call last):
                ...
            quitclaim.errors.LogonDenied: logon denied
        """

@final
class Established:
    """A login that happened. `Claim.verify` makes it.

    Example:
        >>> established = challenged.authenticate(answer, None, time.time()).verify(alice)
        >>> established.session_key.octets == client.session_key
        True
    """

    @property
    def username(self) -> str:
        """The user's name, in the case that the client sent it in."""

    @property
    def domain(self) -> str:
        """The user's domain, as the client sent it."""

    @property
    def session_key(self) -> SessionKey:
        """The `ExportedSessionKey`, which both ends have now."""

    @property
    def flags(self) -> int:
        """The `NegotiateFlags` that the client settled on, MS-NLMP §2.2.2.5."""

    @property
    def version(self) -> _Version:
        """The protocol that it was done with. Whoever is not `NTLMv2` should be counted, and moved."""

    @property
    def mic(self) -> bool:
        """Whether a MIC was verified: nobody has changed any of the three messages."""

@final
class Credential:
    """The NT hash of an account, ready for use.

    **As good as the password to whoever steals it.** It is erased when dropped; Python's `bytes` and `str`
    are not. Keep credentials, do not make one for each login: half of each check is done when one is made.

    Example:
        >>> Credential.from_hex("A4F49C406510BDCAB6824EE7C30FD852").accepts_password("Password")
        True
    """

    @staticmethod
    def from_password(password: str, /) -> Credential:
        """Makes the credential of an account with that password.

        Raises:
            ValueError: `password` has a lone surrogate.

        Example:
            >>> Credential.from_password("Password").nt_hash.hex()
            'a4f49c406510bdcab6824ee7c30fd852'
        """

    @staticmethod
    def from_nt_hash(nt_hash: bytes, /) -> Credential:
        """Makes the credential of an account with that NT hash.

        Raises:
            ValueError: `nt_hash` is not 16 octets.

        Example:
            >>> Credential.from_nt_hash(alice.nt_hash).accepts_password("secret")
            True
        """

    @staticmethod
    def from_hex(text: str, /) -> Credential:
        """Makes the credential of an account from smbpasswd's or `pdbedit -Lw`'s 32 hexadecimal digits.

        Raises:
            ValueError: `text` is anything else, such as smbpasswd's `X`s for a locked account.

        Example:
            >>> Credential.from_hex("NO PASSWORDXXXXXXXXXXXXXXXXXXXXX")
            Traceback (most recent call last):
                ...
            ValueError: an NT hash is 32 hexadecimal digits
        """

    @property
    def nt_hash(self) -> bytes:
        """The NT hash, 16 octets, for an account store to write down where nobody else reads."""

    def accepts_password(self, password: str, /) -> bool:
        """Tells whether that is the password, in constant time: for mechanisms that send it, such as PLAIN.

        What `from_password` refuses is nobody's password.

        Example:
            >>> alice.accepts_password("Secret")
            False
        """

@final
class SessionKey:
    """A key of one login, erased when dropped: a domain controller's, or the one both ends have in the end.

    Example:
        >>> SessionKey(bytes(range(16))).octets.hex()
        '000102030405060708090a0b0c0d0e0f'
    """

    def __new__(cls, octets: bytes, /) -> Self:
        """Makes the key of those octets.

        Raises:
            ValueError: `octets` is not 16 octets.
        """

    @property
    def octets(self) -> bytes:
        """The key's 16 octets."""

@final
class ChannelBinding:
    """The binding to one TLS connection, equal and hashed by value. RFC 5929, MS-NLMP §3.1.5.1.2.

    Example:
        >>> binding = ChannelBinding.tls_server_end_point(bytes(32))
        >>> binding == ChannelBinding.tls_server_end_point(bytes(48))
        False
    """

    @staticmethod
    def tls_server_end_point(certificate_hash: bytes, /) -> ChannelBinding:
        """Makes the binding of connections that present the certificate of that hash (RFC 5929 §4).

        The hash is of the whole certificate in DER, by the hash function of the certificate's own signature;
        by SHA-256 where that is MD5 or SHA-1.

        Example:
            >>> import hashlib
            >>> binding = ChannelBinding.tls_server_end_point(hashlib.sha256(b"a certificate").digest())
        """

    def __eq__(self, other: object, /) -> bool:
        """Tells whether the other is the same binding."""

    def __hash__(self) -> int:
        """Equal bindings hash equal."""
