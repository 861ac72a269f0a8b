//! Fetches that wait for a partition to grow.
//!
//! Parking: register, then look at the end again. Appending: publish the end, then look for waiters. Each side stores
//! before it loads, with a full fence between, so at least one of them sees the other. `wake_at` lets an append that
//! wakes nobody skip the lock.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use net::wake::Wake;
use record::Offset;

use super::bell::Bell;

/// The waiters of one partition.
#[derive(Default)]
pub struct Waiters {
    wake_at: WakeAt,
    parked: Mutex<Parked>,
}

/// The lowest offset somebody waits to see passed; `i64::MAX`: nobody waits.
struct WakeAt(AtomicI64);

#[derive(Default)]
struct Parked {
    next_ticket: u64,
    waiters: HashMap<Ticket, Waiter>,
}

struct Waiter {
    beyond: Offset,
    call: Call,
}

/// How a waiter is told.
enum Call {
    /// A fetch that is parked.
    Wake(Wake),
    /// A place of a fetch session.
    Ring(Arc<Bell>, u32),
}

impl Call {
    fn make(self) {
        match self {
            Call::Wake(wake) => wake.wake(),
            Call::Ring(bell, place) => bell.ring(place),
        }
    }
}

/// Names one registration, to withdraw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ticket(u64);

impl Default for WakeAt {
    fn default() -> Self {
        WakeAt(AtomicI64::new(i64::MAX))
    }
}

impl Waiters {
    /// `wake` is called once when the end passes `beyond`. The caller must look at the end again after this.
    pub fn register(&self, beyond: Offset, wake: Wake) -> Ticket {
        self.add(beyond, Call::Wake(wake))
    }

    /// As [`Waiters::register`]; `bell` is rung once for `place`.
    pub fn register_bell(&self, beyond: Offset, bell: &Arc<Bell>, place: u32) -> Ticket {
        self.add(beyond, Call::Ring(Arc::clone(bell), place))
    }

    fn add(&self, beyond: Offset, call: Call) -> Ticket {
        let mut parked = self.lock();
        let ticket = Ticket(parked.next_ticket);
        parked.next_ticket += 1;
        parked.waiters.insert(ticket, Waiter { beyond, call });
        self.wake_at.0.fetch_min(beyond.0, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        ticket
    }

    /// Forgets a registration; harmless when it was woken already.
    pub fn withdraw(&self, ticket: Ticket) {
        // `wake_at` may now be lower than it has to be, until the next append that takes the lock for nothing mends it.
        self.lock().waiters.remove(&ticket);
    }

    /// Wakes those whom an end of `end` satisfies. The end must have been published before.
    pub fn notify(&self, end: Offset) {
        fence(Ordering::SeqCst);
        if end.0 <= self.wake_at.0.load(Ordering::Relaxed) {
            return;
        }
        let mut parked = self.lock();
        parked.waiters.extract_if(|_, waiter| waiter.beyond < end).for_each(|(_, waiter)| waiter.call.make());
        self.publish(&parked);
    }

    /// Wakes everybody: the partition is going away.
    pub fn notify_all(&self) {
        let mut parked = self.lock();
        parked.waiters.drain().for_each(|(_, waiter)| waiter.call.make());
        self.publish(&parked);
    }

    fn publish(&self, parked: &Parked) {
        let lowest = parked.waiters.values().map(|waiter| waiter.beyond.0).min();
        self.wake_at.0.store(lowest.unwrap_or(i64::MAX), Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Parked> {
        // The lists stay whole whatever panics while they are locked.
        self.parked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
