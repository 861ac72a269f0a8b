//! AlterPartitionReassignments (key 45), versions 0-1: moves replicas to other brokers (KIP-455). v1 the number of replicas
//! may be held fixed (KIP-860).
//!
//! A partition may stay where it is; there is no second broker that it could move to.

use std::collections::BTreeSet;

use metadata::MAX_TOPIC_NAME_LEN;
use metadata::decide::MAX_PARTITIONS_PER_BATCH;
use net::Outbox;
use record::{BrokerId, PartitionIndex};
use wire::ErrorCode;
use wire::messages::alter_partition_reassignments::{
    AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse, ReassignablePartition,
    ReassignablePartitionResponse, ReassignableTopicResponse,
};

use crate::api::{Call, Flow};
use crate::errors::KafkaError;

/// Answers from the image.
pub fn handle(call: &Call<'_>, request: AlterPartitionReassignmentsRequest<'_>, outbox: &mut Outbox) -> Flow {
    let named: usize = request.topics.iter().map(|topic| topic.partitions.len()).sum();
    if named > MAX_PARTITIONS_PER_BATCH {
        let text =
            format!("the request names {named} partitions; at most {MAX_PARTITIONS_PER_BATCH} are moved at once");
        let response = AlterPartitionReassignmentsResponse {
            allow_replication_factor_change: request.allow_replication_factor_change,
            error_code: ErrorCode::POLICY_VIOLATION,
            error_message: Some(&text),
            ..Default::default()
        };
        call.answer(outbox, &response);
        return Flow::Done;
    }
    let fixed = !request.allow_replication_factor_change;
    type Outcome = (i32, Option<KafkaError>);
    let outcomes: Vec<(&str, Vec<Outcome>)> = request
        .topics
        .iter()
        .map(|topic| {
            let partitions = topic.partitions.iter();
            let outcome = |asked: ReassignablePartition<'_>| {
                (asked.partition_index, reassign(call, topic.name, &asked, fixed).err())
            };
            (topic.name, partitions.map(outcome).collect())
        })
        .collect();
    let responses = outcomes.iter().map(|(name, partitions)| ReassignableTopicResponse {
        name,
        partitions: partitions.iter().map(|(index, error)| response(*index, error.as_ref())).collect(),
    });
    let response = AlterPartitionReassignmentsResponse {
        allow_replication_factor_change: request.allow_replication_factor_change,
        responses: responses.collect(),
        ..Default::default()
    };
    call.answer(outbox, &response);
    Flow::Done
}

fn response(partition_index: i32, error: Option<&KafkaError>) -> ReassignablePartitionResponse<'_> {
    ReassignablePartitionResponse {
        partition_index,
        error_code: error.map_or(ErrorCode::NONE, |error| error.code),
        error_message: error.and_then(|error| error.message.as_deref()),
    }
}

fn reassign(call: &Call<'_>, topic: &str, asked: &ReassignablePartition<'_>, fixed: bool) -> Result<(), KafkaError> {
    // A request may name a topic as often as it names partitions, so no more of it is repeated than a legal name has.
    let shown = &topic[..topic.floor_char_boundary(MAX_TOPIC_NAME_LEN)];
    let index = asked.partition_index;
    let unknown = |text: String| KafkaError::new(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, text);
    let image = call.view.image();
    let found = image.topic(topic).ok_or_else(|| unknown(format!("Unable to find a topic named {shown}.")))?;
    let partition = found.partition(PartitionIndex(index));
    let partition = partition.ok_or_else(|| unknown(format!("Unable to find partition {shown}:{index}.")))?;
    let Some(target) = &asked.replicas else {
        return Err(ErrorCode::NO_REASSIGNMENT_IN_PROGRESS.into());
    };
    let target: Vec<BrokerId> = target.iter().map(BrokerId).collect();
    check_target(&target, |id| image.broker(id).is_some())?;
    if fixed && target.len() != partition.replicas.len() {
        let (now, then) = (partition.replicas.len(), target.len());
        let text = format!("The replication factor is changed from {now} to {then}");
        return Err(KafkaError::new(ErrorCode::INVALID_REPLICATION_FACTOR, text));
    }
    if *target != *partition.replicas {
        return Err(invalid("replicas cannot be moved between brokers by this version".to_owned()));
    }
    Ok(())
}

fn check_target(target: &[BrokerId], is_registered: impl Fn(BrokerId) -> bool) -> Result<(), KafkaError> {
    const BEGIN: &str = "The manual partition assignment includes";
    if target.is_empty() {
        return Err(invalid(format!("{BEGIN} an empty replica list.")));
    }
    let mut seen = BTreeSet::new();
    for &id in target {
        if !is_registered(id) {
            return Err(invalid(format!("{BEGIN} broker {id}, but no such broker is registered.")));
        }
        if !seen.insert(id) {
            return Err(invalid(format!("{BEGIN} the broker {id} more than once.")));
        }
    }
    Ok(())
}

fn invalid(text: String) -> KafkaError {
    KafkaError::new(ErrorCode::INVALID_REPLICA_ASSIGNMENT, text)
}
