//! Thread numbers: which magazine and which counters are a thread's own.
//!
//! A number is borne by one thread at a time. It is taken at a thread's first use of any table and given back when
//! the thread ends, so magazines outlive threads: the next bearer of the number finds what the last one left.

use crate::sync::{Acquire, AtomicU64, Relaxed, Release};
use std::cell::Cell;
use std::marker::PhantomData;

/// Threads that can bear a number at once, one bit each; a thread past the last uses what all share.
pub(crate) const NUMBERS: u32 = 64;

/// Proof that the current thread, and no other, bears this number.
#[derive(Clone, Copy)]
pub(crate) struct Bearer {
    number: u32,
    /// A bearer stays on its thread.
    _not_send: PhantomData<*const ()>,
}

impl Bearer {
    /// The current thread's number; `None` past the last one, and while the thread is ending.
    #[inline]
    pub(crate) fn current() -> Option<Self> {
        match NUMBER.with(Cell::get) {
            number if number < NUMBERS => Some(Self::of(number)),
            NOT_YET => ask(),
            _ => None,
        }
    }

    pub(crate) fn index(self) -> usize {
        self.number as usize
    }

    fn of(number: u32) -> Self {
        Self { number, _not_send: PhantomData }
    }
}

/// Takes the lowest free number. A thread that finds none asks again at its next operation.
#[cold]
fn ask() -> Option<Bearer> {
    let mut taken = TAKEN.load(Relaxed);
    let number = loop {
        let number = (!taken).trailing_zeros();
        if number == NUMBERS {
            return None;
        }
        // Acquire: pairs with the Release of the last bearer, whose magazines and counters are ours from here on.
        match TAKEN.compare_exchange_weak(taken, taken | 1 << number, Acquire, Relaxed) {
            Ok(_) => break number,
            Err(now) => taken = now,
        }
    };
    // Refused when the thread is ending and its guard is gone already: then nobody would give the number back.
    if GUARD.try_with(|guard| guard.0.set(number)).is_err() {
        give_back(number);
        NUMBER.with(|cell| cell.set(ENDING));
        return None;
    }
    NUMBER.with(|cell| cell.set(number));
    Some(Bearer::of(number))
}

fn give_back(number: u32) {
    // Release: what this bearer did is seen by the next one. Other numbers' updates in between are
    // read-modify-writes too, so they continue the release sequence.
    TAKEN.fetch_and(!(1 << number), Release);
}

/// Gives the number back when its thread ends.
struct Guard(Cell<u32>);

#[cfg(not(loom))]
impl Drop for Guard {
    fn drop(&mut self) {
        self.end();
    }
}

impl Guard {
    fn end(&self) {
        // First: a destructor that runs after this one must find no number.
        let _ = NUMBER.try_with(|cell| cell.set(ENDING));
        if self.0.get() < NUMBERS {
            give_back(self.0.get());
        }
    }
}

/// What the end of a thread does. loom's threads must say so: its statics are gone before its main thread's locals.
#[cfg(loom)]
pub(crate) fn end() {
    GUARD.with(Guard::end);
}

const NOT_YET: u32 = NUMBERS;
const ENDING: u32 = NUMBERS + 1;

#[cfg(not(loom))]
static TAKEN: AtomicU64 = AtomicU64::new(0);

// Two cells, because one with a destructor is slower to read and unreadable in thread exit.
#[cfg(not(loom))]
thread_local! {
    static NUMBER: Cell<u32> = const { Cell::new(NOT_YET) };
    static GUARD: Guard = const { Guard(Cell::new(NOT_YET)) };
}

#[cfg(loom)]
loom::lazy_static! {
    static ref TAKEN: AtomicU64 = AtomicU64::new(0);
}

#[cfg(loom)]
loom::thread_local! {
    static NUMBER: Cell<u32> = Cell::new(NOT_YET);
    static GUARD: Guard = Guard(Cell::new(NOT_YET));
}
