//! What ties a login to the TLS connection that it is on.

use crate::error::not_picklable;
use pyo3::prelude::*;

/// The binding to one TLS connection: compared and hashed by value.
#[pyclass(frozen, eq, hash, module = "quitclaim.ntlm")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct ChannelBinding(pub(super) quitclaim_ntlm::ChannelBinding);

#[pymethods]
impl ChannelBinding {
    /// The binding of connections that present the certificate of that hash.
    #[staticmethod]
    #[pyo3(signature = (certificate_hash, /))]
    fn tls_server_end_point(certificate_hash: &[u8]) -> Self {
        Self(quitclaim_ntlm::ChannelBinding::tls_server_end_point(certificate_hash))
    }

    /// Refuses to be pickled or copied.
    fn __reduce__(_slf: &Bound<'_, Self>) -> PyResult<()> {
        Err(not_picklable("ChannelBinding", "it is of one connection; make it anew from the certificate"))
    }
}
