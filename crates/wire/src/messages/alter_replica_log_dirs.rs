//! AlterReplicaLogDirs: moves replicas between the log directories of a broker (KIP-113).
//!
//! - 2: flexible (KIP-482).

use crate::{Array, ErrorCode, Message};

/// Where replicas should be.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 34, versions = 1..=2, flexible = 2..)]
pub struct AlterReplicaLogDirsRequest<'a> {
    /// By directory.
    pub dirs: Array<'a, AlterReplicaLogDir<'a>>,
}

/// A directory with what should be in it.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct AlterReplicaLogDir<'a> {
    /// Its absolute path.
    pub path: &'a str,
    /// By topic.
    pub topics: Array<'a, AlterReplicaLogDirTopic<'a>>,
}

/// A topic with replicas to move.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct AlterReplicaLogDirTopic<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its partitions.
    pub partitions: Array<'a, i32>,
}

/// What became of each replica.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 34, versions = 1..=2, flexible = 2..)]
pub struct AlterReplicaLogDirsResponse<'a> {
    /// How long the broker held the request back because of a quota, in milliseconds.
    pub throttle_time_ms: i32,
    /// By topic.
    pub results: Array<'a, AlterReplicaLogDirTopicResult<'a>>,
}

/// What became of the replicas of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct AlterReplicaLogDirTopicResult<'a> {
    /// Its name.
    pub topic_name: &'a str,
    /// By partition.
    pub partitions: Array<'a, AlterReplicaLogDirPartitionResult>,
}

/// What became of one replica.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct AlterReplicaLogDirPartitionResult {
    /// The partition.
    pub partition_index: i32,
    /// Why not, or none.
    pub error_code: ErrorCode,
}
