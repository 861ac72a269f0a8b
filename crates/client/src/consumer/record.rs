//! A record as it was consumed, and why there is none.

use std::sync::Arc;

use bytes::Bytes;
use record::{BatchError, Offset, PartitionIndex, RecordError, Timestamp};

use crate::{RequestError, TopicPartition};

/// A record as it was consumed. Its bytes are shared with those of the other records of its batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumerRecord {
    /// The topic.
    pub topic: Arc<str>,
    /// The partition.
    pub partition: PartitionIndex,
    /// The offset in the partition.
    pub offset: Offset,
    /// The producer's time, or that of the append, as the topic is set up; in milliseconds since 1970.
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
    #[error("{partition} has no offset {offset}")]
    OffsetOutOfRange {
        /// The partition.
        partition: TopicPartition,
        /// The offset that was to be read.
        offset: Offset,
    },
    /// The group has committed nothing of the partition, and the consumer was not told where to begin then.
    #[error("nothing is committed of {partition}, and no `reset` says where to begin")]
    NoOffset {
        /// The partition.
        partition: TopicPartition,
    },
    /// The partition has other records now than those that were read: a leader was lost with records that no other had. The
    /// position stays; seek to `end` to read what is there now.
    #[error("{partition} was cut off at offset {end}, records up to {offset} were read before")]
    Truncated {
        /// The partition.
        partition: TopicPartition,
        /// The next offset that was to be read.
        offset: Offset,
        /// The first offset whose record is another one, or is not there; -1 when the leader knows nothing of the leader
        /// epoch in which they were read, so that all may be other ones.
        end: Offset,
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
