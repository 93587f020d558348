//! Refusals as the exceptions of `quitclaim.errors`. No message tells a value, a label or a handle.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use quitclaim::{AcquireError, LeaseError, StepError};
use std::convert::Infallible;

/// In a module of their own, because the macro's structs are `pub`.
mod imported {
    pyo3::import_exception!(quitclaim.errors, HandleInStep);
    pyo3::import_exception!(quitclaim.errors, HandleLeased);
    pyo3::import_exception!(quitclaim.errors, InvalidToken);
    pyo3::import_exception!(quitclaim.errors, LogonDenied);
    pyo3::import_exception!(quitclaim.errors, OutOfSequence);
    pyo3::import_exception!(quitclaim.errors, OverQuota);
    pyo3::import_exception!(quitclaim.errors, OwnerBusy);
    pyo3::import_exception!(quitclaim.errors, OwnerClosed);
    pyo3::import_exception!(quitclaim.errors, StaleHandle);
    pyo3::import_exception!(quitclaim.errors, TableFull);
    pyo3::import_exception!(quitclaim.errors, Unsupported);
}
use imported::{HandleInStep, HandleLeased, InvalidToken, LogonDenied, OutOfSequence, OverQuota};
use imported::{OwnerBusy, OwnerClosed, StaleHandle, TableFull, Unsupported};

#[cold]
pub(crate) fn not_acquired<T>(error: &AcquireError<T>) -> PyErr {
    match error {
        AcquireError::OverQuota(_) => OverQuota::new_err(
            "this owner holds as many handles as the table's quota allows one owner: free one before the next acquire()",
        ),
        // TableFull, and whatever may join it.
        _ => TableFull::new_err(
            "no slot of the table is free for this thread (an eighth may wait for others): shed load, or give HandleTable a \
             larger capacity",
        ),
    }
}

#[cold]
pub(crate) fn not_stepped(error: StepError<Infallible>) -> PyErr {
    match error {
        StepError::InStep => in_step(),
        StepError::Leased => leased(),
        _ => not_the_owners(),
    }
}

#[cold]
pub(crate) fn not_leased(error: LeaseError) -> PyErr {
    match error {
        LeaseError::InStep => in_step(),
        LeaseError::TooMany => leased(),
        _ => StaleHandle::new_err("the handle names nothing in this table any more: acquire a new one"),
    }
}

#[cold]
pub(crate) fn not_the_owners() -> PyErr {
    StaleHandle::new_err(
        "the handle names nothing of this owner's (freed, reaped, or another owner's): acquire a new one",
    )
}

#[cold]
pub(crate) fn closed() -> PyErr {
    OwnerClosed::new_err("this owner is closed and acquires nothing more: ask the table for a new owner()")
}

#[cold]
pub(crate) fn busy() -> PyErr {
    OwnerBusy::new_err(
        "another thread is in a step of this owner: give each thread, or connection, an owner of its own",
    )
}

#[cold]
pub(crate) fn denied(error: quitclaim_ntlm::Error) -> PyErr {
    match error {
        quitclaim_ntlm::Error::InvalidToken(_) => InvalidToken::new_err(error.to_string()),
        quitclaim_ntlm::Error::Unsupported(_) => Unsupported::new_err(error.to_string()),
        // LogonDenied, and whatever may join it.
        _ => LogonDenied::new_err(error.to_string()),
    }
}

/// The same with who the peer said it was, for whoever keeps a log.
#[cold]
pub(crate) fn denied_to(py: Python<'_>, error: quitclaim_ntlm::Error, username: Option<String>) -> PyErr {
    let denied = denied(error);
    match denied.value(py).setattr("username", username.unwrap_or_default()) {
        Ok(()) => denied,
        Err(error) => error,
    }
}

#[cold]
pub(crate) fn out_of_sequence() -> PyErr {
    OutOfSequence::new_err(
        "this step of the exchange was done already, and each is good once: begin with a new challenge",
    )
}

#[cold]
pub(crate) fn not_picklable(class: &str, remedy: &str) -> PyErr {
    PyTypeError::new_err(format!("{class} cannot be pickled or copied: {remedy}"))
}

fn in_step() -> PyErr {
    HandleInStep::new_err("a step has this handle's value to itself: use the value it was given, or wait for its end")
}

fn leased() -> PyErr {
    HandleLeased::new_err("another thread is just reading this handle's value: step again when it is done")
}

/// A function whose result is to be awaited has done nothing yet, and what it will do is no step.
#[cold]
pub(crate) fn not_done() -> PyErr {
    PyTypeError::new_err(
        "the step's function is a coroutine function, and a step spans no await: await outside, and let the next step \
         take the outcome; the handle is freed",
    )
}
