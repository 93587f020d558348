//! One use of a value by its owner: found in the owner's list, lent, and put back or freed.

use crate::error::StepError;
use crate::handle::{Handle, Place};
use crate::holdings::Holdings;
use crate::slot::{Lent, Refusal, Slot};
use crate::stats::{Cause, Event};
use crate::table::Table;
use crate::thread::Bearer;
use std::mem;

/// A value in a step. Dropped before the step's end, which a panic does, it frees the handle.
pub(crate) struct Step<'o, T> {
    table: &'o Table<T>,
    holdings: &'o mut Holdings,
    position: u32,
    /// `None` once the step has ended.
    lent: Option<Lent<'o, T>>,
}

impl<'o, T> Step<'o, T> {
    #[inline]
    pub(crate) fn begin<E>(
        table: &'o Table<T>,
        holdings: &'o mut Holdings,
        handle: Handle,
    ) -> Result<Self, StepError<E>> {
        let (position, lent) = lend(table, holdings, handle)?;
        Ok(Self { table, holdings, position, lent: Some(lent) })
    }

    #[inline]
    pub(crate) fn value(&mut self) -> &mut T {
        self.lent.as_mut().expect("lent until the step ends").value()
    }

    #[inline]
    pub(crate) fn put_back(mut self) {
        if let Some(lent) = self.lent.take() {
            lent.put_back();
        }
        // Nothing is left to drop; said aloud, because the compiler calls the drop out of line (7 % of a churn).
        mem::forget(self);
    }

    #[inline]
    pub(crate) fn fail(mut self) {
        let value = self.remove(Cause::Failed);
        mem::forget(self); // as in put_back()
        drop(value);
    }

    /// I7. The handle is freed; the value is the caller's to drop.
    #[inline]
    fn remove(&mut self, cause: Cause) -> Option<T> {
        let (value, vacated) = self.lent.take()?.remove();
        let bearer = Bearer::current();
        self.holdings.remove(self.position);
        self.table.pool.push(vacated, bearer);
        self.table.counters.count(Event::Freed(cause), bearer);
        Some(value)
    }
}

impl<T> Drop for Step<'_, T> {
    /// Only a panic comes here. Cold, so that `remove` is worked into `fail`, where no value is copied for nothing.
    #[cold]
    fn drop(&mut self) {
        drop(self.remove(Cause::Cancelled));
    }
}

/// The place of a handle that the owner of this list acquired and has not freed; it may have been reaped.
///
/// By the owner's own list, and before any CAS: a step with somebody else's handle must not lend, for an instant,
/// what its rightful owner is about to step.
#[inline]
pub(crate) fn find<'t, T>(
    table: &'t Table<T>,
    holdings: &Holdings,
    handle: Handle,
) -> Option<(Place, u32, &'t Slot<T>)> {
    let place = handle.unmask(table.key())?;
    let slot = table.pool.slot(place.index)?;
    let position = slot.near();
    holdings.holds(position, place).then_some((place, position, slot))
}

#[inline]
pub(crate) fn lend<'t, T, E>(
    table: &'t Table<T>,
    holdings: &mut Holdings,
    handle: Handle,
) -> Result<(u32, Lent<'t, T>), StepError<E>> {
    let Some((place, position, slot)) = find(table, holdings, handle) else {
        return Err(table.refuse(Event::Stale, StepError::Stale));
    };
    slot.lend(place).map(|lent| (position, lent)).map_err(|refusal| match refusal {
        Refusal::Leased | Refusal::TooMany => table.refuse(Event::Leased, StepError::Leased),
        Refusal::InStep => table.refuse(Event::InStep, StepError::InStep),
        Refusal::Stale => {
            holdings.remove(position);
            table.refuse(Event::Stale, StepError::Stale)
        }
    })
}
