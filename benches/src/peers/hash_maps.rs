//! Concurrent hash maps, each with a shared counter that its keys come from.

use crate::contender::Value;
use crate::peers::Peer;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A map, and the next key. One word shared by all threads is what exact keys cost such a table.
pub struct Counted<M> {
    values: M,
    next: AtomicU64,
}

/// What differs between the maps.
pub trait Map: Sync + Default {
    /// How reports call it.
    const NAME: &'static str;
    /// What its figures must be read with.
    const NOTE: &'static str;

    /// Puts a value in under a new key.
    fn insert(&self, key: u64, value: Value);

    /// Changes a word of a value, or reads one where the map lends none for writing.
    fn change(&self, key: u64, token: u64) -> u64;

    /// Reads a word of a value.
    fn look(&self, key: u64, token: u64) -> u64;

    /// Removes a value.
    fn remove(&self, key: u64);

    /// Shows all.
    fn walk(&self, each: impl FnMut(u64, &Value));
}

impl<M: Map> Peer for Counted<M> {
    const NAME: &'static str = M::NAME;
    const NOTE: &'static str = M::NOTE;
    type Key = u64;

    fn new(_capacity: usize) -> Self {
        Self { values: M::default(), next: AtomicU64::new(0) }
    }

    #[inline]
    fn insert(&self, value: Value) -> u64 {
        // Relaxed: the number need only be new.
        let key = self.next.fetch_add(1, Relaxed);
        self.values.insert(key, value);
        key
    }

    #[inline]
    fn change(&self, key: u64, token: u64) -> u64 {
        self.values.change(key, token)
    }

    #[inline]
    fn look(&self, key: u64, token: u64) -> u64 {
        self.values.look(key, token)
    }

    #[inline]
    fn remove(&self, key: u64) {
        self.values.remove(key);
    }

    fn walk(&self, _keys: &[u64], each: impl FnMut(u64, &Value)) {
        self.values.walk(each);
    }
}

/// `DashMap`: shards, each under a lock.
pub type DashMap = dashmap::DashMap<u64, Value>;

impl Map for DashMap {
    const NAME: &'static str = "DashMap 6.1.0 + count";
    const NOTE: &'static str = "a lock for each call, on one shard of 8; std's hasher";

    #[inline]
    fn insert(&self, key: u64, value: Value) {
        self.insert(key, value);
    }

    #[inline]
    fn change(&self, key: u64, token: u64) -> u64 {
        self.get_mut(&key).expect("live").change(token)
    }

    #[inline]
    fn look(&self, key: u64, token: u64) -> u64 {
        self.get(&key).expect("live").read(token)
    }

    #[inline]
    fn remove(&self, key: u64) {
        self.remove(&key).expect("live");
    }

    fn walk(&self, mut each: impl FnMut(u64, &Value)) {
        for entry in self {
            each(*entry.key(), entry.value());
        }
    }
}

/// papaya: reads without locks, and values that are reclaimed some time later.
pub type Papaya = papaya::HashMap<u64, Value>;

impl Map for Papaya {
    const NAME: &'static str = "papaya 0.2.5 + count";
    const NOTE: &'static str = "uses only read; each value is allocated, and reclaimed some time later";

    #[inline]
    fn insert(&self, key: u64, value: Value) {
        self.pin().insert(key, value);
    }

    #[inline]
    fn change(&self, key: u64, token: u64) -> u64 {
        self.look(key, token)
    }

    #[inline]
    fn look(&self, key: u64, token: u64) -> u64 {
        self.pin().get(&key).expect("live").read(token)
    }

    #[inline]
    fn remove(&self, key: u64) {
        self.pin().remove(&key).expect("live");
    }

    fn walk(&self, mut each: impl FnMut(u64, &Value)) {
        for (&key, value) in &self.pin() {
            each(key, value);
        }
    }
}

/// `scc::HashMap`: a lock for each bucket.
pub type SccMap = scc::HashMap<u64, Value>;

impl Map for SccMap {
    const NAME: &'static str = "scc::HashMap 3.8 + count";
    const NOTE: &'static str = "a lock for each call, on one bucket";

    #[inline]
    fn insert(&self, key: u64, value: Value) {
        assert!(self.insert_sync(key, value).is_ok(), "new");
    }

    #[inline]
    fn change(&self, key: u64, token: u64) -> u64 {
        self.update_sync(&key, |_, value| value.change(token)).expect("live")
    }

    #[inline]
    fn look(&self, key: u64, token: u64) -> u64 {
        self.read_sync(&key, |_, value| value.read(token)).expect("live")
    }

    #[inline]
    fn remove(&self, key: u64) {
        self.remove_sync(&key).expect("live");
    }

    fn walk(&self, mut each: impl FnMut(u64, &Value)) {
        self.iter_sync(|&key, value| {
            each(key, value);
            true
        });
    }
}

/// `scc::HashIndex`: made for reads, without locks.
pub type SccIndex = scc::HashIndex<u64, Value>;

impl Map for SccIndex {
    const NAME: &'static str = "scc::HashIndex 3.8 + count";
    const NOTE: &'static str = "uses only read; a removed value waits for its reclamation";

    #[inline]
    fn insert(&self, key: u64, value: Value) {
        assert!(self.insert_sync(key, value).is_ok(), "new");
    }

    #[inline]
    fn change(&self, key: u64, token: u64) -> u64 {
        self.look(key, token)
    }

    #[inline]
    fn look(&self, key: u64, token: u64) -> u64 {
        self.peek_with(&key, |_, value| value.read(token)).expect("live")
    }

    #[inline]
    fn remove(&self, key: u64) {
        assert!(self.remove_sync(&key), "live");
    }

    fn walk(&self, mut each: impl FnMut(u64, &Value)) {
        for (&key, value) in self.iter(&scc::Guard::new()) {
            each(key, value);
        }
    }
}
