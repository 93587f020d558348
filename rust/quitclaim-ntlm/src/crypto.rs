//! The primitives of MS-NLMP §6 and the functions of §3.3 and §3.4 that are made of them.

use crate::text::utf16le;
use crate::upper_case::upper_case_unit;
use des::Des;
use des::cipher::{BlockCipherEncrypt, KeyInit};
use hmac::{Hmac, Mac};
use md4::{Digest, Md4};
use md5::Md5;
use rc4::{Rc4, StreamCipher};
use std::fmt;
use subtle::{Choice, ConstantTimeEq};
use zeroize::{Zeroize, Zeroizing};

/// Sixteen secret octets: erased on drop, never shown, never copied or compared by accident.
pub(crate) struct Key([u8; 16]);

impl Key {
    pub(crate) const fn new(octets: [u8; 16]) -> Self {
        Self(octets)
    }

    pub(crate) fn octets(&self) -> &[u8; 16] {
        &self.0
    }

    /// Without a branch on any octet.
    pub(crate) fn is(&self, octets: &[u8; 16]) -> Choice {
        self.0.ct_eq(octets)
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}

/// HMAC-MD5 whose key is in place: two of a short message's four MD5 blocks are done.
#[derive(Clone)]
pub(crate) struct KeyedHmac(Hmac<Md5>);

impl KeyedHmac {
    pub(crate) fn new(key: &Key) -> Self {
        Self(Hmac::new_from_slice(&key.0).expect("HMAC takes keys of any length"))
    }

    /// The HMAC of the parts as one.
    pub(crate) fn of(mut self, parts: &[&[u8]]) -> Key {
        for part in parts {
            self.0.update(part);
        }
        Key(self.0.finalize().into_bytes().into())
    }
}

/// `HMAC_MD5` under a key that is used once.
pub(crate) fn hmac_md5(key: &Key, parts: &[&[u8]]) -> Key {
    KeyedHmac::new(key).of(parts)
}

/// `NTOWFv1`, §3.3.1: MD4 of the password in UTF-16LE.
pub(crate) fn ntowfv1(password: &str) -> Key {
    let password = Zeroizing::new(utf16le(password));
    Key(Md4::digest(password.as_slice()).into())
}

/// The user name of `NTOWFv2`, §3.3.2. The domain follows it as it is.
pub(crate) fn upper_case_utf16le(username: &str) -> Vec<u8> {
    let mut octets = Vec::with_capacity(2 * username.len());
    username.encode_utf16().for_each(|unit| octets.extend(upper_case_unit(unit).to_le_bytes()));
    octets
}

pub(crate) fn md4(octets: &[u8]) -> Key {
    Key(Md4::digest(octets).into())
}

pub(crate) fn md5(parts: &[&[u8]]) -> [u8; 16] {
    let mut hash = Md5::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// What an NTLMv1 response with extended session security answers, §3.3.1.
pub(crate) fn ess_challenge(server_challenge: [u8; 8], client_challenge: [u8; 8]) -> [u8; 8] {
    let mut challenge = [0; 8];
    challenge.copy_from_slice(&md5(&[&server_challenge, &client_challenge])[..8]);
    challenge
}

/// `RC4K` of sixteen octets.
pub(crate) fn rc4k(key: &Key, octets: &[u8; 16]) -> Key {
    let mut octets = Key(*octets);
    Rc4::new_from_slice(&key.0).expect("RC4 takes keys of 1 to 256 octets").apply_keystream(&mut octets.0);
    octets
}

/// `DESL`, §6: DES of one block under three thirds of a key that is filled up with zeros.
pub(crate) fn desl(key: &Key, block: [u8; 8]) -> [u8; 24] {
    let mut filled = Zeroizing::new([0; 21]);
    filled[..16].copy_from_slice(&key.0);
    let mut response = [0; 24];
    for (third, part) in filled.chunks_exact(7).zip(response.chunks_exact_mut(8)) {
        let mut encrypted = block.into();
        Des::new(&with_parity_bits(third).into()).encrypt_block(&mut encrypted);
        part.copy_from_slice(&encrypted);
    }
    response
}

/// Seven octets as the eight of a DES key, whose lowest bits are not looked at.
fn with_parity_bits(seven: &[u8]) -> [u8; 8] {
    let mut bits = seven.iter().fold(0, |bits, &octet| bits << 8 | u64::from(octet)) << 8;
    [(); 8].map(|()| {
        let [octet, ..] = bits.to_be_bytes();
        bits <<= 7;
        octet & 0xFE
    })
}

/// Whether two octet strings are the same, without a branch on any octet. Lengths are no secret.
pub(crate) fn same(one: &[u8], other: &[u8]) -> Choice {
    one.ct_eq(other)
}
