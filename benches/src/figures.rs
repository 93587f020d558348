//! What was measured: a figure a round for each contender.

/// One table of the report.
pub struct Figures {
    /// What was done.
    pub workload: String,
    /// What one operation is.
    pub note: &'static str,
    /// Threads that worked at once, on one table.
    pub threads: u32,
    /// What the figures are in; less is better.
    pub unit: &'static str,
    /// One for each contender.
    pub rows: Vec<Row>,
}

/// One contender's line.
pub struct Row {
    /// The contender.
    pub contender: &'static str,
    /// What its figures must be read with.
    pub note: &'static str,
    /// A figure for each round.
    pub rounds: Vec<f64>,
}

impl Figures {
    /// A contender's line, if it took part.
    #[must_use]
    pub fn of(&self, contender: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.contender == contender)
    }
}
