//! Consuming by assignment: partitions are read from where the caller says, without a group.

mod decode;
mod fetch;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use record::{BatchError, BrokerId, Offset, PartitionIndex, RecordError, Timestamp};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::admin::no_such_partition;
use crate::{Client, ErrorCode, OffsetSpec, Refusal, RequestError, TopicPartition};
use fetch::Fetched;

/// Where to begin in a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// At the first record there is.
    Beginning,
    /// After the last record there is.
    End,
    /// At this offset.
    Offset(Offset),
    /// At the first record with this timestamp or a later one; at the end when there is none.
    Timestamp(Timestamp),
}

/// What to do at an offset that the partition does not have (any more).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reset {
    /// Fail with [`PollError::OffsetOutOfRange`].
    #[default]
    Fail,
    /// Go on with the first record there is.
    Earliest,
    /// Go on after the last record there is.
    Latest,
}

/// Settings of a [`Consumer`].
#[derive(Clone, Debug)]
pub struct ConsumerConfig {
    /// Stop at the end that each partition has when it is assigned, instead of waiting for more.
    pub until_end: bool,
    /// What to do at an offset that the partition does not have.
    pub reset: Reset,
    /// How long a broker waits for records before it answers that there are none.
    pub max_wait: Duration,
    /// An answer has at most so many bytes, or one batch.
    pub max_bytes: i32,
    /// An answer has at most so many bytes of one partition, or one batch.
    pub max_partition_bytes: i32,
    /// How long errors that pass are retried.
    pub retry_timeout: Duration,
}

impl Default for ConsumerConfig {
    /// Follow, fail, 500 ms, 16 MiB, 4 MiB, 30 s.
    fn default() -> ConsumerConfig {
        ConsumerConfig {
            until_end: false,
            reset: Reset::Fail,
            max_wait: Duration::from_millis(500),
            max_bytes: 16 << 20,
            max_partition_bytes: 4 << 20,
            retry_timeout: Duration::from_secs(30),
        }
    }
}

/// A record as it was consumed. Its bytes are shared with those of the other records of its batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumerRecord {
    /// The topic.
    pub topic: Arc<str>,
    /// The partition.
    pub partition: PartitionIndex,
    /// The offset in the partition.
    pub offset: Offset,
    /// The producer's time, or that of the append, as the topic is set up.
    pub timestamp: Timestamp,
    /// The key, which may be null.
    pub key: Option<Bytes>,
    /// The value; null is a tombstone on a compacted topic.
    pub value: Option<Bytes>,
    /// The headers in order. Keys may repeat; the protocol wants UTF-8 in them, but no broker checks it.
    pub headers: Vec<(Bytes, Option<Bytes>)>,
}

/// Records cannot be consumed.
#[derive(Debug, thiserror::Error)]
pub enum PollError {
    /// A broker refused, or did not answer for the retry timeout.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The partition does not have the offset, and the consumer was not told where to go on.
    #[error("{partition} has no offset {offset}, its records begin at {log_start_offset}")]
    OffsetOutOfRange {
        /// The partition.
        partition: TopicPartition,
        /// The offset that was to be read.
        offset: Offset,
        /// The first offset; -1 when the broker did not say.
        log_start_offset: Offset,
    },
    /// The bytes that came are not what a producer sent. The batch yields no record.
    #[error("{partition} is damaged at offset {offset}: {damage}")]
    Corrupt {
        /// The partition.
        partition: TopicPartition,
        /// The first offset of the batch, or the offset that was asked for.
        offset: Offset,
        /// What is wrong.
        damage: Damage,
    },
}

/// What can be wrong with a batch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The checksum does not fit the bytes.
    #[error("the checksum does not fit")]
    Checksum,
    /// It is not a batch.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// Its records cannot be read.
    #[error(transparent)]
    Records(#[from] RecordError),
}

/// Reads records of the partitions it was given. Each partition's records come in order.
///
/// Records of transactions are read before they are decided, and those of aborted ones too.
pub struct Consumer {
    client: Client,
    config: ConsumerConfig,
    partitions: Vec<Reading>,
    /// At most one request per leader is under way.
    fetches: JoinSet<Fetched>,
    asked: Vec<BrokerId>,
    /// The partition with which the last request began.
    first: usize,
    decoded: VecDeque<ConsumerRecord>,
    damaged: Option<PollError>,
    scratch: Vec<u8>,
    /// Since when nothing but errors came.
    failing_since: Option<Instant>,
}

/// A partition that is read.
struct Reading {
    topic: Arc<str>,
    partition: PartitionIndex,
    /// The next offset.
    position: Offset,
    /// Where to stop.
    end: Option<Offset>,
    /// The end of the log as last heard.
    high_watermark: Offset,
}

impl Reading {
    fn is_done(&self) -> bool {
        self.end.is_some_and(|end| self.position >= end)
    }

    fn topic_partition(&self) -> TopicPartition {
        TopicPartition { topic: self.topic.to_string(), partition: self.partition }
    }
}

impl Consumer {
    pub(crate) fn new(client: Client, config: ConsumerConfig) -> Consumer {
        Consumer {
            client,
            config,
            partitions: Vec::new(),
            fetches: JoinSet::new(),
            asked: Vec::new(),
            first: 0,
            decoded: VecDeque::new(),
            damaged: None,
            scratch: Vec::new(),
            failing_since: None,
        }
    }

    /// Adds these partitions of a topic, `None` for all that it has now.
    ///
    /// # Errors
    /// There is no such topic or partition, a broker did not answer, or the offset lies behind the end at which to stop.
    pub async fn assign(
        &mut self,
        topic: &str,
        partitions: Option<&[PartitionIndex]>,
        start: Start,
    ) -> Result<(), RequestError> {
        let described = self.client.topic(topic, false).await?;
        let all = || described.partitions.iter().map(|partition| partition.index).collect();
        let partitions: Vec<PartitionIndex> = partitions.map_or_else(all, <[_]>::to_vec);
        let named = |partition| TopicPartition { topic: topic.to_owned(), partition };
        if let Some(&missing) = partitions.iter().find(|&&partition| described.partition(partition).is_none()) {
            return Err(no_such_partition(&named(missing)).into());
        }
        let partitions: Vec<TopicPartition> = partitions.into_iter().map(named).collect();
        let ends = self.look_up(&partitions, OffsetSpec::Latest).await?;
        let starts = match start {
            Start::Beginning => self.look_up(&partitions, OffsetSpec::Earliest).await?,
            Start::End => ends.clone(),
            Start::Offset(offset) => vec![Some(offset); partitions.len()],
            Start::Timestamp(timestamp) => self.look_up(&partitions, OffsetSpec::At(timestamp)).await?,
        };
        if let (Start::Offset(offset), true, Reset::Fail) = (start, self.config.until_end, self.config.reset) {
            let reach = |(partition, end): (&TopicPartition, &Option<Offset>)| in_reach(partition, offset, *end);
            partitions.iter().zip(&ends).try_for_each(reach)?;
        }
        let topic: Arc<str> = topic.into();
        for ((partition, start), end) in partitions.into_iter().zip(starts).zip(ends) {
            let end = end.unwrap_or_default();
            self.partitions.push(Reading {
                topic: Arc::clone(&topic),
                partition: partition.partition,
                position: start.unwrap_or(end),
                end: self.config.until_end.then_some(end),
                high_watermark: end,
            });
        }
        Ok(())
    }

    async fn look_up(
        &self,
        partitions: &[TopicPartition],
        spec: OffsetSpec,
    ) -> Result<Vec<Option<Offset>>, RequestError> {
        let wanted: Vec<_> = partitions.iter().map(|partition| (partition.clone(), spec)).collect();
        let found = self.client.admin().list_offsets(&wanted).await?;
        found.into_iter().map(|(_, found)| Ok(found?.offset)).collect()
    }

    /// The records between the positions and the ends of the partitions, as far as the ends are known.
    pub fn lag(&self) -> i64 {
        self.partitions.iter().map(|reading| (reading.high_watermark - reading.position).max(0)).sum()
    }

    /// The next record; `None` when all partitions are at the end at which to stop.
    ///
    /// # Errors
    /// Records cannot be read; those before the error were all returned. After damage the partition stays where it is.
    pub async fn next(&mut self) -> Result<Option<ConsumerRecord>, PollError> {
        while self.decoded.is_empty() {
            if let Some(damaged) = self.damaged.take() {
                return Err(damaged);
            }
            if !self.fetch().await? {
                return Ok(None);
            }
        }
        Ok(self.decoded.pop_front())
    }

    /// The next record if it has arrived already.
    pub fn next_now(&mut self) -> Option<ConsumerRecord> {
        self.decoded.pop_front()
    }
}

/// A consumer that stops at the end would never learn that the broker does not have an offset behind it.
fn in_reach(partition: &TopicPartition, offset: Offset, end: Option<Offset>) -> Result<(), Refusal> {
    match end {
        Some(end) if offset > end => Err(Refusal {
            subject: partition.to_string(),
            code: ErrorCode::OFFSET_OUT_OF_RANGE,
            message: Some(format!("there is no offset {offset}, its records end at {end}")),
        }),
        _ => Ok(()),
    }
}
