//! An owner whose handles were acquired on one thread and are freed on another: a connection that moved.

use crate::contender::{Contender, Seat, SharedSeat};
use crate::harness::{CAPACITY, WARM_UP, span};
use std::sync::Barrier;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// How reports call it.
pub const NAME: &str = "handover";
/// What one operation is.
pub const NOTE: &str = "a handle of an owner with 64, filled on one thread and dropped on another (peers pass 64 keys)";

/// Lets every second thread fill owners and its neighbour drop them. The operations are handles, of which each is
/// acquired by one thread and freed by the other, so that each of both counts for half of them.
///
/// # Panics
///
/// If a thread does.
#[must_use]
pub fn measure<'c, C: Contender + 'c>(threads: u32, operations: u64) -> Duration
where
    for<'t> C::Seat<'t>: SharedSeat,
{
    let table = C::new(CAPACITY);
    let ready = Barrier::new(threads as usize);
    let owners = (operations * 2).div_ceil(HANDLES as u64);
    let warm_up = WARM_UP.div_ceil(HANDLES as u64);
    thread::scope(|scope| {
        let mut workers = Vec::new();
        for _ in 0..threads / 2 {
            let (give, take) = sync_channel(DEPTH);
            let (table, ready) = (&table, &ready);
            workers.push(scope.spawn(move || {
                let fill = |_| {
                    let (mut seat, mut keys) = (table.seat(), Vec::new());
                    seat.fill(HANDLES, &mut keys);
                    send(&give, (seat, keys));
                };
                (0..warm_up).for_each(fill);
                ready.wait();
                let start = Instant::now();
                (0..owners).for_each(fill);
                (start, Instant::now())
            }));
            workers.push(scope.spawn(move || {
                let close = |_| {
                    let (seat, keys) = receive(&take);
                    Seat::close(seat, keys);
                };
                (0..warm_up).for_each(close);
                ready.wait();
                let start = Instant::now();
                (0..owners).for_each(close);
                (start, Instant::now())
            }));
        }
        span(workers)
    })
}

/// Handles of an owner.
const HANDLES: usize = 64;

/// Owners on their way.
const DEPTH: usize = 32;

/// Never sleeps in the kernel: waking a thread up costs as much as 64 handles.
fn send<T>(channel: &SyncSender<T>, mut item: T) {
    while let Err(TrySendError::Full(back)) = channel.try_send(item) {
        item = back;
        thread::yield_now();
    }
}

/// As [`send`].
fn receive<T>(channel: &Receiver<T>) -> T {
    loop {
        match channel.try_recv() {
            Ok(item) => return item,
            Err(TryRecvError::Empty) => thread::yield_now(),
            Err(TryRecvError::Disconnected) => unreachable!("the filling thread panicked, see above"),
        }
    }
}
