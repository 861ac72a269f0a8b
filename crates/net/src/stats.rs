//! Counters of one loop.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A count that one loop adds to and anyone reads.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// The count now.
    pub fn value(&self) -> u64 {
        self.0.load(Relaxed)
    }

    /// Adds. One thread at a time may do so, usually the owning loop, so a load and a store suffice: no locked instruction in
    /// the hot path. What two threads add at once may be lost.
    #[inline]
    pub fn add(&self, n: u64) {
        self.0.store(self.0.load(Relaxed).wrapping_add(n), Relaxed);
    }
}

/// What one loop has done since it started.
#[derive(Debug, Default)]
pub struct LoopStats {
    /// Connections adopted.
    pub connections_opened: Counter,
    /// Connections ended.
    pub connections_closed: Counter,
    /// Request frames handed to the service.
    pub frames: Counter,
    /// Bytes received.
    pub bytes_in: Counter,
    /// Bytes sent, those by sendfile included.
    pub bytes_out: Counter,
    /// Bytes that went from the page cache to the socket by sendfile.
    pub bytes_by_sendfile: Counter,
    /// Bytes that had to be read from the disk before they were sent.
    pub bytes_cold: Counter,
    /// Calls of [`Service::turn`](crate::Service::turn).
    pub turns: Counter,
    /// Tasks of this loop that other threads woke.
    pub wakes_from_outside: Counter,
    /// Pings that it answered: it turns.
    pub pongs: Counter,
    /// Batches in which those wakes and adopted connections came: the number of eventfd writes they cost is at most this.
    pub inbox_batches: Counter,
}
