//! A fetch from its first look to its answer, and how it waits: for records, or for the disk to tell where they are.
//!
//! On its loop it looks at the page cache alone. What is not there is looked for by a thread that may wait for the disk; so no look
//! of any fetch, the first or a later one, waits on a loop.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use net::{Answer, Errands, Lost, Outbox};
use storage::Patience;
use tokio::time::Sleep;
use wire::ApiKey;

use crate::api::Flow;
use crate::metrics::requests::Waiting;

/// A fetch that can look for its records again and again.
pub trait Fetch: Send + 'static {
    /// What it tells in the end.
    type Reply: Send + 'static;

    /// Looks for its records. When its time `is_up`, whatever there is makes a reply.
    fn look(&self, is_up: bool, patience: Patience) -> Look<Self::Reply>;

    /// Whatever happens to its partitions from now on wakes the task that is polled with `cx`. The caller must look after this.
    fn watch(&mut self, cx: &Context<'_>);

    /// Writes the answer.
    fn answer(&self, reply: Self::Reply, outbox: &mut Outbox);
}

/// What a look comes to.
pub enum Look<R> {
    /// It is time for this.
    Reply(R),
    /// There is not enough to tell yet.
    Nothing,
    /// The disk would have been waited for.
    Cold,
}

/// Answers at once, or waits: for as long as it takes to find out what there is, and for at most `wait` until there is enough.
pub fn go<F: Fetch>(fetch: F, wait: Duration, look_ups: &Errands, outbox: &mut Outbox) -> Flow {
    let is_cold = match fetch.look(wait.is_zero(), Patience::CachedOnly) {
        Look::Reply(reply) => {
            fetch.answer(reply, outbox);
            return Flow::Done;
        }
        Look::Nothing => false,
        Look::Cold => true,
    };
    let (deadline, look_ups) = (Deadline::after(wait), look_ups.clone());
    Flow::Wait(Box::pin(async move {
        match until_told(fetch, is_cold, deadline, look_ups).await {
            Ok((fetch, reply)) => Answer::write(move |outbox| fetch.answer(reply, outbox)),
            Err(lost) => lost.close(),
        }
    }))
}

async fn until_told<F: Fetch>(
    mut fetch: F,
    mut is_cold: bool,
    mut deadline: Deadline,
    look_ups: Errands,
) -> Result<(F, F::Reply), Lost> {
    let mut waiting = None;
    loop {
        if !is_cold {
            waiting.get_or_insert_with(|| Waiting::begin(ApiKey::FETCH));
            let here = poll_fn(|cx| poll_here(&mut fetch, &mut deadline, cx)).await;
            if let Some(reply) = here {
                return Ok((fetch, reply));
            }
        }
        is_cold = false;
        let (noted, is_up) = poll_fn(|cx| Poll::Ready((Noted::of(cx), deadline.is_over(cx)))).await;
        // As here: watch first, look second. What happens meanwhile is noted, and its registration is spent.
        fetch.watch(&Context::from_waker(&Waker::from(Arc::clone(&noted))));
        // In a box of its own: most fetches that wait never need the room.
        let looking = Box::pin(look_ups.run(move || {
            let look = fetch.look(is_up, Patience::Waits);
            (fetch, look)
        }));
        let (back, look) = looking.await?;
        if let Look::Reply(reply) = look {
            return Ok((back, reply));
        }
        fetch = back;
        // What was found there may be out of the page cache again: another look without a reason could go on so for ever.
        poll_fn(|cx| if deadline.is_over(cx) || noted.is_woken() { Poll::Ready(()) } else { Poll::Pending }).await;
    }
}

/// Ready with a reply, or `None` when the disk would have been waited for.
fn poll_here<F: Fetch>(fetch: &mut F, deadline: &mut Deadline, cx: &mut Context<'_>) -> Poll<Option<F::Reply>> {
    let is_up = deadline.is_over(cx);
    if !is_up {
        // Watch first, look second: what happens between the two is seen by one of them.
        fetch.watch(cx);
    }
    match fetch.look(is_up, Patience::CachedOnly) {
        Look::Reply(reply) => Poll::Ready(Some(reply)),
        Look::Cold => Poll::Ready(None),
        Look::Nothing => Poll::Pending,
    }
}

/// When a fetch has waited for long enough.
struct Deadline {
    sleep: Pin<Box<Sleep>>,
    is_over: bool,
}

impl Deadline {
    fn after(wait: Duration) -> Deadline {
        Deadline { sleep: Box::pin(tokio::time::sleep(wait)), is_over: wait.is_zero() }
    }

    /// While it is not, its end wakes the task that is polled with `cx`.
    fn is_over(&mut self, cx: &mut Context<'_>) -> bool {
        self.is_over = self.is_over || self.sleep.as_mut().poll(cx).is_ready();
        self.is_over
    }
}

/// Wakes a task, and remembers that it did: the task may be waiting for something else by then.
struct Noted {
    is_woken: AtomicBool,
    waker: Waker,
}

impl Noted {
    fn of(cx: &Context<'_>) -> Arc<Noted> {
        Arc::new(Noted { is_woken: AtomicBool::new(false), waker: cx.waker().clone() })
    }

    fn is_woken(&self) -> bool {
        self.is_woken.load(Ordering::Acquire)
    }
}

impl Wake for Noted {
    fn wake(self: Arc<Self>) {
        self.is_woken.store(true, Ordering::Release);
        self.waker.wake_by_ref();
    }
}

#[cfg(test)]
mod tests;
