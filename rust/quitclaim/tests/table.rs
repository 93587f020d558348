//! The table's invariants as its users meet them. Interleavings are loom's (`src/tests/`).

use quitclaim::{AcquireError, LeaseError, StaleHandle, StepError, Table};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread;

fn panics<R>(act: impl FnOnce() -> R) -> bool {
    catch_unwind(AssertUnwindSafe(act)).is_err()
}

/// Without the hook's noise in the test's output.
fn panic_quietly() -> ! {
    resume_unwind(Box::new("a panic of the test's own"))
}

#[test]
fn i1_a_freed_handle_never_names_the_next_value() {
    let table = Table::new(1);
    let mut owner = table.owner("");
    let mut old = Vec::new();
    for value in 0..1_000 {
        let handle = owner.acquire(value).unwrap();
        assert!(old.iter().all(|&stale| table.lease(stale).is_err()));
        assert_eq!(owner.free(handle), Ok(Some(value)));
        old.push(handle);
    }
}

#[test]
fn i2_freed_handle_is_refused_everywhere() {
    let table = Table::new(4);
    let mut owner = table.owner("");
    let handle = owner.acquire(7).unwrap();
    owner.free(handle).unwrap();
    assert_eq!(table.lease(handle).err(), Some(LeaseError::Stale));
    assert_eq!(owner.step(handle, |_| Ok::<_, ()>(())), Err(StepError::Stale));
    assert_eq!(owner.take(handle), Err(StepError::Stale));
    assert_eq!(owner.free(handle), Err(StaleHandle));
    assert!(owner.put(handle, 8).is_err());
    assert!(!owner.owns(handle));
}

#[test]
fn i3_leased_value_dies_with_its_last_lease_on_that_thread() {
    struct Tells(Arc<Mutex<Option<thread::ThreadId>>>);
    impl Drop for Tells {
        fn drop(&mut self) {
            *self.0.lock().unwrap() = Some(thread::current().id());
        }
    }
    let died = Arc::default();
    let table = Table::new(4);
    let mut owner = table.owner("");
    let handle = owner.acquire(Tells(Arc::clone(&died))).unwrap();
    let lease = table.lease(handle).unwrap();
    assert!(matches!(owner.free(handle), Ok(None)));
    drop(owner);
    assert_eq!(*died.lock().unwrap(), None);
    let ends_lease = move || {
        drop(lease);
        thread::current().id()
    };
    let other = thread::scope(|scope| scope.spawn(ends_lease).join().unwrap());
    assert_eq!(*died.lock().unwrap(), Some(other));
}

#[test]
fn i3_freed_but_leased_slots_count_against_the_capacity() {
    let table = Table::new(1);
    let mut owner = table.owner("");
    let handle = owner.acquire(7).unwrap();
    let lease = table.lease(handle).unwrap();
    owner.free(handle).unwrap();
    assert_eq!(owner.acquire(8), Err(AcquireError::TableFull(8)));
    drop(lease);
    assert!(owner.acquire(8).is_ok());
}

#[test]
fn i5_dropping_an_owner_frees_what_it_acquired_and_nothing_else() {
    let table = Table::new(16);
    let (mut going, mut staying) = (table.owner("going"), table.owner("staying"));
    let gone: Vec<_> = (0..5).map(|value| going.acquire(value).unwrap()).collect();
    let kept = staying.acquire(5).unwrap();
    drop(going);
    assert!(gone.iter().all(|&handle| table.lease(handle).is_err()));
    assert_eq!(*table.lease(kept).unwrap(), 5);
    assert_eq!(table.stats().freed.owner, 5);
}

#[test]
fn i5_values_of_a_forgotten_owner_are_dropped_with_the_table() {
    let value = Arc::new(());
    let table = Table::new(4);
    let mut owner = table.owner("");
    owner.acquire(Arc::clone(&value)).unwrap();
    std::mem::forget(owner);
    drop(table);
    assert_eq!(Arc::strong_count(&value), 1);
}

/// Counts its drop, and panics in it if so told.
struct Panics(Arc<AtomicUsize>, bool);

impl Drop for Panics {
    fn drop(&mut self) {
        self.0.fetch_add(1, Relaxed);
        if self.1 {
            panic_quietly();
        }
    }
}

#[test]
fn i4_a_drop_that_panics_in_the_tables_own_leaves_no_other_value_behind() {
    let drops = Arc::<AtomicUsize>::default();
    let table = Table::new(1_000);
    let mut owner = table.owner("");
    for number in 0..200 {
        owner.acquire(Panics(Arc::clone(&drops), number == 0)).unwrap();
    }
    std::mem::forget(owner);
    assert!(panics(|| drop(table)));
    assert_eq!(drops.load(Relaxed), 200);
}

#[test]
fn i5_a_drop_that_panics_leaves_no_other_value_behind() {
    let drops = Arc::<AtomicUsize>::default();
    let table = Table::new(8);
    let mut owner = table.owner("");
    for number in 0..5 {
        owner.acquire(Panics(Arc::clone(&drops), number == 3)).unwrap();
    }
    assert!(panics(|| drop(owner)));
    assert_eq!((drops.load(Relaxed), table.len()), (5, 0));
}

#[test]
fn i6_all_of_a_small_capacity_is_usable_from_one_thread() {
    for capacity in [0, 1, 2, 31, 32, 33, 60] {
        let table = Table::new(capacity);
        // Another thread has used all slots before, and is gone.
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut other = table.owner("");
                assert_eq!((0..capacity).filter(|_| other.acquire(0).is_ok()).count(), capacity);
            });
        });
        let mut owner = table.owner("");
        assert_eq!((0..=capacity).filter(|_| owner.acquire(0).is_ok()).count(), capacity);
        assert_eq!(table.stats().refused.full, 1);
    }
}

#[test]
fn i6_seven_eighths_of_a_large_capacity_are_usable_from_one_thread() {
    let table = Table::new(65_536);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut other = table.owner("");
                for value in 0..10_000 {
                    other.acquire(value).unwrap();
                }
            });
        }
    });
    let mut owner = table.owner("");
    let usable = (0..65_536).take_while(|&value| owner.acquire(value).is_ok()).count();
    assert!(usable >= 65_536 / 8 * 7, "{usable}");
}

#[test]
fn i7_step_that_fails_frees_and_a_refused_one_changes_nothing() {
    let table = Table::new(4);
    let (mut owner, mut stranger) = (table.owner(""), table.owner(""));
    let handle = owner.acquire(7).unwrap();
    assert_eq!(stranger.step(handle, |_| Ok::<_, ()>(())), Err(StepError::Stale));
    assert_eq!(stranger.free(handle), Err(StaleHandle));
    let lease = table.lease(handle).unwrap();
    assert_eq!(owner.step(handle, |_| Err::<(), _>(0)), Err(StepError::Leased), "did not run");
    drop(lease);
    assert_eq!(owner.step(handle, |value| Err::<(), _>(*value)), Err(StepError::Failed(7)));
    assert!(table.is_empty());
}

#[test]
fn i7_step_that_panics_frees_before_the_caller_sees_it() {
    let value = Arc::new(());
    let table = Table::new(4);
    let mut owner = table.owner("");
    let handle = owner.acquire(Arc::clone(&value)).unwrap();
    assert!(panics(|| owner.step(handle, |_| -> Result<(), ()> { panic_quietly() })));
    assert_eq!((Arc::strong_count(&value), table.len()), (1, 0));
    assert_eq!(table.stats().freed.cancelled, 1);
    assert!(owner.acquire(value).is_ok());
}

#[test]
fn i4_a_value_whose_drop_uses_the_table_meets_it_whole() {
    struct Nested<'t>(&'t Table<Nested<'t>>, u32);
    impl Drop for Nested<'_> {
        fn drop(&mut self) {
            if self.1 > 0 {
                let mut owner = self.0.owner("nested");
                let acquired = owner.acquire(Nested(self.0, self.1 - 1)).map_err(std::mem::forget);
                assert!(acquired.is_ok(), "the value's own slot, the only one, is vacant by now");
            }
        }
    }
    // Leaked, because its values refer to it.
    let table: &'static Table<_> = Box::leak(Box::new(Table::new(1)));
    let mut owner = table.owner("");
    let handle = owner.acquire(Nested(table, 3)).unwrap();
    drop(owner.free(handle));
    let handle = owner.acquire(Nested(table, 3)).unwrap();
    assert!(owner.step(handle, |_| Err::<(), _>(())).is_err());
    owner.acquire(Nested(table, 3)).unwrap();
    drop(owner);
    assert_eq!((table.len(), table.stats().acquired), (0, 12));
}
