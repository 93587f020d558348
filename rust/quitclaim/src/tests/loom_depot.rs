//! Vacant slots: who may fill which.

use crate::handle::Place;
use crate::page::{Depot, Pages, Run};
use crate::shard::Pool;
use crate::slot::{Doom, LAST_GENERATION};
use crate::thread::Bearer;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, Ordering::Relaxed};
use loom::thread;

/// Three runs of one slot each in a depot; the last pushed is on top.
fn depot_of_three() -> (Depot, Pages<u32>) {
    let (depot, pages) = (Depot::new(), Pages::new());
    for index in [0, 1, 2] {
        assert!(pages.grow(index..index + 1));
        depot.push(Run::minted(&pages, index, 1), &pages);
    }
    (depot, pages)
}

/// One thread stops between reading the top's link and its CAS; the second takes the top, the third the one below,
/// and the top comes back. Without the tag the first one's CAS would bring back the one below, which is in use.
#[test]
fn i4_depot_gives_no_run_twice_when_its_top_comes_back() {
    loom::model(|| {
        let shared = Arc::new(depot_of_three());
        let pop = |shared: &(Depot, Pages<u32>)| shared.0.pop(&shared.1);
        let comes_back = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let top = pop(&shared);
                shared.0.push(top, &shared.1);
            })
        };
        let takes_below = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || [pop(&shared), pop(&shared)])
        };
        let mut held = vec![pop(&shared)];
        comes_back.join().unwrap();
        held.extend(takes_below.join().unwrap());
        held.push(pop(&shared));
        assert_each_slot_once(held, &shared.1, 3);
    });
}

/// What the last user of a slot did is over before the next one fills it, across the depot.
#[test]
fn i4_depot_hands_a_slot_over_whole() {
    loom::model(|| {
        let pool = Arc::new(Pool::<u32>::new(1, 1));
        let other = {
            let pool = Arc::clone(&pool);
            thread::spawn(move || churn(&pool))
        };
        churn(&pool);
        other.join().unwrap();
        churn(&pool);
    });
}

#[test]
fn i6_two_threads_that_mint_get_slots_of_their_own() {
    loom::model(|| {
        let pool = Arc::new(Pool::<u32>::new(3, 1));
        let other = {
            let pool = Arc::clone(&pool);
            thread::spawn(move || fill(&pool, 1))
        };
        let place = fill(&pool, 2);
        assert_ne!(place, other.join().unwrap());
        assert!(place.is_some());
    });
}

#[test]
fn i6_the_last_slot_goes_to_one_of_two() {
    loom::model(|| {
        let pool = Arc::new(Pool::<u32>::new(1, 1));
        let other = {
            let pool = Arc::clone(&pool);
            thread::spawn(move || fill(&pool, 1))
        };
        let places = [fill(&pool, 2), other.join().unwrap()];
        assert_eq!(places.iter().flatten().count(), 1);
    });
}

/// A slot has its last life here; the thread that ends it may mint another. Who sees that minting and not yet the
/// retirement must not think that there is room without end.
#[test]
fn i6_minting_beside_a_retirement_keeps_the_capacity() {
    loom::model(|| {
        let pool = Arc::new(Pool::<u32>::new(1, 1));
        for _ in 0..LAST_GENERATION {
            churn(&pool);
        }
        let (index, generation) = fill(&pool, 1).expect("the slot's last life");
        // Orders nothing: it makes loom try the order in which the other thread is first.
        let replaced = Arc::new(AtomicBool::new(false));
        let other = {
            let (pool, replaced) = (Arc::clone(&pool), Arc::clone(&replaced));
            thread::spawn(move || {
                free(&pool, index, generation);
                let filled = fill(&pool, 2).is_some();
                replaced.store(true, Relaxed);
                filled
            })
        };
        let mine = replaced.load(Relaxed) && fill(&pool, 3).is_some();
        let theirs = other.join().unwrap();
        assert!(!(mine && theirs), "two values in a table for one");
    });
}

/// A magazine outlives its thread: the next bearer of the number finds the slots whole.
#[test]
fn i4_a_thread_number_hands_its_magazine_over() {
    loom::model(|| {
        // One thread number with a magazine of two runs of one slot.
        let pool = Arc::new(Pool::<u32>::new(16, 1));
        let first = {
            let pool = Arc::clone(&pool);
            thread::spawn(move || churn_and_end(&pool))
        };
        let second = {
            let pool = Arc::clone(&pool);
            thread::spawn(move || churn_and_end(&pool))
        };
        first.join().unwrap();
        second.join().unwrap();
    });
}

fn fill(pool: &Pool<u32>, value: u32) -> Option<(u32, u32)> {
    let place = pool.pop(Bearer::current())?.fill(value, 0, 0, 0);
    Some((place.index, place.generation))
}

/// Fills a slot, if there is one, and frees it.
fn churn(pool: &Pool<u32>) {
    if let Some((index, generation)) = fill(pool, 1) {
        free(pool, index, generation);
    }
}

fn free(pool: &Pool<u32>, index: u32, generation: u32) {
    let Doom::Ours(doomed) = pool.slot(index).expect("filled").doom(Place { index, generation }) else {
        panic!("nobody else knows it");
    };
    pool.remove(doomed, Bearer::current());
}

fn churn_and_end(pool: &Pool<u32>) {
    churn(pool);
    crate::thread::end();
}

fn assert_each_slot_once(runs: Vec<Run>, pages: &Pages<u32>, slots: usize) {
    let mut indices = Vec::new();
    for mut run in runs {
        while let Some(vacant) = run.pop(pages) {
            indices.push(vacant.link(0));
        }
    }
    indices.sort_unstable();
    assert!(indices.is_sorted_by(|a, b| a < b), "a slot was given twice: {indices:?}");
    assert_eq!(indices.len(), slots, "a slot was lost: {indices:?}");
}
