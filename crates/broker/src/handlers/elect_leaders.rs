//! ElectLeaders (key 43), versions 0-2: has leaders elected (KIP-183). v1 preferred or unclean (KIP-460), v2 flexible.

use std::sync::Arc;

use metadata::decide::{ElectLeaders, Election, ElectionOutcome, ElectionType, MAX_PARTITIONS_PER_BATCH};
use net::Outbox;
use record::PartitionIndex;
use wire::messages::elect_leaders::{
    ElectLeadersRequest, ElectLeadersResponse, PartitionResult, ReplicaElectionResult, TopicPartitions,
};
use wire::{Array, ErrorCode};

use crate::api::{Call, Flow, Respond};
use crate::errors::{KafkaError, refusal_error};

/// Answers when the elections hold. More partitions than one batch may change are refused as a whole.
pub fn handle(call: &Call<'_>, request: ElectLeadersRequest<'_>, outbox: &mut Outbox) -> Flow {
    let election_type = match request.election_type {
        0 => ElectionType::Preferred,
        1 => ElectionType::Unclean,
        unknown => {
            refuse(call, unknown, &request, outbox);
            return Flow::Done;
        }
    };
    let named =
        request.topic_partitions.iter().flat_map(Array::iter).map(|topic| topic.partitions.len()).sum::<usize>();
    if named > MAX_PARTITIONS_PER_BATCH {
        let response = ElectLeadersResponse { error_code: ErrorCode::POLICY_VIOLATION, ..Default::default() };
        call.answer(outbox, &response);
        return Flow::Done;
    }
    let partitions = request.topic_partitions.map(|topics| topics.iter().flat_map(|topic| elections(&topic)).collect());
    let wanted = ElectLeaders { election_type, partitions };
    let (respond, node) = (call.respond(), Arc::clone(call.node));
    Flow::wait(async move {
        let results = node.control.elect_leaders(wanted).await;
        move |outbox: &mut Outbox| match results {
            Ok(outcomes) => answer(respond, &outcomes, outbox),
            Err(error) => {
                respond.answer(outbox, &ElectLeadersResponse { error_code: error.code(), ..Default::default() });
            }
        }
    })
}

/// Each partition that was named is told, as Kafka does; without any there is nothing to refuse.
fn refuse(call: &Call<'_>, election_type: i8, request: &ElectLeadersRequest<'_>, outbox: &mut Outbox) {
    let text = format!("Unknown election type {election_type}");
    let refused = |partition_id| PartitionResult {
        partition_id,
        error_code: ErrorCode::INVALID_REQUEST,
        error_message: Some(&text),
    };
    let of_topic = |topic: TopicPartitions<'_>| topic.partitions.iter().map(refused).collect();
    let nothing = request.topic_partitions.as_ref().is_some_and(Array::is_empty);
    let topics = request.topic_partitions.iter().flat_map(Array::iter);
    let results = topics.map(|topic| ReplicaElectionResult { topic: topic.topic, partition_result: of_topic(topic) });
    let response = ElectLeadersResponse {
        error_code: if nothing { ErrorCode::NONE } else { ErrorCode::INVALID_REQUEST },
        replica_election_results: results.collect(),
        ..Default::default()
    };
    call.answer(outbox, &response);
}

fn elections(topic: &TopicPartitions<'_>) -> Vec<Election> {
    let name: Arc<str> = topic.topic.into();
    let indexes = topic.partitions.iter().map(PartitionIndex);
    indexes.map(|index| Election { topic: Arc::clone(&name), index }).collect()
}

/// One entry for each run of outcomes of one topic.
fn answer(respond: Respond, outcomes: &[ElectionOutcome], outbox: &mut Outbox) {
    let errors: Vec<Option<KafkaError>> =
        outcomes.iter().map(|outcome| outcome.result.as_ref().err().map(refusal_error)).collect();
    let mut results: Vec<ReplicaElectionResult<'_>> = Vec::new();
    let mut rest = outcomes;
    while let Some(first) = rest.first() {
        let count = rest.iter().take_while(|outcome| outcome.election.topic == first.election.topic).count();
        let from = outcomes.len() - rest.len();
        let of_topic = rest[..count].iter().zip(&errors[from..]);
        let partition_result = of_topic.map(|(outcome, error)| result(outcome, error.as_ref())).collect();
        results.push(ReplicaElectionResult { topic: &first.election.topic, partition_result });
        rest = &rest[count..];
    }
    respond.answer(outbox, &ElectLeadersResponse { replica_election_results: results.into(), ..Default::default() });
}

fn result<'r>(outcome: &ElectionOutcome, error: Option<&'r KafkaError>) -> PartitionResult<'r> {
    PartitionResult {
        partition_id: outcome.election.index.0,
        error_code: error.map_or(ErrorCode::NONE, |error| error.code),
        error_message: error.and_then(|error| error.message.as_deref()),
    }
}
