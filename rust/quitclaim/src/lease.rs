//! A pin by anyone: reads, from any thread, beside the owner.

use crate::slot::Pinned;
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

impl<'t, T> Lease<'t, T> {
    pub(crate) fn new(table: &'t Table<T>, pinned: Pinned<'t, T>) -> Self {
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

impl<T: fmt::Debug> fmt::Debug for Lease<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lease").field(&**self).finish()
    }
}
