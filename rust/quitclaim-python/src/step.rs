//! A step: the owner has a value to itself, and a failure frees its handle.

use crate::error::{not_done, not_picklable, not_stepped};
use crate::handle::Handle;
use crate::owner::Owner;
use pyo3::PyTraverseError;
use pyo3::exceptions::PyException;
use pyo3::gc::PyVisit;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;
use quitclaim::Cause;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Calls `function(value)` as one step. The owner is not borrowed meanwhile.
pub(crate) fn run<'py>(
    owner: &Bound<'py, Owner>,
    handle: quitclaim::Handle,
    function: impl FnOnce(Borrowed<'_, 'py, PyAny>) -> PyResult<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let mut taken = Taken::new(owner, handle)?;
    let result = function(taken.value()).and_then(done);
    match &result {
        Ok(_) => taken.put_back(),
        Err(error) => taken.free(cause(error.is_instance_of::<PyException>(owner.py()))),
    }
    result
}

/// The result, unless it is a coroutine: that is closed, because nobody awaits it.
fn done(result: Bound<'_, PyAny>) -> PyResult<Bound<'_, PyAny>> {
    static COROUTINE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let py = result.py();
    if !result.is_exact_instance(COROUTINE.import(py, "types", "CoroutineType")?) {
        return Ok(result);
    }
    result.call_method0("close")?;
    Err(not_done())
}

/// A step whose function is the body of a `with`.
#[pyclass(frozen, weakref, generic, module = "quitclaim")]
pub(crate) struct Step {
    owner: Py<Owner>,
    handle: Handle,
    /// The value, from `__enter__` to `__exit__`. It is this guard's to visit, and nobody else's.
    value: Mutex<Option<Py<PyAny>>>,
}

impl Step {
    pub(crate) fn new(owner: &Bound<'_, Owner>, handle: Handle) -> Self {
        Self { owner: owner.clone().unbind(), handle, value: Mutex::new(None) }
    }

    fn value(&self) -> MutexGuard<'_, Option<Py<PyAny>>> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The step that was entered, to be ended. `None` if it was not, or has ended.
    fn taken<'a, 'py>(&self, owner: &'a Bound<'py, Owner>) -> Option<Taken<'a, 'py>> {
        let value = self.value().take()?;
        Some(Taken { owner, handle: self.handle.0, value: Some(value) })
    }

    /// Ends a step that will see no `__exit__`.
    fn cancel(&self) {
        Python::try_attach(|py| drop(self.taken(self.owner.bind(py))));
    }
}

#[pymethods]
impl Step {
    /// Takes the value out.
    fn __enter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let taken = Taken::new(self.owner.bind(py), self.handle.0)?;
        let given = taken.value().to_owned();
        *self.value() = taken.keep();
        Ok(given)
    }

    /// Puts the value back, or frees the handle if there is an exception. Swallows none.
    #[pyo3(signature = (kind, _exception, _traceback, /), text_signature = "($self, kind, exception, traceback, /)")]
    fn __exit__(
        &self,
        kind: &Bound<'_, PyAny>,
        _exception: &Bound<'_, PyAny>,
        _traceback: &Bound<'_, PyAny>,
    ) -> PyResult<bool> {
        let Some(mut taken) = self.taken(self.owner.bind(kind.py())) else { return Ok(false) };
        if kind.is_none() {
            taken.put_back();
        } else {
            taken.free(cause(kind.cast::<PyType>()?.is_subclass_of::<PyException>()?));
        }
        Ok(false)
    }

    fn __repr__(&self) -> String {
        let state = if self.value().is_some() { "entered" } else { "not entered" };
        format!("<Step of {}, {state}>", self.handle.0)
    }

    /// Refuses to be pickled or copied.
    fn __reduce__(_slf: &Bound<'_, Self>) -> PyResult<()> {
        Err(not_picklable("Step", "it has a value to itself; ask the owner for another step()"))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.owner)?;
        match self.value.try_lock() {
            Ok(value) => visit.call(&*value),
            Err(_) => Ok(()),
        }
    }

    fn __clear__(&self) {
        self.cancel();
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        self.cancel();
    }
}

/// A value that is out with a step, and the promise that the step ends. Dropped without an end, as a panic does, it
/// frees the handle.
struct Taken<'a, 'py> {
    owner: &'a Bound<'py, Owner>,
    handle: quitclaim::Handle,
    /// `None` once the step has ended, or another object has made the promise its own.
    value: Option<Py<PyAny>>,
}

impl<'a, 'py> Taken<'a, 'py> {
    fn new(owner: &'a Bound<'py, Owner>, handle: quitclaim::Handle) -> PyResult<Self> {
        let mut borrowed = Owner::borrow(owner)?;
        let value = borrowed.core.take(handle).map_err(not_stepped)?;
        borrowed.stepping.begin();
        Ok(Self { owner, handle, value: Some(value) })
    }

    fn value(&self) -> Borrowed<'_, 'py, PyAny> {
        self.value.as_ref().expect("taken until the step ends").bind_borrowed(self.owner.py())
    }

    /// Hands the promise to the caller.
    fn keep(mut self) -> Option<Py<PyAny>> {
        self.value.take()
    }

    fn put_back(mut self) {
        let Some(value) = self.value.take() else { return };
        let refused = {
            let mut owner = Owner::wait(self.owner);
            owner.stepping.end();
            owner.core.put(self.handle, value)
        };
        // Refused if the handle was freed inside the step: then this is where the value is dropped.
        drop(refused);
    }

    fn free(&mut self, cause: Cause) {
        let Some(value) = self.value.take() else { return };
        {
            let mut owner = Owner::wait(self.owner);
            owner.stepping.end();
            // It may have been freed inside the step; that is no stale call of anybody's, and not to be counted as one.
            if owner.core.owns(self.handle) {
                let freed = owner.core.free_as(self.handle, cause);
                debug_assert!(matches!(freed, Ok(None)), "the value is here, not there");
            }
        }
        drop(value);
    }
}

impl Drop for Taken<'_, '_> {
    fn drop(&mut self) {
        self.free(Cause::Cancelled);
    }
}

/// Cancellation, `GeneratorExit` and the like are no failure of the step.
fn cause(is_exception: bool) -> Cause {
    if is_exception { Cause::Failed } else { Cause::Cancelled }
}
