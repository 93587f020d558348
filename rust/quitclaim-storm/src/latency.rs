//! How long attempts took.

use hdrhistogram::Histogram;
use std::time::Duration;

/// How long attempts took, from connecting (or from `AUTH`, if the connection was there) to the server's last word.
///
/// Half of them took no longer than `p50`, 99 of 100 no longer than `p99`; each figure is right to one in a thousand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the struct says what they are")]
pub struct Latency {
    pub p50: Duration,
    pub p90: Duration,
    pub p99: Duration,
    pub p999: Duration,
    pub max: Duration,
}

/// What latencies are collected in: its size does not depend on how many.
pub(crate) struct Latencies(Histogram<u64>);

impl Latencies {
    pub(crate) fn new() -> Self {
        Self(Histogram::new_with_bounds(1, LONGEST, 3).expect("bounds and digits are within the crate's"))
    }

    pub(crate) fn add(&mut self, latency: Duration) {
        self.0.saturating_record(u64::try_from(latency.as_nanos()).unwrap_or(LONGEST));
    }

    /// `None` if nothing was added.
    pub(crate) fn summary(&self) -> Option<Latency> {
        let at = |quantile| Duration::from_nanos(self.0.value_at_quantile(quantile).min(self.0.max()));
        let max = Duration::from_nanos(self.0.max());
        (!self.0.is_empty()).then(|| Latency { p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max })
    }
}

/// An hour, in nanoseconds: what is slower counts as that.
const LONGEST: u64 = 3_600_000_000_000;

#[cfg(test)]
mod tests {
    use super::{LONGEST, Latencies};
    use std::time::Duration;

    #[test]
    fn nothing_has_no_percentiles() {
        assert_eq!(Latencies::new().summary(), None);
    }

    #[test]
    fn percentiles_are_right_to_one_in_a_thousand() {
        let mut latencies = Latencies::new();
        (1..=1000).for_each(|millisecond| latencies.add(Duration::from_millis(millisecond)));
        let summary = latencies.summary().unwrap();
        for (found, right) in
            [(summary.p50, 500), (summary.p90, 900), (summary.p99, 990), (summary.p999, 999), (summary.max, 1000)]
        {
            assert!(found.abs_diff(Duration::from_millis(right)) <= Duration::from_micros(right), "{found:?}");
        }
    }

    #[test]
    fn more_than_an_hour_is_an_hour() {
        let mut latencies = Latencies::new();
        latencies.add(Duration::MAX);
        let hour = Duration::from_nanos(LONGEST);
        assert!(latencies.summary().unwrap().max.abs_diff(hour) < hour / 1000);
    }
}
