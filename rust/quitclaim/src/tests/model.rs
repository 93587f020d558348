//! Random sequences of calls, side by side with a table that is a list: every answer and every count must agree.
//!
//! Slots have eight generations here (`slot::LAST_GENERATION`), so a sequence of some hundred calls retires slots, and a
//! table that wrapped would honour an old handle.

use crate::{AcquireError, Cause, Handle, Lease, LeaseError, Owner, StaleHandle, State, Stats, StepError, Table};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::time::Duration;

const OWNERS: usize = 3;
const QUOTA: usize = 4;
const CASES: u32 = 400;
/// As many as this process's tests use, so that each has a magazine where there is one.
const THREADS: u32 = 16;

#[derive(Clone, Debug)]
enum Call {
    Acquire { owner: usize },
    Step { owner: usize, which: usize, end: End },
    Take { owner: usize, which: usize },
    Put { owner: usize, which: usize },
    Free { owner: usize, which: usize, cause: Cause },
    Lease { which: usize },
    Unlease { which: usize },
    Tick,
    Reap { age: u64 },
    Drain,
    DropOwner { owner: usize },
    FreeAll { owner: usize },
}

#[derive(Clone, Debug)]
enum End {
    Well,
    Failed,
    Panic,
}

fn call() -> impl Strategy<Value = Call> {
    let (owner, which) = (0..OWNERS, 0_usize..1000);
    let end = prop_oneof![3 => Just(End::Well), 1 => Just(End::Failed), 1 => Just(End::Panic)];
    let cause = prop_oneof![Just(Cause::Done), Just(Cause::Cancelled)];
    prop_oneof![
        8 => owner.clone().prop_map(|owner| Call::Acquire { owner }),
        6 => (owner.clone(), which.clone(), end).prop_map(|(owner, which, end)| Call::Step { owner, which, end }),
        2 => (owner.clone(), which.clone()).prop_map(|(owner, which)| Call::Take { owner, which }),
        2 => (owner.clone(), which.clone()).prop_map(|(owner, which)| Call::Put { owner, which }),
        5 => (owner.clone(), which.clone(), cause).prop_map(|(owner, which, cause)| Call::Free { owner, which, cause }),
        3 => which.clone().prop_map(|which| Call::Lease { which }),
        3 => which.prop_map(|which| Call::Unlease { which }),
        1 => Just(Call::Tick),
        1 => (0_u64..4).prop_map(|age| Call::Reap { age }),
        1 => Just(Call::Drain),
        1 => owner.clone().prop_map(|owner| Call::DropOwner { owner }),
        1 => owner.prop_map(|owner| Call::FreeAll { owner }),
    ]
}

/// What a value should be.
#[derive(Debug)]
struct Expected {
    value: u64,
    owner: usize,
    acquired: u64,
    leases: usize,
    live: bool,
    taken: bool,
}

struct Run<'t> {
    table: &'t Table<u64>,
    capacity: usize,
    owners: Vec<Owner<'t, u64>>,
    leases: Vec<(Handle, Lease<'t, u64>)>,
    taken: BTreeMap<Handle, u64>,
    /// All that is in the table: live, or freed and leased.
    expected: BTreeMap<Handle, Expected>,
    ever: Vec<Handle>,
    now: u64,
    next: u64,
    stats: Stats,
}

impl<'t> Run<'t> {
    fn new(table: &'t Table<u64>, capacity: usize) -> Self {
        Self {
            table,
            capacity,
            owners: (0..OWNERS).map(|number| table.owner(&format!("owner {number}"))).collect(),
            leases: Vec::new(),
            taken: BTreeMap::new(),
            expected: BTreeMap::new(),
            ever: Vec::new(),
            now: 0,
            next: 0,
            stats: Stats::default(),
        }
    }

    /// Any handle that ever was: mostly stale ones, in a long run.
    fn pick(&self, which: usize) -> Option<Handle> {
        let recent = self.ever.len().saturating_sub(12);
        self.ever.get(recent..)?.get(which % 12).copied()
    }

    /// Why that owner's step of that handle is refused, if it is.
    fn refusal(&self, owner: usize, handle: Handle) -> Option<StepError<()>> {
        match self.expected.get(&handle) {
            Some(found) if found.live && found.owner == owner => match found {
                Expected { taken: true, .. } => Some(StepError::InStep),
                Expected { leases: 1.., .. } => Some(StepError::Leased),
                _ => None,
            },
            _ => Some(StepError::Stale),
        }
    }

    fn refused(&mut self, error: StepError<()>) {
        match error {
            StepError::Stale => self.stats.refused.stale += 1,
            StepError::Leased => self.stats.refused.leased += 1,
            StepError::InStep => self.stats.refused.in_step += 1,
            StepError::Failed(()) => unreachable!("not a refusal"),
        }
    }

    fn freed(&mut self, handle: Handle, cause: Cause) {
        let freed = &mut self.stats.freed;
        *match cause {
            Cause::Done => &mut freed.done,
            Cause::Failed => &mut freed.failed,
            Cause::Cancelled => &mut freed.cancelled,
            Cause::Owner => &mut freed.owner,
            Cause::Reaped => &mut freed.reaped,
            Cause::Drained => &mut freed.drained,
        } += 1;
        let found = self.expected.get_mut(&handle).expect("freed handles were live");
        found.live = false;
        if found.leases == 0 {
            self.expected.remove(&handle);
        }
    }

    fn live(&self, owner: usize) -> Vec<Handle> {
        let mine = |(_, found): &(&Handle, &Expected)| found.live && found.owner == owner;
        self.expected.iter().filter(mine).map(|(&handle, _)| handle).collect()
    }

    fn acquire(&mut self, owner: usize) {
        let value = self.next;
        self.next += 1;
        let acquired = self.owners[owner].acquire(value);
        if self.live(owner).len() >= QUOTA {
            assert_eq!(acquired, Err(AcquireError::OverQuota(value)));
            self.stats.refused.quota += 1;
        } else if self.expected.len() >= self.capacity {
            assert_eq!(acquired, Err(AcquireError::TableFull(value)));
            self.stats.refused.full += 1;
        } else {
            let handle = acquired.expect("there is room");
            assert!(!self.ever.contains(&handle), "I1: {handle} was given before");
            self.ever.push(handle);
            self.stats.acquired += 1;
            let found = Expected { value, owner, acquired: self.now, leases: 0, live: true, taken: false };
            self.expected.insert(handle, found);
        }
    }

    fn step(&mut self, owner: usize, handle: Handle, end: &End) {
        let refusal = self.refusal(owner, handle);
        let step = std::panic::AssertUnwindSafe(|| {
            self.owners[owner].step(handle, |value| {
                *value += 1_000_000;
                match end {
                    End::Well => Ok(*value),
                    End::Failed => Err(()),
                    End::Panic => std::panic::resume_unwind(Box::new("a panic of the test's own")),
                }
            })
        });
        let stepped = std::panic::catch_unwind(step);
        match (refusal, end) {
            (Some(refusal), _) => {
                assert_eq!(stepped.expect("f did not run"), Err(refusal));
                self.refused(refusal);
            }
            (None, End::Well) => {
                let found = self.expected.get_mut(&handle).expect("it is live");
                found.value += 1_000_000;
                assert_eq!(stepped.expect("no panic"), Ok(found.value));
            }
            (None, End::Failed) => {
                assert_eq!(stepped.expect("no panic"), Err(StepError::Failed(())));
                self.freed(handle, Cause::Failed);
            }
            (None, End::Panic) => {
                assert!(stepped.is_err());
                self.freed(handle, Cause::Cancelled);
            }
        }
    }

    fn take(&mut self, owner: usize, handle: Handle) {
        let refusal = self.refusal(owner, handle);
        let taken = self.owners[owner].take(handle);
        if let Some(refusal) = refusal {
            assert_eq!(format!("{:?}", taken.unwrap_err()), format!("{refusal:?}"));
            return self.refused(refusal);
        }
        let found = self.expected.get_mut(&handle).expect("it is live");
        found.taken = true;
        assert_eq!(taken, Ok(found.value));
        self.taken.insert(handle, found.value);
    }

    fn put(&mut self, owner: usize, handle: Handle) {
        let value = self.taken.get(&handle).map_or(0, |value| value + 1);
        let put = self.owners[owner].put(handle, value);
        match self.expected.get_mut(&handle) {
            Some(found) if found.live && found.taken && found.owner == owner => {
                assert_eq!(put, Ok(()));
                found.taken = false;
                found.value = value;
                self.taken.remove(&handle);
            }
            _ => assert_eq!(put.unwrap_err().0, value),
        }
    }

    fn free(&mut self, owner: usize, handle: Handle, cause: Cause) {
        let freed = self.owners[owner].free_as(handle, cause);
        match self.expected.get(&handle) {
            Some(found) if found.live && found.owner == owner => {
                let here = found.leases == 0 && !found.taken;
                assert_eq!(freed, Ok(here.then_some(found.value)));
                self.freed(handle, cause);
            }
            _ => {
                assert_eq!(freed, Err(StaleHandle));
                self.stats.refused.stale += 1;
            }
        }
    }

    fn lease(&mut self, handle: Handle) {
        let leased = self.table.lease(handle);
        match self.expected.get_mut(&handle) {
            Some(Expected { live: true, taken: true, .. }) => {
                assert_eq!(leased.err(), Some(LeaseError::InStep));
                self.stats.refused.in_step += 1;
            }
            Some(found @ Expected { live: true, .. }) if found.leases < crate::slot::MOST_LEASES as usize => {
                let lease = leased.expect("it is idle");
                assert_eq!(*lease, found.value);
                found.leases += 1;
                self.leases.push((handle, lease));
            }
            Some(Expected { live: true, .. }) => {
                assert_eq!(leased.err(), Some(LeaseError::TooMany));
                self.stats.refused.leased += 1;
            }
            _ => {
                assert_eq!(leased.err(), Some(LeaseError::Stale), "I2");
                self.stats.refused.stale += 1;
            }
        }
    }

    fn unlease(&mut self, which: usize) {
        if self.leases.is_empty() {
            return;
        }
        let (handle, lease) = self.leases.swap_remove(which % self.leases.len());
        let found = self.expected.get_mut(&handle).expect("what is leased is there");
        assert_eq!(*lease, found.value, "I3");
        found.leases -= 1;
        if found.leases == 0 && !found.live {
            self.expected.remove(&handle);
        }
    }

    fn sweep(&mut self, older_than: Option<u64>) {
        let (age, cause) = older_than.map_or((0, Cause::Drained), |age| (age, Cause::Reaped));
        let old = |found: &Expected| found.live && self.now - found.acquired >= age;
        let (in_step, going): (Vec<_>, Vec<_>) = self
            .expected
            .iter()
            .filter(|(_, found)| old(found))
            .map(|(&handle, found)| (handle, found.taken))
            .partition(|found| found.1);
        let reaped = older_than.map_or_else(|| self.table.drain(), |age| self.table.reap(Duration::from_secs(age)));
        assert_eq!((reaped.freed, reaped.in_step), (going.len(), in_step.len()));
        for (handle, _) in going {
            self.freed(handle, cause);
        }
    }

    fn end_owner(&mut self, owner: usize, drop_it: bool) {
        let live = self.live(owner);
        if drop_it {
            self.owners[owner] = self.table.owner(&format!("owner {owner}"));
        } else {
            let here = |found: &&Expected| found.leases == 0 && !found.taken;
            let mut expected: Vec<_> =
                live.iter().map(|handle| &self.expected[handle]).filter(here).map(|found| found.value).collect();
            let mut given = Vec::new();
            self.owners[owner].free_all_with(|value| given.push(value));
            given.sort_unstable();
            expected.sort_unstable();
            assert_eq!(given, expected, "I4");
        }
        for handle in live {
            self.freed(handle, Cause::Owner);
        }
    }

    fn call(&mut self, call: &Call) {
        match *call {
            Call::Acquire { owner } => self.acquire(owner),
            Call::Step { owner, which, ref end } => self.with(which, |run, handle| run.step(owner, handle, end)),
            Call::Take { owner, which } => self.with(which, |run, handle| run.take(owner, handle)),
            Call::Put { owner, which } => self.with(which, |run, handle| run.put(owner, handle)),
            Call::Free { owner, which, cause } => self.with(which, |run, handle| run.free(owner, handle, cause)),
            Call::Lease { which } => self.with(which, Self::lease),
            Call::Unlease { which } => self.unlease(which),
            Call::Tick => {
                self.now += 1;
                self.table.tick(Duration::from_secs(self.now));
            }
            Call::Reap { age } => self.sweep(Some(age)),
            Call::Drain => self.sweep(None),
            Call::DropOwner { owner } => self.end_owner(owner, true),
            Call::FreeAll { owner } => self.end_owner(owner, false),
        }
    }

    fn with(&mut self, which: usize, act: impl FnOnce(&mut Self, Handle)) {
        if let Some(handle) = self.pick(which) {
            act(self, handle);
        }
    }

    fn check(&self) {
        let live: Vec<_> = self.expected.values().filter(|found| found.live).collect();
        let stats = self.table.stats();
        assert_eq!(self.table.len(), live.len());
        assert_eq!((stats.live, stats.capacity), (live.len(), self.capacity));
        assert_eq!(
            (stats.acquired, stats.freed, stats.refused),
            (self.stats.acquired, self.stats.freed, self.stats.refused)
        );
        assert!(stats.high_water >= self.expected.len());
        for (number, owner) in self.owners.iter().enumerate() {
            assert_eq!(owner.len(), self.live(number).len());
        }
        let entries: BTreeMap<_, _> = self.table.census().map(|entry| (entry.handle, entry)).collect();
        assert_eq!(entries.keys().collect::<Vec<_>>(), self.expected.keys().collect::<Vec<_>>());
        for (handle, found) in &self.expected {
            let entry = entries[handle];
            let (doing, owner) = match found {
                Expected { live: false, .. } => (State::FreedLeased, String::new()),
                Expected { taken: true, owner, .. } => (State::InStep, format!("owner {owner}")),
                Expected { owner, .. } => (State::Idle, format!("owner {owner}")),
            };
            assert_eq!((entry.state, entry.owner.as_str()), (doing, owner.as_str()));
            assert_eq!(entry.age, Duration::from_secs(self.now - found.acquired));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(CASES) })]

    /// Without magazines (capacity 5), and with one that holds two runs of one slot.
    #[test]
    fn i1_i2_i4_i7_table_agrees_with_a_list(
        capacity in prop_oneof![Just(5_usize), Just(8 * 2 * THREADS as usize)],
        calls in prop::collection::vec(call(), 1..400),
    ) {
        let table = Table::for_threads(capacity, THREADS).with_quota(QUOTA);
        table.tick(Duration::ZERO);
        let mut run = Run::new(&table, capacity);
        for call in &calls {
            run.call(call);
            run.check();
        }
        let left = run.expected.values().filter(|found| found.live).count();
        let Run { owners, leases, .. } = run;
        let freed = table.stats().freed.owner;
        drop(owners);
        prop_assert_eq!(table.stats().freed.owner - freed, left as u64, "I5");
        drop(leases);
        prop_assert_eq!(table.census().count(), 0);
    }
}
