//! What kind of answer an AUTHENTICATE gives, MS-NLMP §2.2.2.3 to §2.2.2.8.

use crate::av_pair::AvPairs;
use crate::error::{Error, Malformed, Refused};
use crate::file_time::FileTime;
use crate::flags;
use crate::message::Authenticate;
use crate::wire::Reader;
use std::fmt;

/// The protocol that a client answered with.
///
/// ```
/// use quitclaim_ntlm::Version;
///
/// assert!(Version::V1 < Version::V2);
/// assert_eq!(Version::V1WithEss.to_string(), "NTLMv1+ESS");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// NTLMv1: DES under the NT hash, without a word of the client's.
    V1,
    /// NTLMv1 with extended session security, also known as NTLM2 session response: DES, client challenge.
    V1WithEss,
    /// NTLMv2: HMAC-MD5, client challenge, time, AV pairs.
    V2,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V1 => "NTLMv1",
            Self::V1WithEss => "NTLMv1+ESS",
            Self::V2 => "NTLMv2",
        })
    }
}

/// An NT response, before anybody has looked up whose it is.
#[derive(Debug)]
pub(crate) enum Response {
    V1,
    V1WithEss { client_challenge: [u8; 8] },
    V2 { time: FileTime, pairs: AvPairs },
}

impl Response {
    /// Tells the kinds apart by their lengths, as the clause on `NtChallengeResponse` has it.
    pub(crate) fn read(message: &Authenticate<'_>, settled: u32) -> Result<Self, Error> {
        // The published anonymous login has an LM response of one octet, so who is anonymous comes before lengths.
        if message.username.is_empty() || settled & flags::ANONYMOUS != 0 {
            return Err(Refused::Anonymous.into());
        }
        let client_challenge = match message.lm_response.len() {
            0 | 24 => message.lm_response.first_chunk(),
            _ => return Err(Malformed::LmResponse.into()),
        };
        match (message.nt_response.len(), client_challenge) {
            (0, Some(_)) => Err(Refused::LmOnly.into()),
            (24, _) if settled & flags::ESS == 0 => Ok(Self::V1),
            (24, Some(&client_challenge)) => Ok(Self::V1WithEss { client_challenge }),
            (24, None) => Err(Malformed::LmResponse.into()),
            (LEAST_V2.., _) => Ok(Self::read_v2(message.nt_response)?),
            _ => Err(Malformed::NtResponse.into()),
        }
    }

    /// `NTLMv2_RESPONSE`, §2.2.2.8.
    fn read_v2(response: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(response);
        let _proof = reader.octets::<16>()?;
        if reader.octets()? != &[1, 1] {
            return Err(Malformed::NtResponse);
        }
        let _reserved = reader.octets::<6>()?;
        let time = FileTime::from_ticks(reader.u64()?);
        let _client_challenge = reader.octets::<8>()?;
        let _reserved = reader.octets::<4>()?;
        Ok(Self::V2 { time, pairs: AvPairs::read(reader.rest())? })
    }

    pub(crate) fn version(&self) -> Version {
        match self {
            Self::V1 => Version::V1,
            Self::V1WithEss { .. } => Version::V1WithEss,
            Self::V2 { .. } => Version::V2,
        }
    }
}

/// Proof, fixed part and `MsvAvEOL`.
const LEAST_V2: usize = 16 + 28 + 4;
