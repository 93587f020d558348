//! An NTLM login whose tokens are written in advance, so that the server's side of it can be run again and again.

use crate::client::{Client, KEY_EXCH, Mic, SEAL, SIGN, WINDOWS, hmac_md5, nt_hash, utf16le};
use quitclaim_ntlm::{Acceptor, Challenged, Credential, Error, Established, FileTime, Policy, Proof, TargetInfo};

/// What a client sends for the session key and the MIC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extras {
    /// Neither, as curl does.
    None,
    /// A MIC, as all modern clients do.
    Mic,
    /// A MIC under a key of its own, as Windows does.
    MicAndKey,
}

/// One login, up to its outcome.
pub struct Login {
    acceptor: Acceptor,
    negotiate: Vec<u8>,
    authenticate: Vec<u8>,
}

impl Login {
    /// The login of somebody with [`PASSWORD`].
    ///
    /// # Panics
    ///
    /// Never: our own names are sound.
    #[must_use]
    pub fn new(username: &str, domain: &str, extras: Extras) -> Self {
        let names =
            TargetInfo::domain("EXAMPLE", "MAIL").and_then(|n| n.with_dns_names("example.org", "mail.example.org"));
        let acceptor = Acceptor::new(names.expect("names are sound"), Policy::default()).expect("no conflict");
        let client = Client {
            domain: domain.to_owned(),
            mic: if extras == Extras::None { Mic::None } else { Mic::Sent },
            offer: if extras == Extras::MicAndKey { WINDOWS | SIGN | SEAL | KEY_EXCH } else { WINDOWS },
            ..Client::new(username, PASSWORD)
        };
        let negotiate = client.negotiate();
        let (_, challenge) = acceptor.challenge(&negotiate, RANDOM, NOW).expect("the client is sound");
        Self { authenticate: client.authenticate(&challenge), acceptor, negotiate }
    }

    /// Answers the NEGOTIATE.
    ///
    /// # Panics
    ///
    /// Never: the token is sound.
    pub fn challenge(&self) -> Challenged {
        self.acceptor.challenge(&self.negotiate, RANDOM, NOW).expect("the client is sound").0
    }

    /// Reads the AUTHENTICATE and holds it against an account.
    ///
    /// # Errors
    ///
    /// [`Error::LogonDenied`] unless the account's password is [`PASSWORD`].
    pub fn finish(&self, challenged: Challenged, account: Option<&Credential>) -> Result<Established, Error> {
        let proof = account.map_or(Proof::Nobody, Proof::Credential);
        challenged.authenticate(&self.authenticate, None, NOW)?.verify(proof)
    }
}

/// `NTOWFv2` and nothing else: HMAC-MD5 of names that are in upper case and UTF-16 already. MS-NLMP §3.3.2.
pub struct Ntowfv2 {
    nt_hash: [u8; 16],
    names: Vec<u8>,
}

impl Ntowfv2 {
    /// That of somebody with [`PASSWORD`].
    #[must_use]
    pub fn new(username: &str, domain: &str) -> Self {
        Self { nt_hash: nt_hash(PASSWORD), names: utf16le(&(username.to_uppercase() + domain)) }
    }

    /// Computes it.
    #[must_use]
    pub fn compute(&self) -> [u8; 16] {
        hmac_md5(&self.nt_hash, &[&self.names])
    }
}

/// Whose it is does not matter.
pub const PASSWORD: &str = "correct horse battery staple";

/// Not random: a recorded token must answer it each time.
const RANDOM: [u8; 8] = [7; 8];
const NOW: FileTime = FileTime::from_ticks(133_800_000_000_000_000);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_end_as_they_should_each_time() {
        let (right, wrong) = (Credential::from_password(PASSWORD), Credential::from_password("guess"));
        for extras in [Extras::None, Extras::Mic, Extras::MicAndKey] {
            let login = Login::new("alice", "EXAMPLE", extras);
            for _ in 0..2 {
                assert_eq!(login.finish(login.challenge(), Some(&right)).unwrap().mic(), extras != Extras::None);
                assert_eq!(login.finish(login.challenge(), Some(&wrong)).unwrap_err(), Error::LogonDenied);
                assert_eq!(login.finish(login.challenge(), None).unwrap_err(), Error::LogonDenied);
            }
        }
    }

    #[test]
    fn ntowfv2_is_the_published_one() {
        let published = Ntowfv2 { nt_hash: nt_hash("Password"), names: utf16le("USERDomain") };
        assert_eq!(u128::from_be_bytes(published.compute()), 0x0c86_8a40_3bfd_7a93_a300_1ef2_2ef0_2e3f);
    }
}
