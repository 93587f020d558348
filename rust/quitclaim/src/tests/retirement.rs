//! I1 where it is hardest to keep: at the last generation of a slot. Unit tests have eight.

use crate::slot::{LAST_GENERATION, MOST_LEASES};
use crate::{AcquireError, LeaseError, Table};
use std::collections::HashSet;

#[test]
fn i1_a_slot_out_of_generations_is_retired_and_replaced() {
    let table = Table::for_threads(1, 1);
    let mut owner = table.owner("");
    let mut ever = HashSet::new();
    let lives = 3 * (LAST_GENERATION as usize + 1);
    for life in 0..lives {
        let handle = owner.acquire(life).expect("a retired slot is replaced");
        assert!(ever.insert(handle), "handle {handle} was given twice");
        assert_eq!(owner.acquire(0), Err(AcquireError::TableFull(0)), "one slot at a time");
        owner.free(handle).expect("just acquired");
    }
    let stats = table.stats();
    assert_eq!((stats.retired, stats.high_water), (3, 1));
    assert!(ever.iter().all(|&handle| table.lease(handle).err() == Some(LeaseError::Stale)));
}

#[test]
fn i1_a_slot_is_retired_by_whoever_ends_its_last_life() {
    let table = Table::for_threads(1, 1);
    let mut owner = table.owner("");
    for _ in 0..LAST_GENERATION {
        let handle = owner.acquire(0).unwrap();
        owner.free(handle).unwrap();
    }
    let handle = owner.acquire(0).unwrap();
    let lease = table.lease(handle).unwrap();
    owner.free(handle).unwrap();
    assert_eq!(table.stats().retired, 0, "pinned");
    drop(lease);
    assert_eq!(table.stats().retired, 1);
}

#[test]
fn i3_leases_beyond_the_count_are_refused() {
    let table = Table::for_threads(1, 1);
    let mut owner = table.owner("");
    let handle = owner.acquire(7).unwrap();
    let leases: Vec<_> = (0..MOST_LEASES).map(|_| table.lease(handle).unwrap()).collect();
    assert_eq!(table.lease(handle).unwrap_err(), LeaseError::TooMany);
    drop(leases);
    assert_eq!(*table.lease(handle).unwrap(), 7);
}
