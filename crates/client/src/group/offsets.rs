//! Committed offsets: asked for and stored, by one request each.

use std::collections::BTreeMap;

use record::{LeaderEpoch, Offset, PartitionIndex};
use wire::messages::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic, OffsetCommitResponse,
};
use wire::messages::offset_fetch::{
    OffsetFetchRequest, OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics, OffsetFetchResponse,
};

use super::coordinator::Coordinator;
use crate::admin::Outcomes;
use crate::connection::Answer;
use crate::{ErrorCode, Refusal, RequestError, TopicPartition};

/// The last versions that name topics; later ones have their ids.
const LAST_BY_NAME: i16 = 9;

/// How far a group has read a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommittedOffset {
    /// The offset to go on at.
    pub offset: Offset,
    /// The leader epoch of the last record that was read; [`LeaderEpoch::NONE`] when that is not known.
    pub leader_epoch: LeaderEpoch,
    /// What whoever committed it wanted kept with it; brokers take 4096 bytes as they come.
    pub metadata: String,
}

impl From<Offset> for CommittedOffset {
    /// An offset with nothing beside it.
    fn from(offset: Offset) -> CommittedOffset {
        CommittedOffset { offset, leader_epoch: LeaderEpoch::NONE, metadata: String::new() }
    }
}

/// Who commits: a member in its generation (classic) or epoch (consumer), or nobody, which only a group without members takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Membership {
    pub(crate) member_id: String,
    pub(crate) instance_id: Option<String>,
    pub(crate) generation: i32,
}

impl Membership {
    pub(crate) fn nobody() -> Membership {
        Membership { member_id: String::new(), instance_id: None, generation: -1 }
    }
}

/// Numbers of partitions by topic.
type ByTopic<'a> = BTreeMap<&'a str, Vec<i32>>;

/// The offsets that the group has committed: of these partitions, or of all there are. Those it has not are left out.
pub(crate) async fn fetch(
    coordinator: &Coordinator,
    partitions: Option<&[TopicPartition]>,
) -> Result<Outcomes<TopicPartition, CommittedOffset>, RequestError> {
    let by_topic = partitions.map(super::blobs::by_topic);
    let request = fetch_request(coordinator.group(), by_topic.as_ref());
    coordinator.ask(LAST_BY_NAME, &request, |answer| read_fetched(coordinator, answer)).await
}

fn fetch_request<'a>(group: &'a str, topics: Option<&'a ByTopic<'a>>) -> OffsetFetchRequest<'a> {
    let one = |(&name, partitions): (&&'a str, &'a Vec<i32>)| OffsetFetchRequestTopic {
        name,
        partition_indexes: partitions.as_slice().into(),
    };
    let many = |(&name, partitions): (&&'a str, &'a Vec<i32>)| OffsetFetchRequestTopics {
        name,
        topic_id: record::Uuid::ZERO,
        partition_indexes: partitions.as_slice().into(),
    };
    let of_group = OffsetFetchRequestGroup {
        group_id: group,
        member_id: None,
        member_epoch: -1,
        topics: topics.map(|topics| topics.iter().map(many).collect()),
    };
    OffsetFetchRequest {
        group_id: group,
        topics: topics.map(|topics| topics.iter().map(one).collect()),
        groups: vec![of_group].into(),
        // Offsets that a transaction may yet change are no place to begin at.
        require_stable: true,
    }
}

fn read_fetched(
    coordinator: &Coordinator,
    answer: &Answer,
) -> Result<Outcomes<TopicPartition, CommittedOffset>, RequestError> {
    let response = answer.read::<OffsetFetchResponse<'_>>()?;
    Refusal::check(response.error_code, || coordinator.subject())?;
    let mut found = Vec::new();
    for topic in response.topics.iter() {
        for it in topic.partitions.iter() {
            let told = (it.partition_index, it.committed_offset, it.committed_leader_epoch, it.metadata, it.error_code);
            found.extend(committed(topic.name, told));
        }
    }
    for group in response.groups.iter() {
        Refusal::check(group.error_code, || coordinator.subject())?;
        for topic in group.topics.iter() {
            for it in topic.partitions.iter() {
                let told =
                    (it.partition_index, it.committed_offset, it.committed_leader_epoch, it.metadata, it.error_code);
                found.extend(committed(topic.name, told));
            }
        }
    }
    // What passes is asked for again as a whole.
    let unstable = |(_, outcome): &(TopicPartition, Result<_, Refusal>)| {
        outcome.as_ref().err().filter(|refusal| refusal.code == ErrorCode::UNSTABLE_OFFSET_COMMIT).cloned()
    };
    found.iter().find_map(unstable).map_or(Ok(found), |refusal| Err(refusal.into()))
}

/// Partition, offset, leader epoch, metadata, error.
type Told<'a> = (i32, i64, i32, Option<&'a str>, ErrorCode);

fn committed(
    topic: &str,
    (partition, offset, leader_epoch, metadata, code): Told<'_>,
) -> Option<(TopicPartition, Result<CommittedOffset, Refusal>)> {
    let partition = TopicPartition { topic: topic.to_owned(), partition: PartitionIndex(partition) };
    if code.is_none() && offset < 0 {
        return None;
    }
    let checked = Refusal::check(code, || partition.to_string());
    let outcome = checked.map(|()| CommittedOffset {
        offset: Offset(offset),
        leader_epoch: LeaderEpoch(leader_epoch),
        metadata: metadata.unwrap_or_default().to_owned(),
    });
    Some((partition, outcome))
}

/// Commits once.
pub(crate) async fn commit_once(
    coordinator: &Coordinator,
    membership: &Membership,
    offsets: &BTreeMap<TopicPartition, CommittedOffset>,
) -> Result<Outcomes<TopicPartition, ()>, RequestError> {
    let request = commit_request(coordinator.group(), membership, offsets);
    coordinator.ask_once(LAST_BY_NAME, &request, read_committed).await
}

/// Commits, again and again while the coordinator is not ready.
pub(crate) async fn commit(
    coordinator: &Coordinator,
    membership: &Membership,
    offsets: &BTreeMap<TopicPartition, CommittedOffset>,
) -> Result<Outcomes<TopicPartition, ()>, RequestError> {
    let request = commit_request(coordinator.group(), membership, offsets);
    let unready = |outcomes: Outcomes<TopicPartition, ()>| {
        let waits =
            |refusal: &Refusal| refusal.code.is_retriable() && refusal.code != ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
        let first = outcomes.iter().find_map(|(_, outcome)| outcome.as_ref().err().filter(|refusal| waits(refusal)));
        match first.cloned() {
            Some(refusal) => Err(refusal.into()),
            None => Ok(outcomes),
        }
    };
    coordinator.ask(LAST_BY_NAME, &request, |answer| read_committed(answer).and_then(unready)).await
}

fn commit_request<'a>(
    group: &'a str,
    membership: &'a Membership,
    offsets: &'a BTreeMap<TopicPartition, CommittedOffset>,
) -> OffsetCommitRequest<'a> {
    let mut topics: Vec<OffsetCommitRequestTopic<'a>> = Vec::new();
    let entries: Vec<(&TopicPartition, &CommittedOffset)> = offsets.iter().collect();
    for of_topic in entries.chunk_by(|a, b| a.0.topic == b.0.topic) {
        let partition =
            |(partition, committed): &(&TopicPartition, &'a CommittedOffset)| OffsetCommitRequestPartition {
                partition_index: partition.partition.0,
                committed_offset: committed.offset.0,
                committed_leader_epoch: committed.leader_epoch.0,
                committed_metadata: Some(&committed.metadata),
            };
        topics.push(OffsetCommitRequestTopic {
            name: &of_topic[0].0.topic,
            topic_id: record::Uuid::ZERO,
            partitions: of_topic.iter().map(partition).collect(),
        });
    }
    OffsetCommitRequest {
        group_id: group,
        generation_id_or_member_epoch: membership.generation,
        member_id: &membership.member_id,
        group_instance_id: membership.instance_id.as_deref(),
        retention_time_ms: -1,
        topics: topics.into(),
    }
}

fn read_committed(answer: &Answer) -> Result<Outcomes<TopicPartition, ()>, RequestError> {
    let response = answer.read::<OffsetCommitResponse<'_>>()?;
    let mut outcomes = Vec::new();
    for topic in response.topics.iter() {
        let results = topic.partitions.iter().map(|result| (result.partition_index, result.error_code));
        outcomes.extend(partition_outcomes(topic.name, results));
    }
    Ok(outcomes)
}

/// What became of each partition of a topic, by number and code.
pub(crate) fn partition_outcomes(
    topic: &str,
    results: impl Iterator<Item = (i32, ErrorCode)>,
) -> impl Iterator<Item = (TopicPartition, Result<(), Refusal>)> {
    results.map(move |(index, code)| {
        let partition = TopicPartition { topic: topic.to_owned(), partition: PartitionIndex(index) };
        let outcome = Refusal::check(code, || partition.to_string());
        (partition, outcome)
    })
}
