//! AV pairs, MS-NLMP §2.2.2.1: what a server says of itself, and what a client says back.

use crate::error::Malformed;
use crate::file_time::FileTime;
use crate::wire::Reader;

/// What decides something among the pairs that a client sends. All others are skipped, unknown ones too.
#[derive(Default, Debug, PartialEq, Eq)]
pub(crate) struct AvPairs {
    flags: Option<u32>,
    channel_binding: Option<[u8; 16]>,
}

impl AvPairs {
    /// Reads up to `MsvAvEOL`. Octets after it are legal, and covered by `NTProofStr`.
    pub(crate) fn read(octets: &[u8]) -> Result<Self, Malformed> {
        let mut pairs = Self::default();
        let mut reader = Reader::new(octets);
        loop {
            let (id, value) = pair(&mut reader).map_err(|_| Malformed::AvPair)?;
            match id {
                EOL if value.is_empty() => return Ok(pairs),
                EOL => return Err(Malformed::AvPair),
                FLAGS => set_once(&mut pairs.flags, sized(value).map(u32::from_le_bytes))?,
                CHANNEL_BINDINGS => set_once(&mut pairs.channel_binding, sized(value))?,
                _ => {}
            }
        }
    }

    /// Whether the client says that the AUTHENTICATE has a MIC.
    pub(crate) fn announce_mic(&self) -> bool {
        self.flags.unwrap_or_default() & MIC_PRESENT != 0
    }

    /// What the client is bound to. All zero is how Windows says "nothing".
    pub(crate) fn channel_binding(&self) -> Option<[u8; 16]> {
        self.channel_binding.filter(|&binding| binding != [0; 16])
    }
}

fn pair<'a>(reader: &mut Reader<'a>) -> Result<(u16, &'a [u8]), Malformed> {
    let id = reader.u16()?;
    let length = reader.u16()?;
    Ok((id, reader.slice(length.into())?))
}

fn sized<const N: usize>(value: &[u8]) -> Option<[u8; N]> {
    value.try_into().ok()
}

/// A second pair of that id would be read by one and overlooked by another (CVE-2019-1166): no honest client sends one.
fn set_once<T>(slot: &mut Option<T>, value: Option<T>) -> Result<(), Malformed> {
    let value = value.ok_or(Malformed::AvPair)?;
    if slot.replace(value).is_some() { Err(Malformed::DuplicateAvPair) } else { Ok(()) }
}

/// Appends a name of ours.
pub(crate) fn push_name(pairs: &mut Vec<u8>, id: u16, name: &[u8]) {
    pairs.extend(id.to_le_bytes());
    pairs.extend(u16::try_from(name.len()).expect("TargetInfo bounds its names").to_le_bytes());
    pairs.extend(name);
}

/// Appends the time and the end. The time is always sent: it makes an honest client send a MIC (§3.1.5.1.2).
pub(crate) fn push_end(pairs: &mut Vec<u8>, now: FileTime) {
    pairs.extend(TIMESTAMP.to_le_bytes());
    pairs.extend(8_u16.to_le_bytes());
    pairs.extend(now.ticks().to_le_bytes());
    pairs.extend(EOL.to_le_bytes());
    pairs.extend(0_u16.to_le_bytes());
}

const EOL: u16 = 0;
pub(crate) const NB_COMPUTER_NAME: u16 = 1;
pub(crate) const NB_DOMAIN_NAME: u16 = 2;
pub(crate) const DNS_COMPUTER_NAME: u16 = 3;
pub(crate) const DNS_DOMAIN_NAME: u16 = 4;
const FLAGS: u16 = 6;
const TIMESTAMP: u16 = 7;
const CHANNEL_BINDINGS: u16 = 10;

const MIC_PRESENT: u32 = 2;
