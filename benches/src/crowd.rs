//! A million live at once: what each costs in time and in memory. In a process of its own, because memory that another
//! table had is memory that this one need not ask for.

use crate::contender::{Contender, Seat, SharedSeat, Value};
use crate::harness::nanoseconds_each;
use crate::panel::COLUMNS;
use std::hint::black_box;
use std::process::Command;
use std::time::Instant;
use std::{env, fs};

/// How reports call it.
pub const NAME: &str = "a million live";
/// What is measured.
pub const NOTE: &str = "one thread, a fresh process; values of 256 octets";
/// The figures, an operation or a handle.
pub const COLUMN_NAMES: [(&str, &str); COLUMNS] =
    [("acquire", "ns"), ("walk of handle and value", "ns"), ("cold look", "ns"), ("free", "ns"), ("memory", "octets")];

/// What [`measure`] is of one contender.
pub type Measure = fn(live: usize) -> [f64; COLUMNS];

/// Measures in this process: one owner acquires so many, all are walked, each is looked at and freed in no order.
///
/// # Panics
///
/// If the walk does not show them all, or the process's size cannot be read.
#[must_use]
pub fn measure<'c, C: Contender + 'c>(live: usize) -> [f64; COLUMNS]
where
    for<'t> C::Seat<'t>: SharedSeat,
{
    // An eighth of a large table may wait in other threads' magazines.
    let table = C::new(live + live / 4);
    let mut seat = table.seat();
    let mut keys = Vec::with_capacity(live);
    let before = resident();
    let acquire = each(live, || (0..live as u64).for_each(|token| keys.push(seat.acquire(Value::new(token)))));
    let octets = resident().saturating_sub(before + live * size_of_val(&keys[0]));
    let mut seen = 0;
    let walk = each(live, || {
        seat.walk(&keys, |key, value| {
            black_box((key, value.read(0)));
            seen += 1;
        });
    });
    assert_eq!(seen, live, "the walk shows each value");
    let scattered = (0..live).map(|number| keys[number * STRIDE % live]);
    let look = each(live, || scattered.clone().for_each(|key| _ = black_box(seat.lease(key, 1))));
    let free = each(live, || scattered.clone().for_each(|key| seat.free(key)));
    #[expect(clippy::cast_precision_loss, reason = "sizes of processes are far below 2^52")]
    [acquire, walk, look, free, octets as f64 / live as f64]
}

/// Has this program measure in a new process: `PROGRAM --alone CONTENDER LIVE` prints what [`measure`] gives.
///
/// # Panics
///
/// If that process fails.
#[must_use]
pub fn measure_alone(contender: &str, live: usize) -> [f64; COLUMNS] {
    let program = env::current_exe().expect("a process knows its program");
    let output = Command::new(program).args([ALONE, contender, &live.to_string()]).output().expect("it ran once");
    assert!(output.status.success(), "{contender}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("figures are ASCII");
    let figures: Vec<f64> = text.split_whitespace().map(|word| word.parse().expect("a figure")).collect();
    figures.try_into().expect("as many as there are columns")
}

/// The option.
pub const ALONE: &str = "--alone";

/// Shares no factor with a power of ten, so its multiples come to each number once.
const STRIDE: usize = 618_033;

fn each(live: usize, work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    nanoseconds_each(start.elapsed(), live as u64)
}

/// Octets of memory that this process has.
fn resident() -> usize {
    let statm = fs::read_to_string("/proc/self/statm").expect("Linux has it");
    let pages = statm.split_whitespace().nth(1).expect("resident pages are the second figure");
    pages.parse::<usize>().expect("a number") * PAGE
}

/// x86-64's, and what most others have.
const PAGE: usize = 4096;

#[cfg(test)]
mod tests {
    use crate::roster;

    #[test]
    fn each_contender_shows_and_frees_all() {
        for (name, measure) in roster::crowds() {
            let figures = measure(10_000);
            assert!(figures[..4].iter().all(|figure| *figure > 0.0), "{name}: {figures:?}");
        }
    }
}
