//! What brokers tell of their logs: sizes, and how much of them is in the page cache.

use std::collections::BTreeMap;

use record::{BrokerId, Offset, PartitionIndex};
use wire::messages::describe_log_dirs::{
    DescribableLogDirTopic, DescribeLogDirsPartition, DescribeLogDirsRequest, DescribeLogDirsResponse, LogCache,
};

use super::Admin;
use crate::{CallError, Refusal, RequestError, Topic};

/// What the leader of a partition tells of its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogDescription {
    /// Bytes of its segments.
    pub size_bytes: u64,
    /// What was fetched of it; `None` of a broker that does not tell: only Ottla's do.
    pub reads: Option<LogReads>,
    /// What of it is in the page cache; `None` where the broker, or its system, does not tell.
    pub cached: Option<CachedLog>,
}

/// What was fetched of a log since the broker opened it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogReads {
    /// Bytes that fetches were given.
    pub fetched_bytes: u64,
    /// Those of them that were not in the page cache.
    pub cold_bytes: u64,
}

/// What of a log is in the page cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CachedLog {
    /// Bytes of its segments.
    pub bytes: u64,
    /// From this offset on all of it is; where nothing at the end is, the end.
    pub hot_from: Offset,
}

impl Admin {
    /// Sizes of the logs of a topic as the leaders tell them, and how much of them is in the page cache. Partitions without a
    /// leader, or whose log is offline, are left out.
    ///
    /// # Errors
    /// A broker did not answer, or refused.
    pub async fn describe_logs(&self, topic: &Topic) -> Result<BTreeMap<PartitionIndex, LogDescription>, RequestError> {
        let mut by_leader: BTreeMap<BrokerId, Vec<i32>> = BTreeMap::new();
        for partition in topic.partitions.iter().filter(|partition| partition.leader != BrokerId::NONE) {
            by_leader.entry(partition.leader).or_default().push(partition.index.0);
        }
        let mut described = BTreeMap::new();
        for (leader, partitions) in by_leader {
            let told = self.all_logs_at(leader, &topic.name, partitions).await??;
            described.extend(told);
        }
        Ok(described)
    }

    /// A broker looks at so many segments for one request; what it left out is asked for again, as long as it tells more.
    async fn all_logs_at(
        &self,
        broker: BrokerId,
        topic: &str,
        mut partitions: Vec<i32>,
    ) -> Result<Result<BTreeMap<PartitionIndex, LogDescription>, Refusal>, CallError> {
        let mut described = BTreeMap::new();
        loop {
            let told = match self.logs_at(broker, topic, partitions).await? {
                Ok(told) => told,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let untold = told.iter().filter(|(_, log)| log.cached.is_none()).map(|(index, _)| index.0);
            partitions = untold.collect();
            let is_last = partitions.is_empty() || partitions.len() == told.len();
            described.extend(told);
            if is_last {
                return Ok(Ok(described));
            }
        }
    }

    async fn logs_at(
        &self,
        broker: BrokerId,
        topic: &str,
        partitions: Vec<i32>,
    ) -> Result<Result<BTreeMap<PartitionIndex, LogDescription>, Refusal>, CallError> {
        let wanted = DescribableLogDirTopic { topic, partitions: partitions.into() };
        let request = DescribeLogDirsRequest { topics: Some(vec![wanted].into()), tells_cache: true };
        let answer = self.client.broker(broker).await?.call(&request).await?;
        let response = answer.read::<DescribeLogDirsResponse<'_>>()?;
        if let Err(refusal) = Refusal::check(response.error_code, || format!("the logs of topic `{topic}`")) {
            return Ok(Err(refusal));
        }
        let mut described = BTreeMap::new();
        for dir in response.results.iter() {
            for partition in dir.topics.iter().flat_map(|topic| topic.partitions.to_vec()) {
                if !partition.is_future_key {
                    described.insert(PartitionIndex(partition.partition_index), description(&partition));
                }
            }
        }
        Ok(Ok(described))
    }
}

fn description(told: &DescribeLogDirsPartition) -> LogDescription {
    let known = |number: i64| u64::try_from(number).ok();
    let LogCache { cached_bytes, hot_from, fetched_bytes, cold_bytes } = told.cache;
    let reads = known(fetched_bytes).zip(known(cold_bytes));
    let cached = known(cached_bytes).filter(|_| hot_from >= 0);
    LogDescription {
        size_bytes: known(told.partition_size).unwrap_or(0),
        reads: reads.map(|(fetched_bytes, cold_bytes)| LogReads { fetched_bytes, cold_bytes }),
        cached: cached.map(|bytes| CachedLog { bytes, hot_from: Offset(hot_from) }),
    }
}
