//! DeleteTopics (key 20), versions 1-6. v4 flexible, v5 error messages, v6 by topic id (KIP-516).

use std::sync::Arc;

use metadata::decide::{DeleteTopics, TopicDeletion, TopicSelector};
use net::Outbox;
use record::Uuid;
use wire::ErrorCode;
use wire::messages::delete_topics::{DeletableTopicResult, DeleteTopicsRequest, DeleteTopicsResponse};

use crate::api::{Call, Flow, Respond};
use crate::errors::{KafkaError, refusal_error};

/// Answers when the topics are gone from the metadata; their files go `file.delete.delay.ms` later.
pub fn handle(call: &Call<'_>, request: DeleteTopicsRequest<'_>, outbox: &mut Outbox) -> Flow {
    let selectors = selectors(call.version(), &request);
    let respond = call.respond();
    if !call.node.config.delete_topics {
        // Kafka tells clients from before TOPIC_DELETION_DISABLED (v3) an older error.
        let code = if call.version() < 3 { ErrorCode::INVALID_REQUEST } else { ErrorCode::TOPIC_DELETION_DISABLED };
        all_failed(respond, &selectors, &code.into(), outbox);
        return Flow::Done;
    }
    let node = Arc::clone(call.node);
    Flow::wait(async move {
        let results = node.control.delete_topics(DeleteTopics { topics: selectors.clone() }).await;
        move |outbox: &mut Outbox| match results {
            Ok(results) => answer(respond, &results, outbox),
            Err(error) => all_failed(respond, &selectors, &KafkaError::new(error.code(), error.to_string()), outbox),
        }
    })
}

fn selectors(version: i16, request: &DeleteTopicsRequest<'_>) -> Vec<TopicSelector> {
    if version < 6 {
        return request
            .topic_names
            .iter()
            .map(|name| TopicSelector { name: Some(name.to_owned()), id: Uuid::ZERO })
            .collect();
    }
    let by_either = request.topics.iter();
    by_either.map(|topic| TopicSelector { name: topic.name.map(str::to_owned), id: topic.topic_id }).collect()
}

fn answer(respond: Respond, deletions: &[TopicDeletion], outbox: &mut Outbox) {
    let errors: Vec<Option<KafkaError>> =
        deletions.iter().map(|deletion| deletion.result.as_ref().err().map(refusal_error)).collect();
    let results = deletions.iter().zip(&errors).map(|(deletion, error)| match (&deletion.result, error) {
        (Ok(topic), _) => result(Some(&topic.name), topic.id, None),
        (Err(_), error) => result(deletion.selector.name.as_deref(), deletion.selector.id, error.as_ref()),
    });
    respond.answer(outbox, &DeleteTopicsResponse { responses: results.collect(), ..Default::default() });
}

fn all_failed(respond: Respond, selectors: &[TopicSelector], error: &KafkaError, outbox: &mut Outbox) {
    let results = selectors.iter().map(|selector| result(selector.name.as_deref(), selector.id, Some(error)));
    respond.answer(outbox, &DeleteTopicsResponse { responses: results.collect(), ..Default::default() });
}

fn result<'r>(name: Option<&'r str>, topic_id: Uuid, error: Option<&'r KafkaError>) -> DeletableTopicResult<'r> {
    DeletableTopicResult {
        name,
        topic_id,
        error_code: error.map_or(ErrorCode::NONE, |error| error.code),
        error_message: error.map(|error| error.message.as_deref().unwrap_or(error.code.message())),
    }
}
