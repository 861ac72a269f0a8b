//! ElectLeaders: has leaders elected (KIP-183).
//!
//! - 1: the kind of the election (KIP-460).
//! - 2: flexible (KIP-482).

use crate::{Array, ErrorCode, Message};

/// Partitions that should have an election.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 43, versions = 0..=2, flexible = 2..)]
pub struct ElectLeadersRequest<'a> {
    /// 0: the preferred replica, 1: any that is alive.
    #[kafka(versions = 1..)]
    pub election_type: i8,
    /// By topic; null for all.
    pub topic_partitions: Option<Array<'a, TopicPartitions<'a>>>,
    /// How long to wait for it, in milliseconds.
    #[kafka(default = 60000)]
    pub timeout_ms: i32,
}

/// Partitions of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct TopicPartitions<'a> {
    /// Its name.
    pub topic: &'a str,
    /// Its partitions.
    pub partitions: Array<'a, i32>,
}

/// What became of each election.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 43, versions = 0..=2, flexible = 2..)]
pub struct ElectLeadersResponse<'a> {
    /// How long the broker held the request back because of a quota, in milliseconds.
    pub throttle_time_ms: i32,
    /// Why not, or none.
    #[kafka(versions = 1..)]
    pub error_code: ErrorCode,
    /// By topic.
    pub replica_election_results: Array<'a, ReplicaElectionResult<'a>>,
}

/// The elections of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct ReplicaElectionResult<'a> {
    /// Its name.
    pub topic: &'a str,
    /// By partition.
    pub partition_result: Array<'a, PartitionResult<'a>>,
}

/// The election of one partition.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct PartitionResult<'a> {
    /// The partition.
    pub partition_id: i32,
    /// Why not, or none.
    pub error_code: ErrorCode,
    /// The same in words.
    pub error_message: Option<&'a str>,
}
