//! An owner's list of what it acquired: found by position, in constant time, touching no slot.

use crate::handle::Place;

/// Places at positions that never move, so that a slot can say where in its owner's list it is. A slot may be reaped
/// and become another owner's behind this list's back; hence nothing here writes to slots, and a position read from a
/// slot is a guess until the list agrees.
#[derive(Default)]
pub(crate) struct Holdings {
    entries: Vec<Entry>,
    /// The first of the list of holes, by position.
    hole: Option<u32>,
    live: u32,
}

enum Entry {
    Held(Place),
    Hole { next: Option<u32> },
}

impl Holdings {
    pub(crate) fn len(&self) -> usize {
        self.live as usize
    }

    /// Whether the list must grow to take in one more.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.hole.is_none() && self.live > 0 && self.entries.len() == self.entries.capacity()
    }

    /// Takes in what `fill` makes, which is told its position.
    #[inline]
    pub(crate) fn insert(&mut self, fill: impl FnOnce(u32) -> Place) -> Place {
        let position = match self.hole {
            Some(position) => position,
            None => u32::try_from(self.entries.len()).expect("an owner has fewer entries than a table has slots"),
        };
        let next = match self.entries.get(position as usize) {
            Some(Entry::Hole { next }) => *next,
            Some(Entry::Held(_)) => unreachable!("the list of holes has holes only"),
            None => {
                // May call the allocator: before there is a handle that could be lost.
                self.entries.push(Entry::Hole { next: None });
                None
            }
        };
        let place = fill(position);
        self.entries[position as usize] = Entry::Held(place);
        self.hole = next;
        self.live += 1;
        place
    }

    #[inline]
    pub(crate) fn holds(&self, position: u32, place: Place) -> bool {
        matches!(self.entries.get(position as usize), Some(Entry::Held(held)) if *held == place)
    }

    /// Strikes out what [`holds`](Self::holds) found.
    #[inline]
    pub(crate) fn remove(&mut self, position: u32) {
        self.entries[position as usize] = Entry::Hole { next: self.hole };
        self.hole = Some(position);
        self.live -= 1;
    }

    /// Removes the last one. Positions of the others stay.
    pub(crate) fn pop(&mut self) -> Option<Place> {
        // Holes go with the rest; those that stay in the middle are not used again before all are gone.
        self.hole = None;
        loop {
            if let Entry::Held(place) = self.entries.pop()? {
                self.live -= 1;
                return Some(place);
            }
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Place> {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Held(place) => Some(*place),
            Entry::Hole { .. } => None,
        })
    }

    /// Strikes out what `keep` refuses. Then makes room for as many as are left, so that an owner that only acquires
    /// while others reap comes here once in so many acquires, and its list stays within twice what it holds.
    pub(crate) fn retain(&mut self, keep: impl Fn(Place) -> bool) {
        self.hole = None;
        self.live = 0;
        for (position, entry) in self.entries.iter_mut().enumerate() {
            match entry {
                Entry::Held(place) if keep(*place) => self.live += 1,
                Entry::Held(_) | Entry::Hole { .. } => {
                    *entry = Entry::Hole { next: self.hole };
                    self.hole = u32::try_from(position).ok();
                }
            }
        }
        let holes = self.entries.len() - self.len();
        self.entries.reserve(self.len().saturating_sub(holes));
    }
}
