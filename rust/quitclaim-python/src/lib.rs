//! The extension module `quitclaim._quitclaim`: it converts, and decides nothing.
//!
//! One rule runs through it: **take the value out, end the borrow, then drop it.** A Python value's end is foreign code
//! (`__del__`, a weak reference's callback) that may come back to the very owner or table it was in.
#![forbid(unsafe_code)]

mod argument;
mod error;
mod fork;
mod handle;
mod ntlm;
mod owner;
mod report;
mod step;
mod stepping;
mod storm;
mod table;

/// Credential handles that are always given back, and the NTLM acceptor. Their references are `_quitclaim.pyi`
/// and `_ntlm.pyi`.
#[pyo3::pymodule(gil_used = false)]
mod _quitclaim {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::{
        handle::Handle,
        ntlm::{
            acceptor::{Acceptor, Challenged},
            channel_binding::ChannelBinding,
            claim::{Claim, Established},
            credential::{Credential, SessionKey},
        },
        owner::Owner,
        report::{CensusEntry, Reaped, Stats},
        step::Step,
        storm::{StormReport, storm},
        table::HandleTable,
    };

    #[pymodule_export]
    #[expect(non_upper_case_globals, reason = "Python's name for it")]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::fork::register(module.py())
    }
}
