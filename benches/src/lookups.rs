//! Nine looks in ten at values that others own: a server that reads far more than it logs in.

use crate::contender::{Contender, Seat, SharedSeat, Value};
use crate::harness::{Shuffle, WARM_UP, span};
use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

/// How reports call it.
pub const NAME: &str = "look-ups";
/// What one operation is.
pub const NOTE: &str = "nine in ten a look (a lease) at one of 10,000 live by chance, the tenth an acquire or a free";

/// Time from the first thread's start to the last one's end, on a table that another thread filled.
///
/// # Panics
///
/// If a thread does.
#[must_use]
pub fn measure<'c, C: Contender + 'c>(threads: u32, operations: u64) -> Duration
where
    for<'t> C::Seat<'t>: SharedSeat,
{
    let table = C::new(LIVE * 2);
    // Not by the thread that runs all measurements: it would keep free slots of its own for good, of a machine's few.
    let fill = || {
        let mut filler = table.seat();
        let keys: Vec<_> = (0..LIVE as u64).map(|token| filler.acquire(Value::new(token))).collect();
        (filler, keys)
    };
    let (_filler, keys) = thread::scope(|scope| scope.spawn(fill).join().expect("the table has room"));
    let ready = Barrier::new(threads as usize);
    let work = |seed: usize| {
        let mut seat = table.seat();
        let mut chance = Shuffle::default();
        (0..seed * 100).for_each(|_| _ = chance.next());
        run(&mut seat, &keys, &mut chance, WARM_UP);
        ready.wait();
        let start = Instant::now();
        run(&mut seat, &keys, &mut chance, operations);
        (start, Instant::now())
    };
    thread::scope(|scope| span((0..threads as usize).map(|seed| scope.spawn(move || work(seed))).collect()))
}

/// Values that stay; each thread has one of its own besides, now and then.
const LIVE: usize = 10_000;

fn run<S: SharedSeat>(seat: &mut S, keys: &[S::Key], chance: &mut Shuffle, operations: u64) {
    let mut own = None;
    for token in 0..operations {
        if token % 10 == 9 {
            match own.take() {
                Some(key) => seat.free(key),
                None => own = Some(seat.acquire(Value::new(token))),
            }
        } else {
            let number = usize::try_from(chance.next() >> 33).expect("31 bits") % keys.len();
            black_box(seat.lease(keys[number], token));
        }
    }
    if let Some(key) = own {
        seat.free(key);
    }
}
