//! Which contenders meet under which workloads.

use crate::contender::{Contender, Quitclaim};
use crate::harness::{Cell, Group};
use crate::peers::{Floor, LockedHashMap, LockedSlotMap, ShardedSlab};
use crate::workload::{Churn, Storm, StormOfNamedOwners, StormOfOwners, Workload};

/// Every group, to be measured.
#[must_use]
pub fn groups() -> Vec<Group> {
    let mut groups = Vec::new();
    for threads in [1, 2, 4] {
        groups.push(group::<Churn>(threads));
        groups.push(group::<Storm>(threads));
        groups.push(group::<StormOfOwners>(threads));
        groups.push(group::<StormOfNamedOwners>(threads));
    }
    groups
}

/// What the ratios of a group are to: first ourselves, then the baseline of all the project's benches.
pub const REFERENCES: [&str; 2] = [Quitclaim::NAME, LockedHashMap::NAME];

/// Workloads that are also compared with another, for [`Quitclaim`]: what an owner for each attempt costs.
pub const WITHIN: [(&str, &str); 2] = [(StormOfOwners::NAME, Storm::NAME), (StormOfNamedOwners::NAME, Storm::NAME)];

fn group<W: Workload>(threads: u32) -> Group {
    let cells = vec![
        Cell::new::<Quitclaim, W>(),
        Cell::new::<ShardedSlab, W>(),
        Cell::new::<LockedSlotMap, W>(),
        Cell::new::<LockedHashMap, W>(),
        Cell::new::<Floor, W>(),
    ];
    Group { workload: W::NAME, note: W::NOTE, threads, cells }
}
