//! Waking a task of another loop through that loop's inbox.
//!
//! Within one loop a wake is a push to the runtime's own queue. From outside, every `Waker::wake` would write the runtime's
//! eventfd (about 1 us here and a wake-up there); the inbox gathers them so that only the first of a batch does.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::sync::oneshot;

use crate::listener::{Acceptors, Arrival};

thread_local! {
    /// The inbox of the loop that runs on this thread.
    static CURRENT: RefCell<Option<Arc<Inbox>>> = const { RefCell::new(None) };
}

/// A waker that remembers the loop it was made on.
#[derive(Debug)]
pub struct Wake {
    waker: Waker,
    home: Option<Arc<Inbox>>,
}

impl Wake {
    /// Wakes the task that is being polled with `cx`. On a thread without a loop it is the plain waker.
    pub fn of(cx: &Context<'_>) -> Wake {
        Wake { waker: cx.waker().clone(), home: CURRENT.with_borrow(Clone::clone) }
    }

    /// Whether this wakes the task that is being polled with `cx`.
    pub fn will_wake(&self, cx: &Context<'_>) -> bool {
        self.waker.will_wake(cx.waker())
    }

    /// Wakes the task, from any thread.
    pub fn wake(self) {
        match self.home {
            Some(home) if !home.is_current() => home.post(|mail| mail.wakes.push(self.waker)),
            _ => self.waker.wake(),
        }
    }
}

/// What other threads ask of a loop.
#[derive(Debug, Default)]
pub(crate) struct Inbox(Mutex<Queue>);

#[derive(Debug, Default)]
struct Queue {
    mail: Mail,
    /// True from the first post until the loop takes the mail; only the false -> true edge wakes the loop.
    pending: bool,
    reader: Option<Waker>,
    /// The loop has ended.
    is_closed: bool,
}

/// One batch of requests to a loop.
#[derive(Debug, Default)]
pub(crate) struct Mail {
    pub wakes: Vec<Waker>,
    pub arrivals: Vec<Arrival>,
    pub acceptors: Option<Acceptors>,
    pub order: Option<Order>,
    /// Answered when the mail is read: the loop turns.
    pub pings: Vec<oneshot::Sender<()>>,
}

/// How a loop is told to end. A later order replaces an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Finish the answers in flight, then end.
    Drain,
    /// End now.
    Halt,
}

impl Inbox {
    /// Makes this the inbox of the loop on the calling thread.
    pub fn install(self: &Arc<Inbox>) {
        CURRENT.set(Some(Arc::clone(self)));
    }

    fn is_current(&self) -> bool {
        CURRENT.with_borrow(|current| current.as_ref().is_some_and(|c| std::ptr::eq(&**c, self)))
    }

    /// Nobody reads it from now on: what lies in it and what comes later is dropped.
    pub fn close(&self) {
        let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        queue.is_closed = true;
        let left = (std::mem::take(&mut queue.mail), queue.reader.take());
        drop(queue);
        drop(left);
    }

    /// Adds to the mail and wakes the loop if it was not about to look.
    pub fn post(&self, add: impl FnOnce(&mut Mail)) {
        let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.is_closed {
            drop(queue);
            add(&mut Mail::default());
            return;
        }
        add(&mut queue.mail);
        if queue.pending {
            return;
        }
        queue.pending = true;
        let reader = queue.reader.clone();
        drop(queue);
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    /// Swaps the waiting mail into `mail`, which must be empty; its vectors' memory is used again.
    pub fn poll_take(&self, cx: &Context<'_>, mail: &mut Mail) -> Poll<()> {
        let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !queue.pending {
            if !queue.reader.as_ref().is_some_and(|reader| reader.will_wake(cx.waker())) {
                queue.reader = Some(cx.waker().clone());
            }
            return Poll::Pending;
        }
        queue.pending = false;
        std::mem::swap(&mut queue.mail, mail);
        Poll::Ready(())
    }
}
