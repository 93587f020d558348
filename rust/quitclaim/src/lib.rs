//! A lock-free, generation-counted table of handles whose values are **always given back**.
//!
//! In 1997 a POP3 server took a credential handle for each login attempt and, when the login failed, did not free it;
//! an administrator watched *Handle Count* climb until the service was stopped (Microsoft Q214573). The success path
//! cleans up, the failure path does not: the defect is written every year. This table is made so that forgetting cannot
//! write it:
//!
//! * Values enter and leave through an [`Owner`], one for each connection; **dropping the owner frees what it
//!   acquired**, whatever the path.
//! * Every use of a value by its owner is a [step](Owner::step), which has the value alone; **a step that fails frees
//!   the handle** before the caller sees the error. There is no `get`, and no clean-up to forget.
//! * A [`Handle`] is a plain 64-bit name, good for one value and never for another; a stale one is refused.
//!
//! ```
//! use quitclaim::{StepError, Table};
//!
//! #[derive(Debug, PartialEq)]
//! struct Denied;
//! struct Exchange { challenge: u64 }
//! impl Exchange {
//!     fn authenticate(&mut self, response: u64) -> Result<&'static str, Denied> {
//!         if response == self.challenge + 1 { Ok("alice") } else { Err(Denied) }
//!     }
//! }
//!
//! let table = Table::new(10_000).with_quota(2);            // one for the server
//! let mut owner = table.owner("192.0.2.7:4711");           // one for each connection
//!
//! let handle = owner.acquire(Exchange { challenge: 41 })?;
//! let login = owner.step(handle, |exchange| exchange.authenticate(7));
//! assert_eq!(login, Err(StepError::Failed(Denied)));
//! assert_eq!(table.len(), 0);                              // nobody freed it, and it is freed
//!
//! let handle = owner.acquire(Exchange { challenge: 41 })?;
//! assert_eq!(owner.step(handle, |exchange| exchange.authenticate(42)), Ok("alice"));
//! drop(owner);                                             // the peer is gone
//! assert_eq!(table.len(), 0);
//! # Ok::<(), quitclaim::AcquireError<Exchange>>(())
//! ```
//!
//! # What it promises
//!
//! | | |
//! |---|---|
//! | I1 | A handle names at most one value, ever. A slot whose generation is spent is retired, never wrapped. |
//! | I2 | Once [`free`](Owner::free) has returned, no new lease or step of that handle succeeds. |
//! | I3 | A value is not dropped while a [`Lease`] of it lives; `free` never waits for leases. |
//! | I4 | Every acquired value is dropped exactly once, or given back; of concurrent frees exactly one wins. |
//! | I5 | When an owner has been dropped, none of its handles can be leased or stepped, and its values are dropped, except those leased (dropped by the last lease) or just being reaped (by that thread). |
//! | I6 | No operation takes a lock of ours; a pre-empted thread never blocks another. At capacity [`acquire`](Owner::acquire) gives the value back. |
//! | I7 | A step whose function ran and returned `Err` or panicked leaves its handle freed. A refused step changes nothing. |
//!
//! # Where it ends
//!
//! * One owner kept for ever still leaks. So does `mem::forget` of an owner (until [`Table::reap`]) or of a lease; both
//!   end with the table.
//! * A handle is not a secret: never send one to a peer. A handle of another table is refused but for odds of live
//!   values in 2⁶³.
//! * Twice as many threads as there are cores (4 to 64) have free slots and counters of their own: the first to use any
//!   table, until they end. Threads past those share one stack and one set, and are slower, not wrong.
//! * [`Table::reap`], [`drain`](Table::drain) and [`census`](Table::census) walk every slot that was ever used: some 20 ns
//!   each, so 20 ms after a burst of a million.
//! * I6 is about locks of ours: a new page of slots is asked of the allocator, which may have its own.

mod census;
mod error;
mod handle;
mod holdings;
mod label;
mod lease;
mod owner;
mod page;
mod shard;
mod slot;
mod stats;
mod step;
mod sweep;
mod sync;
mod table;
mod thread;

#[cfg(test)]
mod tests;

pub use census::{Entry, State};
pub use error::{AcquireError, LeaseError, NotTaken, StaleHandle, StepError};
pub use handle::Handle;
pub use label::Label;
pub use lease::Lease;
pub use owner::Owner;
pub use stats::{Cause, Freed, Refused, Stats};
pub use sweep::Reaped;
pub use table::Table;

/// The examples of the README run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
