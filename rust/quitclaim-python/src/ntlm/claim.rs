//! Who a peer says it is, and who it was proven to be.

use super::credential::{Credential, SessionKey};
use super::one_use::OneUse;
use crate::error::{denied, not_picklable};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use quitclaim_ntlm::Proof;

/// Who the peer says it is. It proves nothing yet.
#[pyclass(frozen, module = "quitclaim.ntlm")]
pub(crate) struct Claim(pub(super) OneUse<quitclaim_ntlm::Claim>);

#[pymethods]
impl Claim {
    /// The user's name.
    #[getter]
    fn username<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyString>> {
        self.0.look(py, |claim| PyString::new(py, claim.username()))
    }

    /// The user's domain.
    #[getter]
    fn domain<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyString>> {
        self.0.look(py, |claim| PyString::new(py, claim.domain()))
    }

    /// What the client calls its computer.
    #[getter]
    fn workstation<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyString>> {
        self.0.look(py, |claim| PyString::new(py, claim.workstation()))
    }

    /// The protocol that the client answered with.
    #[getter]
    fn version(&self, py: Python<'_>) -> PyResult<String> {
        self.0.look(py, |claim| claim.version().to_string())
    }

    /// Whether there is a MIC, which will be verified.
    #[getter]
    fn mic(&self, py: Python<'_>) -> PyResult<bool> {
        self.0.look(py, quitclaim_ntlm::Claim::mic)
    }

    /// The challenge that the responses answer, for a domain controller.
    #[getter]
    fn challenge<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        self.0.look(py, |claim| PyBytes::new(py, &claim.challenge()))
    }

    /// The NT response as it came, for a domain controller.
    #[getter]
    fn nt_response<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        self.0.look(py, |claim| PyBytes::new(py, claim.nt_response()))
    }

    /// The LM response as it came, for a domain controller.
    #[getter]
    fn lm_response<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        self.0.look(py, |claim| PyBytes::new(py, claim.lm_response()))
    }

    /// Verifies the response, then the MIC if there is one.
    #[pyo3(signature = (proof, /))]
    fn verify(&self, py: Python<'_>, proof: &Bound<'_, PyAny>) -> PyResult<Established> {
        let proof = read(proof)?;
        self.0.take(py)?.verify(proof).map(Established).map_err(denied)
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        let claimed = self.0.look(py, |claim| {
            let names = (claim.username(), claim.domain(), claim.workstation());
            let mic = if claim.mic() { "with MIC" } else { "no MIC" };
            format!("<Claim to be {:?} of {:?} at {:?}, {}, {mic}>", names.0, names.1, names.2, claim.version())
        });
        claimed.unwrap_or_else(|_| "<Claim, used up>".to_owned())
    }

    /// Refuses to be pickled or copied.
    fn __reduce__(_slf: &Bound<'_, Self>) -> PyResult<()> {
        Err(not_picklable("Claim", "it is verified once, where it was made"))
    }
}

fn read<'a>(proof: &'a Bound<'_, PyAny>) -> PyResult<Proof<'a>> {
    // Nobody is asked for first: behind two refused casts it took 30 ns longer to be nobody than to be wrong.
    if proof.is_none() {
        Ok(Proof::Nobody)
    } else if let Ok(credential) = proof.cast::<Credential>() {
        Ok(Proof::Credential(&credential.get().0))
    } else if let Ok(key) = proof.cast::<SessionKey>() {
        Ok(Proof::SessionKey(key.get().copied()))
    } else {
        Err(PyTypeError::new_err("proof is a Credential, a SessionKey or None"))
    }
}

/// A login that happened.
#[pyclass(frozen, module = "quitclaim.ntlm")]
pub(crate) struct Established(quitclaim_ntlm::Established);

#[pymethods]
impl Established {
    /// The user's name, in the case that the client sent it in.
    #[getter]
    fn username(&self) -> &str {
        self.0.username()
    }

    /// The user's domain as the client sent it.
    #[getter]
    fn domain(&self) -> &str {
        self.0.domain()
    }

    /// The key that both ends have now.
    #[getter]
    fn session_key(&self) -> SessionKey {
        SessionKey::copy(self.0.session_key())
    }

    /// The flags that the client settled on.
    #[getter]
    fn flags(&self) -> u32 {
        self.0.flags()
    }

    /// The protocol that it was done with.
    #[getter]
    fn version(&self) -> String {
        self.0.version().to_string()
    }

    /// Whether a MIC was verified.
    #[getter]
    fn mic(&self) -> bool {
        self.0.mic()
    }

    fn __repr__(&self) -> String {
        let Self(login) = self;
        let mic = if login.mic() { "with MIC" } else { "no MIC" };
        format!("<Established {:?} of {:?}, {}, {mic}>", login.username(), login.domain(), login.version())
    }

    /// Refuses to be pickled or copied.
    fn __reduce__(_slf: &Bound<'_, Self>) -> PyResult<()> {
        Err(not_picklable("Established", "it has a key in it; pass on its names"))
    }
}
