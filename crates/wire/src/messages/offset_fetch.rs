//! OffsetFetch: how far groups have read.
//!
//! Kafka 4 begins at version 1 (KIP-896).
//! - 2: a null topic list means all topics; an error for the whole response (KIP-88).
//! - 3: throttle time in the response (KIP-124).
//! - 5: leader epoch in the response (KIP-320).
//! - 6: flexible (KIP-482).
//! - 7: offsets of open transactions can be waited for (KIP-447).
//! - 8: many groups at once (KIP-709).
//! - 9: member id and epoch; UNKNOWN_MEMBER_ID and STALE_MEMBER_EPOCH may be answered (KIP-848).
//! - 10: topic ids in place of names (KIP-848).

use record::Uuid;

use crate::{Array, ErrorCode, Message};

/// Whose offsets are asked for.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 9, versions = 1..=10, flexible = 6..)]
pub struct OffsetFetchRequest<'a> {
    /// The group.
    #[kafka(versions = ..=7)]
    pub group_id: &'a str,
    /// By topic; null for all topics that the group has offsets of.
    #[kafka(versions = ..=7, nullable = 2.., default = Some(Array::EMPTY))]
    pub topics: Option<Array<'a, OffsetFetchRequestTopic<'a>>>,
    /// By group.
    #[kafka(versions = 8..)]
    pub groups: Array<'a, OffsetFetchRequestGroup<'a>>,
    /// Whether to answer UNSTABLE_OFFSET_COMMIT for an offset that an open transaction may yet change.
    #[kafka(versions = 7..)]
    pub require_stable: bool,
}

/// Partitions of one topic, in a request for one group.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct OffsetFetchRequestTopic<'a> {
    /// The topic's name.
    pub name: &'a str,
    /// The partitions.
    pub partition_indexes: Array<'a, i32>,
}

/// What is asked for of one group.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct OffsetFetchRequestGroup<'a> {
    /// The group.
    pub group_id: &'a str,
    /// The asking member of a consumer group; null from who is none.
    #[kafka(versions = 9..)]
    pub member_id: Option<&'a str>,
    /// Its member epoch; -1 from who is none.
    #[kafka(versions = 9.., default = -1)]
    pub member_epoch: i32,
    /// By topic; null for all topics that the group has offsets of.
    #[kafka(default = Some(Array::EMPTY))]
    pub topics: Option<Array<'a, OffsetFetchRequestTopics<'a>>>,
}

/// Partitions of one topic, in a request for many groups.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct OffsetFetchRequestTopics<'a> {
    /// The topic's name.
    #[kafka(versions = ..=9)]
    pub name: &'a str,
    /// The topic's id.
    #[kafka(versions = 10..)]
    pub topic_id: Uuid,
    /// The partitions.
    pub partition_indexes: Array<'a, i32>,
}

/// The offsets.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 9, versions = 1..=10, flexible = 6..)]
pub struct OffsetFetchResponse<'a> {
    /// How long the broker held the request back because of a quota, in milliseconds.
    #[kafka(versions = 3..)]
    pub throttle_time_ms: i32,
    /// By topic.
    #[kafka(versions = ..=7)]
    pub topics: Array<'a, OffsetFetchResponseTopic<'a>>,
    /// An error of the group, or none. Version 1 has it at each partition only.
    #[kafka(versions = 2..=7)]
    pub error_code: ErrorCode,
    /// By group.
    #[kafka(versions = 8..)]
    pub groups: Array<'a, OffsetFetchResponseGroup<'a>>,
}

/// Offsets of one topic, in an answer for one group.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct OffsetFetchResponseTopic<'a> {
    /// The topic's name.
    pub name: &'a str,
    /// By partition.
    pub partitions: Array<'a, OffsetFetchResponsePartition<'a>>,
}

/// The offset of one partition, in an answer for one group.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct OffsetFetchResponsePartition<'a> {
    /// The partition.
    pub partition_index: i32,
    /// The offset to go on at; -1 for none.
    pub committed_offset: i64,
    /// The leader epoch of the last record read; -1 when unknown.
    #[kafka(versions = 5.., default = -1)]
    pub committed_leader_epoch: i32,
    /// What the client wanted kept with the offset.
    #[kafka(default = Some(""))]
    pub metadata: Option<&'a str>,
    /// Why there is no answer, or none.
    pub error_code: ErrorCode,
}

/// The offsets of one group.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct OffsetFetchResponseGroup<'a> {
    /// The group.
    pub group_id: &'a str,
    /// By topic.
    pub topics: Array<'a, OffsetFetchResponseTopics<'a>>,
    /// An error of the group, or none.
    pub error_code: ErrorCode,
}

/// Offsets of one topic, in an answer for many groups.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct OffsetFetchResponseTopics<'a> {
    /// The topic's name.
    #[kafka(versions = ..=9)]
    pub name: &'a str,
    /// The topic's id.
    #[kafka(versions = 10..)]
    pub topic_id: Uuid,
    /// By partition.
    pub partitions: Array<'a, OffsetFetchResponsePartitions<'a>>,
}

/// The offset of one partition, in an answer for many groups.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct OffsetFetchResponsePartitions<'a> {
    /// The partition.
    pub partition_index: i32,
    /// The offset to go on at; -1 for none.
    pub committed_offset: i64,
    /// The leader epoch of the last record read; -1 when unknown.
    #[kafka(default = -1)]
    pub committed_leader_epoch: i32,
    /// What the client wanted kept with the offset.
    #[kafka(default = Some(""))]
    pub metadata: Option<&'a str>,
    /// Why there is no answer, or none.
    pub error_code: ErrorCode,
}
