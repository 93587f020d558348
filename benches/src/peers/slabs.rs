//! Lock-free slabs: the nearest kin.

use crate::contender::Value;
use crate::peers::Peer;
use concurrent_slotmap::{SlotId, SlotMap};
use sharded_slab::Slab;

/// sharded-slab, the table `tracing` keeps its spans in.
pub struct ShardedSlab(Slab<Value>);

impl Peer for ShardedSlab {
    const NAME: &'static str = "sharded-slab 0.1.7";
    const NOTE: &'static str =
        "uses only read; no capacity, keys come again after 8,191 reuses; walked by its user's keys";
    type Key = usize;

    fn new(_capacity: usize) -> Self {
        Self(Slab::new())
    }

    #[inline]
    fn insert(&self, value: Value) -> usize {
        self.0.insert(value).expect("the slab has room")
    }

    #[inline]
    fn change(&self, key: usize, token: u64) -> u64 {
        self.look(key, token)
    }

    #[inline]
    fn look(&self, key: usize, token: u64) -> u64 {
        self.0.get(key).expect("live").read(token)
    }

    #[inline]
    fn remove(&self, key: usize) {
        assert!(self.0.remove(key), "live");
    }

    /// Its own iterator wants the slab alone, and knows no keys.
    fn walk(&self, keys: &[usize], mut each: impl FnMut(usize, &Value)) {
        for &key in keys {
            each(key, &self.0.get(key).expect("live"));
        }
    }
}

/// concurrent-slotmap, vulkano's.
pub struct ConcurrentSlotMap(SlotMap<SlotId, Value>);

impl Peer for ConcurrentSlotMap {
    const NAME: &'static str = "concurrent-slotmap 0.2α";
    const NOTE: &'static str = "uses only read; a removed value waits for its reclamation; a pin for each call";
    type Key = SlotId;

    fn new(capacity: usize) -> Self {
        // Memory is reserved, not taken; what waits for its reclamation needs slots too, and a full map panics.
        Self(SlotMap::new(u32::try_from(capacity).expect("small") * 2 + SPARE))
    }

    #[inline]
    fn insert(&self, value: Value) -> SlotId {
        self.0.insert(value, &self.0.pin())
    }

    #[inline]
    fn change(&self, key: SlotId, token: u64) -> u64 {
        self.look(key, token)
    }

    #[inline]
    fn look(&self, key: SlotId, token: u64) -> u64 {
        self.0.get(key, &self.0.pin()).expect("live").read(token)
    }

    #[inline]
    fn remove(&self, key: SlotId) {
        self.0.remove(key, &self.0.pin()).expect("live");
    }

    fn walk(&self, _keys: &[SlotId], mut each: impl FnMut(SlotId, &Value)) {
        for (key, value) in self.0.iter(&self.0.pin()) {
            each(key, value);
        }
    }
}

/// Slots for what is removed and not yet reclaimed: a pre-empted pin holds all of it up.
const SPARE: u32 = 4_000_000;
