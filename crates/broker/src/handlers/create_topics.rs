//! CreateTopics (key 19), versions 2-7. v4 default counts (KIP-464), v5 flexible, answers tell counts and configs
//! (KIP-525), v7 topic ids (KIP-516).

use std::sync::Arc;

use metadata::decide::{CreateTopics, CreatedTopic, NewTopic, ReplicaAssignment, TopicCreation};
use net::Outbox;
use record::{BrokerId, PartitionIndex, Uuid};
use wire::messages::create_topics::{
    CreatableTopic, CreatableTopicConfigs, CreatableTopicResult, CreateTopicsRequest, CreateTopicsResponse,
};

use crate::api::{Call, Flow, Respond};
use crate::config::describe::{Described, Layers};
use crate::errors::{KafkaError, refusal_error};
use crate::node::Node;

/// From this version on.
const TELLS_CONFIGS: i16 = 5;

/// Answers when the topics are open.
pub fn handle(call: &Call<'_>, request: CreateTopicsRequest<'_>, _outbox: &mut Outbox) -> Flow {
    let topics: Vec<NewTopic> = request.topics.iter().map(|topic| new_topic(call.node, &topic)).collect();
    let wanted = CreateTopics { topics, ..call.node.topic_creation(request.validate_only) };
    let (respond, node) = (call.respond(), Arc::clone(call.node));
    Flow::wait(async move {
        let names: Vec<String> = wanted.topics.iter().map(|topic| topic.name.clone()).collect();
        let results = node.control.create_topics(wanted).await;
        move |outbox: &mut Outbox| match results {
            Ok(results) => {
                let view = node.view();
                let layers = Layers::new(&node.config, view.image());
                let outcomes = results.iter().map(|creation| Outcome::of(creation, &layers, respond.version()));
                answer(respond, &outcomes.collect::<Vec<_>>(), outbox);
            }
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
    result: Result<(&'r CreatedTopic, Vec<Described<'r>>), KafkaError>,
}

impl<'r> Outcome<'r> {
    fn of(creation: &'r TopicCreation, layers: &Layers<'r>, version: i16) -> Outcome<'r> {
        let described = |created: &'r CreatedTopic| match version {
            TELLS_CONFIGS.. => (created, layers.new_topic(&created.configs)),
            _ => (created, Vec::new()),
        };
        Outcome { name: &creation.name, result: creation.result.as_ref().map(described).map_err(refusal_error) }
    }

    fn response(&self) -> CreatableTopicResult<'_> {
        let result = CreatableTopicResult { name: self.name, error_message: None, ..Default::default() };
        match &self.result {
            Ok((created, configs)) => CreatableTopicResult {
                topic_id: created.id,
                configs: Some(configs.iter().map(config).collect()),
                num_partitions: created.num_partitions,
                replication_factor: created.replication_factor,
                ..result
            },
            Err(error) => CreatableTopicResult {
                error_code: error.code,
                error_message: error.message.as_deref(),
                topic_id: Uuid::ZERO,
                ..result
            },
        }
    }
}

fn config<'r>(described: &'r Described<'_>) -> CreatableTopicConfigs<'r> {
    CreatableTopicConfigs {
        name: described.name,
        value: described.value.as_deref(),
        read_only: described.read_only,
        config_source: described.source as i8,
        is_sensitive: described.is_sensitive(),
    }
}

fn answer(respond: Respond, outcomes: &[Outcome<'_>], outbox: &mut Outbox) {
    let topics = outcomes.iter().map(Outcome::response).collect();
    respond.answer(outbox, &CreateTopicsResponse { topics, ..Default::default() });
}
