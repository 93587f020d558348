//! What must not get out, and what the types are made for.

use crate::client::Client;
use crate::{NOW, challenge, claim, login};
use quitclaim_ntlm::{
    Acceptor, Challenged, ChannelBinding, Claim, Credential, Error, Established, InvalidName, Malformed, Policy, Proof,
    Refused, SessionKey, TargetInfo,
};

/// A byte as `{:?}`, `{:x?}` or `{:X?}` would show sixteen of it.
const SHOWN: [&str; 3] = ["222, 222", "de, de", "DE, DE"];

fn shows_secrets(debug: &str) -> bool {
    SHOWN.iter().any(|shown| debug.contains(shown)) || debug.to_lowercase().contains("dede")
}

#[test]
fn debug_of_a_credential_or_key_shows_nothing() {
    let (credential, key) = (Credential::from_nt_hash([0xDE; 16]), SessionKey::from_bytes([0xDE; 16]));
    assert!(!shows_secrets(&format!("{credential:x?} {credential:#?} {key:?} {key:#x?}")));
    assert!(!shows_secrets(&format!("{:x?}", Proof::Credential(&credential))));
    assert!(!shows_secrets(&format!("{:x?}", Proof::SessionKey(key))));
}

#[test]
fn debug_of_a_claim_shows_names_and_no_response() {
    let client = Client { after_end: vec![0xDE; 32], ..Client::new("alice", "secret") };
    let debug = format!("{:x?}", claim(&client, Policy::default(), None).unwrap());
    assert!(debug.contains("alice") && debug.contains("EXAMPLE"));
    assert!(!shows_secrets(&debug));
    assert!(!debug.contains("response"));
}

#[test]
fn debug_of_an_exchange_shows_no_challenge() {
    let acceptor = crate::acceptor(Policy::default());
    let (challenged, _) = acceptor.challenge(&Client::new("a", "").negotiate(), [0xDE; 8], NOW).unwrap();
    assert!(!shows_secrets(&format!("{challenged:x?}")));
}

#[test]
fn debug_of_a_login_shows_no_key() {
    let established = login(&Client::new("alice", "secret"), Policy::default(), "secret").unwrap();
    assert!(format!("{established:?}").contains("session_key: SessionKey(..)"));
}

#[test]
fn refusals_are_told_apart_by_their_status_alone() {
    assert_eq!(Error::InvalidToken(Malformed::Utf16).status(), 0x8009_0308);
    assert_eq!(Error::Unsupported(Refused::LmOnly).status(), 0x8009_0302);
    assert_eq!(Error::LogonDenied.status(), 0x8009_030C);
}

#[test]
fn hash_in_hexadecimal_is_read_in_either_case_and_nothing_else_is() {
    for good in ["a4f49c406510bdcab6824ee7c30fd852", "A4F49C406510BDCAB6824EE7C30FD852"] {
        assert!(Credential::from_hex(good).unwrap().accepts_password("Password"));
    }
    let bad = [
        "",
        "a4f49c406510bdcab6824ee7c30fd85",
        "a4f49c406510bdcab6824ee7c30fd8522",
        "NO PASSWORDXXXXXXXXXXXXXXXXXXXXX",
    ];
    for text in bad.into_iter().chain(["+4f49c406510bdcab6824ee7c30fd852", "é4f49c406510bdcab6824ee7c30fd85"]) {
        assert!(Credential::from_hex(text).is_err(), "{text}");
    }
}

#[test]
fn target_names_are_checked() {
    for name in ["", "MA\0IL", "MAIL\n", &"x".repeat(256)] {
        assert_eq!(TargetInfo::server(name), Err(InvalidName));
        assert_eq!(TargetInfo::domain("EXAMPLE", name), Err(InvalidName));
        assert_eq!(TargetInfo::server("MAIL").unwrap().with_dns_names("example.org", name), Err(InvalidName));
    }
    let longest = "𐐨".repeat(255);
    let target = TargetInfo::domain(&longest, &longest).unwrap().with_dns_names(&longest, &longest).unwrap();
    let acceptor = Acceptor::new(target, Policy::default()).unwrap();
    assert!(acceptor.challenge(&Client::new("a", "").negotiate(), [7; 8], NOW).is_ok());
}

#[test]
fn everything_may_go_to_another_thread() {
    fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<(Acceptor, Challenged, Claim, Established, Proof<'static>, Credential, ChannelBinding, Error)>();
}

#[test]
fn an_exchange_in_hand_is_small() {
    let (challenged, _) = challenge(&Client::new("alice", "").negotiate(), Policy::default()).unwrap();
    assert!(size_of_val(&challenged) <= 96);
    assert!(size_of::<Credential>() <= 192);
}
