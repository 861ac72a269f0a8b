//! Where the log ends, published by the writer for readers that take no lock.

use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering, fence};

use record::Offset;

/// A place between two batches of a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogPosition {
    /// The offset of the record that follows.
    pub offset: Offset,
    /// The base offset of the segment.
    pub segment: Offset,
    /// The bytes of that segment before this place.
    pub position: u32,
}

/// A [`LogPosition`] that one thread stores and many load, as a sequence lock: a load that overlaps a store is made
/// again, so its three parts always belong together.
///
/// What the writer wrote to the files before a store is there for whoever loads the stored value.
#[derive(Debug)]
pub(crate) struct EndCell {
    /// Odd while a store is under way.
    version: AtomicU64,
    offset: AtomicI64,
    segment: AtomicI64,
    position: AtomicU32,
}

impl EndCell {
    pub(crate) fn new(end: LogPosition) -> EndCell {
        EndCell {
            version: AtomicU64::new(0),
            offset: AtomicI64::new(end.offset.0),
            segment: AtomicI64::new(end.segment.0),
            position: AtomicU32::new(end.position),
        }
    }

    pub(crate) fn load(&self) -> LogPosition {
        loop {
            let before = self.version.load(Ordering::Acquire);
            let end = LogPosition {
                offset: Offset(self.offset.load(Ordering::Relaxed)),
                segment: Offset(self.segment.load(Ordering::Relaxed)),
                position: self.position.load(Ordering::Relaxed),
            };
            fence(Ordering::Acquire);
            if before.is_multiple_of(2) && self.version.load(Ordering::Relaxed) == before {
                return end;
            }
            std::hint::spin_loop();
        }
    }

    /// Only the owner of the [`crate::Log`] calls this, so stores never overlap.
    pub(crate) fn store(&self, end: LogPosition) {
        let version = self.version.load(Ordering::Relaxed);
        self.version.store(version + 1, Ordering::Relaxed);
        fence(Ordering::Release);
        self.offset.store(end.offset.0, Ordering::Relaxed);
        self.segment.store(end.segment.0, Ordering::Relaxed);
        self.position.store(end.position, Ordering::Relaxed);
        self.version.store(version + 2, Ordering::Release);
    }
}

#[cfg(test)]
mod tests;
