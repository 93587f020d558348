//! `cargo bench -p quitclaim-benches --bench ntlm [-- --quick]`: an NTLM handshake's server side beside one `NTOWFv2`.
//!
//! A handshake is all three steps: NEGOTIATE to CHALLENGE, AUTHENTICATE to claim, claim to outcome. The eight random
//! octets, base64 and the look-up of the account are the caller's, and not in it.
#![forbid(unsafe_code)]

use quitclaim_benches::login::{Extras, Login, Ntowfv2, PASSWORD};
use quitclaim_benches::machine::Machine;
use quitclaim_benches::statistics::Summary;
use quitclaim_ntlm::Credential;
use std::env;
use std::hint::black_box;
use std::time::Instant;

fn main() {
    let rounds = if env::args().any(|argument| argument == "--quick") { 3 } else { 201 };
    let Machine { processor, cores, rustc, load, .. } = Machine::this();
    println!("machine   {processor}, {cores} cores; {rustc}; load {load} at the start");
    println!("plan      {rounds} rounds, in each one {OPERATIONS} of each, one after another");
    println!("goals     failed ≤ {FAILED} NTOWFv2, ok ≤ {OK}: medians of ratios within a round\n");
    for (what, username, domain) in NAMES {
        let mut rows = rows(username, domain);
        for _ in 0..rounds {
            rows.iter_mut().for_each(Row::measure);
        }
        println!("{what}: {username}, {domain}");
        println!("  {:34}{:>8}  {:>15}  {:>22}", "", "ns", "p10 – p90", "× NTOWFv2");
        for row in &rows {
            row.print(&rows[0].figures);
        }
        println!();
    }
}

/// The first is what the others are compared with.
fn rows(username: &str, domain: &str) -> Vec<Row> {
    let ntowfv2 = Ntowfv2::new(username, domain);
    let mut rows = vec![Row::new("NTOWFv2 alone", None, move || {
        black_box(ntowfv2.compute());
    })];
    for (name, extras) in [("MIC and key", Extras::MicAndKey), ("MIC", Extras::Mic), ("neither", Extras::None)] {
        for (outcome, goal, account) in
            [("ok", OK, Some(PASSWORD)), ("wrong password", FAILED, Some("guess")), ("unknown user", FAILED, None)]
        {
            let (login, account) = (Login::new(username, domain, extras), account.map(Credential::from_password));
            let expected = outcome == "ok";
            rows.push(Row::new(&format!("{outcome}, {name}"), Some(goal), move || {
                let finished = login.finish(black_box(login.challenge()), account.as_ref());
                assert_eq!(black_box(finished).is_ok(), expected);
            }));
        }
    }
    rows
}

struct Row {
    name: String,
    goal: Option<f64>,
    run: Box<dyn Fn()>,
    /// Nanoseconds each, a figure a round.
    figures: Vec<f64>,
}

impl Row {
    fn new(name: &str, goal: Option<f64>, run: impl Fn() + 'static) -> Self {
        Self { name: name.to_owned(), goal, run: Box::new(run), figures: Vec::new() }
    }

    fn measure(&mut self) {
        let start = Instant::now();
        (0..OPERATIONS).for_each(|_| (self.run)());
        self.figures.push(start.elapsed().as_secs_f64() * 1e9 / f64::from(OPERATIONS));
    }

    fn print(&self, base: &[f64]) {
        let Summary { median, low, high } = Summary::of(&self.figures);
        print!("  {:34}{median:>8.0}  {:>15}", self.name, format!("{low:.0} – {high:.0}"));
        let Some(goal) = self.goal else {
            println!();
            return;
        };
        let Summary { median, low, high } = Summary::of_ratios(&self.figures, base);
        let verdict = if median <= goal { "" } else { "  above its goal" };
        println!("  {:>22}{verdict}", format!("{median:.2} ({low:.2} – {high:.2})"));
    }
}

const FAILED: f64 = 11.0;
const OK: f64 = 9.0;

/// Few, so that a round is some milliseconds and its rows meet the same neighbours.
const OPERATIONS: u32 = 200;

const NAMES: [(&str, &str, &str); 2] = [
    ("short names", "alice", "EXAMPLE"),
    ("long names", "maximiliane.oberhofer-schwarzenegger@mail.example.org", "SUBSIDIARY-OF-EXAMPLE"),
];
