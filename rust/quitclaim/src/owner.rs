//! Who is responsible for handles: the only way in and out of a table.

use crate::error::{AcquireError, NotTaken, StaleHandle, StepError};
use crate::handle::{Handle, NO_SLOT, Place};
use crate::holdings::Holdings;
use crate::label::Label;
use crate::slot::{Doom, Slot};
use crate::stats::{Cause, Event};
use crate::step::{self, Step};
use crate::table::Table;
use crate::thread::Bearer;
use std::convert::Infallible;
use std::fmt;
use std::mem;
use std::ops::Deref;
use std::sync::Arc;

/// Whoever acquires handles in a [`Table`], uses them and answers for them: **dropping an owner frees what it
/// acquired** (I5), whatever the path. One for each connection is the rule.
///
/// There is no `get`: an owner uses a value by a [`step`](Self::step), which has it alone and, if it fails, frees it.
///
/// An owner kept for ever still leaks: give each connection its own. `mem::forget` of an owner leaves its values in
/// the table until that is dropped, or [reaps](Table::reap) them.
///
/// # Examples
///
/// ```
/// # fn verify(state: &mut u32) -> Result<(), std::fmt::Error> { if *state == 0 { Err(std::fmt::Error) } else { Ok(()) } }
/// let table = quitclaim::Table::new(16);
/// {
///     let mut owner = table.owner("192.0.2.7:4711");
///     let denied = owner.acquire(0)?;
///     let granted = owner.acquire(1)?;
///     assert!(owner.step(denied, verify).is_err());
///     assert_eq!(table.len(), 1);                             // the failed step freed its handle
///     owner.step(granted, verify)?;
/// }                                                           // the connection is lost here
/// assert_eq!(table.len(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Owner<'t, T> {
    table: TableRef<'t, T>,
    /// I5. Every handle acquired and not freed by this owner; some may have been reaped since.
    holdings: Holdings,
    /// The table's count of sweeps when the list was last known to hold nothing reaped.
    sweeps_seen: u64,
    /// Where the label is, for the fields of slots, and for giving it back.
    label: Option<Place>,
}

enum TableRef<'t, T> {
    Borrowed(&'t Table<T>),
    Shared(Arc<Table<T>>),
}

impl<T> Deref for TableRef<'_, T> {
    type Target = Table<T>;

    #[inline]
    fn deref(&self) -> &Table<T> {
        match self {
            Self::Borrowed(table) => table,
            Self::Shared(table) => table,
        }
    }
}

impl<T> Table<T> {
    /// Someone who may acquire handles here, and whose handles are freed when it is dropped (I5). One for each
    /// connection is the rule. The label is for [`census`](Self::census); an empty one costs nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// let table = quitclaim::Table::new(16);
    /// {
    ///     let mut owner = table.owner("192.0.2.7:4711");
    ///     owner.acquire("half an exchange")?;
    ///     assert_eq!(table.len(), 1);
    /// }
    /// assert_eq!(table.len(), 0);
    /// # Ok::<(), quitclaim::AcquireError<&str>>(())
    /// ```
    #[must_use = "an owner frees what it acquired when it is dropped"]
    pub fn owner(&self, label: &str) -> Owner<'_, T> {
        Owner::of(TableRef::Borrowed(self), label)
    }
}

impl<'t, T> Owner<'t, T> {
    /// The table.
    #[must_use]
    pub fn table(&self) -> &Table<T> {
        &self.table
    }

    /// Handles this owner holds now. Walks its list, because handles are reaped behind its back.
    #[must_use]
    pub fn len(&self) -> usize {
        self.holdings.iter().filter(|&place| self.table.is_live(place)).count()
    }

    /// Whether this owner holds no handle.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.holdings.iter().any(|place| self.table.is_live(place))
    }

    /// Whether the handle names a value of this owner's.
    #[must_use]
    pub fn owns(&self, handle: Handle) -> bool {
        self.find(handle).is_some_and(|(place, ..)| self.table.is_live(place))
    }

    /// Puts a value into the table and names it.
    ///
    /// # Errors
    ///
    /// [`AcquireError::TableFull`] if this thread finds no free slot, [`AcquireError::OverQuota`] if the owner holds
    /// as many handles as [`Table::with_quota`] allows. The value comes back inside.
    ///
    /// # Examples
    ///
    /// ```
    /// use quitclaim::{AcquireError, Table};
    ///
    /// let table = Table::new(1);
    /// let mut owner = table.owner("example");
    /// owner.acquire("a value")?;
    /// assert_eq!(owner.acquire("another"), Err(AcquireError::TableFull("another")));
    /// # Ok::<(), quitclaim::AcquireError<&str>>(())
    /// ```
    #[inline]
    pub fn acquire(&mut self, value: T) -> Result<Handle, AcquireError<T>> {
        if self.holdings.len() >= self.table.quota() || self.holdings.is_full() {
            self.strike_out_reaped();
            if self.holdings.len() >= self.table.quota() {
                return Err(self.table.refuse(Event::Quota, AcquireError::OverQuota(value)));
            }
        }
        let table = &*self.table;
        let bearer = Bearer::current();
        let Some(vacant) = table.pool.pop(bearer) else {
            return Err(table.refuse(Event::Full, AcquireError::TableFull(value)));
        };
        let label = self.label.map_or(NO_SLOT, |place| place.index);
        // Before the handle is published: a reaper may count its end at once, and `live` is never below zero.
        table.counters.count(Event::Acquired, bearer);
        let place = self.holdings.insert(|position| vacant.fill(value, position, label, table.now()));
        if place.generation == 0 {
            table.counters.count(Event::FirstUse, bearer);
        }
        Ok(Handle::mask(place, table.key()))
    }

    /// Uses a value: `function` has it alone. `Ok` puts it back; **`Err`, or a panic, frees the handle** and drops the
    /// value before the caller sees the error (I7).
    ///
    /// # Errors
    ///
    /// [`StepError::Failed`] with what `function` returned. Otherwise `function` did not run and nothing has changed:
    /// [`StepError::Stale`], [`StepError::Leased`], or [`StepError::InStep`] if the value is [taken](Self::take).
    ///
    /// # Panics
    ///
    /// If `function` does; the handle is freed first.
    ///
    /// # Examples
    ///
    /// ```
    /// use quitclaim::{StepError, Table};
    ///
    /// let table = Table::new(16);
    /// let mut owner = table.owner("example");
    /// let handle = owner.acquire(1)?;
    /// let doubled = owner.step(handle, |value| {
    ///     *value *= 2;
    ///     Ok::<_, &str>(*value)
    /// });
    /// assert_eq!(doubled, Ok(2));
    /// assert_eq!(owner.step(handle, |_| Err::<(), _>("denied")), Err(StepError::Failed("denied")));
    /// assert_eq!(owner.step(handle, |_| Ok::<_, &str>(())), Err(StepError::Stale));
    /// # Ok::<(), quitclaim::AcquireError<i32>>(())
    /// ```
    #[inline]
    pub fn step<R, E>(
        &mut self,
        handle: Handle,
        function: impl FnOnce(&mut T) -> Result<R, E>,
    ) -> Result<R, StepError<E>> {
        let mut step = Step::begin(&self.table, &mut self.holdings, handle)?;
        match function(step.value()) {
            Ok(result) => {
                step.put_back();
                Ok(result)
            }
            Err(error) => {
                step.fail();
                Err(StepError::Failed(error))
            }
        }
    }

    /// Takes a value out for a step whose end no borrow can wait for; [`put`](Self::put) ends it well. Until then the
    /// handle stays acquired and every other use of it is refused. For bindings, whose guard must call
    /// [`free_as`](Self::free_as) when it is dropped without an end.
    ///
    /// # Errors
    ///
    /// As [`step`](Self::step), but never [`StepError::Failed`].
    ///
    /// # Examples
    ///
    /// ```
    /// use quitclaim::{Cause, StepError, Table};
    ///
    /// let table = Table::new(16);
    /// let mut owner = table.owner("example");
    /// let handle = owner.acquire("a value")?;
    /// let value = owner.take(handle).unwrap();
    /// assert_eq!(owner.take(handle), Err(StepError::InStep));
    /// owner.put(handle, value).unwrap();                          // it went well
    ///
    /// let value = owner.take(handle).unwrap();
    /// owner.free_as(handle, Cause::Cancelled).unwrap();           // it did not
    /// assert_eq!(owner.put(handle, value).unwrap_err().0, "a value");
    /// # Ok::<(), quitclaim::AcquireError<&str>>(())
    /// ```
    pub fn take(&mut self, handle: Handle) -> Result<T, StepError<Infallible>> {
        let (_, lent) = step::lend(&self.table, &mut self.holdings, handle)?;
        Ok(lent.take())
    }

    /// Puts a taken value back.
    ///
    /// # Errors
    ///
    /// [`NotTaken`] with the value, if nothing is taken under this handle: it was freed meanwhile.
    ///
    /// # Examples
    ///
    /// As of [`take`](Self::take).
    pub fn put(&mut self, handle: Handle, value: T) -> Result<(), NotTaken<T>> {
        match self.find(handle) {
            Some((place, _, slot)) => slot.put(place, value).map_err(NotTaken),
            None => Err(NotTaken(value)),
        }
    }

    /// Ends the life of a handle and gives its value back, or `None` if it is not here: leased (the last lease drops
    /// it) or taken (the taker has it). The handle is stale in either case (I2).
    ///
    /// # Errors
    ///
    /// [`StaleHandle`] if the handle names nothing of this owner's.
    ///
    /// # Examples
    ///
    /// ```
    /// let table = quitclaim::Table::new(16);
    /// let mut owner = table.owner("example");
    /// let handle = owner.acquire("a value")?;
    /// assert_eq!(owner.free(handle), Ok(Some("a value")));
    /// assert_eq!(owner.free(handle), Err(quitclaim::StaleHandle));
    /// # Ok::<(), quitclaim::AcquireError<&str>>(())
    /// ```
    #[inline]
    pub fn free(&mut self, handle: Handle) -> Result<Option<T>, StaleHandle> {
        self.free_as(handle, Cause::Done)
    }

    /// [`free`](Self::free), counted under another cause: for a binding, and for a protocol in which a peer can cancel.
    ///
    /// # Errors
    ///
    /// As [`free`](Self::free).
    #[inline]
    pub fn free_as(&mut self, handle: Handle, cause: Cause) -> Result<Option<T>, StaleHandle> {
        let Some((place, position, slot)) = self.find(handle) else {
            return Err(self.table.refuse(Event::Stale, StaleHandle));
        };
        let freed = end(&self.table, slot, place, cause);
        self.holdings.remove(position);
        freed.map_err(|stale| self.table.refuse(Event::Stale, stale))
    }

    /// Frees all of this owner's handles, as its drop does, and hands each value to `each` once its slot is vacant.
    /// Leased and taken values are dropped by those who have them.
    ///
    /// # Panics
    ///
    /// If `each` does. What was freed is freed; the rest stays, and the owner's drop frees it. (That drop itself goes on
    /// when a value's drop panics; at a second panic Rust aborts.)
    ///
    /// # Examples
    ///
    /// ```
    /// let table = quitclaim::Table::new(16);
    /// let mut owner = table.owner("example");
    /// owner.acquire("a value")?;
    /// let mut values = Vec::new();
    /// owner.free_all_with(|value| values.push(value));
    /// assert_eq!(values, ["a value"]);
    /// # Ok::<(), quitclaim::AcquireError<&str>>(())
    /// ```
    pub fn free_all_with(&mut self, mut each: impl FnMut(T)) {
        while let Some(place) = self.holdings.pop() {
            let Some(slot) = self.table.pool.slot(place.index) else { continue };
            if let Ok(Some(value)) = end(&self.table, slot, place, Cause::Owner) {
                each(value);
            }
        }
    }

    fn of(table: TableRef<'t, T>, label: &str) -> Self {
        let (label, sweeps_seen) = (take_label(&table, label), table.sweeps());
        Self { table, holdings: Holdings::EMPTY, sweeps_seen, label }
    }

    #[inline]
    fn find(&self, handle: Handle) -> Option<(Place, u32, &Slot<T>)> {
        step::find(&self.table, &self.holdings, handle)
    }

    /// Strikes from the list what others freed. Walks it only if somebody has reaped since the last walk, so that a peer
    /// at its quota cannot make us walk by asking again.
    #[cold]
    fn strike_out_reaped(&mut self) {
        let table = &*self.table;
        let sweeps = table.sweeps();
        if mem::replace(&mut self.sweeps_seen, sweeps) == sweeps {
            return;
        }
        self.holdings.retain(|place| table.is_live(place));
    }
}

impl<T> Owner<'static, T> {
    /// An owner that keeps its table alive, for bindings and tasks that cannot borrow. Costs an `Arc` clone and drop.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// let table = Arc::new(quitclaim::Table::new(16));
    /// let mut owner = quitclaim::Owner::shared(Arc::clone(&table), "a task");
    /// std::thread::spawn(move || owner.acquire("a value").map(drop)).join().unwrap()?;
    /// assert!(table.is_empty());
    /// # Ok::<(), quitclaim::AcquireError<&str>>(())
    /// ```
    #[must_use = "an owner frees what it acquired when it is dropped"]
    pub fn shared(table: Arc<Table<T>>, label: &str) -> Self {
        Self::of(TableRef::Shared(table), label)
    }
}

impl<T> Drop for Owner<'_, T> {
    fn drop(&mut self) {
        /// Goes on with the rest when a value's own drop panics.
        struct Rest<'o, 't, T>(&'o mut Owner<'t, T>);
        impl<T> Drop for Rest<'_, '_, T> {
            fn drop(&mut self) {
                self.0.free_all_with(drop);
                if let Some(place) = self.0.label.take() {
                    give_label_back(&self.0.table, place);
                }
            }
        }
        let rest = Rest(self);
        rest.0.free_all_with(drop);
    }
}

impl<T> fmt::Debug for Owner<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Owner").field("live", &self.len()).finish_non_exhaustive()
    }
}

/// Frees the handle of a place this owner acquired, unless somebody else did; gives the value, if it is here.
#[inline(always)]
#[expect(clippy::inline_always, reason = "out of line it copies a value that nobody looks at: a tenth of a churn")]
fn end<T>(table: &Table<T>, slot: &Slot<T>, place: Place, cause: Cause) -> Result<Option<T>, StaleHandle> {
    let bearer = Bearer::current();
    let value = match slot.doom(place) {
        Doom::Ours(doomed) => Some(table.pool.remove(doomed, bearer)),
        Doom::Leased => None,
        // Lent, and yet this owner is here and in no step: it is out with take().
        Doom::Lent => {
            table.pool.push(slot.vacate_taken(place).ok_or(StaleHandle)?, bearer);
            None
        }
        Doom::Stale => return Err(StaleHandle),
    };
    table.counters.count(Event::Freed(cause), bearer);
    Ok(value)
}

fn take_label<T>(table: &Table<T>, label: &str) -> Option<Place> {
    if label.is_empty() {
        return None;
    }
    // With two thousand million labelled owners the next one goes without.
    let vacant = table.labels.pop(Bearer::current())?;
    Some(vacant.fill(Label::new(label), 0, NO_SLOT, 0))
}

fn give_label_back<T>(table: &Table<T>, place: Place) {
    let labels = &table.labels;
    if let Some(Doom::Ours(doomed)) = labels.slot(place.index).map(|slot| slot.doom(place)) {
        labels.remove(doomed, Bearer::current());
    }
}
