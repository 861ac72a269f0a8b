//! One fetch of a session: it looks, and waits until there is enough to tell.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use net::{Answer, Outbox};
use storage::Patience;
use tokio::time::Sleep;
use wire::messages::fetch::{FetchResponse, FetchableTopicResponse};
use wire::{ApiKey, ErrorCode};

use super::super::{Limits, look_ups};
use super::Session;
use super::places::Answered;
use crate::api::{Flow, Respond};
use crate::metrics::requests::Waiting;
use crate::node::Node;

/// One fetch of a session.
pub struct Round {
    pub(super) node: Arc<Node>,
    pub(super) session: Arc<Session>,
    /// The session's epoch after this request. Another one means that a further request has come meanwhile.
    pub(super) epoch: i32,
    pub(super) respond: Respond,
    pub(super) limits: Limits,
}

/// How a round ends.
enum Reply {
    /// With these partitions.
    Told(Vec<Answered>),
    /// Another request has taken the session further, so what it would tell is no news.
    Overtaken,
}

/// What a look comes to.
enum Look {
    /// It is time for this.
    Reply(Reply),
    /// There is not enough to tell yet.
    Nothing,
    /// The disk would have been waited for.
    Cold,
}

impl Round {
    /// Answers at once, or parks for `wait`. A round that needs the disk to find its records looks on a thread that may wait
    /// for it; the session's lock is held meanwhile, which only another request of the same session would notice.
    pub fn go(self, wait: Duration, outbox: &mut Outbox) -> Flow {
        match self.look(wait.is_zero(), Patience::CachedOnly) {
            Look::Reply(reply) => {
                self.answer(reply, outbox);
                Flow::Done
            }
            Look::Nothing => {
                let parked = Parked::new(self, Box::pin(tokio::time::sleep(wait)));
                Flow::wait(async move {
                    let (round, reply) = parked.await;
                    move |outbox: &mut Outbox| round.answer(reply, outbox)
                })
            }
            Look::Cold => self.go_elsewhere(wait),
        }
    }

    fn go_elsewhere(self, wait: Duration) -> Flow {
        let deadline = Box::pin(tokio::time::sleep(wait));
        let node = Arc::clone(&self.node);
        let looking = look_ups::elsewhere(&node.look_ups, move || {
            let look = self.look(wait.is_zero(), Patience::Waits);
            (self, look)
        });
        Flow::Wait(Box::pin(async move {
            let Some((round, look)) = looking.await else { return look_ups::lost() };
            let (round, reply) = match look {
                Look::Reply(reply) => (round, reply),
                Look::Nothing | Look::Cold => Parked::new(round, deadline).await,
            };
            Answer::write(move |outbox| round.answer(reply, outbox))
        }))
    }

    /// The reply, if it is time for one; when time is up it is.
    fn look(&self, is_up: bool, patience: Patience) -> Look {
        let mut state = self.session.lock();
        if state.epoch != self.epoch {
            return Look::Reply(Reply::Overtaken);
        }
        let found = state.places.look(&self.node.view(), &self.limits, patience);
        match is_up || found.must_answer(&self.limits) {
            _ if found.is_cold => Look::Cold,
            true => Look::Reply(Reply::Told(state.places.settle(found))),
            false => Look::Nothing,
        }
    }

    /// Whatever happens to the session's partitions from now on wakes the task that is polled with `cx`.
    fn watch(&self, cx: &Context<'_>) {
        let mut state = self.session.lock();
        if state.epoch == self.epoch {
            state.places.watch(cx);
        }
    }

    fn answer(&self, reply: Reply, outbox: &mut Outbox) {
        let session_id = self.session.id;
        let answered = match reply {
            Reply::Told(answered) => answered,
            Reply::Overtaken => {
                let error_code = ErrorCode::INVALID_FETCH_SESSION_EPOCH;
                let response = FetchResponse { error_code, session_id, ..Default::default() };
                return self.respond.answer(outbox, &response);
            }
        };
        let topics =
            answered.chunk_by(|one, next| one.topic.key == next.topic.key).map(|same| FetchableTopicResponse {
                topic: same[0].topic.name(),
                topic_id: same[0].topic.id(),
                partitions: same
                    .iter()
                    .map(|answered| answered.part.response(answered.index.0, self.limits.reads_committed))
                    .collect(),
            });
        let response = FetchResponse { session_id, responses: topics.collect(), ..Default::default() };
        let files = answered.iter().filter_map(|answered| answered.part.slice.clone());
        self.respond.answer_with_files(outbox, &response, files);
    }
}

struct Parked {
    /// Taken when it is over.
    round: Option<Round>,
    deadline: Pin<Box<Sleep>>,
    _waiting: Waiting,
}

impl Parked {
    fn new(round: Round, deadline: Pin<Box<Sleep>>) -> Parked {
        Parked { round: Some(round), deadline, _waiting: Waiting::begin(ApiKey::FETCH) }
    }
}

impl Future for Parked {
    type Output = (Round, Reply);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let is_up = self.deadline.as_mut().poll(cx).is_ready();
        let round = self.round.take().expect("a future is not polled after it was ready");
        if !is_up {
            // Watch first, look second: what happens between the two is seen by one of them.
            round.watch(cx);
        }
        // What is new is in the page cache, and what was there before was looked up already.
        if let Look::Reply(reply) = round.look(is_up, Patience::Waits) {
            return Poll::Ready((round, reply));
        }
        self.round = Some(round);
        Poll::Pending
    }
}
