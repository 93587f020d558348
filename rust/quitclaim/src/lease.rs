//! A pin by anyone: reads, from any thread, beside the owner.

use crate::error::LeaseError;
use crate::handle::{Handle, Place};
use crate::slot::{Pinned, Refusal};
use crate::stats::Event;
use crate::table::Table;
use std::fmt;
use std::ops::Deref;

/// A counted reference to a value in a [`Table`], made by [`Table::lease`].
///
/// While it lives the value is neither stepped nor dropped (I3). Freeing the handle does not wait for it: the handle is
/// stale at once, and the value is dropped by whoever drops the last lease, on that thread. **A lease that is forgotten
/// (`mem::forget`) pins its slot for ever.**
///
/// # Examples
///
/// ```
/// let table = quitclaim::Table::new(16);
/// let mut owner = table.owner("example");
/// let handle = owner.acquire(String::from("a value"))?;
/// let lease = table.lease(handle)?;
/// drop(owner);
/// assert_eq!(*lease, "a value");                  // freed, and still here
/// assert!(table.lease(handle).is_err());          // but named by nothing
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a lease pins its value until it is dropped"]
pub struct Lease<'t, T> {
    table: &'t Table<T>,
    /// `None` only while being dropped.
    pinned: Option<Pinned<'t, T>>,
}

impl<T> Table<T> {
    /// Pins the value of a handle, from any thread: while the lease lives its owner's steps are refused and the value
    /// is not dropped (I3).
    ///
    /// # Errors
    ///
    /// [`LeaseError::Stale`] if the handle was freed, or is of another table; [`LeaseError::InStep`] if its owner has
    /// the value to itself; [`LeaseError::TooMany`] at 2³⁰ − 1 leases.
    ///
    /// # Examples
    ///
    /// ```
    /// let table = quitclaim::Table::new(16);
    /// let mut owner = table.owner("example");
    /// let handle = owner.acquire("a value")?;
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| assert_eq!(*table.lease(handle).unwrap(), "a value"));
    /// });
    /// # Ok::<(), quitclaim::AcquireError<&str>>(())
    /// ```
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
    ///
    /// # Examples
    ///
    /// ```
    /// let table = quitclaim::Table::new(16);
    /// let mut owner = table.owner("example");
    /// let handle = owner.acquire("a value")?;
    /// let all: Vec<_> = table.leases().map(|(handle, lease)| (handle, *lease)).collect();
    /// assert_eq!(all, [(handle, "a value")]);
    /// # Ok::<(), quitclaim::AcquireError<&str>>(())
    /// ```
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
}

impl<'t, T> Lease<'t, T> {
    fn new(table: &'t Table<T>, pinned: Pinned<'t, T>) -> Self {
        Self { table, pinned: Some(pinned) }
    }
}

impl<T> Deref for Lease<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.pinned.as_ref().expect("a lease is pinned until it is dropped").value()
    }
}

impl<T> Drop for Lease<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if let Some(doomed) = self.pinned.take().and_then(Pinned::unpin) {
            drop(self.table.remove(doomed));
        }
    }
}

/// Without the value, which may be a secret.
impl<T> fmt::Debug for Lease<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lease(..)")
    }
}
