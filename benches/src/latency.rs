//! What one call takes at worst: percentiles of every acquire, use and free of a churn, timed one by one.

use crate::contender::{Contender, Seat, Value};
use crate::harness::{CAPACITY, WARM_UP};
use crate::panel::COLUMNS;
use crate::workload::{Churn, Workload as _};
use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

/// How reports call it.
pub const NAME: &str = "one call";
/// What one operation is.
pub const NOTE: &str = "acquire, use, use, free: each call timed, less the median of the clock's own reading";
/// The percentiles.
pub const PERCENTILES: [(&str, &str); COLUMNS] =
    [("p50", "ns"), ("p90", "ns"), ("p99", "ns"), ("p99.9", "ns"), ("p99.99", "ns")];

/// Percentiles of the calls of so many threads, each of which does so many churns on one table.
///
/// # Panics
///
/// If a thread does.
#[must_use]
pub fn measure<C: Contender>(threads: u32, churns: u32) -> [f64; COLUMNS] {
    let table = C::new(CAPACITY);
    let ready = Barrier::new(threads as usize);
    let work = || {
        let mut seat = table.seat();
        Churn::run(&mut seat, WARM_UP);
        // Filled, so that no page of it is touched first under the clock.
        let mut calls = vec![u32::MAX; churns as usize * CALLS];
        ready.wait();
        for (token, calls) in (0..).zip(calls.chunks_exact_mut(CALLS)) {
            time_calls(&mut seat, token, calls);
        }
        calls
    };
    let mut calls: Vec<u32> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a worker panicked, see above")).collect()
    });
    calls.sort_unstable();
    let clock = clock();
    // A call as fast as the clock's tick would be nothing, and no ratio could be had to it.
    percentiles(&calls).map(|call| f64::from(call.saturating_sub(clock).max(1)))
}

fn percentiles(sorted: &[u32]) -> [u32; COLUMNS] {
    PARTS.map(|part| sorted[(sorted.len() - 1) * part / 10_000])
}

/// Calls in a churn.
const CALLS: usize = 4;
/// The percentiles, in hundredths of a per cent.
const PARTS: [usize; COLUMNS] = [5_000, 9_000, 9_900, 9_990, 9_999];

#[inline]
fn time_calls(seat: &mut impl Seat, token: u64, calls: &mut [u32]) {
    let start = Instant::now();
    let key = black_box(seat.acquire(Value::new(black_box(token))));
    let acquired = Instant::now();
    black_box(seat.step(key, token));
    let used = Instant::now();
    black_box(seat.step(key, token + 1));
    let used_again = Instant::now();
    seat.free(key);
    let freed = Instant::now();
    let times = [start, acquired, used, used_again, freed];
    for (call, pair) in calls.iter_mut().zip(times.windows(2)) {
        *call = nanoseconds(pair[0], pair[1]);
    }
}

/// What two readings of the clock are apart with nothing in between: the median.
fn clock() -> u32 {
    let mut apart: Vec<u32> = (0..1_001).map(|_| nanoseconds(Instant::now(), Instant::now())).collect();
    apart.sort_unstable();
    apart[apart.len() / 2]
}

fn nanoseconds(start: Instant, end: Instant) -> u32 {
    u32::try_from((end - start).as_nanos()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contender::Quitclaim;

    #[test]
    fn percentiles_ascend() {
        let percentiles = measure::<Quitclaim>(2, 5_000);
        assert!(percentiles.is_sorted(), "{percentiles:?}");
    }

    #[test]
    fn percentiles_are_of_all_calls() {
        let calls: Vec<u32> = (0..=20_000).collect();
        assert_eq!(percentiles(&calls), [10_000, 18_000, 19_800, 19_980, 19_998]);
    }
}
