//! What a table tells about itself: values that nothing changes.

use crate::handle::Handle;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// What a table has done since it was made.
#[pyclass(frozen, module = "quitclaim")]
pub(crate) struct Stats(pub(crate) quitclaim::Stats);

#[pymethods]
impl Stats {
    /// Values that fit in at once.
    #[getter]
    fn capacity(&self) -> usize {
        self.0.capacity
    }

    /// Handles that name a value now.
    #[getter]
    fn live(&self) -> usize {
        self.0.live
    }

    /// Most slots ever in use.
    #[getter]
    fn high_water(&self) -> usize {
        self.0.high_water
    }

    /// Handles acquired.
    #[getter]
    fn acquired(&self) -> u64 {
        self.0.acquired
    }

    /// Handles freed, by cause.
    #[getter]
    fn freed<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let freed = self.0.freed;
        counts(
            py,
            [
                ("done", freed.done),
                ("failed", freed.failed),
                ("cancelled", freed.cancelled),
                ("owner", freed.owner),
                ("reaped", freed.reaped),
                ("drained", freed.drained),
            ],
        )
    }

    /// Calls refused, by reason.
    #[getter]
    fn refused<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let refused = self.0.refused;
        counts(
            py,
            [
                ("stale", refused.stale),
                ("leased", refused.leased),
                ("in_step", refused.in_step),
                ("full", refused.full),
                ("quota", refused.quota),
            ],
        )
    }

    /// Slots that have had their last generation.
    #[getter]
    fn retired(&self) -> usize {
        self.0.retired
    }

    fn __repr__(&self) -> String {
        let quitclaim::Stats { capacity, live, acquired, .. } = self.0;
        format!("<Stats {live} of {capacity} live, {acquired} acquired, {} freed>", self.0.freed.total())
    }
}

fn counts<'py, const N: usize>(py: Python<'py>, counts: [(&str, u64); N]) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (name, count) in counts {
        dict.set_item(name, count)?;
    }
    Ok(dict)
}

/// What a sweep did.
#[pyclass(frozen, get_all, module = "quitclaim")]
pub(crate) struct Reaped {
    /// Handles freed.
    freed: usize,
    /// Handles that were in a step and stayed.
    in_step: usize,
}

impl From<quitclaim::Reaped> for Reaped {
    fn from(reaped: quitclaim::Reaped) -> Self {
        Self { freed: reaped.freed, in_step: reaped.in_step }
    }
}

#[pymethods]
impl Reaped {
    fn __repr__(&self) -> String {
        format!("<Reaped {} freed, {} in a step>", self.freed, self.in_step)
    }
}

/// One value of a table, as `HandleTable.census()` found it.
#[pyclass(frozen, module = "quitclaim")]
pub(crate) struct CensusEntry(pub(crate) quitclaim::Entry);

#[pymethods]
impl CensusEntry {
    /// Its name.
    #[getter]
    fn handle(&self) -> Handle {
        Handle(self.0.handle)
    }

    /// The label of its owner.
    #[getter]
    fn owner(&self) -> &str {
        self.0.owner.as_str()
    }

    /// Seconds since it was acquired, by the table's clock.
    #[getter]
    fn age(&self) -> f64 {
        self.0.age.as_secs_f64()
    }

    /// What is happening to it.
    #[getter]
    fn state(&self) -> String {
        self.0.state.to_string()
    }

    fn __repr__(&self) -> String {
        let quitclaim::Entry { handle, owner, age, state, .. } = self.0;
        format!("<CensusEntry {handle} of {owner:?}, {:.1} s, {state}>", age.as_secs_f64())
    }
}
