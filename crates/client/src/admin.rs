//! Topics, cluster and groups: create, delete, list, describe, look up offsets, change configs, delete records.

mod configs;
mod groups;
mod logs;
mod partitions;
mod records;

use std::collections::BTreeMap;

use record::{BrokerId, LeaderEpoch, Offset, PartitionIndex, Timestamp};
use tokio::time::Instant;
use wire::messages::create_topics::{CreatableTopic, CreatableTopicConfig, CreateTopicsRequest, CreateTopicsResponse};
use wire::messages::delete_topics::{DeleteTopicState, DeleteTopicsRequest, DeleteTopicsResponse};
use wire::messages::list_offsets::{
    ListOffsetsPartition, ListOffsetsPartitionResponse, ListOffsetsRequest, ListOffsetsResponse, ListOffsetsTopic,
};

pub use configs::{ConfigSource, TopicConfig};
pub use groups::{GroupDescription, GroupHappening, GroupListing, GroupMember, MemberToRemove, PartitionLag};
pub use logs::{CachedLog, LogDescription, LogReads};
pub use records::DeleteBefore;

use crate::client::Client;
use crate::{CallError, Cluster, Isolation, Refusal, RequestError, Topic};

/// What became of each of several things, in the order of the request.
pub type Outcomes<K, T> = Vec<(K, Result<T, Refusal>)>;

/// Looks after topics. Cheap to clone.
#[derive(Clone)]
pub struct Admin {
    client: Client,
}

/// A topic to create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTopic {
    /// Its name.
    pub name: String,
    /// The number of partitions; `None` for the broker's default.
    pub partitions: Option<i32>,
    /// The number of replicas; `None` for the broker's default.
    pub replication_factor: Option<i16>,
    /// Configs that differ from the defaults, under Kafka's keys.
    pub configs: Vec<(String, String)>,
}

impl NewTopic {
    /// A topic with the broker's defaults.
    pub fn new(name: impl Into<String>) -> NewTopic {
        NewTopic { name: name.into(), partitions: None, replication_factor: None, configs: Vec::new() }
    }
}

/// A partition of a topic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicPartition {
    /// The topic's name.
    pub topic: String,
    /// The partition.
    pub partition: PartitionIndex,
}

impl std::fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "partition {} of topic `{}`", self.partition, self.topic)
    }
}

/// Which offset of a partition is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OffsetSpec {
    /// The first that there is.
    Earliest,
    /// The one that the next record will get.
    Latest,
    /// That of the record with the highest timestamp (KIP-734).
    MaxTimestamp,
    /// That of the first record with this timestamp or a later one.
    At(Timestamp),
}

impl OffsetSpec {
    fn timestamp(self) -> i64 {
        match self {
            OffsetSpec::Earliest => -2,
            OffsetSpec::Latest => -1,
            OffsetSpec::MaxTimestamp => -3,
            OffsetSpec::At(timestamp) => timestamp.0,
        }
    }
}

/// An offset that was looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OffsetFound {
    /// The offset; `None` when no record matches the timestamp.
    pub offset: Option<Offset>,
    /// The record's timestamp; [`Timestamp::NONE`] unless it was looked up by time.
    pub timestamp: Timestamp,
    /// The leader epoch of the record.
    pub leader_epoch: LeaderEpoch,
}

impl Admin {
    pub(crate) fn new(client: Client) -> Admin {
        Admin { client }
    }

    /// Creates topics, each for itself.
    ///
    /// # Errors
    /// The broker did not answer; then some may have been created.
    pub async fn create_topics(&self, topics: &[NewTopic]) -> Result<Outcomes<String, ()>, RequestError> {
        let request = CreateTopicsRequest {
            topics: topics.iter().map(creatable).collect(),
            timeout_ms: self.timeout_ms(),
            validate_only: false,
        };
        // Not repeated when the connection ends: the topics may be there already.
        let answer = self.client.any().await?.call(&request).await?;
        let response = answer.read::<CreateTopicsResponse<'_>>()?;
        Ok(response.topics.iter().map(|topic| outcome(topic.name, topic.error_code, topic.error_message)).collect())
    }

    /// Deletes topics and their records, each for itself.
    ///
    /// # Errors
    /// The broker did not answer; then some may have been deleted.
    pub async fn delete_topics(&self, topics: &[&str]) -> Result<Outcomes<String, ()>, RequestError> {
        let by_name = |&name| DeleteTopicState { name: Some(name), ..DeleteTopicState::default() };
        let request = DeleteTopicsRequest {
            topics: topics.iter().map(by_name).collect(),
            topic_names: topics.into(),
            timeout_ms: self.timeout_ms(),
        };
        let answer = self.client.any().await?.call(&request).await?;
        topics.iter().for_each(|topic| self.client.forget_topic(topic));
        let response = answer.read::<DeleteTopicsResponse<'_>>()?;
        let outcomes = response.responses.iter();
        Ok(outcomes
            .map(|topic| outcome(topic.name.unwrap_or_default(), topic.error_code, topic.error_message))
            .collect())
    }

    /// All topics, by name.
    ///
    /// # Errors
    /// The broker did not answer.
    pub async fn list_topics(&self) -> Result<Vec<Topic>, RequestError> {
        let answered = self.client.metadata(None, false).await?;
        let mut topics: Vec<Topic> = answered.topics.into_iter().filter_map(|(_, topic)| topic.ok()).collect();
        topics.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(topics)
    }

    /// These topics; none of them is created by asking.
    ///
    /// # Errors
    /// The broker did not answer.
    pub async fn describe_topics(&self, topics: &[&str]) -> Result<Outcomes<String, Topic>, RequestError> {
        Ok(self.client.settled_metadata(Some(topics), false).await?.topics)
    }

    /// The cluster's id and brokers.
    ///
    /// # Errors
    /// The broker did not answer.
    pub async fn describe_cluster(&self) -> Result<Cluster, RequestError> {
        Ok(self.client.metadata(Some(&[]), false).await?.cluster)
    }

    /// Looks up offsets, one for each entry; a partition may be named more than once. Leaders that move or are elected at the
    /// moment are waited for.
    ///
    /// # Errors
    /// A broker did not answer, or a topic or partition does not exist.
    pub async fn list_offsets(
        &self,
        wanted: &[(TopicPartition, OffsetSpec)],
    ) -> Result<Outcomes<TopicPartition, OffsetFound>, RequestError> {
        self.list_offsets_as(wanted, Isolation::ReadUncommitted).await
    }

    /// [`Admin::list_offsets`] as a consumer of this isolation sees them: the end of one that reads what is committed is
    /// the first offset that is not decided.
    ///
    /// # Errors
    /// As [`Admin::list_offsets`].
    pub async fn list_offsets_as(
        &self,
        wanted: &[(TopicPartition, OffsetSpec)],
        isolation: Isolation,
    ) -> Result<Outcomes<TopicPartition, OffsetFound>, RequestError> {
        let deadline = Instant::now() + self.client.config().request_timeout;
        let mut found: Vec<Option<Result<OffsetFound, Refusal>>> = wanted.iter().map(|_| None).collect();
        loop {
            let missing: Vec<usize> = (0..wanted.len()).filter(|&index| found[index].is_none()).collect();
            for ((leader, _), indices) in self.by_leader(wanted, &missing).await? {
                let asked: Vec<_> = indices.iter().map(|&index| &wanted[index]).collect();
                match self.ask_leader(leader, &asked, isolation).await {
                    Ok(mut outcomes) => {
                        indices.iter().for_each(|&index| found[index] = outcomes.remove(&wanted[index].0));
                    }
                    Err(error) if error.is_retriable() && Instant::now() < deadline => {}
                    Err(error) => return Err(error.into()),
                }
            }
            let in_time = Instant::now() < deadline;
            let passes = |outcome: &Result<OffsetFound, Refusal>| {
                in_time && outcome.as_ref().is_err_and(|refusal| refusal.code.is_retriable())
            };
            found.iter_mut().for_each(|outcome| *outcome = outcome.take().filter(|outcome| !passes(outcome)));
            if found.iter().all(Option::is_some) || !in_time {
                let outcome = |((partition, _), found): (&(TopicPartition, _), Option<_>)| {
                    (partition.clone(), found.unwrap_or_else(|| Err(no_leader(partition))))
                };
                return Ok(wanted.iter().zip(found).map(outcome).collect());
            }
            wanted.iter().for_each(|(partition, _)| self.client.forget_topic(&partition.topic));
            self.client.back_off().await;
        }
    }

    /// The requests that are to be made, each with the places of its partitions, by leader. A request names a partition once,
    /// so that a further entry of the same one goes into a further request.
    async fn by_leader(
        &self,
        wanted: &[(TopicPartition, OffsetSpec)],
        missing: &[usize],
    ) -> Result<BTreeMap<(BrokerId, usize), Vec<usize>>, RequestError> {
        let repeats = repeats(wanted, missing);
        let mut by_leader: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (&index, repeat) in missing.iter().zip(repeats) {
            let named = &wanted[index].0;
            let topic = self.client.topic(&named.topic, false).await?;
            let partition = topic.partition(named.partition).ok_or_else(|| no_such_partition(named))?;
            if partition.leader != BrokerId::NONE {
                by_leader.entry((partition.leader, repeat)).or_default().push(index);
            }
        }
        Ok(by_leader)
    }

    async fn ask_leader(
        &self,
        leader: BrokerId,
        wanted: &[&(TopicPartition, OffsetSpec)],
        isolation: Isolation,
    ) -> Result<BTreeMap<TopicPartition, Result<OffsetFound, Refusal>>, CallError> {
        let topics = wanted.chunk_by(|a, b| a.0.topic == b.0.topic).map(|wanted| ListOffsetsTopic {
            name: &wanted[0].0.topic,
            partitions: wanted.iter().map(|wanted| looked_up(wanted)).collect(),
        });
        let request = ListOffsetsRequest {
            replica_id: -1,
            isolation_level: isolation.on_the_wire(),
            topics: topics.collect(),
            timeout_ms: self.timeout_ms(),
        };
        let answer = self.client.broker(leader).await?.call(&request).await?;
        let response = answer.read::<ListOffsetsResponse<'_>>()?;
        let of_topic = response.topics.iter().flat_map(|topic| {
            let found = |partition| offset_found(topic.name, &partition);
            topic.partitions.iter().map(found).collect::<Vec<_>>()
        });
        Ok(of_topic.collect())
    }

    fn timeout_ms(&self) -> i32 {
        i32::try_from(self.client.config().request_timeout.as_millis()).unwrap_or(i32::MAX)
    }
}

fn creatable(topic: &NewTopic) -> CreatableTopic<'_> {
    CreatableTopic {
        name: &topic.name,
        num_partitions: topic.partitions.unwrap_or(-1),
        replication_factor: topic.replication_factor.unwrap_or(-1),
        configs: topic.configs.iter().map(|(name, value)| CreatableTopicConfig { name, value: Some(value) }).collect(),
        ..CreatableTopic::default()
    }
}

fn outcome(name: &str, code: wire::ErrorCode, message: Option<&str>) -> (String, Result<(), Refusal>) {
    (name.to_owned(), Refusal::check_with(code, message, || format!("topic `{name}`")))
}

/// How often the partition of each of these was named before.
fn repeats(wanted: &[(TopicPartition, OffsetSpec)], indices: &[usize]) -> Vec<usize> {
    let mut named: BTreeMap<&TopicPartition, usize> = BTreeMap::new();
    let repeat = |&index: &usize| {
        let count = named.entry(&wanted[index].0).or_default();
        *count += 1;
        *count - 1
    };
    indices.iter().map(repeat).collect()
}

fn looked_up(wanted: &(TopicPartition, OffsetSpec)) -> ListOffsetsPartition {
    ListOffsetsPartition {
        partition_index: wanted.0.partition.0,
        timestamp: wanted.1.timestamp(),
        ..ListOffsetsPartition::default()
    }
}

fn offset_found(topic: &str, found: &ListOffsetsPartitionResponse) -> (TopicPartition, Result<OffsetFound, Refusal>) {
    let partition = TopicPartition { topic: topic.to_owned(), partition: PartitionIndex(found.partition_index) };
    let checked = Refusal::check(found.error_code, || partition.to_string());
    let found = checked.map(|()| OffsetFound {
        offset: (found.offset >= 0).then_some(Offset(found.offset)),
        timestamp: Timestamp(found.timestamp),
        leader_epoch: LeaderEpoch(found.leader_epoch),
    });
    (partition, found)
}

pub(crate) fn no_such_partition(partition: &TopicPartition) -> Refusal {
    Refusal {
        subject: partition.to_string(),
        code: wire::ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
        message: Some("there is no such partition".to_owned()),
    }
}

fn no_leader(partition: &TopicPartition) -> Refusal {
    Refusal { subject: partition.to_string(), code: wire::ErrorCode::LEADER_NOT_AVAILABLE, message: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_that_is_named_again_goes_into_another_request() {
        let named = |partition| TopicPartition { topic: "t".to_owned(), partition: PartitionIndex(partition) };
        let wanted = [(0, OffsetSpec::Earliest), (1, OffsetSpec::Latest), (0, OffsetSpec::Latest)]
            .map(|(partition, spec)| (named(partition), spec));
        assert_eq!(repeats(&wanted, &[0, 1, 2]), [0, 0, 1]);
        assert_eq!(repeats(&wanted, &[1, 2]), [0, 0], "the first is known already");
    }
}
