//! Who is measured: each table does the same work behind [`Contender`] and [`Seat`]. Our own is here, its peers in
//! [`peers`](crate::peers).

use quitclaim::{Handle, Owner, StepError, Table};
use std::convert::Infallible;

/// A table under measurement.
pub trait Contender: Sync + Sized {
    /// How reports call it.
    const NAME: &'static str;
    /// What its figures must be read with.
    const NOTE: &'static str;
    /// A thread's way into the table.
    type Seat<'t>: Seat
    where
        Self: 't;

    /// A table for so many values, if it can be told. All grow as they are used.
    fn new(capacity: usize) -> Self;

    /// A way in for the current thread.
    fn seat(&self) -> Self::Seat<'_>;
}

/// One thread's way into a table.
pub trait Seat {
    /// What names a value.
    type Key: Copy;

    /// Puts a value in.
    fn acquire(&mut self, value: Value) -> Self::Key;

    /// Uses a value: changes a word of it, or reads one where the table lends no value for writing.
    fn step(&mut self, key: Self::Key, token: u64) -> u64;

    /// Uses a value a last time, finds that it fails, and has it removed and dropped.
    fn fail(&mut self, key: Self::Key, token: u64) -> u64;

    /// Removes a value and drops it.
    fn free(&mut self, key: Self::Key);

    /// Runs one attempt under an owner of its own. A table without owners has nothing to do for that.
    fn attempt(&mut self, label: &str, work: impl FnOnce(&mut Self)) {
        let _ = label;
        work(self);
    }
}

/// 256 octets without drop glue, about what an NTLM exchange keeps.
pub struct Value([u64; WORDS]);

const WORDS: usize = 32;

impl Value {
    /// A value that is written whole.
    #[inline]
    #[must_use]
    pub fn new(token: u64) -> Self {
        Self([token; WORDS])
    }

    /// What a step does where it may write.
    #[inline]
    pub(crate) fn change(&mut self, token: u64) -> u64 {
        let word = &mut self.0[place(token)];
        *word = mix(*word, token);
        *word
    }

    /// What a step does where it may only read.
    #[inline]
    pub(crate) fn read(&self, token: u64) -> u64 {
        mix(self.0[place(token)], token)
    }
}

/// Another word for each token, so that no part of a value is dead.
#[inline]
fn place(token: u64) -> usize {
    usize::try_from(token % WORDS as u64).expect("below 32")
}

#[inline]
fn mix(word: u64, token: u64) -> u64 {
    word.rotate_left(5) ^ token
}

/// This project's table.
pub struct Quitclaim(Table<Value>);

/// A table and whoever acquires in it.
pub struct QuitclaimSeat<'t> {
    table: &'t Table<Value>,
    owner: Owner<'t, Value>,
}

impl Contender for Quitclaim {
    const NAME: &'static str = "quitclaim";
    const NOTE: &'static str = "uses are steps";
    type Seat<'t> = QuitclaimSeat<'t>;

    fn new(capacity: usize) -> Self {
        Self(Table::new(capacity))
    }

    fn seat(&self) -> QuitclaimSeat<'_> {
        QuitclaimSeat { table: &self.0, owner: self.0.owner("") }
    }
}

impl Seat for QuitclaimSeat<'_> {
    type Key = Handle;

    #[inline]
    fn acquire(&mut self, value: Value) -> Handle {
        let Ok(handle) = self.owner.acquire(value) else { unreachable!("the table has room") };
        handle
    }

    #[inline]
    fn step(&mut self, key: Handle, token: u64) -> u64 {
        self.owner.step(key, |value| Ok::<_, Infallible>(value.change(token))).expect("live, and the step succeeds")
    }

    #[inline]
    fn fail(&mut self, key: Handle, token: u64) -> u64 {
        match self.owner.step(key, |value| Err::<Infallible, _>(value.change(token))) {
            Err(StepError::Failed(answer)) => answer,
            _ => unreachable!("live, and the step fails"),
        }
    }

    #[inline]
    fn free(&mut self, key: Handle) {
        self.owner.free(key).expect("live");
    }

    #[inline]
    fn attempt(&mut self, label: &str, work: impl FnOnce(&mut Self)) {
        work(&mut Self { table: self.table, owner: self.table.owner(label) });
    }
}
