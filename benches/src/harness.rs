//! Interleaved rounds: in each one every cell is measured once, and a group's contenders one after another, so that
//! what disturbs the machine disturbs all of them.

use crate::contender::Contender;
use crate::figures::{Figures, Row};
use crate::workload::Workload;
use std::sync::Barrier;
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How often each cell is measured.
    pub rounds: u32,
    /// How long one measurement is to take for each thread that takes part: short, so that many escape disturbance; and
    /// longer the more threads there are, so that they do meet.
    pub cell: Duration,
    /// How often each panel is measured, which takes longer.
    pub panel_rounds: u32,
    /// Lives of handles that a thread times call by call.
    pub timed: u32,
    /// Handles that are live at once in the large table.
    pub live: usize,
}

impl Plan {
    /// About four and a half minutes for the whole roster.
    pub const FULL: Self =
        Self { rounds: 51, cell: Duration::from_millis(5), panel_rounds: 7, timed: 50_000, live: 1_000_000 };

    /// A few seconds: shows that everything runs. Its figures mean nothing.
    pub const QUICK: Self =
        Self { rounds: 3, cell: Duration::from_millis(1), panel_rounds: 1, timed: 1_000, live: 10_000 };
}

/// What is compared in one table of the report: contenders under one workload and number of threads.
pub struct Group {
    /// The workload.
    pub workload: &'static str,
    /// What one operation is.
    pub note: &'static str,
    /// Threads that work at once, on one table.
    pub threads: u32,
    /// One for each contender.
    pub cells: Vec<Cell>,
}

/// One contender in one group.
pub struct Cell {
    /// The contender.
    pub contender: &'static str,
    note: &'static str,
    measure: Measure,
    /// So many a thread take about as long as the plan says.
    operations: u64,
    figures: Vec<f64>,
}

/// How long so many threads take for so many operations each.
pub type Measure = fn(threads: u32, operations: u64) -> Duration;

impl Cell {
    /// A contender under a loop of operations, not measured yet.
    #[must_use]
    pub fn new<C: Contender, W: Workload>() -> Self {
        Self::by::<C>(measure::<C, W>)
    }

    /// A contender under another measure.
    #[must_use]
    pub fn by<C: Contender>(measure: Measure) -> Self {
        Self { contender: C::NAME, note: C::NOTE, measure, operations: 0, figures: Vec::new() }
    }
}

/// Measures all groups.
#[must_use]
pub fn run(plan: Plan, mut groups: Vec<Group>) -> Vec<Figures> {
    for group in &mut groups {
        for cell in &mut group.cells {
            cell.operations =
                calibrate(plan.cell * group.threads, |operations| (cell.measure)(group.threads, operations));
        }
    }
    let mut shuffle = Shuffle::default();
    for _ in 0..plan.rounds {
        for number in shuffle.order(groups.len()) {
            let Group { threads, cells, .. } = &mut groups[number];
            for contender in shuffle.order(cells.len()) {
                let cell = &mut cells[contender];
                let took = (cell.measure)(*threads, cell.operations);
                cell.figures.push(nanoseconds_each(took, cell.operations * u64::from(*threads)));
            }
        }
    }
    groups.into_iter().map(Group::figures).collect()
}

impl Group {
    fn figures(self) -> Figures {
        let row = |Cell { contender, note, figures, .. }| Row { contender, note, rounds: figures };
        let rows = self.cells.into_iter().map(row).collect();
        Figures { workload: self.workload.to_owned(), note: self.note, threads: self.threads, unit: "ns", rows }
    }
}

/// Slots a table is made for.
pub const CAPACITY: usize = 10_000;

/// Time from the first thread's start to the last one's end, on a fresh table that each thread has warmed for itself.
fn measure<C: Contender, W: Workload>(threads: u32, operations: u64) -> Duration {
    let table = C::new(CAPACITY);
    let ready = Barrier::new(threads as usize);
    let work = || {
        let mut seat = table.seat();
        W::run(&mut seat, WARM_UP);
        ready.wait();
        let start = Instant::now();
        W::run(&mut seat, operations);
        (start, Instant::now())
    };
    thread::scope(|scope| span((0..threads).map(|_| scope.spawn(work)).collect()))
}

/// From the first thread's start to the last one's end.
pub(crate) fn span(workers: Vec<ScopedJoinHandle<'_, (Instant, Instant)>>) -> Duration {
    let spans: Vec<(Instant, Instant)> =
        workers.into_iter().map(|worker| worker.join().expect("a worker panicked, see above")).collect();
    let start = spans.iter().map(|span| span.0).min().expect("one thread at least");
    let end = spans.iter().map(|span| span.1).max().expect("one thread at least");
    end - start
}

/// Operations of a thread before its clock starts: pages, caches and branches are warm.
pub(crate) const WARM_UP: u64 = 1_000;

/// How many operations a thread take about as long as asked.
fn calibrate(cell: Duration, mut measure: impl FnMut(u64) -> Duration) -> u64 {
    let mut operations = 1_000;
    loop {
        let took = measure(operations).as_nanos().max(1);
        if took * 4 >= cell.as_nanos() {
            let scaled = u128::from(operations) * cell.as_nanos() / took;
            return u64::try_from(scaled).expect("within four times the operations").max(1);
        }
        operations *= 2;
    }
}

#[expect(clippy::cast_precision_loss, reason = "nanoseconds and operations of one measurement are far below 2^52")]
pub(crate) fn nanoseconds_each(took: Duration, operations: u64) -> f64 {
    took.as_nanos() as f64 / operations as f64
}

/// xorshift64: orders that look random and are the same in each run.
pub(crate) struct Shuffle(u64);

impl Default for Shuffle {
    fn default() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }
}

impl Shuffle {
    pub(crate) fn order(&mut self, length: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..length).collect();
        order.sort_by_cached_key(|_| self.next());
        order
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roster;

    #[test]
    fn each_cell_has_a_figure_of_each_round() {
        let plan = Plan { rounds: 2, cell: Duration::from_micros(100), ..Plan::QUICK };
        for row in run(plan, roster::groups()).iter().flat_map(|figures| &figures.rows) {
            assert_eq!(row.rounds.len(), 2, "{}", row.contender);
            assert!(row.rounds.iter().all(|figure| *figure > 0.0), "{}: {:?}", row.contender, row.rounds);
        }
    }

    #[test]
    fn calibration_scales_to_the_time_asked() {
        let one_microsecond_each = |operations| Duration::from_micros(operations);
        assert_eq!(calibrate(Duration::from_millis(20), one_microsecond_each), 20_000);
    }

    #[test]
    fn an_order_is_a_permutation_and_changes() {
        let mut shuffle = Shuffle::default();
        let (first, second) = (shuffle.order(20), shuffle.order(20));
        assert_ne!(first, second);
        let mut sorted = first;
        sorted.sort_unstable();
        assert_eq!(sorted, (0..20).collect::<Vec<_>>());
    }
}
