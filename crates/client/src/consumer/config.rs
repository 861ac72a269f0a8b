//! The settings of a consumer.

use std::time::Duration;

use record::{Offset, Timestamp};

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

/// What to do at an offset that the partition does not have (any more) (`auto.offset.reset`), or from which on it has
/// other records than those that were read (KIP-320).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reset {
    /// Fail with [`PollError::OffsetOutOfRange`](crate::PollError::OffsetOutOfRange) or
    /// [`PollError::Truncated`](crate::PollError::Truncated) (`none`).
    #[default]
    Fail,
    /// Go on with the first record there is; after a truncation, where the records are other ones.
    Earliest,
    /// Go on after the last record there is; after a truncation, where the records are other ones.
    Latest,
}

/// Which records of transactions are read (`isolation.level`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Isolation {
    /// All, before they are decided, and those of aborted ones too.
    #[default]
    ReadUncommitted,
    /// Those of transactions that were committed; nothing beyond the first that is not decided.
    ReadCommitted,
}

impl Isolation {
    pub(crate) fn on_the_wire(self) -> i8 {
        match self {
            Isolation::ReadUncommitted => 0,
            Isolation::ReadCommitted => 1,
        }
    }
}

/// Settings of a [`Consumer`](crate::Consumer). In brackets: Kafka's name where it is another one.
#[derive(Clone, Debug)]
pub struct ConsumerConfig {
    /// Stop at the end that each partition has when it is assigned, instead of waiting for more.
    pub until_end: bool,
    /// What to do at an offset that the partition does not have.
    pub reset: Reset,
    /// Which records of transactions are read.
    pub isolation: Isolation,
    /// Whether the checksum of each batch is looked at (`check.crcs`).
    pub check_crcs: bool,
    /// How long a broker waits for `min_bytes` before it answers with what there is (`fetch.max.wait.ms`).
    pub max_wait: Duration,
    /// A broker answers as soon as there are so many bytes (`fetch.min.bytes`).
    pub min_bytes: i32,
    /// An answer has at most so many bytes, or one batch (`fetch.max.bytes`).
    pub max_bytes: i32,
    /// An answer has at most so many bytes of one partition, or one batch (`max.partition.fetch.bytes`).
    pub max_partition_bytes: i32,
    /// Leaders are asked for more only while at most so many bytes wait to be read, so that memory holds at most these, an
    /// answer of each leader, and one batch decompressed.
    pub prefetch_bytes: usize,
    /// How long errors that pass are retried.
    pub retry_timeout: Duration,
}

impl Default for ConsumerConfig {
    /// Follow, fail, read uncommitted, checked, 500 ms, 1 byte, 16 MiB, 4 MiB, 16 MiB, 30 s.
    fn default() -> ConsumerConfig {
        ConsumerConfig {
            until_end: false,
            reset: Reset::Fail,
            isolation: Isolation::ReadUncommitted,
            check_crcs: true,
            max_wait: Duration::from_millis(500),
            min_bytes: 1,
            max_bytes: 16 << 20,
            max_partition_bytes: 4 << 20,
            prefetch_bytes: 16 << 20,
            retry_timeout: Duration::from_secs(30),
        }
    }
}
