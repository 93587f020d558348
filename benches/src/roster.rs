//! Which contenders meet under which workloads.

use crate::contender::{Contender, Quitclaim};
use crate::harness::{Cell, Group, Plan};
use crate::panel::{Panel, PanelCell};
use crate::peers::floors::{Boxed, Floor};
use crate::peers::hash_maps::{Counted, DashMap, Papaya, SccIndex, SccMap};
use crate::peers::locked::{LockedHashMap, LockedSlab, LockedSlotMap, SharedSlotMap};
use crate::peers::slabs::{ConcurrentSlotMap, ShardedSlab};
use crate::workload::{Churn, Storm, StormOfNamedOwners, StormOfOwners, Workload};
use crate::{crowd, handover, latency, lookups};

/// Every table, for a macro that knows what is done to each.
macro_rules! tables {
    ($do:ident) => {
        [
            $do!(Quitclaim),
            $do!(ShardedSlab),
            $do!(ConcurrentSlotMap),
            $do!(LockedSlotMap),
            $do!(SharedSlotMap),
            $do!(LockedSlab),
            $do!(LockedHashMap),
            $do!(Counted<DashMap>),
            $do!(Counted<Papaya>),
            $do!(Counted<SccMap>),
            $do!(Counted<SccIndex>),
        ]
    };
}

/// Every group, to be measured.
#[must_use]
pub fn groups() -> Vec<Group> {
    let mut groups = Vec::new();
    for threads in [1, 2, 4] {
        groups.push(all::<Churn>(threads));
        groups.push(few::<Storm>(threads));
        groups.push(all::<StormOfOwners>(threads));
        groups.push(few::<StormOfNamedOwners>(threads));
    }
    macro_rules! hand_over {
        ($table:ty) => {
            Cell::by::<$table>(handover::measure::<$table>)
        };
    }
    macro_rules! look_up {
        ($table:ty) => {
            Cell::by::<$table>(lookups::measure::<$table>)
        };
    }
    let cells = tables!(hand_over).into();
    groups.push(Group { workload: handover::NAME, note: handover::NOTE, threads: 2, cells });
    let cells = tables!(look_up).into();
    groups.push(Group { workload: lookups::NAME, note: lookups::NOTE, threads: 4, cells });
    groups
}

/// Every panel, to be measured.
#[must_use]
pub fn panels(plan: Plan) -> Vec<Panel> {
    macro_rules! time {
        ($table:ty) => {
            timed::<$table>(plan)
        };
    }
    let mut cells: Vec<PanelCell> = tables!(time).into();
    cells.extend([timed::<Floor>(plan), timed::<Boxed>(plan)]);
    let one_call =
        Panel { workload: latency::NAME, note: latency::NOTE, threads: TIMED, columns: latency::PERCENTILES, cells };
    macro_rules! crowd_alone {
        ($table:ty) => {
            crowded::<$table>(plan)
        };
    }
    let cells = tables!(crowd_alone).into();
    vec![one_call, Panel { workload: crowd::NAME, note: crowd::NOTE, threads: 1, columns: crowd::COLUMN_NAMES, cells }]
}

/// What the process of each contender does that measures a million live.
#[must_use]
pub fn crowds() -> Vec<(&'static str, crowd::Measure)> {
    macro_rules! crowd {
        ($table:ty) => {
            (<$table as Contender>::NAME, crowd::measure::<$table> as crowd::Measure)
        };
    }
    tables!(crowd).into()
}

/// What the ratios of a group are to: first ourselves, then the baseline of all the project's benches.
pub const REFERENCES: [&str; 2] = [Quitclaim::NAME, <LockedHashMap as Contender>::NAME];

/// Workloads that are also compared with another, for [`Quitclaim`]: what an owner for each attempt costs.
pub const WITHIN: [(&str, &str); 2] = [(StormOfOwners::NAME, Storm::NAME), (StormOfNamedOwners::NAME, Storm::NAME)];

/// Threads of which each call is timed.
const TIMED: u32 = 4;

fn all<W: Workload>(threads: u32) -> Group {
    macro_rules! cell {
        ($table:ty) => {
            Cell::new::<$table, W>()
        };
    }
    let mut cells: Vec<Cell> = tables!(cell).into();
    cells.extend([Cell::new::<Floor, W>(), Cell::new::<Boxed, W>()]);
    Group { workload: W::NAME, note: W::NOTE, threads, cells }
}

/// For workloads that differ from another in nothing that peers have.
fn few<W: Workload>(threads: u32) -> Group {
    let cells = vec![
        Cell::new::<Quitclaim, W>(),
        Cell::new::<ShardedSlab, W>(),
        Cell::new::<LockedHashMap, W>(),
        Cell::new::<Floor, W>(),
    ];
    Group { workload: W::NAME, note: W::NOTE, threads, cells }
}

fn timed<C: Contender + 'static>(plan: Plan) -> PanelCell {
    let measure = Box::new(move || latency::measure::<C>(TIMED, plan.timed));
    PanelCell { contender: C::NAME, note: C::NOTE, measure }
}

fn crowded<C: Contender>(plan: Plan) -> PanelCell {
    let measure = Box::new(move || crowd::measure_alone(C::NAME, plan.live));
    PanelCell { contender: C::NAME, note: C::NOTE, measure }
}
