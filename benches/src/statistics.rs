//! Figures from rounds: medians, spreads, and ratios of what was measured in the same round.

/// The middle of some figures, and where all but the outer tenths of them lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Half of the figures are at most this.
    pub median: f64,
    /// A tenth of the figures are at most this.
    pub low: f64,
    /// Nine tenths of the figures are at most this.
    pub high: f64,
}

impl Summary {
    /// The summary of at least one figure.
    ///
    /// # Panics
    ///
    /// If there is none.
    #[must_use]
    pub fn of(figures: &[f64]) -> Self {
        let mut sorted = figures.to_vec();
        sorted.sort_by(f64::total_cmp);
        Self { median: quantile(&sorted, 50), low: quantile(&sorted, 10), high: quantile(&sorted, 90) }
    }

    /// The summary of `figures[round] / baseline[round]`: what slows a whole round down cancels out.
    ///
    /// # Panics
    ///
    /// If there is no round.
    #[must_use]
    pub fn of_ratios(figures: &[f64], baseline: &[f64]) -> Self {
        let ratios: Vec<f64> = figures.iter().zip(baseline).map(|(figure, base)| figure / base).collect();
        Self::of(&ratios)
    }
}

/// The figure below which so many per cent lie, interpolated between the two nearest.
#[expect(clippy::cast_precision_loss, reason = "a remainder below 100")]
fn quantile(sorted: &[f64], percent: usize) -> f64 {
    let rank = (sorted.len() - 1) * percent;
    let (below, part) = (sorted[rank / 100], (rank % 100) as f64 / 100.0);
    let above = sorted[rank.div_ceil(100)];
    below + (above - below) * part
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "small whole numbers and their quarters are exact")]
mod tests {
    use super::*;

    #[test]
    fn median_is_the_middle_figure() {
        assert_eq!(Summary::of(&[5.0, 1.0, 3.0]).median, 3.0);
    }

    #[test]
    fn median_of_an_even_number_is_between_the_middle_two() {
        assert_eq!(Summary::of(&[4.0, 1.0, 2.0, 100.0]).median, 3.0);
    }

    #[test]
    fn spread_leaves_the_outer_tenths_out() {
        let figures: Vec<f64> = (0..=10).map(f64::from).collect();
        assert_eq!(Summary::of(&figures), Summary { median: 5.0, low: 1.0, high: 9.0 });
    }

    #[test]
    fn one_figure_has_no_spread() {
        assert_eq!(Summary::of(&[7.0]), Summary { median: 7.0, low: 7.0, high: 7.0 });
    }

    #[test]
    fn ratios_are_taken_within_a_round() {
        // The second round was ten times slower for everyone: the ratio is 2 all the same.
        let summary = Summary::of_ratios(&[2.0, 20.0, 2.0], &[1.0, 10.0, 1.0]);
        assert_eq!(summary, Summary { median: 2.0, low: 2.0, high: 2.0 });
    }
}
