//! Measurements that give several figures at once, each of which is a table of the report.

use crate::figures::{Figures, Row};
use crate::harness::Shuffle;

/// What is compared: contenders under one measurement.
pub struct Panel {
    /// The workload; the column's name is added.
    pub workload: &'static str,
    /// What is measured.
    pub note: &'static str,
    /// Threads that work at once, on one table.
    pub threads: u32,
    /// What the figures are, and what they are in.
    pub columns: [(&'static str, &'static str); COLUMNS],
    /// One for each contender.
    pub cells: Vec<PanelCell>,
}

/// Figures that a measurement gives.
pub const COLUMNS: usize = 5;

/// One contender in a panel.
pub struct PanelCell {
    /// The contender.
    pub contender: &'static str,
    /// What its figures must be read with.
    pub note: &'static str,
    /// Measures once.
    pub measure: Box<dyn Fn() -> [f64; COLUMNS]>,
}

/// Measures all contenders of a panel in each round, in an order that changes.
#[must_use]
pub fn run(rounds: u32, panel: &Panel) -> Vec<Figures> {
    let mut tables: Vec<Figures> = panel.columns.iter().map(|&column| empty(panel, column)).collect();
    let mut shuffle = Shuffle::default();
    for _ in 0..rounds {
        for number in shuffle.order(panel.cells.len()) {
            for (table, figure) in tables.iter_mut().zip((panel.cells[number].measure)()) {
                table.rows[number].rounds.push(figure);
            }
        }
    }
    tables
}

fn empty(panel: &Panel, (column, unit): (&'static str, &'static str)) -> Figures {
    let row = |cell: &PanelCell| Row { contender: cell.contender, note: cell.note, rounds: Vec::new() };
    Figures {
        workload: format!("{}: {column}", panel.workload),
        note: panel.note,
        threads: panel.threads,
        unit,
        rows: panel.cells.iter().map(row).collect(),
    }
}
