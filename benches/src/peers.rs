//! The peers: tables that others would use. A family a file; what does the same work in the same calls is a [`Peer`].

use crate::contender::{Contender, Seat, SharedSeat, Value};

pub mod floors;
pub mod hash_maps;
pub mod locked;
pub mod slabs;

/// A table without owners, which any thread may use by reference.
pub trait Peer: Sync + Sized {
    /// How reports call it.
    const NAME: &'static str;
    /// What its figures must be read with.
    const NOTE: &'static str;
    /// What names a value.
    type Key: Copy + Send + Sync;

    /// A table for so many values, if it can be told. All grow as they are used: with room for 10,000 at the start each
    /// new key of a hash map lands on cold memory, and takes nearly twice as long.
    fn new(capacity: usize) -> Self;

    /// Puts a value in.
    fn insert(&self, value: Value) -> Self::Key;

    /// Uses a value: changes a word of it, or reads one where the table lends no value for writing.
    fn change(&self, key: Self::Key, token: u64) -> u64;

    /// Looks at a value.
    fn look(&self, key: Self::Key, token: u64) -> u64;

    /// Removes a value and drops it, or leaves that to its reclamation.
    fn remove(&self, key: Self::Key);

    /// Shows each value with its key. The keys are all there are, for a table that cannot list its own.
    fn walk(&self, keys: &[Self::Key], each: impl FnMut(Self::Key, &Value));
}

impl<P: Peer> Contender for P {
    const NAME: &'static str = P::NAME;
    const NOTE: &'static str = P::NOTE;
    type Seat<'t>
        = &'t P
    where
        P: 't;

    fn new(capacity: usize) -> Self {
        P::new(capacity)
    }

    fn seat(&self) -> &P {
        self
    }
}

impl<P: Peer> Seat for &P {
    type Key = P::Key;

    #[inline]
    fn acquire(&mut self, value: Value) -> P::Key {
        self.insert(value)
    }

    #[inline]
    fn step(&mut self, key: P::Key, token: u64) -> u64 {
        self.change(key, token)
    }

    #[inline]
    fn fail(&mut self, key: P::Key, token: u64) -> u64 {
        let answer = self.change(key, token);
        self.remove(key);
        answer
    }

    #[inline]
    fn free(&mut self, key: P::Key) {
        self.remove(key);
    }
}

impl<P: Peer> SharedSeat for &P {
    #[inline]
    fn lease(&mut self, key: P::Key, token: u64) -> u64 {
        self.look(key, token)
    }

    fn walk(&mut self, keys: &[P::Key], each: impl FnMut(P::Key, &Value)) {
        Peer::walk(*self, keys, each);
    }
}
