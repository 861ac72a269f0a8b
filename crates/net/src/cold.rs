//! Reads that wait for the disk, away from the loops: a consumer far behind must not stop those at the end of the log.
//!
//! Before a range of a file leaves by `sendfile`, the loop asks whether it is in the page cache. If it is not, a thread here
//! reads it into the page cache, piece by piece, and the loop serves others meanwhile. Nothing of it is held in the memory
//! of the process, so slow peers and many of them cost none.

use std::cell::RefCell;
use std::io;

use host::{FileSlice, Pool};
use tokio::sync::oneshot;

/// What is brought into the page cache before it is sent: enough for few, large, sequential reads, little enough to be there
/// still when it is sent.
pub(crate) const WINDOW_BYTES: u32 = 1 << 20;
/// What one read takes; its only use is to have the kernel read.
const READ_BYTES: usize = 128 << 10;
/// Reads that wait for the disk at one time. Disks take several requests at once.
const THREADS: usize = 4;

/// The threads.
#[derive(Debug)]
pub(crate) struct Lane(Pool);

/// Ready when the range is in the page cache, or cannot be.
pub(crate) type Reading = oneshot::Receiver<io::Result<()>>;

impl Lane {
    /// Starts them.
    pub fn new() -> io::Result<Lane> {
        Ok(Lane(Pool::new("cold", THREADS)?))
    }

    /// Has a range read.
    pub fn read(&self, range: FileSlice) -> Reading {
        let (done, reading) = oneshot::channel();
        self.0.run(Box::new(move || {
            // Nothing is read for a connection that is gone.
            if !done.is_closed() {
                let _ = done.send(read(&range));
            }
        }));
        reading
    }
}

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

fn read(range: &FileSlice) -> io::Result<()> {
    BUFFER.with_borrow_mut(|buffer| {
        buffer.resize(READ_BYTES, 0);
        let (mut position, end) = (range.position, range.position + u64::from(range.len));
        while position < end {
            let piece = (end - position).min(READ_BYTES as u64) as usize;
            range.file.read_exact_at(&mut buffer[..piece], position)?;
            position += piece as u64;
        }
        Ok(())
    })
}
