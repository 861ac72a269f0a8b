//! The fourth step, for acknowledgements that mean more than the page cache: the answers wait for the disk.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use net::wake::Wake;
use net::{Answer, Outbox};
use record::Offset;
use smallvec::SmallVec;
use tokio::time::Sleep;
use wire::ApiKey;

use super::Requests;
use super::answer::refuse_what_is_not_durable;
use super::append::Appended;
use crate::metrics::requests::Waiting;
use crate::partition::Ticket;

/// Answers `requests`, in order, when everything that was appended is durable or will not be. What is not durable within the
/// longest of their timeouts is answered with an error; it may become durable all the same.
pub fn until_durable(mut requests: Requests<'static>, appended: SmallVec<[Appended; 1]>) -> net::Wait {
    let timeout = requests.iter().map(|request| request.timeout).max().unwrap_or_default();
    let deadline = Box::pin(tokio::time::sleep(timeout));
    let waiting = Waiting::begin(ApiKey::PRODUCE);
    let syncing = Syncing { appended, deadline, tickets: Vec::new(), _waiting: waiting };
    Box::pin(async move {
        let appended = syncing.await;
        refuse_what_is_not_durable(&mut requests, &appended, true);
        Answer::write(move |outbox: &mut Outbox| {
            requests.iter().for_each(|request| request.answer(&appended, outbox));
        })
    })
}

/// Registered with every partition that is not durable yet.
struct Syncing {
    /// Taken when it is ready.
    appended: SmallVec<[Appended; 1]>,
    deadline: Pin<Box<Sleep>>,
    /// With the place of the partition in `appended`.
    tickets: Vec<(usize, Ticket)>,
    _waiting: Waiting,
}

impl Future for Syncing {
    type Output = SmallVec<[Appended; 1]>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let expired = self.deadline.as_mut().poll(cx).is_ready();
        self.withdraw();
        if !expired {
            // Register first, look second: a flush that ends between the two is seen by one of them.
            self.register(cx);
        }
        if !expired && !self.appended.iter().all(Appended::is_decided) {
            return Poll::Pending;
        }
        self.withdraw();
        Poll::Ready(std::mem::take(&mut self.appended))
    }
}

impl Syncing {
    fn register(&mut self, cx: &Context<'_>) {
        for (at, appended) in self.appended.iter().enumerate() {
            if let Some(until) = appended.waits_for().filter(|_| !appended.is_decided()) {
                // A waiter is woken when the end has passed its offset.
                let beyond = Offset(until.0 - 1);
                self.tickets.push((at, appended.partition.synced().register(beyond, Wake::of(cx))));
            }
        }
    }

    fn withdraw(&mut self) {
        for (at, ticket) in self.tickets.drain(..) {
            self.appended[at].partition.synced().withdraw(ticket);
        }
    }
}

impl Drop for Syncing {
    fn drop(&mut self) {
        self.withdraw();
    }
}
