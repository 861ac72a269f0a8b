//! Metadata (key 3), versions 0-13: brokers, topics, leaders. v4 may forbid auto-creation, v7 leader epochs, v9 flexible,
//! v10 topic ids in answers, v12 topic ids in requests (KIP-516), v13 a top-level error code.
//!
//! Topics that are missing and may be created are created before the answer, so that a client's first Metadata already
//! has them.

mod auto_create;
mod response;

use std::collections::HashSet;

use net::Outbox;
use record::Uuid;
use wire::ErrorCode;
use wire::messages::metadata::{MetadataRequest, MetadataRequestTopic, MetadataResponse, MetadataResponseTopic};

use crate::api::{Call, Flow};
use crate::errors::KafkaError;

/// One topic that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Asked {
    Name(String),
    Id(Uuid),
}

/// Answers at once, or after topics were created.
pub fn handle(call: &Call<'_>, request: MetadataRequest<'_>, outbox: &mut Outbox) -> Flow {
    let asked = match asked_topics(call.version(), &request) {
        Ok(asked) => asked,
        Err(error_code) => return refuse(call, &request, error_code, outbox),
    };
    let question = response::Question::new(call, &request, asked);
    let may_create = call.version() < 4 || request.allow_auto_topic_creation;
    let missing = if may_create { auto_create::missing(call, &question) } else { Vec::new() };
    if missing.is_empty() {
        question.answer(call.view, &[], outbox);
        return Flow::Done;
    }
    auto_create::then_answer(call, question, missing)
}

/// `None`: all topics. Version 0 has no null list, there an empty one means all.
fn asked_topics(version: i16, request: &MetadataRequest<'_>) -> Result<Option<Vec<Asked>>, ErrorCode> {
    let Some(topics) = &request.topics else { return Ok(None) };
    if version == 0 && topics.is_empty() {
        return Ok(None);
    }
    let asked: Result<Vec<Asked>, ErrorCode> = topics.iter().map(|topic| asked_topic(version, &topic)).collect();
    // What is asked for twice is told once.
    let mut told = HashSet::new();
    asked.map(|asked| Some(asked.into_iter().filter(|asked| told.insert(asked.clone())).collect()))
}

fn asked_topic(version: i16, topic: &MetadataRequestTopic<'_>) -> Result<Asked, ErrorCode> {
    match topic.name {
        Some(name) if topic.topic_id == Uuid::ZERO => Ok(Asked::Name(name.to_owned())),
        // An id counts, whatever name comes with it.
        _ if version >= 12 && topic.topic_id != Uuid::ZERO => Ok(Asked::Id(topic.topic_id)),
        _ => Err(ErrorCode::INVALID_REQUEST),
    }
}

/// A request that cannot be answered: every topic of it gets the error.
fn refuse(call: &Call<'_>, request: &MetadataRequest<'_>, error_code: ErrorCode, outbox: &mut Outbox) -> Flow {
    let asked = request.topics.iter().flat_map(|topics| topics.iter());
    let topics = asked.map(|topic| MetadataResponseTopic {
        error_code,
        // Only from version 12 on may a name be null.
        name: topic.name.or((call.version() < 12).then_some("")),
        topic_id: topic.topic_id,
        ..Default::default()
    });
    call.answer(outbox, &MetadataResponse { error_code, topics: topics.collect(), ..Default::default() });
    Flow::Done
}

/// Why a topic that was asked for is not there after all.
type Failure = (String, KafkaError);
