//! Why a login did not happen. Nothing in here repeats what the peer sent.

use std::error::Error as StdError;
use std::fmt;

/// Why a step failed. Whatever it is, the exchange is over and **the peer should be told the same**.
///
/// The kinds are SSPI's, so that a log reads as it would on Windows ([`status`](Self::status)); the details are for the
/// operator's log and for tests.
///
/// ```
/// use quitclaim_ntlm::{Error, Malformed, Refused};
///
/// assert_eq!(Error::InvalidToken(Malformed::Signature).status(), 0x8009_0308);
/// assert_eq!(Error::Unsupported(Refused::NtlmV1).to_string(), "refused by policy: the response is NTLMv1");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The token is not a message that may come here. `SEC_E_INVALID_TOKEN`.
    InvalidToken(Malformed),
    /// The token is sound, and asks for what is not done here. `SEC_E_UNSUPPORTED_FUNCTION`.
    Unsupported(Refused),
    /// No such account, wrong password or broken MIC: which of them is not said. `SEC_E_LOGON_DENIED`.
    LogonDenied,
}

impl Error {
    /// The status that SSPI gives for it.
    #[must_use]
    pub const fn status(self) -> u32 {
        match self {
            Self::InvalidToken(_) => 0x8009_0308,
            Self::Unsupported(_) => 0x8009_0302,
            Self::LogonDenied => 0x8009_030C,
        }
    }
}

/// What is wrong with a token, MS-NLMP §2.2.
///
/// ```
/// use quitclaim_ntlm::{Acceptor, Error, FileTime, Malformed, Policy, TargetInfo};
///
/// let acceptor = Acceptor::new(TargetInfo::server("MAIL")?, Policy::default())?;
/// let refusal = acceptor.challenge(b"GET / HTTP/1.1\r\n", [7; 8], FileTime::from_ticks(0));
/// assert_eq!(refusal.err(), Some(Error::InvalidToken(Malformed::Signature)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Malformed {
    /// It ends within its fixed part.
    Truncated,
    /// It has more octets than any honest message of its type.
    TooLong,
    /// It does not begin with `NTLMSSP\0`.
    Signature,
    /// It is another message than the one whose turn it is.
    MessageType,
    /// A field lies outside the message, or within its fixed part.
    OutOfBounds,
    /// Two fields share octets.
    Overlap,
    /// The client offers neither Unicode nor OEM strings (§2.2.2.5, bits A and B).
    Charset,
    /// A Unicode name has an odd number of octets or a lone surrogate.
    Utf16,
    /// An OEM name has an octet above 127, whose meaning only the client's code page knows.
    NotAscii,
    /// A name has a control character, NUL for one.
    ControlCharacter,
    /// A name is longer than any that a directory holds.
    NameTooLong,
    /// The LM response has a length that none has (§2.2.2.3, §2.2.2.4).
    LmResponse,
    /// The NT response has a length or a version that none has (§2.2.2.6 to §2.2.2.8).
    NtResponse,
    /// The AV pairs have no end, or one of them a wrong length (§2.2.2.1).
    AvPair,
    /// An AV pair that decides something comes twice, so that readers might disagree on it.
    DuplicateAvPair,
    /// The client says that it exchanges keys and sends none of 16 octets (§3.2.5.1.2).
    SessionKey,
    /// The client says that there is a MIC, and there is no room for it or it is zero (CVE-2019-1040).
    MicStripped,
}

/// What a sound token asks for that is refused, by [`Policy`](crate::Policy) or always.
///
/// ```
/// use quitclaim_ntlm::{Error, Refused};
///
/// assert_eq!(Error::from(Refused::Anonymous).status(), 0x8009_0302);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refused {
    /// Always: a login without a name (§3.2.5.1.2, `NullSession`).
    Anonymous,
    /// Always: an LM or LMv2 response without an NT response (CVE-2019-1338).
    LmOnly,
    /// Unless opted in: an NTLMv1 response.
    NtlmV1,
    /// The client's clock is too far from ours, or the response is stale.
    ClientTime,
    /// Policy requires a MIC and there is none.
    MicMissing,
    /// Policy requires a channel binding and there is none, or the connection has none to compare it with.
    ChannelBindingMissing,
    /// The client is bound to another TLS connection than this one: somebody is between.
    ChannelBindingMismatch,
}

impl From<Malformed> for Error {
    fn from(malformed: Malformed) -> Self {
        Self::InvalidToken(malformed)
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        Self::Unsupported(refused)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidToken(malformed) => write!(f, "invalid token: {malformed}"),
            Self::Unsupported(refused) => write!(f, "refused by policy: {refused}"),
            Self::LogonDenied => f.write_str("logon denied"),
        }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "it ends too early",
            Self::TooLong => "it is too long",
            Self::Signature => "it is not an NTLM message",
            Self::MessageType => "it is not the message whose turn it is",
            Self::OutOfBounds => "a field lies outside the payload",
            Self::Overlap => "two fields overlap",
            Self::Charset => "neither Unicode nor OEM strings are offered",
            Self::Utf16 => "a name is not UTF-16",
            Self::NotAscii => "an OEM name is not ASCII",
            Self::ControlCharacter => "a name has a control character",
            Self::NameTooLong => "a name is too long",
            Self::LmResponse => "the LM response has a wrong length",
            Self::NtResponse => "the NT response has a wrong length or version",
            Self::AvPair => "the AV pairs are broken",
            Self::DuplicateAvPair => "an AV pair comes twice",
            Self::SessionKey => "the session key has a wrong length",
            Self::MicStripped => "the MIC that it announces is missing",
        })
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Anonymous => "the login is anonymous",
            Self::LmOnly => "there is no NT response",
            Self::NtlmV1 => "the response is NTLMv1",
            Self::ClientTime => "the client's clock is too far off",
            Self::MicMissing => "there is no MIC",
            Self::ChannelBindingMissing => "there is no channel binding",
            Self::ChannelBindingMismatch => "the channel binding is of another connection",
        })
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::InvalidToken(malformed) => Some(malformed),
            Self::Unsupported(refused) => Some(refused),
            Self::LogonDenied => None,
        }
    }
}
impl StdError for Malformed {}
impl StdError for Refused {}
