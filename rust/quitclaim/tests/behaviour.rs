//! What users count on beside the invariants: quotas, ages, threads that come and go, forks, printing.

use quitclaim::{AcquireError, Handle, Lease, LeaseError, Owner, StaleHandle, Table};
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, RefUnwindSafe, UnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

#[test]
fn quota_counts_what_is_live_and_not_what_was_reaped() {
    let table = Table::new(16).with_quota(2);
    let mut owner = table.owner("");
    for _ in 0..10 {
        owner.acquire(1).unwrap();
        owner.acquire(2).unwrap();
        assert_eq!(owner.acquire(3), Err(AcquireError::OverQuota(3)));
        assert_eq!(table.drain().freed, 2);
    }
}

#[test]
fn reap_frees_by_age_and_skips_what_is_taken() {
    let table = Table::new(16);
    let mut owner = table.owner("");
    table.tick(Duration::ZERO);
    let [old, taken] = [1, 2].map(|value| owner.acquire(value).unwrap());
    let value = owner.take(taken).unwrap();
    table.tick(Duration::from_secs(10));
    let young = owner.acquire(3).unwrap();
    let reaped = table.reap(Duration::from_secs(10));
    assert_eq!((reaped.freed, reaped.in_step), (1, 1));
    assert!(!owner.owns(old) && owner.owns(young));
    owner.put(taken, value).unwrap();
    assert_eq!(table.reap(Duration::MAX).freed, 0, "nothing is that old");
    assert_eq!(table.reap(Duration::from_secs(11)).freed, 0);
    table.tick(Duration::ZERO);
    assert_eq!(table.reap(Duration::from_secs(10)).freed, 1, "the clock never goes back");
}

#[test]
fn an_owner_that_only_acquires_while_others_reap_stays_bounded() {
    let table = Table::new(4);
    let mut owner = table.owner("");
    for value in 0..100_000 {
        owner.acquire(value).unwrap();
        assert_eq!(table.drain().freed, 1);
    }
    assert!(owner.is_empty());
}

#[test]
fn an_owner_goes_on_after_it_freed_all() {
    let table = Table::new(64);
    let mut owner = table.owner("");
    for _ in 0..3 {
        let handles: Vec<_> = (0..10).map(|value| owner.acquire(value).unwrap()).collect();
        for handle in handles.iter().step_by(3) {
            owner.free(*handle).unwrap();
        }
        let mut given = Vec::new();
        owner.free_all_with(|value| given.push(value));
        given.sort_unstable();
        assert_eq!(given, [1, 2, 4, 5, 7, 8]);
    }
}

#[test]
fn a_table_is_usable_while_its_thread_ends() {
    struct AtExit(RefCell<Option<Owner<'static, u32>>>);
    impl Drop for AtExit {
        fn drop(&mut self) {
            let mut owner = self.0.take().expect("set by the thread");
            let handle = owner.acquire(8).expect("the thread is ending and the table is not");
            owner.free(handle).expect("just acquired");
        }
    }
    thread_local!(static AT_EXIT: AtExit = const { AtExit(RefCell::new(None)) });
    let table = Arc::new(Table::new(1_024));
    // Destructors run in an order that is not ours: once with the thread's number asked for before, once after.
    for number_first in [true, false] {
        let table = Arc::clone(&table);
        let ends = move || {
            if number_first {
                Owner::shared(Arc::clone(&table), "").acquire(6).unwrap();
            }
            AT_EXIT.with(|exit| *exit.0.borrow_mut() = Some(Owner::shared(table, "ends")));
        };
        thread::spawn(ends).join().unwrap();
    }
    let stats = table.stats();
    assert_eq!((stats.live, stats.acquired), (0, 3));
}

#[test]
fn more_threads_than_numbers_share_what_is_left() {
    let table = Table::new(4_096);
    let all_here = Barrier::new(100);
    thread::scope(|scope| {
        for _ in 0..100 {
            scope.spawn(|| {
                let mut owner = table.owner("one of many");
                let handles: Vec<_> = (0..10).map(|value| owner.acquire(value).unwrap()).collect();
                all_here.wait();
                for (value, handle) in handles.into_iter().enumerate() {
                    assert_eq!(owner.free(handle), Ok(Some(value)));
                }
            });
        }
    });
    let stats = table.stats();
    assert_eq!((stats.live, stats.acquired, stats.freed.done), (0, 1_000, 1_000));
}

#[test]
fn a_child_of_a_fork_starts_with_an_empty_table() {
    let values = [Arc::new(()), Arc::new(())];
    let table = Table::new(16);
    let mut owner = table.owner("parent");
    let [idle, taken] = values.each_ref().map(|value| owner.acquire(Arc::clone(value)).unwrap());
    let value = owner.take(taken).unwrap();
    table.forget_all();
    assert_eq!((table.len(), table.census().count(), owner.len()), (0, 0, 0));
    assert!(table.lease(idle).is_err() && owner.free(idle).is_err());
    assert!(owner.put(taken, value).is_err(), "a step that the fork came into ends without its place");
    assert_eq!(values.each_ref().map(Arc::strong_count), [2, 1], "forgotten, never dropped; the taker's is his");
    let fresh = owner.acquire(Arc::clone(&values[1])).unwrap();
    drop(owner);
    assert!(table.lease(fresh).is_err());
    assert_eq!(Arc::strong_count(&values[0]), 2);
}

#[test]
fn what_a_fork_came_into_goes_on_in_the_child() {
    let table = Table::new(16);
    let mut owner = table.owner("parent");
    let [stepped, leased] = [1, 2].map(|value| owner.acquire(value).unwrap());
    let lease = table.lease(leased).unwrap();
    owner
        .step(stepped, |value| {
            table.forget_all();
            assert_eq!((*value, table.len()), (1, 1), "this step's own");
            Ok::<_, ()>(())
        })
        .unwrap();
    assert_eq!((*lease, table.len(), table.stats().high_water), (2, 1, 2));
    drop((owner, lease));
    assert_eq!((table.len(), table.census().count()), (0, 0));
}

#[test]
fn each_fork_masks_handles_anew() {
    let table = Table::new(1);
    let mut given = Vec::new();
    for _ in 0..5 {
        table.forget_all();
        given.push(table.owner("").acquire(()).unwrap());
    }
    given.sort_unstable();
    given.dedup();
    assert_eq!(given.len(), 5);
}

#[test]
fn the_first_tick_starts_the_clock() {
    let table = Table::new(16);
    let mut owner = table.owner("");
    owner.acquire("before the first tick").unwrap();
    assert_eq!(table.reap(Duration::from_nanos(1)).freed, 0, "without ticks nothing ages");
    table.tick(Duration::from_secs(1_000_000));
    assert_eq!(table.reap(Duration::from_nanos(1)).freed, 0);
    table.tick(Duration::from_secs(1_000_060));
    assert_eq!(table.reap(Duration::from_secs(60)).freed, 1);
}

#[test]
fn an_owner_goes_on_after_a_value_that_panicked() {
    let table = Table::new(64);
    let mut owner = table.owner("");
    for value in 0..10 {
        owner.acquire(value).unwrap();
    }
    let panicked = catch_unwind(AssertUnwindSafe(|| owner.free_all_with(|_| resume_unwind(Box::new("quietly")))));
    assert!(panicked.is_err());
    assert_eq!(owner.len(), 9);
    let more: Vec<_> = (0..20).map(|value| owner.acquire(value).unwrap()).collect();
    assert!(more.iter().all(|&handle| owner.free(handle).is_ok()));
    assert_eq!((owner.len(), table.len()), (9, 9));
}

#[test]
fn a_table_may_be_used_across_a_panic() {
    fn unwind_safe<T: UnwindSafe + RefUnwindSafe>() {}
    unwind_safe::<Table<RefCell<u8>>>();
    unwind_safe::<&Table<RefCell<u8>>>();
}

#[test]
fn a_handle_of_another_table_is_refused() {
    let (ours, theirs) = (Table::new(64), Table::new(64));
    let (mut owner, mut other) = (ours.owner(""), theirs.owner(""));
    for value in 0..64 {
        owner.acquire(value).unwrap();
        let foreign = other.acquire(value).unwrap();
        assert_eq!(ours.lease(foreign).err(), Some(LeaseError::Stale));
        assert_eq!(owner.free(foreign), Err(StaleHandle));
    }
}

#[test]
fn handles_print_masked_and_the_same_each_time() {
    let table = Table::new(4);
    let mut owner = table.owner("");
    let handle = owner.acquire(7).unwrap();
    assert_eq!(format!("{handle:?}"), format!("Handle({handle})"));
    assert_eq!(handle.to_string().len(), 16);
    assert_eq!(Handle::from_bits(handle.to_bits()), handle);
    assert_eq!(size_of::<Option<Handle>>(), 8);
}

#[test]
fn errors_say_what_happened_and_never_the_value() {
    let table = Table::new(1);
    let mut owner = table.owner("");
    owner.acquire("a secret").unwrap();
    let full = owner.acquire("a secret").unwrap_err();
    assert_eq!(full.to_string(), "the handle table is full");
    assert!(!format!("{full:?}").contains("secret"));
    assert_eq!(full.into_value(), "a secret");
    let (_, lease) = table.leases().next().unwrap();
    assert_eq!(format!("{lease:?}"), "Lease(..)");
}

#[test]
fn labels_are_cut_at_a_characters_end() {
    let table = Table::new(4);
    let mut owner = table.owner(&"äb".repeat(30));
    owner.acquire(7).unwrap();
    let label = table.census().next().unwrap().owner;
    assert_eq!(label.as_str(), "äb".repeat(16));
    let mut owner = table.owner(&format!("a{}", "ä".repeat(30)));
    owner.acquire(7).unwrap();
    assert_eq!(table.census().last().unwrap().owner.as_str().len(), 47);
}

#[test]
fn what_may_cross_threads_does() {
    fn send<T: Send>() {}
    fn sync<T: Sync>() {}
    send::<Table<RefCell<u8>>>();
    sync::<Table<RefCell<u8>>>(); // owners lend, and a lease of a RefCell cannot be had
    send::<Owner<'_, RefCell<u8>>>();
    send::<Lease<'_, u8>>();
    sync::<Lease<'_, u8>>();
}
