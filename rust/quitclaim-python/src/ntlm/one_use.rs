//! What is good for one step, where the compiler cannot see to that.

use crate::error::out_of_sequence;
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A value that one step takes, whatever comes of the step: of two threads, one gets it.
pub(super) struct OneUse<T>(Mutex<Option<T>>);

impl<T> OneUse<T> {
    pub(super) fn new(value: T) -> Self {
        Self(Mutex::new(Some(value)))
    }

    /// The value, for the step that uses it up.
    pub(super) fn take(&self, py: Python<'_>) -> PyResult<T> {
        self.lock(py).take().ok_or_else(out_of_sequence)
    }

    /// Looks at the value, unless a step has used it up.
    pub(super) fn look<R>(&self, py: Python<'_>, look: impl FnOnce(&T) -> R) -> PyResult<R> {
        self.lock(py).as_ref().map(look).ok_or_else(out_of_sequence)
    }

    /// Detached while it waits, because who looks makes Python objects meanwhile.
    fn lock(&self, py: Python<'_>) -> MutexGuard<'_, Option<T>> {
        self.0.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner)
    }
}
