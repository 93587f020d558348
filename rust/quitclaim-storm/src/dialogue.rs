//! The client's side of one connection, without the connection: octets in, octets out, and at last an outcome.
//!
//! ```text
//! Greeting ─► Auth ─► Negotiate ─► Authenticate ─► (wrong password, or not let in) over, or Ready for the next attempt
//!               ▲ begin                      └───► Stat ─► Quit ─► over
//! ```

use crate::ntlm::{Client, Fresh, NEGOTIATE};
use crate::outcome::{Outcome, Password};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A connection's dialogue with the server, attempt after attempt.
pub(crate) struct Dialogue {
    turn: Turn,
    password: Password,
    /// A line that has not ended yet.
    partial: Vec<u8>,
}

/// Whose answer is waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Turn {
    /// None is: an attempt may begin.
    Ready,
    Greeting,
    Auth,
    Negotiate,
    Authenticate,
    Stat,
    Quit,
    Over,
}

/// What all dialogues write with: one at a time does.
#[derive(Default)]
pub(crate) struct Desk {
    /// What is to be sent.
    pub(crate) out: Vec<u8>,
    token: Vec<u8>,
    message: Vec<u8>,
}

impl Dialogue {
    /// The dialogue of a connection that begins, with its first attempt.
    pub(crate) fn new(password: Password) -> Self {
        Self { turn: Turn::Greeting, password, partial: Vec::new() }
    }

    /// The same for the next connection, in the memory of the last.
    pub(crate) fn restart(&mut self, password: Password) {
        self.partial.clear();
        (self.turn, self.password) = (Turn::Greeting, password);
    }

    /// Whether the connection is good for another attempt.
    pub(crate) fn is_ready(&self) -> bool {
        self.turn == Turn::Ready
    }

    /// Begins another attempt on a connection that is ready.
    pub(crate) fn begin(&mut self, password: Password, desk: &mut Desk) {
        self.password = password;
        self.say(b"AUTH NTLM\r\n", Turn::Auth, desk);
    }

    /// Takes octets from the front of what came, all of them or up to the end of the attempt.
    pub(crate) fn receive(
        &mut self,
        octets: &mut &[u8],
        client: &Client,
        fresh: impl Fn() -> Fresh,
        desk: &mut Desk,
    ) -> Option<Outcome> {
        while let Some(end) = octets.iter().position(|&octet| octet == b'\n') {
            let (line, rest) = octets.split_at(end);
            *octets = rest.split_first().map_or(rest, |(_, rest)| rest);
            let outcome = if self.partial.is_empty() {
                self.line(line, client, &fresh, desk)
            } else if self.partial.len() + line.len() > LONGEST_LINE {
                Err(Outcome::Protocol)
            } else {
                self.partial.extend(line);
                let whole = std::mem::take(&mut self.partial);
                let outcome = self.line(&whole, client, &fresh, desk);
                self.partial = whole;
                self.partial.clear();
                outcome
            };
            if let Err(outcome) = outcome {
                return Some(self.end(outcome));
            }
        }
        if self.partial.len() + octets.len() > LONGEST_LINE {
            return Some(self.end(Outcome::Protocol));
        }
        self.partial.extend(std::mem::take(octets));
        None
    }

    /// Takes one line without its LF; the attempt goes on, or ends with an outcome.
    fn line(
        &mut self,
        line: &[u8],
        client: &Client,
        fresh: impl Fn() -> Fresh,
        desk: &mut Desk,
    ) -> Result<(), Outcome> {
        if line.len() > LONGEST_LINE {
            return Err(Outcome::Protocol);
        }
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match (self.turn, Reply::read(line)?) {
            (Turn::Greeting, Reply::Ok) => self.say(b"AUTH NTLM\r\n", Turn::Auth, desk),
            (Turn::Auth, Reply::Challenge(_)) => {
                push_base64(&NEGOTIATE, &mut desk.out);
                self.turn = Turn::Negotiate;
            }
            (Turn::Negotiate, Reply::Challenge(challenge)) => {
                let Desk { out, token, message } = desk;
                read_base64(challenge, token)?;
                client.authenticate(self.password, token, fresh(), message).map_err(|_| Outcome::Protocol)?;
                push_base64(message, out);
                self.turn = Turn::Authenticate;
            }
            (Turn::Authenticate, Reply::Ok) if self.password == Password::Right => {
                self.say(b"STAT\r\n", Turn::Stat, desk);
            }
            (Turn::Stat, Reply::Ok) => self.say(b"QUIT\r\n", Turn::Quit, desk),
            // The wrong password, or the end of the right one's session.
            (Turn::Authenticate | Turn::Quit, Reply::Ok) => return Err(Outcome::LoggedIn),
            // Before the AUTHENTICATE there are no credentials that could be wrong.
            (turn, Reply::Refusal(Outcome::Denied)) if turn != Turn::Authenticate => return Err(Outcome::Refused),
            (_, Reply::Refusal(outcome)) => return Err(outcome),
            _ => return Err(Outcome::Protocol),
        }
        Ok(())
    }

    fn say(&mut self, command: &[u8], turn: Turn, desk: &mut Desk) {
        desk.out.extend(command);
        self.turn = turn;
    }

    /// A refused exchange leaves the server where it was; after anything else the connection is of no more use.
    fn end(&mut self, outcome: Outcome) -> Outcome {
        let exchanged = matches!(self.turn, Turn::Auth | Turn::Negotiate | Turn::Authenticate);
        let refused = outcome.is_answer() && outcome != Outcome::LoggedIn;
        self.turn = if exchanged && refused { Turn::Ready } else { Turn::Over };
        outcome
    }
}

/// A line of the server's: RFC 1939 §3, RFC 5034 §4.
enum Reply<'a> {
    Ok,
    /// In base64.
    Challenge(&'a [u8]),
    /// `-ERR`, as what its response code says.
    Refusal(Outcome),
}

impl<'a> Reply<'a> {
    fn read(line: &'a [u8]) -> Result<Self, Outcome> {
        match line {
            b"+" => Ok(Self::Challenge(b"")),
            [b'+', b' ', challenge @ ..] => Ok(Self::Challenge(challenge)),
            b"+OK" | [b'+', b'O', b'K', b' ', ..] => Ok(Self::Ok),
            b"-ERR" => Ok(Self::Refusal(Outcome::Refused)),
            [b'-', b'E', b'R', b'R', b' ', text @ ..] => Ok(Self::Refusal(refusal(text))),
            _ => Err(Outcome::Protocol),
        }
    }
}

/// What a response code means. RFC 2449 §8, RFC 3206.
fn refusal(text: &[u8]) -> Outcome {
    let code = text.strip_prefix(b"[").and_then(|text| text.split(|&octet| octet == b']').next());
    let is = |name: &[u8]| code.is_some_and(|code| code.eq_ignore_ascii_case(name));
    if is(b"AUTH") {
        Outcome::Denied
    } else if is(b"IN-USE") {
        Outcome::InUse
    } else if is(b"SYS/TEMP") {
        Outcome::Temporary
    } else {
        Outcome::Refused
    }
}

fn push_base64(token: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + token.len().div_ceil(3) * 4, 0);
    STANDARD.encode_slice(token, &mut out[start..]).expect("there is room for four octets for each three");
    out.extend(b"\r\n");
}

fn read_base64(text: &[u8], token: &mut Vec<u8>) -> Result<(), Outcome> {
    token.clear();
    STANDARD.decode_vec(text, token).map_err(|_| Outcome::Protocol)
}

/// A server's line without its LF. A CHALLENGE is the longest: some hundred octets, where RFC 5034 §4 allows 12 KiB.
const LONGEST_LINE: usize = 16 * 1024;

#[cfg(test)]
mod tests;
