//! `cargo bench -p quitclaim-benches [-- [--quick] [--json FILE] [WORD]…]`: the tables of `README.md`.
//!
//! With words, only the groups and contenders whose line "workload threads contender" has them all.
#![forbid(unsafe_code)]

use quitclaim_benches::figures::Figures;
use quitclaim_benches::harness::{self, Plan};
use quitclaim_benches::machine::Machine;
use quitclaim_benches::report::Report;
use quitclaim_benches::{crowd, panel, roster};
use std::process::ExitCode;
use std::{env, fs};

fn main() -> ExitCode {
    let arguments = match Arguments::parse(env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(problem) => {
            eprintln!("{problem}\nusage: cargo bench -p quitclaim-benches [-- [--quick] [--json FILE] [WORD]…]");
            return ExitCode::from(2);
        }
    };
    if let Some((contender, live)) = &arguments.alone {
        return alone(contender, *live);
    }
    let machine = Machine::this();
    let tables = measure(&arguments);
    let report = Report { command: &arguments.command, machine: &machine, plan: arguments.plan, tables: &tables };
    println!("{report}");
    match arguments.json.map(|file| fs::write(&file, report.json()).map_err(|error| format!("{file}: {error}"))) {
        Some(Err(problem)) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
        Some(Ok(())) | None => ExitCode::SUCCESS,
    }
}

fn measure(arguments: &Arguments) -> Vec<Figures> {
    let mut groups = roster::groups();
    for group in &mut groups {
        group.cells.retain(|cell| arguments.want(group.workload, group.threads, cell.contender));
    }
    groups.retain(|group| !group.cells.is_empty());
    let mut tables = harness::run(arguments.plan, groups);
    for mut panel in roster::panels(arguments.plan) {
        panel.cells.retain(|cell| arguments.want(panel.workload, panel.threads, cell.contender));
        if !panel.cells.is_empty() {
            tables.extend(panel::run(arguments.plan.panel_rounds, &panel));
        }
    }
    tables
}

/// The process in which one contender has so many live.
fn alone(contender: &str, live: usize) -> ExitCode {
    let Some((_, measure)) = roster::crowds().into_iter().find(|(name, _)| *name == contender) else {
        eprintln!("{contender}: no such contender");
        return ExitCode::FAILURE;
    };
    for figure in measure(live) {
        println!("{figure}");
    }
    ExitCode::SUCCESS
}

struct Arguments {
    /// What to type to have the same again.
    command: String,
    plan: Plan,
    json: Option<String>,
    words: Vec<String>,
    /// For the program itself: see [`crowd::measure_alone`].
    alone: Option<(String, usize)>,
}

impl Arguments {
    fn parse(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        // Cargo's own flag for a bench target.
        let given: Vec<String> = arguments.filter(|argument| argument != "--bench").collect();
        let mut command = "cargo bench -p quitclaim-benches".to_owned();
        if !given.is_empty() {
            command = format!("{command} -- {}", given.join(" "));
        }
        let mut parsed = Self { command, plan: Plan::FULL, json: None, words: Vec::new(), alone: None };
        let mut rest = given.into_iter();
        while let Some(argument) = rest.next() {
            match argument.as_str() {
                "--quick" => parsed.plan = Plan::QUICK,
                "--json" => parsed.json = Some(rest.next().ok_or("--json needs a file")?),
                crowd::ALONE => parsed.alone = rest.next().zip(rest.next().and_then(|live| live.parse().ok())),
                unknown if unknown.starts_with('-') => return Err(format!("{unknown}: no such option")),
                _ => parsed.words.push(argument),
            }
        }
        Ok(parsed)
    }

    fn want(&self, workload: &str, threads: u32, contender: &str) -> bool {
        let line = format!("{workload} {threads} {contender}");
        self.words.iter().all(|word| line.contains(word))
    }
}
