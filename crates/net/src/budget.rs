//! The memory that partial frames of all loops may hold together.
//!
//! While there is some left, taking it is one atomic operation. When there is none, frames that want to grow queue by age, and the
//! oldest gets the *lane*: it may exceed the budget until it is complete, so that there is always progress and never more than
//! one frame beyond the budget. (Bytes that were received anyway, a small amount per connection, are charged without asking.)

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use crate::wake::Wake;

/// The memory that partial frames of all loops may hold together.
#[derive(Debug)]
pub(crate) struct Budget {
    free: AtomicI64,
    arrivals: AtomicU64,
    /// Whether frames queue.
    short: AtomicBool,
    queue: Mutex<Queue>,
}

/// When a frame first asked for memory; smaller is older.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Age(u64);

#[derive(Debug, Default)]
struct Queue {
    waiting: BTreeMap<Age, Option<Wake>>,
    lane: Option<Age>,
}

impl Budget {
    pub fn new(bytes: u64) -> Budget {
        Budget {
            free: AtomicI64::new(i64::try_from(bytes).unwrap_or(i64::MAX)),
            arrivals: AtomicU64::new(0),
            short: AtomicBool::new(false),
            queue: Mutex::default(),
        }
    }

    /// The age of a frame that begins now.
    pub fn age(&self) -> Age {
        Age(self.arrivals.fetch_add(1, Ordering::Relaxed))
    }

    /// Whether frames wait for memory.
    pub fn is_short(&self) -> bool {
        self.short.load(Ordering::Relaxed)
    }

    /// Bytes left; negative when more was charged than there is.
    #[cfg(test)]
    pub fn free(&self) -> i64 {
        self.free.load(Ordering::Relaxed)
    }

    /// Takes `bytes` without asking: they have arrived and must be kept.
    pub fn charge(&self, bytes: usize) {
        self.free.fetch_sub(bytes as i64, Ordering::AcqRel);
    }

    /// Returns `bytes`.
    pub fn release(&self, bytes: usize) {
        self.free.fetch_add(bytes as i64, Ordering::SeqCst);
        if self.short.load(Ordering::SeqCst) {
            self.queue().wake_oldest();
        }
    }

    /// Takes `bytes` for the frame of this age when they are there or the frame has the lane; otherwise queues it.
    /// [`Budget::leave`] must follow when the frame is complete or given up.
    pub fn poll_take(&self, age: Age, bytes: usize, cx: &Context<'_>) -> Poll<()> {
        if !self.is_short() && self.try_take(bytes) {
            return Poll::Ready(());
        }
        let mut queue = self.queue();
        // Announced before the second look, so that a release in between is either seen here or wakes the queue.
        self.short.store(true, Ordering::SeqCst);
        queue.waiting.insert(age, Some(Wake::of(cx)));
        let oldest = queue.waiting.first_key_value().is_some_and(|(&first, _)| first == age);
        let may_exceed = queue.lane.map_or(oldest, |holder| holder == age);
        if (oldest || may_exceed) && self.try_take(bytes) {
            self.unqueue(&mut queue, age);
            return Poll::Ready(());
        }
        if !may_exceed {
            return Poll::Pending;
        }
        queue.lane = Some(age);
        self.charge(bytes);
        self.unqueue(&mut queue, age);
        Poll::Ready(())
    }

    /// The frame of this age is complete or given up.
    pub fn leave(&self, age: Age) {
        if !self.is_short() {
            return;
        }
        let mut queue = self.queue();
        if queue.lane == Some(age) {
            queue.lane = None;
        }
        self.unqueue(&mut queue, age);
    }

    /// Removes a frame from the queue and lets the next oldest look again.
    fn unqueue(&self, queue: &mut Queue, age: Age) {
        queue.waiting.remove(&age);
        queue.wake_oldest();
        self.short.store(queue.lane.is_some() || !queue.waiting.is_empty(), Ordering::SeqCst);
    }

    fn try_take(&self, bytes: usize) -> bool {
        let bytes = bytes as i64;
        let take = |free: i64| (free >= bytes).then(|| free - bytes);
        self.free.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_ok()
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// Each waker is used once; the woken frame queues again with a new one if it still has to wait.
    fn wake_oldest(&mut self) {
        if let Some(wake) = self.waiting.first_entry().and_then(|mut oldest| oldest.get_mut().take()) {
            wake.wake();
        }
    }
}

#[cfg(test)]
mod tests;
