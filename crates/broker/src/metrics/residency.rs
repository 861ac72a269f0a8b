//! How much of each log is in the page cache. The kernel is asked by the thread that answers a scrape, and by no other.
//!
//! The kernel's work grows with the segments and with the pages that it finds, so a scrape spends only so much time on it.
//! What it does not reach keeps what an earlier one found, and the next scrape begins there.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use storage::LogReader;

use super::Metrics;
use crate::partition::Partition;

/// What one scrape spends on asking, in all but one partition.
const PER_SCRAPE: Duration = Duration::from_millis(100);

/// How much of one log was in the page cache when that was asked last.
#[derive(Debug)]
pub struct CachedBytes(AtomicI64);

impl Default for CachedBytes {
    fn default() -> CachedBytes {
        CachedBytes(AtomicI64::new(UNKNOWN))
    }
}

const UNKNOWN: i64 = -1;

impl CachedBytes {
    /// `None` before it was asked, and where the system does not tell.
    pub fn known(&self) -> Option<u64> {
        u64::try_from(self.0.load(Relaxed)).ok()
    }

    fn ask(&self, reader: &LogReader) {
        // A scrape is no place to tell of errors: who reads the log will.
        let bytes = reader.cached_bytes().ok().flatten();
        self.0.store(bytes.and_then(|bytes| i64::try_from(bytes).ok()).unwrap_or(UNKNOWN), Relaxed);
    }
}

/// Where the next scrape begins: a place among the partitions, about the same from one scrape to the next.
#[derive(Debug, Default)]
pub(super) struct Turn(AtomicUsize);

impl Metrics {
    /// Asks what is in the page cache of one partition after the other until time is up.
    pub(super) fn ask_page_cache<'p>(&self, partitions: impl ExactSizeIterator<Item = &'p Partition> + Clone) {
        let deadline = self.clock.monotonic() + PER_SCRAPE;
        let ask = |one: &Partition| one.cached().ask(one.reader());
        self.residency_turn.go_round(partitions, ask, || self.clock.monotonic() >= deadline);
    }
}

impl Turn {
    /// Takes at least one, and none twice.
    fn go_round<T>(&self, all: impl ExactSizeIterator<Item = T> + Clone, ask: impl Fn(T), is_over: impl Fn() -> bool) {
        let count = all.len();
        let first = self.0.load(Relaxed).checked_rem(count).unwrap_or(0);
        let mut asked = 0;
        for one in all.clone().skip(first).chain(all.take(first)) {
            ask(one);
            asked += 1;
            if is_over() {
                break;
            }
        }
        self.0.store(first + asked, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;

    #[test]
    fn a_scrape_begins_where_the_last_one_stopped_and_asks_nobody_twice() {
        let turn = Turn::default();
        let round = |count: usize, patience: u32| {
            let (asked, left) = (RefCell::new(Vec::new()), Cell::new(patience));
            let is_over = || {
                left.set(left.get().saturating_sub(1));
                left.get() == 0
            };
            turn.go_round(0..count, |one| asked.borrow_mut().push(one), is_over);
            asked.into_inner()
        };
        assert_eq!(round(5, 2), [0, 1]);
        assert_eq!(round(5, 2), [2, 3]);
        assert_eq!(round(5, 100), [4, 0, 1, 2, 3]);
        assert_eq!(round(5, 0), [4], "at least one");
        assert_eq!(round(3, 1), [2], "fewer than there were");
        assert_eq!(round(0, 1), [0_usize; 0]);
    }
}
