//! OffsetCommit: stores how far a group has read.
//!
//! Kafka 4 begins at version 2 (KIP-896).
//! - 3: throttle time in the response (KIP-124).
//! - 5: no retention time: the broker's configuration says it (KIP-211).
//! - 6: leader epoch of what was read (KIP-320).
//! - 7: group instance id (KIP-345).
//! - 8: flexible (KIP-482).
//! - 9: member epochs in place of generations; GROUP_ID_NOT_FOUND and STALE_MEMBER_EPOCH may be answered (KIP-848).
//! - 10: topic ids in place of names (KIP-848).

use record::Uuid;

use crate::{Array, ErrorCode, Message};

/// Offsets to store.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 8, versions = 2..=10, flexible = 8..)]
pub struct OffsetCommitRequest<'a> {
    /// The group.
    pub group_id: &'a str,
    /// The generation, or the member epoch of a member of a consumer group; -1 from who is no member.
    #[kafka(default = -1)]
    pub generation_id_or_member_epoch: i32,
    /// The member; empty from who is none.
    pub member_id: &'a str,
    /// The member's `group.instance.id`; null when it has none.
    #[kafka(versions = 7..)]
    pub group_instance_id: Option<&'a str>,
    /// How long to keep the offsets, in milliseconds; -1 for as long as the broker's configuration says.
    #[kafka(versions = ..=4, default = -1)]
    pub retention_time_ms: i64,
    /// By topic.
    pub topics: Array<'a, OffsetCommitRequestTopic<'a>>,
}

/// Offsets to store of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct OffsetCommitRequestTopic<'a> {
    /// The topic's name.
    #[kafka(versions = ..=9)]
    pub name: &'a str,
    /// The topic's id.
    #[kafka(versions = 10..)]
    pub topic_id: Uuid,
    /// By partition.
    pub partitions: Array<'a, OffsetCommitRequestPartition<'a>>,
}

/// The offset to store of one partition.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct OffsetCommitRequestPartition<'a> {
    /// The partition.
    pub partition_index: i32,
    /// The offset to go on at.
    pub committed_offset: i64,
    /// The leader epoch of the last record read; -1 when unknown.
    #[kafka(versions = 6.., default = -1)]
    pub committed_leader_epoch: i32,
    /// What the client wants kept with the offset; null is kept as empty.
    #[kafka(default = Some(""))]
    pub committed_metadata: Option<&'a str>,
}

/// What became of each offset.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 8, versions = 2..=10, flexible = 8..)]
pub struct OffsetCommitResponse<'a> {
    /// How long the broker held the request back because of a quota, in milliseconds.
    #[kafka(versions = 3..)]
    pub throttle_time_ms: i32,
    /// By topic.
    pub topics: Array<'a, OffsetCommitResponseTopic<'a>>,
}

/// What became of the offsets of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct OffsetCommitResponseTopic<'a> {
    /// The topic's name.
    #[kafka(versions = ..=9)]
    pub name: &'a str,
    /// The topic's id.
    #[kafka(versions = 10..)]
    pub topic_id: Uuid,
    /// By partition.
    pub partitions: Array<'a, OffsetCommitResponsePartition>,
}

/// What became of the offset of one partition.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct OffsetCommitResponsePartition {
    /// The partition.
    pub partition_index: i32,
    /// Why it is not stored, or none.
    pub error_code: ErrorCode,
}
