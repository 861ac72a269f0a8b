//! OffsetForLeaderEpoch: where leader epochs end (KIP-101, KIP-279).
//!
//! Kafka 4 begins at version 2 (KIP-896).
//! - 2: current leader epoch, throttle time (KIP-320).
//! - 3: replica id.
//! - 4: flexible (KIP-482).

use crate::{Array, ErrorCode, Message};

/// Epochs whose ends are asked for.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 23, versions = 2..=4, flexible = 4..)]
pub struct OffsetForLeaderEpochRequest<'a> {
    /// The broker id of a follower; -1 for a consumer, -2 for a tool that may see what is not replicated yet.
    #[kafka(versions = 3.., default = -2)]
    pub replica_id: i32,
    /// By topic.
    pub topics: Array<'a, OffsetForLeaderTopic<'a>>,
}

/// Epochs of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct OffsetForLeaderTopic<'a> {
    /// The topic's name.
    pub topic: &'a str,
    /// By partition.
    pub partitions: Array<'a, OffsetForLeaderPartition>,
}

/// An epoch of one partition.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct OffsetForLeaderPartition {
    /// The partition.
    pub partition: i32,
    /// The leader epoch that the asker knows; -1 for none.
    #[kafka(default = -1)]
    pub current_leader_epoch: i32,
    /// The epoch whose end is asked for.
    pub leader_epoch: i32,
}

/// Where the epochs end.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 23, versions = 2..=4, flexible = 4..)]
pub struct OffsetForLeaderEpochResponse<'a> {
    /// How long the broker held the request back because of a quota, in milliseconds.
    pub throttle_time_ms: i32,
    /// By topic.
    pub topics: Array<'a, OffsetForLeaderTopicResult<'a>>,
}

/// Where epochs of one topic end.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct OffsetForLeaderTopicResult<'a> {
    /// The topic's name.
    pub topic: &'a str,
    /// By partition.
    pub partitions: Array<'a, EpochEndOffset>,
}

/// Where an epoch of one partition ends.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct EpochEndOffset {
    /// Why there is no answer, or none.
    pub error_code: ErrorCode,
    /// The partition.
    pub partition: i32,
    /// The largest epoch of the log that is not above the one asked for; -1 when there is none.
    #[kafka(default = -1)]
    pub leader_epoch: i32,
    /// The offset after the last record of that epoch; -1 when unknown.
    #[kafka(default = -1)]
    pub end_offset: i64,
}
