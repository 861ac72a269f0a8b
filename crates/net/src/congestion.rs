//! Congestion control of connections that never leave this machine.
//!
//! BBR paces: it sends in small portions, each by a timer, at the rate that it believes the way has. Between two processes of one machine
//! there is no way to congest, and the portions cost a consumer's server several times the CPU. Where BBR is what the system uses
//! (`net.ipv4.tcp_congestion_control`), such connections have Reno instead, which every Linux has and lets everybody use.

#![expect(clippy::disallowed_types, reason = "this module is part of the door to the network")]

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};

use rustix::net::sockopt::{set_tcp_congestion, tcp_congestion};
use socket2::{Domain, Socket, Type};

const UNPACED: &str = "reno";

/// What is done with the connections of one listener.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Congestion {
    /// All have what the system gives them.
    Untouched,
    /// They begin with Reno, since pacing cannot be ended on a connection that began with it; those from elsewhere go back to what the
    /// system gives.
    Local { system: String },
}

impl Congestion {
    /// Prepares a listener, whose connections inherit from it.
    pub fn prepare(listener: &TcpListener) -> Congestion {
        tcp_congestion(listener).map_or(Congestion::Untouched, |system| Congestion::with(listener, system))
    }

    fn with(listener: &TcpListener, system: String) -> Congestion {
        match paces(&system) && can_change(&system) && set_tcp_congestion(listener, UNPACED).is_ok() {
            true => Congestion::Local { system },
            false => Congestion::Untouched,
        }
    }

    /// Gives a connection that was just accepted what it is to have.
    ///
    /// # Errors
    /// The system refuses its own default.
    pub fn settle(&self, stream: &TcpStream, peer: SocketAddr) -> io::Result<()> {
        match self {
            Congestion::Local { system } if !is_local(stream, peer) => Ok(set_tcp_congestion(stream, system)?),
            _ => Ok(()),
        }
    }
}

/// What cannot be given back to connections from elsewhere must not be taken from them: the system may keep its choice for
/// the privileged (`net.ipv4.tcp_allowed_congestion_control`).
fn can_change(system: &str) -> bool {
    let changed = Socket::new(Domain::IPV4, Type::STREAM, None).and_then(|socket| {
        Ok(set_tcp_congestion(&socket, UNPACED).and_then(|()| set_tcp_congestion(&socket, system))?)
    });
    changed.is_ok()
}

fn paces(name: &str) -> bool {
    name.starts_with("bbr")
}

/// Whether the other end is on this machine, by whichever of its addresses.
fn is_local(stream: &TcpStream, peer: SocketAddr) -> bool {
    let peer = peer.ip().to_canonical();
    peer.is_loopback() || stream.local_addr().is_ok_and(|own| own.ip().to_canonical() == peer)
}

#[cfg(test)]
mod tests;
