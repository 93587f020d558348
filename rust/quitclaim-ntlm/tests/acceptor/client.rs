// A client of NTLM, written from MS-NLMP §3.1 without the crate: what it computes, the crate must agree with.
// Its fields are public so that a test can make it old, wrong or hostile. The crate's examples include this file.

use hmac::{Hmac, KeyInit, Mac};
use md4::{Digest, Md4};
use md5::Md5;
use rc4::{Rc4, StreamCipher};

pub(crate) const UNICODE: u32 = 1;
pub(crate) const OEM: u32 = 2;
pub(crate) const SIGN: u32 = 0x10;
pub(crate) const SEAL: u32 = 0x20;
pub(crate) const KEY_EXCH: u32 = 0x4000_0000;
pub(crate) const ESS: u32 = 0x8_0000;

/// What Windows offers: both charsets, target, NTLM, always-sign, ESS, version, 128, 56.
pub(crate) const WINDOWS: u32 = 0xA208_8207;
/// What curl offers: OEM, target, NTLM, always-sign, ESS.
pub(crate) const CURL: u32 = 0x0008_8206;

/// The key that clients in here choose.
pub(crate) const CHOSEN_KEY: [u8; 16] = [0x55; 16];

/// What a client does about its MIC.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Mic {
    /// Announced and right.
    Sent,
    /// Announced, and one bit is wrong.
    Flipped,
    /// Announced, and zero.
    Zero,
    /// Announced, and cut out of the message.
    CutOut,
    /// Announced with a right MIC behind a payload that begins too early to leave room for it.
    ShiftedAway,
    /// Not announced, and no room for it.
    None,
}

/// Whoever logs in.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) domain: String,
    pub(crate) workstation: String,
    /// The name that goes into the hash, if not the sent one in upper case.
    pub(crate) hashed_username: Option<String>,
    /// The domain that goes into the hash, if not the sent one.
    pub(crate) hashed_domain: Option<String>,
    pub(crate) offer: u32,
    /// The flags of the AUTHENTICATE, if not the CHALLENGE's.
    pub(crate) settle: Option<u32>,
    pub(crate) mic: Mic,
    /// The key in the AUTHENTICATE, if not what the flags ask for.
    pub(crate) sent_key: Option<Vec<u8>>,
    pub(crate) binding: Option<[u8; 16]>,
    /// The time in the response, if not the server's.
    pub(crate) time: Option<u64>,
    /// AV pairs before all others.
    pub(crate) first_pairs: Vec<(u16, Vec<u8>)>,
    pub(crate) after_end: Vec<u8>,
    /// The LM response, if not 24 zeros.
    pub(crate) lm_response: Option<Vec<u8>>,
    /// The NT response, if not NTLMv2.
    pub(crate) nt_response: Option<Vec<u8>>,
}

impl Client {
    /// A well-behaved client of our time.
    pub(crate) fn new(username: &str, password: &str) -> Self {
        Self {
            username: username.to_owned(),
            password: password.to_owned(),
            domain: "EXAMPLE".to_owned(),
            workstation: "DESK".to_owned(),
            hashed_username: None,
            hashed_domain: None,
            offer: WINDOWS,
            settle: None,
            mic: Mic::Sent,
            sent_key: None,
            binding: None,
            time: None,
            first_pairs: Vec::new(),
            after_end: vec![0; 4],
            lm_response: None,
            nt_response: None,
        }
    }

    pub(crate) fn negotiate(&self) -> Vec<u8> {
        let mut message = header(1);
        message.extend(self.offer.to_le_bytes());
        message.extend([0; 16]);
        message.extend([10, 0, 0x61, 0x4A, 0, 0, 0, 15]);
        message
    }

    /// The answer to a CHALLENGE that this client got for its own NEGOTIATE.
    pub(crate) fn authenticate(&self, challenge: &[u8]) -> Vec<u8> {
        let challenged = Challenge::read(challenge);
        let flags = self.settle.unwrap_or(challenged.flags);
        let response_key = ntowfv2(&nt_hash(&self.password), &self.upper_case(), self.domain_in_hash());
        let nt_response = self.nt_response.clone().unwrap_or_else(|| self.ntlmv2_response(&response_key, &challenged));
        let proof = nt_response.get(..16).unwrap_or_default();
        let base_key = hmac_md5(&response_key, &[proof]);
        let exchanges = flags & KEY_EXCH != 0 && flags & (SIGN | SEAL) != 0;
        let (encrypted, exported) =
            if exchanges { (rc4(&base_key, CHOSEN_KEY).to_vec(), CHOSEN_KEY) } else { (Vec::new(), base_key) };
        let encrypted = self.sent_key.clone().unwrap_or(encrypted);
        let lm_response = self.lm_response.clone().unwrap_or_else(|| vec![0; 24]);

        // JavaMail sends no flags, and strings as negotiated.
        let unicode = flags & UNICODE != 0 || flags == 0 && challenged.flags & UNICODE != 0;
        let name = |name: &str| if unicode { utf16le(name) } else { name.as_bytes().to_vec() };
        let (domain, username, workstation) = (name(&self.domain), name(&self.username), name(&self.workstation));
        let fixed = match self.mic {
            Mic::Sent | Mic::Flipped | Mic::Zero => 88,
            Mic::ShiftedAway | Mic::CutOut => 72,
            Mic::None => 64,
        };
        let mut message = header(3);
        let mut offset = fixed;
        for value in [&lm_response, &nt_response, &domain, &username, &workstation, &encrypted] {
            message.extend(field(value.len(), offset));
            offset += value.len();
        }
        message.extend(flags.to_le_bytes());
        message.extend([10, 0, 0x61, 0x4A, 0, 0, 0, 15]);
        message.extend([0; 16]);
        message.truncate(fixed);
        for value in [lm_response, nt_response, domain, username, workstation, encrypted] {
            message.extend(value);
        }
        if matches!(self.mic, Mic::Sent | Mic::Flipped | Mic::ShiftedAway) {
            let mut mic = hmac_md5(&exported, &[&self.negotiate(), challenge, &message]);
            mic[7] ^= u8::from(self.mic == Mic::Flipped);
            if self.mic == Mic::ShiftedAway {
                message.extend(mic);
            } else {
                message[72..88].copy_from_slice(&mic);
            }
        }
        message
    }

    fn ntlmv2_response(&self, response_key: &[u8; 16], challenged: &Challenge) -> Vec<u8> {
        let time = self.time.unwrap_or(challenged.time).to_le_bytes();
        let mut temp = [[1, 1, 0, 0, 0, 0, 0, 0].as_slice(), &time, &[0xAA; 8], &[0; 4]].concat();
        let mut pairs = self.first_pairs.clone();
        pairs.extend(challenged.pairs.iter().cloned());
        if self.mic != Mic::None {
            pairs.push((6, vec![2, 0, 0, 0]));
        }
        pairs.extend(self.binding.map(|binding| (10, binding.to_vec())));
        pairs.push((9, utf16le("pop/mail.example.org")));
        pairs.push((0, Vec::new()));
        for (id, value) in pairs {
            temp.extend(av_pair(id, &value));
        }
        temp.extend(&self.after_end);
        let proof = hmac_md5(response_key, &[&challenged.octets, &temp]);
        [proof.as_slice(), &temp].concat()
    }

    fn upper_case(&self) -> String {
        self.hashed_username.clone().unwrap_or_else(|| self.username.to_uppercase())
    }

    fn domain_in_hash(&self) -> &str {
        self.hashed_domain.as_ref().unwrap_or(&self.domain)
    }
}

/// What a client reads from a CHALLENGE.
pub(crate) struct Challenge {
    pub(crate) flags: u32,
    pub(crate) octets: [u8; 8],
    pub(crate) target_name: Vec<u8>,
    pub(crate) pairs: Vec<(u16, Vec<u8>)>,
    pub(crate) time: u64,
}

impl Challenge {
    pub(crate) fn read(message: &[u8]) -> Self {
        let u16_at = |at: usize| u16::from_le_bytes([message[at], message[at + 1]]);
        let u32_at = |at: usize| u32::from_le_bytes(message[at..at + 4].try_into().unwrap());
        let field_at = |at| {
            let (length, offset) = (usize::from(u16_at(at)), usize::try_from(u32_at(at + 4)).unwrap());
            if length == 0 { &[] } else { &message[offset..offset + length] }
        };
        let mut pairs = Vec::new();
        let mut rest = field_at(40);
        while let [id, high, length, length_high, tail @ ..] = rest {
            let (value, tail) = tail.split_at(usize::from(u16::from_le_bytes([*length, *length_high])));
            pairs.push((u16::from_le_bytes([*id, *high]), value.to_vec()));
            rest = tail;
        }
        assert_eq!(pairs.pop(), Some((0, Vec::new())), "the AV pairs have an end");
        let time = pairs.iter().find(|(id, _)| *id == 7).map(|(_, time)| time.as_slice().try_into().unwrap());
        Self {
            flags: u32_at(20),
            octets: message[24..32].try_into().unwrap(),
            target_name: field_at(12).to_vec(),
            time: time.map_or(0, u64::from_le_bytes),
            pairs,
        }
    }
}

pub(crate) fn av_pair(id: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap().to_le_bytes();
    [id.to_le_bytes().as_slice(), &length, value].concat()
}

pub(crate) fn utf16le(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

pub(crate) fn nt_hash(password: &str) -> [u8; 16] {
    Md4::digest(utf16le(password)).into()
}

pub(crate) fn ntowfv2(nt_hash: &[u8; 16], upper_case_username: &str, domain: &str) -> [u8; 16] {
    hmac_md5(nt_hash, &[&utf16le(upper_case_username), &utf16le(domain)])
}

pub(crate) fn hmac_md5(key: &[u8; 16], parts: &[&[u8]]) -> [u8; 16] {
    let mut mac = Hmac::<Md5>::new_from_slice(key).unwrap();
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

pub(crate) fn rc4(key: &[u8; 16], mut octets: [u8; 16]) -> [u8; 16] {
    Rc4::new_from_slice(key).unwrap().apply_keystream(&mut octets);
    octets
}

fn header(message_type: u32) -> Vec<u8> {
    [b"NTLMSSP\0".as_slice(), &message_type.to_le_bytes()].concat()
}

fn field(length: usize, offset: usize) -> Vec<u8> {
    let length = u16::try_from(length).unwrap().to_le_bytes();
    [length.as_slice(), &length, &u32::try_from(offset).unwrap().to_le_bytes()].concat()
}
