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
    type Key: Copy + Send + Sync;

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

    /// Puts so many values in, to be freed all at once by [`close`](Self::close). Notes their keys, where its user must.
    fn fill(&mut self, count: usize, keys: &mut Vec<Self::Key>) {
        keys.reserve(count);
        for token in 0..count as u64 {
            keys.push(self.acquire(Value::new(token)));
        }
    }

    /// Frees what [`fill`](Self::fill) put in, on whichever thread it is.
    fn close(mut self, keys: Vec<Self::Key>)
    where
        Self: Sized,
    {
        for key in keys {
            self.free(key);
        }
    }
}

/// What a table offers to others than the value's owner; floors have no such thing.
pub trait SharedSeat: Seat + Send {
    /// Looks at a value from any thread.
    fn lease(&mut self, key: Self::Key, token: u64) -> u64;

    /// Shows each value with its key. The keys are all there are, for a table that cannot list its own.
    fn walk(&mut self, keys: &[Self::Key], each: impl FnMut(Self::Key, &Value));
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
    const NOTE: &'static str = "uses are steps, looks are leases; an owner for whoever acquires";
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

    fn fill(&mut self, count: usize, _keys: &mut Vec<Handle>) {
        for token in 0..count as u64 {
            self.acquire(Value::new(token));
        }
    }

    /// The owner knows what it has.
    fn close(self, _keys: Vec<Handle>) {}
}

impl SharedSeat for QuitclaimSeat<'_> {
    #[inline]
    fn lease(&mut self, key: Handle, token: u64) -> u64 {
        self.table.lease(key).expect("live, and in no step").read(token)
    }

    fn walk(&mut self, _keys: &[Handle], mut each: impl FnMut(Handle, &Value)) {
        for (handle, lease) in self.table.leases() {
            each(handle, &lease);
        }
    }
}
