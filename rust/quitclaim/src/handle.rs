//! The name of a value: which slot, and which of the slot's lives.

use std::fmt;
use std::num::NonZeroU64;

/// A name of one value in one [`Table`](crate::Table): 64 bits, never zero, so that `Option<Handle>` has 8 octets too.
///
/// A handle is a plain value: copying it acquires nothing and dropping it frees nothing. It names its value from
/// [`acquire`](crate::Owner::acquire) until it is freed, and nothing ever after (I1).
///
/// ```text
/// 63 ............ 32 | 31 | 30 ............ 0
///  generation         0    index                all of it xor the table's key
/// ```
///
/// The key is random and has bit 31 set, which no index reaches: a handle is never zero, and a handle of another
/// table is honoured with odds of live values in 2⁶³. It is **not a secret**: who has seen one can guess its
/// neighbour. Never send one to a peer.
///
/// # Examples
///
/// ```
/// let table = quitclaim::Table::new(16);
/// let mut owner = table.owner("example");
/// let handle = owner.acquire("a value")?;
/// assert_eq!(std::mem::size_of_val(&Some(handle)), 8);
/// # Ok::<(), quitclaim::AcquireError<&str>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handle(NonZeroU64);

/// A handle unmasked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

/// The bit of the key that no index reaches.
const NO_INDEX: u64 = 1 << 31;

/// Indices are below this; the number itself says "no slot" in links.
pub(crate) const NO_SLOT: u32 = (1 << 31) - 1;

impl Handle {
    /// The handle as a number, for an atomic or a foreign interface. As little a secret as the handle.
    #[must_use]
    pub fn to_bits(self) -> NonZeroU64 {
        self.0
    }

    /// A handle from [`to_bits`](Self::to_bits). Any other number makes a handle that is most likely stale, never one
    /// that is unsafe to use.
    ///
    /// # Examples
    ///
    /// ```
    /// # let table = quitclaim::Table::new(16);
    /// # let mut owner = table.owner("example");
    /// let handle = owner.acquire("a value")?;
    /// assert_eq!(quitclaim::Handle::from_bits(handle.to_bits()), handle);
    /// # Ok::<(), quitclaim::AcquireError<&str>>(())
    /// ```
    #[must_use]
    pub fn from_bits(bits: NonZeroU64) -> Self {
        Self(bits)
    }

    #[inline]
    pub(crate) fn mask(place: Place, key: u64) -> Self {
        let plain = u64::from(place.generation) << 32 | u64::from(place.index);
        let masked = NonZeroU64::new(plain ^ (key | NO_INDEX));
        Self(masked.expect("the key sets a bit that is clear in every place"))
    }

    /// The place this handle names, or `None` if no slot of a table with this key can be meant.
    #[inline]
    pub(crate) fn unmask(self, key: u64) -> Option<Place> {
        let plain = self.0.get() ^ (key | NO_INDEX);
        if plain & NO_INDEX != 0 {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "the two halves of a u64")]
        Some(Place { index: plain as u32, generation: (plain >> 32) as u32 })
    }
}

/// Sixteen hexadecimal digits, masked as the handle itself is: equal handles print equal, and nothing else is told.
impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handle({self})")
    }
}
