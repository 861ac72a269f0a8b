//! One turn of a connection: all complete requests of one read, in order.
//!
//! Produce requests are gathered as they come and appended together: at the end of the turn, or before the first request
//! of another kind, which must see what was produced before it. Where their answers have to wait for the disk, the turn ends
//! there; the requests behind them are taken in the next one.

use std::cell::RefCell;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use net::{CloseReason, Frames, Outbox, Service, Turn};
use record::Timestamp;
use wire::{ApiKey, DecodeError, Reader, RequestHeader};

use crate::api::{self, Call, Flow, Handle};
use crate::handlers::api_versions;
use crate::handlers::produce::Produces;
use crate::metrics::requests;
use crate::node::Node;
use crate::view::View;

/// What a node remembers of a connection.
pub struct Session {
    /// Which listener it came through: Metadata tells that listener's address.
    pub listener: usize,
    /// Where the client comes from.
    pub peer: SocketAddr,
    /// The same as Kafka writes it, for groups: a slash and the address.
    pub host: Box<str>,
    /// What the client said that it is.
    pub software: RefCell<Software>,
}

/// What a client is made with (KIP-511).
#[derive(Debug, Default)]
pub struct Software {
    /// Its name; empty until the client says it.
    pub name: Box<str>,
    /// Its version.
    pub version: Box<str>,
}

/// The node as the network layer sees it.
pub struct Requests(pub Arc<Node>);

impl Service for Requests {
    type Session = Session;

    fn connect(&self, peer: SocketAddr, listener: usize) -> Session {
        self.0.metrics.install();
        Session { listener, peer, host: java_host(peer.ip()), software: RefCell::default() }
    }

    fn turn(&self, session: &mut Session, frames: &mut Frames<'_>, outbox: &mut Outbox) -> Turn {
        requests::turn_began();
        let now = Timestamp(self.0.clock.now_ms());
        let view = self.0.view();
        let mut turn = InTurn { node: &self.0, view: &view, session, now, produces: Produces::default() };
        turn.serve(frames, outbox).unwrap_or_else(|reason| {
            requests::refused();
            Turn::Close(reason)
        })
    }
}

/// An address as Java writes it: without a name before the slash, and IPv6 without anything left out.
fn java_host(ip: IpAddr) -> Box<str> {
    match ip.to_canonical() {
        IpAddr::V4(ip) => format!("/{ip}").into(),
        IpAddr::V6(ip) => {
            let segments = ip.segments().map(|segment| format!("{segment:x}"));
            format!("/{}", segments.join(":")).into()
        }
    }
}

struct InTurn<'t, 'f> {
    node: &'t Arc<Node>,
    view: &'t Arc<View>,
    session: &'t Session,
    now: Timestamp,
    produces: Produces<'f>,
}

/// Bytes of the size before a frame.
const PREFIX_LEN: usize = 4;

/// A request that was looked at.
enum Request<'f> {
    /// A Produce request; it was gathered.
    Gathered,
    /// Any other.
    Alone(RequestHeader<'f>, Reader<'f>),
}

impl<'f> InTurn<'_, 'f> {
    fn serve(&mut self, frames: &mut Frames<'f>, outbox: &mut Outbox) -> Result<Turn, CloseReason> {
        while let Some(frame) = frames.peek() {
            let request = self.look(frame);
            if let Ok(Request::Gathered) = request {
                frames.next();
                continue;
            }
            // Also when this request is bad: those before it were good. If they have to wait, this one is left to the turn
            // that follows.
            if let Some(wait) = self.produces.flush(self.node, outbox)? {
                return Ok(Turn::Wait(wait));
            }
            frames.next();
            let Request::Alone(header, body) = request? else { unreachable!("gathered requests were passed over") };
            requests::received(header.api_key, PREFIX_LEN + frame.len());
            match self.handle(&header, body, outbox)? {
                Flow::Done => {}
                Flow::Wait(wait) => return Ok(Turn::Wait(wait)),
            }
        }
        Ok(self.produces.flush(self.node, outbox)?.map_or(Turn::Done, Turn::Wait))
    }

    fn look(&mut self, frame: &'f [u8]) -> Result<Request<'f>, CloseReason> {
        let (header, body) = wire::decode_request_header(frame).map_err(bad_header)?;
        if let Some(Handle::Gathered) = api::find(&header).map(|api| api.handle) {
            requests::received(header.api_key, PREFIX_LEN + frame.len());
            let added = self.produces.add(self.view, &header, body, self.now);
            return added.map(|()| Request::Gathered).map_err(|error| bad_body(&header, &error));
        }
        Ok(Request::Alone(header, body))
    }

    fn handle(&self, header: &RequestHeader<'f>, body: Reader<'f>, outbox: &mut Outbox) -> Result<Flow, CloseReason> {
        match api::find(header).map(|api| api.handle) {
            Some(Handle::Alone(handle)) => {
                let call = Call { node: self.node, view: self.view, session: self.session, header };
                handle(&call, body, outbox).map_err(|error| bad_body(header, &error))
            }
            _ if header.api_key == ApiKey::API_VERSIONS.0 => {
                api_versions::unsupported(header, outbox);
                Ok(Flow::Done)
            }
            _ => Err(not_served(header)),
        }
    }
}

fn bad_header(error: DecodeError) -> CloseReason {
    format!("bad request header: {error}").into()
}

fn bad_body(header: &RequestHeader<'_>, error: &DecodeError) -> CloseReason {
    format!("bad {} request, version {}: {error}", ApiKey(header.api_key), header.api_version).into()
}

fn not_served(header: &RequestHeader<'_>) -> CloseReason {
    format!("{} version {} is not served", ApiKey(header.api_key), header.api_version).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_where_java_would_say_that_they_are() {
        for (ip, host) in [
            ("127.0.0.1", "/127.0.0.1"),
            ("::ffff:10.0.0.7", "/10.0.0.7"),
            ("::1", "/0:0:0:0:0:0:0:1"),
            ("fe80::ab:1", "/fe80:0:0:0:0:0:ab:1"),
        ] {
            assert_eq!(&*java_host(ip.parse().unwrap()), host);
        }
    }
}
