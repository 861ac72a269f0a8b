//! AlterPartitionReassignments (key 45), versions 0-1: moves replicas to other brokers (KIP-455). v1 the number of replicas
//! may be held fixed (KIP-860).
//!
//! A partition may stay where it is; there is no second broker that it could move to.

use std::collections::BTreeSet;

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
    let index = asked.partition_index;
    let unknown = |text: String| KafkaError::new(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, text);
    let image = call.view.image();
    let found = image.topic(topic).ok_or_else(|| unknown(format!("Unable to find a topic named {topic}.")))?;
    let partition = found.partition(PartitionIndex(index));
    let partition = partition.ok_or_else(|| unknown(format!("Unable to find partition {topic}:{index}.")))?;
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
