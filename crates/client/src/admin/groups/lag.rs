//! How far a group is behind.

use std::collections::BTreeMap;

use record::{BrokerId, Offset};

use super::{Admin, TopicPartition};
use crate::{CommittedOffset, OffsetSpec, RequestError};

/// How far a group is behind in a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionLag {
    /// The partition.
    pub partition: TopicPartition,
    /// What the group has committed, if anything.
    pub committed: Option<CommittedOffset>,
    /// The offset that the next record will get; `None` when the partition has no leader, or is gone.
    pub end: Option<Offset>,
}

impl PartitionLag {
    /// The records between what is committed and the end; `None` when one of them is not known. A position behind the end, as
    /// after records were lost, is no lag.
    pub fn lag(&self) -> Option<i64> {
        Some((self.end? - self.committed.as_ref()?.offset).max(0))
    }
}

impl Admin {
    /// How far a group is behind: in all partitions of which it has committed offsets, and in these others, such as those that
    /// members read.
    ///
    /// # Errors
    /// A broker refused or did not answer.
    pub async fn group_lag(&self, group: &str, others: &[TopicPartition]) -> Result<Vec<PartitionLag>, RequestError> {
        let mut partitions: BTreeMap<TopicPartition, Option<CommittedOffset>> =
            others.iter().map(|partition| (partition.clone(), None)).collect();
        for (partition, committed) in self.group_offsets(group, None).await? {
            partitions.insert(partition, Some(committed?));
        }
        let ends = self.ends(partitions.keys()).await?;
        let lag = |(partition, committed): (TopicPartition, Option<CommittedOffset>)| {
            let end = ends.get(&partition).copied();
            PartitionLag { partition, committed, end }
        };
        Ok(partitions.into_iter().map(lag).collect())
    }

    /// The ends of those partitions that there are, and that have a leader.
    async fn ends(
        &self,
        partitions: impl Iterator<Item = &TopicPartition>,
    ) -> Result<BTreeMap<TopicPartition, Offset>, RequestError> {
        let partitions: Vec<&TopicPartition> = partitions.collect();
        let mut topics: Vec<&str> = partitions.iter().map(|partition| partition.topic.as_str()).collect();
        topics.dedup();
        let described: BTreeMap<String, _> = self.describe_topics(&topics).await?.into_iter().collect();
        let is_led = |partition: &&&TopicPartition| {
            let found = described.get(&partition.topic).and_then(|topic| topic.as_ref().ok());
            let found = found.and_then(|topic| topic.partition(partition.partition));
            found.is_some_and(|found| found.leader != BrokerId::NONE)
        };
        let led = partitions.iter().filter(is_led).map(|&partition| (partition.clone(), OffsetSpec::Latest));
        let found = self.list_offsets(&led.collect::<Vec<_>>()).await?;
        Ok(found.into_iter().filter_map(|(partition, found)| Some((partition, found.ok()?.offset?))).collect())
    }
}
