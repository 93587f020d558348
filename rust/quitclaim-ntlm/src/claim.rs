//! Who a peer says it is, what that is checked against, and who it was proven to be.

use crate::credential::{Credential, Ntlmv2, SessionKey};
use crate::crypto::{Key, ess_challenge, hmac_md5, rc4k};
use crate::error::Error;
use crate::response::{Response, Version};
use std::fmt;
use std::sync::LazyLock;
use subtle::Choice;

/// Who the peer says it is. Look it up, now or later, and [`verify`](Self::verify) with what you find.
///
/// The names are as the peer sent them, without control characters; compare them without regard to case. A name with an
/// `@` comes with an empty domain (a UPN). What is for a domain controller is left out of `Debug`.
///
/// ```
/// # mod client { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/acceptor/client.rs")); }
/// # use quitclaim_ntlm::{Acceptor, Policy, TargetInfo, Version};
/// # use std::time::SystemTime;
/// # let acceptor = Acceptor::new(TargetInfo::server("MAIL")?, Policy::default())?;
/// # let client = client::Client::new("alice", "secret");
/// # let now = SystemTime::now().into();
/// # let (challenged, challenge) = acceptor.challenge(&client.negotiate(), [7; 8], now)?;
/// # let authenticate = client.authenticate(&challenge);
/// let claim = challenged.authenticate(&authenticate, None, now)?;
/// assert_eq!((claim.username(), claim.domain(), claim.workstation()), ("alice", "EXAMPLE", "DESK"));
/// assert_eq!((claim.version(), claim.mic()), (Version::V2, true));
/// let for_a_domain_controller = (claim.challenge(), claim.nt_response(), claim.lm_response());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub struct Claim {
    pub(crate) username: String,
    pub(crate) domain: String,
    pub(crate) workstation: String,
    pub(crate) server_challenge: [u8; 8],
    pub(crate) nt_response: Box<[u8]>,
    pub(crate) lm_response: Option<[u8; 24]>,
    pub(crate) response: Response,
    pub(crate) flags: u32,
    pub(crate) encrypted_key: Option<[u8; 16]>,
    pub(crate) mic: Option<Mic>,
}

/// A MIC that was announced.
pub(crate) struct Mic {
    pub(crate) octets: [u8; 16],
    /// All three messages, the last with zeros for its MIC.
    pub(crate) messages: Vec<u8>,
}

/// What a claim is checked against.
///
/// ```
/// use quitclaim_ntlm::{Credential, Proof};
/// use std::collections::HashMap;
///
/// let accounts = HashMap::from([("alice", Credential::from_password("secret"))]);
/// let proof = |name: &str| accounts.get(name).map_or(Proof::Nobody, Proof::Credential);
/// assert!(matches!(proof("mallory"), Proof::Nobody));
/// ```
#[derive(Debug)]
pub enum Proof<'a> {
    /// The account's own credential.
    Credential(&'a Credential),
    /// A domain controller has accepted the response; this is the `SessionBaseKey` it gave.
    SessionKey(SessionKey),
    /// There is no such account. The same work is done, and the same said, as for a wrong password.
    Nobody,
}

impl Claim {
    /// The user's name.
    #[must_use]
    pub fn username(&self) -> &str {
        &self.username
    }

    /// The user's domain, often empty, and often the name of the client's own computer.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// What the client calls its computer.
    #[must_use]
    pub fn workstation(&self) -> &str {
        &self.workstation
    }

    /// The protocol that the client answered with.
    #[must_use]
    pub fn version(&self) -> Version {
        self.response.version()
    }

    /// Whether there is a MIC, which will be verified.
    #[must_use]
    pub fn mic(&self) -> bool {
        self.mic.is_some()
    }

    /// The challenge that the responses answer, for a domain controller. Under NTLMv1 with extended session security it
    /// is not the one that was sent, but made of the server's and the client's (MS-NLMP §3.3.1).
    #[must_use]
    pub fn challenge(&self) -> [u8; 8] {
        match self.response {
            Response::V1WithEss { client_challenge } => ess_challenge(self.server_challenge, client_challenge),
            Response::V1 | Response::V2 { .. } => self.server_challenge,
        }
    }

    /// The NT response as it came, for a domain controller.
    #[must_use]
    pub fn nt_response(&self) -> &[u8] {
        &self.nt_response
    }

    /// The LM response as it came, 24 octets or none, for a domain controller. It proves nothing here.
    #[must_use]
    pub fn lm_response(&self) -> &[u8] {
        self.lm_response.as_ref().map_or(&[], <[u8; 24]>::as_slice)
    }

    /// Verifies the response, then the MIC if there is one. MS-NLMP §3.2.5.1.2.
    ///
    /// # Errors
    ///
    /// [`Error::LogonDenied`] if the response was not made with that credential, if the MIC is not of these messages, if
    /// there is no such account ([`Proof::Nobody`]), or if the domain controller's key is all zero.
    ///
    /// ```
    /// # mod client { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/acceptor/client.rs")); }
    /// # use quitclaim_ntlm::{Acceptor, Credential, Error, Policy, Proof, TargetInfo};
    /// # use std::time::SystemTime;
    /// # let acceptor = Acceptor::new(TargetInfo::server("MAIL")?, Policy::default())?;
    /// # let client = client::Client::new("alice", "guess");
    /// # let now = SystemTime::now().into();
    /// # let (challenged, challenge) = acceptor.challenge(&client.negotiate(), [7; 8], now)?;
    /// # let claim = challenged.authenticate(&client.authenticate(&challenge), None, now)?;
    /// let alice = Credential::from_password("secret");
    /// assert_eq!(claim.verify(Proof::Credential(&alice)).unwrap_err(), Error::LogonDenied);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn verify(self, proof: Proof<'_>) -> Result<Established, Error> {
        let base_key = match proof {
            Proof::Credential(credential) => self.session_base_key(credential, true),
            Proof::SessionKey(key) => key.into_key(),
            Proof::Nobody => self.session_base_key(&NOBODY, false),
        };
        let session_key = self.exported_session_key(base_key.ok_or(Error::LogonDenied)?);
        if self.mic.as_ref().is_some_and(|mic| !session_key.has_signed(&mic.messages, &mic.octets)) {
            return Err(Error::LogonDenied);
        }
        let (version, mic) = (self.version(), self.mic());
        Ok(Established { username: self.username, domain: self.domain, session_key, flags: self.flags, version, mic })
    }

    fn session_base_key(&self, credential: &Credential, genuine: bool) -> Option<Key> {
        let genuine = Choice::from(u8::from(genuine));
        let response = &*self.nt_response;
        if self.version() != Version::V2 {
            return credential.ntlmv1(self.challenge(), response, genuine);
        }
        let Self { username, domain, server_challenge, .. } = self;
        credential.ntlmv2(&Ntlmv2 { username, domain, server_challenge: *server_challenge, response }, genuine)
    }

    /// MS-NLMP §3.4.5.1 (`KXKEY`), then §3.2.5.1.2.
    fn exported_session_key(&self, base_key: Key) -> SessionKey {
        let exchange_key = match self.response {
            Response::V1WithEss { client_challenge } => {
                hmac_md5(&base_key, &[&self.server_challenge, &client_challenge])
            }
            Response::V1 | Response::V2 { .. } => base_key,
        };
        SessionKey::new(match &self.encrypted_key {
            Some(encrypted) => rc4k(&exchange_key, encrypted),
            None => exchange_key,
        })
    }
}

/// A login that happened.
///
/// ```
/// # mod client { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/acceptor/client.rs")); }
/// # use quitclaim_ntlm::{Acceptor, Credential, Policy, Proof, TargetInfo, Version};
/// # use std::time::SystemTime;
/// # let acceptor = Acceptor::new(TargetInfo::server("MAIL")?, Policy::default())?;
/// # let client = client::Client::new("alice", "secret");
/// # let now = SystemTime::now().into();
/// # let (challenged, challenge) = acceptor.challenge(&client.negotiate(), [7; 8], now)?;
/// # let claim = challenged.authenticate(&client.authenticate(&challenge), None, now)?;
/// # let alice = Credential::from_password("secret");
/// let established = claim.verify(Proof::Credential(&alice))?;
/// assert_eq!((established.username(), established.version()), ("alice", Version::V2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Established {
    username: String,
    domain: String,
    session_key: SessionKey,
    flags: u32,
    version: Version,
    mic: bool,
}

impl Established {
    /// The user's name, in the case that the client sent it in.
    #[must_use]
    pub fn username(&self) -> &str {
        &self.username
    }

    /// The user's domain as the client sent it.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The `ExportedSessionKey`, which both ends have now. MS-NLMP §3.2.5.1.2.
    #[must_use]
    pub fn session_key(&self) -> &SessionKey {
        &self.session_key
    }

    /// The `NegotiateFlags` that the client settled on. MS-NLMP §2.2.2.5.
    #[must_use]
    pub fn flags(&self) -> u32 {
        self.flags
    }

    /// The protocol that it was done with. Whoever is not [`Version::V2`] should be counted, and moved.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// Whether a MIC was verified: nobody has changed any of the three messages.
    #[must_use]
    pub fn mic(&self) -> bool {
        self.mic
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim")
            .field("username", &self.username)
            .field("domain", &self.domain)
            .field("workstation", &self.workstation)
            .field("version", &self.version())
            .field("mic", &self.mic())
            .finish_non_exhaustive()
    }
}

/// Whom an unknown user is checked against. Its hash is no secret, so it opens nothing: `genuine` is not set beside it.
static NOBODY: LazyLock<Credential> = LazyLock::new(|| Credential::from_nt_hash([0x6E; 16]));
