//! Refusals. What was handed in comes back in them.

use std::error::Error;
use std::fmt;

/// The handle names nothing of this owner's: it was freed, reaped, is another owner's or another table's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StaleHandle;

/// Why [`Owner::acquire`](crate::Owner::acquire) refused. The value is inside.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AcquireError<T> {
    /// No slot is free for this thread. Try again later, or shed load: nothing is wrong with this owner.
    TableFull(T),
    /// This owner holds as many handles as the table's quota allows one owner.
    OverQuota(T),
}

impl<T> AcquireError<T> {
    /// The value that was not taken in.
    pub fn into_value(self) -> T {
        match self {
            Self::TableFull(value) | Self::OverQuota(value) => value,
        }
    }
}

/// Why a step did not run, or what it failed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StepError<E> {
    /// The handle names nothing of this owner's ([`StaleHandle`]). The function did not run.
    Stale,
    /// Somebody holds a [`Lease`](crate::Lease) of the value. The function did not run and nothing has changed.
    Leased,
    /// The value is out with [`Owner::take`](crate::Owner::take). The function did not run and nothing has changed.
    InStep,
    /// The function ran and returned this; **the handle is freed** and the value dropped (I7).
    Failed(E),
}

/// Why a lease was refused. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeaseError {
    /// The handle names nothing any more.
    Stale,
    /// The owner has the value to itself just now; ask again when its step is over.
    InStep,
    /// 2³⁰ − 1 leases of this value live already.
    TooMany,
}

/// [`Owner::put`](crate::Owner::put) found nothing taken under that handle: it was freed meanwhile. The value is
/// inside.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct NotTaken<T>(pub T);

impl fmt::Display for StaleHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the handle names nothing of this owner's any more")
    }
}

impl<T> fmt::Display for AcquireError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TableFull(_) => "the handle table is full",
            Self::OverQuota(_) => "this owner holds as many handles as its quota allows",
        })
    }
}

/// Without the value, which may be a secret.
impl<T> fmt::Debug for AcquireError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TableFull(_) => "TableFull(..)",
            Self::OverQuota(_) => "OverQuota(..)",
        })
    }
}

/// Without what the step failed with: that is the source, or in the variant.
impl<E> fmt::Display for StepError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stale => StaleHandle.fmt(f),
            Self::Leased => f.write_str("the value is leased"),
            Self::InStep => f.write_str("the value is out with a step already"),
            Self::Failed(_) => f.write_str("the step failed, and its handle is freed"),
        }
    }
}

impl fmt::Display for LeaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stale => "the handle names nothing any more",
            Self::InStep => "the value is in a step of its owner",
            Self::TooMany => "the value has as many leases as can be counted",
        })
    }
}

impl<T> fmt::Display for NotTaken<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing is taken under this handle: it was freed meanwhile")
    }
}

/// Without the value, which may be a secret.
impl<T> fmt::Debug for NotTaken<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NotTaken(..)")
    }
}

impl Error for StaleHandle {}
impl<T> Error for AcquireError<T> {}
impl<E: Error + 'static> Error for StepError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Failed(error) => Some(error),
            Self::Stale | Self::Leased | Self::InStep => None,
        }
    }
}
impl Error for LeaseError {}
impl<T> Error for NotTaken<T> {}
