//! What holds for every input there is, with a function for each kind: they panic where it does not hold.
//!
//! Each takes octets. libFuzzer finds them (`scripts/fuzz.sh`, nightly); `cargo test -p quitclaim-ntlm --test corpus`
//! replays `corpus/` and changes it at random, on any toolchain, so that CI needs no fuzzer. That test includes this file.
#![forbid(unsafe_code)]

mod av_pairs;
#[path = "../../rust/quitclaim-ntlm/tests/acceptor/client.rs"]
#[expect(dead_code, reason = "the client is the acceptor's tests', which use more of it")]
mod client;
mod exchange;
mod messages;
mod witness;

pub use av_pairs::av_pairs;
pub use exchange::exchange;
pub use messages::{authenticate, challenge, negotiate};

use quitclaim_ntlm::{Acceptor, BindingPolicy, FileTime, MicPolicy, Policy, TargetInfo};
use std::time::Duration;

const NOW: FileTime = FileTime::from_ticks(133_800_000_000_000_000);
/// That of MS-NLMP §4.2, so that its NTLMv1 responses are good ones.
const SERVER_CHALLENGE: [u8; 8] = [0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF];
const USERNAME: &str = "User";
/// MS-NLMP §4.2.1.
const PASSWORD: &str = "Password";
/// MD5 of a `gss_channel_bindings_struct` over `E3` 32 times, computed by Python's hashlib and struct.
const RIGHT_BINDING: [u8; 16] =
    [0x0E, 0x1B, 0x99, 0x11, 0x22, 0x53, 0x9D, 0x46, 0x11, 0x68, 0x8D, 0x78, 0x0C, 0x53, 0x8C, 0xD6];

/// What the structured kinds are made of at most, so that no message they make is too long.
const MOST_OCTETS: usize = 4096;

/// Lets whatever can be parsed get as far as it can.
const LENIENT: Policy = Policy {
    mic: MicPolicy::Optional,
    channel_binding: BindingPolicy::Off,
    client_time_window: Duration::MAX,
    ntlmv1: true,
};

fn acceptor(policy: Policy) -> Acceptor {
    let names = TargetInfo::domain("EXAMPLE", "MAIL").expect("names are sound");
    Acceptor::new(names, policy).expect("the policy has no conflict")
}
