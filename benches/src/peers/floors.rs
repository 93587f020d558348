//! Floors: no tables at all, but what no table can be faster than.

use crate::contender::{Contender, Seat, Value};
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{AcqRel, Acquire};

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

/// What a value costs whoever has no table and passes a `Box` around: the allocator, and nothing else.
pub struct Boxed;

impl Contender for Boxed {
    const NAME: &'static str = "floor: a Box";
    const NOTE: &'static str = "no table: one Box a thread, allocated and freed";
    type Seat<'t> = Option<Box<Value>>;

    fn new(_capacity: usize) -> Self {
        Self
    }

    fn seat(&self) -> Option<Box<Value>> {
        None
    }
}

impl Seat for Option<Box<Value>> {
    type Key = ();

    #[inline]
    fn acquire(&mut self, value: Value) {
        assert!(self.replace(Box::new(value)).is_none(), "a thread has one live at most");
    }

    #[inline]
    fn step(&mut self, (): (), token: u64) -> u64 {
        self.as_mut().expect("live").change(token)
    }

    #[inline]
    fn fail(&mut self, (): (), token: u64) -> u64 {
        let answer = self.step((), token);
        self.free(());
        answer
    }

    #[inline]
    fn free(&mut self, (): ()) {
        drop(self.take().expect("live"));
    }
}
