//! Sockets to this machine.

use mio::net::TcpStream;
use rustix::io::{Errno, ioctl_fionbio};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

/// Why there is no connection.
pub(crate) enum NotConnected {
    /// This one could not be made; the next one may.
    This,
    /// No socket can be made at all.
    All(io::Error),
}

/// Begins to connect. The greeting says that it did.
pub(crate) fn connect(address: SocketAddr, number: u64) -> Result<TcpStream, NotConnected> {
    let socket =
        Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP)).map_err(NotConnected::All)?;
    // One system call; socket2 would read the flags first.
    ioctl_fionbio(&socket, true).map_err(|error| NotConnected::All(error.into()))?;
    if let Some(source) = source(address, number) {
        socket.bind(&SockAddr::from(source)).map_err(|_| NotConnected::This)?;
    }
    match socket.connect(&SockAddr::from(address)) {
        Err(error) if !is_under_way(&error) => Err(NotConnected::This),
        _ => Ok(TcpStream::from_std(socket.into())),
    }
}

/// Where to come from: one address has 28,000 ports, each of which TIME_WAIT keeps for a minute after its connection.
/// Linux alone has all of 127.0.0.0/8 without asking.
fn source(address: SocketAddr, number: u64) -> Option<SocketAddr> {
    let rotates = address.is_ipv4() && cfg!(target_os = "linux");
    let last = u8::try_from(number % SOURCES + 1).expect("it is 64 at most");
    rotates.then(|| SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), 0)))
}

fn is_under_way(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock || error.raw_os_error() == Some(Errno::INPROGRESS.raw_os_error())
}

const SOURCES: u64 = 64;
