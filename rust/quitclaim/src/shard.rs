//! Where vacant slots come from and go back to: a thread's magazine, the depot that all share, and minting.

use crate::handle::NO_SLOT;
use crate::page::{Depot, Pages, Run, RunCell};
use crate::slot::{Doomed, Slot, Vacant, Vacated};
use crate::sync::{AtomicU32, Padded, Relaxed, UnorderedU32};
use crate::thread::{Bearer, NUMBERS};

/// Slots, and who may fill which.
pub(crate) struct Pool<T> {
    pages: Pages<T>,
    depot: Padded<Depot>,
    /// One a thread number; none at all where a magazine would hold less than two slots.
    magazines: Box<[Padded<Magazine>]>,
    /// Slots a full run of a magazine has.
    batch: u32,
    /// Slots that may be in use at once.
    capacity: u32,
    /// Slots made so far: every index below has its page.
    minted: AtomicU32,
    /// I1. Slots that have had their last generation. Each lets one more be minted.
    retired: AtomicU32,
}

/// A thread's own vacant slots. Two runs, so that a thread that frees and acquires around a full batch does not go to
/// the depot each time (Bonwick's magazines).
struct Magazine {
    loaded: RunCell,
    spare: RunCell,
}

/// The longest run: one visit to the depot for so many slots.
const LONGEST_BATCH: u32 = 64;

impl<T> Pool<T> {
    /// Magazines together hold at most an eighth of the capacity: a slot that waits in the magazine of a thread that
    /// does nothing is lost to the others.
    pub(crate) fn new(capacity: u32, threads: u32) -> Self {
        assert!(capacity < NO_SLOT, "a table has fewer than 2^31 - 1 slots");
        let limit = capacity / (8 * threads);
        let magazines = if limit < 2 { 0 } else { threads as usize };
        let magazine = |number| Magazine { loaded: RunCell::new(number), spare: RunCell::new(number) };
        Self {
            pages: Pages::new(),
            depot: Padded(Depot::new()),
            magazines: (0..magazines).map(|number| Padded(magazine(number))).collect(),
            batch: (limit / 2).clamp(1, LONGEST_BATCH),
            capacity,
            minted: AtomicU32::new(0),
            retired: AtomicU32::new(0),
        }
    }

    /// The slot of that index, if there is one yet.
    #[inline]
    pub(crate) fn slot(&self, index: u32) -> Option<&Slot<T>> {
        self.pages.slot(index)
    }

    pub(crate) fn capacity(&self) -> u32 {
        self.capacity
    }

    pub(crate) fn retired(&self) -> u32 {
        self.retired.load(Relaxed) // Relaxed: a count
    }

    /// All slots ever in use, and those beside them; a page that is just being made is passed over.
    pub(crate) fn slots(&self) -> impl Iterator<Item = (u32, &Slot<T>)> {
        let minted = self.minted.load(Relaxed); // Relaxed: slot() acquires each page
        (0..minted).filter_map(|index| Some((index, self.slot(index)?)))
    }

    /// A slot to fill; `None` if this thread can have none.
    #[inline]
    pub(crate) fn pop(&self, bearer: Option<Bearer>) -> Option<Vacant<'_, T>> {
        let Some((magazine, bearer)) = self.magazine(bearer) else { return self.pop_shared() };
        magazine.loaded.pop(bearer, &self.pages).or_else(|| self.refill(magazine, bearer))
    }

    /// Takes a slot back after its value left.
    #[inline]
    pub(crate) fn push(&self, vacated: Vacated<'_, T>, bearer: Option<Bearer>) {
        let Vacated::Reusable(vacant) = vacated else {
            self.retired.fetch_add(1, Relaxed); // Relaxed: a count; minting may learn of it late
            return;
        };
        let Some((magazine, bearer)) = self.magazine(bearer) else {
            let mut single = Run::EMPTY;
            single.push(vacant);
            return self.depot.0.push(single, &self.pages);
        };
        if let Err(vacant) = magazine.loaded.push(bearer, vacant, self.batch) {
            self.unload(magazine, bearer, vacant);
        }
    }

    /// Takes a doomed value out and its slot back.
    #[inline]
    pub(crate) fn remove(&self, doomed: Doomed<'_, T>, bearer: Option<Bearer>) -> T {
        let (value, vacated) = doomed.remove();
        self.push(vacated, bearer);
        value
    }

    #[inline]
    fn magazine(&self, bearer: Option<Bearer>) -> Option<(&Magazine, Bearer)> {
        let bearer = bearer?;
        Some((&self.magazines.get(bearer.index())?.0, bearer))
    }

    #[cold]
    fn refill(&self, magazine: &Magazine, bearer: Bearer) -> Option<Vacant<'_, T>> {
        let spare = magazine.spare.replace(bearer, Run::EMPTY);
        let mut run = if spare.length() > 0 { spare } else { self.next_run(self.batch) };
        let vacant = run.pop(&self.pages);
        let _empty = magazine.loaded.replace(bearer, run);
        vacant
    }

    /// Makes room in a full magazine, for one.
    #[cold]
    fn unload(&self, magazine: &Magazine, bearer: Bearer, vacant: Vacant<'_, T>) {
        let mut run = Run::EMPTY;
        run.push(vacant);
        let full = magazine.loaded.replace(bearer, run);
        self.depot.0.push(magazine.spare.replace(bearer, full), &self.pages);
    }

    /// Takes one slot of the depot's top run. The others are out of sight until they are pushed back, the next moment;
    /// a thread that is stopped right here keeps at most a run from the rest.
    fn pop_shared(&self) -> Option<Vacant<'_, T>> {
        let mut run = self.next_run(1);
        let vacant = run.pop(&self.pages);
        self.depot.0.push(run, &self.pages);
        vacant
    }

    fn next_run(&self, longest: u32) -> Run {
        let run = self.depot.0.pop(&self.pages);
        if run.length() > 0 { run } else { self.mint(longest) }
    }

    /// Makes a run of slots that never were, if the capacity and the allocator have room. Never-used slots are worth
    /// less than used ones, whose memory is warm, so this comes last.
    fn mint(&self, longest: u32) -> Run {
        let mut minted = self.minted.load(Relaxed);
        loop {
            let most = self.capacity.saturating_add(self.retired()).min(NO_SLOT);
            // Saturating: who sees another thread's minting may not see yet the retirement that allowed it.
            let length = longest.min(most.saturating_sub(minted));
            // Before the CAS: an index below `minted` always has its page.
            if length == 0 || !self.pages.grow(minted..minted + length) {
                return Run::EMPTY;
            }
            // Relaxed: only says whose the indices are; pages publish themselves.
            match self.minted.compare_exchange_weak(minted, minted + length, Relaxed, Relaxed) {
                Ok(first) => return Run::minted(&self.pages, first, length),
                Err(now) => minted = now,
            }
        }
    }
}

/// How many threads get a magazine and counters of their own in a new table.
pub(crate) fn threads() -> u32 {
    /// Asked of the system once: it reads files. Zero: not yet. Two threads that both ask hear the same.
    static THREADS: UnorderedU32 = UnorderedU32::new(0);
    let known = THREADS.load(Relaxed);
    if known > 0 {
        return known;
    }
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    // Twice the cores: a thread a core, and as many beside them; eight, because four workers and the main thread are
    // five, and the fifth shares the depot at four times the price. Each number costs memory, and an eighth of the
    // capacity is divided by all.
    let threads = u32::try_from(2 * cores).unwrap_or(NUMBERS).clamp(8, NUMBERS);
    THREADS.store(threads, Relaxed);
    threads
}
