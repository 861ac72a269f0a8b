//! ElectLeaders (key 43), versions 0-2: has leaders elected (KIP-183). v1 preferred or unclean (KIP-460), v2 flexible.

use std::sync::Arc;

use metadata::decide::{ElectLeaders, Election, ElectionOutcome, ElectionType};
use net::Outbox;
use record::PartitionIndex;
use wire::ErrorCode;
use wire::messages::elect_leaders::{
    ElectLeadersRequest, ElectLeadersResponse, PartitionResult, ReplicaElectionResult, TopicPartitions,
};

use crate::api::{Call, Flow, Respond};
use crate::errors::{KafkaError, refusal_error};

/// Answers when the elections hold.
pub fn handle(call: &Call<'_>, request: ElectLeadersRequest<'_>, outbox: &mut Outbox) -> Flow {
    let election_type = match request.election_type {
        0 => ElectionType::Preferred,
        1 => ElectionType::Unclean,
        _ => {
            let error_code = ErrorCode::INVALID_REQUEST;
            call.answer(outbox, &ElectLeadersResponse { error_code, ..Default::default() });
            return Flow::Done;
        }
    };
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

fn elections(topic: &TopicPartitions<'_>) -> Vec<Election> {
    let name: Arc<str> = topic.topic.into();
    let indexes = topic.partitions.iter().map(PartitionIndex);
    indexes.map(|index| Election { topic: Arc::clone(&name), index }).collect()
}

/// One entry for each run of outcomes of one topic.
fn answer(respond: Respond, outcomes: &[ElectionOutcome], outbox: &mut Outbox) {
    let errors: Vec<Option<KafkaError>> =
        outcomes.iter().map(|outcome| outcome.result.as_ref().err().map(refusal_error)).collect();
    let result = |(outcome, error): (&ElectionOutcome, &'_ Option<KafkaError>)| PartitionResult {
        partition_id: outcome.election.index.0,
        error_code: error.as_ref().map_or(ErrorCode::NONE, |error| error.code),
        error_message: None,
    };
    let mut results: Vec<ReplicaElectionResult<'_>> = Vec::new();
    let mut rest = outcomes;
    while let Some(first) = rest.first() {
        let count = rest.iter().take_while(|outcome| outcome.election.topic == first.election.topic).count();
        let from = outcomes.len() - rest.len();
        let partition_result = rest[..count].iter().zip(&errors[from..]).map(result).collect();
        results.push(ReplicaElectionResult { topic: &first.election.topic, partition_result });
        rest = &rest[count..];
    }
    respond.answer(outbox, &ElectLeadersResponse { replica_election_results: results.into(), ..Default::default() });
}
