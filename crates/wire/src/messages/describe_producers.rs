//! DescribeProducers: the producers that a partition remembers (KIP-664).

use crate::{Array, ErrorCode, Message};

/// Partitions to tell of.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 61, versions = 0..=0, flexible = 0..)]
pub struct DescribeProducersRequest<'a> {
    /// By topic.
    pub topics: Array<'a, TopicRequest<'a>>,
}

/// A topic with partitions to tell of.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct TopicRequest<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its partitions.
    pub partition_indexes: Array<'a, i32>,
}

/// The producers of each partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 61, versions = 0..=0, flexible = 0..)]
pub struct DescribeProducersResponse<'a> {
    /// How long the broker held the request back because of a quota, in milliseconds.
    pub throttle_time_ms: i32,
    /// By topic.
    pub topics: Array<'a, TopicResponse<'a>>,
}

/// The producers of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct TopicResponse<'a> {
    /// Its name.
    pub name: &'a str,
    /// By partition.
    pub partitions: Array<'a, PartitionResponse<'a>>,
}

/// The producers of one partition.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct PartitionResponse<'a> {
    /// The partition.
    pub partition_index: i32,
    /// Why not, or none.
    pub error_code: ErrorCode,
    /// The same in words.
    pub error_message: Option<&'a str>,
    /// By producer.
    pub active_producers: Array<'a, ProducerState>,
}

/// What is remembered of one producer.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct ProducerState {
    /// Its id.
    pub producer_id: i64,
    /// Its epoch.
    pub producer_epoch: i32,
    /// The sequence number of its last record; -1 for none.
    #[kafka(default = -1)]
    pub last_sequence: i32,
    /// When it wrote last, in milliseconds since 1970; -1 when unknown.
    #[kafka(default = -1)]
    pub last_timestamp: i64,
    /// The epoch of the coordinator that wrote its last marker.
    pub coordinator_epoch: i32,
    /// Where its open transaction begins; -1 for none.
    #[kafka(default = -1)]
    pub current_txn_start_offset: i64,
}
