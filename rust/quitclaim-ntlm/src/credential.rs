//! What an account is checked against, and what a login's messages are keyed with.

use crate::crypto::{Key, KeyedHmac, desl, hmac_md5, md4, ntowfv1, same, upper_case_utf16le};
use crate::text::utf16le;
use std::error::Error;
use std::fmt;
use subtle::Choice;

/// The NT hash of an account, ready for use. **As good as the password to whoever steals it.**
///
/// It is MD4 of the password in UTF-16LE (MS-NLMP §3.3.1, `NTOWFv1`), without salt. It is erased on drop, and has no
/// `Clone`, no `PartialEq` and no telling `Debug`. The HMAC state under it is kept, so that each of a login's checks
/// begins half-way: keep credentials, do not make one for each login.
///
/// ```
/// use quitclaim_ntlm::Credential;
///
/// let credential = Credential::from_password("Password");
/// assert!(credential.accepts_password("Password"));
/// assert!(!credential.accepts_password("password"));
/// assert_eq!(format!("{credential:?}"), "Credential(..)");
/// ```
pub struct Credential {
    nt_hash: Key,
    hmac: KeyedHmac,
}

impl Credential {
    /// The credential of an account with that password.
    #[must_use]
    pub fn from_password(password: &str) -> Self {
        Self::new(ntowfv1(password))
    }

    /// The credential of an account with that NT hash. The caller's copy of it is the caller's to erase.
    ///
    /// ```
    /// # use quitclaim_ntlm::Credential;
    /// let hash = *Credential::from_password("Password").nt_hash();
    /// assert!(Credential::from_nt_hash(hash).accepts_password("Password"));
    /// ```
    #[must_use]
    pub fn from_nt_hash(nt_hash: [u8; 16]) -> Self {
        Self::new(Key::new(nt_hash))
    }

    /// The credential of an account whose NT hash is written as 32 hexadecimal digits, as smbpasswd files and
    /// `pdbedit -Lw` have it.
    ///
    /// # Errors
    ///
    /// [`InvalidNtHash`] if it is anything else, such as smbpasswd's `X`s or `NO PASSWORD` for a locked account.
    ///
    /// ```
    /// # use quitclaim_ntlm::Credential;
    /// let credential = Credential::from_hex("A4F49C406510BDCAB6824EE7C30FD852")?;
    /// assert!(credential.accepts_password("Password"));
    /// assert!(Credential::from_hex("XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX").is_err());
    /// # Ok::<(), quitclaim_ntlm::InvalidNtHash>(())
    /// ```
    pub fn from_hex(text: &str) -> Result<Self, InvalidNtHash> {
        if text.len() != 32 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(InvalidNtHash);
        }
        let nt_hash = u128::from_str_radix(text, 16).map_err(|_| InvalidNtHash)?;
        Ok(Self::from_nt_hash(nt_hash.to_be_bytes()))
    }

    /// The NT hash, for an account store to write down where nobody else reads.
    #[must_use]
    pub fn nt_hash(&self) -> &[u8; 16] {
        self.nt_hash.octets()
    }

    /// Whether that is the password, compared in constant time: for mechanisms that send it, such as PLAIN.
    #[must_use]
    pub fn accepts_password(&self, password: &str) -> bool {
        self.nt_hash.is(ntowfv1(password).octets()).into()
    }

    fn new(nt_hash: Key) -> Self {
        Self { hmac: KeyedHmac::new(&nt_hash), nt_hash }
    }

    /// `SessionBaseKey` if this is the credential that an NTLMv2 response was made with, MS-NLMP §3.3.2.
    ///
    /// The response is checked as it came, whatever is in it. A response made with an empty domain passes too: some
    /// clients hash one and send another (§3.2.5.1.2). If `genuine` is not set, nothing passes, after the same work.
    pub(crate) fn ntlmv2(&self, claimed: &Ntlmv2<'_>, genuine: Choice) -> Option<Key> {
        let Ntlmv2 { username, domain, server_challenge, response } = claimed;
        let (proof, client_challenge) = response.split_first_chunk()?;
        let (username, domain) = (upper_case_utf16le(username), utf16le(domain));
        let check = |domain: &[u8]| {
            let ntowfv2 = self.hmac.clone().of(&[&username, domain]);
            let hmac = KeyedHmac::new(&ntowfv2);
            let matches = hmac.clone().of(&[server_challenge, client_challenge]).is(proof) & genuine;
            bool::from(matches).then(|| hmac.of(&[proof]))
        };
        let retry = || if domain.is_empty() { None } else { check(b"") };
        check(&domain).or_else(retry)
    }

    /// `SessionBaseKey` if this is the credential that an NTLMv1 response was made with, MS-NLMP §3.3.1.
    pub(crate) fn ntlmv1(&self, challenge: [u8; 8], response: &[u8], genuine: Choice) -> Option<Key> {
        let matches = same(&desl(&self.nt_hash, challenge), response) & genuine;
        bool::from(matches).then(|| md4(self.nt_hash.octets()))
    }
}

/// What an NTLMv2 response is checked with.
pub(crate) struct Ntlmv2<'a> {
    pub(crate) username: &'a str,
    pub(crate) domain: &'a str,
    pub(crate) server_challenge: [u8; 8],
    pub(crate) response: &'a [u8],
}

/// The text is not the 32 hexadecimal digits of an NT hash.
///
/// ```
/// use quitclaim_ntlm::{Credential, InvalidNtHash};
///
/// assert_eq!(Credential::from_hex("NO PASSWORD").err(), Some(InvalidNtHash));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidNtHash;

/// A key of one login: the `SessionBaseKey` that a domain controller gave, or the `ExportedSessionKey` that both ends
/// have in the end. Erased on drop.
///
/// ```
/// use quitclaim_ntlm::SessionKey;
///
/// let key = SessionKey::from_bytes([0x55; 16]);
/// assert_eq!(key.as_bytes(), &[0x55; 16]);
/// assert_eq!(format!("{key:?}"), "SessionKey(..)");
/// ```
pub struct SessionKey(Key);

impl SessionKey {
    /// The key of those octets. The caller's copy of them is the caller's to erase.
    #[must_use]
    pub const fn from_bytes(octets: [u8; 16]) -> Self {
        Self(Key::new(octets))
    }

    /// The key's octets.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.octets()
    }

    pub(crate) fn new(key: Key) -> Self {
        Self(key)
    }

    /// The key, unless it is the zeros that stand for none.
    pub(crate) fn into_key(self) -> Option<Key> {
        let absent = bool::from(self.0.is(&[0; 16]));
        (!absent).then_some(self.0)
    }

    /// Whether that MIC is of those messages. MS-NLMP §3.2.5.1.2.
    pub(crate) fn has_signed(&self, messages: &[u8], mic: &[u8; 16]) -> bool {
        hmac_md5(&self.0, &[messages]).is(mic).into()
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(..)")
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKey(..)")
    }
}

impl fmt::Display for InvalidNtHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an NT hash is 32 hexadecimal digits")
    }
}

impl Error for InvalidNtHash {}
