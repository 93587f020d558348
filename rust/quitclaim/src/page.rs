//! Where slots are allocated, and the runs in which vacant ones wait.
//!
//! Each page is twice as long as the one before, and none moves or goes away before the table does: so a slot's address
//! is good for the table's life, and any index may be looked up at any time.

use crate::handle::NO_SLOT;
use crate::slot::{Slot, Vacant};
use crate::sync::{Acquire, AtomicPtr, AtomicU64, Relaxed, Release};
use crate::thread::Bearer;
use std::marker::PhantomData;
use std::ops::Range;
use std::ptr;

/// Slots of the first page.
const FIRST: u32 = if cfg!(any(loom, test)) { 2 } else { 32 };
/// Enough for every index below [`NO_SLOT`].
const PAGES: usize = (32 - FIRST.ilog2()) as usize;

pub(crate) struct Pages<T> {
    pages: [AtomicPtr<Slot<T>>; PAGES],
    _owns: PhantomData<Box<[Slot<T>]>>,
}

impl<T> Pages<T> {
    pub(crate) fn new() -> Self {
        Self { pages: std::array::from_fn(|_| AtomicPtr::new(ptr::null_mut())), _owns: PhantomData }
    }

    /// The slot of that index, if its page is there yet.
    #[inline]
    pub(crate) fn slot(&self, index: u32) -> Option<&Slot<T>> {
        let (number, offset) = locate(index);
        // Acquire: pairs with the Release that published the page, so its slots are seen initialised.
        let page = self.pages.get(number)?.load(Acquire);
        if page.is_null() {
            return None;
        }
        // SAFETY: locate() gives an offset within its page's length, which is what was allocated.
        let slot = unsafe { page.add(offset) };
        // SAFETY: a published page lives, in place and initialised, until `self` is dropped.
        Some(unsafe { &*slot })
    }

    /// Makes sure that these slots have their pages; `false` if the allocator has none. Of two threads that ask it for
    /// the same page, one gives it back.
    pub(crate) fn grow(&self, slots: Range<u32>) -> bool {
        let (first, _) = locate(slots.start);
        let (last, _) = locate(slots.end - 1);
        (first..=last).all(|number| self.grow_page(number))
    }

    fn grow_page(&self, number: usize) -> bool {
        let place = &self.pages[number];
        if !place.load(Acquire).is_null() {
            return true;
        }
        let Some(page) = allocate(length(number)) else { return false };
        // Release: publishes the slots to slot(). On failure another page is there, which slot() acquires.
        if place.compare_exchange(ptr::null_mut(), page, Release, Relaxed).is_err() {
            // SAFETY: allocated just now with this length and never published.
            drop(unsafe { into_box(page, length(number)) });
        }
        true
    }
}

impl<T> Drop for Pages<T> {
    fn drop(&mut self) {
        // An array, because its drop goes on with the other pages when a value's own drop panics.
        let pages: [_; PAGES] = std::array::from_fn(|number| {
            let page = self.pages[number].load(Relaxed); // Relaxed: `&mut self`
            // SAFETY: allocated with this length, and `&mut self` says that no reference to a slot is left.
            (!page.is_null()).then(|| unsafe { into_box(page, length(number)) })
        });
        drop(pages);
    }
}

/// Which page, and where in it.
#[inline]
fn locate(index: u32) -> (usize, usize) {
    // Page p has FIRST << p slots, so the first index of page p, plus FIRST, is FIRST << p: its highest bit says p.
    // (No overflow: an index is below 2^31.)
    let from_first = index + FIRST;
    let log = from_first.ilog2();
    ((log - FIRST.ilog2()) as usize, (from_first - (1 << log)) as usize)
}

fn length(number: usize) -> usize {
    (FIRST as usize) << number
}

/// A page of zeros is a page of fresh slots, and the system's untouched zeros cost no memory. (They are touched for a
/// value that must be aligned to more than 16 octets: the standard allocator then zeroes by hand.)
#[cfg(not(loom))]
fn allocate<T>(length: usize) -> Option<*mut Slot<T>> {
    let layout = std::alloc::Layout::array::<Slot<T>>(length).ok()?;
    // SAFETY: a slot has a word at least, so the layout is not empty.
    let page: *mut Slot<T> = unsafe { std::alloc::alloc_zeroed(layout) }.cast();
    (!page.is_null()).then_some(page)
}

/// loom's atomics are objects: each is made.
#[cfg(loom)]
#[expect(clippy::unnecessary_wraps, reason = "as its twin")]
fn allocate<T>(length: usize) -> Option<*mut Slot<T>> {
    let page: Box<[Slot<T>]> = (0..length).map(|_| Slot::new()).collect();
    Some(Box::into_raw(page).cast())
}

/// # Safety
///
/// `page` comes from `allocate(length)`, once, and nothing refers to it.
unsafe fn into_box<T>(page: *mut Slot<T>, length: usize) -> Box<[Slot<T>]> {
    // SAFETY: the global allocator's, with the layout of a slice of that length; zeros are valid slots (word VACANT,
    // numbers 0, the value uninitialised).
    unsafe { Box::from_raw(ptr::slice_from_raw_parts_mut(page, length)) }
}

/// Vacant slots in a chain that nobody else knows: who holds the run may fill them. Made of adjacent slots at first.
///
/// Not `Clone`: a slot is in one run, or a [`Vacant`], or in use.
#[must_use]
pub(crate) struct Run {
    head: u32,
    length: u32,
}

impl Run {
    pub(crate) const EMPTY: Self = Self { head: NO_SLOT, length: 0 };

    pub(crate) fn length(&self) -> u32 {
        self.length
    }

    /// Slots that were minted just now.
    pub(crate) fn minted<T>(pages: &Pages<T>, first: u32, length: u32) -> Self {
        for index in first..first + length - 1 {
            pages.slot(index).expect("minted slots have a page").set_near(index + 1);
        }
        Self { head: first, length }
    }

    #[inline]
    pub(crate) fn pop<'p, T>(&mut self, pages: &'p Pages<T>) -> Option<Vacant<'p, T>> {
        if self.length == 0 {
            return None;
        }
        let index = self.head;
        let slot = pages.slot(index).expect("a slot of a run has a page");
        self.head = slot.near();
        self.length -= 1;
        // SAFETY: the slot was in this run, which is its holder's alone, and has left it.
        Some(unsafe { Vacant::assume(slot, index) })
    }

    #[inline]
    pub(crate) fn push<T>(&mut self, vacant: Vacant<'_, T>) {
        self.head = vacant.link(self.head);
        self.length += 1;
    }
}

/// A run in a place that only the bearer of one thread number opens.
pub(crate) struct RunCell {
    run: AtomicU64,
    number: usize,
}

impl RunCell {
    pub(crate) fn new(number: usize) -> Self {
        let cell = Self { run: AtomicU64::new(0), number };
        cell.store(Run::EMPTY);
        cell
    }

    /// Takes a slot of the run; `None` if it is empty.
    #[inline]
    pub(crate) fn pop<'p, T>(&self, bearer: Bearer, pages: &'p Pages<T>) -> Option<Vacant<'p, T>> {
        let mut run = self.open(bearer);
        let vacant = run.pop(pages)?;
        self.store(run);
        Some(vacant)
    }

    /// Puts a slot into the run, unless that has so many already.
    #[inline]
    pub(crate) fn push<'p, T>(&self, bearer: Bearer, vacant: Vacant<'p, T>, most: u32) -> Result<(), Vacant<'p, T>> {
        let mut run = self.open(bearer);
        if run.length >= most {
            return Err(vacant);
        }
        run.push(vacant);
        self.store(run);
        Ok(())
    }

    /// Takes the run out and leaves this one.
    pub(crate) fn replace(&self, bearer: Bearer, run: Run) -> Run {
        let before = self.open(bearer);
        self.store(run);
        before
    }

    /// The run, which is in the cell too: whoever opens it stores what becomes of it before anything else happens.
    #[inline]
    fn open(&self, bearer: Bearer) -> Run {
        assert_eq!(bearer.index(), self.number, "a thread opens the cells of its own number");
        // Relaxed, here and below: one thread at a time, and numbers are handed over with Release and Acquire.
        let bits = self.run.load(Relaxed);
        #[expect(clippy::cast_possible_truncation, reason = "the two halves of a u64")]
        Run { head: bits as u32, length: (bits >> 32) as u32 }
    }

    #[inline]
    fn store(&self, Run { head, length }: Run) {
        self.run.store(u64::from(length) << 32 | u64::from(head), Relaxed);
    }
}

/// Runs that any thread may take: a stack whose links are the first slots' own fields.
///
/// ```text
/// 63 ........... 31 | 30 ............ 0
///  tag (33)           first slot of the top run
/// ```
///
/// The tag counts pops and pushes. A thread that was stopped between reading a run's link and its CAS finds another
/// tag even if the same run is on top again (ABA); 2³³ operations in that gap are out of reach.
pub(crate) struct Depot(AtomicU64);

const TAG: u64 = 1 << 31;

impl Depot {
    pub(crate) fn new() -> Self {
        Self(AtomicU64::new(NO_SLOT.into()))
    }

    pub(crate) fn push<T>(&self, Run { head, length }: Run, pages: &Pages<T>) {
        if length == 0 {
            return;
        }
        let first = pages.slot(head).expect("a slot of a run has a page");
        first.set_stamp(length.into());
        let mut top = self.0.load(Relaxed);
        loop {
            first.set_far(top_slot(top));
            // Release: hands the run's slots, links and vacated words to whoever pops it.
            match self.0.compare_exchange_weak(top, next_top(top, head), Release, Relaxed) {
                Ok(_) => return,
                Err(now) => top = now,
            }
        }
    }

    pub(crate) fn pop<T>(&self, pages: &Pages<T>) -> Run {
        // Acquire: pairs with push(), so that the link is the one pushed with this top, if it is still the top.
        let mut top = self.0.load(Acquire);
        loop {
            let head = top_slot(top);
            if head == NO_SLOT {
                return Run::EMPTY;
            }
            let first = pages.slot(head).expect("a slot in the depot has a page");
            // May be any later life's field: then the tag has moved and the CAS fails.
            let below = first.far();
            // Acquire: takes the run over. Not Release: every change of the top is a read-modify-write and so continues
            // the release sequence of the push of the run below.
            match self.0.compare_exchange_weak(top, next_top(top, below), Acquire, Acquire) {
                Ok(_) => {
                    #[expect(clippy::cast_possible_truncation, reason = "push() stored a u32")]
                    return Run { head, length: first.stamp() as u32 };
                }
                Err(now) => top = now,
            }
        }
    }
}

fn top_slot(top: u64) -> u32 {
    (top & (TAG - 1)) as u32
}

fn next_top(top: u64, slot: u32) -> u64 {
    // The shift drops the old slot; the tag wraps on purpose.
    ((top >> 31).wrapping_add(1) << 31) | u64::from(slot)
}
