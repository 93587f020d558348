//! `cargo bench -p quitclaim-benches --bench never_alias [-- REUSES]`: uses one slot over and over, and counts after how
//! many reuses a key of long ago names a value that it was not given for.
//!
//! Ours must not, in all of 10⁸ reuses (I1): its exit status says so. A peer goes on until it does, or until its limit.
#![forbid(unsafe_code)]

use quitclaim::{Handle, Owner, StepError, Table};
use std::collections::HashMap;
use std::convert::Infallible;
use std::env;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    let reuses = match env::args().skip(1).find(|argument| argument != "--bench").map(|argument| argument.parse()) {
        None => REUSES,
        Some(Ok(reuses)) => reuses,
        Some(Err(_)) => {
            eprintln!("usage: cargo bench -p quitclaim-benches --bench never_alias [-- REUSES]");
            return ExitCode::from(2);
        }
    };
    println!("{:24}{:>15}{:>10}  an old key", "", "reuses", "seconds");
    let ours = report("quitclaim", || quitclaim(reuses));
    // By its bits it must after 2^13 - 1, 2^22 and 2^31 reuses; to see it costs seconds, so we look.
    report("sharded-slab 0.1.7", || sharded_slab(1 << 14));
    report("concurrent-slotmap 0.2α", || concurrent_slotmap(1 << 28));
    report("slotmap 1.1.1", || slotmap(1 << 32));
    report("slab 0.4.12", || slab(1 << 10));
    report("HashMap + count", || counted(reuses));
    println!("DashMap, papaya and scc take their keys from the same 64-bit count, and are not run.");
    if matches!(ours, Verdict::Honoured(_)) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// As many as the issue asks for.
const REUSES: u64 = 100_000_000;

/// How it ended, after so many reuses of the slot.
enum Verdict {
    Honoured(u64),
    Refused(u64),
    /// The table gave the slot up rather than a second name to it.
    Retired(u64),
}

fn report(name: &str, contender: impl FnOnce() -> Verdict) -> Verdict {
    let start = Instant::now();
    let verdict = contender();
    let (reuses, says) = match verdict {
        Verdict::Honoured(reuses) => (reuses, "IS HONOURED"),
        Verdict::Refused(reuses) => (reuses, "is refused"),
        Verdict::Retired(reuses) => (reuses, "is refused, and the slot is retired"),
    };
    println!("{name:24}{reuses:>15}{:>10.2}  {says}", start.elapsed().as_secs_f64());
    verdict
}

/// Tries the first handle and one of 1,024 older ones by chance at each reuse, and all of them at the end.
fn quitclaim(limit: u64) -> Verdict {
    let table = Table::new(1);
    let mut owner = table.owner("");
    let Ok(first) = owner.acquire(0) else { unreachable!("an empty table has room for one") };
    owner.free(first).expect("live");
    let mut older = vec![first; 1_024];
    let mut chance = Chance(1);
    for reuse in 1..=limit {
        let Ok(handle) = owner.acquire(reuse) else { return Verdict::Retired(reuse - 1) };
        let number = chance.below(older.len());
        if honours(&table, &mut owner, first) || honours(&table, &mut owner, older[number]) {
            return Verdict::Honoured(reuse);
        }
        if reuse == limit && older.iter().any(|&old| honours(&table, &mut owner, old)) {
            return Verdict::Honoured(reuse);
        }
        owner.free(handle).expect("live");
        older[chance.below(1_024)] = handle;
    }
    Verdict::Refused(limit)
}

/// Whether a handle is good for anything: a lease, a step, or being freed.
fn honours(table: &Table<u64>, owner: &mut Owner<'_, u64>, old: Handle) -> bool {
    table.lease(old).is_ok()
        || owner.step(old, |_| Ok::<_, Infallible>(())) != Err(StepError::Stale)
        || owner.free(old).is_ok()
}

fn sharded_slab(limit: u64) -> Verdict {
    let slab = sharded_slab::Slab::new();
    let first = slab.insert(0).expect("room");
    slab.remove(first);
    until_honoured(limit, |reuse| {
        let key = slab.insert(reuse).expect("room");
        let honoured = slab.get(first).is_some();
        slab.remove(key);
        honoured
    })
}

/// Removed values wait for their reclamation, so many slots are in turn: only the uses of the first one count.
fn concurrent_slotmap(limit: u64) -> Verdict {
    let map = concurrent_slotmap::SlotMap::new(1 << 16);
    let first = map.insert(0, &map.pin());
    map.remove(first, &map.pin());
    until_honoured(limit, |reuse| {
        loop {
            let key = map.insert(reuse, &map.pin());
            let honoured = map.get(first, &map.pin()).is_some();
            map.remove(key, &map.pin());
            if key.index() == first.index() {
                return honoured;
            }
        }
    })
}

fn slotmap(limit: u64) -> Verdict {
    let mut map = slotmap::SlotMap::new();
    let first = map.insert(0);
    map.remove(first);
    until_honoured(limit, |reuse| {
        let key = map.insert(reuse);
        let honoured = map.contains_key(first);
        map.remove(key);
        honoured
    })
}

fn slab(limit: u64) -> Verdict {
    let mut slab = slab::Slab::new();
    let first = slab.insert(0);
    slab.remove(first);
    until_honoured(limit, |reuse| {
        let key = slab.insert(reuse);
        let honoured = slab.contains(first);
        slab.remove(key);
        honoured
    })
}

fn counted(limit: u64) -> Verdict {
    let mut values = HashMap::new();
    until_honoured(limit, |reuse| {
        values.insert(reuse, reuse);
        let honoured = values.contains_key(&0);
        values.remove(&reuse);
        honoured
    })
}

fn until_honoured(limit: u64, mut reuse: impl FnMut(u64) -> bool) -> Verdict {
    (1..=limit).find(|&number| reuse(black_box(number))).map_or(Verdict::Refused(limit), Verdict::Honoured)
}

/// xorshift64.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits") % end
    }
}
