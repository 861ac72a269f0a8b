//! ListOffsets: looks up offsets by timestamp.
//!
//! Kafka 4 begins at version 1 (KIP-896).
//! - 1: a single offset, with its timestamp (KIP-79).
//! - 2: isolation level (KIP-98).
//! - 4: current leader epoch (KIP-320).
//! - 5: OFFSET_NOT_AVAILABLE may be answered (KIP-207).
//! - 6: flexible (KIP-482).
//! - 7: timestamp -3, the record with the highest timestamp (KIP-734).
//! - 8: timestamp -4, the first offset on local disk (KIP-405).
//! - 9: timestamp -5, the last offset in tiered storage (KIP-1005).
//! - 10: a time limit, for look-ups in tiered storage (KIP-1075).
//! - 11: timestamp -6, the first offset not yet in tiered storage (KIP-1023).

use crate::{Array, ErrorCode, Message};

/// Timestamps to look up.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 2, versions = 1..=11, flexible = 6..)]
pub struct ListOffsetsRequest<'a> {
    /// The broker id of a follower; -1 for a consumer.
    pub replica_id: i32,
    /// 0: read uncommitted, 1: read committed.
    #[kafka(versions = 2..)]
    pub isolation_level: i8,
    /// By topic.
    pub topics: Array<'a, ListOffsetsTopic<'a>>,
    /// How long to wait for tiered storage, in milliseconds.
    #[kafka(versions = 10..)]
    pub timeout_ms: i32,
}

/// Timestamps to look up in one topic.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct ListOffsetsTopic<'a> {
    /// The topic's name.
    pub name: &'a str,
    /// By partition.
    pub partitions: Array<'a, ListOffsetsPartition>,
}

/// A timestamp to look up in one partition.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct ListOffsetsPartition {
    /// The partition.
    pub partition_index: i32,
    /// The leader epoch that the asker knows; -1 for none.
    #[kafka(versions = 4.., default = -1)]
    pub current_leader_epoch: i32,
    /// Milliseconds since 1970, or -1 for the end, -2 for the start, and others below by version.
    pub timestamp: i64,
}

/// The offsets found.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 2, versions = 1..=11, flexible = 6..)]
pub struct ListOffsetsResponse<'a> {
    /// How long the broker held the request back because of a quota, in milliseconds.
    #[kafka(versions = 2..)]
    pub throttle_time_ms: i32,
    /// By topic.
    pub topics: Array<'a, ListOffsetsTopicResponse<'a>>,
}

/// The offsets found in one topic.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct ListOffsetsTopicResponse<'a> {
    /// The topic's name.
    pub name: &'a str,
    /// By partition.
    pub partitions: Array<'a, ListOffsetsPartitionResponse>,
}

/// The offset found in one partition.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct ListOffsetsPartitionResponse {
    /// The partition.
    pub partition_index: i32,
    /// Why nothing was looked up, or none.
    pub error_code: ErrorCode,
    /// The timestamp of the record at `offset`, in milliseconds since 1970; -1 when it was not looked up by time.
    #[kafka(default = -1)]
    pub timestamp: i64,
    /// The offset; -1 when no record matches.
    #[kafka(default = -1)]
    pub offset: i64,
    /// The leader epoch of the record at `offset`; -1 when unknown.
    #[kafka(versions = 4.., default = -1)]
    pub leader_epoch: i32,
}
