//! The client and the acceptor agree; and no CHALLENGE hurts.

use super::{Client, Fresh, NEGOTIATE, NotAChallenge};
use crate::outcome::Password;
use proptest::prelude::*;
use quitclaim_ntlm::{
    Acceptor, Challenged, Credential, Error, Established, FileTime, MicPolicy, Policy, Proof, TargetInfo,
};

const NOW: FileTime = FileTime::from_ticks(133_800_000_000_000_000);
const FRESH: Fresh = Fresh { client_challenge: [0xAA; 8], now: NOW };

fn challenge() -> (Challenged, Vec<u8>) {
    let names = TargetInfo::domain("EXAMPLE", "MAIL").unwrap().with_dns_names("example.org", "mail.example.org");
    let policy = Policy { mic: MicPolicy::Required, ..Policy::default() };
    Acceptor::new(names.unwrap(), policy).unwrap().challenge(&NEGOTIATE, [7; 8], NOW).unwrap()
}

fn login(username: &str, domain: &str, password: Password) -> Result<Established, Error> {
    let credential = Credential::from_password("Pässword");
    let (challenged, challenge) = challenge();
    let mut message = Vec::new();
    let client = Client::new(username, domain, credential.nt_hash());
    client.authenticate(password, &challenge, FRESH, &mut message).unwrap();
    challenged.authenticate(&message, None, NOW)?.verify(Proof::Credential(&credential))
}

fn answer(challenge: &[u8]) -> Result<Vec<u8>, NotAChallenge> {
    let mut message = Vec::new();
    let client = Client::new("alice", "", Credential::from_password("secret").nt_hash());
    client.authenticate(Password::Right, challenge, FRESH, &mut message).map(|()| message)
}

#[test]
fn the_right_password_logs_in_with_a_mic() {
    let established = login("alice", "", Password::Right).unwrap();
    assert_eq!((established.username(), established.domain(), established.mic()), ("alice", "", true));
}

#[test]
fn names_in_any_script_log_in() {
    for name in ["jürgen", "İıſß", "алиса", "ςσµ", "გიორგი", "ᾳ", "ﬁnn", "用户", "🦀"]
    {
        assert!(login(name, "BÜRO", Password::Right).is_ok(), "{name}");
    }
}

#[test]
fn the_wrong_password_is_denied() {
    assert_eq!(login("alice", "EXAMPLE", Password::Wrong).err(), Some(Error::LogonDenied));
}

#[test]
fn a_server_without_a_clock_gets_our_time_and_no_mic() {
    let (_, mut challenge) = challenge();
    let time = challenge.windows(4).rposition(|octets| octets == [7, 0, 8, 0]).unwrap();
    challenge[time] = 77;
    let message = answer(&challenge).unwrap();
    assert_eq!(message[72..88], [0; 16]);
    assert!(message.windows(8).any(|octets| octets == NOW.ticks().to_le_bytes()));
}

#[test]
fn flags_of_the_server_and_ours_are_one_pair() {
    let (_, mut challenge) = challenge();
    let name = challenge.windows(2).position(|octets| octets == [2, 0]).unwrap();
    let pairs = challenge.len() - usize::from(challenge[40]);
    let flags = [[6, 0, 4, 0, 1, 0, 0, 0].as_slice(), &challenge[pairs..]].concat();
    assert!(name < pairs);
    challenge.truncate(pairs);
    challenge.extend(&flags);
    challenge[40] = u8::try_from(flags.len()).unwrap();
    let message = answer(&challenge).unwrap();
    let count = |wanted: &[u8]| message.windows(wanted.len()).filter(|octets| *octets == wanted).count();
    assert_eq!((count(&[6, 0, 4, 0, 3, 0, 0, 0]), count(&[6, 0, 4, 0, 1, 0, 0, 0])), (1, 0));
}

#[test]
fn a_challenge_that_ends_too_early_is_none() {
    let (_, challenge) = challenge();
    assert!((0..challenge.len()).all(|length| answer(&challenge[..length]).is_err()));
}

#[test]
fn a_challenge_must_take_unicode_and_give_target_information() {
    let (_, challenge) = challenge();
    for (place, bit) in [(20, 1), (22, 0x80)] {
        let mut without = challenge.clone();
        without[place] &= !bit;
        assert_eq!(answer(&without), Err(NotAChallenge));
    }
}

#[test]
fn nothing_secret_is_shown() {
    assert_eq!(format!("{:?}", Client::new("alice", "", &[7; 16])), "Client(..)");
}

proptest! {
    #[test]
    fn no_challenge_hurts(edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8)) {
        let (_, mut challenge) = challenge();
        for (place, octet) in edits {
            let place = place.index(challenge.len());
            challenge[place] = octet;
        }
        let answered = answer(&challenge);
        prop_assert!(answered.is_err() || answered.is_ok_and(|message| message.len() < 2 * challenge.len() + 512));
    }
}
