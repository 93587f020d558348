//! `cargo bench -p quitclaim-benches [-- [--quick] [--json FILE] [WORD]…]`: the tables of `README.md`.
//!
//! With words, only the groups and contenders whose line "workload threads contender" has them all.
#![forbid(unsafe_code)]

use quitclaim_benches::harness::{self, Group, Plan};
use quitclaim_benches::machine::Machine;
use quitclaim_benches::report::Report;
use quitclaim_benches::roster;
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
    let mut groups = roster::groups();
    arguments.select(&mut groups);
    let machine = Machine::this();
    harness::run(arguments.plan, &mut groups);
    let report = Report { command: &arguments.command, machine: &machine, plan: arguments.plan, groups: &groups };
    println!("{report}");
    match arguments.json.map(|file| fs::write(&file, report.json()).map_err(|error| format!("{file}: {error}"))) {
        Some(Err(problem)) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
        Some(Ok(())) | None => ExitCode::SUCCESS,
    }
}

struct Arguments {
    /// What to type to have the same again.
    command: String,
    plan: Plan,
    json: Option<String>,
    words: Vec<String>,
}

impl Arguments {
    fn parse(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        // Cargo's own flag for a bench target.
        let given: Vec<String> = arguments.filter(|argument| argument != "--bench").collect();
        let mut command = "cargo bench -p quitclaim-benches".to_owned();
        if !given.is_empty() {
            command = format!("{command} -- {}", given.join(" "));
        }
        let mut parsed = Self { command, plan: Plan::FULL, json: None, words: Vec::new() };
        let mut rest = given.into_iter();
        while let Some(argument) = rest.next() {
            match argument.as_str() {
                "--quick" => parsed.plan = Plan::QUICK,
                "--json" => parsed.json = Some(rest.next().ok_or("--json needs a file")?),
                unknown if unknown.starts_with('-') => return Err(format!("{unknown}: no such option")),
                _ => parsed.words.push(argument),
            }
        }
        Ok(parsed)
    }

    fn select(&self, groups: &mut Vec<Group>) {
        for group in &mut *groups {
            let (workload, threads) = (group.workload, group.threads);
            group.cells.retain(|cell| {
                let line = format!("{workload} {threads} {}", cell.contender);
                self.words.iter().all(|word| line.contains(word))
            });
        }
        groups.retain(|group| !group.cells.is_empty());
    }
}
