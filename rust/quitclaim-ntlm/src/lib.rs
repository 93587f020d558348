//! The server's side of NTLM, in pure steps: no I/O, no clock, no randomness, no callback.
//!
//! A NEGOTIATE comes in and a CHALLENGE goes out; an AUTHENTICATE comes in and is a [`Claim`]; you look up whose it is,
//! wherever you keep your accounts, now or later; the claim is verified with what you found. Each step takes what the
//! step before made, so none is done twice, and a step that fails leaves nothing behind.
//!
//! ```
//! # mod client { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/acceptor/client.rs")); }
//! use quitclaim_ntlm::{Acceptor, Credential, FileTime, Policy, Proof, TargetInfo};
//! use std::collections::HashMap;
//! use std::time::SystemTime;
//!
//! let accounts = HashMap::from([("alice".to_owned(), Credential::from_password("secret"))]);
//! let acceptor = Acceptor::new(TargetInfo::server("MAIL")?, Policy::default())?;
//! # let client = client::Client::new("alice", "secret");
//! # let receive_negotiate = || client.negotiate();
//! # let receive_authenticate = |challenge: Vec<u8>| client.authenticate(&challenge);
//! # let eight_random_octets = || [7; 8];
//!
//! let negotiate = receive_negotiate();
//! let now = FileTime::from(SystemTime::now());
//! let (challenged, challenge) = acceptor.challenge(&negotiate, eight_random_octets(), now)?;
//!
//! let authenticate = receive_authenticate(challenge);
//! let now = FileTime::from(SystemTime::now());
//! let claim = challenged.authenticate(&authenticate, None, now)?;             // None: there is no TLS
//!
//! let account = accounts.get(&claim.username().to_lowercase());
//! let proof = account.map_or(Proof::Nobody, Proof::Credential);               // not an early return: see below
//! let established = claim.verify(proof)?;
//! assert_eq!(established.username(), "alice");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is never accepted
//!
//! LM and LMv2 without NTLMv2; anonymous and guest logins; a second AUTHENTICATE on one challenge; a response that
//! announces a MIC and comes without (CVE-2019-1040, CVE-2019-1166); a token with anything in it that lies outside of it,
//! overlaps, has no end, or comes twice and decides something; names with control characters, or in a code page that only
//! the client knows. By default NTLMv1 is refused too, and so is a client whose clock is 36 hours off. [`Policy`] has
//! what can be changed.
//!
//! # What is promised
//!
//! * No input makes it panic, and none costs more than its own length: messages are bounded.
//! * All refusals can be told as one. [`Error`] has the details, for the log; they repeat nothing that the peer sent.
//! * An unknown user ([`Proof::Nobody`]) takes the same work as a wrong password and gets the same answer. Return early
//!   instead, and strangers learn who has an account.
//! * Keys and hashes are types that are erased on drop, that `Debug` does not show, and that are compared in constant
//!   time. Copies that the compiler makes on the stack are beyond that, and so is swap.
//!
//! # Where it ends
//!
//! * NTLM is old: a response can be guessed at offline by whoever records it, at the speed of MD5, and relayed to another
//!   server by whoever is between. TLS helps against the first; against the second only a required channel binding.
//! * The NT hash is as good as the password, and has no salt.
//! * It authenticates, and neither signs nor seals what comes after: mail protocols leave that to TLS.
//!   [`Established::session_key`] is where such a layer begins. `LM_KEY` and connectionless NTLM are not negotiated.
//! * It knows no base64 and no SPNEGO: tokens are NTLM messages.
//! * The caller brings the time and the challenge, which must be eight fresh random octets.
//!
//! Clauses are of \[MS-NLMP\] 37.0 unless said otherwise.

#![forbid(unsafe_code)]

mod acceptor;
mod av_pair;
mod channel_binding;
mod claim;
mod credential;
mod crypto;
mod error;
mod file_time;
mod flags;
mod message;
mod policy;
mod response;
mod target_info;
mod text;
mod upper_case;
mod wire;

pub use acceptor::{Acceptor, Challenged};
pub use channel_binding::ChannelBinding;
pub use claim::{Claim, Established, Proof};
pub use credential::{Credential, InvalidNtHash, SessionKey};
pub use error::{Error, Malformed, Refused};
pub use file_time::FileTime;
pub use policy::{BindingPolicy, MicPolicy, Policy, PolicyConflict};
pub use response::Version;
pub use target_info::{InvalidName, TargetInfo};
pub use upper_case::upper_case;

/// The examples of the README run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
