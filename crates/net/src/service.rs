//! What a node does with the frames of a connection: the seam between sockets and the broker.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;

use crate::{Frames, Outbox};

/// What a node does with the frames of a connection. Everything runs on the connection's loop and must not block.
pub trait Service: Send + Sync + 'static {
    /// The state of one connection. It never leaves its loop.
    type Session;

    /// A connection from `peer` was accepted on the listener with this index (the order given to
    /// [`Server::start`](crate::Server::start)).
    fn connect(&self, peer: SocketAddr, listener: usize) -> Self::Session;

    /// One turn: handles frames in order until there are none left, an answer has to be waited for, or the connection must close.
    fn turn(&self, session: &mut Self::Session, frames: &mut Frames<'_>, outbox: &mut Outbox) -> Turn;
}

/// How a turn ended.
pub enum Turn {
    /// [`Frames::next`] returned `None`.
    Done,
    /// Frames that were taken are answered later; the frames after them wait, as Kafka mutes the channel.
    Wait(Wait),
    /// The connection closes once the answers in the outbox have left.
    Close(CloseReason),
}

/// The rest of one request: a parked fetch, a topic being created. Polled on the connection's loop. A peer that has
/// finished sending gets its answer, as from Kafka, if it comes within [`Config::write_deadline`](crate::Config); dropped when
/// the peer resets.
pub type Wait = Pin<Box<dyn Future<Output = Answer>>>;

/// What a [`Wait`] came to.
pub enum Answer {
    /// Writes the answer; called at once.
    Write(Box<dyn FnOnce(&mut Outbox)>),
    /// The request has no answer (a produce request with `acks=0`).
    Nothing,
    /// The connection closes without an answer to this request.
    Close(CloseReason),
}

impl Answer {
    /// An answer written by `write`.
    pub fn write(write: impl FnOnce(&mut Outbox) + 'static) -> Answer {
        Answer::Write(Box::new(write))
    }
}

/// Why a connection was closed, for the log. Control characters, which may come from the peer, are escaped when displayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseReason(pub Cow<'static, str>);

impl From<&'static str> for CloseReason {
    fn from(text: &'static str) -> CloseReason {
        CloseReason(Cow::Borrowed(text))
    }
}

impl From<String> for CloseReason {
    fn from(text: String) -> CloseReason {
        CloseReason(Cow::Owned(text))
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            if c.is_control() { write!(f, "{}", c.escape_default())? } else { fmt::Write::write_char(f, c)? }
        }
        Ok(())
    }
}
