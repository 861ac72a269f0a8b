//! CreatePartitions: makes topics larger (KIP-195).
//!
//! - 1: throttled after the answer, not before (KIP-219).
//! - 2: flexible (KIP-482).
//! - 3: THROTTLING_QUOTA_EXCEEDED may be answered (KIP-599).

use crate::{Array, ErrorCode, Message};

/// Topics to enlarge.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 37, versions = 0..=3, flexible = 2..)]
pub struct CreatePartitionsRequest<'a> {
    /// By topic.
    pub topics: Array<'a, CreatePartitionsTopic<'a>>,
    /// How long to wait for it, in milliseconds.
    pub timeout_ms: i32,
    /// Only check whether it could be done.
    pub validate_only: bool,
}

/// A topic to enlarge.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct CreatePartitionsTopic<'a> {
    /// Its name.
    pub name: &'a str,
    /// How many partitions it should have.
    pub count: i32,
    /// Where the new partitions go; null to leave that to the cluster.
    pub assignments: Option<Array<'a, CreatePartitionsAssignment<'a>>>,
}

/// Where the replicas of one new partition go.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct CreatePartitionsAssignment<'a> {
    /// The brokers; the first is the preferred leader.
    pub broker_ids: Array<'a, i32>,
}

/// What became of each topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 37, versions = 0..=3, flexible = 2..)]
pub struct CreatePartitionsResponse<'a> {
    /// How long the broker held the request back because of a quota, in milliseconds.
    pub throttle_time_ms: i32,
    /// By topic.
    pub results: Array<'a, CreatePartitionsTopicResult<'a>>,
}

/// What became of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct CreatePartitionsTopicResult<'a> {
    /// Its name.
    pub name: &'a str,
    /// Why not, or none.
    pub error_code: ErrorCode,
    /// The same in words.
    pub error_message: Option<&'a str>,
}
