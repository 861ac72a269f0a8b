//! Many connections that one thread serves: a thread each would cost the machine more than the broker does.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Result, ensure};
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, Event, EventData, EventFlags};
use rustix::fd::OwnedFd;
use rustix::fs::Timespec;
use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};

const READ_AT_ONCE: usize = 64 << 10;
const EVENTS_AT_ONCE: usize = 256;

/// Connections by number.
pub struct Swarm {
    epoll: OwnedFd,
    members: Vec<Member>,
    chunk: Vec<u8>,
}

struct Member {
    socket: TcpStream,
    /// What came of frames that are not whole.
    input: Vec<u8>,
}

impl Swarm {
    /// Opens so many to `HOST:PORT`.
    pub fn open(address: &str, count: usize) -> Result<Swarm> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let mut members = Vec::with_capacity(count);
        for n in 0..count {
            let socket = TcpStream::connect(address)?;
            socket.set_nodelay(true)?;
            epoll::add(&epoll, &socket, EventData::new_u64(n as u64), EventFlags::IN)?;
            members.push(Member { socket, input: Vec::new() });
        }
        Ok(Swarm { epoll, members, chunk: vec![0; READ_AT_ONCE] })
    }

    /// Sends a whole frame.
    pub fn send(&mut self, n: usize, frame: &[u8]) -> Result<()> {
        Ok(self.members[n].socket.write_all(frame)?)
    }

    /// Waits for answers, not longer than `wait`, and hands out each whole one, without its size, with the number of its
    /// connection. What is put into the buffer goes back on that connection.
    pub fn turn(
        &mut self,
        wait: Duration,
        mut each: impl FnMut(usize, &[u8], &mut Vec<u8>) -> Result<()>,
    ) -> Result<()> {
        let mut events: Vec<Event> = Vec::with_capacity(EVENTS_AT_ONCE);
        let wait = Timespec { tv_sec: wait.as_secs() as i64, tv_nsec: wait.subsec_nanos().into() };
        epoll::wait(&self.epoll, spare_capacity(&mut events), Some(&wait))?;
        for event in &events {
            let n = event.data.u64() as usize;
            self.members[n].read(&mut self.chunk)?;
            let mut out = Vec::new();
            self.members[n].frames(|frame| each(n, frame, &mut out))?;
            if !out.is_empty() {
                self.send(n, &out)?;
            }
        }
        Ok(())
    }
}

impl Member {
    fn read(&mut self, chunk: &mut [u8]) -> Result<()> {
        loop {
            match recv(&self.socket, &mut *chunk, RecvFlags::DONTWAIT) {
                Ok((len, _)) => {
                    ensure!(len > 0, "the server closed a connection");
                    self.input.extend_from_slice(&chunk[..len]);
                    if len < chunk.len() {
                        return Ok(());
                    }
                }
                Err(Errno::AGAIN | Errno::INTR) => return Ok(()),
                Err(error) => return Err(std::io::Error::from(error).into()),
            }
        }
    }

    fn frames(&mut self, mut each: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let mut rest = &self.input[..];
        while let Some((size, behind)) = rest.split_first_chunk::<4>() {
            let Some((frame, next)) = behind.split_at_checked(u32::from_be_bytes(*size) as usize) else { break };
            each(frame)?;
            rest = next;
        }
        let taken = self.input.len() - rest.len();
        self.input.drain(..taken);
        Ok(())
    }
}
