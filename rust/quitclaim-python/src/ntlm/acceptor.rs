//! An exchange up to the claim.

use super::channel_binding::ChannelBinding;
use super::claim::Claim;
use super::one_use::OneUse;
use crate::argument::{Moment, Seconds, octets};
use crate::error::{denied, denied_to, not_picklable};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use quitclaim_ntlm::{BindingPolicy, InvalidName, MicPolicy, Policy, TargetInfo};
use std::fmt::Display;

/// Who answers NEGOTIATEs: one for each listener, shared by its connections. See _ntlm.pyi.
#[pyclass(frozen, module = "quitclaim.ntlm")]
pub(crate) struct Acceptor(quitclaim_ntlm::Acceptor);

#[pymethods]
impl Acceptor {
    #[new]
    #[pyo3(
        signature = (server, *, domain = None, dns_names = None, mic = "optional", channel_binding = "allow",
                     client_time_window = Seconds(129_600.0), ntlmv1 = false),
        text_signature = "(server, *, domain=None, dns_names=None, mic='optional', channel_binding='allow', \
                          client_time_window=129600.0, ntlmv1=False)"
    )]
    fn new(
        server: &str,
        domain: Option<&str>,
        dns_names: Option<(String, String)>,
        mic: &str,
        channel_binding: &str,
        client_time_window: Seconds,
        ntlmv1: bool,
    ) -> PyResult<Self> {
        let policy = Policy {
            mic: mic_policy(mic)?,
            channel_binding: binding_policy(channel_binding)?,
            client_time_window: client_time_window.or_forever("client_time_window")?,
            ntlmv1,
        };
        let names = target_info(server, domain, dns_names).map_err(invalid)?;
        quitclaim_ntlm::Acceptor::new(names, policy).map(Self).map_err(invalid)
    }

    /// Whether a login must be bound to its TLS connection.
    #[getter]
    fn requires_channel_binding(&self) -> bool {
        self.0.policy().channel_binding == BindingPolicy::Require
    }

    /// Answers a NEGOTIATE with what must be kept until its AUTHENTICATE comes, and a CHALLENGE to send.
    #[pyo3(signature = (negotiate, server_challenge, now, /))]
    fn challenge<'py>(
        &self,
        py: Python<'py>,
        negotiate: &[u8],
        server_challenge: &[u8],
        now: Moment,
    ) -> PyResult<(Challenged, Bound<'py, PyBytes>)> {
        let server_challenge = octets("server_challenge", server_challenge)?;
        let (challenged, challenge) = self.0.challenge(negotiate, server_challenge, now.of("now")?).map_err(denied)?;
        Ok((Challenged(OneUse::new(challenged)), PyBytes::new(py, &challenge)))
    }

    /// Refuses to be pickled or copied.
    fn __reduce__(_slf: &Bound<'_, Self>) -> PyResult<()> {
        Err(not_picklable("Acceptor", "share it, or make one in each process"))
    }
}

fn target_info(
    server: &str,
    domain: Option<&str>,
    dns_names: Option<(String, String)>,
) -> Result<TargetInfo, InvalidName> {
    let names = domain.map_or_else(|| TargetInfo::server(server), |domain| TargetInfo::domain(domain, server))?;
    match dns_names {
        Some((domain, server)) => names.with_dns_names(&domain, &server),
        None => Ok(names),
    }
}

fn mic_policy(word: &str) -> PyResult<MicPolicy> {
    match word {
        "optional" => Ok(MicPolicy::Optional),
        "required" => Ok(MicPolicy::Required),
        _ => Err(invalid("mic is 'optional' or 'required'")),
    }
}

fn binding_policy(word: &str) -> PyResult<BindingPolicy> {
    match word {
        "off" => Ok(BindingPolicy::Off),
        "allow" => Ok(BindingPolicy::Allow),
        "require" => Ok(BindingPolicy::Require),
        _ => Err(invalid("channel_binding is 'off', 'allow' or 'require'")),
    }
}

fn invalid(why: impl Display) -> PyErr {
    PyValueError::new_err(why.to_string())
}

/// An exchange whose CHALLENGE is on its way: good for one AUTHENTICATE.
#[pyclass(frozen, module = "quitclaim.ntlm")]
pub(crate) struct Challenged(OneUse<quitclaim_ntlm::Challenged>);

#[pymethods]
impl Challenged {
    /// Reads an AUTHENTICATE and holds it against the policy.
    #[pyo3(signature = (authenticate, binding, now, /))]
    fn authenticate(
        &self,
        py: Python<'_>,
        authenticate: &[u8],
        binding: Option<&Bound<'_, ChannelBinding>>,
        now: Moment,
    ) -> PyResult<Claim> {
        let now = now.of("now")?;
        let binding = binding.map(|binding| &binding.get().0);
        let challenged = self.0.take(py)?;
        let username = challenged.claimed_username(authenticate);
        match challenged.authenticate(authenticate, binding, now) {
            Ok(claim) => Ok(Claim(OneUse::new(claim))),
            Err(error) => Err(denied_to(py, error, username)),
        }
    }

    /// An exchange whose messages were exchanged elsewhere: for replaying published values.
    #[staticmethod]
    #[pyo3(signature = (negotiate, challenge, /, *, ntlmv1 = false))]
    fn from_wire(negotiate: &[u8], challenge: &[u8], ntlmv1: bool) -> PyResult<Self> {
        let challenged = quitclaim_ntlm::Challenged::from_wire(negotiate, challenge).map_err(denied)?;
        let policy = Policy { ntlmv1, ..Policy::default() };
        challenged.with_policy(policy).map(|challenged| Self(OneUse::new(challenged))).map_err(invalid)
    }

    /// Refuses to be pickled or copied.
    fn __reduce__(_slf: &Bound<'_, Self>) -> PyResult<()> {
        Err(not_picklable("Challenged", "it is good for one AUTHENTICATE; ask the acceptor for another challenge()"))
    }
}
