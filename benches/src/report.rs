//! The figures as tables for people and as JSON for programs.

use crate::harness::{CAPACITY, Cell, Group, Plan};
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
    /// The figures; each cell that is left has one at least.
    pub groups: &'a [Group],
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.header(f)?;
        for group in self.groups {
            table(f, group)?;
        }
        self.within(f)
    }
}

impl Report<'_> {
    fn header(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Machine { processor, cores, kernel, load, rustc } = self.machine;
        let Plan { rounds, cell } = self.plan;
        writeln!(f, "command   {}", self.command)?;
        writeln!(f, "machine   {processor}, {cores} cores; Linux {kernel}, {rustc}; load {load} at the start")?;
        writeln!(
            f,
            "rounds    {rounds}, {} ms a measurement and thread; capacity {CAPACITY}, values of 256 octets",
            cell.as_millis()
        )?;
        writeln!(f, "ns/op     wall time / operations of all threads: the median of the rounds, and p10 to p90")?;
        writeln!(
            f,
            "× NAME    this one's time / NAME's in the same round: median and p10 to p90; above 1 is slower than NAME"
        )?;
        for Cell { contender, note, .. } in self.groups.first().into_iter().flat_map(|group| &group.cells) {
            writeln!(f, "  {contender:CONTENDER$}{note}")?;
        }
        Ok(())
    }

    /// One contender under two workloads.
    fn within(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f)?;
        for (workload, other) in WITHIN {
            for group in self.groups.iter().filter(|group| group.workload == workload) {
                let base = self.groups.iter().find(|base| base.workload == other && base.threads == group.threads);
                let cells = cell(group, REFERENCES[0]).zip(base.and_then(|base| cell(base, REFERENCES[0])));
                let ratio = Ratio(cells.map(|(this, base)| Summary::of_ratios(&this.figures, &base.figures)));
                writeln!(f, "{}, {}: {workload} / {other}: {ratio}", REFERENCES[0], threads(group))?;
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
        for group in self.groups {
            for Cell { contender, figures, .. } in &group.cells {
                let Summary { median, low, high } = Summary::of(figures);
                write!(
                    json,
                    "{separator}{{\"workload\": {}, \"threads\": {}, ",
                    Quoted(group.workload),
                    group.threads
                )?;
                write!(json, "\"contender\": {}, \"median_ns\": {median}, ", Quoted(contender))?;
                write!(json, "\"p10_ns\": {low}, \"p90_ns\": {high}, \"rounds_ns\": {figures:?}}}")?;
                separator = ",\n";
            }
        }
        writeln!(json, "\n]}}")
    }
}

fn table(f: &mut fmt::Formatter<'_>, group: &Group) -> fmt::Result {
    writeln!(f, "\n{}, {}: {}", group.workload, threads(group), group.note)?;
    write!(f, "  {:CONTENDER$}{:>8}  {:>15}", "", "ns/op", "p10 – p90")?;
    for reference in REFERENCES {
        write!(f, "  {:>RATIO$}", format!("× {reference}"))?;
    }
    writeln!(f)?;
    for this in &group.cells {
        let Summary { median, low, high } = Summary::of(&this.figures);
        let spread = format!("{low:.1} – {high:.1}");
        write!(f, "  {:CONTENDER$}{median:>8.1}  {spread:>15}", this.contender)?;
        for reference in REFERENCES {
            let base = cell(group, reference).filter(|base| base.contender != this.contender);
            let ratio = Ratio(base.map(|base| Summary::of_ratios(&this.figures, &base.figures)));
            write!(f, "  {:>RATIO$}", ratio.to_string())?;
        }
        writeln!(f)?;
    }
    Ok(())
}

fn cell<'g>(group: &'g Group, contender: &str) -> Option<&'g Cell> {
    group.cells.iter().find(|cell| cell.contender == contender)
}

fn threads(group: &Group) -> String {
    let plural = if group.threads == 1 { "" } else { "s" };
    format!("{} thread{plural}", group.threads)
}

/// Widths of columns.
const CONTENDER: usize = 24;
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
