//! One place of the table: a word that says whose the value is, and the value.
//!
//! ```text
//! 63 ............ 32 | 31 30 | 29 .......... 0
//!  generation (32)   | state |  leases (30)         VACANT 00  IDLE 01  LENT 10  DOOMED 11
//! ```
//!
//! | from → to | who | how |
//! |---|---|---|
//! | VACANT(g) → IDLE(g,0) | whoever popped the slot | value and fields, then store Release |
//! | IDLE(g,n) → IDLE(g,n+1) | any thread (lease) | CAS Acquire; a full count is refused |
//! | IDLE(g,n) → IDLE(g,n−1) | lease drop | `fetch_sub` Release |
//! | IDLE(g,0) → LENT(g,0) | owner (step, take) | CAS Acquire |
//! | LENT(g,0) → IDLE(g,0) | owner, step `Ok` | plain store Release: nobody else writes a LENT word |
//! | LENT(g,0) → LENT(g,1) | owner, take: the value is out of the slot | plain store Release |
//! | LENT(g,1) → LENT(g,0) | owner, put | CAS Acquire, then as step `Ok` |
//! | LENT(g,0) → VACANT(g+1) | owner, failed step | value out, store Release, then push |
//! | LENT(g,1) → DOOMED(g,0) | owner (free, drop), the child of a fork | CAS Acquire; then VACANT(g+1), there is no value |
//! | IDLE(g,n) → DOOMED(g,n) | owner (free, drop), reaper | CAS Acquire: one winner; with n = 0 it is the remover |
//! | DOOMED(g,n) → DOOMED(g,n−1) | lease drop | `fetch_sub` Release; who leaves 0 behind is the remover |
//! | DOOMED(g,0) → VACANT(g+1) | the remover | value out, store Release, then push, then drop the value |
//!
//! A slot in its last generation is left VACANT and not pushed: it is retired.
//!
//! Each right in this table is a type that only the transition before it makes: [`Vacant`], [`Lent`], [`Pinned`],
//! [`Doomed`]. All are used up by the transition after.

use crate::handle::Place;
use crate::sync::{Acquire, AtomicU32, AtomicU64, Relaxed, Release, UnsafeCell};
use std::mem::MaybeUninit;

/// What a slot in use is beside its value: 24 octets. While it is VACANT the fields link it to others of its kind.
#[repr(C)]
pub(crate) struct Slot<T> {
    word: AtomicU64,
    /// In use: position in the owner's list. VACANT: the next slot of the run.
    near: AtomicU32,
    /// In use: slot of the owner's label. VACANT, first of a run in the depot: the next run.
    far: AtomicU32,
    /// In use: when it was acquired, in nanoseconds of the table's clock. VACANT, first of a run in the depot: its length.
    stamp: AtomicU64,
    value: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: a value is reached by one thread at a time (Vacant, Lent, Doomed), which T: Send allows, or through Pinned,
// whose only maker is bounded by T: Sync. All other fields are atomic.
unsafe impl<T: Send> Sync for Slot<T> {}
// SAFETY: as for the values it holds; the fields are plain numbers.
unsafe impl<T: Send> Send for Slot<T> {}

/// The last life of a slot. Short in unit tests, so that retirement and a forgotten check for it are reached.
pub(crate) const LAST_GENERATION: u32 = if cfg!(test) { 7 } else { u32::MAX };

/// Leases that can be counted. Few in unit tests, so that the refusal is reached.
pub(crate) const MOST_LEASES: u32 = if cfg!(test) { 3 } else { LEASES };

const LEASES: u32 = (1 << 30) - 1;
/// LENT, and the value is out of the slot.
const TAKEN: u32 = 1;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum State {
    Vacant,
    Idle,
    Lent,
    Doomed,
}

/// A slot's word, read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Word(u64);

impl Word {
    const fn new(generation: u32, state: State, leases: u32) -> Self {
        Self((generation as u64) << 32 | (state as u64) << 30 | leases as u64)
    }

    pub(crate) fn generation(self) -> u32 {
        (self.0 >> 32) as u32
    }

    pub(crate) fn state(self) -> State {
        match self.0 >> 30 & 3 {
            0 => State::Vacant,
            1 => State::Idle,
            2 => State::Lent,
            _ => State::Doomed,
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "masked to 30 bits")]
    pub(crate) fn leases(self) -> u32 {
        (self.0 & u64::from(LEASES)) as u32
    }
}

/// A slot that nobody can name and that is in no run: its holder may fill it.
#[must_use]
pub(crate) struct Vacant<'p, T> {
    slot: &'p Slot<T>,
    index: u32,
}

/// A value its owner has to itself.
#[must_use]
pub(crate) struct Lent<'p, T> {
    slot: &'p Slot<T>,
    place: Place,
}

/// One counted lease of a value.
#[must_use]
pub(crate) struct Pinned<'p, T> {
    slot: &'p Slot<T>,
    index: u32,
}

/// A value that nobody can reach any more but the holder of this, who removes it.
#[must_use]
pub(crate) struct Doomed<'p, T> {
    slot: &'p Slot<T>,
    place: Place,
}

/// What became of a handle that was to be freed.
#[must_use]
pub(crate) enum Doom<'p, T> {
    /// Nobody leases it: it is the caller's to remove.
    Ours(Doomed<'p, T>),
    /// The last lease removes it.
    Leased,
    /// It is in a step, or out with a take.
    Lent,
    /// It was freed before.
    Stale,
}

/// Why a slot was not lent or pinned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Refusal {
    Stale,
    Leased,
    InStep,
    TooMany,
}

impl<T> Slot<T> {
    #[cfg(loom)]
    pub(crate) fn new() -> Self {
        Self {
            word: AtomicU64::new(0),
            near: AtomicU32::new(0),
            far: AtomicU32::new(0),
            stamp: AtomicU64::new(0),
            value: UnsafeCell::new(MaybeUninit::uninit()),
        }
    }

    /// Lends the value of `place` to its owner.
    #[inline]
    pub(crate) fn lend(&self, place: Place) -> Result<Lent<'_, T>, Refusal> {
        let idle = Word::new(place.generation, State::Idle, 0);
        let lent = Word::new(place.generation, State::Lent, 0);
        // Acquire: pairs with the Release of the put-back before, and with that of each lease dropped since.
        match self.word.compare_exchange(idle.0, lent.0, Acquire, Relaxed) {
            Ok(_) => Ok(Lent { slot: self, place }),
            Err(word) => Err(Word(word).refusal(place)),
        }
    }

    /// Puts a taken value back. It comes back itself if the place was vacated meanwhile.
    pub(crate) fn put(&self, place: Place, value: T) -> Result<(), T> {
        let taken = Word::new(place.generation, State::Lent, TAKEN);
        let lent = Word::new(place.generation, State::Lent, 0);
        // Acquire: pairs with the Release of the take, which read the value this one overwrites.
        if self.word.compare_exchange(taken.0, lent.0, Acquire, Relaxed).is_err() {
            return Err(value);
        }
        // SAFETY: (table) this CAS made the word LENT(g,0), which nobody else writes, reads or leaves.
        self.value.with_mut(|cell| unsafe { cell.write(MaybeUninit::new(value)) });
        Lent { slot: self, place }.put_back();
        Ok(())
    }

    /// Vacates a place whose value was taken out. `None` if nothing is taken there.
    pub(crate) fn vacate_taken(&self, place: Place) -> Option<Vacated<'_, T>> {
        let taken = Word::new(place.generation, State::Lent, TAKEN);
        let doomed = Word::new(place.generation, State::Doomed, 0);
        // Acquire: pairs with the Release of the take, which read the value the next one overwrites.
        let won = self.word.compare_exchange(taken.0, doomed.0, Acquire, Relaxed).is_ok();
        won.then(|| self.vacate(place))
    }

    /// Counts a lease of the value of `place`.
    #[inline]
    pub(crate) fn pin(&self, place: Place) -> Result<Pinned<'_, T>, Refusal>
    where
        T: Sync,
    {
        let mut word = self.word.load(Relaxed);
        loop {
            let seen = Word(word);
            if seen.generation() != place.generation || seen.state() != State::Idle {
                return Err(seen.refusal(place));
            }
            if seen.leases() == MOST_LEASES {
                return Err(Refusal::TooMany);
            }
            // Acquire: pairs with the Release that published the value or put it back; leases between are
            // read-modify-writes and continue its release sequence.
            match self.word.compare_exchange_weak(word, word + 1, Acquire, Relaxed) {
                Ok(_) => return Ok(Pinned { slot: self, index: place.index }),
                Err(now) => word = now,
            }
        }
    }

    /// Ends the life of the handle of `place`: from here on it is stale for everyone (I2).
    #[inline]
    pub(crate) fn doom(&self, place: Place) -> Doom<'_, T> {
        // Guessed, not loaded: most handles die idle and unleased.
        let mut word = Word::new(place.generation, State::Idle, 0);
        loop {
            let doomed = Word::new(place.generation, State::Doomed, word.leases());
            // Acquire: pairs with the Release of the last put-back and of every lease dropped.
            // Not Release: whoever removes the value instead sees the owner's writes through the put-back.
            match self.word.compare_exchange(word.0, doomed.0, Acquire, Relaxed) {
                Ok(_) if word.leases() == 0 => return Doom::Ours(Doomed { slot: self, place }),
                Ok(_) => return Doom::Leased,
                Err(now) => word = Word(now),
            }
            match word.state() {
                State::Idle if word.generation() == place.generation => {}
                State::Lent if word.generation() == place.generation => return Doom::Lent,
                _ => return Doom::Stale,
            }
        }
    }

    /// The word as it is now.
    pub(crate) fn word(&self) -> Word {
        // Acquire: pairs with the Release that published the value, so the fields read next are of its life or later.
        Word(self.word.load(Acquire))
    }

    pub(crate) fn near(&self) -> u32 {
        // Relaxed: a run's links are read by its holder alone; an owner trusts a position only if its own list agrees.
        self.near.load(Relaxed)
    }

    pub(crate) fn set_near(&self, near: u32) {
        self.near.store(near, Relaxed); // as above
    }

    pub(crate) fn far(&self) -> u32 {
        // Acquire: who reads a later life's field finds at least the word that ended this one (census).
        self.far.load(Acquire)
    }

    pub(crate) fn set_far(&self, far: u32) {
        self.far.store(far, Release); // pairs with far()
    }

    pub(crate) fn stamp(&self) -> u64 {
        self.stamp.load(Acquire) // as far()
    }

    pub(crate) fn set_stamp(&self, stamp: u64) {
        self.stamp.store(stamp, Release); // pairs with stamp()
    }

    fn vacate(&self, Place { index, generation }: Place) -> Vacated<'_, T> {
        if generation == LAST_GENERATION {
            // Release: for symmetry only; a retired slot is never filled again.
            self.word.store(Word::new(generation, State::Vacant, 0).0, Release);
            return Vacated::Retired;
        }
        // Release: whoever reads a field of a later life reads this word too, and skips (census).
        self.word.store(Word::new(generation + 1, State::Vacant, 0).0, Release);
        Vacated::Reusable(Vacant { slot: self, index })
    }
}

/// A slot after its value left.
#[must_use]
pub(crate) enum Vacated<'p, T> {
    Reusable(Vacant<'p, T>),
    /// I1. It has had its last generation and names nothing ever again.
    Retired,
}

impl<'p, T> Vacant<'p, T> {
    /// # Safety
    ///
    /// The slot is VACANT, and nobody else has a `Vacant` of it or a run that it is in.
    pub(crate) unsafe fn assume(slot: &'p Slot<T>, index: u32) -> Self {
        debug_assert_eq!(slot.word().state(), State::Vacant, "slot {index} was in two runs");
        Self { slot, index }
    }

    /// Joins a run before the slot `next`; gives its own index.
    #[inline]
    pub(crate) fn link(self, next: u32) -> u32 {
        let Self { slot, index } = self;
        slot.set_near(next);
        index
    }

    /// Publishes a value, with the fields that go with it.
    #[inline]
    pub(crate) fn fill(self, value: T, position: u32, label: u32, now: u64) -> Place {
        let Self { slot, index } = self;
        let generation = Word(slot.word.load(Relaxed)).generation(); // Relaxed: this thread, or the run's hand-over
        slot.set_near(position);
        slot.set_far(label);
        slot.set_stamp(now);
        // SAFETY: (table) the slot is VACANT and in no run but was ours alone: nobody else writes or reads the value.
        slot.value.with_mut(|cell| unsafe { cell.write(MaybeUninit::new(value)) });
        // Release: publishes the value and the fields to lend, pin and doom.
        slot.word.store(Word::new(generation, State::Idle, 0).0, Release);
        Place { index, generation }
    }
}

impl<'p, T> Lent<'p, T> {
    #[inline]
    pub(crate) fn value(&mut self) -> &mut T {
        // SAFETY: (table) the word is LENT(g,0) by our CAS: no lease lives, none is given, and nobody else lends or frees.
        self.slot.value.with_mut(|cell| unsafe { &mut *cell.cast::<T>() })
    }

    #[inline]
    pub(crate) fn put_back(self) {
        let idle = Word::new(self.place.generation, State::Idle, 0);
        // Release: publishes what the step wrote. A plain store: nobody else writes a LENT word.
        self.slot.word.store(idle.0, Release);
    }

    /// Takes the value out and leaves the slot lent.
    pub(crate) fn take(self) -> T {
        let value = self.slot.read();
        let taken = Word::new(self.place.generation, State::Lent, TAKEN);
        // Release: the value was read before whoever puts the next one there writes it.
        self.slot.word.store(taken.0, Release);
        value
    }

    /// Takes the value out and ends the handle's life (I7).
    #[inline]
    pub(crate) fn remove(self) -> (T, Vacated<'p, T>) {
        (self.slot.read(), self.slot.vacate(self.place))
    }
}

impl<'p, T> Doomed<'p, T> {
    /// Takes the value out; the slot is vacant from here on.
    #[inline]
    pub(crate) fn remove(self) -> (T, Vacated<'p, T>) {
        (self.slot.read(), self.slot.vacate(self.place))
    }
}

impl<'p, T> Pinned<'p, T> {
    #[inline]
    pub(crate) fn value(&self) -> &T {
        // SAFETY: I3. This lease is counted, so the word is IDLE or DOOMED with n > 0: nobody writes or removes.
        self.slot.value.with(|cell| unsafe { &*cell.cast::<T>() })
    }

    /// Gives the lease back. Whoever gives back the last one of a freed handle removes its value (I3).
    #[inline]
    pub(crate) fn unpin(self) -> Option<Doomed<'p, T>> {
        // Release: our reads of the value come before its removal or the next step's writes.
        let Self { slot, index } = self;
        let before = Word(slot.word.fetch_sub(1, Release));
        if before.state() != State::Doomed || before.leases() != 1 {
            return None;
        }
        // Acquire: pairs with every other lease's Release, and through them with the put-back before. A load and no
        // fence, because ThreadSanitizer does not know fences.
        slot.word.load(Acquire);
        let place = Place { index, generation: before.generation() };
        Some(Doomed { slot, place })
    }
}

impl<T> Slot<T> {
    /// Moves the value out. For [`Lent`] and [`Doomed`], which are used up by it.
    fn read(&self) -> T {
        // SAFETY: I4. The callers' words are LENT(g,0) or DOOMED(g,0) by their own CAS, and leave it next: the value
        // is there, nobody else reaches it, and it is moved out once.
        self.value.with_mut(|cell| unsafe { cell.cast::<T>().read() })
    }
}

impl<T> Drop for Slot<T> {
    /// Drops a value that is still here because its owner, or a lease of it, was forgotten.
    fn drop(&mut self) {
        let word = Word(self.word.load(Relaxed)); // Relaxed: `&mut self`
        let taken = word.state() == State::Lent && word.leases() == TAKEN;
        if word.state() != State::Vacant && !taken {
            drop(self.read());
        }
    }
}

impl Word {
    /// Whether the handle of `place` names a value.
    pub(crate) fn is_live(self, place: Place) -> bool {
        self.generation() == place.generation && matches!(self.state(), State::Idle | State::Lent)
    }

    /// What keeps the value of `place` from being lent or pinned, given that this word does.
    fn refusal(self, place: Place) -> Refusal {
        match self.state() {
            _ if self.generation() != place.generation => Refusal::Stale,
            State::Vacant | State::Doomed => Refusal::Stale,
            State::Idle => Refusal::Leased,
            State::Lent => Refusal::InStep,
        }
    }
}
