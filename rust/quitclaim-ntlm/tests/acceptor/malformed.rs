//! Tokens that nobody honest sends: each has a name, and gets one clean refusal.

use crate::client::{CURL, Client, KEY_EXCH, Mic, OEM, SIGN, WINDOWS, av_pair, utf16le};
use crate::{NOW, authenticate, challenge, claim};
use quitclaim_ntlm::{Challenged, Error, Malformed, Policy, Refused};

type Case = (&'static str, Vec<u8>, Malformed);

/// Offsets of fields within an AUTHENTICATE.
const LM: usize = 12;
const NT: usize = 20;
const DOMAIN: usize = 28;
const USER: usize = 36;
const WORKSTATION: usize = 44;
const KEY: usize = 52;
const FLAGS: usize = 60;

fn alice() -> Client {
    Client { mic: Mic::None, ..Client::new("alice", "secret") }
}

/// The AUTHENTICATE of a client that answers our challenge to Windows, which speaks Unicode.
fn message(client: &Client) -> Vec<u8> {
    let (_, challenge) = challenge(&alice().negotiate(), Policy::default()).unwrap();
    client.authenticate(&challenge)
}

/// Alice's, with some octets overwritten.
fn patched(patches: &[(usize, &[u8])]) -> Vec<u8> {
    let mut message = message(&alice());
    for (at, octets) in patches {
        message[*at..at + octets.len()].copy_from_slice(octets);
    }
    message
}

fn field(at: usize, length: u16, offset: u32) -> Vec<u8> {
    patched(&[(at, &length.to_le_bytes()), (at + 4, &offset.to_le_bytes())])
}

/// Alice's, with another field's place for one of hers.
fn moved(to: usize, from: usize) -> Vec<u8> {
    let original = message(&alice());
    patched(&[(to, &original[from..from + 8])])
}

/// Alice's, with `by` added to a field's offset.
fn shifted(at: usize, by: u32) -> Vec<u8> {
    let offset = u32::from_le_bytes(message(&alice())[at + 4..at + 8].try_into().unwrap());
    patched(&[(at + 4, &offset.wrapping_add(by).to_le_bytes())])
}

fn username(units: &[u16]) -> Vec<u8> {
    replaced(USER, &units.iter().flat_map(|unit| unit.to_le_bytes()).collect::<Vec<_>>())
}

fn named(at: usize, name: &str) -> Vec<u8> {
    replaced(at, &utf16le(name))
}

/// Alice's, with a field that points to octets behind the message.
fn replaced(at: usize, octets: &[u8]) -> Vec<u8> {
    let offset = u32::try_from(message(&alice()).len()).unwrap();
    let length = u16::try_from(octets.len()).unwrap();
    [field(at, length, offset).as_slice(), octets].concat()
}

/// Alice's in OEM strings, with that user name.
fn oem(username: &[u8]) -> Vec<u8> {
    let mut message = replaced(USER, username);
    message[FLAGS] = 2;
    for at in [DOMAIN, WORKSTATION] {
        message[at..at + 2].fill(0);
    }
    message
}

fn lm(length: usize) -> Vec<u8> {
    message(&Client { lm_response: Some(vec![7; length]), ..alice() })
}

fn nt(length: usize) -> Vec<u8> {
    let response = [[0; 16].as_slice(), &[1; 40]].concat();
    message(&Client { nt_response: Some(response[..length].to_vec()), ..alice() })
}

/// Alice's, with an NTLMv2 response that begins with those versions and has those AV pairs.
fn ntlmv2(versions: [u8; 2], pairs: &[u8]) -> Vec<u8> {
    let time = NOW.ticks().to_le_bytes();
    let response = [[0; 16].as_slice(), &versions, &[0; 6], &time, &[0; 12], pairs].concat();
    message(&Client { nt_response: Some(response), ..alice() })
}

fn pairs(pairs: &[u8]) -> Vec<u8> {
    ntlmv2([1, 1], pairs)
}

fn mic(mic: Mic) -> Vec<u8> {
    message(&Client { mic, ..alice() })
}

fn key(length: usize) -> Vec<u8> {
    let settle = Some(WINDOWS & !OEM | KEY_EXCH | SIGN);
    message(&Client { settle, sent_key: Some(vec![7; length]), ..alice() })
}

fn headers() -> Vec<Case> {
    use Malformed::{MessageType, Signature, TooLong, Truncated};
    let whole = message(&alice());
    let (_, challenge) = challenge(&alice().negotiate(), Policy::default()).unwrap();
    vec![
        ("empty", Vec::new(), Truncated),
        ("half a signature", whole[..4].to_vec(), Truncated),
        ("signature alone", whole[..8].to_vec(), Truncated),
        ("header alone", whole[..12].to_vec(), Truncated),
        ("cut in its first field", whole[..15].to_vec(), Truncated),
        ("cut in its last field", whole[..58].to_vec(), Truncated),
        ("cut before its flags", whole[..60].to_vec(), Truncated),
        ("cut in its flags", whole[..63].to_vec(), Truncated),
        ("64 KiB of zeros", vec![0; 65_536], TooLong),
        ("64 KiB of padding", [whole.clone(), vec![0; 65_536]].concat(), TooLong),
        ("signature in lower case", patched(&[(0, b"ntlmssp\0")]), Signature),
        ("signature without its NUL", patched(&[(7, b" ")]), Signature),
        ("text", b"+OK this is no NTLM message at all, not even nearly, is it, now".to_vec(), Signature),
        ("base64 of a message", b"TlRMTVNTUAADAAAAGAAYAGIAAAAYABgAegAAAAAAAABIAAAACAAIAEg=".to_vec(), Signature),
        (
            "SPNEGO around a message",
            [b"\x60\x48\x06\x06\x2b\x06\x01\x05\x05\x02".as_slice(), &whole].concat(),
            Signature,
        ),
        ("message type 0", patched(&[(8, &[0; 4])]), MessageType),
        ("message type 4", patched(&[(8, &[4])]), MessageType),
        ("message type in the wrong order", patched(&[(8, &[0, 0, 0, 3])]), MessageType),
        ("message type beyond an octet", patched(&[(8, &[3, 1])]), MessageType),
        ("a NEGOTIATE in its turn", Client::new("a", "").negotiate(), MessageType),
        ("our own CHALLENGE", challenge, MessageType),
    ]
}

fn fields() -> Vec<Case> {
    use Malformed::{OutOfBounds, Overlap};
    let end = u32::try_from(message(&alice()).len()).unwrap();
    vec![
        ("LM response at the end of memory", field(LM, 24, u32::MAX), OutOfBounds),
        ("NT response at the end of memory", field(NT, 60, u32::MAX - 30), OutOfBounds),
        ("domain behind the end", field(DOMAIN, 2, end), OutOfBounds),
        ("user half behind the end", field(USER, 10, end - 4), OutOfBounds),
        ("user one octet behind the end", field(USER, 10, end - 9), OutOfBounds),
        ("workstation longer than the message", field(WORKSTATION, u16::MAX, 64), OutOfBounds),
        ("session key behind 2 GiB", field(KEY, 16, 1 << 31), OutOfBounds),
        ("offset and length that wrap to 0", field(USER, 16, u32::MAX - 15), OutOfBounds),
        ("offset and length that wrap into the payload", field(USER, 100, u32::MAX - 10), OutOfBounds),
        ("user at 0", field(USER, 8, 0), OutOfBounds),
        ("user that is its own field", field(USER, 8, 36), OutOfBounds),
        ("domain that ends in the payload", field(DOMAIN, 8, 60), OutOfBounds),
        ("flags that are a workstation", field(WORKSTATION, 4, 60), OutOfBounds),
        ("user that is the domain", moved(USER, DOMAIN), Overlap),
        ("domain that is the user", moved(DOMAIN, USER), Overlap),
        ("LM response that is the NT response's beginning", field(LM, 24, 64 + 24), Overlap),
        ("workstation an octet into the user", shifted(WORKSTATION, u32::MAX), Overlap),
        ("user an octet into the workstation", shifted(USER, 1), Overlap),
        ("session key that is the LM response", moved(KEY, LM), Overlap),
        ("user within the NT response", field(USER, 2, 64 + 24 + 30), Overlap),
        ("NT response around everything", field(NT, 60, 64), Overlap),
    ]
}

fn names() -> Vec<Case> {
    use Malformed::{ControlCharacter, NameTooLong, NotAscii, Utf16};
    vec![
        ("user of one octet", replaced(USER, b"a"), Utf16),
        ("user of an odd number of octets", replaced(USER, b"a\0b\0c"), Utf16),
        ("domain of an odd number of octets", replaced(DOMAIN, b"a\0b"), Utf16),
        ("workstation of an odd number of octets", replaced(WORKSTATION, b"a\0b"), Utf16),
        ("user with a lone high surrogate", username(&[0x61, 0xD800, 0x62]), Utf16),
        ("user that ends in a high surrogate", username(&[0x61, 0xDBFF]), Utf16),
        ("user with a lone low surrogate", username(&[0xDC00, 0x61]), Utf16),
        ("user with a surrogate pair the wrong way round", username(&[0xDC00, 0xD800]), Utf16),
        ("domain with a lone surrogate", replaced(DOMAIN, &[0x00, 0xD8]), Utf16),
        ("user with a NUL", named(USER, "alice\0admin"), ControlCharacter),
        ("user that is a NUL", named(USER, "\0"), ControlCharacter),
        ("user that ends in a NUL", named(USER, "alice\0"), ControlCharacter),
        ("user with a line feed", named(USER, "alice\nUsername: admin"), ControlCharacter),
        ("user with a carriage return", named(USER, "alice\r"), ControlCharacter),
        ("user with an escape", named(USER, "\u{1B}[2Jalice"), ControlCharacter),
        ("user with a DEL", named(USER, "alice\u{7F}"), ControlCharacter),
        ("user with a C1 control", named(USER, "alice\u{85}"), ControlCharacter),
        ("domain with a tab", named(DOMAIN, "EXAM\tPLE"), ControlCharacter),
        ("domain with a NUL", named(DOMAIN, "EXAMPLE\0"), ControlCharacter),
        ("workstation with a line feed", named(WORKSTATION, "DESK\n"), ControlCharacter),
        ("user of 513 characters", named(USER, &"a".repeat(513)), NameTooLong),
        ("domain of 4 KiB", named(DOMAIN, &"a".repeat(2048)), NameTooLong),
        ("workstation of 4 KiB", named(WORKSTATION, &"a".repeat(2048)), NameTooLong),
        ("OEM user in Latin-1", oem(b"m\xFCller"), NotAscii),
        ("OEM user in UTF-8", oem("müller".as_bytes()), NotAscii),
        ("OEM user with a NUL", oem(b"alice\0"), ControlCharacter),
        ("OEM user with a line feed", oem(b"alice\n"), ControlCharacter),
        ("OEM user that is Unicode", oem(b"a\0l\0"), ControlCharacter),
    ]
}

fn responses() -> Vec<Case> {
    use Malformed::{AvPair, LmResponse, MicStripped, NtResponse, SessionKey};
    vec![
        ("LM response of 1 octet", lm(1), LmResponse),
        ("LM response of 16 octets", lm(16), LmResponse),
        ("LM response of 23 octets", lm(23), LmResponse),
        ("LM response of 25 octets", lm(25), LmResponse),
        ("LM response of 4 KiB", lm(4096), LmResponse),
        ("NT response of 1 octet", nt(1), NtResponse),
        ("NT response of 16 octets", nt(16), NtResponse),
        ("NT response of 23 octets", nt(23), NtResponse),
        ("NT response of 25 octets", nt(25), NtResponse),
        ("NT response of 43 octets", nt(43), NtResponse),
        ("NT response without AV pairs", nt(44), NtResponse),
        ("NT response of 47 octets", nt(47), NtResponse),
        ("NT response of version 2", ntlmv2([2, 1], &[0; 4]), NtResponse),
        ("NT response that knows version 0", ntlmv2([1, 0], &[0; 4]), NtResponse),
        ("NT response of version 0", ntlmv2([0, 0], &[0; 4]), NtResponse),
        ("AV pairs without an end", pairs(&av_pair(1, b"x")), AvPair),
        ("AV pair that is the last and empty", pairs(&av_pair(1, b"")), AvPair),
        ("AV pair cut in its header", pairs(&[&av_pair(1, b"xyz")[..], &[2, 0, 1]].concat()), AvPair),
        ("AV pair longer than the rest", pairs(&[1, 0, 9, 0, 0, 0, 0, 0]), AvPair),
        ("AV pair of 65,535 octets", pairs(&[1, 0, 0xFF, 0xFF, 0, 0, 0, 0]), AvPair),
        ("AV pairs that end in an empty name", pairs(&av_pair(1, b"").repeat(500)), AvPair),
        ("AV end with a value", pairs(&[&av_pair(0, b"x")[..], &[0; 4]].concat()), AvPair),
        ("AV end that is longer than the rest", pairs(&[0, 0, 1, 0]), AvPair),
        ("AV flags of no octets", pairs(&[&av_pair(6, b"")[..], &[0; 4]].concat()), AvPair),
        ("AV flags of 3 octets", pairs(&[&av_pair(6, &[2, 0, 0])[..], &[0; 4]].concat()), AvPair),
        ("AV flags of 8 octets", pairs(&[&av_pair(6, &[0; 8])[..], &[0; 4]].concat()), AvPair),
        ("binding of no octets", pairs(&[&av_pair(10, b"")[..], &[0; 4]].concat()), AvPair),
        ("binding of 15 octets", pairs(&[&av_pair(10, &[0; 15])[..], &[0; 4]].concat()), AvPair),
        ("binding of 32 octets", pairs(&[&av_pair(10, &[0; 32])[..], &[0; 4]].concat()), AvPair),
        ("flags twice, the second clear", twice(6, &[2, 0, 0, 0], &[0; 4]), Malformed::DuplicateAvPair),
        ("flags twice, the first clear", twice(6, &[0; 4], &[2, 0, 0, 0]), Malformed::DuplicateAvPair),
        ("flags twice, alike", twice(6, &[2, 0, 0, 0], &[2, 0, 0, 0]), Malformed::DuplicateAvPair),
        ("binding twice, the first zero", twice(10, &[0; 16], &[7; 16]), Malformed::DuplicateAvPair),
        ("MIC announced, no room", pairs(&[&av_pair(6, &[2, 0, 0, 0])[..], &[0; 4]].concat()), MicStripped),
        ("MIC announced beside other flags", pairs(&[&av_pair(6, &[7, 0, 0, 0])[..], &[0; 4]].concat()), MicStripped),
        ("MIC announced, zero", mic(Mic::Zero), MicStripped),
        ("MIC announced, cut out", mic(Mic::CutOut), MicStripped),
        ("MIC announced, elsewhere", mic(Mic::ShiftedAway), MicStripped),
        ("session key announced, none", key(0), SessionKey),
        ("session key of 8 octets", key(8), SessionKey),
        ("session key of 15 octets", key(15), SessionKey),
        ("session key of 17 octets", key(17), SessionKey),
        ("session key of 4 KiB", key(4096), SessionKey),
    ]
}

fn twice(id: u16, one: &[u8], other: &[u8]) -> Vec<u8> {
    pairs(&[av_pair(id, one), av_pair(id, other), vec![0; 4]].concat())
}

fn refuse_each(cases: Vec<Case>) {
    for (name, message, malformed) in cases {
        assert_eq!(authenticate(&message).unwrap_err(), Error::InvalidToken(malformed), "{name}");
    }
}

#[test]
fn what_the_cases_are_made_of_is_sound() {
    assert!(authenticate(&message(&alice())).is_ok());
    assert!(authenticate(&named(USER, "bob")).is_ok());
    assert!(authenticate(&oem(b"bob")).is_ok());
    assert!(authenticate(&pairs(&[0; 4])).is_ok());
    assert!(authenticate(&key(16)).is_ok());
    assert!(authenticate(&lm(0)).is_ok());
}

#[test]
fn authenticate_with_a_bad_header_is_malformed() {
    refuse_each(headers());
}

#[test]
fn authenticate_with_a_field_that_lies_is_malformed() {
    refuse_each(fields());
}

#[test]
fn authenticate_with_a_bad_name_is_malformed() {
    refuse_each(names());
}

#[test]
fn authenticate_with_a_bad_response_is_malformed() {
    refuse_each(responses());
}

#[test]
fn authenticate_cut_anywhere_is_malformed_or_refused() {
    let whole = message(&Client::new("alice", "secret"));
    for length in 0..whole.len() {
        assert!(authenticate(&whole[..length]).is_err(), "cut to {length} octets");
    }
    assert!(authenticate(&whole).is_ok());
}

#[test]
fn negotiate_that_is_none_is_malformed() {
    use Malformed::{Charset, MessageType, OutOfBounds, Overlap, Signature, TooLong, Truncated};
    let whole = alice().negotiate();
    let with = |patches: &[(usize, &[u8])]| {
        let mut message = whole.clone();
        for (at, octets) in patches {
            message[*at..at + octets.len()].copy_from_slice(octets);
        }
        message
    };
    let supplied: (usize, &[u8]) = (12, &[0x07, 0x32]); // domain and workstation
    let cases: [Case; 17] = [
        ("empty", Vec::new(), Truncated),
        ("NUL", vec![0], Truncated),
        ("signature alone", whole[..8].to_vec(), Truncated),
        ("cut before its flags", whole[..12].to_vec(), Truncated),
        ("cut in its flags", whole[..15].to_vec(), Truncated),
        ("cut where it announces a domain", with(&[supplied])[..20].to_vec(), Truncated),
        ("cut where it announces a workstation", with(&[(12, &[0x07, 0x22])])[..28].to_vec(), Truncated),
        ("64 KiB", [whole.clone(), vec![0; 65_536]].concat(), TooLong),
        ("SMB's signature", with(&[(0, b"\xFFSMBsssp")]), Signature),
        ("an AUTHENTICATE before its turn", with(&[(8, &[3])]), MessageType),
        ("a CHALLENGE", with(&[(8, &[2])]), MessageType),
        ("neither charset", with(&[(12, &[0x04])]), Charset),
        ("domain behind the end", with(&[supplied, (16, &[9, 0, 9, 0, 40, 0, 0, 0])]), OutOfBounds),
        ("domain at the end of memory", with(&[supplied, (16, &[9, 0, 9, 0, 0xFF, 0xFF, 0xFF, 0xFF])]), OutOfBounds),
        ("workstation in the header", with(&[supplied, (24, &[4, 0, 4, 0, 8, 0, 0, 0])]), OutOfBounds),
        ("workstation of 64 KiB", with(&[supplied, (24, &[0xFF, 0xFF, 0, 0, 32, 0, 0, 0])]), OutOfBounds),
        (
            "domain that is the workstation",
            with(&[supplied, (16, &[4, 0, 4, 0, 32, 0, 0, 0]), (24, &[4, 0, 4, 0, 32, 0, 0, 0])]),
            Overlap,
        ),
    ];
    for (name, message, malformed) in cases {
        let refusal = challenge(&message, Policy::default());
        assert_eq!(refusal.unwrap_err(), Error::InvalidToken(malformed), "{name}");
    }
}

#[test]
fn challenge_for_a_replay_that_is_none_is_malformed() {
    use Malformed::{MessageType, Signature, Truncated};
    let (_, whole) = challenge(&alice().negotiate(), Policy::default()).unwrap();
    let cases: [Case; 8] = [
        ("empty", Vec::new(), Truncated),
        ("signature alone", whole[..8].to_vec(), Truncated),
        ("header alone", whole[..12].to_vec(), Truncated),
        ("cut before its flags", whole[..20].to_vec(), Truncated),
        ("cut in its challenge", whole[..31].to_vec(), Truncated),
        ("signature in lower case", [b"ntlmssp\0", &whole[8..]].concat(), Signature),
        ("a NEGOTIATE", alice().negotiate(), MessageType),
        ("an AUTHENTICATE", message(&alice()), MessageType),
    ];
    for (name, message, malformed) in cases {
        assert_eq!(Challenged::from_wire(b"", &message).unwrap_err(), Error::InvalidToken(malformed), "{name}");
    }
    assert!(Challenged::from_wire(b"", &whole).is_ok());
}

#[test]
fn what_is_never_accepted_is_refused() {
    let cases: [(&str, Client, Refused); 7] = [
        ("no user name", Client { username: String::new(), ..alice() }, Refused::Anonymous),
        ("no user name in OEM", Client { username: String::new(), offer: CURL, ..alice() }, Refused::Anonymous),
        ("no user name, no response", responding("", vec![0], Vec::new()), Refused::Anonymous),
        ("anonymous by flag", Client { settle: Some(WINDOWS & !OEM | 0x800), ..alice() }, Refused::Anonymous),
        ("an LM response alone", responding("alice", vec![7; 24], Vec::new()), Refused::LmOnly),
        ("a zero LM response alone", responding("alice", vec![0; 24], Vec::new()), Refused::LmOnly),
        ("NTLMv1", responding("alice", vec![7; 24], vec![7; 24]), Refused::NtlmV1),
    ];
    for (name, client, refused) in cases {
        assert_eq!(claim(&client, Policy::default(), None).unwrap_err(), Error::Unsupported(refused), "{name}");
    }
}

fn responding(username: &str, lm_response: Vec<u8>, nt_response: Vec<u8>) -> Client {
    Client { username: username.to_owned(), lm_response: Some(lm_response), nt_response: Some(nt_response), ..alice() }
}

#[test]
fn no_response_at_all_is_malformed() {
    let refusal = claim(&responding("alice", Vec::new(), Vec::new()), Policy::default(), None);
    assert_eq!(refusal.unwrap_err(), Error::InvalidToken(Malformed::NtResponse));
}
