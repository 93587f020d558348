//! Numbers as Python gives them: of any size, and refused in the same words if they do not fit.

use pyo3::exceptions::{PyOverflowError, PyValueError};
use pyo3::prelude::*;
use std::time::Duration;

/// A number of values or handles.
pub(crate) struct Count(pub(crate) i64);

/// A time.
pub(crate) struct Seconds(f64);

/// The most slots a table can have.
const LARGEST: i64 = (1 << 31) - 2;

impl Count {
    pub(crate) fn of(self, name: &str) -> PyResult<usize> {
        match usize::try_from(self.0) {
            Ok(fits) if (1..=LARGEST).contains(&self.0) => Ok(fits),
            _ => Err(PyValueError::new_err(format!("{name} is at least 1 and at most {LARGEST}"))),
        }
    }
}

impl Seconds {
    pub(crate) fn of(self, name: &str) -> PyResult<Duration> {
        Duration::try_from_secs_f64(self.0)
            .map_err(|_| PyValueError::new_err(format!("{name} is in seconds: finite, not negative and below 2**64")))
    }
}

impl<'a, 'py> FromPyObject<'a, 'py> for Count {
    type Error = PyErr;

    fn extract(number: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        or_too_large(number.extract(), i64::MAX, number.py()).map(Self)
    }
}

impl<'a, 'py> FromPyObject<'a, 'py> for Seconds {
    type Error = PyErr;

    fn extract(number: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        or_too_large(number.extract(), f64::INFINITY, number.py()).map(Self)
    }
}

/// A number that does not fit its type is as good as any other that is too large.
fn or_too_large<T>(number: PyResult<T>, too_large: T, py: Python<'_>) -> PyResult<T> {
    number.or_else(|error| if error.is_instance_of::<PyOverflowError>(py) { Ok(too_large) } else { Err(error) })
}
