//! What fuzzing has found, again: each file of `fuzz/corpus` and random changes of it, judged as the fuzzer judges them.
//!
//! `scripts/fuzz.sh` looks for more. The oracles are `fuzz/src`'s: they panic where something does not hold.

#[path = "../../../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "in its own crate they are exported")]
mod judge;

use std::fs;
use std::path::Path;

#[test]
fn negotiates_get_an_answer_that_can_be_answered_or_a_refusal() {
    replay("negotiate", judge::negotiate);
}

#[test]
fn challenges_of_others_are_read_as_they_are_or_refused() {
    replay("challenge", judge::challenge);
}

#[test]
fn authenticates_establish_who_has_proven_it_and_nobody_else() {
    replay("authenticate", judge::authenticate);
}

#[test]
fn av_pairs_mean_what_a_second_reader_says() {
    replay("av_pairs", judge::av_pairs);
}

#[test]
fn exchanges_establish_the_honest_and_nobody_else() {
    replay("exchange", judge::exchange);
}

fn replay(kind: &str, judge: fn(&[u8])) {
    let seeds = seeds(kind);
    assert!(!seeds.is_empty(), "fuzz/corpus/{kind} is empty");
    for seed in &seeds {
        judge(seed);
    }
    let mut chance = Chance(0x9E37_79B9_7F4A_7C15);
    for _ in 0..CHANGED {
        judge(&chance.changed(&seeds));
    }
}

/// In the order of their names, so that each run is the same.
fn seeds(kind: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(kind);
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

/// xorshift64.
struct Chance(u64);

impl Chance {
    /// One of the seeds, with up to eight octets changed, taken out or put in, or another's end.
    fn changed(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut octets = seeds[self.below(seeds.len())].clone();
        for _ in 0..=self.below(8) {
            let at = self.below(octets.len() + 1);
            let octet = INTERESTING[self.below(INTERESTING.len())] ^ self.bit();
            match self.below(5) {
                0 => octets.insert(at, octet),
                1 if at < octets.len() => drop(octets.remove(at)),
                2 => {
                    let other = &seeds[self.below(seeds.len())];
                    octets.truncate(at);
                    octets.extend(other.iter().skip(at));
                }
                _ => octets.iter_mut().skip(at).take(1).for_each(|place| *place = octet),
            }
        }
        octets
    }

    /// One bit of eight, or none.
    fn bit(&mut self) -> u8 {
        1_u8.checked_shl(u32::try_from(self.below(16)).expect("below 16")).unwrap_or(0)
    }

    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(end).expect("a length")).expect("below a length")
    }
}

const INTERESTING: [u8; 8] = [0, 1, 2, 24, 64, 88, 0x7F, 0xFF];

/// Changed seeds a kind: seconds together in a build for tests.
const CHANGED: u32 = 2_000;
