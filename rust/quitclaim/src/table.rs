//! The table: it leases and counts. Values enter and leave through an [`Owner`].

use crate::census::{self, Entry, Label};
use crate::error::LeaseError;
use crate::handle::{Handle, NO_SLOT, Place};
use crate::lease::Lease;
use crate::owner::Owner;
use crate::shard::{self, Pool};
use crate::slot::{Doom, Doomed, Refusal, State};
use crate::stats::{Cause, Counters, Event, Stats};
use crate::sync::{Relaxed, UnorderedU64};
use crate::thread::Bearer;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::time::Duration;

/// A bounded, lock-free table of values that are named by [`Handle`]s and always given back.
///
/// Values enter and leave through an [`Owner`]; whoever has the table alone can lease, count and reap. No operation
/// takes a lock, none waits for another thread, and none allocates but growth and an owner's own list. Share it by
/// reference, or in an `Arc` with [`Owner::shared`].
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
    pool: Pool<T>,
    /// Owners' labels, which [`census`](Self::census) reads. No handles: their places are in the slots' fields.
    labels: Pool<Label>,
    counters: Counters,
    key: UnorderedU64,
    /// Nanoseconds since the caller's origin.
    now: UnorderedU64,
    /// Sweeps that freed something: tells owners that their lists may hold what is gone.
    sweeps: UnorderedU64,
    quota: usize,
}

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "handles that were in a step are still there"]
pub struct Reaped {
    /// Handles freed. The values of those that were leased are dropped with their last lease.
    pub freed: usize,
    /// Handles old enough that were in a step and stayed.
    pub in_step: usize,
}

impl<T> Table<T> {
    /// A table for so many values at once. Memory is taken as slots are first used, not now.
    ///
    /// All of a small capacity, and seven eighths of a large one, can be used by any one thread; the rest may wait in
    /// other threads' magazines.
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
            key: UnorderedU64::new(RandomState::new().hash_one(0)),
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

    /// Someone who may acquire handles here, and whose handles are freed when it is dropped (I5). One for each
    /// connection is the rule. The label is for [`census`](Self::census); an empty one costs nothing.
    #[must_use = "an owner frees what it acquired when it is dropped"]
    pub fn owner(&self, label: &str) -> Owner<'_, T> {
        Owner::borrowed(self, label)
    }

    /// Pins the value of a handle, from any thread: while the lease lives its owner's steps are refused and the value
    /// is not dropped (I3).
    ///
    /// # Errors
    ///
    /// [`LeaseError::Stale`] if the handle was freed, or is of another table; [`LeaseError::InStep`] if its owner has
    /// the value to itself; [`LeaseError::TooMany`] at 2³⁰ − 1 leases.
    #[inline]
    pub fn lease(&self, handle: Handle) -> Result<Lease<'_, T>, LeaseError>
    where
        T: Sync,
    {
        let found = handle.unmask(self.key()).and_then(|place| Some((self.pool.slot(place.index)?, place)));
        match found.map(|(slot, place)| slot.pin(place)) {
            Some(Ok(pinned)) => Ok(Lease::new(self, pinned)),
            Some(Err(Refusal::InStep)) => Err(self.refuse(Event::InStep, LeaseError::InStep)),
            Some(Err(Refusal::TooMany)) => Err(self.refuse(Event::Leased, LeaseError::TooMany)),
            Some(Err(Refusal::Stale | Refusal::Leased)) | None => Err(self.refuse(Event::Stale, LeaseError::Stale)),
        }
    }

    /// A lease of each value that is idle when the walk comes by, with its handle.
    pub fn leases(&self) -> impl Iterator<Item = (Handle, Lease<'_, T>)>
    where
        T: Sync,
    {
        self.pool.slots().filter_map(|(index, slot)| {
            let word = slot.word();
            let place = Place { index, generation: word.generation() };
            let pinned = slot.pin(place).ok()?;
            Some((Handle::mask(place, self.key()), Lease::new(self, pinned)))
        })
    }

    /// Handles that name a value now: the *Handle Count*. Exact when no operation is under way.
    #[must_use]
    pub fn len(&self) -> usize {
        let live = usize::try_from(self.counters.live()).unwrap_or(usize::MAX);
        live.min(self.capacity()) // it may be read in the middle of a storm (Stats)
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
    /// goes back.
    pub fn tick(&self, now: Duration) {
        let now = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
        self.now.fetch_max(now, Relaxed); // Relaxed: a clock orders nothing
    }

    /// Frees what was acquired `older_than` ago or longer, idle or leased; skips and counts what is in a step.
    ///
    /// Values are dropped before it returns, on this thread, save those leased.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let table = quitclaim::Table::new(16);
    /// let mut owner = table.owner("stalled");
    /// let handle = owner.acquire("half an exchange")?;
    /// table.tick(Duration::from_secs(300));
    /// assert_eq!(table.reap(Duration::from_secs(60)).freed, 1);
    /// assert!(owner.free(handle).is_err());
    /// # Ok::<(), quitclaim::AcquireError<&str>>(())
    /// ```
    pub fn reap(&self, older_than: Duration) -> Reaped {
        self.reap_with(older_than, drop)
    }

    /// [`reap`](Self::reap) that hands each value to `each` once its slot is vacant, in place of dropping it.
    pub fn reap_with(&self, older_than: Duration, each: impl FnMut(T)) -> Reaped {
        let age = u64::try_from(older_than.as_nanos()).ok();
        // An age that no handle can have reached reaps nothing, not everything.
        match age.and_then(|age| self.now().checked_sub(age)) {
            Some(newest) => self.sweep(newest, Cause::Reaped, each),
            None => Reaped::default(),
        }
    }

    /// Frees whatever is not in a step, of any age: for a stop. Owners stay, and find their handles stale.
    pub fn drain(&self) -> Reaped {
        self.drain_with(drop)
    }

    /// [`drain`](Self::drain) that hands each value to `each` once its slot is vacant, in place of dropping it.
    pub fn drain_with(&self, each: impl FnMut(T)) -> Reaped {
        self.sweep(u64::MAX, Cause::Drained, each)
    }

    fn sweep(&self, newest: u64, cause: Cause, mut each: impl FnMut(T)) -> Reaped {
        let mut reaped = Reaped::default();
        for (index, slot) in self.pool.slots() {
            let word = slot.word();
            if !matches!(word.state(), State::Idle | State::Lent) || slot.stamp() > newest {
                continue;
            }
            let place = Place { index, generation: word.generation() };
            let doom = slot.doom(place);
            match &doom {
                Doom::Stale => continue,
                Doom::Lent => {
                    reaped.in_step += 1;
                    continue;
                }
                Doom::Ours(_) | Doom::Leased => {
                    self.counters.count(Event::Freed(cause), Bearer::current());
                    reaped.freed += 1;
                }
            }
            self.sweeps.fetch_add(1, Relaxed); // Relaxed: an owner may learn of it late
            if let Doom::Ours(doomed) = doom {
                each(self.remove(doomed));
            }
        }
        reaped
    }

    /// Counters. Reading them costs a few hundred loads: for a scrape, not for a hot path.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let (acquired, freed) = self.counters.turnover();
        let retired = self.pool.retired() as usize;
        Stats {
            capacity: self.capacity(),
            live: count(acquired.saturating_sub(freed.total())).min(self.capacity()),
            // A slot that replaces a retired one is no further slot.
            high_water: count(self.counters.total(Event::FirstUse)).saturating_sub(retired),
            acquired,
            freed,
            refused: self.counters.refused(),
            retired,
        }
    }

    /// What is in the table, slot by slot, read beside writers: an entry was true when the iterator gave it; what
    /// changed hands just then is left out.
    ///
    /// # Examples
    ///
    /// ```
    /// let table = quitclaim::Table::new(16);
    /// let mut owner = table.owner("192.0.2.7:4711");
    /// owner.acquire("half an exchange")?;
    /// for entry in table.census() {
    ///     println!("{} {} {:?} {}", entry.handle, entry.owner, entry.age, entry.state);
    /// }
    /// # Ok::<(), quitclaim::AcquireError<&str>>(())
    /// ```
    pub fn census(&self) -> impl Iterator<Item = Entry> {
        let (key, now) = (self.key(), self.now());
        self.pool.slots().filter_map(move |(index, slot)| census::read(index, slot, &self.labels, key, now))
    }

    /// Makes the table of a forked child its own: **for the child of a fork, before it uses the table.**
    ///
    /// All handles become stale, values are forgotten and never dropped (they are the parent's), the counters start
    /// at zero, and handles are masked anew, by `key` among others: a number that the parent's other children do not
    /// give. Owners that came along own nothing.
    ///
    /// What was under way when the process forked is as it was. A value in the middle of a Rust [`step`](Owner::step)
    /// stays and counts as live: this thread's step goes on, another thread's is lost to this process with its slot. So
    /// are slots that another thread leased or was just moving. A value that this thread leases is dropped with the lease.
    /// (A [taken](Owner::take) value is its taker's: its place is vacated, and putting it back fails.)
    ///
    /// Harmless elsewhere, but it leaks every value.
    ///
    /// # Examples
    ///
    /// ```
    /// let table = quitclaim::Table::new(16);
    /// let mut owner = table.owner("the parent's");
    /// let handle = owner.acquire("a value")?;
    /// table.forget_all(u64::from(std::process::id()));     // in the child
    /// assert!(table.is_empty() && owner.free(handle).is_err());
    /// # Ok::<(), quitclaim::AcquireError<&str>>(())
    /// ```
    pub fn forget_all(&self, key: u64) {
        let mut in_step = 0;
        for (index, slot) in self.pool.slots() {
            let place = Place { index, generation: slot.word().generation() };
            match slot.doom(place) {
                Doom::Ours(doomed) => std::mem::forget(self.remove(doomed)),
                Doom::Lent => match slot.vacate_taken(place) {
                    Some(vacated) => self.pool.push(vacated, Bearer::current()),
                    None => in_step += 1,
                },
                Doom::Leased | Doom::Stale => {}
            }
        }
        // Mixed, so that no choice of keys brings an earlier mask back.
        let key = RandomState::new().hash_one((self.key(), key));
        self.key.store(key, Relaxed); // Relaxed, here and below: the child has one thread
        self.sweeps.fetch_add(1, Relaxed);
        self.counters.reset(in_step);
    }

    pub(crate) fn pool(&self) -> &Pool<T> {
        &self.pool
    }

    pub(crate) fn labels(&self) -> &Pool<Label> {
        &self.labels
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
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
        self.pool.remove(doomed)
    }

    #[cold]
    pub(crate) fn refuse<E>(&self, event: Event, error: E) -> E {
        self.counters.count(event, Bearer::current());
        error
    }
}

/// A step that panics frees its handle and leaves nothing half-done, so a table is whole after any panic.
impl<T> RefUnwindSafe for Table<T> {}
impl<T> UnwindSafe for Table<T> {}

impl<T> fmt::Debug for Table<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("live", &self.len()).field("capacity", &self.capacity()).finish_non_exhaustive()
    }
}
