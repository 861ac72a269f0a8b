//! Who leads a partition when a broker goes or comes. Only in-sync replicas are elected: they hold all committed records.

use record::{BrokerId, LeaderEpoch, PartitionIndex};

use crate::records::PartitionChangeRecord;
use crate::{Image, Partition, Record, Topic};

/// The changes of all partitions when broker `gone` may lead no more: it leaves the in-sync sets that do not become empty, and what it
/// led goes to the next in-sync replica in the order of the assignment, or to nobody.
pub(super) fn after_fencing(image: &Image, gone: BrokerId) -> impl Iterator<Item = Record> {
    partitions(image).filter_map(move |(topic, index, partition)| {
        let others = without(&partition.isr, gone);
        let leaves = partition.isr.contains(&gone) && !others.is_empty();
        let lost_leader = partition.leader == Some(gone);
        (leaves || lost_leader).then(|| {
            let isr = if leaves { others } else { partition.isr.to_vec() };
            let leader = if lost_leader { electable(image, partition, &isr, gone) } else { partition.leader };
            let isr = leaves.then_some(isr);
            change(topic, index, partition, isr, leader)
        })
    })
}

/// The changes of all partitions that have no leader and may have broker `back` now.
pub(super) fn after_unfencing(image: &Image, back: BrokerId) -> impl Iterator<Item = Record> {
    partitions(image)
        .filter(move |(_, _, partition)| partition.leader.is_none() && partition.isr.contains(&back))
        .map(move |(topic, index, partition)| change(topic, index, partition, None, Some(back)))
}

fn partitions(image: &Image) -> impl Iterator<Item = (&Topic, PartitionIndex, &Partition)> {
    image
        .topics()
        .iter()
        .flat_map(|topic| topic.partitions().map(move |(index, partition)| (&**topic, index, partition)))
}

fn electable(image: &Image, partition: &Partition, isr: &[BrokerId], gone: BrokerId) -> Option<BrokerId> {
    let alive = |id: BrokerId| id != gone && image.broker(id).is_some_and(|broker| !broker.fenced);
    partition.replicas.iter().copied().find(|id| isr.contains(id) && alive(*id))
}

fn without(ids: &[BrokerId], gone: BrokerId) -> Vec<BrokerId> {
    ids.iter().copied().filter(|id| *id != gone).collect()
}

fn change(
    topic: &Topic,
    index: PartitionIndex,
    partition: &Partition,
    isr: Option<Vec<BrokerId>>,
    leader: Option<BrokerId>,
) -> Record {
    // A leader that stays keeps its epoch: only an election begins a new one.
    let elected = leader != partition.leader;
    Record::PartitionChange(PartitionChangeRecord {
        topic_id: topic.id,
        index,
        replicas: None,
        isr,
        leader,
        leader_epoch: LeaderEpoch(partition.leader_epoch.0 + i32::from(elected)),
        partition_epoch: partition.partition_epoch + 1,
    })
}

#[cfg(test)]
mod tests;
