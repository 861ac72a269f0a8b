//! A fetch that waits for records.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use host::Pool;
use net::wake::Wake;
use net::{Answer, Outbox};
use storage::Patience;
use tokio::time::Sleep;
use wire::ApiKey;

use super::look_ups;
use super::plan::{Found, Plan};
use crate::api::Flow;
use crate::metrics::requests::Waiting;
use crate::partition::{Partition, Ticket};

/// Waits until the plan finds enough, or `wait` is over; then answers with what there is.
pub fn until_ready(plan: Plan, wait: Duration) -> Flow {
    let parked = Parked::new(plan, Box::pin(tokio::time::sleep(wait)));
    Flow::wait(async move {
        let (plan, found) = parked.await;
        move |outbox: &mut Outbox| plan.answer(&found, outbox)
    })
}

/// As [`until_ready`], of a plan that needs the disk to find where its records are: it looks on a thread that may wait.
pub fn after_look_up(pool: &Pool, plan: Plan, wait: Duration) -> Flow {
    let deadline = Box::pin(tokio::time::sleep(wait));
    let looking = look_ups::elsewhere(pool, move || {
        let found = plan.read(Patience::Waits);
        (plan, found)
    });
    Flow::Wait(Box::pin(async move {
        let Some((plan, found)) = looking.await else { return look_ups::lost() };
        let (plan, found) = match found.must_answer(&plan) || wait.is_zero() || deadline.is_elapsed() {
            true => (plan, found),
            false => Parked::new(plan, deadline).await,
        };
        Answer::write(move |outbox| plan.answer(&found, outbox))
    }))
}

/// Registered with every partition of its plan while it waits.
struct Parked {
    /// Taken when it is ready.
    plan: Option<Plan>,
    deadline: Pin<Box<Sleep>>,
    tickets: Vec<(Arc<Partition>, Ticket)>,
    _waiting: Waiting,
}

impl Future for Parked {
    type Output = (Plan, Found);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let expired = self.deadline.as_mut().poll(cx).is_ready();
        self.withdraw();
        let plan = self.plan.take().expect("a future is not polled after it was ready");
        if !expired {
            // Register first, look second: an append between the two is seen by one of them.
            self.register(&plan, cx);
        }
        // What is new is in the page cache, and what was there before was looked up already.
        let found = plan.read(Patience::Waits);
        if expired || found.must_answer(&plan) {
            return Poll::Ready((plan, found));
        }
        self.plan = Some(plan);
        Poll::Pending
    }
}

impl Parked {
    fn new(plan: Plan, deadline: Pin<Box<Sleep>>) -> Parked {
        let waiting = Waiting::begin(ApiKey::FETCH);
        Parked { plan: Some(plan), deadline, tickets: Vec::new(), _waiting: waiting }
    }

    fn register(&mut self, plan: &Plan, cx: &Context<'_>) {
        for (partition, from) in plan.watched() {
            // Records beyond what an earlier look found are what it waits for.
            let beyond = from.max(partition.high_watermark().offset);
            let ticket = partition.waiters().register(beyond, Wake::of(cx));
            self.tickets.push((Arc::clone(partition), ticket));
        }
    }

    fn withdraw(&mut self) {
        for (partition, ticket) in self.tickets.drain(..) {
            partition.waiters().withdraw(ticket);
        }
    }
}

impl Drop for Parked {
    fn drop(&mut self) {
        self.withdraw();
    }
}
