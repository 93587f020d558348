//! The server's side of an exchange, up to the claim. MS-NLMP §3.2.

use crate::channel_binding::ChannelBinding;
use crate::claim::{Claim, Mic};
use crate::error::{Error, Malformed};
use crate::file_time::FileTime;
use crate::flags;
use crate::message::{Authenticate, read_challenge, read_negotiate, write_challenge};
use crate::policy::{Policy, PolicyConflict};
use crate::response::Response;
use crate::target_info::TargetInfo;
use crate::text::Charset;
use std::fmt;

/// Who answers NEGOTIATEs: one for each listener, shared by its connections.
///
/// ```
/// use quitclaim_ntlm::{Acceptor, Policy, TargetInfo};
///
/// let acceptor = Acceptor::new(TargetInfo::domain("EXAMPLE", "MAIL")?, Policy::default())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Acceptor {
    target_info: TargetInfo,
    policy: Policy,
}

impl Acceptor {
    /// An acceptor that goes by those names and accepts what the policy says.
    ///
    /// # Errors
    ///
    /// [`PolicyConflict`] if the policy opts in to NTLMv1 and requires what NTLMv1 cannot have.
    pub fn new(target_info: TargetInfo, policy: Policy) -> Result<Self, PolicyConflict> {
        Ok(Self { target_info, policy: policy.check()? })
    }

    /// What it accepts: for whoever decides whether to offer NTLM at all. A login that must be bound to its TLS connection
    /// is refused over plaintext, so it is better not announced there.
    ///
    /// ```
    /// use quitclaim_ntlm::{Acceptor, BindingPolicy, Policy, TargetInfo};
    ///
    /// let acceptor = Acceptor::new(TargetInfo::server("MAIL")?, Policy::default())?;
    /// assert_eq!(acceptor.policy().channel_binding, BindingPolicy::Allow);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn policy(&self) -> Policy {
        self.policy
    }

    /// Answers a NEGOTIATE with a CHALLENGE to send, and what must be kept until its AUTHENTICATE comes.
    /// MS-NLMP §3.2.5.1.1.
    ///
    /// The server challenge must be fresh from a cryptographic generator, each time: whoever can tell it in advance, or
    /// see one twice, can log in with a response that he has recorded.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidToken`] if it is no NEGOTIATE, or offers neither Unicode nor OEM strings.
    ///
    /// ```
    /// use quitclaim_ntlm::{Acceptor, FileTime, Policy, TargetInfo};
    /// use std::time::SystemTime;
    ///
    /// let acceptor = Acceptor::new(TargetInfo::server("MAIL")?, Policy::default())?;
    /// let negotiate = b"NTLMSSP\0\x01\0\0\0\x07\x82\x08\xa2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x05\x01\x28\x0a\0\0\0\x0f";
    /// let random = [7; 8]; // of a real one
    /// let (challenged, challenge) = acceptor.challenge(negotiate, random, SystemTime::now().into())?;
    /// assert!(challenge.starts_with(b"NTLMSSP\0\x02\0\0\0"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn challenge(
        &self,
        negotiate: &[u8],
        server_challenge: [u8; 8],
        now: FileTime,
    ) -> Result<(Challenged, Vec<u8>), Error> {
        let flags = flags::answer(read_negotiate(negotiate)?);
        let (target_name, target_type) = match flags & flags::REQUEST_TARGET {
            0 => (&[][..], 0),
            _ => self.target_info.target(Charset::of(flags)),
        };
        let flags = flags | target_type;
        let challenge = write_challenge(flags, server_challenge, target_name, &self.target_info.av_pairs(now));
        let messages = [negotiate, &challenge].concat();
        Ok((Challenged { policy: self.policy, server_challenge, flags, messages }, challenge))
    }
}

/// An exchange whose CHALLENGE is on its way. It is good for one AUTHENTICATE, and the compiler sees to that:
///
/// ```compile_fail,E0382
/// # use quitclaim_ntlm::{Challenged, FileTime};
/// fn guess_twice(challenged: Challenged, now: FileTime) {
///     let _ = challenged.authenticate(b"one guess", None, now);
///     let _ = challenged.authenticate(b"another", None, now);
/// }
/// ```
#[must_use]
pub struct Challenged {
    policy: Policy,
    server_challenge: [u8; 8],
    flags: u32,
    /// NEGOTIATE and CHALLENGE as they were on the wire: a MIC is over them.
    messages: Vec<u8>,
}

impl Challenged {
    /// Reads an AUTHENTICATE and holds it against the policy. What comes of it is a claim, and **proves nothing yet**.
    /// MS-NLMP §3.2.5.1.2.
    ///
    /// `binding` is that of the TLS connection which the message came over, `None` over plaintext.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidToken`] if it is no AUTHENTICATE, or one that was tampered with; [`Error::Unsupported`] if it is
    /// anonymous, has no NT response, or is refused by the policy. Neither depends on any account.
    ///
    /// ```
    /// # mod client { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/acceptor/client.rs")); }
    /// # use quitclaim_ntlm::{Acceptor, ChannelBinding, Policy, TargetInfo};
    /// # use std::time::SystemTime;
    /// # let acceptor = Acceptor::new(TargetInfo::server("MAIL")?, Policy::default())?;
    /// # let client = client::Client::new("alice", "secret");
    /// # let now = SystemTime::now().into();
    /// # let (challenged, challenge) = acceptor.challenge(&client.negotiate(), [7; 8], now)?;
    /// # let authenticate = client.authenticate(&challenge);
    /// let binding = ChannelBinding::tls_server_end_point(&[0xE3; 32]);
    /// let claim = challenged.authenticate(&authenticate, Some(&binding), now)?;
    /// assert_eq!((claim.username(), claim.mic()), ("alice", true));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn authenticate(
        self,
        authenticate: &[u8],
        binding: Option<&ChannelBinding>,
        now: FileTime,
    ) -> Result<Claim, Error> {
        let Self { policy, server_challenge, flags, messages } = self;
        let message = Authenticate::read(authenticate)?;
        let flags = flags::settled(message.flags, flags);
        let charset = Charset::of(flags);
        let username = charset.decode(message.username)?;
        let domain = charset.decode(message.domain)?;
        let workstation = charset.decode(message.workstation)?;
        let response = Response::read(&message, flags)?;
        let encrypted_key = encrypted_key(message.session_key, flags)?;
        let mic = announced_mic(&message, &response, messages)?;
        policy.admit(&response, binding, now)?;
        Ok(Claim {
            username,
            domain,
            workstation,
            server_challenge,
            nt_response: message.nt_response.into(),
            lm_response: message.lm_response.try_into().ok(),
            response,
            flags,
            encrypted_key,
            mic,
        })
    }

    /// Who an AUTHENTICATE says it is from, for a log beside a refusal: **nothing is checked, and nothing proven**.
    ///
    /// [`authenticate`](Self::authenticate) says why something is refused, and never what the peer sent.
    ///
    /// ```
    /// # mod client { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/acceptor/client.rs")); }
    /// # use quitclaim_ntlm::{Acceptor, Policy, TargetInfo};
    /// # let acceptor = Acceptor::new(TargetInfo::server("MAIL")?, Policy::default())?;
    /// # let client = client::Client::new("alice", "secret");
    /// # let now = std::time::SystemTime::now().into();
    /// let (challenged, challenge) = acceptor.challenge(&client.negotiate(), [7; 8], now)?;
    /// let authenticate = client.authenticate(&challenge);
    /// assert_eq!(challenged.claimed_username(&authenticate).as_deref(), Some("alice"));
    /// assert_eq!(challenged.claimed_username(b"anything"), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn claimed_username(&self, authenticate: &[u8]) -> Option<String> {
        let message = Authenticate::read(authenticate).ok()?;
        Charset::of(flags::settled(message.flags, self.flags)).decode(message.username).ok()
    }

    /// An exchange whose messages were exchanged elsewhere, under the default policy: for replaying published values.
    /// **Never for a login**: its challenge is not fresh, so whoever recorded the answer can give it.
    ///
    /// The NEGOTIATE may be empty where a MIC is not at stake.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidToken`] if the second is no CHALLENGE.
    ///
    /// ```
    /// use quitclaim_ntlm::Challenged;
    ///
    /// let challenge = b"NTLMSSP\0\x02\0\0\0\0\0\0\0\0\0\0\0\x01\x82\x08\0\x01\x23\x45\x67\x89\xab\xcd\xef";
    /// let challenged = Challenged::from_wire(b"", challenge)?;
    /// # Ok::<(), quitclaim_ntlm::Error>(())
    /// ```
    pub fn from_wire(negotiate: &[u8], challenge: &[u8]) -> Result<Self, Error> {
        let (flags, server_challenge) = read_challenge(challenge)?;
        let messages = [negotiate, challenge].concat();
        Ok(Self { policy: Policy::default(), server_challenge, flags, messages })
    }

    /// The same under another policy: with [`from_wire`](Self::from_wire).
    ///
    /// # Errors
    ///
    /// [`PolicyConflict`], as [`Acceptor::new`].
    pub fn with_policy(self, policy: Policy) -> Result<Self, PolicyConflict> {
        Ok(Self { policy: policy.check()?, ..self })
    }
}

/// The MIC that the response announces, with all that it is over.
fn announced_mic(
    message: &Authenticate<'_>,
    response: &Response,
    mut messages: Vec<u8>,
) -> Result<Option<Mic>, Malformed> {
    match response {
        Response::V2 { pairs, .. } if pairs.announce_mic() => {}
        _ => return Ok(None),
    }
    let field = message.mic.as_ref().filter(|field| field.mic != &[0; 16]).ok_or(Malformed::MicStripped)?;
    let zeros = [0; 16];
    let parts = [field.before, &zeros, field.after];
    messages.reserve_exact(parts.iter().map(|part| part.len()).sum());
    for part in parts {
        messages.extend_from_slice(part);
    }
    Ok(Some(Mic { octets: *field.mic, messages }))
}

/// The session key that the client chose, if it may choose one. MS-NLMP §3.2.5.1.2.
fn encrypted_key(session_key: &[u8], flags: u32) -> Result<Option<[u8; 16]>, Malformed> {
    if flags & flags::KEY_EXCH == 0 {
        return Ok(None);
    }
    let key = session_key.try_into().map_err(|_| Malformed::SessionKey)?;
    Ok((flags & (flags::SIGN | flags::SEAL) != 0).then_some(key))
}

impl fmt::Debug for Challenged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Challenged").field("policy", &self.policy).finish_non_exhaustive()
    }
}
