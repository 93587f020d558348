//! What holds for every message there is.

use crate::client::{Client, Mic};
use crate::{NOW, acceptor, authenticate, challenge};
use proptest::collection::vec;
use proptest::prelude::*;
use quitclaim_ntlm::{Challenged, Credential, Policy, Proof};
use std::time::Duration;

/// Lets whatever can be parsed get as far as it can.
const LENIENT: Policy = Policy {
    mic: quitclaim_ntlm::MicPolicy::Optional,
    channel_binding: quitclaim_ntlm::BindingPolicy::Off,
    client_time_window: Duration::MAX,
    ntlmv1: true,
};

/// Overwrites octets, then cuts or lengthens.
fn mutated(mut message: Vec<u8>, patches: Vec<(prop::sample::Index, u8)>, length: Option<usize>) -> Vec<u8> {
    for (at, octet) in patches {
        *at.get_mut(&mut message) = octet;
    }
    message.resize(length.unwrap_or(message.len()), 0);
    message
}

fn header(message_type: u8) -> Vec<u8> {
    [b"NTLMSSP\0".as_slice(), &[message_type, 0, 0, 0]].concat()
}

/// Small numbers where offsets and lengths are, so that many of them lie within.
fn fixed_part() -> impl Strategy<Value = Vec<u8>> {
    vec(prop_oneof![4 => 0_u8..=3, 2 => 40_u8..=160, 1 => any::<u8>()], 0..90)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_octets_make_a_step_panic(octets in vec(any::<u8>(), 0..600)) {
        let _ = challenge(&octets, Policy::default());
        let _ = authenticate(&octets);
        let _ = Challenged::from_wire(&octets, &octets);
    }

    #[test]
    fn no_octets_after_a_header_make_a_step_panic(fixed in fixed_part(), payload in vec(any::<u8>(), 0..300)) {
        for message_type in 1..=3 {
            let message = [header(message_type), fixed.clone(), payload.clone()].concat();
            let _ = challenge(&message, LENIENT);
            let _ = Challenged::from_wire(&message, &message);
            let negotiate = Client::new("alice", "").negotiate();
            let (challenged, _) = acceptor(LENIENT).challenge(&negotiate, [7; 8], NOW).unwrap();
            if let Ok(claim) = challenged.authenticate(&message, None, NOW) {
                prop_assert!(claim.verify(Proof::Nobody).is_err());
            }
        }
    }

    #[test]
    fn no_changed_octet_gets_past_a_mic(
        patches in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        length in prop::option::weighted(0.2, 0_usize..600),
        restored in prop::option::of(80_usize..120),
    ) {
        let client = Client::new("alice", "secret");
        let (challenged, challenge) = acceptor(LENIENT).challenge(&client.negotiate(), [7; 8], NOW).unwrap();
        let original = client.authenticate(&challenge);
        let mut message = mutated(original.clone(), patches, length);
        if let Some(end) = restored.filter(|&end| end <= message.len() && end <= original.len()) {
            message[..end].copy_from_slice(&original[..end]);
        }
        let accepted = challenged
            .authenticate(&message, None, NOW)
            .and_then(|claim| claim.verify(Proof::Credential(&Credential::from_password("secret"))))
            .is_ok();
        prop_assert_eq!(accepted, message == original);
    }

    #[test]
    fn changed_messages_without_a_mic_do_no_harm(
        patches in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        length in prop::option::weighted(0.2, 0_usize..600),
    ) {
        let client = Client { mic: Mic::None, ..Client::new("alice", "secret") };
        let (challenged, challenge) = acceptor(LENIENT).challenge(&client.negotiate(), [7; 8], NOW).unwrap();
        let message = mutated(client.authenticate(&challenge), patches, length);
        if let Ok(claim) = challenged.authenticate(&message, None, NOW) {
            prop_assert!(!claim.username().chars().any(char::is_control));
            prop_assert!(claim.verify(Proof::Credential(&Credential::from_password("wrong"))).is_err());
        }
    }

    #[test]
    fn every_client_of_ours_gets_in_with_its_password_alone(
        username in "[^\\p{Cc}\\p{Lowercase}]{1,40}", password in ".{0,40}", domain in "[^\\p{Cc}]{0,20}",
    ) {
        let client = Client { domain, hashed_username: Some(username.clone()), ..Client::new(&username, &password) };
        prop_assert!(crate::login(&client, LENIENT, &password).is_ok());
        prop_assert!(crate::login(&client, LENIENT, &(password + "x")).is_err());
    }
}
