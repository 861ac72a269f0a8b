//! CreateTopics (key 19), versions 2-7. v4 default counts (KIP-464), v5 flexible, answers tell counts and configs
//! (KIP-525), v7 topic ids (KIP-516).

use std::sync::Arc;

use metadata::decide::{CreateTopics, CreatedTopic, NewTopic, ReplicaAssignment, TopicCreation};
use net::Outbox;
use record::{BrokerId, PartitionIndex, Uuid};
use wire::messages::create_topics::{CreatableTopic, CreatableTopicResult, CreateTopicsRequest, CreateTopicsResponse};

use crate::api::{Call, Flow, Respond};
use crate::errors::{KafkaError, refusal_error};
use crate::node::Node;

/// Answers when the topics are open.
pub fn handle(call: &Call<'_>, request: CreateTopicsRequest<'_>, _outbox: &mut Outbox) -> Flow {
    let topics: Vec<NewTopic> = request.topics.iter().map(|topic| new_topic(call.node, &topic)).collect();
    let wanted = CreateTopics { topics, ..call.node.topic_creation(request.validate_only) };
    let (respond, node) = (call.respond(), Arc::clone(call.node));
    Flow::wait(async move {
        let names: Vec<String> = wanted.topics.iter().map(|topic| topic.name.clone()).collect();
        let results = node.control.create_topics(wanted).await;
        move |outbox: &mut Outbox| match results {
            Ok(results) => answer(respond, &results.iter().map(Outcome::of).collect::<Vec<_>>(), outbox),
            Err(error) => {
                let error = KafkaError::new(error.code(), error.to_string());
                let failed = |name| Outcome { name, result: Err(error.clone()) };
                answer(respond, &names.iter().map(|name| failed(name)).collect::<Vec<_>>(), outbox);
            }
        }
    })
}

fn new_topic(node: &Node, asked: &CreatableTopic<'_>) -> NewTopic {
    let assignments = asked.assignments.iter().map(|assignment| ReplicaAssignment {
        index: PartitionIndex(assignment.partition_index),
        replicas: assignment.broker_ids.iter().map(BrokerId).collect(),
    });
    let configs = asked.configs.iter().map(|config| (config.name.to_owned(), config.value.map(str::to_owned)));
    NewTopic {
        num_partitions: asked.num_partitions,
        replication_factor: asked.replication_factor,
        assignments: assignments.collect(),
        configs: configs.collect(),
        ..node.new_topic(asked.name)
    }
}

/// One topic's result, ready to be told.
struct Outcome<'r> {
    name: &'r str,
    result: Result<&'r CreatedTopic, KafkaError>,
}

impl<'r> Outcome<'r> {
    fn of(creation: &'r TopicCreation) -> Outcome<'r> {
        Outcome { name: &creation.name, result: creation.result.as_ref().map_err(refusal_error) }
    }

    fn response(&self) -> CreatableTopicResult<'_> {
        let result = CreatableTopicResult { name: self.name, error_message: None, ..Default::default() };
        match &self.result {
            Ok(created) => CreatableTopicResult {
                topic_id: created.id,
                num_partitions: created.num_partitions,
                replication_factor: created.replication_factor,
                ..result
            },
            Err(error) => CreatableTopicResult {
                error_code: error.code,
                error_message: error.message.as_deref(),
                topic_id: Uuid::ZERO,
                configs: None,
                ..result
            },
        }
    }
}

fn answer(respond: Respond, outcomes: &[Outcome<'_>], outbox: &mut Outbox) {
    let topics = outcomes.iter().map(Outcome::response).collect();
    respond.answer(outbox, &CreateTopicsResponse { topics, ..Default::default() });
}
