//! FindCoordinator (key 10), versions 0-6: who coordinates a group. v1 key types (KIP-98), v3 flexible, v4 many keys
//! (KIP-699), v5 as v4 on the wire (KIP-890), v6 share groups (KIP-932).
//!
//! The first that asks for a group has `__consumer_offsets` created. librdkafka takes version 0 for the sign of a broker that
//! understands lz4.

mod create;

use std::sync::Arc;

use metadata::Endpoint;
use net::Outbox;
use wire::ErrorCode;
use wire::messages::find_coordinator::{Coordinator, FindCoordinatorRequest, FindCoordinatorResponse};

use crate::api::{Call, Flow, Respond};
use crate::coordinators::OFFSETS_TOPIC;
use crate::node::Node;
use crate::view::View;
pub use create::create_offsets_topic;

const GROUP: i8 = 0;
const TRANSACTION: i8 = 1;
const SHARE_GROUP: i8 = 2;
/// From here on each key has its own answer.
const MANY_KEYS_FROM: i16 = 4;

/// Answers at once, or after the topic was created.
pub fn handle(call: &Call<'_>, request: FindCoordinatorRequest<'_>, outbox: &mut Outbox) -> Flow {
    let question = Question::new(call, &request);
    if let Some((error_code, message)) = refusal(call.version(), request.key_type) {
        question.answer(outbox, |_| Err((error_code, message)));
        return Flow::Done;
    }
    if call.view.topic(OFFSETS_TOPIC).is_some() {
        question.find(call.node, call.view, outbox);
        return Flow::Done;
    }
    let node = Arc::clone(call.node);
    Flow::wait(async move {
        create_offsets_topic(&node).await;
        move |outbox: &mut Outbox| question.find(&node, &node.view(), outbox)
    })
}

fn refusal(version: i16, key_type: i8) -> Option<(ErrorCode, &'static str)> {
    match key_type {
        GROUP => None,
        TRANSACTION => Some((ErrorCode::COORDINATOR_NOT_AVAILABLE, "transactions are not served yet")),
        SHARE_GROUP if version >= 6 => Some((ErrorCode::COORDINATOR_NOT_AVAILABLE, "share groups are not served yet")),
        // Nothing that the version knows.
        _ => Some((ErrorCode::INVALID_REQUEST, ErrorCode::INVALID_REQUEST.message())),
    }
}

/// The keys that are asked for; outlives the frame.
struct Question {
    respond: Respond,
    keys: Vec<Box<str>>,
    /// Clients are told the address of the listener that they came through.
    listener: String,
}

impl Question {
    fn new(call: &Call<'_>, request: &FindCoordinatorRequest<'_>) -> Question {
        let keys = match call.version() {
            MANY_KEYS_FROM.. => request.coordinator_keys.iter().map(Box::from).collect(),
            _ => vec![request.key.into()],
        };
        Question { respond: call.respond(), keys, listener: call.listener().to_owned() }
    }

    /// This node coordinates every group whose log is open.
    fn find(&self, node: &Node, view: &View, outbox: &mut Outbox) {
        let id = node.config.node_id;
        let endpoint = view.image().broker(id).and_then(|broker| broker.endpoint(&self.listener));
        self.answer(outbox, |key| {
            let endpoint = endpoint.filter(|_| node.coordinators.has_coordinator(key));
            let unavailable = ErrorCode::COORDINATOR_NOT_AVAILABLE;
            endpoint.map(|endpoint| (id.0, endpoint)).ok_or((unavailable, unavailable.message()))
        });
    }

    fn answer<'a>(&self, outbox: &mut Outbox, of: impl Fn(&str) -> Result<(i32, &'a Endpoint), (ErrorCode, &'a str)>) {
        let coordinators: Vec<Coordinator<'_>> = self.keys.iter().map(|key| told(key, of(key))).collect();
        if self.respond.version() >= MANY_KEYS_FROM {
            let response = FindCoordinatorResponse { coordinators: coordinators.into(), ..Default::default() };
            return self.respond.answer(outbox, &response);
        }
        let only = coordinators.into_iter().next().unwrap_or_default();
        let response = FindCoordinatorResponse {
            error_code: only.error_code,
            // Kafka says so where nothing is wrong, in these versions only.
            error_message: if only.error_code.is_none() { Some("NONE") } else { only.error_message },
            node_id: only.node_id,
            host: only.host,
            port: only.port,
            ..Default::default()
        };
        self.respond.answer(outbox, &response);
    }
}

fn told<'a>(key: &'a str, found: Result<(i32, &'a Endpoint), (ErrorCode, &'a str)>) -> Coordinator<'a> {
    match found {
        Ok((node_id, endpoint)) => {
            let port = i32::from(endpoint.port);
            Coordinator { key, node_id, host: &endpoint.host, port, ..Default::default() }
        }
        Err((error_code, message)) => {
            Coordinator { key, node_id: -1, host: "", port: -1, error_code, error_message: Some(message) }
        }
    }
}
