//! DeleteRecords: moves the start of partitions up (KIP-107).
//!
//! - 1: throttled after the answer, not before (KIP-219).
//! - 2: flexible (KIP-482).

use crate::{Array, ErrorCode, Message};

/// Where partitions are to begin.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 21, versions = 0..=2, flexible = 2..)]
pub struct DeleteRecordsRequest<'a> {
    /// By topic.
    pub topics: Array<'a, DeleteRecordsTopic<'a>>,
    /// How long to wait until the records are deleted, in milliseconds.
    pub timeout_ms: i32,
}

/// Where partitions of one topic are to begin.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct DeleteRecordsTopic<'a> {
    /// The topic's name.
    pub name: &'a str,
    /// By partition.
    pub partitions: Array<'a, DeleteRecordsPartition>,
}

/// Where one partition is to begin.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct DeleteRecordsPartition {
    /// The partition.
    pub partition_index: i32,
    /// The first offset to keep; -1 for the high watermark.
    pub offset: i64,
}

/// Where partitions begin now.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 21, versions = 0..=2, flexible = 2..)]
pub struct DeleteRecordsResponse<'a> {
    /// How long the broker held the request back because of a quota, in milliseconds.
    pub throttle_time_ms: i32,
    /// By topic.
    pub topics: Array<'a, DeleteRecordsTopicResult<'a>>,
}

/// Where partitions of one topic begin now.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct DeleteRecordsTopicResult<'a> {
    /// The topic's name.
    pub name: &'a str,
    /// By partition.
    pub partitions: Array<'a, DeleteRecordsPartitionResult>,
}

/// Where one partition begins now.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct DeleteRecordsPartitionResult {
    /// The partition.
    pub partition_index: i32,
    /// The lowest log start offset of its replicas; -1 with an error.
    pub low_watermark: i64,
    /// Why nothing was deleted, or none.
    pub error_code: ErrorCode,
}
