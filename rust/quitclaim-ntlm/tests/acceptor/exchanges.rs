//! Whole exchanges with clients of all kinds, honest and not.

use crate::client::{
    CHOSEN_KEY, CURL, Challenge, Client, ESS, KEY_EXCH, Mic, OEM, SEAL, SIGN, UNICODE, WINDOWS, utf16le,
};
use crate::{HOUR, NOW, acceptor, challenge, claim, login};
use quitclaim_ntlm::{Credential, Error, Malformed, MicPolicy, Policy, Proof, Refused, SessionKey, Version};
use std::time::Duration;

const MIC_REQUIRED: Policy = Policy {
    mic: MicPolicy::Required,
    channel_binding: quitclaim_ntlm::BindingPolicy::Allow,
    client_time_window: Duration::from_secs(36 * 3600),
    ntlmv1: false,
};

fn alice() -> Client {
    Client::new("alice", "secret")
}

#[test]
fn right_password_is_established() {
    let established = login(&alice(), Policy::default(), "secret").unwrap();
    assert_eq!((established.username(), established.domain()), ("alice", "EXAMPLE"));
    assert_eq!((established.version(), established.mic()), (Version::V2, true));
}

#[test]
fn wrong_password_is_denied() {
    assert_eq!(login(&alice(), Policy::default(), "Secret").unwrap_err(), Error::LogonDenied);
}

#[test]
fn unknown_user_is_denied_alike() {
    let unknown = claim(&alice(), Policy::default(), None).unwrap().verify(Proof::Nobody);
    assert_eq!(unknown.unwrap_err(), login(&alice(), Policy::default(), "wrong").unwrap_err());
}

#[test]
fn unknown_user_is_denied_even_if_he_knows_the_dummys_hash() {
    let client = Client { nt_response: Some(response_under_nt_hash([0x6E; 16])), mic: Mic::None, ..alice() };
    assert_eq!(claim(&client, Policy::default(), None).unwrap().verify(Proof::Nobody).unwrap_err(), Error::LogonDenied);
    // The same response is good if an account has that hash: the refusal above was for nothing else.
    let credential = Credential::from_nt_hash([0x6E; 16]);
    assert!(claim(&client, Policy::default(), None).unwrap().verify(Proof::Credential(&credential)).is_ok());
}

fn response_under_nt_hash(nt_hash: [u8; 16]) -> Vec<u8> {
    let temp = [[1, 1, 0, 0, 0, 0, 0, 0].as_slice(), &NOW.ticks().to_le_bytes(), &[0; 16]].concat();
    let response_key = crate::client::ntowfv2(&nt_hash, "ALICE", "EXAMPLE");
    let proof = crate::client::hmac_md5(&response_key, &[&crate::SERVER_CHALLENGE, &temp]);
    [proof.as_slice(), &temp].concat()
}

#[test]
fn domain_controllers_key_is_taken_and_its_mic_verified() {
    let base_key = base_key_of(&alice());
    let verify = |client: &Client| {
        claim(client, Policy::default(), None).unwrap().verify(Proof::SessionKey(SessionKey::from_bytes(base_key)))
    };
    assert_eq!(verify(&alice()).unwrap().session_key().as_bytes(), &base_key);
    assert_eq!(verify(&Client { mic: Mic::Flipped, ..alice() }).unwrap_err(), Error::LogonDenied);
}

/// What a domain controller would give: without key exchange it is the exported key.
fn base_key_of(client: &Client) -> [u8; 16] {
    *login(client, Policy::default(), &client.password).unwrap().session_key().as_bytes()
}

#[test]
fn domain_controllers_zero_key_is_denied() {
    let zero = SessionKey::from_bytes([0; 16]);
    let client = Client { mic: Mic::None, ..alice() };
    let refusal = claim(&client, Policy::default(), None).unwrap().verify(Proof::SessionKey(zero));
    assert_eq!(refusal.unwrap_err(), Error::LogonDenied);
}

// --- MIC

#[test]
fn flipped_mic_is_denied() {
    let client = Client { mic: Mic::Flipped, ..alice() };
    assert_eq!(login(&client, Policy::default(), "secret").unwrap_err(), Error::LogonDenied);
}

#[test]
fn zero_mic_is_refused() {
    let client = Client { mic: Mic::Zero, ..alice() };
    let refusal = claim(&client, Policy::default(), None);
    assert_eq!(refusal.unwrap_err(), Error::InvalidToken(Malformed::MicStripped));
}

#[test]
fn mic_cut_out_is_refused() {
    let client = Client { mic: Mic::CutOut, lm_response: Some(vec![3; 24]), ..alice() };
    let refusal = claim(&client, Policy::default(), None);
    assert_eq!(refusal.unwrap_err(), Error::InvalidToken(Malformed::MicStripped));
}

#[test]
fn mic_shifted_away_is_refused() {
    let client = Client { mic: Mic::ShiftedAway, lm_response: Some(vec![3; 24]), ..alice() };
    let refusal = claim(&client, Policy::default(), None);
    assert_eq!(refusal.unwrap_err(), Error::InvalidToken(Malformed::MicStripped));
}

#[test]
fn no_mic_is_accepted_where_it_is_optional() {
    let client = Client { mic: Mic::None, ..alice() };
    assert!(!login(&client, Policy::default(), "secret").unwrap().mic());
}

#[test]
fn no_mic_is_refused_where_it_is_required() {
    let client = Client { mic: Mic::None, ..alice() };
    assert_eq!(claim(&client, MIC_REQUIRED, None).unwrap_err(), Error::Unsupported(Refused::MicMissing));
}

#[test]
fn mic_is_accepted_where_it_is_required() {
    assert!(login(&alice(), MIC_REQUIRED, "secret").unwrap().mic());
}

#[test]
fn tampered_negotiate_is_denied() {
    let client = alice();
    let weaker = Client { offer: WINDOWS & !0x2000_0000, ..alice() };
    let (challenged, challenge) = challenge(&weaker.negotiate(), Policy::default()).unwrap();
    let claim = challenged.authenticate(&client.authenticate(&challenge), None, NOW).unwrap();
    let denied = claim.verify(Proof::Credential(&Credential::from_password("secret")));
    assert_eq!(denied.unwrap_err(), Error::LogonDenied);
}

#[test]
fn only_a_mic_shows_a_tampered_negotiate() {
    let (client, weaker) = (Client { mic: Mic::None, ..alice() }, Client { offer: WINDOWS & !0x2000_0000, ..alice() });
    let (challenged, challenge) = challenge(&weaker.negotiate(), Policy::default()).unwrap();
    let claim = challenged.authenticate(&client.authenticate(&challenge), None, NOW).unwrap();
    assert!(!claim.verify(Proof::Credential(&Credential::from_password("secret"))).unwrap().mic());
}

#[test]
fn tampered_challenge_is_denied() {
    let client = alice();
    let (challenged, mut challenge) = challenge(&client.negotiate(), Policy::default()).unwrap();
    challenge[50] ^= 1; // a build number, which nobody reads
    let claim = challenged.authenticate(&client.authenticate(&challenge), None, NOW).unwrap();
    let denied = claim.verify(Proof::Credential(&Credential::from_password("secret")));
    assert_eq!(denied.unwrap_err(), Error::LogonDenied);
}

#[test]
fn stripped_flags_are_denied() {
    let client = Client { offer: WINDOWS | SIGN | SEAL | KEY_EXCH, ..alice() };
    let (challenged, challenge) = challenge(&client.negotiate(), Policy::default()).unwrap();
    let mut message = client.authenticate(&challenge);
    let [flags, ..] = message[60..].first_chunk_mut::<4>().unwrap();
    *flags &= 0xCF; // SIGN and SEAL
    let claim = challenged.authenticate(&message, None, NOW).unwrap();
    let denied = claim.verify(Proof::Credential(&Credential::from_password("secret")));
    assert_eq!(denied.unwrap_err(), Error::LogonDenied);
}

#[test]
fn mic_flag_cleared_on_the_way_is_denied() {
    let (challenged, challenge) = challenge(&alice().negotiate(), Policy::default()).unwrap();
    let mut message = alice().authenticate(&challenge);
    let flags = message.windows(8).position(|pair| pair == [6, 0, 4, 0, 2, 0, 0, 0]).unwrap();
    message[flags + 4] = 0;
    message[72..88].fill(0);
    let claim = challenged.authenticate(&message, None, NOW).unwrap();
    let denied = claim.verify(Proof::Credential(&Credential::from_password("secret")));
    assert_eq!(denied.unwrap_err(), Error::LogonDenied);
}

#[test]
fn mic_and_what_announces_it_cut_out_is_denied() {
    // All that is left of the client's own is the proof, and it is of the pairs as they were.
    let (_, challenge_message) = challenge(&alice().negotiate(), Policy::default()).unwrap();
    let whole = alice().authenticate(&challenge_message);
    let response =
        [&whole[20..22], &whole[24..28]].map(|octets| usize::from(u16::from_le_bytes([octets[0], octets[1]])));
    let announced = whole[response[1]..response[1] + response[0]].to_vec();
    let flags = announced.windows(8).position(|pair| pair == [6, 0, 4, 0, 2, 0, 0, 0]).unwrap();
    let without = [&announced[..flags], &announced[flags + 8..]].concat();
    let client = Client { nt_response: Some(without), mic: Mic::None, ..alice() };
    assert_eq!(login(&client, Policy::default(), "secret").unwrap_err(), Error::LogonDenied);
}

#[test]
fn an_attackers_flags_pair_cannot_hide_the_mic() {
    let client = Client { first_pairs: vec![(6, vec![0; 4])], mic: Mic::CutOut, ..alice() };
    let refusal = claim(&client, Policy::default(), None);
    assert_eq!(refusal.unwrap_err(), Error::InvalidToken(Malformed::DuplicateAvPair));
}

#[test]
fn the_time_is_always_sent() {
    for offer in [WINDOWS, CURL, OEM, UNICODE] {
        let (_, challenge) = challenge(&Client { offer, ..alice() }.negotiate(), Policy::default()).unwrap();
        assert_eq!(Challenge::read(&challenge).time, NOW.ticks());
    }
}

// --- keys

#[test]
fn exchanged_key_is_the_clients() {
    for sign_or_seal in [SIGN, SEAL] {
        let client = Client { offer: WINDOWS | KEY_EXCH | sign_or_seal, ..alice() };
        let established = login(&client, Policy::default(), "secret").unwrap();
        assert_eq!(established.session_key().as_bytes(), &CHOSEN_KEY);
    }
}

#[test]
fn mic_is_under_the_exchanged_key() {
    let client = Client { offer: WINDOWS | KEY_EXCH | SIGN | SEAL, ..alice() };
    assert!(login(&client, MIC_REQUIRED, "secret").unwrap().mic());
    let (challenged, challenge) = challenge(&client.negotiate(), Policy::default()).unwrap();
    let mut message = client.authenticate(&challenge);
    *message.last_mut().unwrap() ^= 1; // of the encrypted key
    let claim = challenged.authenticate(&message, None, NOW).unwrap();
    let denied = claim.verify(Proof::Credential(&Credential::from_password("secret")));
    assert_eq!(denied.unwrap_err(), Error::LogonDenied);
}

#[test]
fn key_exchange_is_not_offered_to_who_neither_signs_nor_seals() {
    let client = Client { offer: WINDOWS | KEY_EXCH, ..alice() };
    let established = login(&client, Policy::default(), "secret").unwrap();
    assert_eq!(established.flags() & KEY_EXCH, 0);
}

#[test]
fn key_that_is_sent_without_signing_or_sealing_is_not_used() {
    let settle = Some(WINDOWS & !OEM | KEY_EXCH);
    let client = Client { offer: WINDOWS, settle, sent_key: Some(vec![9; 16]), ..alice() };
    let established = login(&client, Policy::default(), "secret").unwrap();
    assert_ne!(established.session_key().as_bytes(), &CHOSEN_KEY);
}

#[test]
fn exchanged_key_of_another_length_is_refused() {
    for length in [0, 1, 15, 17, 32] {
        let client = Client { offer: WINDOWS | KEY_EXCH | SIGN, sent_key: Some(vec![9; length]), ..alice() };
        let refusal = claim(&client, Policy::default(), None);
        assert_eq!(refusal.unwrap_err(), Error::InvalidToken(Malformed::SessionKey));
    }
}

#[test]
fn two_logins_have_two_keys() {
    let (one, other) = (Client { after_end: vec![1], ..alice() }, Client { after_end: vec![2], ..alice() });
    assert_ne!(base_key_of(&one), base_key_of(&other));
}

// --- time and use

#[test]
fn clocks_may_be_36_hours_apart_and_no_more() {
    let at = |time| login(&Client { time: Some(time), ..alice() }, Policy::default(), "secret").map(|_| ());
    let now = NOW.ticks();
    assert_eq!(at(now - 36 * HOUR), Ok(()));
    assert_eq!(at(now + 36 * HOUR), Ok(()));
    assert_eq!(at(now - 36 * HOUR - 1), Err(Error::Unsupported(Refused::ClientTime)));
    assert_eq!(at(now + 36 * HOUR + 1), Err(Error::Unsupported(Refused::ClientTime)));
    assert_eq!(at(0), Err(Error::Unsupported(Refused::ClientTime)));
    assert_eq!(at(u64::MAX), Err(Error::Unsupported(Refused::ClientTime)));
}

#[test]
fn the_window_is_an_option() {
    let at = |client_time_window, time| {
        let policy = Policy { client_time_window, ..Policy::default() };
        login(&Client { time: Some(time), ..alice() }, policy, "secret").is_ok()
    };
    assert!(at(Duration::MAX, 0));
    assert!(at(Duration::ZERO, NOW.ticks()));
    assert!(!at(Duration::ZERO, NOW.ticks() + 1));
}

#[test]
fn recorded_response_is_denied_on_the_next_challenge() {
    let client = alice();
    let (_, recorded_challenge) = challenge(&client.negotiate(), Policy::default()).unwrap();
    let recorded = client.authenticate(&recorded_challenge);
    let (challenged, _) = acceptor(Policy::default()).challenge(&client.negotiate(), [8; 8], NOW).unwrap();
    let claim = challenged.authenticate(&recorded, None, NOW).unwrap();
    let denied = claim.verify(Proof::Credential(&Credential::from_password("secret")));
    assert_eq!(denied.unwrap_err(), Error::LogonDenied);
}

#[test]
fn what_was_recorded_is_denied_to_another_user() {
    let client = alice();
    let (challenged, challenge) = challenge(&client.negotiate(), Policy::default()).unwrap();
    let mut message = client.authenticate(&challenge);
    let name = message.windows(10).position(|octets| octets == utf16le("alice")).unwrap();
    message[name] = b'm';
    let claim = challenged.authenticate(&message, None, NOW).unwrap();
    assert_eq!(claim.username(), "mlice");
    let denied = claim.verify(Proof::Credential(&Credential::from_password("secret")));
    assert_eq!(denied.unwrap_err(), Error::LogonDenied);
}

// --- other people's clients

#[test]
fn curl_speaks_oem_and_sends_no_mic() {
    let curl = Client { offer: CURL, mic: Mic::None, lm_response: Some(vec![3; 24]), ..alice() };
    let (_, challenge) = challenge(&curl.negotiate(), Policy::default()).unwrap();
    let challenge = Challenge::read(&challenge);
    assert_eq!(challenge.flags & (OEM | UNICODE), OEM);
    assert_eq!(challenge.target_name, b"EXAMPLE");
    let established = login(&curl, Policy::default(), "secret").unwrap();
    assert_eq!((established.username(), established.domain()), ("alice", "EXAMPLE"));
}

#[test]
fn javamail_sends_no_flags_and_unicode_names() {
    let javamail = Client { offer: 0x0008_A203, settle: Some(0), mic: Mic::None, ..alice() };
    let established = login(&javamail, Policy::default(), "secret").unwrap();
    assert_eq!(established.username(), "alice");
}

#[test]
fn client_that_offers_both_charsets_gets_unicode() {
    let (_, challenge) = challenge(&alice().negotiate(), Policy::default()).unwrap();
    let challenge = Challenge::read(&challenge);
    assert_eq!(challenge.flags & (OEM | UNICODE), UNICODE);
    assert_eq!(challenge.target_name, utf16le("EXAMPLE"));
}

#[test]
fn client_that_asks_for_no_target_gets_no_name() {
    let (_, challenge) = challenge(&Client { offer: WINDOWS & !4, ..alice() }.negotiate(), Policy::default()).unwrap();
    assert!(Challenge::read(&challenge).target_name.is_empty());
    assert_eq!(Challenge::read(&challenge).flags & 0x3_0000, 0);
}

#[test]
fn what_is_not_done_here_is_not_offered() {
    let (_, challenge) = challenge(&Client { offer: u32::MAX, ..alice() }.negotiate(), Policy::default()).unwrap();
    // 56, KEY_EXCH, 128, VERSION, TARGET_INFO, ESS, TYPE_DOMAIN, ALWAYS_SIGN, NTLM, SEAL, SIGN, REQUEST_TARGET, UNICODE
    assert_eq!(Challenge::read(&challenge).flags, 0xE289_8235);
}

#[test]
fn upn_comes_with_an_empty_domain() {
    let upn = Client { domain: String::new(), ..Client::new("alice@example.org", "secret") };
    let established = login(&upn, Policy::default(), "secret").unwrap();
    assert_eq!((established.username(), established.domain()), ("alice@example.org", ""));
}

#[test]
fn client_that_hashes_no_domain_and_sends_one_is_accepted() {
    let client = Client { hashed_domain: Some(String::new()), ..alice() };
    assert_eq!(login(&client, Policy::default(), "secret").unwrap().domain(), "EXAMPLE");
}

#[test]
fn client_that_hashes_a_domain_and_sends_none_is_denied() {
    let client = Client { hashed_domain: Some("EXAMPLE".to_owned()), domain: String::new(), ..alice() };
    assert_eq!(login(&client, Policy::default(), "secret").unwrap_err(), Error::LogonDenied);
}

#[test]
fn octets_after_the_last_pair_are_legal_and_covered() {
    let client = Client { after_end: b"\x02\0\xFF\xFFwhatever".to_vec(), ..alice() };
    let (challenged, challenge) = challenge(&client.negotiate(), Policy::default()).unwrap();
    let mut message = client.authenticate(&challenge);
    assert!(login(&client, Policy::default(), "secret").is_ok());
    let last = message.windows(8).position(|octets| octets == b"whatever").unwrap();
    message[last] = b'W';
    let denied = challenged.authenticate(&message, None, NOW).unwrap();
    let denied = denied.verify(Proof::Credential(&Credential::from_password("secret")));
    assert_eq!(denied.unwrap_err(), Error::LogonDenied);
}

#[test]
fn unknown_pairs_are_ignored() {
    let pairs = vec![(0x0B, vec![1]), (0xFFFF, vec![0; 3000]), (0x0B, Vec::new())];
    assert!(login(&Client { first_pairs: pairs, ..alice() }, Policy::default(), "secret").is_ok());
}

#[test]
fn short_negotiate_of_an_old_client_is_answered() {
    let negotiate = alice().negotiate();
    for length in [16, 24, 32] {
        assert!(challenge(&negotiate[..length], Policy::default()).is_ok());
    }
}

#[test]
fn max_len_and_offsets_of_empty_fields_mean_nothing() {
    let client = Client { mic: Mic::None, workstation: String::new(), ..alice() };
    let (challenged, challenge) = challenge(&client.negotiate(), Policy::default()).unwrap();
    let mut message = client.authenticate(&challenge);
    message[38..40].copy_from_slice(&[0xFF; 2]); // user's MaxLen
    message[48..52].copy_from_slice(&[0xFF; 4]); // workstation's offset
    let claim = challenged.authenticate(&message, None, NOW).unwrap();
    assert!(claim.verify(Proof::Credential(&Credential::from_password("secret"))).is_ok());
}

#[test]
fn session_security_flags_are_echoed() {
    let established = login(&alice(), Policy::default(), "secret").unwrap();
    assert_ne!(established.flags() & ESS, 0);
}
