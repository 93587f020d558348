//! Numbers and octets as Python gives them: of any size, and refused in the same words if they do not fit.

use pyo3::exceptions::{PyOverflowError, PyValueError};
use pyo3::prelude::*;
use quitclaim_ntlm::FileTime;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A number of values or handles.
pub(crate) struct Count(pub(crate) i64);

/// A time.
pub(crate) struct Seconds(pub(crate) f64);

/// A point in time, in seconds since 1970.
pub(crate) struct Moment(f64);

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

    /// Too long a time is as good as for ever.
    pub(crate) fn or_forever(self, name: &str) -> PyResult<Duration> {
        match Duration::try_from_secs_f64(self.0) {
            Ok(fits) => Ok(fits),
            Err(_) if self.0 > 0.0 => Ok(Duration::MAX),
            Err(_) => Err(PyValueError::new_err(format!("{name} is in seconds, and not negative"))),
        }
    }
}

impl Moment {
    pub(crate) fn of(self, name: &str) -> PyResult<FileTime> {
        self.time().map(FileTime::from).ok_or_else(|| {
            PyValueError::new_err(format!(
                "{name} is in seconds since 1970: finite, and of a year that a clock can have"
            ))
        })
    }

    fn time(&self) -> Option<SystemTime> {
        let apart = Duration::try_from_secs_f64(self.0.abs()).ok()?;
        if self.0 < 0.0 { UNIX_EPOCH.checked_sub(apart) } else { UNIX_EPOCH.checked_add(apart) }
    }
}

/// As many octets as there must be.
pub(crate) fn octets<const N: usize>(name: &str, octets: &[u8]) -> PyResult<[u8; N]> {
    octets.try_into().map_err(|_| PyValueError::new_err(format!("{name} is {N} octets")))
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

impl<'a, 'py> FromPyObject<'a, 'py> for Moment {
    type Error = PyErr;

    fn extract(number: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        or_too_large(number.extract(), f64::INFINITY, number.py()).map(Self)
    }
}

/// A number that does not fit its type is as good as any other that is too large.
fn or_too_large<T>(number: PyResult<T>, too_large: T, py: Python<'_>) -> PyResult<T> {
    number.or_else(|error| if error.is_instance_of::<PyOverflowError>(py) { Ok(too_large) } else { Err(error) })
}
