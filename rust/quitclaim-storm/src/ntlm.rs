//! The client's side of NTLM, MS-NLMP §3.1.5.1: a constant NEGOTIATE, and an AUTHENTICATE that is NTLMv2 with a MIC.

use crate::outcome::Password;
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use quitclaim_ntlm::{FileTime, upper_case};
use std::fmt;

/// The NEGOTIATE that Windows sends, without names. §2.2.1.1.
pub(crate) const NEGOTIATE: [u8; 40] = *b"NTLMSSP\0\x01\0\0\0\x07\x82\x08\xA2\
    \0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x0A\0\x61\x4A\0\0\0\x0F";

/// Somebody who logs in, with the right password or a wrong one. Of both only `NTOWFv2`'s HMAC state is kept.
pub(crate) struct Client {
    username: Vec<u8>,
    domain: Vec<u8>,
    right: Hmac<Md5>,
    wrong: Hmac<Md5>,
}

/// What an answer to a CHALLENGE needs from outside.
#[derive(Clone, Copy)]
pub(crate) struct Fresh {
    pub(crate) client_challenge: [u8; 8],
    /// For servers that do not say theirs.
    pub(crate) now: FileTime,
}

/// The server's CHALLENGE is not one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotAChallenge;

impl Client {
    pub(crate) fn new(username: &str, domain: &str, nt_hash: &[u8; 16]) -> Self {
        let utf16le = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
        let (upper_case, domain) = (utf16le(&upper_case(username)), utf16le(domain));
        let ntowfv2 = |nt_hash: &[u8; 16]| keyed(&hmac(&keyed(nt_hash), &[&upper_case, &domain]));
        // Each bit flipped: the right hash is never among the wrong ones, whatever the password is.
        let (right, wrong) = (ntowfv2(nt_hash), ntowfv2(&nt_hash.map(|octet| !octet)));
        Self { username: utf16le(username), domain, right, wrong }
    }

    /// Writes the AUTHENTICATE that answers a CHALLENGE on [`NEGOTIATE`]. §2.2.1.3, §3.3.2.
    pub(crate) fn authenticate(
        &self,
        password: Password,
        challenge: &[u8],
        fresh: Fresh,
        message: &mut Vec<u8>,
    ) -> Result<(), NotAChallenge> {
        let Challenge { flags, nonce, pairs } = Challenge::read(challenge)?;
        let time = timestamp(pairs)?;
        let key = match password {
            Password::Right => &self.right,
            Password::Wrong => &self.wrong,
        };

        message.clear();
        message.resize(PAYLOAD, 0);
        message.extend([0; 24]);
        let proof = message.len();
        message.extend([0; 16]);
        message.extend([1, 1, 0, 0, 0, 0, 0, 0]);
        message.extend(time.map_or(fresh.now.ticks().to_le_bytes(), |time| time));
        message.extend(fresh.client_challenge);
        message.extend([0; 4]);
        push_pairs(message, pairs, time.is_some())?;
        message.extend([0; 4]);
        let names = message.len();
        let nt_proof = hmac(key, &[&nonce, &message[proof + 16..]]);
        message[proof..proof + 16].copy_from_slice(&nt_proof);
        message.extend(&self.domain);
        message.extend(&self.username);

        message[..12].copy_from_slice(b"NTLMSSP\0\x03\0\0\0");
        let (domain, username) = (self.domain.len(), self.username.len());
        let fields = [
            (24, PAYLOAD),
            (names - proof, proof),
            (domain, names),
            (username, names + domain),
            (0, names),
            (0, names),
        ];
        for (at, (length, offset)) in (12..).step_by(8).zip(fields) {
            message[at..at + 8].copy_from_slice(&field(length, offset)?);
        }
        // No key is exchanged: nothing is signed or sealed.
        message[60..64].copy_from_slice(&(flags & !KEY_EXCH).to_le_bytes());
        message[64..72].copy_from_slice(&NEGOTIATE[32..]);
        if time.is_some() {
            let session_key = keyed(&hmac(key, &[&nt_proof]));
            let mic = hmac(&session_key, &[&NEGOTIATE, challenge, message]);
            message[MIC..PAYLOAD].copy_from_slice(&mic);
        }
        Ok(())
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client(..)")
    }
}

/// What is read of a CHALLENGE, §2.2.1.2.
struct Challenge<'a> {
    flags: u32,
    /// `ServerChallenge`.
    nonce: [u8; 8],
    /// AV pairs, with their end.
    pairs: &'a [u8],
}

impl<'a> Challenge<'a> {
    fn read(message: &'a [u8]) -> Result<Self, NotAChallenge> {
        if !message.starts_with(b"NTLMSSP\0\x02\0\0\0") || message.len() > LONGEST_CHALLENGE {
            return Err(NotAChallenge);
        }
        let flags = u32::from_le_bytes(array(message, 20)?);
        let length = usize::from(u16::from_le_bytes(array(message, 40)?));
        let offset = usize::try_from(u32::from_le_bytes(array(message, 44)?)).map_err(|_| NotAChallenge)?;
        let end = offset.checked_add(length).ok_or(NotAChallenge)?;
        let pairs = message.get(offset..end).ok_or(NotAChallenge)?;
        // Unicode was offered, so it must be taken (§2.2.2.5); NTLMv2 needs the target information.
        if flags & UNICODE == 0 || flags & TARGET_INFO == 0 {
            return Err(NotAChallenge);
        }
        Ok(Self { flags, nonce: array(message, 24)?, pairs })
    }
}

fn array<const N: usize>(message: &[u8], at: usize) -> Result<[u8; N], NotAChallenge> {
    message.get(at..).and_then(<[u8]>::first_chunk).copied().ok_or(NotAChallenge)
}

/// The server's time, if it says it: then there is a MIC (§3.1.5.1.2).
fn timestamp(mut pairs: &[u8]) -> Result<Option<[u8; 8]>, NotAChallenge> {
    while let Some(pair) = next_pair(&mut pairs)? {
        if pair.id == TIMESTAMP {
            return pair.value.try_into().map(Some).map_err(|_| NotAChallenge);
        }
    }
    Ok(None)
}

/// The server's pairs back to it, with ours and their end.
fn push_pairs(message: &mut Vec<u8>, mut pairs: &[u8], mic: bool) -> Result<(), NotAChallenge> {
    let mut flags = if mic { MIC_PRESENT } else { 0 };
    while let Some(pair) = next_pair(&mut pairs)? {
        if pair.id == FLAGS {
            flags |= u32::from_le_bytes(pair.value.try_into().map_err(|_| NotAChallenge)?);
        } else {
            message.extend(pair.whole);
        }
    }
    if flags != 0 {
        message.extend([6, 0, 4, 0]);
        message.extend(flags.to_le_bytes());
    }
    message.extend([0; 4]);
    Ok(())
}

/// An AV pair, §2.2.2.1.
struct Pair<'a> {
    id: u16,
    value: &'a [u8],
    whole: &'a [u8],
}

/// Takes the first of the AV pairs off; `None` at their end.
fn next_pair<'a>(pairs: &mut &'a [u8]) -> Result<Option<Pair<'a>>, NotAChallenge> {
    let (id, length) = (u16::from_le_bytes(array(pairs, 0)?), u16::from_le_bytes(array(pairs, 2)?));
    let (whole, rest) = pairs.split_at_checked(4 + usize::from(length)).ok_or(NotAChallenge)?;
    *pairs = rest;
    Ok((id != EOL).then_some(Pair { id, value: &whole[4..], whole }))
}

fn field(length: usize, offset: usize) -> Result<[u8; 8], NotAChallenge> {
    let [low, high] = u16::try_from(length).map_err(|_| NotAChallenge)?.to_le_bytes();
    let [a, b, c, d] = u32::try_from(offset).map_err(|_| NotAChallenge)?.to_le_bytes();
    Ok([low, high, low, high, a, b, c, d])
}

fn keyed(key: &[u8; 16]) -> Hmac<Md5> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}

fn hmac(key: &Hmac<Md5>, parts: &[&[u8]]) -> [u8; 16] {
    let mut hmac = key.clone();
    for part in parts {
        hmac.update(part);
    }
    hmac.finalize().into_bytes().into()
}

const UNICODE: u32 = 1;
const TARGET_INFO: u32 = 1 << 23;
const KEY_EXCH: u32 = 1 << 30;

const EOL: u16 = 0;
const FLAGS: u16 = 6;
const TIMESTAMP: u16 = 7;
const MIC_PRESENT: u32 = 2;

/// Where the MIC of an AUTHENTICATE is, and the payload after it.
const MIC: usize = 72;
const PAYLOAD: usize = 88;
/// Base64 of it fits a line of 16 KiB; honest ones have some hundred octets.
const LONGEST_CHALLENGE: usize = 12 * 1024;

#[cfg(test)]
mod tests;
