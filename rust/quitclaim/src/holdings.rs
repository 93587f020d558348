//! An owner's list of what it acquired: found by position, in constant time, touching no slot.

use crate::handle::Place;
use std::mem;

/// Places at positions that never move, so that a slot can say where in its owner's list it is. A slot may be reaped
/// and become another owner's behind this list's back; hence nothing here writes to slots, and a position read from a
/// slot is a guess until the list agrees.
pub(crate) struct Holdings {
    /// Position 0, in place: an owner of one handle, as most are, allocates nothing (0.7 of the time of a failed login).
    first: Entry,
    /// Positions from 1.
    rest: Vec<Entry>,
    /// The first of the list of holes, by position; [`END`] if there is none.
    hole: u32,
    live: u32,
}

/// A place, or a hole and the position of the next.
///
/// ```text
/// 63 ............ 32 | 31 | 30 ............ 0
///  generation         0    index               a place
///  next hole          1    –                   a hole
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
struct Entry(u64);

const HOLE: u64 = 1 << 31;
const END: u32 = u32::MAX;

impl Holdings {
    pub(crate) const EMPTY: Self = Self { first: Entry::hole(END), rest: Vec::new(), hole: 0, live: 0 };

    pub(crate) fn len(&self) -> usize {
        self.live as usize
    }

    /// Whether the list must grow to take in one more.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.hole == END && self.rest.len() == self.rest.capacity()
    }

    /// Takes in what `fill` makes, which is told its position.
    #[inline]
    pub(crate) fn insert(&mut self, fill: impl FnOnce(u32) -> Place) -> Place {
        if self.hole == END {
            self.extend();
        }
        let position = self.hole;
        let entry = self.entry(position).expect("holes are entries");
        let next = entry.next();
        let place = fill(position);
        *entry = Entry::held(place);
        self.hole = next;
        self.live += 1;
        place
    }

    /// May call the allocator: before there is a handle that could be lost.
    #[inline]
    fn extend(&mut self) {
        if self.rest.len() == self.rest.capacity() {
            self.grow();
        }
        self.rest.push(Entry::hole(END));
        self.hole = u32::try_from(self.rest.len()).expect("an owner has fewer entries than a table has slots");
    }

    /// Room for 16, 64, and then twice as many: whoever has a second handle most likely has some more, and a step of the
    /// allocator for each doubling cost a tenth of filling an owner with 64.
    #[cold]
    fn grow(&mut self) {
        let more = match self.rest.len() {
            0 => 15,
            15 => 48,
            many => many + 1,
        };
        self.rest.reserve_exact(more);
    }

    #[inline]
    pub(crate) fn holds(&self, position: u32, place: Place) -> bool {
        let entry = match position {
            0 => Some(&self.first),
            _ => self.rest.get(position as usize - 1),
        };
        entry == Some(&Entry::held(place))
    }

    /// Strikes out what [`holds`](Self::holds) found.
    #[inline]
    pub(crate) fn remove(&mut self, position: u32) {
        let next = self.hole;
        *self.entry(position).expect("held at this position") = Entry::hole(next);
        self.hole = position;
        self.live -= 1;
    }

    /// Removes one that is held, from the end. Positions of the others stay.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<Place> {
        if self.live == 0 { None } else { self.pop_held() }
    }

    fn pop_held(&mut self) -> Option<Place> {
        // Holes at the end go with it, so the list of holes is void. Those in the middle are found again by retain(), or
        // go with the rest.
        let last = std::iter::from_fn(|| self.rest.pop()).find_map(Entry::place);
        let last = last.or_else(|| mem::replace(&mut self.first, Entry::hole(END)).place());
        self.hole = END;
        self.live -= 1;
        if self.live == 0 {
            self.rest.clear();
            self.first = Entry::hole(END);
            self.hole = 0;
        }
        last
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Place> {
        [&self.first].into_iter().chain(&self.rest).filter_map(|entry| entry.place())
    }

    /// Strikes out what `keep` refuses. Then makes room for as many as are left, so that an owner that only acquires
    /// while others reap comes here once in so many acquires, and its list stays within twice what it holds.
    pub(crate) fn retain(&mut self, keep: impl Fn(Place) -> bool) {
        self.hole = END;
        self.live = 0;
        for (position, entry) in [&mut self.first].into_iter().chain(&mut self.rest).enumerate() {
            if entry.place().is_some_and(&keep) {
                self.live += 1;
            } else {
                *entry = Entry::hole(self.hole);
                self.hole = u32::try_from(position).expect("as in grow()");
            }
        }
        let holes = self.rest.len() + 1 - self.len();
        self.rest.reserve(self.len().saturating_sub(holes));
    }

    #[inline]
    fn entry(&mut self, position: u32) -> Option<&mut Entry> {
        match position {
            0 => Some(&mut self.first),
            _ => self.rest.get_mut(position as usize - 1),
        }
    }
}

impl Entry {
    const fn hole(next: u32) -> Self {
        Self((next as u64) << 32 | HOLE)
    }

    fn held(place: Place) -> Self {
        Self(u64::from(place.generation) << 32 | u64::from(place.index))
    }

    fn next(self) -> u32 {
        (self.0 >> 32) as u32
    }

    #[expect(clippy::cast_possible_truncation, reason = "the two halves of a u64")]
    fn place(self) -> Option<Place> {
        (self.0 & HOLE == 0).then_some(Place { index: self.0 as u32, generation: (self.0 >> 32) as u32 })
    }
}
