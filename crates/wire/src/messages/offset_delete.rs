//! OffsetDelete: forgets how far a group has read in some partitions (KIP-496).

use crate::{Array, ErrorCode, Message};

/// Offsets to forget.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 47, versions = 0..=0)]
pub struct OffsetDeleteRequest<'a> {
    /// The group.
    pub group_id: &'a str,
    /// By topic.
    pub topics: Array<'a, OffsetDeleteRequestTopic<'a>>,
}

/// Partitions of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct OffsetDeleteRequestTopic<'a> {
    /// The topic's name.
    pub name: &'a str,
    /// The partitions.
    pub partitions: Array<'a, OffsetDeleteRequestPartition>,
}

/// One partition.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct OffsetDeleteRequestPartition {
    /// The partition.
    pub partition_index: i32,
}

/// What became of each offset.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 47, versions = 0..=0)]
pub struct OffsetDeleteResponse<'a> {
    /// An error of the group, or none.
    pub error_code: ErrorCode,
    /// How long the broker held the request back because of a quota, in milliseconds.
    pub throttle_time_ms: i32,
    /// By topic.
    pub topics: Array<'a, OffsetDeleteResponseTopic<'a>>,
}

/// What became of the offsets of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct OffsetDeleteResponseTopic<'a> {
    /// The topic's name.
    pub name: &'a str,
    /// By partition.
    pub partitions: Array<'a, OffsetDeleteResponsePartition>,
}

/// What became of the offset of one partition.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct OffsetDeleteResponsePartition {
    /// The partition.
    pub partition_index: i32,
    /// Why it is not forgotten, or none.
    pub error_code: ErrorCode,
}
