//! The acceptor as its users and its enemies meet it. What may not happen is in `malformed`, what may in `exchanges`.

mod bindings;
mod client;
mod exchanges;
mod malformed;
mod names;
mod ntlmv1;
mod properties;
mod secrets;
mod vectors;

use client::Client;
use quitclaim_ntlm::{
    Acceptor, Challenged, ChannelBinding, Claim, Credential, Error, Established, FileTime, Policy, Proof, TargetInfo,
};

const NOW: FileTime = FileTime::from_ticks(133_800_000_000_000_000);
const SERVER_CHALLENGE: [u8; 8] = [0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF];
const HOUR: u64 = 36_000_000_000;

fn acceptor(policy: Policy) -> Acceptor {
    Acceptor::new(TargetInfo::domain("EXAMPLE", "MAIL").unwrap(), policy).unwrap()
}

fn challenge(negotiate: &[u8], policy: Policy) -> Result<(Challenged, Vec<u8>), Error> {
    acceptor(policy).challenge(negotiate, SERVER_CHALLENGE, NOW)
}

/// What an AUTHENTICATE claims, if it comes on the answer to a Windows client's NEGOTIATE.
fn authenticate(message: &[u8]) -> Result<Claim, Error> {
    let (challenged, _) = challenge(&Client::new("alice", "").negotiate(), Policy::default())?;
    challenged.authenticate(message, None, NOW)
}

fn claim(client: &Client, policy: Policy, binding: Option<&ChannelBinding>) -> Result<Claim, Error> {
    let (challenged, challenge) = challenge(&client.negotiate(), policy)?;
    challenged.authenticate(&client.authenticate(&challenge), binding, NOW)
}

/// A whole login over plaintext, at an account with that password.
fn login(client: &Client, policy: Policy, password: &str) -> Result<Established, Error> {
    claim(client, policy, None)?.verify(Proof::Credential(&Credential::from_password(password)))
}
