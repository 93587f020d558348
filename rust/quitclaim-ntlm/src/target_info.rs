//! The names that a server goes by.

use crate::av_pair::{self, push_end, push_name};
use crate::file_time::FileTime;
use crate::flags;
use crate::text::Charset;
use std::error::Error;
use std::fmt;

/// The names that an acceptor goes by, MS-NLMP §2.2.2.1. Clients may check and show them; nothing depends on them here.
///
/// ```
/// use quitclaim_ntlm::TargetInfo;
///
/// let alone = TargetInfo::server("MAIL")?;
/// let member = TargetInfo::domain("EXAMPLE", "MAIL")?.with_dns_names("example.org", "mail.example.org")?;
/// assert!(TargetInfo::server("").is_err());
/// # Ok::<(), quitclaim_ntlm::InvalidName>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetInfo {
    unicode_name: Vec<u8>,
    oem_name: Vec<u8>,
    target_type: u32,
    /// AV pairs.
    netbios: Vec<u8>,
    /// AV pairs.
    dns: Vec<u8>,
}

impl TargetInfo {
    /// A server of its own, which is its own domain.
    ///
    /// # Errors
    ///
    /// [`InvalidName`] if the NetBIOS name is empty, longer than 255 characters or has control characters.
    pub fn server(computer: &str) -> Result<Self, InvalidName> {
        Self::new(computer, flags::TYPE_SERVER, computer, computer)
    }

    /// A server that is a member of a domain, both by their NetBIOS names.
    ///
    /// # Errors
    ///
    /// As [`server`](Self::server).
    pub fn domain(domain: &str, computer: &str) -> Result<Self, InvalidName> {
        Self::new(domain, flags::TYPE_DOMAIN, domain, computer)
    }

    /// The same with DNS names, which Windows clients like to see.
    ///
    /// # Errors
    ///
    /// As [`server`](Self::server).
    pub fn with_dns_names(mut self, domain: &str, computer: &str) -> Result<Self, InvalidName> {
        self.dns = pairs(&[(av_pair::DNS_DOMAIN_NAME, domain), (av_pair::DNS_COMPUTER_NAME, computer)])?;
        Ok(self)
    }

    fn new(target_name: &str, target_type: u32, domain: &str, computer: &str) -> Result<Self, InvalidName> {
        Ok(Self {
            netbios: pairs(&[(av_pair::NB_DOMAIN_NAME, domain), (av_pair::NB_COMPUTER_NAME, computer)])?,
            dns: Vec::new(),
            target_type,
            unicode_name: Charset::Unicode.encode(target_name),
            oem_name: Charset::Oem.encode(target_name),
        })
    }

    /// `TargetName`, and the flag that says whose name it is. MS-NLMP §3.2.5.1.1.
    pub(crate) fn target(&self, charset: Charset) -> (&[u8], u32) {
        let name = match charset {
            Charset::Unicode => &self.unicode_name,
            Charset::Oem => &self.oem_name,
        };
        (name, self.target_type)
    }

    /// The AV pairs to send now.
    pub(crate) fn av_pairs(&self, now: FileTime) -> Vec<u8> {
        let mut pairs = Vec::with_capacity(self.netbios.len() + self.dns.len() + 16);
        pairs.extend(&self.netbios);
        pairs.extend(&self.dns);
        push_end(&mut pairs, now);
        pairs
    }
}

fn pairs(names: &[(u16, &str)]) -> Result<Vec<u8>, InvalidName> {
    let mut pairs = Vec::new();
    for &(id, name) in names {
        let length = name.chars().count();
        if length == 0 || length > MOST_CHARACTERS || name.chars().any(char::is_control) {
            return Err(InvalidName);
        }
        push_name(&mut pairs, id, &Charset::Unicode.encode(name));
    }
    Ok(pairs)
}

/// The name is empty, longer than 255 characters, or has control characters.
///
/// ```
/// use quitclaim_ntlm::{InvalidName, TargetInfo};
///
/// assert_eq!(TargetInfo::server("MAIL\r\n"), Err(InvalidName));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidName;

impl fmt::Display for InvalidName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name has 1 to 255 characters, none of them a control character")
    }
}

impl Error for InvalidName {}

/// Keeps the AV pairs well below the 65,535 octets that a field can have.
const MOST_CHARACTERS: usize = 255;
