//! A fetch that waits for records.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use net::Outbox;
use net::wake::Wake;
use tokio::time::Sleep;
use wire::ApiKey;

use super::plan::{Found, Plan};
use crate::api::Flow;
use crate::metrics::requests::Waiting;
use crate::partition::{Partition, Ticket};

/// Waits until the plan finds enough, or `wait` is over; then answers with what there is.
pub fn until_ready(plan: Plan, wait: Duration) -> Flow {
    let deadline = Box::pin(tokio::time::sleep(wait));
    let waiting = Waiting::begin(ApiKey::FETCH);
    let parked = Parked { plan: Some(plan), deadline, tickets: Vec::new(), _waiting: waiting };
    Flow::wait(async move {
        let (plan, found) = parked.await;
        move |outbox: &mut Outbox| plan.answer(&found, outbox)
    })
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
        let found = plan.read();
        if expired || found.must_answer(&plan) {
            return Poll::Ready((plan, found));
        }
        self.plan = Some(plan);
        Poll::Pending
    }
}

impl Parked {
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
