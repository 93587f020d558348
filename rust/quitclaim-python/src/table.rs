//! The table, as a Python object: the only one whose values the garbage collector sees.

use crate::argument::{Count, Seconds};
use crate::error::{not_leased, not_picklable};
use crate::fork;
use crate::handle::Handle;
use crate::owner::Owner;
use crate::report::{CensusEntry, Reaped, Stats};
use pyo3::PyTraverseError;
use pyo3::gc::PyVisit;
use pyo3::prelude::*;
use quitclaim::Table;
use std::sync::Arc;

/// A bounded table of values that are named by handles and always given back. See _quitclaim.pyi.
#[pyclass(frozen, weakref, generic, mapping, module = "quitclaim")]
pub(crate) struct HandleTable {
    pub(crate) core: Arc<Table<Py<PyAny>>>,
    quota: Option<usize>,
}

#[pymethods]
impl HandleTable {
    #[new]
    #[pyo3(signature = (capacity = Count(65_536), *, quota = None), text_signature = "(capacity=65536, *, quota=None)")]
    fn new(py: Python<'_>, capacity: Count, quota: Option<Count>) -> PyResult<Self> {
        let capacity = capacity.of("capacity")?;
        let quota = quota.map(|quota| quota.of("quota")).transpose()?;
        let core = Arc::new(Table::new(capacity).with_quota(quota.unwrap_or(usize::MAX)));
        fork::watch(py, &core);
        Ok(Self { core, quota })
    }

    /// Someone who may acquire handles here, and whose handles are freed when it is closed or dropped.
    #[pyo3(signature = (label = ""))]
    fn owner(slf: Bound<'_, Self>, label: &str) -> Owner {
        Owner::new(slf, label)
    }

    fn __len__(&self) -> usize {
        self.core.len()
    }

    fn __contains__(&self, handle: &Bound<'_, PyAny>) -> bool {
        handle.cast::<Handle>().is_ok_and(|handle| self.core.contains(handle.get().0))
    }

    fn __getitem__(&self, py: Python<'_>, handle: &Bound<'_, Handle>) -> PyResult<Py<PyAny>> {
        // The lease lives for the clone alone; the reference is what pins the value from here on.
        self.core.lease(handle.get().0).map(|lease| lease.clone_ref(py)).map_err(not_leased)
    }

    /// Values that fit in at once.
    #[getter]
    fn capacity(&self) -> usize {
        self.core.capacity()
    }

    /// Handles one owner may have at once, or None.
    #[getter]
    fn quota(&self) -> Option<usize> {
        self.quota
    }

    /// Sets the table's clock, in seconds since any origin that the caller keeps to.
    fn tick(&self, now: Seconds) -> PyResult<()> {
        self.core.tick(now.of("now")?);
        Ok(())
    }

    /// Frees what was acquired so many seconds ago or longer and is not in a step.
    fn reap(&self, older_than: Seconds) -> PyResult<Reaped> {
        let older_than = older_than.of("older_than")?;
        Ok(swept(|values| self.core.reap_with(older_than, |value| values.push(value))))
    }

    /// Frees whatever is not in a step, of any age: for a stop.
    fn drain(&self) -> Reaped {
        swept(|values| self.core.drain_with(|value| values.push(value)))
    }

    /// Counters, for a scrape.
    fn stats(&self) -> Stats {
        Stats(self.core.stats())
    }

    /// What is in the table, read beside writers.
    fn census(&self) -> Vec<CensusEntry> {
        self.core.census().map(CensusEntry).collect()
    }

    fn __repr__(&self) -> String {
        format!("<HandleTable {} of {} live>", self.core.len(), self.core.capacity())
    }

    /// Refuses to be pickled or copied.
    fn __reduce__(_slf: &Bound<'_, Self>) -> PyResult<()> {
        Err(not_picklable("HandleTable", "its handles are good in this process alone; make one in each process"))
    }

    /// Visits idle values: what is in a step is reachable, or its guard visits it. A lease changes no reference count.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.core.leases().try_for_each(|(_, value)| visit.call(&*value))
    }

    fn __clear__(&self) {
        let _ = self.drain();
    }
}

/// A sweep whose values are dropped after it: their `__del__` meets a table that nobody is walking.
fn swept(sweep: impl FnOnce(&mut Vec<Py<PyAny>>) -> quitclaim::Reaped) -> Reaped {
    let mut values = Vec::new();
    let reaped = sweep(&mut values);
    drop(values);
    reaped.into()
}
