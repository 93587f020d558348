//! Many threads on one table, all operations at once: each value is dropped once, none is seen after its drop, and the
//! table ends empty. `make tsan` runs it under `ThreadSanitizer`; `QUITCLAIM_STRESS_ROUNDS` says how long it goes on.

use quitclaim::{AcquireError, Cause, Handle, Owner, Table};
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

const WORKERS: u64 = 6;
const POSTED: usize = 16;
const LABEL: &str = "a connection under stress";

/// A value that knows whether it is alive, and notices two who write.
struct Value<'w> {
    world: &'w World,
    alive: u64,
    written: [u64; 4],
}

const ALIVE: u64 = 0x00A1_1CE0_FA11_4E45;

#[derive(Default)]
struct World {
    made: AtomicU64,
    dropped: AtomicU64,
    /// Handles that any thread may lease, or try in vain to step or free. Relaxed on purpose: nothing but the table
    /// itself orders who meets whom.
    posted: [AtomicU64; POSTED],
    stop: AtomicBool,
}

impl<'w> Value<'w> {
    fn new(world: &'w World) -> Self {
        world.made.fetch_add(1, Relaxed);
        Self { world, alive: ALIVE, written: [0; 4] }
    }

    fn check(&self) {
        assert_eq!(self.alive, ALIVE, "I3: seen after its drop");
        assert!(self.written.iter().all(|&word| word == self.written[0]), "seen while it was written");
    }

    fn write(&mut self) {
        self.check();
        for word in &mut self.written {
            *word += 1;
        }
    }
}

impl Drop for Value<'_> {
    fn drop(&mut self) {
        self.check();
        self.alive = 0;
        self.world.dropped.fetch_add(1, Relaxed);
    }
}

impl World {
    fn post(&self, chance: Chance, handle: Handle) {
        self.posted[chance.below(POSTED)].store(handle.to_bits().get(), Relaxed);
    }

    fn posted(&self, chance: Chance) -> Option<Handle> {
        NonZeroU64::new(self.posted[chance.below(POSTED)].load(Relaxed)).map(Handle::from_bits)
    }
}

/// Numbers that look random and are the same in every run: an LCG, of which the upper half is used.
struct Dice(u64);

#[derive(Clone, Copy)]
struct Chance(u64);

impl Dice {
    fn throw(&mut self) -> Chance {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Chance(self.0 >> 32)
    }
}

impl Chance {
    fn below(self, limit: usize) -> usize {
        usize::try_from(self.0).expect("32 bits") % limit
    }
}

/// One connection's life.
fn connection<'w>(table: &Table<Value<'w>>, world: &'w World, dice: &mut Dice) {
    let mut owner = table.owner(LABEL);
    for _ in 0..dice.throw().below(8) {
        let handle = match owner.acquire(Value::new(world)) {
            Ok(handle) => handle,
            Err(AcquireError::TableFull(value) | AcquireError::OverQuota(value)) => {
                value.check();
                continue;
            }
            Err(_) => unreachable!("there are two refusals"),
        };
        world.post(dice.throw(), handle);
        visit(table, world, dice);
        let _ = owner.step(handle, |value| {
            value.write();
            Ok::<_, ()>(())
        });
        end(&mut owner, handle, dice.throw());
        trespass(&mut owner, world, dice);
    }
}

fn end(owner: &mut Owner<'_, Value<'_>>, handle: Handle, how: Chance) {
    match how.below(6) {
        0 => drop(owner.free(handle)),
        1 => {
            let _ = owner.step(handle, |value| {
                value.write();
                Err::<(), _>("denied")
            });
        }
        2 => {
            if let Ok(mut value) = owner.take(handle) {
                value.write();
                let _ = owner.put(handle, value);
            }
        }
        3 => {
            if let Ok(value) = owner.take(handle) {
                assert!(matches!(owner.free_as(handle, Cause::Cancelled), Ok(None)));
                value.check();
            }
        }
        _ => {} // left to the owner's drop
    }
}

/// Reads somebody's value, twice at once.
fn visit(table: &Table<Value<'_>>, world: &World, dice: &mut Dice) {
    let Some(handle) = world.posted(dice.throw()) else { return };
    let Ok(lease) = table.lease(handle) else { return };
    let again = table.lease(handle);
    lease.check();
    drop(lease);
    if let Ok(again) = again {
        again.check();
    }
}

/// Uses a handle that is most likely another owner's: refused, and the other one must not notice.
fn trespass(owner: &mut Owner<'_, Value<'_>>, world: &World, dice: &mut Dice) {
    let Some(handle) = world.posted(dice.throw()) else { return };
    if !owner.owns(handle) {
        assert!(owner.step(handle, |_| Ok::<_, ()>(())).is_err());
        assert!(owner.free(handle).is_err());
    }
}

/// Reaps, counts and reads all that is there.
fn overseer(table: &Table<Value<'_>>, world: &World) {
    let mut now = 0;
    while !world.stop.load(Relaxed) {
        now += 1;
        table.tick(Duration::from_secs(now));
        let _ = table.reap(Duration::from_secs(3));
        for entry in table.census() {
            assert!([LABEL, ""].contains(&entry.owner.as_str()), "{entry:?}");
        }
        for (_, lease) in table.leases() {
            lease.check();
        }
        let stats = table.stats();
        assert!(stats.acquired >= stats.freed.total());
        assert!(table.len() <= table.capacity() && stats.live <= stats.capacity);
    }
}

fn storm(capacity: usize) {
    let rounds = std::env::var("QUITCLAIM_STRESS_ROUNDS").map_or(4_000, |rounds| rounds.parse().expect("a number"));
    let world = World::default();
    let table = Table::new(capacity).with_quota(4);
    thread::scope(|scope| {
        let work = |number| {
            let (table, world) = (&table, &world);
            scope.spawn(move || {
                let mut dice = Dice(number);
                for _ in 0..rounds {
                    connection(table, world, &mut dice);
                }
            })
        };
        let workers: Vec<_> = (0..WORKERS).map(work).collect();
        let overseer = scope.spawn(|| overseer(&table, &world));
        let worked: Vec<_> = workers.into_iter().map(thread::ScopedJoinHandle::join).collect();
        world.stop.store(true, Relaxed);
        overseer.join().expect("no check failed");
        assert!(worked.iter().all(Result::is_ok), "a check failed");
    });
    assert_eq!((table.len(), table.census().count()), (0, 0));
    assert_eq!(world.made.load(Relaxed), world.dropped.load(Relaxed), "I4");
    assert!(world.made.load(Relaxed) > rounds);
}

#[test]
fn i4_every_value_is_dropped_once_with_magazines() {
    storm(4_096);
}

#[test]
fn i4_every_value_is_dropped_once_in_a_table_too_small() {
    storm(8);
}
