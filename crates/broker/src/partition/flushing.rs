//! Group commit: partitions that have something to be made durable, and the threads that do it.
//!
//! A partition is flushed by one thread at a time. What is appended while a flush runs is covered by the next one, so one
//! `fdatasync` serves every batch that came during the one before.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use host::Pool;

use super::Partition;
use crate::metrics::Metrics;

/// Flushes that run at the same time, over all partitions.
pub const FLUSHES_MAX: usize = 8;

/// Flushes partitions on the threads of a pool, in the order in which they asked. Cloning gives another handle.
#[derive(Clone)]
pub struct Flushing(Arc<Shared>);

struct Shared {
    /// Not owned: the last partition may be dropped on one of its threads, which cannot wait for itself.
    pool: Weak<Pool>,
    metrics: Arc<Metrics>,
    queue: Mutex<Queue>,
}

/// Holds a partition at most once, so it is bounded by their number.
#[derive(Default)]
struct Queue {
    partitions: VecDeque<Arc<Partition>>,
    workers: usize,
}

/// Where a partition is with its flush.
#[derive(Default)]
pub struct FlushState(AtomicU8);

/// Nothing is asked.
const IDLE: u8 = 0;
/// It is in the queue.
const QUEUED: u8 = 1;
/// A thread flushes it.
const RUNNING: u8 = 2;
/// A thread flushes it, and what was asked meanwhile needs another flush.
const RUNNING_AGAIN: u8 = 3;

impl Flushing {
    /// On `pool`, which nobody else fills: whoever asks for a flush must not wait for room. When the caller drops it,
    /// nothing is flushed any more.
    pub fn new(pool: &Arc<Pool>, metrics: Arc<Metrics>) -> Flushing {
        Flushing(Arc::new(Shared { pool: Arc::downgrade(pool), metrics, queue: Mutex::default() }))
    }

    /// Has everything that is in the partition's log now made durable, soon.
    pub fn ask(&self, partition: &Arc<Partition>) {
        if partition.flush_state().ask() {
            self.enqueue(Arc::clone(partition));
        }
    }

    fn enqueue(&self, partition: Arc<Partition>) {
        let Some(pool) = self.0.pool.upgrade() else { return };
        let mut queue = self.0.lock();
        queue.partitions.push_back(partition);
        if queue.workers >= FLUSHES_MAX {
            return;
        }
        queue.workers += 1;
        drop(queue);
        let worker = self.clone();
        pool.run(Box::new(move || worker.work()));
    }

    fn work(&self) {
        let worker = Worker(&self.0);
        while let Some(partition) = worker.0.next() {
            partition.flush_state().begin();
            worker.0.metrics.time_flush(|| partition.flush());
            // To the end of the queue: a busy partition must not keep the others waiting.
            if partition.flush_state().end() {
                self.0.lock().partitions.push_back(partition);
            }
        }
    }
}

/// A thread at work. One that panics makes room for another; the partition's log is out of service then.
struct Worker<'s>(&'s Shared);

impl Drop for Worker<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.lock().workers -= 1;
        }
    }
}

impl Shared {
    /// The partition whose turn it is; without one the worker is gone.
    fn next(&self) -> Option<Arc<Partition>> {
        let mut queue = self.lock();
        let next = queue.partitions.pop_front();
        queue.workers -= usize::from(next.is_none());
        next
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // No flush runs under the lock, so the queue is whole.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FlushState {
    /// Whether the partition has to be put in the queue.
    fn ask(&self) -> bool {
        let asked = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, |state| match state {
            IDLE => Some(QUEUED),
            RUNNING => Some(RUNNING_AGAIN),
            _ => None,
        });
        asked == Ok(IDLE)
    }

    fn begin(&self) {
        self.0.store(RUNNING, Ordering::Release);
    }

    /// Whether the partition has to be put in the queue again.
    fn end(&self) -> bool {
        let left = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, |state| {
            Some(if state == RUNNING_AGAIN { QUEUED } else { IDLE })
        });
        left == Ok(RUNNING_AGAIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_is_queued_once_and_again_for_what_came_during_its_flush() {
        let state = FlushState::default();
        assert_eq!((state.ask(), state.ask()), (true, false));
        state.begin();
        assert_eq!((state.ask(), state.ask()), (false, false));
        assert!(state.end(), "asked meanwhile");
        assert!(!state.ask(), "queued already");
        state.begin();
        assert!(!state.end());
        assert!(state.ask());
    }
}
