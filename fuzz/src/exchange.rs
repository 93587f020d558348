//! One whole exchange: a client that is honest but for its twists, somebody on the way, a policy, and an account.

use super::client::{CURL, Client, KEY_EXCH, Mic, SEAL, SIGN, WINDOWS, hmac_md5, nt_hash, ntowfv2};
use super::witness::{Pairs, Witness, field, is_proven};
use super::{MOST_OCTETS, NOW, PASSWORD, RIGHT_BINDING, SERVER_CHALLENGE, USERNAME, acceptor};
use arbitrary::{Arbitrary, Unstructured};
use quitclaim_ntlm::{
    BindingPolicy, ChannelBinding, Credential, Established, MicPolicy, Policy, Proof, SessionKey, Version, upper_case,
};
use std::time::Duration;

/// An exchange: whoever is established has proven it, and whoever is honest is established.
pub fn exchange(octets: &[u8]) {
    if let Ok(exchange) = Exchange::arbitrary_take_rest(Unstructured::new(octets.get(..MOST_OCTETS).unwrap_or(octets)))
    {
        exchange.judge();
    }
}

#[derive(Arbitrary, Debug)]
struct Exchange<'a> {
    kind: Kind,
    account: Account,
    mic_required: bool,
    channel_binding: u8,
    /// In seconds.
    window: Option<u32>,
    ntlmv1: bool,
    tls: bool,
    twists: Vec<Twist<'a>>,
    on_the_way: Vec<Change>,
}

/// Clients as they are.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Kind {
    Windows,
    WindowsThatSigns,
    Curl,
    JavaMail,
}

/// What is found under the name that is claimed.
#[derive(Arbitrary, Clone, Copy, Debug, PartialEq)]
enum Account {
    RightPassword,
    AnotherPassword,
    Nobody,
    /// A domain controller accepted the response.
    RightKey,
    AnotherKey,
    ZeroKey,
}

/// What a client does otherwise than its kind.
#[derive(Arbitrary, Debug)]
enum Twist<'a> {
    Mic(u8),
    Username(&'a str),
    Domain(&'a str),
    Workstation(&'a str),
    HashedUsername(&'a str),
    NoDomainInTheHash,
    AnotherPassword,
    Offer(u32),
    Settle(u32),
    Key(&'a [u8]),
    RightBinding,
    Binding([u8; 16]),
    /// Seconds late or early.
    Late(i32),
    Time(u64),
    Pair(u16, &'a [u8]),
    AfterEnd(&'a [u8]),
    LmResponse(&'a [u8]),
    NtResponse(&'a [u8]),
}

/// An octet that is changed on the way.
#[derive(Arbitrary, Debug)]
enum Change {
    Negotiate(u8, u8),
    /// Flags or challenge: the rest a client of these tests takes on trust.
    Challenge(u8, u8),
    Authenticate(u16, u8),
    CutAuthenticate(u16),
}

impl Exchange<'_> {
    fn judge(&self) {
        let policy = self.policy();
        let client = self.client();
        let ours = ChannelBinding::tls_server_end_point(&[0xE3; 32]);
        let sent_negotiate = client.negotiate();
        let negotiate = self.changed_negotiate(&sent_negotiate);
        let Ok((challenged, sent_challenge)) = acceptor(policy).challenge(&negotiate, SERVER_CHALLENGE, NOW) else {
            return;
        };
        let challenge = self.changed_challenge(&sent_challenge);
        let sent_authenticate = client.authenticate(&challenge);
        let authenticate = self.changed_authenticate(&sent_authenticate);
        let established = challenged
            .authenticate(&authenticate, self.tls.then_some(&ours), NOW)
            .and_then(|claim| claim.verify(self.held(&client, &sent_authenticate).lend()));
        let untouched =
            (negotiate == sent_negotiate) && (challenge == sent_challenge) && (authenticate == sent_authenticate);
        match established {
            Ok(established) => {
                assert!(!established.mic() || untouched, "a MIC is over all that was said");
                let witness =
                    Witness { negotiate: &negotiate, challenge: &sent_challenge, authenticate: &authenticate };
                self.is_in_order(&witness, &established);
            }
            Err(refusal) => {
                assert!(!(untouched && self.twists.is_empty() && self.is_welcome()), "{refusal}");
            }
        }
    }

    /// Holds a login against everything that had to be so.
    fn is_in_order(&self, witness: &Witness<'_>, established: &Established) {
        let policy = self.policy();
        match self.account {
            Account::RightPassword => assert!(is_proven(witness, PASSWORD, established)),
            Account::AnotherPassword => assert!(is_proven(witness, ANOTHER, established)),
            // The controller has seen the response; of the rest only the MIC shows that it is the client's.
            Account::RightKey | Account::AnotherKey => {}
            Account::Nobody | Account::ZeroKey => panic!("{:?} is established", self.account),
        }
        if self.account == Account::AnotherKey {
            assert!(!established.mic(), "no MIC is under that key");
        }
        if established.version() != Version::V2 {
            assert!(policy.ntlmv1);
            assert!(!established.mic());
            return;
        }
        let pairs = Pairs::of(witness.authenticate);
        let apart = u128::from(pairs.time.abs_diff(NOW.ticks())) * 100;
        assert!(apart <= policy.client_time_window.as_nanos());
        assert!(policy.mic == MicPolicy::Optional || established.mic());
        match (policy.channel_binding, pairs.channel_binding()) {
            (BindingPolicy::Off, _) | (BindingPolicy::Allow, None) => {}
            (BindingPolicy::Allow | BindingPolicy::Require, sent) => {
                assert!(self.tls && sent == Some(&RIGHT_BINDING));
            }
        }
    }

    /// Whether one of that kind, without a twist, gets in here.
    fn is_welcome(&self) -> bool {
        let policy = self.policy();
        let sends_mic = matches!(self.kind, Kind::Windows | Kind::WindowsThatSigns);
        matches!(self.account, Account::RightPassword | Account::RightKey)
            && (sends_mic || policy.mic == MicPolicy::Optional)
            && policy.channel_binding != BindingPolicy::Require
    }

    fn policy(&self) -> Policy {
        let mic = if self.mic_required { MicPolicy::Required } else { MicPolicy::Optional };
        let channel_binding = match self.channel_binding % 3 {
            0 => BindingPolicy::Off,
            1 => BindingPolicy::Allow,
            _ => BindingPolicy::Require,
        };
        let conflict = self.mic_required || channel_binding == BindingPolicy::Require;
        Policy {
            mic,
            channel_binding,
            client_time_window: self.window.map_or(Duration::MAX, |seconds| Duration::from_secs(seconds.into())),
            ntlmv1: self.ntlmv1 && !conflict,
        }
    }

    fn client(&self) -> Client {
        let mut client = self.kind.client();
        for twist in &self.twists {
            twist.apply(&mut client);
        }
        // Windows' upper case, not Rust's.
        client.hashed_username.get_or_insert_with(|| upper_case(&client.username));
        client
    }

    fn held(&self, client: &Client, sent: &[u8]) -> Held {
        match self.account {
            Account::RightPassword => Held::Credential(Credential::from_password(PASSWORD)),
            Account::AnotherPassword => Held::Credential(Credential::from_password(ANOTHER)),
            Account::Nobody => Held::Nobody,
            Account::RightKey => Held::Key(base_key(client, sent)),
            Account::AnotherKey => Held::Key([0x77; 16]),
            Account::ZeroKey => Held::Key([0; 16]),
        }
    }

    fn changed_negotiate(&self, sent: &[u8]) -> Vec<u8> {
        let mut message = sent.to_vec();
        for change in &self.on_the_way {
            if let Change::Negotiate(at, mask) = *change {
                message[usize::from(at) % sent.len()] ^= mask;
            }
        }
        message
    }

    fn changed_challenge(&self, sent: &[u8]) -> Vec<u8> {
        let mut message = sent.to_vec();
        for change in &self.on_the_way {
            if let Change::Challenge(at, mask) = *change {
                message[20 + usize::from(at) % 12] ^= mask;
            }
        }
        message
    }

    fn changed_authenticate(&self, sent: &[u8]) -> Vec<u8> {
        let mut message = sent.to_vec();
        for change in &self.on_the_way {
            match *change {
                Change::Authenticate(at, mask) => {
                    let at = usize::from(at) % sent.len();
                    if let Some(octet) = message.get_mut(at) {
                        *octet ^= mask;
                    }
                }
                Change::CutAuthenticate(length) => message.truncate(length.into()),
                Change::Negotiate(..) | Change::Challenge(..) => {}
            }
        }
        message
    }
}

impl Kind {
    fn client(self) -> Client {
        let windows = Client::new(USERNAME, PASSWORD);
        match self {
            Self::Windows => windows,
            Self::WindowsThatSigns => Client { offer: WINDOWS | SIGN | SEAL | KEY_EXCH, ..windows },
            Self::Curl => Client { offer: CURL, mic: Mic::None, ..windows },
            Self::JavaMail => Client { offer: 0x0008_A203, settle: Some(0), mic: Mic::None, ..windows },
        }
    }
}

impl Twist<'_> {
    fn apply(&self, client: &mut Client) {
        match *self {
            Self::Mic(choice) => {
                let mics = [Mic::Sent, Mic::Flipped, Mic::Zero, Mic::CutOut, Mic::ShiftedAway, Mic::None];
                client.mic = mics[usize::from(choice) % mics.len()];
            }
            Self::Username(name) => name.clone_into(&mut client.username),
            Self::Domain(name) => name.clone_into(&mut client.domain),
            Self::Workstation(name) => name.clone_into(&mut client.workstation),
            Self::HashedUsername(name) => client.hashed_username = Some(name.to_owned()),
            Self::NoDomainInTheHash => client.hashed_domain = Some(String::new()),
            Self::AnotherPassword => ANOTHER.clone_into(&mut client.password),
            Self::Offer(flags) => client.offer = flags,
            Self::Settle(flags) => client.settle = Some(flags),
            Self::Key(key) => client.sent_key = Some(key.to_vec()),
            Self::RightBinding => client.binding = Some(RIGHT_BINDING),
            Self::Binding(binding) => client.binding = Some(binding),
            Self::Late(seconds) => client.time = NOW.ticks().checked_add_signed(i64::from(seconds) * 10_000_000),
            Self::Time(time) => client.time = Some(time),
            Self::Pair(id, value) => client.first_pairs.push((id, value.to_vec())),
            Self::AfterEnd(octets) => client.after_end = octets.to_vec(),
            Self::LmResponse(response) => client.lm_response = Some(response.to_vec()),
            Self::NtResponse(response) => client.nt_response = Some(response.to_vec()),
        }
    }
}

/// What a [`Proof`] is lent from.
enum Held {
    Credential(Credential),
    Key([u8; 16]),
    Nobody,
}

impl Held {
    fn lend(&self) -> Proof<'_> {
        match self {
            Self::Credential(credential) => Proof::Credential(credential),
            Self::Key(key) => Proof::SessionKey(SessionKey::from_bytes(*key)),
            Self::Nobody => Proof::Nobody,
        }
    }
}

/// What a domain controller would give for that client's response: `SessionBaseKey`, MS-NLMP §3.3.2.
fn base_key(client: &Client, sent: &[u8]) -> [u8; 16] {
    let username = client.hashed_username.as_ref().unwrap_or(&client.username);
    let domain = client.hashed_domain.as_ref().unwrap_or(&client.domain);
    let proof = field(sent, 20).get(..16).unwrap_or_default();
    hmac_md5(&ntowfv2(&nt_hash(&client.password), username, domain), &[proof])
}

const ANOTHER: &str = "another";
