//! A table for one thread, under a lock.

use crate::contender::Value;
use crate::peers::Peer;
use slab::Slab;
use slotmap::{DefaultKey, SlotMap};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

/// A `SlotMap` under one lock.
pub struct LockedSlotMap(Mutex<SlotMap<DefaultKey, Value>>);

impl Peer for LockedSlotMap {
    const NAME: &'static str = "Mutex<SlotMap> 1.1.1";
    const NOTE: &'static str = "a lock for each call";
    type Key = DefaultKey;

    fn new(_capacity: usize) -> Self {
        Self(Mutex::new(SlotMap::new()))
    }

    #[inline]
    fn insert(&self, value: Value) -> DefaultKey {
        lock(&self.0).insert(value)
    }

    #[inline]
    fn change(&self, key: DefaultKey, token: u64) -> u64 {
        lock(&self.0).get_mut(key).expect("live").change(token)
    }

    #[inline]
    fn look(&self, key: DefaultKey, token: u64) -> u64 {
        lock(&self.0).get(key).expect("live").read(token)
    }

    #[inline]
    fn remove(&self, key: DefaultKey) {
        lock(&self.0).remove(key).expect("live");
    }

    fn walk(&self, _keys: &[DefaultKey], mut each: impl FnMut(DefaultKey, &Value)) {
        for (key, value) in &*lock(&self.0) {
            each(key, value);
        }
    }
}

/// A `SlotMap` under one lock that readers share.
pub struct SharedSlotMap(RwLock<SlotMap<DefaultKey, Value>>);

impl Peer for SharedSlotMap {
    const NAME: &'static str = "RwLock<SlotMap> 1.1.1";
    const NOTE: &'static str = "uses only read, under the shared lock; insert and remove have it alone";
    type Key = DefaultKey;

    fn new(_capacity: usize) -> Self {
        Self(RwLock::new(SlotMap::new()))
    }

    #[inline]
    fn insert(&self, value: Value) -> DefaultKey {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(value)
    }

    #[inline]
    fn change(&self, key: DefaultKey, token: u64) -> u64 {
        self.look(key, token)
    }

    #[inline]
    fn look(&self, key: DefaultKey, token: u64) -> u64 {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(key).expect("live").read(token)
    }

    #[inline]
    fn remove(&self, key: DefaultKey) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(key).expect("live");
    }

    fn walk(&self, _keys: &[DefaultKey], mut each: impl FnMut(DefaultKey, &Value)) {
        for (key, value) in &*self.0.read().unwrap_or_else(PoisonError::into_inner) {
            each(key, value);
        }
    }
}

/// A `Slab` under `parking_lot`'s lock.
pub struct LockedSlab(parking_lot::Mutex<Slab<Value>>);

impl Peer for LockedSlab {
    const NAME: &'static str = "parking_lot Mutex<Slab>";
    const NOTE: &'static str = "slab 0.4.12: a lock for each call; keys have no generation and come again at once";
    type Key = usize;

    fn new(_capacity: usize) -> Self {
        Self(parking_lot::Mutex::new(Slab::new()))
    }

    #[inline]
    fn insert(&self, value: Value) -> usize {
        self.0.lock().insert(value)
    }

    #[inline]
    fn change(&self, key: usize, token: u64) -> u64 {
        self.0.lock()[key].change(token)
    }

    #[inline]
    fn look(&self, key: usize, token: u64) -> u64 {
        self.0.lock()[key].read(token)
    }

    #[inline]
    fn remove(&self, key: usize) {
        self.0.lock().remove(key);
    }

    fn walk(&self, _keys: &[usize], mut each: impl FnMut(usize, &Value)) {
        for (key, value) in &*self.0.lock() {
            each(key, value);
        }
    }
}

/// A `HashMap` and a counter under one lock: what one writes without a library. The baseline.
pub struct LockedHashMap(Mutex<Counted>);

/// Values by number, and the next number.
#[derive(Default)]
struct Counted {
    values: HashMap<u64, Value>,
    next: u64,
}

impl Peer for LockedHashMap {
    const NAME: &'static str = "Mutex<HashMap + count>";
    const NOTE: &'static str = "a lock for each call; std's hasher";
    type Key = u64;

    fn new(_capacity: usize) -> Self {
        Self(Mutex::default())
    }

    #[inline]
    fn insert(&self, value: Value) -> u64 {
        let mut counted = lock(&self.0);
        let key = counted.next;
        counted.next += 1;
        counted.values.insert(key, value);
        key
    }

    #[inline]
    fn change(&self, key: u64, token: u64) -> u64 {
        lock(&self.0).values.get_mut(&key).expect("live").change(token)
    }

    #[inline]
    fn look(&self, key: u64, token: u64) -> u64 {
        lock(&self.0).values[&key].read(token)
    }

    #[inline]
    fn remove(&self, key: u64) {
        lock(&self.0).values.remove(&key).expect("live");
    }

    fn walk(&self, _keys: &[u64], mut each: impl FnMut(u64, &Value)) {
        for (&key, value) in &lock(&self.0).values {
            each(key, value);
        }
    }
}

/// The locked tables are never left half-changed by a panic; and a bench that panics has no figure.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
