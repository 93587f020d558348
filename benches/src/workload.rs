//! What is measured: loops over a [`Seat`], each operation of which leaves the table as it found it.

use crate::contender::{Seat, Value};
use std::hint::black_box;

/// A loop of operations.
pub trait Workload {
    /// How reports call it.
    const NAME: &'static str;
    /// What one operation is.
    const NOTE: &'static str;

    /// Does so many operations.
    fn run(seat: &mut impl Seat, operations: u64);
}

/// The life of a handle that goes well.
pub struct Churn;

impl Workload for Churn {
    const NAME: &'static str = "churn";
    const NOTE: &'static str = "acquire, use, use, free";

    #[inline]
    fn run(seat: &mut impl Seat, operations: u64) {
        for token in 0..operations {
            let key = black_box(seat.acquire(Value::new(black_box(token))));
            black_box(seat.step(key, token));
            black_box(seat.step(key, token + 1));
            seat.free(key);
        }
    }
}

/// Failed logins on one connection that lasts.
pub struct Storm;

impl Workload for Storm {
    const NAME: &'static str = "storm";
    const NOTE: &'static str = "acquire, use, a use that fails and so frees (peers remove by hand); one owner for all";

    #[inline]
    fn run(seat: &mut impl Seat, operations: u64) {
        for token in 0..operations {
            fail_once(seat, token);
        }
    }
}

/// Failed logins, one for each connection.
pub struct StormOfOwners;

impl Workload for StormOfOwners {
    const NAME: &'static str = "storm of owners";
    const NOTE: &'static str = "the same, with an owner made and dropped for each (peers have none)";

    #[inline]
    fn run(seat: &mut impl Seat, operations: u64) {
        for token in 0..operations {
            seat.attempt(black_box(""), |owner| fail_once(owner, token));
        }
    }
}

/// Failed logins, one for each connection, whose owners say who they are.
pub struct StormOfNamedOwners;

impl Workload for StormOfNamedOwners {
    const NAME: &'static str = "storm of named owners";
    const NOTE: &'static str = "the same, and each owner has a label for the census, as a server's connections do";

    #[inline]
    fn run(seat: &mut impl Seat, operations: u64) {
        for token in 0..operations {
            seat.attempt(black_box("192.0.2.7:4711"), |owner| fail_once(owner, token));
        }
    }
}

#[inline]
fn fail_once(seat: &mut impl Seat, token: u64) {
    let key = black_box(seat.acquire(Value::new(black_box(token))));
    black_box(seat.step(key, token));
    black_box(seat.fail(key, token + 1));
}
