//! The table: it leases and counts. Values enter and leave through an [`Owner`](crate::Owner); the ways in are beside what
//! they give: `owner.rs`, `lease.rs`, `census.rs`, and `sweep.rs` for what frees many at once.

use crate::handle::{Handle, NO_SLOT, Place};
use crate::label::Label;
use crate::shard::{self, Pool};
use crate::slot::Doomed;
use crate::stats::{Counters, Event, Stats};
use crate::sync::{Relaxed, UnorderedU64};
use crate::thread::Bearer;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::time::Duration;

/// A bounded, lock-free table of values that are named by [`Handle`]s and always given back.
///
/// Values enter and leave through an [`Owner`](crate::Owner); whoever has the table alone can lease, count and reap. No operation
/// takes a lock, none waits for another thread, and none allocates but growth and an owner's own list. Share it by
/// reference, or in an `Arc` with [`Owner::shared`](crate::Owner::shared).
///
/// # Examples
///
/// ```
/// use quitclaim::{StepError, Table};
///
/// let table = Table::new(1_000);
/// let mut owner = table.owner("192.0.2.7:4711");
/// let handle = owner.acquire(0)?;
/// assert_eq!(owner.step(handle, |count| { *count += 1; Ok::<_, &str>(*count) }), Ok(1));
///
/// // A step that fails frees its handle: there is no clean-up to forget.
/// assert_eq!(owner.step(handle, |_| Err::<(), _>("wrong password")), Err(StepError::Failed("wrong password")));
/// assert_eq!(table.len(), 0);
/// # Ok::<(), quitclaim::AcquireError<i32>>(())
/// ```
pub struct Table<T> {
    pub(crate) pool: Pool<T>,
    /// Owners' labels, which [`census`](Self::census) reads. No handles: their places are in the slots' fields.
    pub(crate) labels: Pool<Label>,
    pub(crate) counters: Counters,
    pub(crate) key: UnorderedU64,
    /// What the first tick said, in nanoseconds; [`NO_TICK`] before it.
    pub(crate) origin: UnorderedU64,
    /// Nanoseconds since the first tick.
    pub(crate) now: UnorderedU64,
    /// Sweeps that freed something: tells owners that their lists may hold what is gone.
    pub(crate) sweeps: UnorderedU64,
    quota: usize,
}

impl<T> Table<T> {
    /// A table for so many values at once. Memory is taken as slots are first used, not now.
    ///
    /// All of a small capacity (below 16 times the threads that have magazines: 128 to 1,024), and seven eighths of a
    /// larger one, can be used by any one thread; the rest may wait in other threads' magazines.
    ///
    /// # Panics
    ///
    /// If `capacity` is 2³¹ − 1 or more.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self::for_threads(capacity, shard::threads())
    }

    /// A table in which so many threads have a magazine and counters of their own.
    pub(crate) fn for_threads(capacity: usize, threads: u32) -> Self {
        let capacity = u32::try_from(capacity).unwrap_or(u32::MAX);
        Self {
            pool: Pool::new(capacity, threads),
            labels: Pool::new(NO_SLOT - 1, threads),
            counters: Counters::new(threads),
            key: UnorderedU64::new(new_key()),
            origin: UnorderedU64::new(NO_TICK),
            now: UnorderedU64::new(0),
            sweeps: UnorderedU64::new(0),
            quota: usize::MAX,
        }
    }

    /// The same table, refusing an owner more handles than this at once.
    ///
    /// # Examples
    ///
    /// ```
    /// use quitclaim::{AcquireError, Table};
    ///
    /// let table = Table::new(1_000).with_quota(1);
    /// let mut owner = table.owner("greedy");
    /// owner.acquire("first")?;
    /// assert_eq!(owner.acquire("second"), Err(AcquireError::OverQuota("second")));
    /// # Ok::<(), AcquireError<&str>>(())
    /// ```
    #[must_use]
    pub fn with_quota(self, quota: usize) -> Self {
        Self { quota, ..self }
    }

    /// Whether the handle names a value just now, idle or in a step. For looking: who means to use the value uses it,
    /// and hears.
    ///
    /// # Examples
    ///
    /// ```
    /// let table = quitclaim::Table::new(16);
    /// let mut owner = table.owner("example");
    /// let handle = owner.acquire("a value")?;
    /// assert!(table.contains(handle));
    /// drop(owner);
    /// assert!(!table.contains(handle));
    /// # Ok::<(), quitclaim::AcquireError<&str>>(())
    /// ```
    #[must_use]
    pub fn contains(&self, handle: Handle) -> bool {
        handle.unmask(self.key()).is_some_and(|place| self.is_live(place))
    }

    /// Handles that name a value now: the *Handle Count*. Exact when no operation is under way.
    #[must_use]
    pub fn len(&self) -> usize {
        let (acquired, freed) = self.counters.turnover();
        self.within_capacity(acquired.saturating_sub(freed.total()))
    }

    /// Whether no handle names a value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Values that fit in at once.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.pool.capacity() as usize
    }

    /// Handles one owner may have at once; `usize::MAX` if nothing was said.
    #[must_use]
    pub fn quota(&self) -> usize {
        self.quota
    }

    /// Sets the table's clock, from which ages are reckoned: time since any origin that the caller keeps to. It never
    /// goes back. Call it once a turn of an event loop, say: handles acquired between two ticks are of one age.
    ///
    /// **Without ticks nothing ages.** The first one starts the clock: what was acquired before is as old as if it had
    /// been acquired just then.
    ///
    /// # Examples
    ///
    /// ```
    /// let table = quitclaim::Table::new(16);
    /// let started = std::time::Instant::now();
    /// let mut owner = table.owner("example");
    /// owner.acquire("a value")?;
    /// table.tick(started.elapsed());
    /// assert!(table.census().all(|entry| entry.age <= started.elapsed()));
    /// # Ok::<(), quitclaim::AcquireError<&str>>(())
    /// ```
    pub fn tick(&self, now: Duration) {
        let now = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX).min(NO_TICK - 1);
        // Relaxed, here and below: a clock orders nothing.
        let origin = self.origin.compare_exchange(NO_TICK, now, Relaxed, Relaxed).map_or_else(|first| first, |_| now);
        self.now.fetch_max(now.saturating_sub(origin), Relaxed);
    }

    /// Counters. Reading them costs a few hundred loads: for a scrape, not for a hot path.
    ///
    /// # Examples
    ///
    /// ```
    /// let table = quitclaim::Table::new(16);
    /// let mut owner = table.owner("example");
    /// let handle = owner.acquire("a value")?;
    /// assert!(owner.step(handle, |_| Err::<(), _>("denied")).is_err());
    /// let stats = table.stats();
    /// assert_eq!((stats.live, stats.acquired, stats.freed.failed), (0, 1, 1));
    /// # Ok::<(), quitclaim::AcquireError<&str>>(())
    /// ```
    #[must_use]
    pub fn stats(&self) -> Stats {
        let (acquired, freed) = self.counters.turnover();
        Stats {
            capacity: self.capacity(),
            live: self.within_capacity(acquired.saturating_sub(freed.total())),
            // Slots that replace retired ones are counted too.
            high_water: self.within_capacity(self.counters.total(Event::FirstUse)),
            acquired,
            freed,
            refused: self.counters.refused(),
            retired: self.pool.retired() as usize,
        }
    }

    /// A number of slots, which may have been read in the middle of a storm ([`Stats`]).
    fn within_capacity(&self, number: u64) -> usize {
        usize::try_from(number).unwrap_or(usize::MAX).min(self.capacity())
    }

    pub(crate) fn is_live(&self, place: Place) -> bool {
        self.pool.slot(place.index).is_some_and(|slot| slot.word().is_live(place))
    }

    pub(crate) fn key(&self) -> u64 {
        self.key.load(Relaxed) // Relaxed: changes in the child of a fork only
    }

    pub(crate) fn sweeps(&self) -> u64 {
        self.sweeps.load(Relaxed) // Relaxed: a hint
    }

    pub(crate) fn now(&self) -> u64 {
        self.now.load(Relaxed) // Relaxed: a clock orders nothing
    }

    /// Vacates the slot, and only then hands out the value, so that foreign code in its `Drop` meets a whole table.
    #[inline]
    pub(crate) fn remove(&self, doomed: Doomed<'_, T>) -> T {
        self.pool.remove(doomed, Bearer::current())
    }

    #[cold]
    pub(crate) fn refuse<E>(&self, event: Event, error: E) -> E {
        self.counters.count(event, Bearer::current());
        error
    }
}

const NO_TICK: u64 = u64::MAX;

/// A random number. With the process in it, because a forked child goes on with its parent's.
pub(crate) fn new_key() -> u64 {
    RandomState::new().hash_one(std::process::id())
}

/// A step that panics frees its handle and leaves nothing half-done, so a table is whole after any panic.
impl<T> RefUnwindSafe for Table<T> {}
impl<T> UnwindSafe for Table<T> {}

impl<T> fmt::Debug for Table<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("live", &self.len()).field("capacity", &self.capacity()).finish_non_exhaustive()
    }
}
