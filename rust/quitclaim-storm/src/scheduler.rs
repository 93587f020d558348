//! One thread, all connections: who is to be read, who is late, who is next.

use crate::dialogue::Desk;
use crate::error::Error;
use crate::latency::Latencies;
use crate::ntlm::Fresh;
use crate::outcome::{Counts, Outcome, Password};
use crate::plan::Plan;
use crate::report::{Ending, Progress, Report};
use crate::slot::Slot;
use crate::socket::{NotConnected, connect};
use mio::{Events, Interest, Poll, Token};
use quitclaim_ntlm::FileTime;
use rustix::process::{Resource, getrlimit};
use rustix::time::{ClockId, clock_gettime};
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::time::{Duration, Instant, SystemTime};

/// A storm that is about to break.
///
/// ```no_run
/// use quitclaim_storm::{Load, Login, Plan, Storm};
/// use std::ops::ControlFlow;
///
/// let login = Login { username: "alice", password: "secret", domain: "" };
/// let plan = Plan::new("127.0.0.1:1110", &login, Load::default())?;
/// let report = Storm::new(plan)?.run(|progress| {
///     println!("{} done", progress.done);
///     ControlFlow::Continue(())
/// })?;
/// assert_eq!(report.unexpected(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Storm {
    plan: Plan,
    poll: Poll,
    slots: Vec<Slot>,
    /// Slots whose next connection is to be made.
    vacant: Vec<usize>,
    begun: u64,
    connected: u64,
    counts: Counts,
    latencies: Latencies,
    desk: Desk,
    random: RandomState,
}

impl Storm {
    /// Makes ready for a plan; nothing is connected yet.
    ///
    /// # Errors
    ///
    /// [`Error::Descriptors`] if the process may not open so many files, [`Error::Io`] if the system has no poll left.
    pub fn new(plan: Plan) -> Result<Self, Error> {
        let connections = plan.load().at_once();
        let needed = connections as u64 + OTHER_DESCRIPTORS;
        if let Some(limit) = getrlimit(Resource::Nofile).current.filter(|&limit| limit < needed) {
            return Err(Error::Descriptors { limit, needed });
        }
        let now = Instant::now();
        Ok(Self {
            poll: Poll::new()?,
            slots: (0..connections).map(|_| Slot::vacant(now)).collect(),
            vacant: (0..connections).rev().collect(),
            begun: 0,
            connected: 0,
            counts: Counts::default(),
            latencies: Latencies::new(),
            desk: Desk::default(),
            random: RandomState::new(),
            plan,
        })
    }

    /// Runs it to its end on this thread. `progress` is called about ten times a second and at the end; its `Break` is
    /// an end too.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the system refuses a socket or a poll: attempts that merely fail are counted.
    pub fn run(mut self, mut progress: impl FnMut(&Progress) -> ControlFlow<()>) -> Result<Report, Error> {
        let (began, cpu) = (Instant::now(), thread_time());
        let tick = LONGEST_TICK.min(self.plan.load().timeout / 4).max(SHORTEST_TICK);
        let mut events = Events::with_capacity(EVENTS);
        let mut input = vec![0; READ];
        let mut next_tick = began + tick;
        let ending = loop {
            self.fill()?;
            let now = Instant::now();
            let is_done = self.counts.all() == self.plan.load().attempts;
            if is_done || now >= next_tick {
                next_tick = now + tick;
                let (done, expected) = (self.counts.all(), self.counts.expected());
                let flow = progress(&Progress { done, expected, elapsed: now - began });
                if is_done {
                    break Ending::Done;
                } else if flow.is_break() {
                    break Ending::Stopped;
                } else if self.plan.load().total_timeout.is_some_and(|total| now - began >= total) {
                    break Ending::OutOfTime;
                }
                self.sweep(now);
            }
            let patience = if self.vacant.is_empty() { next_tick - now } else { Duration::ZERO };
            if !self.wait(&mut events, patience)? {
                next_tick = now;
            }
            for event in &events {
                self.read(event.token().0, event.is_read_closed() || event.is_error(), &mut input);
            }
        };
        let (counts, latency) = (self.counts, self.latencies.summary());
        Ok(Report { ending, latency, wall: began.elapsed(), cpu: thread_time().saturating_sub(cpu), counts })
    }

    /// Begins a connection in each vacant slot, as long as there are attempts to make.
    fn fill(&mut self) -> Result<(), Error> {
        // Each slot once: a connection that is refused at once leaves its slot vacant again.
        for slot in std::mem::take(&mut self.vacant) {
            self.connect(slot)?;
        }
        Ok(())
    }

    fn connect(&mut self, number: usize) -> Result<(), Error> {
        let Some(password) = self.next_attempt() else { return Ok(()) };
        let now = Instant::now();
        let slot = &mut self.slots[number];
        slot.dialogue.restart(password);
        slot.left = self.plan.load().per_connection - 1;
        (slot.password, slot.since, slot.asked) = (password, now, now);
        self.connected += 1;
        match connect(self.plan.address(), self.connected) {
            Ok(mut connection) => {
                self.poll.registry().register(&mut connection, Token(number), Interest::READABLE)?;
                slot.connection = Some(connection);
            }
            Err(NotConnected::This) => self.finish(number, Outcome::NotConnected),
            Err(NotConnected::All(error)) => return Err(error.into()),
        }
        Ok(())
    }

    /// What the next attempt is made with, if there is one to make.
    fn next_attempt(&mut self) -> Option<Password> {
        (self.begun < self.plan.load().attempts).then(|| {
            self.begun += 1;
            self.plan.password(self.begun - 1)
        })
    }

    /// Waits for events; `false` if a signal came instead, which the caller of `run` may want to hear of.
    fn wait(&mut self, events: &mut Events, patience: Duration) -> Result<bool, Error> {
        match self.poll.poll(events, Some(patience)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                events.clear();
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Reads what is there. A short read has emptied the socket, unless its end has come already.
    fn read(&mut self, number: usize, ends: bool, input: &mut [u8]) {
        while let Some(connection) = &mut self.slots[number].connection {
            match connection.read(input) {
                Ok(0) => self.finish(number, Outcome::Closed),
                Ok(length) => {
                    self.take(number, &input[..length]);
                    if length < input.len() && !ends {
                        return;
                    }
                }
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock => return,
                    io::ErrorKind::Interrupted => {}
                    io::ErrorKind::ConnectionRefused => self.finish(number, Outcome::NotConnected),
                    _ => self.finish(number, Outcome::Closed),
                },
            }
        }
    }

    /// Takes what was read: it may end an attempt, or more than one.
    fn take(&mut self, number: usize, mut octets: &[u8]) {
        let now = Instant::now();
        while !octets.is_empty() {
            let (slot, client) = (&mut self.slots[number], self.plan.client(number));
            let fresh = || Fresh {
                client_challenge: self.random.hash_one((self.begun, number)).to_le_bytes(),
                now: FileTime::from(SystemTime::now()),
            };
            let outcome = slot.dialogue.receive(&mut octets, client, fresh, &mut self.desk);
            let goes_on = match outcome {
                None => true,
                Some(outcome) => self.begin_again(number, outcome, now),
            };
            if !goes_on {
                return;
            }
            if let Err(outcome) = self.slots[number].send(&mut self.desk.out, now) {
                return self.finish(number, outcome);
            }
        }
    }

    /// Counts an attempt and begins the next one on the connection, if there may be one.
    fn begin_again(&mut self, number: usize, outcome: Outcome, now: Instant) -> bool {
        let slot = &self.slots[number];
        let next = if slot.left > 0 && slot.dialogue.is_ready() { self.next_attempt() } else { None };
        let Some(password) = next else {
            self.finish(number, outcome);
            return false;
        };
        self.count(number, outcome);
        let slot = &mut self.slots[number];
        slot.left -= 1;
        (slot.password, slot.since) = (password, now);
        slot.dialogue.begin(password, &mut self.desk);
        true
    }

    /// Ends the connections whose server is silent.
    fn sweep(&mut self, now: Instant) {
        let timeout = self.plan.load().timeout;
        for number in 0..self.slots.len() {
            let slot = &self.slots[number];
            if slot.connection.is_some() && now.duration_since(slot.asked) >= timeout {
                self.finish(number, Outcome::TimedOut);
            }
        }
    }

    /// Counts an attempt and closes its connection.
    fn finish(&mut self, number: usize, outcome: Outcome) {
        self.count(number, outcome);
        self.desk.out.clear();
        self.slots[number].connection = None;
        self.vacant.push(number);
    }

    fn count(&mut self, number: usize, outcome: Outcome) {
        let slot = &self.slots[number];
        self.counts.add(slot.password, outcome);
        if outcome.is_answer() {
            self.latencies.add(slot.since.elapsed());
        }
    }
}

impl fmt::Debug for Storm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Storm").field("plan", &self.plan).finish_non_exhaustive()
    }
}

/// The processor time of this thread.
fn thread_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

/// How often `progress` is called and the silent are looked for.
const LONGEST_TICK: Duration = Duration::from_millis(100);
const SHORTEST_TICK: Duration = Duration::from_millis(1);
const EVENTS: usize = 1024;
/// Octets of one read: more than any reply.
const READ: usize = 16 * 1024;
/// Standard streams, the poll, and what else a process has open.
const OTHER_DESCRIPTORS: u64 = 32;
