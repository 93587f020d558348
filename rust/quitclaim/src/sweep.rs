//! What frees many handles at once, whoever's they are: by age, for a stop, after a fork.

use crate::handle::Place;
use crate::slot::{Doom, State};
use crate::stats::{Cause, Event};
use crate::sync::Relaxed;
use crate::table::{Table, new_key};
use crate::thread::Bearer;
use std::time::Duration;

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
    /// Frees what was acquired `older_than` ago or longer, idle or leased; skips and counts what is in a step.
    ///
    /// Values are dropped before it returns, on this thread, save those leased. Ages are the clock's:
    /// [`tick`](Self::tick) it.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let table = quitclaim::Table::new(16);
    /// let mut owner = table.owner("stalled");
    /// table.tick(Duration::from_secs(100));
    /// let handle = owner.acquire("half an exchange")?;
    /// table.tick(Duration::from_secs(160));
    /// assert_eq!(table.reap(Duration::from_secs(60)).freed, 1);
    /// assert!(owner.free(handle).is_err());
    /// # Ok::<(), quitclaim::AcquireError<&str>>(())
    /// ```
    pub fn reap(&self, older_than: Duration) -> Reaped {
        self.reap_with(older_than, drop)
    }

    /// [`reap`](Self::reap) that hands each value to `each` once its slot is vacant, in place of dropping it.
    ///
    /// # Panics
    ///
    /// If `each` does (for `reap`: a value's drop). What was freed is freed; the rest stays.
    ///
    /// # Examples
    ///
    /// ```
    /// let table = quitclaim::Table::new(16);
    /// let mut owner = table.owner("stalled");
    /// owner.acquire("half an exchange")?;
    /// let mut reaped = Vec::new();
    /// let _ = table.reap_with(std::time::Duration::ZERO, |value| reaped.push(value));
    /// assert_eq!(reaped, ["half an exchange"]);
    /// # Ok::<(), quitclaim::AcquireError<&str>>(())
    /// ```
    pub fn reap_with(&self, older_than: Duration, each: impl FnMut(T)) -> Reaped {
        let age = u64::try_from(older_than.as_nanos()).ok();
        // An age that no handle can have reached reaps nothing, not everything.
        match age.and_then(|age| self.now().checked_sub(age)) {
            Some(newest) => self.sweep(newest, Cause::Reaped, each),
            None => Reaped::default(),
        }
    }

    /// Frees whatever is not in a step, of any age: for a stop. Owners stay, and find their handles stale.
    ///
    /// # Examples
    ///
    /// ```
    /// let table = quitclaim::Table::new(16);
    /// let mut owner = table.owner("example");
    /// let handle = owner.acquire("a value")?;
    /// assert_eq!(table.drain().freed, 1);
    /// assert!(!owner.owns(handle));
    /// # Ok::<(), quitclaim::AcquireError<&str>>(())
    /// ```
    pub fn drain(&self) -> Reaped {
        self.drain_with(drop)
    }

    /// [`drain`](Self::drain) that hands each value to `each` once its slot is vacant, in place of dropping it.
    ///
    /// # Panics
    ///
    /// As [`reap_with`](Self::reap_with).
    ///
    /// # Examples
    ///
    /// ```
    /// let table = quitclaim::Table::new(16);
    /// let mut owner = table.owner("example");
    /// owner.acquire("a value")?;
    /// let mut drained = Vec::new();
    /// let _ = table.drain_with(|value| drained.push(value));
    /// assert_eq!(drained, ["a value"]);
    /// # Ok::<(), quitclaim::AcquireError<&str>>(())
    /// ```
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
            let value = match slot.doom(place) {
                Doom::Ours(doomed) => Some(self.remove(doomed)),
                Doom::Leased => None,
                Doom::Lent => {
                    reaped.in_step += 1;
                    continue;
                }
                Doom::Stale => continue,
            };
            reaped.freed += 1;
            self.counters.count(Event::Freed(cause), Bearer::current());
            self.sweeps.fetch_add(1, Relaxed); // Relaxed: an owner may learn of it late
            if let Some(value) = value {
                each(value);
            }
        }
        reaped
    }

    /// Makes the table of a forked child its own: **for the child of a fork, before it uses the table.**
    ///
    /// All handles become stale, values are forgotten and never dropped (they are the parent's), the counters start
    /// at zero, and handles are masked with a new key. Owners that came along own nothing.
    ///
    /// What was under way when the process forked is as it was. A value in the middle of a Rust [`step`](crate::Owner::step)
    /// stays and counts as live: this thread's step goes on, another thread's is lost to this process with its slot. So
    /// are slots that another thread leased or was just moving. A value that this thread leases is dropped with the lease.
    /// (A [taken](crate::Owner::take) value is its taker's: its place is vacated, and putting it back fails.)
    ///
    /// Harmless elsewhere, but it leaks every value.
    ///
    /// # Examples
    ///
    /// ```
    /// let table = quitclaim::Table::new(16);
    /// let mut owner = table.owner("the parent's");
    /// let handle = owner.acquire("a value")?;
    /// table.forget_all();                                  // in the child
    /// assert!(table.is_empty() && owner.free(handle).is_err());
    /// # Ok::<(), quitclaim::AcquireError<&str>>(())
    /// ```
    pub fn forget_all(&self) {
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
        self.key.store(new_key(), Relaxed); // Relaxed, here and below: the child has one thread
        self.sweeps.fetch_add(1, Relaxed);
        self.counters.reset(in_step);
    }
}
