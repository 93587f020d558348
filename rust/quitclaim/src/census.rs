//! What is live, by owner and age: read beside writers, without stopping any.

use crate::handle::{Handle, NO_SLOT, Place};
use crate::label::Label;
use crate::shard::Pool;
use crate::slot::{Slot, State as SlotState};
use crate::table::Table;
use crate::thread::Bearer;
use std::fmt;
use std::time::Duration;

/// One value of a table, as [`Table::census`](crate::Table::census) found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// Its name, or what was its name if the state is [`State::FreedLeased`].
    pub handle: Handle,
    /// Whose it is. Empty for an owner without a label, and once the handle is freed: the owner may be gone.
    pub owner: Label,
    /// Time since it was acquired, by the table's clock ([`Table::tick`](crate::Table::tick)).
    pub age: Duration,
    /// What is happening to it.
    pub state: State,
}

/// What is happening to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Nothing, or it is being read by leases.
    Idle,
    /// Its owner has it to itself.
    InStep,
    /// Its handle is freed, and a lease keeps it from being dropped. It still counts against the capacity.
    FreedLeased,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Idle => "idle",
            Self::InStep => "step",
            Self::FreedLeased => "freed, leased",
        })
    }
}

impl<T> Table<T> {
    /// What is in the table, slot by slot, read beside writers: an entry was true when the iterator gave it; what
    /// changed hands just then is left out.
    ///
    /// # Examples
    ///
    /// ```
    /// let table = quitclaim::Table::new(16);
    /// let mut owner = table.owner("192.0.2.7:4711");
    /// owner.acquire("half an exchange")?;
    /// for entry in table.census() {
    ///     println!("{} {} {:?} {}", entry.handle, entry.owner, entry.age, entry.state);
    /// }
    /// # Ok::<(), quitclaim::AcquireError<&str>>(())
    /// ```
    pub fn census(&self) -> impl Iterator<Item = Entry> {
        let (key, now) = (self.key(), self.now());
        self.pool.slots().filter_map(move |(index, slot)| read(index, slot, &self.labels, key, now))
    }
}

/// Reads one slot; `None` if nothing is in it or it changed hands meanwhile.
///
/// The fields of a life are stored before its word is published and not changed in it. So: word, fields, word again;
/// if the generation is the same and the handle not freed, the fields were of that life, and its owner, who frees
/// all it has before it gives its label back, still had the label that was read.
fn read<T>(index: u32, slot: &Slot<T>, labels: &Pool<Label>, key: u64, now: u64) -> Option<Entry> {
    let word = slot.word();
    let state = match word.state() {
        SlotState::Idle => State::Idle,
        SlotState::Lent => State::InStep,
        SlotState::Doomed if word.leases() > 0 => State::FreedLeased,
        SlotState::Doomed | SlotState::Vacant => return None,
    };
    let acquired = slot.stamp();
    let owner = match slot.far() {
        _ if state == State::FreedLeased => Label::EMPTY,
        NO_SLOT => Label::EMPTY,
        index => label(index, labels)?,
    };
    let after = slot.word();
    let freed = |state| matches!(state, SlotState::Vacant | SlotState::Doomed);
    if after.generation() != word.generation() || freed(after.state()) != freed(word.state()) {
        return None;
    }
    let place = Place { index, generation: word.generation() };
    let age = Duration::from_nanos(now.saturating_sub(acquired));
    Some(Entry { handle: Handle::mask(place, key), owner, age, state })
}

/// The label in that slot now, whoever's it is. `None` if nobody's: then the owner is gone, and its handles before it.
fn label(index: u32, labels: &Pool<Label>) -> Option<Label> {
    let slot = labels.slot(index)?;
    let generation = slot.word().generation();
    let pinned = slot.pin(Place { index, generation }).ok()?;
    let label = *pinned.value();
    if let Some(doomed) = pinned.unpin() {
        labels.remove(doomed, Bearer::current());
    }
    Some(label)
}
