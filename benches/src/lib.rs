//! quitclaim's table beside its peers, all measured in the same rounds: `cargo bench -p quitclaim-benches`.
//!
//! `README.md` says how to read the figures, and how to add a contender or a workload.
#![forbid(unsafe_code)]

pub mod contender;
pub mod harness;
pub mod machine;
pub mod peers;
pub mod report;
pub mod roster;
pub mod statistics;
pub mod workload;
