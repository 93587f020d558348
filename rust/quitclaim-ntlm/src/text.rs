//! Names as they are on the wire: UTF-16LE, or OEM of which only ASCII is taken.

use crate::error::Malformed;
use crate::flags;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Charset {
    Unicode,
    Oem,
}

impl Charset {
    pub(crate) fn of(flags: u32) -> Self {
        if flags & flags::UNICODE != 0 { Self::Unicode } else { Self::Oem }
    }

    /// A name that can be printed, logged and looked up as it is.
    pub(crate) fn decode(self, octets: &[u8]) -> Result<String, Malformed> {
        if octets.len() > MOST_OCTETS {
            return Err(Malformed::NameTooLong);
        }
        match self {
            Self::Unicode if octets.len() % 2 != 0 => Err(Malformed::Utf16),
            Self::Unicode => {
                let units = octets.chunks_exact(2).filter_map(|pair| pair.try_into().ok()).map(u16::from_le_bytes);
                name(octets.len() / 2, char::decode_utf16(units).map(|letter| letter.map_err(|_| Malformed::Utf16)))
            }
            Self::Oem if octets.is_ascii() => name(octets.len(), octets.iter().map(|&octet| Ok(octet.into()))),
            Self::Oem => Err(Malformed::NotAscii),
        }
    }

    /// One of our own names. What OEM cannot say is a `?`.
    pub(crate) fn encode(self, name: &str) -> Vec<u8> {
        match self {
            Self::Unicode => utf16le(name),
            Self::Oem => name.chars().map(|c| u8::try_from(c).ok().filter(u8::is_ascii).unwrap_or(b'?')).collect(),
        }
    }
}

pub(crate) fn utf16le(text: &str) -> Vec<u8> {
    let mut octets = Vec::with_capacity(2 * text.len());
    text.encode_utf16().for_each(|unit| octets.extend(unit.to_le_bytes()));
    octets
}

fn name(capacity: usize, letters: impl Iterator<Item = Result<char, Malformed>>) -> Result<String, Malformed> {
    let mut name = String::with_capacity(capacity);
    for letter in letters {
        match letter? {
            control if control.is_control() => return Err(Malformed::ControlCharacter),
            letter => name.push(letter),
        }
    }
    Ok(name)
}

/// Room for 512 UTF-16 units; Windows stops at 256, a DNS name at 253, an Exchange UPN at 320.
const MOST_OCTETS: usize = 1024;
