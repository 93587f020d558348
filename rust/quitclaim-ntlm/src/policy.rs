//! What is accepted beyond what is always refused.

use crate::channel_binding::ChannelBinding;
use crate::error::Refused;
use crate::file_time::FileTime;
use crate::response::Response;
use std::error::Error;
use std::fmt;
use std::time::Duration;

/// What an [`Acceptor`](crate::Acceptor) accepts. The default is NTLMv2, with a MIC and a channel binding wherever the
/// client can.
///
/// LM, LMv2 without NTLMv2, anonymous and guest logins are accepted by no policy.
///
/// ```
/// use quitclaim_ntlm::{BindingPolicy, MicPolicy, Policy};
///
/// let strict = Policy { mic: MicPolicy::Required, channel_binding: BindingPolicy::Require, ..Policy::default() };
/// assert!(!strict.ntlmv1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Whether an NTLMv2 login may come without a MIC.
    pub mic: MicPolicy,
    /// Whether a login must be bound to its TLS connection.
    pub channel_binding: BindingPolicy,
    /// How far a client's clock may be from ours. Windows allows 36 hours, MS-NLMP §3.2.5.1.2 `MaxLifetime`; `Duration::MAX`
    /// turns it off. NTLMv1 has no time.
    pub client_time_window: Duration,
    /// Whether NTLMv1 responses are accepted, with and without extended session security. They can be broken in hours and
    /// relayed at once: count who still needs them by [`Established::version`](crate::Established::version).
    pub ntlmv1: bool,
}

/// Whether an NTLMv2 login may come without a MIC.
///
/// A MIC that a client announces is checked under both. Honest clients send one because they are sent the time; curl
/// does not.
///
/// ```
/// # use quitclaim_ntlm::{MicPolicy, Policy};
/// assert_eq!(Policy::default().mic, MicPolicy::Optional);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MicPolicy {
    /// It may.
    Optional,
    /// It is refused. Shuts out clients older than Windows Vista, and curl.
    Required,
}

/// What is done with channel bindings, also known as Extended Protection for Authentication.
///
/// ```
/// # use quitclaim_ntlm::{BindingPolicy, Policy};
/// assert_eq!(Policy::default().channel_binding, BindingPolicy::Allow);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BindingPolicy {
    /// They are not looked at: for a listener behind something that ends TLS with a certificate we do not know.
    Off,
    /// One that is sent must be the connection's, so one sent over plaintext is refused. None need be sent.
    Allow,
    /// One must be sent, and be the connection's. Over plaintext nobody can log in.
    Require,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            mic: MicPolicy::Optional,
            channel_binding: BindingPolicy::Allow,
            client_time_window: Duration::from_secs(36 * 60 * 60),
            ntlmv1: false,
        }
    }
}

impl Policy {
    /// NTLMv1 has no AV pairs, so it can have neither what is required nor what shows that it was taken away.
    pub(crate) fn check(self) -> Result<Self, PolicyConflict> {
        let requires = self.mic == MicPolicy::Required || self.channel_binding == BindingPolicy::Require;
        if self.ntlmv1 && requires { Err(PolicyConflict) } else { Ok(self) }
    }

    pub(crate) fn admit(
        &self,
        response: &Response,
        ours: Option<&ChannelBinding>,
        now: FileTime,
    ) -> Result<(), Refused> {
        let (has_mic, claimed) = match response {
            Response::V2 { time, .. } if !now.is_within(self.client_time_window, *time) => {
                return Err(Refused::ClientTime);
            }
            Response::V2 { pairs, .. } => (pairs.announce_mic(), pairs.channel_binding()),
            Response::V1 | Response::V1WithEss { .. } if !self.ntlmv1 => return Err(Refused::NtlmV1),
            Response::V1 | Response::V1WithEss { .. } => (false, None),
        };
        if self.mic == MicPolicy::Required && !has_mic {
            return Err(Refused::MicMissing);
        }
        match (self.channel_binding, claimed, ours) {
            (BindingPolicy::Off, ..) | (BindingPolicy::Allow, None, _) => Ok(()),
            (BindingPolicy::Require, None, _) | (BindingPolicy::Require, _, None) => {
                Err(Refused::ChannelBindingMissing)
            }
            (_, Some(claimed), Some(ours)) if ours.is(claimed) => Ok(()),
            (_, Some(_), _) => Err(Refused::ChannelBindingMismatch),
        }
    }
}

/// The policy opts in to NTLMv1 and requires a MIC or a channel binding, which NTLMv1 cannot have.
///
/// ```
/// use quitclaim_ntlm::{Acceptor, MicPolicy, Policy, PolicyConflict, TargetInfo};
///
/// let both = Policy { mic: MicPolicy::Required, ntlmv1: true, ..Policy::default() };
/// assert_eq!(Acceptor::new(TargetInfo::server("MAIL")?, both).err(), Some(PolicyConflict));
/// # Ok::<(), quitclaim_ntlm::InvalidName>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicyConflict;

impl fmt::Display for PolicyConflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NTLMv1 can have neither a MIC nor a channel binding, and one is required")
    }
}

impl Error for PolicyConflict {}
