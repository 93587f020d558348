//! The three messages, MS-NLMP §2.2.1: NEGOTIATE and AUTHENTICATE are read, CHALLENGE is written.

use crate::error::Malformed;
use crate::flags;
use crate::wire::{Payload, Reader, SIGNATURE};

/// The flags of a NEGOTIATE, §2.2.1.1. Its names are checked and not used: an attacker writes them as he likes.
///
/// Old clients end it after the flags.
pub(crate) fn read_negotiate(message: &[u8]) -> Result<u32, Malformed> {
    if message.len() > MOST_NEGOTIATE {
        return Err(Malformed::TooLong);
    }
    let mut reader = Reader::message(message, NEGOTIATE)?;
    let offered = reader.u32()?;
    if offered & (flags::UNICODE | flags::OEM) == 0 {
        return Err(Malformed::Charset);
    }
    let mut payload = Payload::new(message, NEGOTIATE_FIXED);
    for supplied in [flags::DOMAIN_SUPPLIED, flags::WORKSTATION_SUPPLIED] {
        let field = reader.field();
        if offered & supplied != 0 {
            payload.take(field?)?;
        }
    }
    Ok(offered)
}

/// A CHALLENGE, §2.2.1.2.
pub(crate) fn write_challenge(
    flags: u32,
    server_challenge: [u8; 8],
    target_name: &[u8],
    target_info: &[u8],
) -> Vec<u8> {
    let mut message = Vec::with_capacity(CHALLENGE_FIXED + target_name.len() + target_info.len());
    message.extend(SIGNATURE);
    message.extend(CHALLENGE.to_le_bytes());
    push_field(&mut message, target_name, CHALLENGE_FIXED);
    message.extend(flags.to_le_bytes());
    message.extend(server_challenge);
    message.extend([0; 8]);
    push_field(&mut message, target_info, CHALLENGE_FIXED + target_name.len());
    message.extend(if flags & flags::VERSION == 0 { [0; 8] } else { VERSION });
    message.extend(target_name);
    message.extend(target_info);
    message
}

/// What a CHALLENGE that is replayed says of itself: its flags and the server challenge.
pub(crate) fn read_challenge(message: &[u8]) -> Result<(u32, [u8; 8]), Malformed> {
    let mut reader = Reader::message(message, CHALLENGE)?;
    let _target_name = reader.field()?;
    Ok((reader.u32()?, *reader.octets()?))
}

/// An AUTHENTICATE, §2.2.1.3. Its names are still as they came: their charset is the exchange's.
pub(crate) struct Authenticate<'a> {
    pub(crate) lm_response: &'a [u8],
    pub(crate) nt_response: &'a [u8],
    pub(crate) domain: &'a [u8],
    pub(crate) username: &'a [u8],
    pub(crate) workstation: &'a [u8],
    pub(crate) session_key: &'a [u8],
    pub(crate) flags: u32,
    /// `None` if the payload begins where it would be.
    pub(crate) mic: Option<MicField<'a>>,
}

/// A MIC, with what is before and after it.
pub(crate) struct MicField<'a> {
    pub(crate) before: &'a [u8],
    pub(crate) mic: &'a [u8; 16],
    pub(crate) after: &'a [u8],
}

impl<'a> Authenticate<'a> {
    pub(crate) fn read(message: &'a [u8]) -> Result<Self, Malformed> {
        if message.len() > MOST_AUTHENTICATE {
            return Err(Malformed::TooLong);
        }
        let mut reader = Reader::message(message, AUTHENTICATE)?;
        let mut field = || reader.field();
        let (lm_response, nt_response) = (field()?, field()?);
        let (domain, username, workstation) = (field()?, field()?, field()?);
        let session_key = field()?;
        let flags = reader.u32()?;
        let mut payload = Payload::new(message, AUTHENTICATE_FIXED);
        let mut take = |field| payload.take(field);
        let (lm_response, nt_response) = (take(lm_response)?, take(nt_response)?);
        let (domain, username, workstation) = (take(domain)?, take(username)?, take(workstation)?);
        let session_key = take(session_key)?;
        let mic = if payload.begins_at(MIC_OFFSET + 16) { MicField::of(message) } else { None };
        Ok(Self { lm_response, nt_response, domain, username, workstation, session_key, flags, mic })
    }
}

impl<'a> MicField<'a> {
    fn of(message: &'a [u8]) -> Option<Self> {
        let (before, rest) = message.split_at_checked(MIC_OFFSET)?;
        let (mic, after) = rest.split_first_chunk()?;
        Some(Self { before, mic, after })
    }
}

fn push_field(message: &mut Vec<u8>, value: &[u8], offset: usize) {
    let length = u16::try_from(value.len()).expect("TargetInfo bounds its names").to_le_bytes();
    message.extend(length);
    message.extend(length);
    message.extend(u32::try_from(offset).expect("as above").to_le_bytes());
}

const NEGOTIATE: u32 = 1;
const CHALLENGE: u32 = 2;
const AUTHENTICATE: u32 = 3;

/// Octets before the payload where `Version` is left out, as old clients do.
const NEGOTIATE_FIXED: usize = 32;
const CHALLENGE_FIXED: usize = 56;
/// As above, and where the MIC is left out.
const AUTHENTICATE_FIXED: usize = 64;
const MIC_OFFSET: usize = 72;

/// Room for two OEM names of 255; a Windows client sends 40 octets.
const MOST_NEGOTIATE: usize = 1024;
/// Honest ones stay below 2 KiB; RFC 5034's longest response is 9 KiB.
const MOST_AUTHENTICATE: usize = 16 * 1024;

/// Product 6.1, no build, and `NTLMSSP_REVISION_W2K3`, which is what Samba says. §2.2.2.10.
const VERSION: [u8; 8] = [6, 1, 0, 0, 0, 0, 0, 15];
