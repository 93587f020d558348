//! Storms of NTLM logins at a POP3 server: many at once, wrong or right, counted and timed.
//!
//! One thread drives all connections. It is the load of quitclaim's benchmarks and of its leak hunts: a failed login is
//! what a server must forget completely, a million times over.
//!
//! ```
//! use quitclaim_storm::{InvalidPlan, Load, Login, Plan};
//!
//! let login = Login { username: "user{}", password: "secret", domain: "" };
//! let plan = Plan::new("127.0.0.1:1110", &login, Load { attempts: 10_000, ..Load::default() })?;
//! assert_eq!(plan.load().connections, 64);
//! assert_eq!(Plan::new("192.0.2.1:110", &login, Load::default()).err(), Some(InvalidPlan::NotLoopback));
//! # Ok::<(), InvalidPlan>(())
//! ```
//!
//! # What an attempt is
//!
//! Connect, greeting, `AUTH NTLM`, `+ `, NEGOTIATE, CHALLENGE, AUTHENTICATE, and the server's last word. The response is
//! NTLMv2, with a MIC if the CHALLENGE has a time in it: what Windows sends. A good login goes on with `STAT` and `QUIT`
//! and waits for both replies; after a failed one the client closes without `QUIT`, or begins the next attempt on the
//! same connection ([`Load::per_connection`]). [`Outcome`] has how an attempt can end.
//!
//! # What is promised
//!
//! * Nothing but loopback is connected to: another address is refused before there is a socket.
//! * No server makes it panic, or grow: a line has at most 16 KiB, and whatever is silent times out.
//! * No password is kept, and no secret is in a report, an error or a `Debug`.
//!
//! # Where it ends
//!
//! * It speaks plaintext POP3 and NTLM, and measures nothing else.
//! * Its own work is on the same machine as the server's: give each a core, and compare the server's CPU time.
#![forbid(unsafe_code)]

mod dialogue;
mod error;
mod latency;
mod ntlm;
mod outcome;
mod plan;
mod report;
mod scheduler;
mod slot;
mod socket;

pub use error::{Error, InvalidPlan};
pub use latency::Latency;
pub use outcome::{Outcome, Password};
pub use plan::{Load, Login, Mode, Plan};
pub use report::{Ending, Progress, Report};
pub use scheduler::Storm;

/// The examples of the README run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
