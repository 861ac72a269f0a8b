//! Reads that wait for the disk, away from the loops: a consumer far behind must not stop those at the end of the log.
//!
//! Before a range of a file leaves by `sendfile`, the loop asks whether it is in the page cache. If it is not, a thread here
//! reads it into the page cache, piece by piece, and the loop serves others meanwhile. Nothing of it is held in the memory
//! of the process, so slow peers and many of them cost none.

use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use host::{File, FileSlice, Pool};

use crate::errands::{ERRANDS_MAX, Errands};

/// What is brought into the page cache before it is sent: enough for few, large, sequential reads, little enough to be there
/// still when it is sent.
pub(crate) const WINDOW_BYTES: u32 = 1 << 20;
/// What one read takes; its only use is to have the kernel read.
const READ_BYTES: usize = 128 << 10;
/// Reads that wait for the disk at one time. Disks take several requests at once.
const THREADS: usize = 4;

/// So many reads in a row that leave nothing in the page cache: on this filesystem (overlayfs, for one) the kernel does not
/// tell what is in it.
const BLIND_AFTER: u32 = 16;

/// The threads, and whether asking is worth anything.
#[derive(Debug)]
pub(crate) struct Lane {
    errands: Errands,
    in_vain: Arc<AtomicU32>,
}

/// Ready when the range is in the page cache, or cannot be.
pub(crate) type Reading = Pin<Box<dyn Future<Output = io::Result<()>>>>;

impl Lane {
    /// Starts them.
    pub fn new() -> io::Result<Lane> {
        let pool = Arc::new(Pool::new("cold", THREADS)?);
        Ok(Lane { errands: Errands::new(&pool, ERRANDS_MAX), in_vain: Arc::default() })
    }

    /// How many bytes of a range have to be read before it is sent. Where the kernel does not tell, none.
    pub fn missing(&self, file: &File, position: u64, len: u32) -> u32 {
        if self.in_vain.load(Relaxed) >= BLIND_AFTER {
            return 0;
        }
        let cached = file.cached_bytes(position, len.into()).unwrap_or(len.into());
        len - u32::try_from(cached).unwrap_or(len).min(len)
    }

    /// Has a range read.
    pub fn read(&self, range: FileSlice) -> Reading {
        let in_vain = Arc::clone(&self.in_vain);
        let reading = self.errands.run(move || {
            let read = read(&range);
            note(&in_vain, range.file.is_cached(range.position, u64::from(range.len)));
            read
        });
        Box::pin(async move { reading.await.unwrap_or_else(|lost| Err(io::Error::other(lost))) })
    }
}

/// Once blind, it stays so: loops ask no more, so that nothing here is read.
fn note(in_vain: &AtomicU32, is_there: bool) {
    if is_there {
        in_vain.store(0, Relaxed);
    } else if in_vain.fetch_add(1, Relaxed) + 1 == BLIND_AFTER {
        tracing::info!(
            "the system does not tell what is in the page cache: reads from the disk wait on the event loops"
        );
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

#[cfg(test)]
mod tests {
    use host::{Disk, Open};

    use super::*;

    #[test]
    fn where_what_was_read_is_never_there_nobody_asks_any_more() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        Disk::real().write_atomic(&path, &[1; 8192]).unwrap();
        let file = Disk::real().open(&path, Open::Read).unwrap();
        let lane = Lane::new().unwrap();
        // No page behind the end of a file is ever in the page cache.
        assert_eq!(lane.missing(&file, 1 << 20, 4096), 4096);
        (1..BLIND_AFTER).for_each(|_| note(&lane.in_vain, false));
        assert_eq!(lane.missing(&file, 1 << 20, 4096), 4096);
        note(&lane.in_vain, true);
        (1..BLIND_AFTER).for_each(|_| note(&lane.in_vain, false));
        assert_eq!(lane.missing(&file, 1 << 20, 4096), 4096);
        note(&lane.in_vain, false);
        assert_eq!(lane.missing(&file, 1 << 20, 4096), 0);
    }
}
