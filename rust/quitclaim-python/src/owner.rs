//! Who is responsible for handles, as a Python object.

use crate::error::{busy, closed, not_acquired, not_picklable, not_the_owners};
use crate::handle::Handle;
use crate::step::{self, Step};
use crate::stepping::Stepping;
use crate::table::HandleTable;
use pyo3::gc::PyVisit;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use pyo3::{PyClassGuardMut, PyTraverseError};
use std::convert::Infallible;
use std::sync::Arc;

/// Whoever acquires handles, uses them and answers for them. Closing or dropping it frees them. See _quitclaim.pyi.
//
// Not frozen, and borrowed for one core call at a time, in which no Python code runs. So a borrow is refused only to a
// thread that truly runs beside another, on an interpreter without a GIL.
#[pyclass(weakref, generic, module = "quitclaim")]
pub(crate) struct Owner {
    pub(crate) core: quitclaim::Owner<'static, Py<PyAny>>,
    pub(crate) stepping: Stepping,
    closed: bool,
    label: Box<str>,
    table: Py<HandleTable>,
}

impl Owner {
    pub(crate) fn new(table: Bound<'_, HandleTable>, label: &str) -> Self {
        Self {
            core: quitclaim::Owner::shared(Arc::clone(&table.get().core), label),
            stepping: Stepping::default(),
            closed: false,
            label: label.into(),
            table: table.unbind(),
        }
    }

    /// The owner for one core call, unless another thread has it.
    #[inline]
    pub(crate) fn borrow<'a>(owner: &'a Bound<'_, Self>) -> PyResult<PyClassGuardMut<'a, Self>> {
        let owner = PyClassGuardMut::try_from(owner).map_err(|_| busy())?;
        if owner.stepping.elsewhere() { Err(busy()) } else { Ok(owner) }
    }

    /// The owner for one core call that must not be refused: the end of a step, or a look at what never changes.
    #[inline]
    pub(crate) fn wait<'a>(owner: &'a Bound<'_, Self>) -> PyClassGuardMut<'a, Self> {
        loop {
            match PyClassGuardMut::try_from(owner) {
                Ok(owner) => return owner,
                // The other thread is in a core call, or just learning that it is refused.
                Err(_) => std::thread::yield_now(),
            }
        }
    }
}

#[pymethods]
impl Owner {
    /// Puts a value into the table and names it.
    #[pyo3(signature = (value, /))]
    fn acquire(slf: &Bound<'_, Self>, value: Py<PyAny>) -> PyResult<Handle> {
        let acquired = {
            let mut owner = Self::borrow(slf)?;
            if owner.closed {
                return Err(closed());
            }
            owner.core.acquire(value)
        };
        acquired.map(Handle).map_err(|error| not_acquired(&error))
    }

    /// Uses a value: function(value, *arguments) has it alone; without a function, the body of a `with` does.
    #[pyo3(signature = (handle, function = Optional::Absent, argument = Optional::Absent, /, *arguments))]
    #[pyo3(text_signature = "($self, handle, function=..., /, *arguments)")]
    fn step<'py>(
        slf: &Bound<'py, Self>,
        handle: &Bound<'py, Handle>,
        function: Optional<'_, 'py>,
        argument: Optional<'_, 'py>,
        arguments: &Bound<'py, PyTuple>,
    ) -> PyResult<Bound<'py, PyAny>> {
        match (function, argument) {
            (Optional::Absent, _) => Ok(Bound::new(slf.py(), Step::new(slf, *handle.get()))?.into_any()),
            (Optional::Given(function), Optional::Absent) => {
                step::run(slf, handle.get().0, |value| function.call1((value,)))
            }
            // Apart from the rest, because PyO3 makes a tuple of those: a quarter of such a step.
            (Optional::Given(function), Optional::Given(argument)) if arguments.is_empty() => {
                step::run(slf, handle.get().0, |value| function.call1((value, argument)))
            }
            (Optional::Given(function), Optional::Given(argument)) => step::run(slf, handle.get().0, |value| {
                let all: Vec<_> = [value, argument].into_iter().chain(arguments.iter_borrowed()).collect();
                function.call1(PyTuple::new(slf.py(), all)?)
            }),
        }
    }

    /// Ends the life of a handle and gives its value back, or None if a step has it.
    #[pyo3(signature = (handle, /))]
    fn free(slf: &Bound<'_, Self>, handle: &Bound<'_, Handle>) -> PyResult<Option<Py<PyAny>>> {
        let freed = Self::borrow(slf)?.core.free(handle.get().0);
        freed.map_err(|_| not_the_owners())
    }

    /// Frees all of this owner's handles. It acquires no more.
    //
    // Never refused, not even while another thread is in a step: the peer is gone, and this is the way out. The step finds
    // its handle stale when it ends, and drops the value.
    fn close(slf: &Bound<'_, Self>) {
        let mut values = Vec::new();
        {
            let mut owner = Self::wait(slf);
            owner.closed = true;
            owner.core.free_all_with(|value| values.push(value));
        }
        drop(values);
    }

    fn __enter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        if Self::borrow(slf)?.closed { Err(closed()) } else { Ok(slf.clone()) }
    }

    #[pyo3(signature = (_kind, _exception, _traceback, /), text_signature = "($self, kind, exception, traceback, /)")]
    fn __exit__(
        slf: &Bound<'_, Self>,
        _kind: &Bound<'_, PyAny>,
        _exception: &Bound<'_, PyAny>,
        _traceback: &Bound<'_, PyAny>,
    ) {
        Self::close(slf);
    }

    fn __contains__(slf: &Bound<'_, Self>, handle: &Bound<'_, PyAny>) -> PyResult<bool> {
        let owner = Self::borrow(slf)?;
        Ok(handle.cast::<Handle>().is_ok_and(|handle| owner.core.owns(handle.get().0)))
    }

    fn __len__(slf: &Bound<'_, Self>) -> PyResult<usize> {
        Ok(Self::borrow(slf)?.core.len())
    }

    /// What `HandleTable.owner()` was given.
    #[getter]
    fn label(slf: &Bound<'_, Self>) -> String {
        Self::wait(slf).label.to_string()
    }

    /// The table.
    #[getter]
    fn table(slf: &Bound<'_, Self>) -> Py<HandleTable> {
        Self::wait(slf).table.clone_ref(slf.py())
    }

    fn __repr__(slf: &Bound<'_, Self>) -> String {
        let owner = Self::wait(slf);
        match (&owner.label, owner.closed) {
            (label, false) => format!("<Owner {label:?} {} live>", owner.core.len()),
            (label, true) => format!("<Owner {label:?} closed>"),
        }
    }

    /// Refuses to be pickled or copied.
    fn __reduce__(_slf: &Bound<'_, Self>) -> PyResult<()> {
        Err(not_picklable("Owner", "one owner answers for its handles; ask the table for another owner()"))
    }

    /// Visits the table; values are the table's to visit. No `__clear__`: each cycle through here passes the table's.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.table)
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let mut values = Vec::new();
        self.core.free_all_with(|value| values.push(value));
        // Dropped here, before the core's own drop begins.
    }
}

/// A positional argument that may be absent. `None` is not absence: a function that is `None` by mistake must not pass
/// for a step that a `with` runs.
#[derive(Clone, Copy)]
enum Optional<'a, 'py> {
    Given(Borrowed<'a, 'py, PyAny>),
    Absent,
}

impl<'a, 'py> FromPyObject<'a, 'py> for Optional<'a, 'py> {
    type Error = Infallible;

    fn extract(argument: Borrowed<'a, 'py, PyAny>) -> Result<Self, Infallible> {
        Ok(Self::Given(argument))
    }
}
