//! Whole storms, at small servers of the test's own: each way an attempt can end, counted.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use quitclaim_ntlm::{Acceptor, Credential, FileTime, Policy, Proof, TargetInfo};
use quitclaim_storm::{Ending, Load, Login, Mode, Outcome, Password, Plan, Report, Storm};
use socket2::{Domain, Socket, Type};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::ops::ControlFlow;
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

const USUAL: Load = Load {
    mode: Mode::Fail,
    connections: 4,
    attempts: 12,
    per_connection: 1,
    timeout: Duration::from_secs(60),
    total_timeout: None,
};

/// One client as a server meets it.
struct Peer(BufReader<TcpStream>);

impl Peer {
    fn say(&mut self, line: &str) {
        // The client may have gone; what it did then is its own to count.
        let _ = self.0.get_mut().write_all(format!("{line}\r\n").as_bytes());
    }

    /// The next line; `None` if the client has gone.
    fn hear(&mut self) -> Option<String> {
        let mut line = String::new();
        let length = self.0.read_line(&mut line).unwrap_or_default();
        (length > 0).then(|| line.trim_end().to_owned())
    }

    fn wait_for_its_end(&mut self) {
        let _ = self.0.read_to_end(&mut Vec::new());
    }
}

/// A server for so many connections, each on a thread of its own.
fn serve(connections: usize, talk: impl Fn(Peer) + Copy + Send + 'static) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let accept = move || {
        let peer = |_| Peer(BufReader::new(listener.accept().unwrap().0));
        let threads: Vec<_> = (0..connections).map(peer).map(|peer| thread::spawn(move || talk(peer))).collect();
        for thread in threads {
            thread.join().unwrap();
        }
    };
    (address, thread::spawn(accept))
}

/// A server's side of NTLM logins as `user…` with the password `secret`, until the client goes.
fn ntlm(mut peer: Peer) {
    let credential = Credential::from_password("secret");
    let acceptor = Acceptor::new(TargetInfo::server("MAIL").unwrap(), Policy::default()).unwrap();
    let now = || FileTime::from(SystemTime::now());
    peer.say("+OK ready");
    while let Some(command) = peer.hear() {
        match command.as_str() {
            "AUTH NTLM" => {
                peer.say("+ ");
                let negotiate = STANDARD.decode(peer.hear().unwrap()).unwrap();
                let (challenged, challenge) = acceptor.challenge(&negotiate, [7; 8], now()).unwrap();
                peer.say(&format!("+ {}", STANDARD.encode(challenge)));
                let authenticate = STANDARD.decode(peer.hear().unwrap()).unwrap();
                let claim = challenged.authenticate(&authenticate, None, now()).unwrap();
                assert!(claim.username().starts_with("user"));
                let established = claim.verify(Proof::Credential(&credential));
                peer.say(if established.is_ok() { "+OK in" } else { "-ERR [AUTH] no" });
            }
            "STAT" => peer.say("+OK 0 0"),
            "QUIT" => return peer.say("+OK bye"),
            other => panic!("no client of ours says {other}"),
        }
    }
}

fn storm(address: SocketAddr, load: Load) -> Report {
    let login = Login { username: "user{}", password: "secret", domain: "" };
    let plan = Plan::new(&address.to_string(), &login, load).unwrap();
    Storm::new(plan).unwrap().run(|_| ControlFlow::Continue(())).unwrap()
}

/// The only outcome of a storm at a server that does that to everyone.
fn only_outcome(load: Load, talk: impl Fn(Peer) + Copy + Send + 'static) -> Outcome {
    let (address, server) = serve(usize::try_from(load.attempts).unwrap(), talk);
    let report = storm(address, load);
    server.join().unwrap();
    let count = |outcome| [Password::Wrong, Password::Right].map(|password| report.count(password, outcome));
    let all = |outcome: &Outcome| count(*outcome).iter().sum::<u64>() == load.attempts;
    Outcome::ALL.into_iter().find(all).expect("all attempts end the same way")
}

#[test]
fn a_storm_of_failures_is_denied() {
    let (address, server) = serve(12, ntlm);
    let report = storm(address, USUAL);
    server.join().unwrap();
    assert_eq!((report.attempts(), report.expected(), report.unexpected()), (12, 12, 0));
    assert_eq!((report.count(Password::Wrong, Outcome::Denied), report.ending), (12, Ending::Done));
    assert!(report.latency.is_some_and(|latency| latency.p50 <= latency.max));
    assert!(report.rate() > 0.0 && report.cpu > Duration::ZERO);
}

#[test]
fn a_storm_of_good_logins_gets_in() {
    let (address, server) = serve(12, ntlm);
    let report = storm(address, Load { mode: Mode::Ok, ..USUAL });
    server.join().unwrap();
    assert_eq!((report.count(Password::Right, Outcome::LoggedIn), report.unexpected()), (12, 0));
}

#[test]
fn a_mixed_storm_is_half_and_half() {
    let (address, server) = serve(12, ntlm);
    let report = storm(address, Load { mode: Mode::Mixed, ..USUAL });
    server.join().unwrap();
    let counted = [(Password::Wrong, Outcome::Denied), (Password::Right, Outcome::LoggedIn)];
    assert_eq!(counted.map(|(password, outcome)| report.count(password, outcome)), [6, 6]);
}

#[test]
fn a_connection_has_as_many_attempts_as_planned() {
    // Three, three, three and two, one after the other: a fifth connection would not be accepted.
    let (address, server) = serve(4, ntlm);
    let report = storm(address, Load { connections: 1, attempts: 11, per_connection: 3, ..USUAL });
    server.join().unwrap();
    assert_eq!(report.count(Password::Wrong, Outcome::Denied), 11);
}

#[test]
fn a_locked_maildrop_is_in_use() {
    let locked = |mut peer: Peer| {
        peer.say("+OK");
        peer.say("-ERR [IN-USE] locked");
        peer.wait_for_its_end();
    };
    assert_eq!(only_outcome(Load { mode: Mode::Ok, ..USUAL }, locked), Outcome::InUse);
}

#[test]
fn a_full_server_is_temporary() {
    let full = |mut peer: Peer| {
        peer.say("-ERR [SYS/TEMP] come again");
        peer.wait_for_its_end();
    };
    assert_eq!(only_outcome(USUAL, full), Outcome::Temporary);
}

#[test]
fn a_server_without_ntlm_refuses() {
    let plain = |mut peer: Peer| {
        peer.say("+OK");
        peer.say("-ERR no such mechanism");
        peer.wait_for_its_end();
    };
    assert_eq!(only_outcome(USUAL, plain), Outcome::Refused);
}

#[test]
fn a_server_that_hangs_up_has_closed() {
    let rude = |mut peer: Peer| {
        peer.say("+OK");
        peer.hear();
    };
    assert_eq!(only_outcome(USUAL, rude), Outcome::Closed);
}

#[test]
fn a_silent_server_times_out() {
    let silent = |mut peer: Peer| peer.wait_for_its_end();
    let load = Load { timeout: Duration::from_millis(20), ..USUAL };
    assert_eq!(only_outcome(load, silent), Outcome::TimedOut);
}

#[test]
fn another_protocol_is_no_protocol() {
    let smtp = |mut peer: Peer| {
        peer.say("220 mail.example.org ESMTP");
        peer.wait_for_its_end();
    };
    assert_eq!(only_outcome(USUAL, smtp), Outcome::Protocol);
}

#[test]
fn an_endless_line_is_no_protocol() {
    let endless = |mut peer: Peer| {
        while peer.0.get_mut().write_all(&[b'x'; 4096]).is_ok() {}
    };
    assert_eq!(only_outcome(USUAL, endless), Outcome::Protocol);
}

#[test]
fn nobody_listening_is_not_connected() {
    // Bound, so that nobody else gets the port, and deaf.
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let report = storm(socket.local_addr().unwrap().as_socket().unwrap(), USUAL);
    assert_eq!((report.count(Password::Wrong, Outcome::NotConnected), report.latency), (12, None));
}

#[test]
fn a_storm_that_is_told_to_stop_reports_what_it_did() {
    let (address, server) = serve(4, |mut peer| peer.wait_for_its_end());
    let login = Login { username: "user", password: "", domain: "" };
    let plan = Plan::new(&address.to_string(), &login, USUAL).unwrap();
    let report = Storm::new(plan).unwrap().run(|_| ControlFlow::Break(())).unwrap();
    server.join().unwrap();
    assert_eq!((report.ending, report.attempts()), (Ending::Stopped, 0));
}

#[test]
fn a_storm_ends_when_its_time_is_over() {
    let (address, server) = serve(4, |mut peer| peer.wait_for_its_end());
    let report = storm(address, Load { total_timeout: Some(Duration::from_millis(20)), ..USUAL });
    server.join().unwrap();
    assert_eq!((report.ending, report.attempts()), (Ending::OutOfTime, 0));
}

#[test]
fn progress_ends_with_all_that_was_done() {
    let (address, server) = serve(12, ntlm);
    let login = Login { username: "user", password: "secret", domain: "" };
    let plan = Plan::new(&address.to_string(), &login, USUAL).unwrap();
    let mut last = (0, 0, 1);
    let run = Storm::new(plan).unwrap().run(|progress| {
        last = (progress.done, progress.expected, progress.unexpected());
        ControlFlow::Continue(())
    });
    server.join().unwrap();
    assert!(run.is_ok());
    assert_eq!(last, (12, 12, 0));
}
