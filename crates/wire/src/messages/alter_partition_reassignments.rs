//! AlterPartitionReassignments: moves replicas of partitions to other brokers (KIP-455).
//!
//! - 1: the number of replicas may be held fixed (KIP-860).

use crate::{Array, ErrorCode, Message};

/// Where replicas should be.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 45, versions = 0..=1, flexible = 0..)]
pub struct AlterPartitionReassignmentsRequest<'a> {
    /// How long to wait for it, in milliseconds.
    #[kafka(default = 60000)]
    pub timeout_ms: i32,
    /// Whether the number of replicas may change.
    #[kafka(versions = 1.., default = true)]
    pub allow_replication_factor_change: bool,
    /// By topic.
    pub topics: Array<'a, ReassignableTopic<'a>>,
}

/// Partitions of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct ReassignableTopic<'a> {
    /// Its name.
    pub name: &'a str,
    /// By partition.
    pub partitions: Array<'a, ReassignablePartition<'a>>,
}

/// Where the replicas of one partition should be.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct ReassignablePartition<'a> {
    /// The partition.
    pub partition_index: i32,
    /// The brokers; null to stop a move that is under way.
    pub replicas: Option<Array<'a, i32>>,
}

/// What became of each partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 45, versions = 0..=1, flexible = 0..)]
pub struct AlterPartitionReassignmentsResponse<'a> {
    /// How long the broker held the request back because of a quota, in milliseconds.
    pub throttle_time_ms: i32,
    /// Whether the number of replicas may change.
    #[kafka(versions = 1.., default = true)]
    pub allow_replication_factor_change: bool,
    /// Why not, or none.
    pub error_code: ErrorCode,
    /// The same in words.
    pub error_message: Option<&'a str>,
    /// By topic.
    pub responses: Array<'a, ReassignableTopicResponse<'a>>,
}

/// What became of the partitions of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct ReassignableTopicResponse<'a> {
    /// Its name.
    pub name: &'a str,
    /// By partition.
    pub partitions: Array<'a, ReassignablePartitionResponse<'a>>,
}

/// What became of one partition.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct ReassignablePartitionResponse<'a> {
    /// The partition.
    pub partition_index: i32,
    /// Why not, or none.
    pub error_code: ErrorCode,
    /// The same in words.
    pub error_message: Option<&'a str>,
}
