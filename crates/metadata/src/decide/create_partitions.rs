//! CreatePartitions: each topic is checked by itself, in Kafka's order (existence, count, assignments).

use std::collections::HashMap;

use record::{BrokerId, PartitionIndex};

use super::placement::{self, Assigned, bad_assignment};
use super::{Decision, MAX_PARTITIONS_PER_BATCH};
use crate::{Image, Record, Refusal, Topic};

/// Topics to enlarge.
#[derive(Debug, Clone)]
pub struct CreatePartitions {
    /// The topics.
    pub topics: Vec<MorePartitions>,
    /// Check and answer as if, but create nothing.
    pub validate_only: bool,
}

/// A topic to enlarge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MorePartitions {
    /// Its name.
    pub name: String,
    /// How many partitions it should have.
    pub count: i32,
    /// The replicas of each new partition, when chosen by hand.
    pub assignments: Option<Vec<Vec<BrokerId>>>,
}

/// What became of one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionCreation {
    /// The name as requested.
    pub name: String,
    /// Why the topic stays as it is, if so.
    pub result: Result<(), Refusal>,
}

pub(super) fn decide(image: &Image, intent: &CreatePartitions) -> Result<Decision<Vec<PartitionCreation>>, Refusal> {
    check_total(image, intent)?;
    let mut occurrences: HashMap<&str, usize> = HashMap::new();
    for topic in &intent.topics {
        *occurrences.entry(&topic.name).or_insert(0) += 1;
    }
    let (mut records, mut reply) = (Vec::new(), Vec::new());
    for topic in &intent.topics {
        let result = match std::mem::replace(occurrences.entry(&topic.name).or_insert(0), 0) {
            // Answered already.
            0 => continue,
            1 => enlarge(image, topic).map(|more| records.extend(more)),
            _ => Err(Refusal::InvalidRequest("Duplicate topic name.".into())),
        };
        reply.push(PartitionCreation { name: topic.name.clone(), result });
    }
    if intent.validate_only {
        records.clear();
    }
    Ok(Decision { records, reply })
}

/// Refuses a request that would make more records than a batch may hold, before any of them is made.
fn check_total(image: &Image, intent: &CreatePartitions) -> Result<(), Refusal> {
    let more = |wanted: &MorePartitions| {
        let there = image.topic(&wanted.name).map_or(0, |topic| topic.partitions.len());
        usize::try_from(wanted.count).unwrap_or(0).saturating_sub(there)
    };
    let total = intent.topics.iter().map(more).fold(0usize, usize::saturating_add);
    if total <= MAX_PARTITIONS_PER_BATCH {
        return Ok(());
    }
    let text =
        format!("the request asks for {total} partitions; at most {MAX_PARTITIONS_PER_BATCH} are created at once");
    Err(Refusal::PolicyViolation(text))
}

/// The new partitions of one topic.
fn enlarge(image: &Image, wanted: &MorePartitions) -> Result<Vec<Record>, Refusal> {
    let topic = image.topic(&wanted.name).ok_or_else(|| Refusal::UnknownTopic(wanted.name.clone()))?;
    let there = topic.partitions.len();
    let count = check_count(wanted, there)?;
    let replicas = match &wanted.assignments {
        Some(assignments) => assigned_by_hand(image, topic, count - there, assignments)?,
        None => placement::place(image, there..count, replication_factor(topic), topic.id)?,
    };
    let new = (there..).zip(replicas).map(|(index, replicas)| placement::with_isr(image, index, replicas));
    let new = new.collect::<Result<Vec<Assigned>, Refusal>>()?;
    let indexes = topic.partitions.len() as i32..;
    Ok(indexes.map(PartitionIndex).zip(new).map(|(index, assigned)| assigned.record(topic.id, index)).collect())
}

fn check_count(wanted: &MorePartitions, there: usize) -> Result<usize, Refusal> {
    let text = match usize::try_from(wanted.count) {
        Ok(count) if count > there => return Ok(count),
        Ok(count) if count == there => format!("Topic already has {there} partition(s)."),
        _ => format!(
            "The topic {} currently has {there} partition(s); {} would not be an increase.",
            wanted.name, wanted.count
        ),
    };
    Err(Refusal::InvalidPartitions(text))
}

/// New partitions have as many replicas as those that are there.
fn replication_factor(topic: &Topic) -> usize {
    topic.partitions.first().map_or(1, |partition| partition.replicas.len())
}

fn assigned_by_hand(
    image: &Image,
    topic: &Topic,
    more: usize,
    assignments: &[Vec<BrokerId>],
) -> Result<Vec<Vec<BrokerId>>, Refusal> {
    if assignments.len() != more {
        let given = assignments.len();
        return Err(bad_assignment(format!(
            "Attempted to add {more} additional partition(s), but only {given} assignment(s) were specified."
        )));
    }
    let factor = replication_factor(topic);
    assignments.iter().try_for_each(|replicas| placement::check_replicas(image, replicas, Some(factor)))?;
    Ok(assignments.to_vec())
}

#[cfg(test)]
mod tests;
