//! NTLMv1, which is refused unless opted in. The server challenge here is that of MS-NLMP §4.2, so are the responses.

use crate::client::{Client, ESS, Mic, WINDOWS};
use crate::{HOUR, NOW, SERVER_CHALLENGE, claim, login};
use md5::{Digest, Md5};
use quitclaim_ntlm::{
    Acceptor, BindingPolicy, Error, Malformed, MicPolicy, Policy, PolicyConflict, Proof, Refused, TargetInfo, Version,
};

const RESPONSE: u128 = 0x67c4_3011_f302_98a2_ad35_ece6_4f16_331c;
const RESPONSE_END: u64 = 0x44bd_bed9_2784_1f94;
const ESS_RESPONSE: u128 = 0x7537_f803_ae36_7128_ca45_8204_bde7_caf8;
const ESS_RESPONSE_END: u64 = 0x1e97_ed26_8326_7232;

fn opted_in() -> Policy {
    Policy { ntlmv1: true, ..Policy::default() }
}

fn fetchmail() -> Client {
    Client {
        offer: 0x0000_B207 & !0x3000,
        mic: Mic::None,
        nt_response: Some([RESPONSE.to_be_bytes().as_slice(), &RESPONSE_END.to_be_bytes()].concat()),
        ..Client::new("User", "Password")
    }
}

fn outlook() -> Client {
    Client {
        offer: WINDOWS,
        nt_response: Some([ESS_RESPONSE.to_be_bytes().as_slice(), &ESS_RESPONSE_END.to_be_bytes()].concat()),
        lm_response: Some([[0xAA; 8].as_slice(), &[0; 16]].concat()),
        ..fetchmail()
    }
}

#[test]
fn refused_by_default() {
    for client in [fetchmail(), outlook()] {
        let refusal = claim(&client, Policy::default(), None);
        assert_eq!(refusal.unwrap_err(), Error::Unsupported(Refused::NtlmV1));
    }
}

#[test]
fn accepted_by_opt_in_and_told_apart() {
    let version = |client: Client| login(&client, opted_in(), "Password").unwrap().version();
    assert_eq!(version(fetchmail()), Version::V1);
    assert_eq!(version(outlook()), Version::V1WithEss);
    assert_eq!(version(Client::new("User", "Password")), Version::V2);
}

#[test]
fn wrong_password_and_unknown_user_are_denied_alike() {
    for client in [fetchmail(), outlook()] {
        assert_eq!(login(&client, opted_in(), "password").unwrap_err(), Error::LogonDenied);
        let unknown = claim(&client, opted_in(), None).unwrap().verify(Proof::Nobody);
        assert_eq!(unknown.unwrap_err(), Error::LogonDenied);
    }
}

#[test]
fn every_octet_of_the_response_counts() {
    for at in 0..24 {
        let mut client = fetchmail();
        client.nt_response.as_mut().unwrap()[at] ^= 1;
        assert_eq!(login(&client, opted_in(), "Password").unwrap_err(), Error::LogonDenied);
    }
}

#[test]
fn ess_is_the_challenges_where_javamail_sends_no_flags() {
    let javamail = |client: Client| Client { settle: Some(0), ..client };
    assert_eq!(login(&javamail(fetchmail()), opted_in(), "Password").unwrap().version(), Version::V1);
    assert_eq!(login(&javamail(outlook()), opted_in(), "Password").unwrap().version(), Version::V1WithEss);
}

#[test]
fn domain_controller_gets_the_challenge_that_was_answered() {
    assert_eq!(claim(&fetchmail(), opted_in(), None).unwrap().challenge(), SERVER_CHALLENGE);
    let both = [SERVER_CHALLENGE, [0xAA; 8]].concat();
    assert_eq!(claim(&outlook(), opted_in(), None).unwrap().challenge(), Md5::digest(both)[..8]);
}

#[test]
fn ess_without_a_client_challenge_is_malformed() {
    let refusal = claim(&Client { lm_response: Some(Vec::new()), ..outlook() }, opted_in(), None);
    assert_eq!(refusal.unwrap_err(), Error::InvalidToken(Malformed::LmResponse));
}

#[test]
fn ess_cannot_be_taken_off_a_response() {
    let client = Client { settle: Some(WINDOWS & !ESS), ..outlook() };
    assert_eq!(login(&client, opted_in(), "Password").unwrap_err(), Error::LogonDenied);
}

#[test]
fn opt_in_excludes_what_ntlmv1_cannot_have() {
    let target = || TargetInfo::server("MAIL").unwrap();
    let mic = Policy { mic: MicPolicy::Required, ..opted_in() };
    assert_eq!(Acceptor::new(target(), mic).err(), Some(PolicyConflict));
    let binding = Policy { channel_binding: BindingPolicy::Require, ..opted_in() };
    assert_eq!(Acceptor::new(target(), binding).err(), Some(PolicyConflict));
}

#[test]
fn opt_in_changes_nothing_for_ntlmv2() {
    let old = Client { time: Some(NOW.ticks() - 37 * HOUR), ..Client::new("User", "Password") };
    assert_eq!(login(&old, opted_in(), "Password").unwrap_err(), Error::Unsupported(Refused::ClientTime));
    let flipped = Client { mic: Mic::Flipped, ..Client::new("User", "Password") };
    assert_eq!(login(&flipped, opted_in(), "Password").unwrap_err(), Error::LogonDenied);
}

#[test]
fn lm_alone_is_refused_even_by_opt_in() {
    let client = Client { nt_response: Some(Vec::new()), lm_response: Some(vec![1; 24]), ..fetchmail() };
    assert_eq!(claim(&client, opted_in(), None).unwrap_err(), Error::Unsupported(Refused::LmOnly));
}
