//! Channel bindings: each policy against each kind of client, over TLS and over plaintext.

use crate::client::{Client, Mic};
use crate::{NOW, challenge, claim};
use quitclaim_ntlm::{BindingPolicy, ChannelBinding, Credential, Error, Malformed, Policy, Proof, Refused};

const CERTIFICATE_HASH: [u8; 32] = [0xE3; 32];

/// MD5 of a `gss_channel_bindings_struct` over that hash, computed by Python's hashlib and struct.
const RIGHT: [u8; 16] =
    [0x0E, 0x1B, 0x99, 0x11, 0x22, 0x53, 0x9D, 0x46, 0x11, 0x68, 0x8D, 0x78, 0x0C, 0x53, 0x8C, 0xD6];

fn client(binding: Option<[u8; 16]>) -> Client {
    Client { binding, ..Client::new("alice", "secret") }
}

fn outcome(policy: BindingPolicy, sent: Option<[u8; 16]>, tls: bool) -> Result<(), Error> {
    let policy = Policy { channel_binding: policy, ..Policy::default() };
    let ours = ChannelBinding::tls_server_end_point(&CERTIFICATE_HASH);
    let claim = claim(&client(sent), policy, tls.then_some(&ours))?;
    claim.verify(Proof::Credential(&Credential::from_password("secret"))).map(|_| ())
}

const MISSING: Result<(), Error> = Err(Error::Unsupported(Refused::ChannelBindingMissing));
const MISMATCH: Result<(), Error> = Err(Error::Unsupported(Refused::ChannelBindingMismatch));
const WRONG: Option<[u8; 16]> = Some([7; 16]);
const ZERO: Option<[u8; 16]> = Some([0; 16]);
const TLS: bool = true;
const PLAINTEXT: bool = false;

#[test]
fn off_looks_at_nothing() {
    for sent in [Some(RIGHT), WRONG, ZERO, None] {
        assert_eq!(outcome(BindingPolicy::Off, sent, TLS), Ok(()));
        assert_eq!(outcome(BindingPolicy::Off, sent, PLAINTEXT), Ok(()));
    }
}

#[test]
fn allow_takes_the_right_one() {
    assert_eq!(outcome(BindingPolicy::Allow, Some(RIGHT), TLS), Ok(()));
}

#[test]
fn allow_refuses_a_wrong_one() {
    assert_eq!(outcome(BindingPolicy::Allow, WRONG, TLS), MISMATCH);
}

#[test]
fn allow_takes_none() {
    assert_eq!(outcome(BindingPolicy::Allow, None, TLS), Ok(()));
    assert_eq!(outcome(BindingPolicy::Allow, None, PLAINTEXT), Ok(()));
}

#[test]
fn allow_takes_zero_as_none() {
    assert_eq!(outcome(BindingPolicy::Allow, ZERO, TLS), Ok(()));
    assert_eq!(outcome(BindingPolicy::Allow, ZERO, PLAINTEXT), Ok(()));
}

#[test]
fn allow_refuses_over_plaintext_what_was_bound_to_somebodys_tls() {
    assert_eq!(outcome(BindingPolicy::Allow, Some(RIGHT), PLAINTEXT), MISMATCH);
}

#[test]
fn require_takes_the_right_one() {
    assert_eq!(outcome(BindingPolicy::Require, Some(RIGHT), TLS), Ok(()));
}

#[test]
fn require_refuses_a_wrong_one() {
    assert_eq!(outcome(BindingPolicy::Require, WRONG, TLS), MISMATCH);
}

#[test]
fn require_refuses_none_and_zero() {
    assert_eq!(outcome(BindingPolicy::Require, None, TLS), MISSING);
    assert_eq!(outcome(BindingPolicy::Require, ZERO, TLS), MISSING);
}

#[test]
fn require_refuses_everybody_over_plaintext() {
    for sent in [Some(RIGHT), WRONG, ZERO, None] {
        assert_eq!(outcome(BindingPolicy::Require, sent, PLAINTEXT), MISSING);
    }
}

#[test]
fn binding_changed_on_the_way_is_denied() {
    for forged in [RIGHT, [0; 16]] {
        let relayed = client(WRONG);
        let (challenged, challenge) = challenge(&relayed.negotiate(), Policy::default()).unwrap();
        let mut message = Client { mic: Mic::None, ..relayed }.authenticate(&challenge);
        let value = message.windows(4).position(|pair| pair == [10, 0, 16, 0]).unwrap() + 4;
        message[value..value + 16].copy_from_slice(&forged);
        let ours = ChannelBinding::tls_server_end_point(&CERTIFICATE_HASH);
        let claim = challenged.authenticate(&message, Some(&ours), NOW).unwrap();
        let denied = claim.verify(Proof::Credential(&Credential::from_password("secret")));
        assert_eq!(denied.unwrap_err(), Error::LogonDenied);
    }
}

#[test]
fn second_binding_is_refused() {
    let client = Client { first_pairs: vec![(10, RIGHT.to_vec())], ..client(WRONG) };
    let refusal = claim(&client, Policy::default(), None);
    assert_eq!(refusal.unwrap_err(), Error::InvalidToken(Malformed::DuplicateAvPair));
}
