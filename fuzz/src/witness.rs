//! A second reader of what was said, written from MS-NLMP without the crate: whether a login was in order.

use super::client::{Challenge, OEM, UNICODE, hmac_md5, nt_hash, ntowfv2};
use super::{PASSWORD, SERVER_CHALLENGE};
use quitclaim_ntlm::{Established, Version, upper_case};

/// The three messages as the acceptor sent and received them.
pub(crate) struct Witness<'a> {
    pub(crate) negotiate: &'a [u8],
    pub(crate) challenge: &'a [u8],
    pub(crate) authenticate: &'a [u8],
}

/// Whether the AUTHENTICATE has a response of that password's, and the right MIC if it announces one.
pub(crate) fn is_proven(messages: &Witness<'_>, password: &str, established: &Established) -> bool {
    let proven = match established.version() {
        Version::V2 => messages.has_ntlmv2_response(password),
        version => password == PASSWORD && messages.has_published_response(version),
    };
    let announced = established.version() == Version::V2 && Pairs::of(messages.authenticate).announce_mic();
    let key = established.session_key().as_bytes();
    proven && announced == established.mic() && (!announced || messages.has_mic(key))
}

impl Witness<'_> {
    fn has_ntlmv2_response(&self, password: &str) -> bool {
        let (proof, temp) = field(self.authenticate, 20).split_at(16);
        let (domain, username) = (self.name(28), self.name(36));
        let challenge = Challenge::read(self.challenge).octets;
        [domain.as_str(), ""].iter().any(|domain| {
            let response_key = ntowfv2(&nt_hash(password), &upper_case(&username), domain);
            hmac_md5(&response_key, &[&challenge, temp]) == proof
        })
    }

    /// NTLMv1 would take DES to witness: the responses that are known are the published ones.
    fn has_published_response(&self, version: Version) -> bool {
        let (lm_response, nt_response) = (field(self.authenticate, 12), field(self.authenticate, 20));
        let ours = Challenge::read(self.challenge).octets == SERVER_CHALLENGE;
        match version {
            Version::V1WithEss => ours && nt_response == ESS_RESPONSE && lm_response[..8] == [0xAA; 8],
            _ => ours && nt_response == RESPONSE,
        }
    }

    fn has_mic(&self, session_key: &[u8; 16]) -> bool {
        let (before, rest) = self.authenticate.split_at(72);
        let (mic, after) = rest.split_at(16);
        hmac_md5(session_key, &[self.negotiate, self.challenge, before, &[0; 16], after]) == mic
    }

    fn name(&self, at: usize) -> String {
        let octets = field(self.authenticate, at);
        let sent = u32::from_le_bytes(self.authenticate[60..64].try_into().expect("four octets"));
        let flags = if sent & (OEM | UNICODE) == 0 { Challenge::read(self.challenge).flags } else { sent };
        if flags & UNICODE == 0 {
            return String::from_utf8(octets.to_vec()).expect("OEM names are ASCII");
        }
        let units: Vec<u16> = octets.chunks(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect();
        String::from_utf16(&units).expect("names are UTF-16")
    }
}

/// What an NTLMv2 response says beside its proof.
pub(crate) struct Pairs<'a> {
    /// `TimeStamp`.
    pub(crate) time: u64,
    pairs: &'a [u8],
}

impl<'a> Pairs<'a> {
    pub(crate) fn of(authenticate: &'a [u8]) -> Self {
        let response = field(authenticate, 20);
        Self { time: u64::from_le_bytes(response[24..32].try_into().expect("eight octets")), pairs: &response[44..] }
    }

    fn announce_mic(&self) -> bool {
        self.first(6).is_some_and(|flags| flags[0] & 2 != 0)
    }

    pub(crate) fn channel_binding(&self) -> Option<&'a [u8]> {
        self.first(10).filter(|binding| binding.iter().any(|&octet| octet != 0))
    }

    fn first(&self, wanted: u16) -> Option<&'a [u8]> {
        let mut rest = self.pairs;
        loop {
            let id = u16::from_le_bytes([rest[0], rest[1]]);
            let (value, after) = rest[4..].split_at(u16::from_le_bytes([rest[2], rest[3]]).into());
            if id == wanted || id == 0 {
                return (id == wanted).then_some(value);
            }
            rest = after;
        }
    }
}

/// The octets of a field, by the place of its length.
pub(crate) fn field(message: &[u8], at: usize) -> &[u8] {
    let length = usize::from(u16::from_le_bytes([message[at], message[at + 1]]));
    let offset = u32::from_le_bytes(message[at + 4..at + 8].try_into().expect("four octets"));
    let start = usize::try_from(offset).expect("32 bits");
    if length == 0 { &[] } else { &message[start..start + length] }
}

/// MS-NLMP §4.2.2.2.1.
const RESPONSE: [u8; 24] = *b"\x67\xc4\x30\x11\xf3\x02\x98\xa2\xad\x35\xec\xe6\x4f\x16\x33\x1c\
    \x44\xbd\xbe\xd9\x27\x84\x1f\x94";
/// MS-NLMP §4.2.3.2.2, whose client challenge is `AA` eight times.
const ESS_RESPONSE: [u8; 24] = *b"\x75\x37\xf8\x03\xae\x36\x71\x28\xca\x45\x82\x04\xbd\xe7\xca\xf8\
    \x1e\x97\xed\x26\x83\x26\x72\x32";
