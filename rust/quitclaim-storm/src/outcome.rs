//! How attempts end, and how many of them did.

use std::fmt;

/// What an attempt logs in with, and so how it should end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Password {
    /// Never the right one: the attempt should be [denied](Outcome::Denied).
    Wrong,
    /// The plan's: the attempt should be [logged in](Outcome::LoggedIn).
    Right,
}

impl Password {
    /// How an attempt with it should end.
    ///
    /// ```
    /// use quitclaim_storm::{Outcome, Password};
    ///
    /// assert_eq!(Password::Wrong.expects(), Outcome::Denied);
    /// ```
    #[must_use]
    pub const fn expects(self) -> Outcome {
        match self {
            Self::Wrong => Outcome::Denied,
            Self::Right => Outcome::LoggedIn,
        }
    }
}

/// How an attempt ended.
///
/// ```
/// use quitclaim_storm::Outcome;
///
/// assert_eq!(Outcome::LoggedIn.to_string(), "logged in");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The server refused the credentials: `-ERR [AUTH]` in answer to the AUTHENTICATE (RFC 3206 §5).
    Denied,
    /// The server let the client in; if it was meant to get in, `STAT` and `QUIT` were answered too.
    LoggedIn,
    /// Another session has the maildrop: `-ERR [IN-USE]` (RFC 2449 §8.1.1).
    InUse,
    /// The server cannot, for now: `-ERR [SYS/TEMP]` (RFC 3206 §4).
    Temporary,
    /// The server refused for another reason, or gave none: any other `-ERR`.
    Refused,
    /// The server closed the connection before its last word.
    Closed,
    /// The server was silent for longer than [`Load::timeout`](crate::Load::timeout).
    TimedOut,
    /// There was no connection: nobody listens, or no port was free.
    NotConnected,
    /// The server said what is not POP3, or not NTLM, or not its turn.
    Protocol,
}

impl Outcome {
    /// All of them, the usual ones first.
    pub const ALL: [Self; 9] = [
        Self::Denied,
        Self::LoggedIn,
        Self::InUse,
        Self::Temporary,
        Self::Refused,
        Self::Closed,
        Self::TimedOut,
        Self::NotConnected,
        Self::Protocol,
    ];

    /// The name of it in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::LoggedIn => "logged in",
            Self::InUse => "in use",
            Self::Temporary => "temporary",
            Self::Refused => "refused",
            Self::Closed => "closed",
            Self::TimedOut => "timed out",
            Self::NotConnected => "not connected",
            Self::Protocol => "protocol",
        }
    }

    /// Whether the server had its last word, so that there is something to time.
    pub(crate) const fn is_answer(self) -> bool {
        matches!(self, Self::Denied | Self::LoggedIn | Self::InUse | Self::Temporary | Self::Refused)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Attempts by what they were made with and how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts([[u64; Outcome::ALL.len()]; 2]);

impl Counts {
    pub(crate) fn add(&mut self, password: Password, outcome: Outcome) {
        self.0[password as usize][outcome as usize] += 1;
    }

    pub(crate) fn of(&self, password: Password, outcome: Outcome) -> u64 {
        self.0[password as usize][outcome as usize]
    }

    pub(crate) fn all(&self) -> u64 {
        self.0.iter().flatten().sum()
    }

    pub(crate) fn expected(&self) -> u64 {
        [Password::Wrong, Password::Right].map(|password| self.of(password, password.expects())).iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::{Counts, Outcome, Password};

    #[test]
    fn what_is_expected_depends_on_the_password() {
        let mut counts = Counts::default();
        counts.add(Password::Wrong, Outcome::Denied);
        counts.add(Password::Right, Outcome::Denied);
        counts.add(Password::Wrong, Outcome::LoggedIn);
        assert_eq!((counts.all(), counts.expected()), (3, 1));
    }

    #[test]
    fn an_outcome_stands_at_its_own_place() {
        assert!(Outcome::ALL.iter().enumerate().all(|(place, &outcome)| outcome as usize == place));
    }
}
