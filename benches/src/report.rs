//! The figures as tables for people and as JSON for programs.

use crate::figures::{Figures, Row};
use crate::harness::{CAPACITY, Plan};
use crate::machine::Machine;
use crate::roster::{REFERENCES, WITHIN};
use crate::statistics::Summary;
use std::fmt::{self, Write};

/// What was measured, where and how.
pub struct Report<'a> {
    /// The command that repeats it.
    pub command: &'a str,
    /// Where.
    pub machine: &'a Machine,
    /// How much.
    pub plan: Plan,
    /// The figures; each row has one at least.
    pub tables: &'a [Figures],
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.header(f)?;
        for figures in self.tables {
            table(f, figures)?;
        }
        self.within(f)
    }
}

impl Report<'_> {
    fn header(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Machine { processor, cores, kernel, load, rustc } = self.machine;
        let Plan { rounds, cell, panel_rounds, .. } = self.plan;
        writeln!(f, "command   {}", self.command)?;
        writeln!(f, "machine   {processor}, {cores} cores; Linux {kernel}, {rustc}; load {load} at the start")?;
        writeln!(
            f,
            "rounds    {rounds}, {} ms a measurement and thread ({panel_rounds} of one call, and of a million live); capacity {CAPACITY}, values of 256 octets",
            cell.as_millis()
        )?;
        writeln!(f, "ns        wall time / operations of all threads: the median of the rounds, and p10 to p90")?;
        writeln!(
            f,
            "× NAME    this one's time / NAME's in the same round: median and p10 to p90; above 1 is slower than NAME"
        )?;
        for Row { contender, note, .. } in self.tables.first().into_iter().flat_map(|figures| &figures.rows) {
            writeln!(f, "  {contender:CONTENDER$}{note}")?;
        }
        Ok(())
    }

    /// One contender under two workloads.
    fn within(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f)?;
        for (workload, other) in WITHIN {
            for figures in self.tables.iter().filter(|figures| figures.workload == workload) {
                let base = self.tables.iter().find(|base| base.workload == other && base.threads == figures.threads);
                let rows = figures.of(REFERENCES[0]).zip(base.and_then(|base| base.of(REFERENCES[0])));
                let ratio = Ratio(rows.map(|(this, base)| Summary::of_ratios(&this.rounds, &base.rounds)));
                writeln!(f, "{}, {}: {workload} / {other}: {ratio}", REFERENCES[0], threads(figures))?;
            }
        }
        Ok(())
    }

    /// The same, with the figures of every round.
    ///
    /// # Panics
    ///
    /// If a cell has no figure.
    #[must_use]
    pub fn json(&self) -> String {
        let mut json = String::new();
        self.write_json(&mut json).expect("a string takes all");
        json
    }

    fn write_json(&self, json: &mut String) -> fmt::Result {
        let Machine { processor, cores, kernel, load, rustc } = self.machine;
        write!(json, "{{\"command\": {}, ", Quoted(self.command))?;
        write!(json, "\"machine\": {{\"processor\": {}, \"cores\": {cores}, ", Quoted(processor))?;
        write!(json, "\"kernel\": {}, \"load\": {}, \"rustc\": {}}}, ", Quoted(kernel), Quoted(load), Quoted(rustc))?;
        writeln!(json, "\"capacity\": {CAPACITY}, \"value_octets\": 256, \"cells\": [")?;
        let mut separator = "";
        for Figures { workload, threads, unit, rows, .. } in self.tables {
            for Row { contender, rounds, .. } in rows {
                let Summary { median, low, high } = Summary::of(rounds);
                write!(json, "{separator}{{\"workload\": {}, \"threads\": {threads}, ", Quoted(workload))?;
                write!(json, "\"contender\": {}, \"unit\": {}, ", Quoted(contender), Quoted(unit))?;
                write!(json, "\"median\": {median}, \"p10\": {low}, \"p90\": {high}, \"rounds\": {rounds:?}}}")?;
                separator = ",\n";
            }
        }
        writeln!(json, "\n]}}")
    }
}

fn table(f: &mut fmt::Formatter<'_>, figures: &Figures) -> fmt::Result {
    writeln!(f, "\n{}, {}: {}", figures.workload, threads(figures), figures.note)?;
    write!(f, "  {:CONTENDER$}{:>8}  {:>17}", "", figures.unit, "p10 – p90")?;
    for reference in REFERENCES {
        write!(f, "  {:>RATIO$}", format!("× {reference}"))?;
    }
    writeln!(f)?;
    for this in &figures.rows {
        let Summary { median, low, high } = Summary::of(&this.rounds);
        let spread = format!("{low:.1} – {high:.1}");
        write!(f, "  {:CONTENDER$}{median:>8.1}  {spread:>17}", this.contender)?;
        for reference in REFERENCES {
            let base = figures.of(reference).filter(|base| base.contender != this.contender);
            let ratio = Ratio(base.map(|base| Summary::of_ratios(&this.rounds, &base.rounds)));
            write!(f, "  {:>RATIO$}", ratio.to_string())?;
        }
        writeln!(f)?;
    }
    Ok(())
}

fn threads(figures: &Figures) -> String {
    let plural = if figures.threads == 1 { "" } else { "s" };
    format!("{} thread{plural}", figures.threads)
}

/// Widths of columns.
const CONTENDER: usize = 28;
const RATIO: usize = 24;

/// A ratio and its spread, or a dash.
struct Ratio(Option<Summary>);

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(Summary { median, low, high }) => write!(f, "{median:.2} ({low:.2} – {high:.2})"),
            None => f.write_str("-"),
        }
    }
}

/// A JSON string.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for character in self.0.chars() {
            match character {
                '"' | '\\' => write!(f, "\\{character}")?,
                _ if character.is_control() => write!(f, "\\u{:04x}", u32::from(character))?,
                _ => f.write_char(character)?,
            }
        }
        f.write_char('"')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_strings_are_escaped() {
        assert_eq!(Quoted("a \"b\" \\ \n").to_string(), r#""a \"b\" \\ \u000a""#);
    }

    #[test]
    fn ratio_shows_its_spread() {
        let summary = Summary { median: 1.72, low: 1.6, high: 1.849 };
        assert_eq!(Ratio(Some(summary)).to_string(), "1.72 (1.60 – 1.85)");
    }
}
