//! The NTLM acceptor, as Python objects. What a step takes is gone in Python too: see [`OneUse`].

pub(crate) mod acceptor;
pub(crate) mod channel_binding;
pub(crate) mod claim;
pub(crate) mod credential;
mod one_use;
