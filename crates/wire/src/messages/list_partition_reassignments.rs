//! ListPartitionReassignments: partitions whose replicas are being moved (KIP-455).

use crate::{Array, ErrorCode, Message};

/// What to tell of.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 46, versions = 0..=0, flexible = 0..)]
pub struct ListPartitionReassignmentsRequest<'a> {
    /// How long to wait for it, in milliseconds.
    #[kafka(default = 60000)]
    pub timeout_ms: i32,
    /// By topic; null for all.
    pub topics: Option<Array<'a, ListPartitionReassignmentsTopics<'a>>>,
}

/// Partitions of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct ListPartitionReassignmentsTopics<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its partitions.
    pub partition_indexes: Array<'a, i32>,
}

/// What is being moved.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 46, versions = 0..=0, flexible = 0..)]
pub struct ListPartitionReassignmentsResponse<'a> {
    /// How long the broker held the request back because of a quota, in milliseconds.
    pub throttle_time_ms: i32,
    /// Why not, or none.
    pub error_code: ErrorCode,
    /// The same in words.
    pub error_message: Option<&'a str>,
    /// By topic.
    pub topics: Array<'a, OngoingTopicReassignment<'a>>,
}

/// What is being moved of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct OngoingTopicReassignment<'a> {
    /// Its name.
    pub name: &'a str,
    /// By partition.
    pub partitions: Array<'a, OngoingPartitionReassignment<'a>>,
}

/// What is being moved of one partition.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct OngoingPartitionReassignment<'a> {
    /// The partition.
    pub partition_index: i32,
    /// The brokers that have it, or will.
    pub replicas: Array<'a, i32>,
    /// The brokers that will have it.
    pub adding_replicas: Array<'a, i32>,
    /// The brokers that will have it no more.
    pub removing_replicas: Array<'a, i32>,
}
