//! Requests that are answered later: when what was appended is committed, or when a later step answers them.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use coordinator::{Answer, Ticket};
use net::wake::Wake;
use record::Offset;
use tokio::time::Instant;
use wire::ErrorCode;

use super::place::Place;
use crate::partition::Ticket as SyncTicket;

/// What a step came to, and what it has to wait for.
pub struct Ran<T> {
    /// What the step gave.
    pub value: T,
    /// `None` when everything that it depends on is committed.
    pub commit: Option<Commit>,
}

/// Something was appended and counts when it is committed.
pub struct Commit {
    place: Arc<Place>,
    /// The loading of the shard that it belongs to.
    load: u64,
    until: Offset,
}

impl Commit {
    /// What was appended up to `until` by the shard of this `load`.
    pub fn new(place: Arc<Place>, load: u64, until: Offset) -> Commit {
        Commit { place, load, until }
    }

    /// Waits until it is committed, or will never be.
    ///
    /// # Errors
    /// What the client is told: NOT_COORDINATOR when it will never be, COORDINATOR_NOT_AVAILABLE when it was not within
    /// `offsets.commit.timeout.ms`.
    pub async fn wait(self) -> Result<(), ErrorCode> {
        let deadline = self.deadline();
        self.wait_until(deadline).await
    }

    /// When who begins to wait now has waited for `offsets.commit.timeout.ms`.
    pub fn deadline(&self) -> Instant {
        Instant::now() + self.place.commit_timeout()
    }

    /// As [`Commit::wait`], until then.
    ///
    /// # Errors
    /// As [`Commit::wait`].
    pub async fn wait_until(self, deadline: Instant) -> Result<(), ErrorCode> {
        let durable = Durable { commit: &self, ticket: None };
        tokio::time::timeout_at(deadline, durable).await.unwrap_or(Err(ErrorCode::COORDINATOR_NOT_AVAILABLE))
    }

    fn look(&self) -> Option<Result<(), ErrorCode>> {
        self.place.durability(self.load, self.until)
    }
}

/// Ready when the disk has it, or has refused it.
struct Durable<'c> {
    commit: &'c Commit,
    ticket: Option<SyncTicket>,
}

impl Future for Durable<'_> {
    type Output = Result<(), ErrorCode>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.withdraw();
        // Register first, look second: a flush that ends between the two is seen by one of them. A waiter is woken when the
        // end has passed its offset.
        let beyond = Offset(self.commit.until.0 - 1);
        self.ticket = Some(self.commit.place.partition().synced().register(beyond, Wake::of(cx)));
        match self.commit.look() {
            Some(result) => Poll::Ready(result),
            None => Poll::Pending,
        }
    }
}

impl Durable<'_> {
    fn withdraw(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.commit.place.partition().synced().withdraw(ticket);
        }
    }
}

impl Drop for Durable<'_> {
    fn drop(&mut self) {
        self.withdraw();
    }
}

/// Where the answer to one request that waits is laid down. The request may be gone.
#[derive(Default)]
pub struct Slot(Mutex<Laid>);

#[derive(Default)]
struct Laid {
    answer: Option<Result<Ran<Answer>, ErrorCode>>,
    wake: Option<Wake>,
}

impl Slot {
    /// Answers, and wakes who waits.
    pub fn fill(&self, answer: Result<Ran<Answer>, ErrorCode>) {
        let mut laid = self.lock();
        laid.answer = Some(answer);
        let wake = laid.wake.take();
        drop(laid);
        wake.into_iter().for_each(Wake::wake);
    }

    fn take(&self) -> Option<Result<Ran<Answer>, ErrorCode>> {
        self.lock().answer.take()
    }

    fn poll(&self, cx: &Context<'_>) -> Poll<Result<Ran<Answer>, ErrorCode>> {
        let mut laid = self.lock();
        match laid.answer.take() {
            Some(answer) => Poll::Ready(answer),
            None => {
                laid.wake = Some(Wake::of(cx));
                Poll::Pending
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Laid> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that some step answers. Dropping it, with its connection, takes it back.
pub struct Waiting {
    place: Arc<Place>,
    ticket: Ticket,
    slot: Arc<Slot>,
}

impl Waiting {
    /// The request with this ticket, whose answer will lie in `slot`.
    pub fn new(place: Arc<Place>, ticket: Ticket, slot: Arc<Slot>) -> Waiting {
        Waiting { place, ticket, slot }
    }

    /// The answer, if the step that asked gave it already.
    pub fn at_once(&self) -> Option<Result<Ran<Answer>, ErrorCode>> {
        self.slot.take()
    }

    /// The answer, when it is there and what it depends on is committed.
    ///
    /// # Errors
    /// There will be none: what the client is told.
    pub async fn answer(self) -> Result<Answer, ErrorCode> {
        let ran = poll_fn(|cx| self.slot.poll(cx)).await?;
        match ran.commit {
            Some(commit) => commit.wait().await.map(|()| ran.value),
            None => Ok(ran.value),
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.place.forget(self.ticket);
    }
}
