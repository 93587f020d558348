//! The peers, a baseline and a floor.

use crate::contender::{Contender, Seat, Value};
use sharded_slab::Slab;
use slotmap::{DefaultKey, SlotMap};
use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{AcqRel, Acquire};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// sharded-slab, the table `tracing` keeps its spans in.
pub struct ShardedSlab(Slab<Value>);

impl Contender for ShardedSlab {
    const NAME: &'static str = "sharded-slab 0.1.7";
    const NOTE: &'static str = "uses only read; no capacity, keys come again after 8,191 reuses";
    type Seat<'t> = &'t Slab<Value>;

    fn new(_capacity: usize) -> Self {
        Self(Slab::new())
    }

    fn seat(&self) -> &Slab<Value> {
        &self.0
    }
}

impl Seat for &Slab<Value> {
    type Key = usize;

    #[inline]
    fn acquire(&mut self, value: Value) -> usize {
        self.insert(value).expect("the slab has room")
    }

    #[inline]
    fn step(&mut self, key: usize, token: u64) -> u64 {
        self.get(key).expect("live").read(token)
    }

    #[inline]
    fn fail(&mut self, key: usize, token: u64) -> u64 {
        let answer = self.step(key, token);
        self.free(key);
        answer
    }

    #[inline]
    fn free(&mut self, key: usize) {
        assert!(self.remove(key), "live");
    }
}

/// A `SlotMap` under one lock.
pub struct LockedSlotMap(Mutex<SlotMap<DefaultKey, Value>>);

impl Contender for LockedSlotMap {
    const NAME: &'static str = "Mutex<SlotMap> 1.1.1";
    const NOTE: &'static str = "a lock for each call";
    type Seat<'t> = &'t Self;

    fn new(_capacity: usize) -> Self {
        Self(Mutex::new(SlotMap::new()))
    }

    fn seat(&self) -> &Self {
        self
    }
}

impl Seat for &LockedSlotMap {
    type Key = DefaultKey;

    #[inline]
    fn acquire(&mut self, value: Value) -> DefaultKey {
        lock(&self.0).insert(value)
    }

    #[inline]
    fn step(&mut self, key: DefaultKey, token: u64) -> u64 {
        lock(&self.0).get_mut(key).expect("live").change(token)
    }

    #[inline]
    fn fail(&mut self, key: DefaultKey, token: u64) -> u64 {
        let answer = self.step(key, token);
        self.free(key);
        answer
    }

    #[inline]
    fn free(&mut self, key: DefaultKey) {
        lock(&self.0).remove(key).expect("live");
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

impl Contender for LockedHashMap {
    const NAME: &'static str = "Mutex<HashMap + count>";
    const NOTE: &'static str = "a lock for each call; std's hasher";
    type Seat<'t> = &'t Self;

    fn new(_capacity: usize) -> Self {
        // Grows as it must: with room for 10,000 each new key lands on cold memory, and takes nearly twice as long.
        Self(Mutex::default())
    }

    fn seat(&self) -> &Self {
        self
    }
}

impl Seat for &LockedHashMap {
    type Key = u64;

    #[inline]
    fn acquire(&mut self, value: Value) -> u64 {
        let mut counted = lock(&self.0);
        let key = counted.next;
        counted.next += 1;
        counted.values.insert(key, value);
        key
    }

    #[inline]
    fn step(&mut self, key: u64, token: u64) -> u64 {
        lock(&self.0).values.get_mut(&key).expect("live").change(token)
    }

    #[inline]
    fn fail(&mut self, key: u64, token: u64) -> u64 {
        let answer = self.step(key, token);
        self.free(key);
        answer
    }

    #[inline]
    fn free(&mut self, key: u64) {
        lock(&self.0).values.remove(&key).expect("live");
    }
}

/// The locked tables are never left half-changed by a panic; and a bench that panics has no figure.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The least a lock-free table could do: a CAS to claim a slot, a CAS to give it up, a list of free slots a thread.
///
/// No generation, so a stale key is honoured; no owner, no growth, no count, nobody refused. Nor could another thread
/// use a value: in safe Rust a thread's slots are its own. Atomic words would share them and cost 25 ns more here.
pub struct Floor;

/// A thread's slots.
pub struct FloorSeat {
    slots: Vec<FloorSlot>,
    free: Vec<u32>,
}

struct FloorSlot {
    word: AtomicU64,
    value: Value,
}

const VACANT: u64 = 0;
const LIVE: u64 = 1;
/// Slots that a thread has.
const DEAL: u32 = 64;

impl Contender for Floor {
    const NAME: &'static str = "floor: 2 CAS";
    const NOTE: &'static str = "no generations, owners, growth or refusals: not a table, a bound";
    type Seat<'t> = FloorSeat;

    fn new(_capacity: usize) -> Self {
        Self
    }

    fn seat(&self) -> FloorSeat {
        let slot = |_| FloorSlot { word: AtomicU64::new(VACANT), value: Value::new(0) };
        FloorSeat { slots: (0..DEAL).map(slot).collect(), free: (0..DEAL).rev().collect() }
    }
}

impl Seat for FloorSeat {
    type Key = u32;

    #[inline]
    fn acquire(&mut self, value: Value) -> u32 {
        let key = self.free.pop().expect("a thread has a few live at most");
        let slot = &mut self.slots[key as usize];
        slot.value = value;
        slot.word.compare_exchange(VACANT, LIVE, AcqRel, Acquire).expect("vacant");
        key
    }

    #[inline]
    fn step(&mut self, key: u32, token: u64) -> u64 {
        let slot = &mut self.slots[key as usize];
        assert_eq!(slot.word.load(Acquire), LIVE, "live");
        slot.value.change(token)
    }

    #[inline]
    fn fail(&mut self, key: u32, token: u64) -> u64 {
        let answer = self.step(key, token);
        self.free(key);
        answer
    }

    #[inline]
    fn free(&mut self, key: u32) {
        self.slots[key as usize].word.compare_exchange(LIVE, VACANT, AcqRel, Acquire).expect("live");
        self.free.push(key);
    }
}
