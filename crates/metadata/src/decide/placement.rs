//! Where the replicas of new partitions go.

use std::ops::Range;

use record::{BrokerId, LeaderEpoch, PartitionIndex, TopicId};

use crate::records::PartitionRecord;
use crate::{Image, Record, Refusal};

/// The replicas of each of `partitions`, each on `factor` brokers that may lead now.
///
/// Leaders go round the brokers. After each round the followers shift by one, so that the partitions of a broker that fails
/// are taken over by many. The topic's random id chooses the first broker.
pub(super) fn place(
    image: &Image,
    partitions: Range<usize>,
    factor: usize,
    id: TopicId,
) -> Result<Vec<Vec<BrokerId>>, Refusal> {
    let registered = image.brokers().count();
    if factor > registered {
        let text = format!(
            "Unable to replicate the partition {factor} time(s): The target replication factor of {factor} cannot be \
             reached because only {registered} broker(s) are registered or some brokers have all their log directories \
             cordoned."
        );
        return Err(Refusal::InvalidReplicationFactor(text));
    }
    let alive: Vec<BrokerId> = image.brokers().filter(|broker| !broker.fenced).map(|broker| broker.id).collect();
    if factor > alive.len() {
        let text =
            format!("the replication factor of {factor} cannot be reached: only {} brokers are unfenced", alive.len());
        return Err(Refusal::InvalidReplicationFactor(text));
    }
    let start = u128::from_le_bytes(id.0) % alive.len() as u128;
    Ok(partitions.map(|partition| replicas(&alive, start as usize, partition, factor)).collect())
}

fn replicas(brokers: &[BrokerId], start: usize, partition: usize, factor: usize) -> Vec<BrokerId> {
    let count = brokers.len();
    let (first, round) = (start + partition, partition / count);
    let follower = |nth: usize| first + 1 + (round + nth) % (count - 1);
    let places = std::iter::once(first).chain((0..factor - 1).map(follower));
    places.map(|place| brokers[place % count]).collect()
}

/// A partition's first replicas.
pub(super) struct Assigned {
    pub(super) replicas: Vec<BrokerId>,
    isr: Vec<BrokerId>,
    leader: BrokerId,
}

impl Assigned {
    pub(super) fn record(self, topic_id: TopicId, index: PartitionIndex) -> Record {
        Record::Partition(PartitionRecord {
            topic_id,
            index,
            replicas: self.replicas,
            isr: self.isr,
            leader: Some(self.leader),
            leader_epoch: LeaderEpoch(0),
            partition_epoch: 0,
        })
    }
}

/// The replicas that may lead now are in sync: all of them are empty.
pub(super) fn with_isr(image: &Image, index: usize, replicas: Vec<BrokerId>) -> Result<Assigned, Refusal> {
    let alive = |id: &BrokerId| image.broker(*id).is_some_and(|broker| !broker.fenced);
    let isr: Vec<_> = replicas.iter().copied().filter(alive).collect();
    match isr.first().copied() {
        Some(leader) => Ok(Assigned { replicas, isr, leader }),
        None => Err(bad_assignment(format!(
            "All brokers specified in the manual partition assignment for partition {index} are fenced or in controlled \
             shutdown."
        ))),
    }
}

/// Whether an assignment by hand names brokers, each of them registered and once, and as many as `others` of its topic.
pub(super) fn check_replicas(image: &Image, replicas: &[BrokerId], others: Option<usize>) -> Result<(), Refusal> {
    let bad = |what: String| Err(bad_assignment(format!("The manual partition assignment includes {what}")));
    if replicas.is_empty() {
        return bad("an empty replica list.".to_owned());
    }
    let mut sorted = replicas.to_vec();
    sorted.sort_unstable();
    for (at, id) in sorted.iter().enumerate() {
        if image.broker(*id).is_none() {
            return bad(format!("broker {id}, but no such broker is registered."));
        }
        if sorted[..at].last() == Some(id) {
            return bad(format!("the broker {id} more than once."));
        }
    }
    let count = replicas.len();
    match others.filter(|others| *others != count) {
        Some(others) => bad(format!(
            "a partition with {count} replica(s), but this is not consistent with previous partitions, which have \
             {others} replica(s)."
        )),
        None => Ok(()),
    }
}

pub(super) fn bad_assignment(text: String) -> Refusal {
    Refusal::InvalidReplicaAssignment(text)
}

#[cfg(test)]
mod tests;
