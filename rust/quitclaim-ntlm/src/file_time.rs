//! Points in time as NTLM has them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A point in time: ticks of 100 nanoseconds since 1601, UTC. MS-DTYP §2.3.3.
///
/// ```
/// use quitclaim_ntlm::FileTime;
/// use std::time::{Duration, SystemTime, UNIX_EPOCH};
///
/// let y2k = UNIX_EPOCH + Duration::from_secs(946_684_800);
/// assert_eq!(FileTime::from(y2k), FileTime::from_ticks(125_911_584_000_000_000));
/// let now = FileTime::from(SystemTime::now());
/// assert!(now > FileTime::from(y2k));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileTime(u64);

impl FileTime {
    /// The time so many ticks after 1601 began.
    #[must_use]
    pub const fn from_ticks(ticks: u64) -> Self {
        Self(ticks)
    }

    /// Ticks since 1601 began.
    #[must_use]
    pub const fn ticks(self) -> u64 {
        self.0
    }

    /// Whether the two are no further apart than that.
    pub(crate) fn is_within(self, window: Duration, other: Self) -> bool {
        u128::from(self.0.abs_diff(other.0)) <= window.as_nanos() / NANOSECONDS
    }
}

impl From<SystemTime> for FileTime {
    /// Times before 1601 become its beginning; times past the year 60056, its end.
    fn from(time: SystemTime) -> Self {
        let since_1601 = match time.duration_since(UNIX_EPOCH) {
            Ok(after) => BEFORE_UNIX.checked_add(after),
            Err(before) => Some(BEFORE_UNIX.saturating_sub(before.duration())),
        };
        let ticks = since_1601.map_or(u128::MAX, |since| since.as_nanos() / NANOSECONDS);
        Self(u64::try_from(ticks).unwrap_or(u64::MAX))
    }
}

/// Nanoseconds in a tick.
const NANOSECONDS: u128 = 100;
const BEFORE_UNIX: Duration = Duration::from_secs(11_644_473_600);
