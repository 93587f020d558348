//! Why a storm cannot be, or did not run.

use std::error::Error as StdError;
use std::fmt;
use std::io;

/// Why a storm cannot be as planned.
///
/// ```
/// use quitclaim_storm::{InvalidPlan, Load, Login, Plan};
///
/// let login = Login { username: "alice", password: "secret", domain: "" };
/// assert_eq!(Plan::new("mail.example.org:110", &login, Load::default()).err(), Some(InvalidPlan::NotLoopback));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidPlan {
    /// The address is not `HOST:PORT`.
    Address,
    /// The address is another machine's, or might be.
    NotLoopback,
    /// The user name is empty, longer than 255 characters, or has control characters.
    Username,
    /// The domain is longer than 255 characters, or has control characters.
    Domain,
    /// More connections than 4,096, or none.
    Connections,
    /// More attempts than 10,000,000, or none.
    Attempts,
    /// More attempts on a connection than 10,000 (one, of good logins), or none.
    PerConnection,
    /// A time-out of nothing, or one for an operation that is longer than an hour.
    Timeout,
}

impl fmt::Display for InvalidPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Address => "the address is HOST:PORT, such as 127.0.0.1:1110, [::1]:1110 or localhost:1110",
            Self::NotLoopback => {
                "a storm goes to this machine only, to 127.0.0.0/8, [::1] or localhost: no socket was made"
            }
            Self::Username => "the user name has 1 to 255 characters, none of them a control character",
            Self::Domain => "the domain has at most 255 characters, none of them a control character",
            Self::Connections => "there are 1 to 4096 connections at once",
            Self::Attempts => "there are 1 to 10000000 attempts",
            Self::PerConnection => "a connection has 1 to 10000 attempts, and just one if all are good logins",
            Self::Timeout => "a time-out is more than nothing, and that of an operation an hour at most",
        })
    }
}

impl StdError for InvalidPlan {}

/// Why a storm did not run.
///
/// ```
/// use quitclaim_storm::Error;
///
/// let error = Error::Descriptors { limit: 1024, needed: 4128 };
/// assert!(error.to_string().contains("ulimit -n"));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The process may not open as many files as the storm needs.
    Descriptors {
        /// What it may open.
        limit: u64,
        /// What the storm needs.
        needed: u64,
    },
    /// The system refused a socket or a poll.
    Io(io::Error),
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Descriptors { limit, needed } => {
                write!(
                    f,
                    "the process may open {limit} files and the storm needs {needed}: raise ulimit -n, or use fewer connections"
                )
            }
            Self::Io(error) => write!(f, "the system refused: {error}"),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Descriptors { .. } => None,
            Self::Io(error) => Some(error),
        }
    }
}
