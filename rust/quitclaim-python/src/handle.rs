//! The name of a value, as a Python object.

use crate::error::not_picklable;
use pyo3::prelude::*;

/// The name of one value in one `HandleTable`: compared and hashed by value, and nothing else.
#[pyclass(frozen, eq, hash, module = "quitclaim")]
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Handle(pub(crate) quitclaim::Handle);

#[pymethods]
impl Handle {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "PyO3 has receivers by reference only")]
    fn __repr__(&self) -> String {
        format!("<Handle {}>", self.0)
    }

    /// Refuses to be pickled or copied.
    fn __reduce__(_slf: &Bound<'_, Self>) -> PyResult<()> {
        Err(not_picklable(
            "Handle",
            "it names nothing outside its own process; pass it on as it is, within the process",
        ))
    }
}
