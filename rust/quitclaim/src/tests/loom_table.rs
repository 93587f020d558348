//! Values: who reaches them, and who drops them. Each model is a pair (or three) of the table's operations on one
//! handle, in every order of their atomic steps that a bounded number of preemptions can make.

use crate::error::{LeaseError, StepError};
use crate::owner::Owner;
use crate::stats::Cause;
use crate::table::Table;
use crate::{Handle, State};
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread::{self, JoinHandle};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

/// A value that loom watches: a read beside a write, or a drop beside either, fails the model.
struct Watched {
    number: AtomicU32,
    watch: UnsafeCell<()>,
    drops: std::sync::Arc<AtomicU32>,
}

// SAFETY: a test's only: loom's cell fails the model where the sharing that this allows is not ordered.
unsafe impl Sync for Watched {}

impl Watched {
    fn new(number: u32, drops: &std::sync::Arc<AtomicU32>) -> Self {
        Self { number: AtomicU32::new(number), watch: UnsafeCell::new(()), drops: drops.clone() }
    }

    fn read(&self) -> u32 {
        self.watch.with(|_| self.number.load(Relaxed))
    }

    fn add(&mut self, more: u32) {
        self.watch.with_mut(|_| self.number.fetch_add(more, Relaxed));
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.add(1000);
        self.drops.fetch_add(1, Relaxed);
    }
}

struct World {
    table: Arc<Table<Watched>>,
    drops: std::sync::Arc<AtomicU32>,
}

impl World {
    fn new(capacity: usize) -> Self {
        Self { table: Arc::new(Table::for_threads(capacity, 1)), drops: std::sync::Arc::default() }
    }

    fn value(&self, number: u32) -> Watched {
        Watched::new(number, &self.drops)
    }

    fn beside(&self, act: impl FnOnce(&Table<Watched>) + 'static) -> JoinHandle<()> {
        let table = Arc::clone(&self.table);
        thread::spawn(move || act(&table))
    }

    fn assert_dropped(&self, times: u32) {
        assert_eq!(self.drops.load(Relaxed), times, "values dropped");
    }
}

/// Leases and reads, if it may.
fn read(table: &Table<Watched>, handle: Handle) -> Option<u32> {
    table.lease(handle).ok().map(|lease| lease.read())
}

#[test]
fn i2_freed_handle_is_never_leased_again() {
    loom::model(|| {
        let world = World::new(2);
        let mut owner = world.table.owner("");
        let handle = owner.acquire(world.value(7)).unwrap();
        let reader = world.beside(move |table| assert!(matches!(read(table, handle), None | Some(7))));
        drop(owner.free(handle).unwrap());
        assert_eq!(world.table.lease(handle).err(), Some(LeaseError::Stale));
        reader.join().unwrap();
        world.assert_dropped(1);
    });
}

#[test]
fn i3_value_outlives_two_leases_of_a_freed_handle() {
    loom::model(|| {
        let world = World::new(2);
        let mut owner = world.table.owner("");
        let handle = owner.acquire(world.value(7)).unwrap();
        let readers = [0, 1].map(|_| world.beside(move |table| assert!(matches!(read(table, handle), None | Some(7)))));
        drop(owner.free(handle).unwrap());
        for reader in readers {
            reader.join().unwrap();
        }
        world.assert_dropped(1);
    });
}

#[test]
fn i1_a_slot_used_again_is_not_its_old_handle() {
    loom::model(|| {
        let world = World::new(1);
        let mut owner = world.table.owner("");
        let old = owner.acquire(world.value(7)).unwrap();
        let reader = world.beside(move |table| assert!(matches!(read(table, old), None | Some(7))));
        drop(owner.free(old).unwrap());
        // Refused while the reader pins the slot.
        if let Ok(new) = owner.acquire(world.value(8)) {
            assert_ne!(new, old);
            assert_eq!(read(&world.table, new), Some(8));
        }
        reader.join().unwrap();
    });
}

#[test]
fn i4_of_concurrent_frees_one_wins() {
    loom::model(|| {
        let world = World::new(2);
        let mut owner = world.table.owner("");
        let handle = owner.acquire(world.value(7)).unwrap();
        let reapers = [0, 1].map(|_| {
            world.beside(|table| {
                let _ = table.reap(Duration::ZERO);
            })
        });
        let freed = owner.free(handle);
        assert!(!matches!(freed, Ok(None)), "nobody leases");
        drop(freed);
        for reaper in reapers {
            reaper.join().unwrap();
        }
        world.assert_dropped(1);
        let freed = world.table.stats().freed;
        assert_eq!(freed.done + freed.reaped, 1);
    });
}

#[test]
fn i4_acquire_beside_a_reaper() {
    loom::model(|| {
        let world = World::new(2);
        let reaper = world.beside(|table| {
            let _ = table.reap(Duration::ZERO);
        });
        let mut owner = world.table.owner("");
        let handle = owner.acquire(world.value(7)).unwrap();
        reaper.join().unwrap();
        assert!(matches!(read(&world.table, handle), None | Some(7)));
        drop(owner);
        world.assert_dropped(1);
    });
}

#[test]
fn i5_owner_dropped_beside_a_lease() {
    loom::model(|| {
        let world = World::new(2);
        let mut owner = world.table.owner("");
        let handle = owner.acquire(world.value(7)).unwrap();
        let reader = world.beside(move |table| assert!(matches!(read(table, handle), None | Some(7))));
        drop(owner);
        assert_eq!(world.table.lease(handle).err(), Some(LeaseError::Stale));
        reader.join().unwrap();
        world.assert_dropped(1);
    });
}

#[test]
fn i5_owner_dropped_beside_a_reaper() {
    loom::model(|| {
        let world = World::new(2);
        let mut owner = world.table.owner("");
        for number in [7, 8] {
            let _ = owner.acquire(world.value(number)).unwrap();
        }
        let reaper = world.beside(|table| {
            let _ = table.reap(Duration::ZERO);
        });
        drop(owner);
        reaper.join().unwrap();
        world.assert_dropped(2);
        assert!(world.table.is_empty());
    });
}

#[test]
fn i7_step_that_succeeds_beside_a_lease() {
    loom::model(|| {
        let world = World::new(2);
        let mut owner = world.table.owner("");
        let handle = owner.acquire(world.value(7)).unwrap();
        let reader = world.beside(move |table| assert!(matches!(read(table, handle), None | Some(7 | 8))));
        let stepped = owner.step(handle, |value| {
            value.add(1);
            Ok::<_, ()>(())
        });
        assert!(matches!(stepped, Ok(()) | Err(StepError::Leased)));
        reader.join().unwrap();
        assert_eq!(read(&world.table, handle), Some(if stepped.is_ok() { 8 } else { 7 }));
        drop(owner);
        world.assert_dropped(1);
    });
}

#[test]
fn i7_step_that_fails_beside_a_lease() {
    loom::model(|| {
        let world = World::new(2);
        let mut owner = world.table.owner("");
        let handle = owner.acquire(world.value(7)).unwrap();
        let reader = world.beside(move |table| assert!(matches!(read(table, handle), None | Some(7))));
        match owner.step(handle, |value| {
            value.add(1);
            Err::<(), _>("denied")
        }) {
            Err(StepError::Failed("denied")) => assert!(!owner.owns(handle)),
            Err(StepError::Leased) => assert!(owner.owns(handle)),
            other => panic!("{other:?}"),
        }
        reader.join().unwrap();
        drop(owner);
        world.assert_dropped(1);
    });
}

#[test]
fn i7_step_that_panics_beside_a_lease_and_a_census() {
    loom::model(|| {
        let world = World::new(2);
        let mut owner = world.table.owner("peer");
        let handle = owner.acquire(world.value(7)).unwrap();
        let reader = world.beside(move |table| {
            assert!(matches!(read(table, handle), None | Some(7)));
            assert!(table.census().all(|entry| entry.handle == handle && entry.owner.as_str() == "peer"));
        });
        let step = std::panic::AssertUnwindSafe(|| {
            owner.step(handle, |_| -> Result<(), ()> { std::panic::resume_unwind(Box::new(())) })
        });
        let panicked = std::panic::catch_unwind(step).is_err();
        assert_eq!(panicked, !owner.owns(handle));
        reader.join().unwrap();
        drop(owner);
        world.assert_dropped(1);
    });
}

#[test]
fn i7_step_beside_a_reaper() {
    loom::model(|| {
        let world = World::new(2);
        let mut owner = world.table.owner("");
        let handle = owner.acquire(world.value(7)).unwrap();
        let reaper = world.beside(|table| {
            let _ = table.reap(Duration::ZERO);
        });
        match owner.step(handle, |value| {
            value.add(1);
            Ok::<_, ()>(value.read())
        }) {
            Ok(number) => assert_eq!(number, 8),
            Err(error) => assert_eq!(error, StepError::Stale),
        }
        reaper.join().unwrap();
        drop(owner);
        world.assert_dropped(1);
    });
}

#[test]
fn i4_take_and_put_beside_a_reaper_and_a_lease() {
    loom::model(|| {
        let world = World::new(2);
        let mut owner = world.table.owner("");
        let handle = owner.acquire(world.value(7)).unwrap();
        let other = world.beside(move |table| {
            assert!(matches!(read(table, handle), None | Some(7 | 8)));
            let _ = table.reap(Duration::ZERO);
        });
        if let Ok(mut value) = owner.take(handle) {
            value.add(1);
            assert!(owner.put(handle, value).is_ok(), "a reaper skips what is taken");
        }
        other.join().unwrap();
        drop(owner);
        world.assert_dropped(1);
    });
}

#[test]
fn i4_taken_value_freed_by_its_owner_stays_with_the_taker() {
    loom::model(|| {
        let world = World::new(1);
        let mut owner = world.table.owner("");
        let handle = owner.acquire(world.value(7)).unwrap();
        let reaper = world.beside(|table| {
            let _ = table.drain();
        });
        if let Ok(value) = owner.take(handle) {
            assert!(matches!(owner.free_as(handle, Cause::Cancelled), Ok(None)));
            assert!(owner.put(handle, value).is_err());
        }
        reaper.join().unwrap();
        drop(owner);
        world.assert_dropped(1);
        assert!(world.table.is_empty());
    });
}

/// A census beside an owner's whole life, and beside the next owner of its label and its slot.
#[test]
fn i5_census_never_mixes_two_owners() {
    loom::model(|| {
        let world = World::new(1);
        let census = {
            let table = Arc::clone(&world.table);
            thread::spawn(move || table.census().collect::<Vec<_>>())
        };
        let labels = ["first", "second"].map(|label| {
            let mut owner: Owner<'_, Watched> = world.table.owner(label);
            (owner.acquire(world.value(7)).unwrap(), label)
        });
        for entry in census.join().unwrap() {
            assert_eq!(entry.state, State::Idle);
            assert!(labels.contains(&(entry.handle, entry.owner.as_str())), "{entry:?} of {labels:?}");
        }
        world.assert_dropped(2);
    });
}

/// Two owners that acquire and free beside each other, through the one magazine and the depot.
#[test]
fn i4_two_owners_share_the_slots() {
    loom::model(|| {
        let world = World::new(16);
        let (table, drops) = (Arc::clone(&world.table), world.drops.clone());
        let other = thread::spawn(move || {
            let mut owner = table.owner("");
            let handle = owner.acquire(Watched::new(8, &drops)).unwrap();
            assert_eq!(read(&table, handle), Some(8));
        });
        let mut owner = world.table.owner("");
        let handle = owner.acquire(world.value(7)).unwrap();
        assert_eq!(read(&world.table, handle), Some(7));
        drop(owner);
        other.join().unwrap();
        world.assert_dropped(2);
    });
}
