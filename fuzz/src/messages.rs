//! The three messages as they come: octets that may be anything.

use super::client::{CHOSEN_KEY, Challenge, Client, KEY_EXCH, Mic, OEM, SEAL, SIGN, UNICODE};
use super::witness::{Witness, is_proven};
use super::{LENIENT, NOW, PASSWORD, SERVER_CHALLENGE, USERNAME, acceptor};
use quitclaim_ntlm::{Challenged, Claim, Credential, Error, Policy, Proof, Version};

/// A NEGOTIATE: if it is answered, then by a sound CHALLENGE, with which the owner of an account can log in.
pub fn negotiate(octets: &[u8]) {
    let Ok((challenged, challenge)) = acceptor(LENIENT).challenge(octets, SERVER_CHALLENGE, NOW) else {
        return;
    };
    assert!(octets.starts_with(b"NTLMSSP\0\x01\0\0\0") && octets.len() <= 1024);
    let offered = u32::from_le_bytes(octets[12..16].try_into().expect("four octets"));
    let read = Challenge::read(&challenge);
    assert_eq!((read.octets, read.time), (SERVER_CHALLENGE, NOW.ticks()));
    assert_eq!(read.flags & UNICODE, offered & UNICODE);
    assert!(offered & read.flags & (UNICODE | OEM) != 0 && read.flags & (UNICODE | OEM) != UNICODE | OEM);

    let client = Client { mic: Mic::None, ..Client::new(USERNAME, PASSWORD) };
    let claim = challenged.authenticate(&client.authenticate(&challenge), None, NOW).expect("an honest client's");
    let established =
        claim.verify(Proof::Credential(&Credential::from_password(PASSWORD))).expect("the password is right");
    let exchanged = read.flags & KEY_EXCH != 0 && read.flags & (SIGN | SEAL) != 0;
    assert_eq!(*established.session_key().as_bytes() == CHOSEN_KEY, exchanged);
}

/// A CHALLENGE of another's, for replays: what is taken is a message of type 2, and its challenge is what is answered.
pub fn challenge(octets: &[u8]) {
    let Ok(challenged) = Challenged::from_wire(b"", octets) else {
        return;
    };
    assert!(octets.starts_with(b"NTLMSSP\0\x02\0\0\0"));
    let challenged = challenged.with_policy(LENIENT).expect("the policy has no conflict");
    // A CHALLENGE of ours to answer, since the other's need not have what a client needs.
    let client = Client { mic: Mic::None, ..Client::new(USERNAME, PASSWORD) };
    let (_, ours) =
        acceptor(LENIENT).challenge(&client.negotiate(), SERVER_CHALLENGE, NOW).expect("a Windows client's");
    let claim = challenged.authenticate(&client.authenticate(&ours), None, NOW).expect("an honest client's");
    assert_eq!(claim.challenge(), octets[24..32]);
    let established = claim.verify(Proof::Credential(&Credential::from_password(PASSWORD))).is_ok();
    assert_eq!(established, octets[24..32] == SERVER_CHALLENGE);
}

/// An AUTHENTICATE on a Windows client's exchange: nobody gets in by it who did not prove that he knows the password.
pub fn authenticate(octets: &[u8]) {
    let negotiate = Client::new(USERNAME, "").negotiate();
    let claim = |policy: Policy| -> Result<Claim, Error> {
        let (challenged, _) = acceptor(policy).challenge(&negotiate, SERVER_CHALLENGE, NOW)?;
        challenged.authenticate(octets, None, NOW)
    };
    let by_default = claim(Policy::default());
    assert!(by_default.as_ref().map_or(true, |claim| claim.version() == Version::V2));
    // What the default policy takes the lenient one takes too.
    let Ok(lenient) = claim(LENIENT) else {
        assert!(by_default.is_err());
        return;
    };
    assert!(octets.starts_with(b"NTLMSSP\0\x03\0\0\0") && octets.len() <= 16 * 1024);
    for name in [lenient.username(), lenient.domain(), lenient.workstation()] {
        assert!(!name.chars().any(char::is_control) && name.encode_utf16().count() <= 1024);
    }
    assert!(lenient.verify(Proof::Nobody).is_err());
    let verify = |password: &str| {
        claim(LENIENT).expect("it was taken").verify(Proof::Credential(&Credential::from_password(password)))
    };
    assert!(verify("another").is_err());
    if let Ok(established) = verify(PASSWORD) {
        let (_, challenge) =
            acceptor(LENIENT).challenge(&negotiate, SERVER_CHALLENGE, NOW).expect("a Windows client's");
        let witness = Witness { negotiate: &negotiate, challenge: &challenge, authenticate: octets };
        assert!(is_proven(&witness, PASSWORD, &established));
    }
}
