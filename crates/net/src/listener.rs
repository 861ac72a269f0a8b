//! Listening and accepting: on loop 0, which hands each socket to the loop that will own it.

#![expect(clippy::disallowed_types, reason = "this module is part of the door to the network")]

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::net::{SocketFlags, acceptfrom_with};
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::task::AbortHandle;

use crate::Config;
use crate::congestion::Congestion;
use crate::placement::Placement;

/// Connections that the kernel keeps until they are accepted.
const BACKLOG: i32 = 1024;
/// Pause after a failed accept (usually: no file descriptor left), so that the loop is not spent on failing.
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(100);

/// Opens a listening socket: non-blocking, address reusable at once after a restart.
pub fn bind(addr: SocketAddr) -> io::Result<TcpListener> {
    open(addr).map_err(|e| io::Error::new(e.kind(), format!("cannot listen on {addr}: {}", advice(addr, &e))))
}

/// Whether somebody accepts connections there; the connection is closed at once.
///
/// # Errors
/// Nobody does within `deadline`, or the system says why not.
pub fn is_listening(addr: SocketAddr, deadline: Duration) -> io::Result<()> {
    TcpStream::connect_timeout(&addr, deadline).map(drop)
}

fn open(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

fn advice(addr: SocketAddr, e: &io::Error) -> String {
    let port = addr.port();
    match e.kind() {
        ErrorKind::AddrInUse => format!(
            "port {port} is taken, perhaps by a broker that still runs; see who has it with `ss -ltnp 'sport = :{port}'`, \
             or choose another port in `listeners`"
        ),
        ErrorKind::AddrNotAvailable => {
            format!("no interface of this machine has the address {}; correct `listeners`", addr.ip())
        }
        ErrorKind::PermissionDenied => {
            format!("port {port} needs privileges; choose a port from 1024 up in `listeners`")
        }
        _ => e.to_string(),
    }
}

/// An accepted connection on its way to its loop.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub stream: TcpStream,
    pub peer: SocketAddr,
    pub listener: usize,
    pub seat: Seat,
}

/// A listener whose sockets inherit what they need.
#[derive(Debug)]
pub(crate) struct Prepared {
    listener: TcpListener,
    congestion: Congestion,
}

/// Everything that accepting needs.
#[derive(Debug)]
pub(crate) struct Acceptors {
    pub listeners: Vec<Prepared>,
    pub placement: Placement,
    pub census: Arc<Census>,
}

impl Acceptors {
    /// Prepares listeners: what is set here is inherited by the accepted sockets, which saves the calls there.
    pub fn prepare(listener: TcpListener) -> io::Result<Prepared> {
        listener.set_nonblocking(true)?;
        let socket = SockRef::from(&listener);
        socket.set_tcp_nodelay(true)?;
        socket.set_keepalive(true)?;
        let congestion = Congestion::prepare(&listener);
        Ok(Prepared { listener, congestion })
    }

    /// Starts accepting on the loop of this thread; aborting the tasks closes the listeners.
    pub fn start(self) -> Vec<AbortHandle> {
        let placement = Rc::new(RefCell::new(self.placement));
        let mut tasks = vec![tokio::task::spawn_local(sample_forever(Rc::clone(&placement))).abort_handle()];
        for (index, Prepared { listener, congestion }) in self.listeners.into_iter().enumerate() {
            let door = Door { index, congestion, placement: Rc::clone(&placement), census: Arc::clone(&self.census) };
            tasks.push(tokio::task::spawn_local(door.accept_forever(listener)).abort_handle());
        }
        tasks
    }
}

/// Keeps the picture of the loops' load fresh while nobody connects.
async fn sample_forever(placement: Rc<RefCell<Placement>>) {
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    loop {
        let now = ticks.tick().await;
        placement.borrow_mut().sample(now);
    }
}

#[allow(unsafe_code)]
fn watch(listener: TcpListener) -> io::Result<AsyncFd<TcpListener>> {
    // SAFETY: a `TcpListener` owns its descriptor, answers with the same one for as long as it lives, and is only borrowed from here on.
    Ok(unsafe { AsyncFd::register_with_interest(listener, Interest::READABLE) }?)
}

/// One listener at work.
struct Door {
    index: usize,
    congestion: Congestion,
    placement: Rc<RefCell<Placement>>,
    census: Arc<Census>,
}

impl Door {
    async fn accept_forever(self, listener: TcpListener) {
        let listener = match watch(listener) {
            Ok(listener) => listener,
            Err(e) => return tracing::error!(error = %e, "a listener cannot be watched, nothing is accepted on it"),
        };
        loop {
            if let Err(e) = self.accept(&listener).await {
                tracing::warn!(error = %e, "a connection could not be accepted");
                tokio::time::sleep(PAUSE_AFTER_ERROR).await;
            }
        }
    }

    async fn accept(&self, listener: &AsyncFd<TcpListener>) -> io::Result<()> {
        let mut ready = listener.readable().await?;
        match ready.try_io(|listener| accept_one(listener.get_ref())) {
            Ok(Ok((stream, peer))) => self.admit(stream, peer),
            Ok(Err(e)) if matches!(e.kind(), ErrorKind::ConnectionAborted | ErrorKind::Interrupted) => {}
            Ok(Err(e)) => return Err(e),
            Err(_would_block) => {}
        }
        Ok(())
    }

    fn admit(&self, stream: TcpStream, peer: SocketAddr) {
        if let Err(error) = self.congestion.settle(&stream, peer) {
            tracing::debug!(%peer, %error, "a connection keeps the congestion control of local ones");
        }
        match self.census.admit(peer.ip()) {
            Ok(seat) => self.placement.borrow_mut().place(Arrival { stream, peer, listener: self.index, seat }),
            Err(full) => tracing::debug!(%peer, reason = %full, "connection refused"),
        }
    }
}

fn accept_one(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    let (fd, peer) = acceptfrom_with(listener, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC)?;
    let peer = peer.and_then(|peer| SocketAddr::try_from(peer).ok()).ok_or(ErrorKind::ConnectionAborted)?;
    Ok((fd.into(), peer))
}

/// Who is connected.
#[derive(Debug)]
pub(crate) struct Census {
    max: usize,
    max_per_ip: usize,
    seats: Mutex<Seats>,
}

#[derive(Debug, Default)]
struct Seats {
    taken: usize,
    by_ip: HashMap<IpAddr, usize>,
}

/// Why a connection is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Full {
    #[error("max.connections is reached")]
    Total,
    #[error("max.connections.per.ip is reached")]
    PerIp,
}

/// The right to be connected, given back when dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    census: Arc<Census>,
    ip: IpAddr,
}

impl Census {
    pub fn new(config: &Config) -> Census {
        Census { max: config.max_connections, max_per_ip: config.max_connections_per_ip, seats: Mutex::default() }
    }

    pub fn admit(self: &Arc<Census>, ip: IpAddr) -> Result<Seat, Full> {
        let mut seats = self.seats();
        if seats.taken >= self.max {
            return Err(Full::Total);
        }
        let here = seats.by_ip.get(&ip).copied().unwrap_or(0);
        if here >= self.max_per_ip {
            return Err(Full::PerIp);
        }
        seats.by_ip.insert(ip, here + 1);
        seats.taken += 1;
        Ok(Seat { census: Arc::clone(self), ip })
    }

    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut seats = self.census.seats();
        seats.taken -= 1;
        if let Some(here) = seats.by_ip.get_mut(&self.ip) {
            *here -= 1;
            if *here == 0 {
                seats.by_ip.remove(&self.ip);
            }
        }
    }
}

#[cfg(test)]
mod tests;
