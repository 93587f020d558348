//! AV pairs within a response whose proof is right: what they say decides, as a second reader understands it.

use super::client::{Client, Mic, hmac_md5, nt_hash, ntowfv2};
use super::{MOST_OCTETS, NOW, PASSWORD, RIGHT_BINDING, SERVER_CHALLENGE, USERNAME, acceptor};
use arbitrary::{Arbitrary, Unstructured};
use quitclaim_ntlm::{
    BindingPolicy, ChannelBinding, Credential, Error, Malformed, MicPolicy, Policy, Proof, Refused, upper_case,
};

/// Pairs in a client's own response: each outcome, good or bad, is foretold.
pub fn av_pairs(octets: &[u8]) {
    if let Ok(case) = Case::arbitrary_take_rest(Unstructured::new(octets.get(..MOST_OCTETS).unwrap_or(octets))) {
        case.judge();
    }
}

#[derive(Arbitrary, Debug)]
struct Case<'a> {
    /// Of the AUTHENTICATE, whatever the pairs announce.
    mic: SentMic,
    mic_required: bool,
    channel_binding: Bindings,
    tls: bool,
    /// An octet of the response that is changed on its way.
    changed: Option<(u16, u8)>,
    pairs: Vec<Pair<'a>>,
}

#[derive(Arbitrary, Clone, Copy, Debug, PartialEq)]
enum SentMic {
    Right,
    Flipped,
    Zero,
    CutOut,
    ShiftedAway,
    None,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Bindings {
    Off,
    Allow,
    Require,
}

#[derive(Arbitrary, Debug)]
enum Pair<'a> {
    End,
    Flags(u32),
    MicPresent,
    Binding([u8; 16]),
    RightBinding,
    ZeroBinding,
    Time(u64),
    /// Of the length it says.
    Sound {
        id: u8,
        value: &'a [u8],
    },
    /// Of the length it says or not.
    Lying {
        id: u16,
        length: u16,
        value: &'a [u8],
    },
    Octets(&'a [u8]),
}

impl Pair<'_> {
    fn push(&self, octets: &mut Vec<u8>) {
        let mut sound = |id: u16, value: &[u8]| push(octets, id, value.len().try_into().unwrap_or(u16::MAX), value);
        match *self {
            Self::End => sound(0, &[]),
            Self::Flags(flags) => sound(6, &flags.to_le_bytes()),
            Self::MicPresent => sound(6, &[2, 0, 0, 0]),
            Self::Binding(binding) => sound(10, &binding),
            Self::RightBinding => sound(10, &RIGHT_BINDING),
            Self::ZeroBinding => sound(10, &[0; 16]),
            Self::Time(time) => sound(7, &time.to_le_bytes()),
            Self::Sound { id, value } => sound(id.into(), value),
            Self::Lying { id, length, value } => push(octets, id, length, value),
            Self::Octets(value) => octets.extend(value),
        }
    }
}

fn push(octets: &mut Vec<u8>, id: u16, length: u16, value: &[u8]) {
    octets.extend(id.to_le_bytes());
    octets.extend(length.to_le_bytes());
    octets.extend(value);
}

impl Case<'_> {
    fn judge(&self) {
        let mut pairs = Vec::new();
        self.pairs.iter().for_each(|pair| pair.push(&mut pairs));
        pairs.truncate(MOST_PAIRS);
        let (policy, ours) = (self.policy(), self.tls.then(|| ChannelBinding::tls_server_end_point(&[0xE3; 32])));
        let client = self.client(&pairs);
        let (challenged, challenge) =
            acceptor(policy).challenge(&client.negotiate(), SERVER_CHALLENGE, NOW).expect("a Windows client's");
        let mut message = client.authenticate(&challenge);
        let changed = self.change(&mut message, &pairs);
        let outcome = challenged
            .authenticate(&message, ours.as_ref(), NOW)
            .and_then(|claim| claim.verify(Proof::Credential(&Credential::from_password(PASSWORD))))
            .map(|established| established.mic());
        if changed {
            assert!(outcome.is_err(), "the proof is of other octets");
        } else {
            assert_eq!(outcome, self.foretold(&pairs));
        }
    }

    /// Whether there is a MIC, or what the refusal says.
    fn foretold(&self, pairs: &[u8]) -> Result<bool, Error> {
        // Short of its least length it is no NTLMv2 response at all.
        if pairs.len() < 4 {
            return Err(Malformed::NtResponse.into());
        }
        let (flags, binding) = read(pairs)?;
        let announced = flags.unwrap_or(0) & 2 != 0;
        if announced && !matches!(self.mic, SentMic::Right | SentMic::Flipped) {
            return Err(Malformed::MicStripped.into());
        }
        if self.mic_required && !announced {
            return Err(Refused::MicMissing.into());
        }
        let binding = binding.filter(|binding| *binding != [0; 16]);
        match self.channel_binding {
            Bindings::Require if binding.is_none() || !self.tls => return Err(Refused::ChannelBindingMissing.into()),
            Bindings::Allow | Bindings::Require
                if binding.is_some_and(|binding| !self.tls || binding != RIGHT_BINDING) =>
            {
                return Err(Refused::ChannelBindingMismatch.into());
            }
            Bindings::Off | Bindings::Allow | Bindings::Require => {}
        }
        if announced && self.mic == SentMic::Flipped { Err(Error::LogonDenied) } else { Ok(announced) }
    }

    fn policy(&self) -> Policy {
        Policy {
            mic: if self.mic_required { MicPolicy::Required } else { MicPolicy::Optional },
            channel_binding: match self.channel_binding {
                Bindings::Off => BindingPolicy::Off,
                Bindings::Allow => BindingPolicy::Allow,
                Bindings::Require => BindingPolicy::Require,
            },
            ..Policy::default()
        }
    }

    fn client(&self, pairs: &[u8]) -> Client {
        let client = Client::new(USERNAME, PASSWORD);
        let temp = [&[1, 1, 0, 0, 0, 0, 0, 0][..], &NOW.ticks().to_le_bytes(), &[0xAA; 8], &[0; 4], pairs].concat();
        let response_key = ntowfv2(&nt_hash(PASSWORD), &upper_case(USERNAME), &client.domain);
        let proof = hmac_md5(&response_key, &[&SERVER_CHALLENGE, &temp]);
        Client {
            nt_response: Some([&proof[..], &temp].concat()),
            // What lies where a MIC would be, if it is cut out.
            lm_response: Some(vec![3; 24]),
            mic: match self.mic {
                SentMic::Right => Mic::Sent,
                SentMic::Flipped => Mic::Flipped,
                SentMic::Zero => Mic::Zero,
                SentMic::CutOut => Mic::CutOut,
                SentMic::ShiftedAway => Mic::ShiftedAway,
                SentMic::None => Mic::None,
            },
            ..client
        }
    }

    /// Changes an octet of the response, and says whether that made another one of it.
    fn change(&self, message: &mut [u8], pairs: &[u8]) -> bool {
        let Some((at, mask)) = self.changed else {
            return false;
        };
        let start = usize::from(u16::from_le_bytes([message[24], message[25]]));
        message[start + usize::from(at) % (44 + pairs.len())] ^= mask;
        mask != 0
    }
}

/// `MsvAvFlags` and `MsvAvChannelBindings` of pairs that have an end, each once and of its length.
fn read(mut rest: &[u8]) -> Result<(Option<u32>, Option<[u8; 16]>), Malformed> {
    let (mut flags, mut binding) = (None, None);
    while let [id, id_high, length, length_high, after @ ..] = rest {
        let length = usize::from(*length) + 256 * usize::from(*length_high);
        if length > after.len() {
            break;
        }
        let (value, after) = after.split_at(length);
        match [*id, *id_high] {
            [0, 0] if value.is_empty() => return Ok((flags, binding)),
            [6, 0] => {
                let value = u32::from_le_bytes(value.try_into().map_err(|_| Malformed::AvPair)?);
                flags.replace(value).map_or(Ok(()), |_| Err(Malformed::DuplicateAvPair))?;
            }
            [10, 0] => {
                let value = value.try_into().map_err(|_| Malformed::AvPair)?;
                binding.replace(value).map_or(Ok(()), |_| Err(Malformed::DuplicateAvPair))?;
            }
            [0, 0] => break,
            _ => {}
        }
        rest = after;
    }
    Err(Malformed::AvPair)
}

/// Below what makes an AUTHENTICATE too long.
const MOST_PAIRS: usize = 8192;
