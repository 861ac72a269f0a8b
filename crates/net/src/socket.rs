//! One non-blocking socket on its loop: each method costs the system calls that it names and no speculative ones.
//!
//! Readiness comes edge-triggered from the runtime. A short read or write shows that the socket is drained or full; clearing the readiness
//! then saves the call that would only say `EAGAIN`.

#![expect(clippy::disallowed_types, reason = "this module is part of the door to the network")]

use std::io::{self, ErrorKind, IoSliceMut};
use std::os::fd::{AsFd, BorrowedFd};
use std::task::{Context, Poll, ready};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{RecvFlags, recv};
use tokio::io::Interest;
use tokio::net::TcpStream;

/// One non-blocking socket on its loop.
pub(crate) struct Socket {
    stream: TcpStream,
    /// There may be unread bytes although the readiness was cleared.
    unread: bool,
    /// The peer sends nothing more. It may still read.
    has_finished: bool,
}

impl Socket {
    /// Registers a non-blocking stream with the loop of this thread.
    pub fn new(stream: std::net::TcpStream) -> io::Result<Socket> {
        Ok(Socket { stream: TcpStream::from_std(stream)?, unread: false, has_finished: false })
    }

    /// Fills `first`, then `second`, with one `recv` or `readv`. 0: the peer has closed.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>, first: &mut [u8], second: &mut [u8]) -> Poll<io::Result<usize>> {
        loop {
            if !self.unread {
                ready!(self.stream.poll_read_ready(cx))?;
            }
            match receive(self.stream.as_fd(), first, second) {
                Ok(n) => {
                    self.unread &= n == first.len() + second.len();
                    if n > 0 && n < first.len() + second.len() {
                        self.clear_read_readiness();
                    }
                    return Poll::Ready(Ok(n));
                }
                Err(e) if e.kind() == ErrorKind::WouldBlock => {
                    self.unread = false;
                    self.clear_read_readiness();
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Poll::Ready(Err(e)),
            }
        }
    }

    /// Ready when the connection is gone. Costs one `poll` when something arrived, else nothing. After a peer has finished
    /// sending nothing more is heard of it until something is sent to it: see [`Socket::has_finished`].
    pub fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while !self.has_finished
            && let Poll::Ready(ready) = self.stream.poll_read_ready(cx)
        {
            let seen = self.poll_now();
            if ready.is_err() || seen.intersects(PollFlags::HUP | PollFlags::ERR) {
                return Poll::Ready(());
            }
            // Bytes arrived that cannot be read now, or the end of them; only a later event is news.
            self.unread = true;
            self.has_finished = seen.contains(PollFlags::RDHUP);
            self.clear_read_readiness();
        }
        Poll::Pending
    }

    /// Whether the peer was seen to have finished sending. Whether it still reads cannot be told: one that has closed looks
    /// the same as one that waits for its answer.
    pub fn has_finished(&self) -> bool {
        self.has_finished
    }

    /// Runs `send` when the socket takes bytes, until it says that it is done or pauses, or the socket takes no more.
    pub fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        mut send: impl FnMut(BorrowedFd<'_>) -> io::Result<Sent>,
    ) -> Poll<io::Result<()>> {
        loop {
            ready!(self.stream.poll_write_ready(cx))?;
            let attempt = self.stream.try_io(Interest::WRITABLE, || {
                loop {
                    match send(self.stream.as_fd()) {
                        Ok(Sent::Whole) => {}
                        Ok(end @ (Sent::Nothing | Sent::Pause | Sent::Cold)) => return Ok(end),
                        Ok(Sent::Part) => return Err(ErrorKind::WouldBlock.into()),
                        Err(e) if e.kind() == ErrorKind::Interrupted => {}
                        Err(e) => return Err(e),
                    }
                }
            });
            match attempt {
                Ok(Sent::Pause) => {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Err(e) if e.kind() == ErrorKind::WouldBlock => {}
                done => return Poll::Ready(done.map(drop)),
            }
        }
    }

    /// What the system says of the connection now; an error of the call is one of the connection.
    fn poll_now(&self) -> PollFlags {
        let mut fds = [PollFd::new(&self.stream, PollFlags::RDHUP)];
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        poll(&mut fds, Some(&now)).map_or(PollFlags::ERR, |_| fds[0].revents())
    }

    fn clear_read_readiness(&self) {
        let _: io::Result<()> = self.stream.try_io(Interest::READABLE, || Err(ErrorKind::WouldBlock.into()));
    }
}

/// What a call that sends came to.
pub(crate) enum Sent {
    /// All that was offered; call again for what follows.
    Whole,
    /// Less than was offered: the socket is full.
    Part,
    /// Enough for now: other tasks get their turn first.
    Pause,
    /// There was nothing to send.
    Nothing,
    /// What follows is not in the page cache.
    Cold,
}

fn receive(fd: BorrowedFd<'_>, first: &mut [u8], second: &mut [u8]) -> io::Result<usize> {
    if first.is_empty() {
        return Ok(recv(fd, second, RecvFlags::empty())?.0);
    }
    Ok(rustix::io::readv(fd, &mut [IoSliceMut::new(first), IoSliceMut::new(second)])?)
}
