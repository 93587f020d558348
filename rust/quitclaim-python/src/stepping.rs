//! Which thread has steps of an owner under way.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The steps of one owner that are under way: all on one thread, each inside the one before.
#[derive(Default)]
pub(crate) struct Stepping {
    thread: u64,
    depth: u32,
}

impl Stepping {
    pub(crate) fn begin(&mut self) {
        self.thread = here();
        self.depth += 1;
    }

    pub(crate) fn end(&mut self) {
        self.depth -= 1;
    }

    /// Whether another thread is in a step.
    #[inline]
    pub(crate) fn elsewhere(&self) -> bool {
        // Relaxed: changes in the child of a fork only, which has one thread.
        self.depth > 0 && self.thread != here() && self.thread >= FIRST_LIVE.load(Relaxed)
    }
}

/// Of all threads that ever had a number, only the current one is left: for the child of a fork. Steps of the others
/// will never end there.
pub(crate) fn others_are_gone() {
    FIRST_LIVE.store(NEXT.load(Relaxed), Relaxed); // Relaxed: one thread
}

/// A number of this thread's own, never given twice: a thread may end with a `Step` left entered.
#[inline]
fn here() -> u64 {
    NUMBER.with(|number| match number.get() {
        0 => {
            number.set(NEXT.fetch_add(1, Relaxed)); // Relaxed: only says which number
            number.get()
        }
        known => known,
    })
}

static NEXT: AtomicU64 = AtomicU64::new(1);
static FIRST_LIVE: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static NUMBER: Cell<u64> = const { Cell::new(0) };
}
