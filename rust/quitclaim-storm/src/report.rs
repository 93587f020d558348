//! What a storm did.

use crate::latency::Latency;
use crate::outcome::{Counts, Outcome, Password};
use std::fmt;
use std::time::Duration;

/// What a storm has done so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Attempts that have ended.
    pub done: u64,
    /// Those that ended as they should.
    pub expected: u64,
    /// Since the storm began.
    pub elapsed: Duration,
}

impl Progress {
    /// Attempts that ended as they should not.
    #[must_use]
    pub const fn unexpected(&self) -> u64 {
        self.done - self.expected
    }
}

/// What a storm did. Attempts that were under way when it was stopped are not in it.
///
/// ```
/// use quitclaim_storm::{Ending, Load, Login, Plan, Storm};
/// use std::{net::TcpListener, ops::ControlFlow, time::Duration};
///
/// let silent = TcpListener::bind("127.0.0.1:0")?;
/// let load = Load { total_timeout: Some(Duration::from_millis(1)), ..Load::default() };
/// let login = Login { username: "alice", password: "secret", domain: "" };
/// let plan = Plan::new(&silent.local_addr()?.to_string(), &login, load)?;
/// let report = Storm::new(plan)?.run(|_| ControlFlow::Continue(()))?;
/// assert_eq!((report.ending, report.attempts(), report.latency), (Ending::OutOfTime, 0, None));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Why it ended.
    pub ending: Ending,
    /// How long attempts took that the server answered; `None` if there is none.
    pub latency: Option<Latency>,
    /// How long all of it took.
    pub wall: Duration,
    /// The processor time of the thread that ran it.
    pub cpu: Duration,
    pub(crate) counts: Counts,
}

impl Report {
    /// Attempts that ended.
    #[must_use]
    pub fn attempts(&self) -> u64 {
        self.counts.all()
    }

    /// Attempts that ended as they should: denied with a wrong password, logged in with the right one.
    #[must_use]
    pub fn expected(&self) -> u64 {
        self.counts.expected()
    }

    /// Attempts that ended as they should not.
    #[must_use]
    pub fn unexpected(&self) -> u64 {
        self.attempts() - self.expected()
    }

    /// Attempts with that password that ended so.
    #[must_use]
    pub fn count(&self, password: Password, outcome: Outcome) -> u64 {
        self.counts.of(password, outcome)
    }

    /// Attempts a second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "there are ten million attempts at most")]
        let attempts = self.attempts() as f64;
        if self.wall.is_zero() { 0.0 } else { attempts / self.wall.as_secs_f64() }
    }
}

/// Why a storm ended.
///
/// ```
/// use quitclaim_storm::Ending;
///
/// assert_eq!(Ending::OutOfTime.to_string(), "out of time");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All attempts were made.
    Done,
    /// The caller said so.
    Stopped,
    /// [`Load::total_timeout`](crate::Load::total_timeout) was over.
    OutOfTime,
}

impl Ending {
    /// The name of it in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Stopped => "stopped",
            Self::OutOfTime => "out of time",
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
