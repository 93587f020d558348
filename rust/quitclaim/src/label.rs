//! What an operator reads beside an owner's handles.

use std::fmt;

/// An owner's label: what an operator should read beside a leaked handle, such as a peer's address. At most 48 octets
/// of UTF-8; a longer text is cut at a character's end.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Label {
    octets: [u8; Self::LONGEST],
    length: u8,
}

impl Label {
    /// The longest label, in octets.
    pub const LONGEST: usize = 48;

    pub(crate) const EMPTY: Self = Self { octets: [0; Self::LONGEST], length: 0 };

    pub(crate) fn new(text: &str) -> Self {
        let fits = |end: &usize| text.is_char_boundary(*end);
        let end = (0..=text.len().min(Self::LONGEST)).rev().find(fits).unwrap_or(0);
        let mut label = Self::EMPTY;
        label.octets[..end].copy_from_slice(&text.as_bytes()[..end]);
        label.length = u8::try_from(end).unwrap_or(0); // at most 48
        label
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.octets[..usize::from(self.length)]).unwrap_or_default() // cut at a character's end
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}
