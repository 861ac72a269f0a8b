//! TxnOffsetCommit: stores how far a group has read, once a transaction commits (KIP-98).
//!
//! - 2: leader epoch of what was read (KIP-320).
//! - 3: flexible (KIP-482); who in the group reads, so that zombies are refused (KIP-447).
//! - 4: TRANSACTION_ABORTABLE may be answered (KIP-890).
//! - 5: adds the group to the transaction too (KIP-890).

use crate::{Array, ErrorCode, Message};

/// Offsets to store.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 28, versions = 0..=5, flexible = 3..)]
pub struct TxnOffsetCommitRequest<'a> {
    /// The transactional id.
    pub transactional_id: &'a str,
    /// The group.
    pub group_id: &'a str,
    /// The producer.
    pub producer_id: i64,
    /// Its epoch.
    pub producer_epoch: i16,
    /// The generation, or the member epoch of a member of a consumer group; -1 from who is no member.
    #[kafka(versions = 3.., default = -1)]
    pub generation_id: i32,
    /// The member; empty from who is none.
    #[kafka(versions = 3..)]
    pub member_id: &'a str,
    /// The member's `group.instance.id`; null when it has none.
    #[kafka(versions = 3..)]
    pub group_instance_id: Option<&'a str>,
    /// By topic.
    pub topics: Array<'a, TxnOffsetCommitRequestTopic<'a>>,
}

/// Offsets to store of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct TxnOffsetCommitRequestTopic<'a> {
    /// The topic's name.
    pub name: &'a str,
    /// By partition.
    pub partitions: Array<'a, TxnOffsetCommitRequestPartition<'a>>,
}

/// The offset to store of one partition.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct TxnOffsetCommitRequestPartition<'a> {
    /// The partition.
    pub partition_index: i32,
    /// The offset to go on at.
    pub committed_offset: i64,
    /// The leader epoch of the last record read; -1 when unknown.
    #[kafka(versions = 2.., default = -1)]
    pub committed_leader_epoch: i32,
    /// What the client wants kept with the offset; null is kept as empty.
    #[kafka(default = Some(""))]
    pub committed_metadata: Option<&'a str>,
}

/// What became of each offset.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 28, versions = 0..=5, flexible = 3..)]
pub struct TxnOffsetCommitResponse<'a> {
    /// How long the broker held the request back because of a quota, in milliseconds.
    pub throttle_time_ms: i32,
    /// By topic.
    pub topics: Array<'a, TxnOffsetCommitResponseTopic<'a>>,
}

/// What became of the offsets of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct TxnOffsetCommitResponseTopic<'a> {
    /// The topic's name.
    pub name: &'a str,
    /// By partition.
    pub partitions: Array<'a, TxnOffsetCommitResponsePartition>,
}

/// What became of the offset of one partition.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct TxnOffsetCommitResponsePartition {
    /// The partition.
    pub partition_index: i32,
    /// Why it is not stored, or none.
    pub error_code: ErrorCode,
}
