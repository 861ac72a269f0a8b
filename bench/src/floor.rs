//! The floor: the least that a server with one log can do in Kafka's protocol. One thread takes frames apart, checks the
//! checksum of each batch, sets its offset, appends what one read brought with one write, acknowledges it with one send,
//! and answers fetches with `sendfile`, late ones when something was appended. It knows one topic of one partition
//! (creating and deleting one empties the log), keeps no metadata and no state of producers: what a broker costs above this is its own doing.

mod connection;
mod log;
mod requests;

use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use rustix::event::epoll;

use connection::{Connection, Progress};
use log::Log;

const LISTENER: u64 = u64::MAX;

/// Serves until it is killed.
pub fn run(listen: &str, file: &Path) -> Result<()> {
    let listener = TcpListener::bind(listen).with_context(|| format!("cannot listen on {listen}"))?;
    listener.set_nonblocking(true)?;
    println!("ready on {}", listener.local_addr()?);
    let mut floor = Floor {
        epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?,
        log: Log::create(file)?,
        connections: Vec::new(),
        waiting: Vec::new(),
    };
    epoll::add(&floor.epoll, &listener, epoll::EventData::new_u64(LISTENER), epoll::EventFlags::IN)?;
    let mut events = Vec::with_capacity(256);
    loop {
        events.clear();
        epoll::wait(&floor.epoll, rustix::buffer::spare_capacity(&mut events), None)?;
        let end = floor.log.end_offset();
        for event in &events {
            match event.data.u64() {
                LISTENER => floor.accept(&listener)?,
                id => floor.turn(id as usize, event.flags)?,
            }
        }
        if floor.log.end_offset() != end {
            floor.wake()?;
        }
    }
}

struct Floor {
    epoll: rustix::fd::OwnedFd,
    log: Log,
    /// By descriptor.
    connections: Vec<Option<Connection>>,
    /// Those whose fetch waits for records.
    waiting: Vec<usize>,
}

impl Floor {
    fn accept(&mut self, listener: &TcpListener) -> Result<()> {
        while let Ok((stream, _)) = listener.accept() {
            stream.set_nonblocking(true)?;
            stream.set_nodelay(true)?;
            let id = stream.as_raw_fd() as usize;
            epoll::add(&self.epoll, &stream, epoll::EventData::new_u64(id as u64), epoll::EventFlags::IN)?;
            self.connections.resize_with(self.connections.len().max(id + 1), || None);
            self.connections[id] = Some(Connection::new(stream));
        }
        Ok(())
    }

    fn turn(&mut self, id: usize, flags: epoll::EventFlags) -> Result<()> {
        let Some(connection) = self.connections[id].as_mut() else { return Ok(()) };
        let mut progress = Progress::Idle;
        if flags.contains(epoll::EventFlags::OUT) {
            progress = connection.flush(&self.log)?;
        }
        if flags.intersects(epoll::EventFlags::IN | epoll::EventFlags::HUP | epoll::EventFlags::ERR) {
            progress = connection.serve(&mut self.log)?;
        }
        self.follow(id, progress)
    }

    /// Answers the fetches that waited for what has just been appended.
    fn wake(&mut self) -> Result<()> {
        let mut waiting = std::mem::take(&mut self.waiting);
        for id in waiting.drain(..) {
            let Some(connection) = self.connections[id].as_mut() else { continue };
            let progress = connection.wake(&self.log)?;
            self.follow(id, progress)?;
        }
        if self.waiting.is_empty() {
            self.waiting = waiting;
        }
        Ok(())
    }

    fn follow(&mut self, id: usize, progress: Progress) -> Result<()> {
        let Some(connection) = self.connections[id].as_mut() else { return Ok(()) };
        match progress {
            Progress::Closed => self.connections[id] = None,
            Progress::Blocked => interest(&self.epoll, connection, id, true)?,
            Progress::Waiting | Progress::Idle => interest(&self.epoll, connection, id, false)?,
        }
        if matches!(progress, Progress::Waiting) {
            self.waiting.push(id);
        }
        Ok(())
    }
}

/// Asks to be told when the socket takes bytes again, or not any more.
fn interest(epoll: &rustix::fd::OwnedFd, connection: &mut Connection, id: usize, blocked: bool) -> Result<()> {
    if std::mem::replace(&mut connection.is_blocked, blocked) != blocked {
        let out = if blocked { epoll::EventFlags::OUT } else { epoll::EventFlags::empty() };
        let stream: &TcpStream = connection.stream();
        epoll::modify(epoll, stream, epoll::EventData::new_u64(id as u64), epoll::EventFlags::IN | out)?;
    }
    Ok(())
}
