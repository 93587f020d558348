//! What all NTLM messages are made of: a header, fixed parts, and fields that point into a payload. MS-NLMP §2.2.

use crate::error::Malformed;
use std::ops::Range;

pub(crate) const SIGNATURE: &[u8; 8] = b"NTLMSSP\0";

/// Reads fixed parts. It never panics: what is not there is [`Malformed::Truncated`].
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

/// `Len`, `MaxLen` and `BufferOffset` of a field. `MaxLen` is ignored on receipt.
#[derive(Clone, Copy)]
pub(crate) struct Field {
    length: u16,
    offset: u32,
}

/// Follows the fields of one message, each octet at most once.
pub(crate) struct Payload<'a> {
    message: &'a [u8],
    fixed: usize,
    taken: [Range<usize>; MOST_FIELDS],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(octets: &'a [u8]) -> Self {
        Self { rest: octets }
    }

    /// A reader past the header of a message of that type.
    pub(crate) fn message(octets: &'a [u8], message_type: u32) -> Result<Self, Malformed> {
        let mut reader = Self::new(octets);
        if reader.octets::<8>()? != SIGNATURE {
            return Err(Malformed::Signature);
        }
        if reader.u32()? == message_type { Ok(reader) } else { Err(Malformed::MessageType) }
    }

    pub(crate) fn octets<const N: usize>(&mut self) -> Result<&'a [u8; N], Malformed> {
        let (octets, rest) = self.rest.split_first_chunk().ok_or(Malformed::Truncated)?;
        self.rest = rest;
        Ok(octets)
    }

    pub(crate) fn slice(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (octets, rest) = self.rest.split_at_checked(length).ok_or(Malformed::Truncated)?;
        self.rest = rest;
        Ok(octets)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Malformed> {
        self.octets().map(|&octets| u16::from_le_bytes(octets))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Malformed> {
        self.octets().map(|&octets| u32::from_le_bytes(octets))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Malformed> {
        self.octets().map(|&octets| u64::from_le_bytes(octets))
    }

    pub(crate) fn field(&mut self) -> Result<Field, Malformed> {
        let length = self.u16()?;
        let _max_length = self.u16()?;
        Ok(Field { length, offset: self.u32()? })
    }

    pub(crate) fn rest(self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Payload<'a> {
    /// The payload of a message whose first `fixed` octets no field may point into.
    pub(crate) fn new(message: &'a [u8], fixed: usize) -> Self {
        Self { message, fixed, taken: [const { 0..0 }; MOST_FIELDS] }
    }

    /// The octets of a field. The offset of an empty one means nothing.
    pub(crate) fn take(&mut self, field: Field) -> Result<&'a [u8], Malformed> {
        if field.length == 0 {
            return Ok(&[]);
        }
        let start = usize::try_from(field.offset).map_err(|_| Malformed::OutOfBounds)?;
        let end = start.checked_add(field.length.into()).ok_or(Malformed::OutOfBounds)?;
        if start < self.fixed {
            return Err(Malformed::OutOfBounds);
        }
        let octets = self.message.get(start..end).ok_or(Malformed::OutOfBounds)?;
        for taken in &mut self.taken {
            if taken.end == 0 {
                *taken = start..end;
                return Ok(octets);
            }
            if start < taken.end && taken.start < end {
                return Err(Malformed::Overlap);
            }
        }
        Err(Malformed::Overlap)
    }

    /// Whether no field that was taken begins before that offset.
    pub(crate) fn begins_at(&self, offset: usize) -> bool {
        self.taken.iter().all(|taken| taken.end == 0 || taken.start >= offset)
    }
}

/// An AUTHENTICATE has the most.
const MOST_FIELDS: usize = 6;
