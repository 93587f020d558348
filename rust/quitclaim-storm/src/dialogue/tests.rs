//! Each way an attempt can end, in whatever pieces the server's octets come.

use super::{Desk, Dialogue, LONGEST_LINE, Turn};
use crate::ntlm::{Client, Fresh, NEGOTIATE};
use crate::outcome::{Outcome, Password};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use quitclaim_ntlm::{Acceptor, FileTime, Policy, TargetInfo};

const NOW: FileTime = FileTime::from_ticks(133_800_000_000_000_000);

/// All that the server says up to its answer to the AUTHENTICATE.
fn exchange() -> String {
    let acceptor = Acceptor::new(TargetInfo::server("MAIL").unwrap(), Policy::default()).unwrap();
    let (_, challenge) = acceptor.challenge(&NEGOTIATE, [7; 8], NOW).unwrap();
    format!("+ \r\n+ {}\r\n", STANDARD.encode(challenge))
}

fn login(last_words: &str) -> String {
    format!("+OK ready\r\n{}{last_words}", exchange())
}

/// A dialogue with a server that says that, in pieces of that many octets at most. What it says itself is its second.
fn dialogue(password: Password, server: &[u8], piece: usize) -> (Option<Outcome>, Vec<u8>, Dialogue) {
    let client = Client::new("alice", "", &[7; 16]);
    let fresh = || Fresh { client_challenge: [0xAA; 8], now: NOW };
    let (mut dialogue, mut desk) = (Dialogue::new(password), Desk::default());
    for mut octets in server.chunks(piece) {
        if let Some(outcome) = dialogue.receive(&mut octets, &client, fresh, &mut desk) {
            return (Some(outcome), desk.out, dialogue);
        }
    }
    (None, desk.out, dialogue)
}

fn outcome(password: Password, server: &str) -> Option<Outcome> {
    dialogue(password, server.as_bytes(), usize::MAX).0
}

fn commands(password: Password, server: &str) -> Vec<String> {
    let (_, said, _) = dialogue(password, server.as_bytes(), usize::MAX);
    String::from_utf8(said).unwrap().split_terminator("\r\n").map(|line| line.chars().take(9).collect()).collect()
}

#[test]
fn a_wrong_password_is_denied() {
    let server = login("-ERR [AUTH] no\r\n");
    assert_eq!(outcome(Password::Wrong, &server), Some(Outcome::Denied));
    assert_eq!(commands(Password::Wrong, &server), ["AUTH NTLM", "TlRMTVNTU", "TlRMTVNTU"]);
}

#[test]
fn the_right_password_logs_in_and_out() {
    let server = login("+OK\r\n+OK 2 320\r\n+OK bye\r\n");
    assert_eq!(outcome(Password::Right, &server), Some(Outcome::LoggedIn));
    assert_eq!(commands(Password::Right, &server), ["AUTH NTLM", "TlRMTVNTU", "TlRMTVNTU", "STAT", "QUIT"]);
}

#[test]
fn a_wrong_password_that_logs_in_is_over_at_once() {
    assert_eq!(outcome(Password::Wrong, &login("+OK\r\n")), Some(Outcome::LoggedIn));
}

#[test]
fn a_login_is_none_before_quit_is_answered() {
    assert_eq!(outcome(Password::Right, &login("+OK\r\n+OK 2 320\r\n")), None);
}

#[test]
fn a_refusal_is_what_its_code_says() {
    for (code, meant) in [
        ("[AUTH]", Outcome::Denied),
        ("[auth] x", Outcome::Denied),
        ("[IN-USE] x", Outcome::InUse),
        ("[SYS/TEMP] x", Outcome::Temporary),
        ("[SYS/PERM] x", Outcome::Refused),
        ("[AUTH", Outcome::Denied),
        ("[", Outcome::Refused),
        ("AUTH", Outcome::Refused),
        ("", Outcome::Refused),
    ] {
        assert_eq!(outcome(Password::Right, &login(&format!("-ERR {code}\r\n"))), Some(meant), "{code}");
    }
    assert_eq!(outcome(Password::Right, &login("-ERR\r\n")), Some(Outcome::Refused));
}

#[test]
fn nobody_is_denied_who_has_said_nothing() {
    for server in ["-ERR [AUTH]\r\n", "+OK\r\n-ERR [AUTH]\r\n", "+OK\r\n+ \r\n-ERR [AUTH]\r\n"] {
        assert_eq!(outcome(Password::Wrong, server), Some(Outcome::Refused), "{server}");
    }
    assert_eq!(outcome(Password::Right, &login("+OK\r\n-ERR [AUTH]\r\n")), Some(Outcome::Refused));
    assert_eq!(outcome(Password::Wrong, "-ERR [SYS/TEMP] later\r\n"), Some(Outcome::Temporary));
}

#[test]
fn what_is_not_the_servers_turn_is_no_protocol() {
    for server in ["+ \r\n", "+OK\r\n+OK\r\n", "+OK\r\n+ \r\n+OK\r\n", &login("+ \r\n"), &login("+OK\r\n+ \r\n")] {
        assert_eq!(outcome(Password::Right, server), Some(Outcome::Protocol), "{server}");
    }
}

#[test]
fn what_is_not_pop3_or_ntlm_is_no_protocol() {
    for server in [
        "220 smtp\r\n",
        "\r\n",
        "+OKAY\r\n",
        "-ERROR\r\n",
        "+ok\r\n",
        "+OK\r\n+x\r\n",
        "+OK\r\n+ \r\n+ \r\n",
        "+OK\r\n+ \r\n+ ====\r\n",
        "+OK\r\n+ \r\n+ TlRMTVNTUAA=\r\n",
    ] {
        assert_eq!(outcome(Password::Wrong, server), Some(Outcome::Protocol), "{server}");
    }
}

#[test]
fn a_line_has_an_end() {
    let line = |length: usize| [b"+OK ".as_slice(), &vec![b'x'; length - 4]].concat();
    let (none, _, dialogue_of_it) = dialogue(Password::Wrong, &line(LONGEST_LINE), 100);
    assert_eq!((none, dialogue_of_it.partial.len()), (None, LONGEST_LINE));
    for piece in [1, 100, usize::MAX] {
        assert_eq!(dialogue(Password::Wrong, &line(LONGEST_LINE + 1), piece).0, Some(Outcome::Protocol));
        let ended = [line(LONGEST_LINE).as_slice(), b"\r\n"].concat();
        assert_eq!(dialogue(Password::Wrong, &ended, piece).0, Some(Outcome::Protocol));
    }
}

#[test]
fn a_refused_exchange_can_be_followed_by_another() {
    let server = login("-ERR [AUTH] no\r\n");
    let (_, _, mut dialogue) = dialogue(Password::Wrong, server.as_bytes(), usize::MAX);
    assert!(dialogue.is_ready());
    let (client, mut desk) = (Client::new("alice", "", &[7; 16]), Desk::default());
    dialogue.begin(Password::Wrong, &mut desk);
    let fresh = || Fresh { client_challenge: [0xAA; 8], now: NOW };
    let again = format!("{}-ERR [AUTH] no\r\nmore", exchange());
    let mut octets = again.as_bytes();
    assert_eq!(dialogue.receive(&mut octets, &client, fresh, &mut desk), Some(Outcome::Denied));
    assert_eq!(octets, b"more");
}

#[test]
fn nothing_follows_a_login_or_nonsense_or_a_refused_greeting() {
    for (password, server) in [
        (Password::Wrong, login("+OK\r\n")),
        (Password::Right, login("+OK\r\n-ERR\r\n")),
        (Password::Wrong, login("what?\r\n")),
        (Password::Wrong, "-ERR\r\n".to_owned()),
    ] {
        let (_, _, dialogue) = dialogue(password, server.as_bytes(), usize::MAX);
        assert_eq!(dialogue.turn, Turn::Over, "{server}");
    }
}

proptest! {
    #[test]
    fn pieces_make_no_difference(piece in 1_usize..64, right: bool, denied: bool) {
        let password = if right { Password::Right } else { Password::Wrong };
        let server = login(if denied { "-ERR [AUTH]\n" } else { "+OK\r\n+OK 0 0\r\n+OK\r\n" });
        let (one, said_one, _) = dialogue(password, server.as_bytes(), usize::MAX);
        let (other, said_other, _) = dialogue(password, server.as_bytes(), piece);
        prop_assert_eq!((one, said_one), (other, said_other));
    }

    #[test]
    fn no_server_hurts(octets in prop::collection::vec(any::<u8>(), 0..512), greets: bool, piece in 1_usize..64) {
        let server = if greets { [login("").as_bytes(), &octets].concat() } else { octets };
        let (_, _, dialogue) = dialogue(Password::Right, &server, piece);
        prop_assert!(dialogue.partial.len() <= LONGEST_LINE);
    }
}
