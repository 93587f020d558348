//! The values that Microsoft publishes, replayed octet for octet.

use crate::client::{self, Challenge, Client, hmac_md5, ntowfv2};
use quitclaim_ntlm::{
    Acceptor, Challenged, Claim, Credential, Error, FileTime, Malformed, Policy, Proof, Refused, SessionKey,
    TargetInfo, Version,
};
use serde_json::Value;

const NTLMV1: Policy = Policy {
    mic: quitclaim_ntlm::MicPolicy::Optional,
    channel_binding: quitclaim_ntlm::BindingPolicy::Allow,
    client_time_window: std::time::Duration::from_secs(0),
    ntlmv1: true,
};
const YEAR_1601: FileTime = FileTime::from_ticks(0);

fn ms_nlmp() -> Value {
    serde_json::from_str(include_str!("../../../../tests/vectors/ms-nlmp.json")).unwrap()
}

fn ms_pop3() -> Value {
    serde_json::from_str(include_str!("../../../../tests/vectors/ms-pop3.json")).unwrap()
}

fn text<'a>(vectors: &'a Value, name: &str) -> &'a str {
    vectors[name].as_str().unwrap()
}

fn octets(vectors: &Value, name: &str) -> Vec<u8> {
    let digits = text(vectors, name).as_bytes();
    let octet = |pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(octet).collect()
}

fn sixteen(vectors: &Value, name: &str) -> [u8; 16] {
    octets(vectors, name).try_into().unwrap()
}

/// The claim of an exchange of §4.2, which prints no NEGOTIATE.
fn nlmp_claim(section: &Value, policy: Policy) -> Result<Claim, Error> {
    Challenged::from_wire(b"", &octets(section, "challenge_message"))?.with_policy(policy).unwrap().authenticate(
        &octets(section, "authenticate_message"),
        None,
        YEAR_1601,
    )
}

/// The claim of an exchange of MS-POP3 §4.
fn pop3_claim(section: &Value, policy: Policy) -> Result<Claim, Error> {
    Challenged::from_wire(&octets(section, "negotiate"), &octets(section, "challenge"))?
        .with_policy(policy)
        .unwrap()
        .authenticate(&octets(section, "authenticate"), None, YEAR_1601)
}

#[test]
fn nlmp_3_3_1_ntowfv1_is_the_nt_hash() {
    let vectors = ms_nlmp();
    let credential = Credential::from_password(text(&vectors["common"], "password"));
    assert_eq!(credential.nt_hash(), &sixteen(&vectors["ntlmv1"], "ntowfv1"));
}

#[test]
fn nlmp_4_2_4_ntlmv2_is_claimed_as_printed() {
    let vectors = ms_nlmp();
    let section = &vectors["ntlmv2"];
    let claim = nlmp_claim(section, Policy::default()).unwrap();
    let common = &vectors["common"];
    assert_eq!(claim.username(), text(common, "user"));
    assert_eq!(claim.domain(), text(common, "domain"));
    assert_eq!(claim.workstation(), text(common, "workstation"));
    assert_eq!(claim.challenge().as_slice(), octets(common, "server_challenge"));
    assert_eq!((claim.version(), claim.mic()), (Version::V2, false));
    let response = [octets(section, "nt_proof_str"), octets(section, "temp")].concat();
    assert_eq!(claim.nt_response(), response);
    assert_eq!(claim.lm_response(), octets(section, "lmv2_response"));
}

#[test]
fn nlmp_4_2_4_ntlmv2_is_accepted_and_gives_the_random_session_key() {
    let vectors = ms_nlmp();
    let credential = Credential::from_password(text(&vectors["common"], "password"));
    let claim = nlmp_claim(&vectors["ntlmv2"], Policy::default()).unwrap();
    let established = claim.verify(Proof::Credential(&credential)).unwrap();
    assert_eq!(established.session_key().as_bytes(), &sixteen(&vectors["common"], "random_session_key"));
}

#[test]
fn nlmp_4_2_4_ntlmv2_is_accepted_on_a_domain_controllers_word() {
    let vectors = ms_nlmp();
    let base_key = SessionKey::from_bytes(sixteen(&vectors["ntlmv2"], "session_base_key"));
    let claim = nlmp_claim(&vectors["ntlmv2"], Policy::default()).unwrap();
    let established = claim.verify(Proof::SessionKey(base_key)).unwrap();
    assert_eq!(established.session_key().as_bytes(), &sixteen(&vectors["common"], "random_session_key"));
}

#[test]
fn nlmp_4_2_4_ntlmv2_with_another_password_is_denied() {
    let claim = nlmp_claim(&ms_nlmp()["ntlmv2"], Policy::default()).unwrap();
    let credential = Credential::from_password("password");
    assert_eq!(claim.verify(Proof::Credential(&credential)).unwrap_err(), Error::LogonDenied);
}

#[test]
fn nlmp_4_2_4_ntlmv2_is_refused_in_our_century() {
    let section = &ms_nlmp()["ntlmv2"];
    let challenged = Challenged::from_wire(b"", &octets(section, "challenge_message")).unwrap();
    let refusal = challenged.authenticate(&octets(section, "authenticate_message"), None, crate::NOW);
    assert_eq!(refusal.unwrap_err(), Error::Unsupported(Refused::ClientTime));
}

#[test]
fn nlmp_4_2_4_the_test_client_agrees_with_the_printed_values() {
    let vectors = ms_nlmp();
    let (common, section) = (&vectors["common"], &vectors["ntlmv2"]);
    let response_key = ntowfv2(&client::nt_hash(text(common, "password")), "USER", text(common, "domain"));
    assert_eq!(response_key, sixteen(section, "ntowfv2"));
    let proof = sixteen(section, "nt_proof_str");
    let base_key = hmac_md5(&response_key, &[&proof]);
    assert_eq!(base_key, sixteen(section, "session_base_key"));
    assert_eq!(client::rc4(&base_key, client::CHOSEN_KEY), sixteen(section, "enc_session_key"));
}

#[test]
fn nlmp_3_2_5_1_2_a_response_under_an_empty_domain_is_accepted() {
    let vectors = ms_nlmp();
    let common = &vectors["common"];
    let (user, password) = (text(common, "user"), text(common, "password"));
    let response_key = ntowfv2(&client::nt_hash(password), "USER", "");
    assert_eq!(response_key, sixteen(&vectors["ntlmv2_nil_domain"], "ntowfv2"));
    let client = Client {
        domain: text(common, "domain").to_owned(),
        hashed_domain: Some(String::new()),
        ..Client::new(user, password)
    };
    assert_eq!(crate::login(&client, Policy::default(), password).unwrap().domain(), "Domain");
}

#[test]
fn nlmp_4_2_2_ntlmv1_is_refused_by_default() {
    let refusal = nlmp_claim(&ms_nlmp()["ntlmv1"], Policy::default());
    assert_eq!(refusal.unwrap_err(), Error::Unsupported(Refused::NtlmV1));
}

#[test]
fn nlmp_4_2_3_ntlmv1_with_ess_is_refused_by_default() {
    let refusal = nlmp_claim(&ms_nlmp()["ntlmv1_ess"], Policy::default());
    assert_eq!(refusal.unwrap_err(), Error::Unsupported(Refused::NtlmV1));
}

#[test]
fn nlmp_4_2_2_ntlmv1_is_accepted_by_opt_in() {
    let vectors = ms_nlmp();
    let claim = nlmp_claim(&vectors["ntlmv1"], NTLMV1).unwrap();
    assert_eq!(claim.nt_response(), octets(&vectors["ntlmv1"], "nt_response"));
    assert_eq!(claim.lm_response(), octets(&vectors["ntlmv1"], "lm_response"));
    let credential = Credential::from_nt_hash(sixteen(&vectors["ntlmv1"], "ntowfv1"));
    let established = claim.verify(Proof::Credential(&credential)).unwrap();
    assert_eq!(established.version(), Version::V1);
    assert_eq!(established.session_key().as_bytes(), &sixteen(&vectors["common"], "random_session_key"));
}

#[test]
fn nlmp_4_2_2_ntlmv1_is_accepted_on_a_domain_controllers_word() {
    let vectors = ms_nlmp();
    let base_key = SessionKey::from_bytes(sixteen(&vectors["ntlmv1"], "session_base_key"));
    let established = nlmp_claim(&vectors["ntlmv1"], NTLMV1).unwrap().verify(Proof::SessionKey(base_key)).unwrap();
    assert_eq!(established.session_key().as_bytes(), &sixteen(&vectors["common"], "random_session_key"));
}

#[test]
fn nlmp_4_2_3_ntlmv1_with_ess_is_accepted_by_opt_in() {
    let vectors = ms_nlmp();
    let claim = nlmp_claim(&vectors["ntlmv1_ess"], NTLMV1).unwrap();
    let credential = Credential::from_password(text(&vectors["common"], "password"));
    let established = claim.verify(Proof::Credential(&credential)).unwrap();
    assert_eq!(established.version(), Version::V1WithEss);
    assert_eq!(established.session_key().as_bytes(), &sixteen(&vectors["ntlmv1_ess"], "key_exchange_key"));
}

#[test]
fn nlmp_3_2_5_1_2_the_anonymous_login_is_refused() {
    let section = &ms_nlmp()["anonymous"];
    let (challenged, _) = crate::challenge(&octets(section, "negotiate"), Policy::default()).unwrap();
    let refusal = challenged.authenticate(&octets(section, "authenticate"), None, crate::NOW);
    assert_eq!(refusal.unwrap_err(), Error::Unsupported(Refused::Anonymous));
}

#[test]
fn pop3_4_1_success_is_refused_by_default() {
    let refusal = pop3_claim(&ms_pop3()["success"], Policy::default());
    assert_eq!(refusal.unwrap_err(), Error::Unsupported(Refused::NtlmV1));
}

#[test]
fn pop3_4_1_success_is_accepted_by_opt_in() {
    let vectors = ms_pop3();
    let section = &vectors["success"];
    let claim = pop3_claim(section, NTLMV1).unwrap();
    assert_eq!((claim.username(), claim.domain(), claim.workstation()), ("user", "", text(section, "workstation")));
    let credential = Credential::from_password(text(section, "password"));
    assert_eq!(claim.verify(Proof::Credential(&credential)).unwrap().version(), Version::V1WithEss);
}

#[test]
fn pop3_4_2_failure_is_denied() {
    let vectors = ms_pop3();
    let section = &vectors["failure"];
    let verify = |password| {
        let credential = Credential::from_password(text(section, password));
        pop3_claim(section, NTLMV1).unwrap().verify(Proof::Credential(&credential))
    };
    assert_eq!(verify("server_password").unwrap_err(), Error::LogonDenied);
    assert!(verify("client_password").is_ok(), "the client knew another password, and its octets show it");
}

#[test]
fn pop3_4_1_our_challenge_settles_on_microsofts_flags_and_names() {
    let section = &ms_pop3()["success"];
    let acceptor = Acceptor::new(TargetInfo::server("TESTSERVER").unwrap(), Policy::default()).unwrap();
    let (_, ours) = acceptor.challenge(&octets(section, "negotiate"), [7; 8], crate::NOW).unwrap();
    let (ours, theirs) = (Challenge::read(&ours), Challenge::read(&octets(section, "challenge")));
    assert_eq!(ours.flags, theirs.flags);
    assert_eq!(ours.target_name, theirs.target_name);
    assert_eq!(ours.pairs[..2], theirs.pairs[..2]);
}

#[test]
fn a_replayed_challenge_must_be_one() {
    assert_eq!(Challenged::from_wire(b"", b"").unwrap_err(), Error::InvalidToken(Malformed::Truncated));
    let negotiate = octets(&ms_pop3()["success"], "negotiate");
    assert_eq!(Challenged::from_wire(b"", &negotiate).unwrap_err(), Error::InvalidToken(Malformed::MessageType));
}
