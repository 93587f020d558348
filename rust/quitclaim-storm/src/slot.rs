//! A place for one connection at a time, of which a storm has as many as are to be at once.

use crate::dialogue::Dialogue;
use crate::outcome::{Outcome, Password};
use mio::net::TcpStream;
use std::io::{ErrorKind, Write};
use std::time::Instant;

pub(crate) struct Slot {
    pub(crate) connection: Option<TcpStream>,
    pub(crate) dialogue: Dialogue,
    pub(crate) password: Password,
    /// Attempts that the connection may still begin.
    pub(crate) left: u32,
    /// When the attempt began.
    pub(crate) since: Instant,
    /// When the server was last asked something. What it says in drips is no answer.
    pub(crate) asked: Instant,
}

impl Slot {
    pub(crate) fn vacant(now: Instant) -> Self {
        let password = Password::Wrong;
        Self { connection: None, dialogue: Dialogue::new(password), password, left: 0, since: now, asked: now }
    }

    /// Sends what the dialogue has said, if anything.
    ///
    /// All of it fits into the socket's buffer: whatever was sent before has been answered, hence read. A server that
    /// answers what it does not read makes no sense.
    pub(crate) fn send(&mut self, out: &mut Vec<u8>, now: Instant) -> Result<(), Outcome> {
        let Some(connection) = self.connection.as_mut().filter(|_| !out.is_empty()) else { return Ok(()) };
        self.asked = now;
        let sent = connection.write(out);
        let length = out.len();
        out.clear();
        match sent {
            Ok(sent) if sent == length => Ok(()),
            Ok(_) => Err(Outcome::Protocol),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Err(Outcome::Protocol),
            Err(_) => Err(Outcome::Closed),
        }
    }
}
