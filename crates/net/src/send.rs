//! Sending an outbox: encoded bytes by `send`, large bodies by `sendfile`, in order.

use std::io::{self, ErrorKind};
use std::os::fd::BorrowedFd;
use std::task::{Context, Poll};

use rustix::net::SendFlags;

use crate::cold::Lane;
use crate::outbox::{Outbox, Segment};
use crate::socket::{Sent, Socket};
use crate::stats::LoopStats;

/// What one connection may send before the other tasks of its loop get their turn; about half a millisecond.
const BYTES_PER_POLL: u64 = 4 << 20;

/// Sends until the outbox is empty, or what follows has to be read from the disk first. `progress` is called whenever the peer took bytes.
pub(crate) fn poll_flush(
    socket: &mut Socket,
    outbox: &mut Outbox,
    lane: &Lane,
    stats: &LoopStats,
    cx: &mut Context<'_>,
    progress: impl Fn(),
) -> Poll<io::Result<()>> {
    let start = stats.bytes_out.value();
    socket.poll_send(cx, |fd| {
        if stats.bytes_out.value() - start > BYTES_PER_POLL {
            return Ok(Sent::Pause);
        }
        let sent = send_segment(fd, outbox, lane, stats)?;
        progress();
        Ok(sent)
    })
}

fn send_segment(fd: BorrowedFd<'_>, outbox: &mut Outbox, lane: &Lane, stats: &LoopStats) -> io::Result<Sent> {
    let is_cold = outbox.is_cold(lane);
    match outbox.segment() {
        None => Ok(Sent::Nothing),
        Some(Segment::Bytes { bytes, more }) => {
            // MSG_MORE lets the head share a packet with the body that follows, if that does not wait for the disk.
            let flags = if more && !is_cold { SendFlags::NOSIGNAL | SendFlags::MORE } else { SendFlags::NOSIGNAL };
            let offered = bytes.len();
            let n = rustix::net::send(fd, bytes, flags)?;
            outbox.sent_bytes(n);
            stats.bytes_out.add(n as u64);
            Ok(if n == offered { Sent::Whole } else { Sent::Part })
        }
        Some(Segment::File(_)) if is_cold => Ok(Sent::Cold),
        Some(Segment::File(slice)) => {
            let file = slice.file.fd().expect("a file without descriptor is copied");
            let mut position = slice.position;
            let n = rustix::fs::sendfile(fd, file, Some(&mut position), outbox.warm_len() as usize)?;
            if n == 0 {
                return Err(io::Error::new(ErrorKind::UnexpectedEof, "the file is shorter than the answer promised"));
            }
            outbox.sent_file(n as u32);
            stats.bytes_out.add(n as u64);
            stats.bytes_by_sendfile.add(n as u64);
            // A short count may also mean that the file ended; unlike with `send`, only another call can tell.
            Ok(Sent::Whole)
        }
    }
}
