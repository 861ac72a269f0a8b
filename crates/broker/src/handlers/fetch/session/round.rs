//! One fetch of a session.

use std::sync::Arc;
use std::task::Context;

use net::Outbox;
use storage::Patience;
use wire::ErrorCode;
use wire::messages::fetch::{FetchResponse, FetchableTopicResponse};

use super::super::Limits;
use super::super::park::{Fetch, Look};
use super::Session;
use super::places::{Answered, Places};
use crate::api::Respond;
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
pub enum Reply {
    /// With these partitions.
    Told(Vec<Answered>),
    /// Another request has taken the session further, so what it would tell is no news.
    Overtaken,
}

impl Round {
    fn look_at(&self, places: &mut Places, is_up: bool, patience: Patience) -> Look<Reply> {
        let found = places.look(&self.node.view(), &self.limits, patience);
        match is_up || found.must_answer(&self.limits) {
            _ if found.is_cold => Look::Cold,
            true => Look::Reply(Reply::Told(places.settle(found))),
            false => Look::Nothing,
        }
    }
}

impl Fetch for Round {
    type Reply = Reply;

    /// The session's lock is held meanwhile, unless the disk may have to be waited for.
    fn look(&self, is_up: bool, patience: Patience) -> Look<Reply> {
        let overtaken = Look::Reply(Reply::Overtaken);
        match patience {
            Patience::CachedOnly => {
                let mut state = self.session.lock();
                let is_ours = state.epoch == self.epoch;
                let places = state.places.as_mut().filter(|_| is_ours);
                places.map_or(overtaken, |places| self.look_at(places, is_up, patience))
            }
            Patience::Waits => {
                let away = self.session.take(self.epoch);
                away.map_or(overtaken, |mut away| self.look_at(&mut away.places, is_up, patience))
            }
        }
    }

    fn watch(&mut self, cx: &Context<'_>) {
        let mut state = self.session.lock();
        let is_ours = state.epoch == self.epoch;
        if let Some(places) = state.places.as_mut().filter(|_| is_ours) {
            places.watch(cx);
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
