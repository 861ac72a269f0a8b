//! The end of a log as readers see it: three numbers that belong together, published without a lock.
//!
//! A sequence lock. The writer makes `sequence` odd, stores the parts and makes it even again. A reader whose two looks at
//! `sequence` differ, or are odd, read parts of two ends and looks again. There is one writer, under the appender's lock.

use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering, fence};

use record::Offset;

/// A place in a log: an offset, and where its bytes begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogPosition {
    /// The offset.
    pub offset: Offset,
    /// The base offset of its segment.
    pub segment: Offset,
    /// Its byte position in that segment.
    pub position: u32,
}

/// A [`LogPosition`] with one writer and many readers.
#[derive(Debug)]
pub struct EndCell {
    sequence: AtomicU64,
    offset: AtomicI64,
    segment: AtomicI64,
    position: AtomicU32,
}

impl EndCell {
    /// A cell that holds `end`.
    pub fn new(end: LogPosition) -> EndCell {
        EndCell {
            sequence: AtomicU64::new(0),
            offset: AtomicI64::new(end.offset.0),
            segment: AtomicI64::new(end.segment.0),
            position: AtomicU32::new(end.position),
        }
    }

    /// Replaces the end. Only one thread may do so at a time.
    pub fn publish(&self, end: LogPosition) {
        let sequence = self.sequence.load(Ordering::Relaxed);
        self.sequence.store(sequence + 1, Ordering::Relaxed);
        fence(Ordering::Release);
        self.offset.store(end.offset.0, Ordering::Relaxed);
        self.segment.store(end.segment.0, Ordering::Relaxed);
        self.position.store(end.position, Ordering::Relaxed);
        self.sequence.store(sequence + 2, Ordering::Release);
    }

    /// The end, as it was at one moment.
    pub fn load(&self) -> LogPosition {
        loop {
            let before = self.sequence.load(Ordering::Acquire);
            let end = LogPosition {
                offset: Offset(self.offset.load(Ordering::Relaxed)),
                segment: Offset(self.segment.load(Ordering::Relaxed)),
                position: self.position.load(Ordering::Relaxed),
            };
            fence(Ordering::Acquire);
            if before % 2 == 0 && self.sequence.load(Ordering::Relaxed) == before {
                return end;
            }
            std::hint::spin_loop();
        }
    }
}
