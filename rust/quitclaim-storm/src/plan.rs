//! What a storm is to do, checked before there is a socket.

use crate::error::InvalidPlan;
use crate::ntlm::Client;
use crate::outcome::Password;
use quitclaim_ntlm::Credential;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// A storm that can be run: at whom, as whom, how hard.
#[derive(Debug)]
pub struct Plan {
    address: SocketAddr,
    load: Load,
    /// One, or one for each connection if the user name has a `{}` in it.
    clients: Vec<Client>,
}

impl Plan {
    /// Checks a plan. Of the password only keys are kept, which are erased on drop.
    ///
    /// The address is `HOST:PORT`, where the host is in 127.0.0.0/8, `[::1]`, or `localhost`, which is 127.0.0.1 and
    /// not looked up: a look-up would ask others.
    ///
    /// # Errors
    ///
    /// [`InvalidPlan`] says which part of it cannot be.
    ///
    /// ```
    /// use quitclaim_storm::{InvalidPlan, Load, Login, Mode, Plan};
    ///
    /// let login = Login { username: "alice", password: "secret", domain: "EXAMPLE" };
    /// let plan = Plan::new("localhost:1110", &login, Load { mode: Mode::Ok, ..Load::default() })?;
    /// assert_eq!(plan.address().to_string(), "127.0.0.1:1110");
    /// assert!(!format!("{plan:?}").contains("secret"));
    ///
    /// let none = Load { connections: 0, ..Load::default() };
    /// assert_eq!(Plan::new("localhost:1110", &login, none).err(), Some(InvalidPlan::Connections));
    /// # Ok::<(), InvalidPlan>(())
    /// ```
    pub fn new(address: &str, login: &Login<'_>, load: Load) -> Result<Self, InvalidPlan> {
        let address = loopback(address)?;
        let load = load.checked()?;
        if login.username.is_empty() || !is_name(login.username) {
            return Err(InvalidPlan::Username);
        }
        if !is_name(login.domain) {
            return Err(InvalidPlan::Domain);
        }
        let credential = Credential::from_password(login.password);
        let client = |name: &str| Client::new(name, login.domain, credential.nt_hash());
        let numbered = |number: usize| client(&login.username.replace(NUMBER, &number.to_string()));
        let clients = if login.username.contains(NUMBER) {
            (0..load.at_once()).map(numbered).collect()
        } else {
            vec![client(login.username)]
        };
        Ok(Self { address, load, clients })
    }

    /// The server.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// How hard.
    #[must_use]
    pub const fn load(&self) -> &Load {
        &self.load
    }

    /// Who is on the connection of that number.
    pub(crate) fn client(&self, number: usize) -> &Client {
        &self.clients[number % self.clients.len()]
    }

    /// What the attempt of that number is made with.
    pub(crate) fn password(&self, attempt: u64) -> Password {
        match self.load.mode {
            Mode::Fail => Password::Wrong,
            Mode::Ok => Password::Right,
            Mode::Mixed => [Password::Wrong, Password::Right][usize::from(attempt % 2 == 1)],
        }
    }
}

/// Who logs in. A failing login does not need the right password: it never sends it.
///
/// ```
/// use quitclaim_storm::Login;
///
/// let login = Login { username: "user{}", password: "secret", domain: "" };
/// assert!(!format!("{login:?}").contains("secret"));
/// ```
#[derive(Clone, Copy)]
pub struct Login<'a> {
    /// The account. A `{}` in it becomes the connection's number, from 0, so that good logins do not meet each other's
    /// maildrop lock.
    pub username: &'a str,
    /// The account's password, or that of all accounts.
    pub password: &'a str,
    /// The account's domain; none is fine.
    pub domain: &'a str,
}

impl fmt::Debug for Login<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { username, domain, .. } = self;
        f.debug_struct("Login").field("username", username).field("domain", domain).finish_non_exhaustive()
    }
}

/// Which logins a storm is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Wrong passwords only.
    Fail,
    /// Right passwords only, each followed by `STAT` and `QUIT`.
    Ok,
    /// In turn a wrong one and a right one.
    Mixed,
}

/// How hard a storm blows.
///
/// ```
/// use quitclaim_storm::{Load, Mode};
///
/// let load = Load { mode: Mode::Mixed, connections: 128, ..Load::default() };
/// assert_eq!((load.attempts, load.per_connection), (1000, 1));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// Which logins.
    pub mode: Mode,
    /// Connections at once: 1 to 4,096.
    pub connections: usize,
    /// Attempts in all: 1 to 10,000,000.
    pub attempts: u64,
    /// Attempts on a connection before it is closed, 1 to 10,000; a good login ends it sooner, so 1 for [`Mode::Ok`].
    pub per_connection: u32,
    /// How long the server may be silent: more than nothing, an hour at most.
    pub timeout: Duration,
    /// How long all of it may take; what is under way then is not counted. `None` for as long as it takes.
    pub total_timeout: Option<Duration>,
}

impl Load {
    fn checked(self) -> Result<Self, InvalidPlan> {
        let is_time = |time: Duration| !time.is_zero() && time <= LONGEST_TIMEOUT;
        let most_per_connection = if self.mode == Mode::Ok { 1 } else { MOST_PER_CONNECTION };
        if !(1..=MOST_CONNECTIONS).contains(&self.connections) {
            Err(InvalidPlan::Connections)
        } else if !(1..=MOST_ATTEMPTS).contains(&self.attempts) {
            Err(InvalidPlan::Attempts)
        } else if !(1..=most_per_connection).contains(&self.per_connection) {
            Err(InvalidPlan::PerConnection)
        } else if is_time(self.timeout) && self.total_timeout.is_none_or(|total| !total.is_zero()) {
            Ok(self)
        } else {
            Err(InvalidPlan::Timeout)
        }
    }

    /// Connections that there is something to do for.
    pub(crate) fn at_once(&self) -> usize {
        usize::try_from(self.attempts).map_or(self.connections, |attempts| attempts.min(self.connections))
    }
}

impl Default for Load {
    /// A thousand failing logins, 64 at once, one on each connection.
    fn default() -> Self {
        Self {
            mode: Mode::Fail,
            connections: 64,
            attempts: 1000,
            per_connection: 1,
            timeout: Duration::from_secs(10),
            total_timeout: None,
        }
    }
}

/// The address, if it is this machine's. A name other than `localhost` is not looked up: it is no loopback.
fn loopback(text: &str) -> Result<SocketAddr, InvalidPlan> {
    let address = match text.rsplit_once(':') {
        Some((host, port)) if host.eq_ignore_ascii_case("localhost") => {
            port.parse().map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port))).map_err(|_| InvalidPlan::Address)?
        }
        Some((host, port)) if port.parse::<u16>().is_ok() && is_hostname(host) => {
            text.parse().map_err(|_| InvalidPlan::NotLoopback)?
        }
        _ => text.parse().map_err(|_| InvalidPlan::Address)?,
    };
    match address {
        _ if !address.ip().is_loopback() => Err(InvalidPlan::NotLoopback),
        _ if address.port() == 0 => Err(InvalidPlan::Address),
        _ => Ok(address),
    }
}

fn is_hostname(host: &str) -> bool {
    !host.is_empty() && host.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'-' | b'_'))
}

/// A name that fits an NTLM message; the connection's number adds three characters to it at most.
fn is_name(name: &str) -> bool {
    name.chars().count() <= LONGEST_NAME && !name.chars().any(char::is_control)
}

/// What stands for the connection's number in a user name.
const NUMBER: &str = "{}";
const LONGEST_NAME: usize = 255;
const MOST_CONNECTIONS: usize = 4096;
const MOST_ATTEMPTS: u64 = 10_000_000;
const MOST_PER_CONNECTION: u32 = 10_000;
const LONGEST_TIMEOUT: Duration = Duration::from_secs(3600);

#[cfg(test)]
mod tests {
    use super::{Load, Login, Mode, Plan};
    use crate::error::InvalidPlan;
    use crate::outcome::Password;
    use std::time::Duration;

    const ALICE: Login<'_> = Login { username: "alice", password: "secret", domain: "" };

    fn refused(address: &str, login: &Login<'_>, load: Load) -> Option<InvalidPlan> {
        Plan::new(address, login, load).err()
    }

    #[test]
    fn loopback_is_taken_however_it_is_written() {
        for address in ["127.0.0.1:110", "127.8.9.10:110", "[::1]:110", "localhost:110", "LOCALHOST:110"] {
            assert_eq!(refused(address, &ALICE, Load::default()), None, "{address}");
        }
    }

    #[test]
    fn any_other_machine_is_refused() {
        for address in [
            "192.0.2.1:110",
            "0.0.0.0:110",
            "[::]:110",
            "[::ffff:127.0.0.1]:110",
            "[2001:db8::1]:110",
            "mail.example.org:110",
            "localhost.example.org:110",
        ] {
            assert_eq!(refused(address, &ALICE, Load::default()), Some(InvalidPlan::NotLoopback), "{address}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for address in ["", ":110", "localhost", "localhost:", "localhost:0", "127.0.0.1:99999", "::1:x", "127.0.0.1"] {
            assert_eq!(refused(address, &ALICE, Load::default()), Some(InvalidPlan::Address), "{address}");
        }
    }

    #[test]
    fn a_load_has_bounds() {
        let usual = Load::default();
        for (load, refusal) in [
            (Load { connections: 0, ..usual }, InvalidPlan::Connections),
            (Load { connections: 4097, ..usual }, InvalidPlan::Connections),
            (Load { attempts: 0, ..usual }, InvalidPlan::Attempts),
            (Load { attempts: 10_000_001, ..usual }, InvalidPlan::Attempts),
            (Load { per_connection: 0, ..usual }, InvalidPlan::PerConnection),
            (Load { per_connection: 2, mode: Mode::Ok, ..usual }, InvalidPlan::PerConnection),
            (Load { timeout: Duration::ZERO, ..usual }, InvalidPlan::Timeout),
            (Load { timeout: Duration::MAX, ..usual }, InvalidPlan::Timeout),
            (Load { total_timeout: Some(Duration::ZERO), ..usual }, InvalidPlan::Timeout),
        ] {
            assert_eq!(refused("localhost:110", &ALICE, load), Some(refusal), "{load:?}");
        }
    }

    #[test]
    fn names_have_bounds() {
        let long = "a".repeat(256);
        let as_user = |username| refused("localhost:110", &Login { username, ..ALICE }, Load::default());
        let in_domain = |domain| refused("localhost:110", &Login { domain, ..ALICE }, Load::default());
        assert_eq!(["", "a\0b", &long].map(as_user), [Some(InvalidPlan::Username); 3]);
        assert_eq!(["a\nb", &long].map(in_domain), [Some(InvalidPlan::Domain); 2]);
    }

    #[test]
    fn a_mixed_storm_is_half_and_half() {
        let plan = Plan::new("localhost:110", &ALICE, Load { mode: Mode::Mixed, ..Load::default() }).unwrap();
        assert_eq!([0, 1, 2].map(|number| plan.password(number)), [Password::Wrong, Password::Right, Password::Wrong]);
    }

    #[test]
    fn each_connection_has_its_own_user_only_if_asked_for() {
        let load = Load { connections: 3, ..Load::default() };
        let clients = |username| Plan::new("localhost:110", &Login { username, ..ALICE }, load).unwrap().clients.len();
        assert_eq!((clients("alice"), clients("user{}")), (1, 3));
    }
}
