//! Whether two series of timings can be told apart, and by whom.

/// What there is to say of two series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// Mean of the first less mean of the second, both trimmed: nanoseconds.
    pub difference: f64,
    /// Yuen's t, which is Welch's for trimmed means. Leakage tests (ISO 17825) call it a leak from ±4.5.
    pub t: f64,
    /// How often one of the first is above one of the second, ties by halves: Mann–Whitney's U by all pairs. A half is
    /// what two like series have.
    pub superiority: f64,
    /// How likely such a U is if they are alike, from both sides, corrected for ties.
    pub p: f64,
}

impl Comparison {
    /// Compares two series. The highest twentieth of each is the machine's doing, and left out of the means; the ranks
    /// have all.
    ///
    /// # Panics
    ///
    /// If one of them has less than three figures.
    #[must_use]
    pub fn of(first: &[f64], second: &[f64]) -> Self {
        let (one, other) = (Trimmed::of(first), Trimmed::of(second));
        let difference = one.mean - other.mean;
        let (superiority, p) = mann_whitney(first, second);
        Self { difference, t: difference / (one.error + other.error).sqrt(), superiority, p }
    }

    /// How many logins of each kind somebody must time to find the difference with t = 4.5, if each of his timings is
    /// off by so many nanoseconds (standard deviation).
    #[must_use]
    pub fn needed(&self, noise: f64) -> f64 {
        2.0 * (LEAK * noise / self.difference).powi(2)
    }

    /// Whether the t test calls it a leak.
    #[must_use]
    pub fn is_leak(&self) -> bool {
        self.t.abs() >= LEAK
    }
}

/// Of t, by ISO 17825.
const LEAK: f64 = 4.5;

/// A series without its highest twentieth.
struct Trimmed {
    mean: f64,
    /// The mean's own variance, from the winsorized series: the highest are not left out of it but brought down.
    error: f64,
}

impl Trimmed {
    #[expect(clippy::cast_precision_loss, reason = "counts of timings are far below 2^52")]
    fn of(series: &[f64]) -> Self {
        let mut sorted = series.to_vec();
        sorted.sort_by(f64::total_cmp);
        let kept = sorted.len() - sorted.len() / 20;
        let (count, kept_count) = (sorted.len() as f64, kept as f64);
        let mean = sorted[..kept].iter().sum::<f64>() / kept_count;
        let highest = sorted[kept - 1];
        sorted[kept..].fill(highest);
        let centre = sorted.iter().sum::<f64>() / count;
        let squares: f64 = sorted.iter().map(|figure| (figure - centre).powi(2)).sum();
        Self { mean, error: squares / (kept_count * (kept_count - 1.0)) }
    }
}

/// U by all pairs, and its two-sided p by the normal approximation.
#[expect(clippy::cast_precision_loss, reason = "counts of timings are far below 2^52")]
fn mann_whitney(first: &[f64], second: &[f64]) -> (f64, f64) {
    let mut all: Vec<(f64, bool)> = first.iter().map(|&figure| (figure, true)).collect();
    all.extend(second.iter().map(|&figure| (figure, false)));
    all.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (mut ranks_of_first, mut ties, mut before) = (0.0, 0.0, 0.0);
    for tied in all.chunk_by(|one, other| one.0.total_cmp(&other.0).is_eq()) {
        let count = tied.len() as f64;
        let rank = before + f64::midpoint(count, 1.0);
        ranks_of_first += rank * tied.iter().filter(|(_, is_first)| *is_first).count() as f64;
        ties += count.powi(3) - count;
        before += count;
    }
    let (n, m) = (first.len() as f64, second.len() as f64);
    let u = ranks_of_first - n * (n + 1.0) / 2.0;
    let variance = n * m / 12.0 * (n + m + 1.0 - ties / ((n + m) * (n + m - 1.0)));
    let z = (u - n * m / 2.0) / variance.sqrt();
    (u / (n * m), if variance > 0.0 { both_tails(z) } else { 1.0 })
}

/// How likely a normal figure is as far out as that. Abramowitz and Stegun 7.1.26: the error is below 1.5e-7.
fn both_tails(z: f64) -> f64 {
    let x = z.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let series = [1.061_405_429, -1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592];
    series.iter().fold(0.0, |sum, coefficient| (sum + coefficient) * t) * (-x * x).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(one: f64, other: f64) -> bool {
        (one - other).abs() < 1e-6
    }

    #[test]
    fn like_series_cannot_be_told_apart() {
        let series: Vec<f64> = (0..1000).map(f64::from).collect();
        let comparison = Comparison::of(&series, &series);
        assert!(near(comparison.superiority, 0.5) && near(comparison.p, 1.0) && near(comparison.difference, 0.0));
        assert!(!comparison.is_leak());
    }

    #[test]
    fn a_shift_is_found() {
        let series: Vec<f64> = (0..1000).map(|n| f64::from(n % 100)).collect();
        let shifted: Vec<f64> = series.iter().map(|figure| figure + 10.0).collect();
        let comparison = Comparison::of(&shifted, &series);
        assert!(comparison.is_leak() && comparison.p < 1e-6 && comparison.superiority > 0.55);
    }

    #[test]
    fn u_and_its_p_are_those_of_the_textbook() {
        // Ranks by hand, one tie of two; p by Python's math.erfc.
        let (superiority, p) = mann_whitney(&[1.1, 2.2, 3.3, 4.4, 5.5], &[0.5, 2.2, 2.9, 3.1, 3.2]);
        assert!(near(superiority, 0.7) && near(p, 0.294_801_992), "{p}");
    }

    #[test]
    fn tails_are_the_normal_distributions() {
        assert!(near(both_tails(0.0), 1.0));
        assert!((both_tails(1.959_964) - 0.05).abs() < 1e-6 && (both_tails(-2.575_829) - 0.01).abs() < 1e-6);
    }

    #[test]
    fn half_the_difference_takes_four_times_the_logins() {
        let comparison = |difference| Comparison { difference, t: 5.0, superiority: 0.5, p: 1.0 };
        assert!(near(comparison(1.0).needed(10.0) / comparison(2.0).needed(10.0), 4.0));
    }
}
