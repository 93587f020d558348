//! Secrets. No exception tells one: not even the `UnicodeEncodeError` that has the whole text in it.

use crate::argument::octets;
use crate::error::not_picklable;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

/// The NT hash of an account, ready for use: as good as the password to whoever steals it.
#[pyclass(frozen, module = "quitclaim.ntlm")]
pub(crate) struct Credential(pub(super) quitclaim_ntlm::Credential);

#[pymethods]
impl Credential {
    /// The credential of an account with that password.
    #[staticmethod]
    #[pyo3(signature = (password, /))]
    fn from_password(password: &Bound<'_, PyString>) -> PyResult<Self> {
        let password = password.to_str().map_err(|_| PyValueError::new_err("a password has no lone surrogates"))?;
        Ok(Self(quitclaim_ntlm::Credential::from_password(password)))
    }

    /// The credential of an account with that NT hash.
    #[staticmethod]
    #[pyo3(signature = (nt_hash, /))]
    fn from_nt_hash(nt_hash: &[u8]) -> PyResult<Self> {
        octets("nt_hash", nt_hash).map(quitclaim_ntlm::Credential::from_nt_hash).map(Self)
    }

    /// The credential of an account whose NT hash is written as 32 hexadecimal digits.
    #[staticmethod]
    #[pyo3(signature = (text, /))]
    fn from_hex(text: &Bound<'_, PyString>) -> PyResult<Self> {
        let read = |text| quitclaim_ntlm::Credential::from_hex(text).map(Self);
        // No digit is a surrogate.
        read(text.to_str().unwrap_or_default()).map_err(|error| PyValueError::new_err(error.to_string()))
    }

    /// The NT hash, for an account store to write down where nobody else reads.
    #[getter]
    fn nt_hash<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.nt_hash())
    }

    /// Whether that is the password.
    #[pyo3(signature = (password, /))]
    fn accepts_password(&self, password: &Bound<'_, PyString>) -> bool {
        // What from_password() refuses is nobody's password.
        password.to_str().is_ok_and(|password| self.0.accepts_password(password))
    }

    /// Refuses to be pickled or copied.
    fn __reduce__(_slf: &Bound<'_, Self>) -> PyResult<()> {
        Err(not_picklable("Credential", "it is a secret; write down its nt_hash if you must"))
    }
}

/// A key of one login.
#[pyclass(frozen, module = "quitclaim.ntlm")]
pub(crate) struct SessionKey(quitclaim_ntlm::SessionKey);

impl SessionKey {
    pub(super) fn copy(key: &quitclaim_ntlm::SessionKey) -> Self {
        Self(quitclaim_ntlm::SessionKey::from_bytes(*key.as_bytes()))
    }

    pub(super) fn copied(&self) -> quitclaim_ntlm::SessionKey {
        Self::copy(&self.0).0
    }
}

#[pymethods]
impl SessionKey {
    #[new]
    #[pyo3(signature = (octets, /))]
    fn new(octets: &[u8]) -> PyResult<Self> {
        self::octets("a session key", octets).map(quitclaim_ntlm::SessionKey::from_bytes).map(Self)
    }

    /// The key's octets.
    #[getter]
    fn octets<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.as_bytes())
    }

    /// Refuses to be pickled or copied.
    fn __reduce__(_slf: &Bound<'_, Self>) -> PyResult<()> {
        Err(not_picklable("SessionKey", "it is a secret; write down its octets if you must"))
    }
}
