//! What the table has done: counters that cost their thread a plain store.

use crate::sync::{Acquire, Padded, Relaxed, Release, UnorderedU64};
use crate::thread::Bearer;

/// Why a handle was freed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// Its owner had no more use for it.
    Done,
    /// A step of it failed (I7).
    Failed,
    /// A step of it panicked, or was given up before its end.
    Cancelled,
    /// Its owner was dropped (I5).
    Owner,
    /// It was older than [`Table::reap`](crate::Table::reap) allowed.
    Reaped,
    /// [`Table::drain`](crate::Table::drain) freed it.
    Drained,
}

/// What a table has done since it was made. Exact when no operation is under way. Beside writers each counter is as it
/// was at some time of the call, and `live` is their difference: off by what happened meanwhile if the call never met a
/// moment without a free, though never below zero or above the capacity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Values that fit in at once.
    pub capacity: usize,
    /// Handles that name a value now: what Performance Monitor called *Handle Count*.
    pub live: usize,
    /// Most slots ever in use, which is what memory was taken for. Threads reuse their own, so it can exceed the most
    /// handles that were ever live.
    pub high_water: usize,
    /// Handles acquired.
    pub acquired: u64,
    /// Handles freed, by cause.
    pub freed: Freed,
    /// Calls refused, by reason.
    pub refused: Refused,
    /// Slots that have had their last generation (I1).
    pub retired: usize,
}

/// Handles freed, by [`Cause`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "named and told by Cause")]
pub struct Freed {
    pub done: u64,
    pub failed: u64,
    pub cancelled: u64,
    pub owner: u64,
    pub reaped: u64,
    pub drained: u64,
}

impl Freed {
    /// All causes together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.done + self.failed + self.cancelled + self.owner + self.reaped + self.drained
    }
}

/// Calls refused, by reason. A refused call has changed nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refused {
    /// Steps, frees and leases of a handle that named nothing of the caller's.
    pub stale: u64,
    /// Steps of a value that was leased, and leases beyond the most.
    pub leased: u64,
    /// Leases and steps of a value that was in a step.
    pub in_step: u64,
    /// Acquisitions for which no slot was free.
    pub full: u64,
    /// Acquisitions by an owner that had its quota.
    pub quota: u64,
}

/// What is counted; the causes first, so that a cause is its own event.
#[derive(Clone, Copy)]
pub(crate) enum Event {
    Freed(Cause),
    Acquired,
    FirstUse,
    Stale,
    Leased,
    InStep,
    Full,
    Quota,
}

impl Event {
    fn index(self) -> usize {
        match self {
            Self::Freed(cause) => cause as usize,
            Self::Acquired => CAUSES,
            Self::FirstUse => CAUSES + 1,
            Self::Stale => CAUSES + 2,
            Self::Leased => CAUSES + 3,
            Self::InStep => CAUSES + 4,
            Self::Full => CAUSES + 5,
            Self::Quota => CAUSES + 6,
        }
    }
}

const CAUSES: usize = Cause::Drained as usize + 1;
const EVENTS: usize = CAUSES + 7;

/// How often a reader looks for a moment without a free.
const TRIES: u32 = 16;

#[derive(Default)]
struct Counts([UnorderedU64; EVENTS]);

/// The counters of one table: a set for each thread number, and one that all other threads share.
pub(crate) struct Counters {
    own: Box<[Padded<Counts>]>,
    shared: Padded<Counts>,
}

impl Counters {
    pub(crate) fn new(threads: u32) -> Self {
        Self { own: (0..threads).map(|_| Padded::default()).collect(), shared: Padded::default() }
    }

    #[inline]
    pub(crate) fn count(&self, event: Event, bearer: Option<Bearer>) {
        let index = event.index();
        match bearer.and_then(|bearer| self.own.get(bearer.index())) {
            Some(Padded(counts)) => {
                let counter = &counts.0[index];
                // Release: who reads this count of a free reads the count of its acquire too (turnover()). No
                // read-modify-write: the bearer is the only writer.
                counter.store(counter.load(Relaxed) + 1, Release);
            }
            None => {
                self.shared.0.0[index].fetch_add(1, Release); // as above
            }
        }
    }

    pub(crate) fn freed(&self) -> Freed {
        let freed = |cause| self.total(Event::Freed(cause));
        Freed {
            done: freed(Cause::Done),
            failed: freed(Cause::Failed),
            cancelled: freed(Cause::Cancelled),
            owner: freed(Cause::Owner),
            reaped: freed(Cause::Reaped),
            drained: freed(Cause::Drained),
        }
    }

    pub(crate) fn refused(&self) -> Refused {
        Refused {
            stale: self.total(Event::Stale),
            leased: self.total(Event::Leased),
            in_step: self.total(Event::InStep),
            full: self.total(Event::Full),
            quota: self.total(Event::Quota),
        }
    }

    /// Handles acquired and handles freed, of one moment if one without a free is met in a few tries. Frees are read
    /// first, so that each one's acquire is counted too, and again, to see whether the moment has passed.
    pub(crate) fn turnover(&self) -> (u64, Freed) {
        let mut freed = self.freed();
        for _ in 0..TRIES {
            let acquired = self.total(Event::Acquired);
            let again = self.freed();
            if again == freed {
                return (acquired, freed);
            }
            freed = again;
        }
        (self.total(Event::Acquired), freed)
    }

    pub(crate) fn total(&self, event: Event) -> u64 {
        let index = event.index();
        // Acquire: pairs with count().
        self.own.iter().chain([&self.shared]).map(|counts| counts.0.0[index].load(Acquire)).sum()
    }

    /// Starts again, with nothing but these acquired. Slots once used stay used.
    pub(crate) fn reset(&self, acquired: u64) {
        for counts in self.own.iter().chain([&self.shared]) {
            for (index, counter) in counts.0.0.iter().enumerate() {
                if index != Event::FirstUse.index() {
                    counter.store(0, Relaxed); // Relaxed, here and below: in the child of a fork there is one thread
                }
            }
        }
        self.shared.0.0[Event::Acquired.index()].store(acquired, Relaxed);
    }
}
