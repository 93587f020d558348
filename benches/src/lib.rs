//! quitclaim's table beside its peers, all measured in the same rounds; the NTLM acceptor beside its own arithmetic.
//!
//! `README.md` says how to read the figures, and how to add a contender or a workload.
#![forbid(unsafe_code)]

#[path = "../../rust/quitclaim-ntlm/tests/acceptor/client.rs"]
#[expect(dead_code, reason = "the client is the acceptor's tests', which use more of it")]
mod client;
pub mod contender;
pub mod crowd;
pub mod figures;
pub mod handover;
pub mod harness;
pub mod latency;
pub mod login;
pub mod lookups;
pub mod machine;
pub mod panel;
pub mod peers;
pub mod report;
pub mod roster;
pub mod statistics;
pub mod two_samples;
pub mod workload;
