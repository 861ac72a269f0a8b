//! Who leads a partition when a broker goes or comes, or when somebody asks. Only in-sync replicas are elected, as they
//! hold all committed records, unless an unclean election was asked for.

use std::sync::Arc;

use record::{BrokerId, LeaderEpoch, PartitionIndex};

use super::Decision;
use crate::records::PartitionChangeRecord;
use crate::{Image, MAX_TOPIC_NAME_LEN, Partition, Record, Refusal, Topic};

/// Partitions that should have an election.
#[derive(Debug, Clone)]
pub struct ElectLeaders {
    /// Whom to elect.
    pub election_type: ElectionType,
    /// Where; `None` for all partitions.
    pub partitions: Option<Vec<Election>>,
}

/// Whom to elect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ElectionType {
    /// The first of the assignment, where it is in sync.
    Preferred,
    /// Anybody, where nobody leads: what only others hold is lost.
    Unclean,
}

/// One partition to hold an election in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Election {
    /// The topic's name.
    pub topic: Arc<str>,
    /// The partition.
    pub index: PartitionIndex,
}

/// What became of one election.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElectionOutcome {
    /// Where.
    pub election: Election,
    /// Why nobody was elected, if so.
    pub result: Result<(), Refusal>,
}

/// Holds elections. Asked for all partitions, those that need none are not told.
pub(super) fn decide(image: &Image, intent: &ElectLeaders) -> Decision<Vec<ElectionOutcome>> {
    let mut records = Vec::new();
    let mut hold = |election: Election| {
        let elected = elect(image, &election, intent.election_type);
        ElectionOutcome { election, result: elected.map(|record| records.push(record)) }
    };
    let reply = match &intent.partitions {
        Some(elections) => elections.iter().cloned().map(hold).collect(),
        None => {
            let all = partitions(image).map(|(topic, index, _)| Election { topic: Arc::clone(&topic.name), index });
            all.map(&mut hold).filter(|outcome| outcome.result != Err(Refusal::ElectionNotNeeded)).collect()
        }
    };
    Decision { records, reply }
}

fn elect(image: &Image, election: &Election, election_type: ElectionType) -> Result<Record, Refusal> {
    let Election { topic: name, index } = election;
    // One request may name a topic as often as it names partitions, so a refusal does not repeat more than a legal name.
    let shown = || &name[..name.floor_char_boundary(MAX_TOPIC_NAME_LEN)];
    let topic =
        image.topic(name).ok_or_else(|| Refusal::UnknownTopicOrPartition(format!("No such topic as {}", shown())))?;
    let unknown = || Refusal::UnknownTopicOrPartition(format!("No such partition as {}-{index}", shown()));
    let partition = topic.partition(*index).ok_or_else(unknown)?;
    let alive = |id: &BrokerId| image.broker(*id).is_some_and(|broker| !broker.fenced);
    match election_type {
        ElectionType::Preferred => {
            let preferred = partition.replicas.first().copied();
            if partition.leader == preferred {
                return Err(Refusal::ElectionNotNeeded);
            }
            let electable = preferred.filter(|id| alive(id) && partition.isr.contains(id));
            let elected = electable.ok_or(Refusal::PreferredLeaderNotAvailable)?;
            Ok(change(topic, *index, partition, None, Some(elected)))
        }
        ElectionType::Unclean => {
            if partition.leader.is_some() {
                return Err(Refusal::ElectionNotNeeded);
            }
            let elected = partition.replicas.iter().copied().find(alive);
            let elected = elected.ok_or(Refusal::EligibleLeadersNotAvailable)?;
            // What it holds is what is committed from now on.
            Ok(change(topic, *index, partition, Some(vec![elected]), Some(elected)))
        }
    }
}

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
