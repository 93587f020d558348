//! `cargo bench -p quitclaim-benches --bench timing`: whether an unknown user can be told from a wrong password by time.
//!
//! What is timed is the acceptor's part, from the AUTHENTICATE's octets to the refusal. The look-up of the account is
//! the caller's, and its time is the caller's to level. Four series take turns in an order of chance, so that whatever
//! disturbs one disturbs all: unknown users and wrong passwords, twice each. Twice, because the processor foretells best
//! what it meets most: with one series of one kind and two of the other, the rarer was 17 ns slower, whichever it was.
//! And it shows what the machine makes of no difference at all.
#![forbid(unsafe_code)]

use quitclaim_benches::login::{Extras, Login};
use quitclaim_benches::machine::Machine;
use quitclaim_benches::statistics::Summary;
use quitclaim_benches::two_samples::Comparison;
use quitclaim_ntlm::Credential;
use std::hint::black_box;
use std::time::Instant;

fn main() {
    let Machine { processor, cores, rustc, load, .. } = Machine::this();
    println!("machine   {processor}, {cores} cores; {rustc}; load {load} at the start");
    println!("plan      4 series of {TIMINGS} timings in turns of chance, {USERS} users");
    for (what, extras) in [("no MIC", Extras::None), ("MIC", Extras::Mic), ("MIC and key", Extras::MicAndKey)] {
        let [unknown, wrong, unknown_again, wrong_again] = series(extras);
        println!("\n{what}:");
        for (name, figures) in [("unknown user", &unknown), ("wrong password", &wrong)] {
            let Summary { median, low, high } = Summary::of(figures);
            println!("  {name:16} median {median:.0} ns, p10 – p90 {low:.0} – {high:.0}");
        }
        let all_unknown = [&unknown, &unknown_again].map(Vec::as_slice).concat();
        let all_wrong = [&wrong, &wrong_again].map(Vec::as_slice).concat();
        print("unknown users against wrong passwords, both series", &Comparison::of(&all_unknown, &all_wrong));
        print("unknown user against the same again", &Comparison::of(&unknown, &unknown_again));
        print("wrong password against the same again", &Comparison::of(&wrong, &wrong_again));
    }
}

fn print(what: &str, comparison: &Comparison) {
    let Comparison { difference, t, superiority, p } = comparison;
    println!("  {what}:");
    println!("    trimmed means differ by {difference:+.1} ns, Yuen's t {t:+.2}");
    println!("    Mann–Whitney U {:.2} % of all pairs, p {p:.3}", superiority * 100.0);
    if comparison.is_leak() {
        let needed = comparison.needed(LAN);
        println!(
            "    a difference (|t| ≥ 4.5): over a network with 10 µs of noise it takes {needed:.0e} logins to see it"
        );
    } else {
        println!("    no difference found (|t| < 4.5)");
    }
}

/// Nanoseconds of each refusal: unknown users, wrong passwords, and again.
fn series(extras: Extras) -> [Vec<f64>; 4] {
    let logins: Vec<Login> = (0..USERS).map(|n| Login::new(&format!("user{n:04}"), "EXAMPLE", extras)).collect();
    let accounts: Vec<Credential> = (0..USERS).map(|n| Credential::from_password(&format!("guess{n}"))).collect();
    let mut figures = [const { Vec::new() }; 4];
    let mut chance = Chance(0x9E37_79B9_7F4A_7C15);
    for round in 0..WARM_UP + TIMINGS {
        let user = chance.below(USERS);
        for kind in chance.order() {
            let (login, account) = (&logins[user], if kind % 2 == 0 { None } else { Some(&accounts[user]) });
            let challenged = login.challenge();
            let start = Instant::now();
            let refusal = login.finish(black_box(challenged), black_box(account));
            let took = start.elapsed();
            assert!(black_box(refusal).is_err());
            if round >= WARM_UP {
                figures[kind].push(took.as_secs_f64() * 1e9);
            }
        }
    }
    figures
}

/// xorshift64.
struct Chance(u64);

impl Chance {
    fn order(&mut self) -> [usize; 4] {
        let mut order = [0, 1, 2, 3];
        for last in (1..order.len()).rev() {
            order.swap(last, self.below(last + 1));
        }
        order
    }

    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits") % end
    }
}

/// Of one series: 20,000 unknown users and 20,000 wrong passwords together.
const TIMINGS: usize = 10_000;
const WARM_UP: usize = 1_000;
const USERS: usize = 32;

/// Noise of timings over a quiet local network, in nanoseconds.
const LAN: f64 = 10_000.0;
