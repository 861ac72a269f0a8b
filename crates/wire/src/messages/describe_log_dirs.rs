//! DescribeLogDirs: what the log directories of a broker hold (KIP-113).
//!
//! - 2: flexible (KIP-482).
//! - 3: an error for all of it.
//! - 4: the sizes of the volumes (KIP-827).
//! - 5: cordoned directories (KIP-1066).

use crate::{Array, ErrorCode, Message};

/// What to tell of.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 35, versions = 1..=5, flexible = 2..)]
pub struct DescribeLogDirsRequest<'a> {
    /// By topic; null for all.
    pub topics: Option<Array<'a, DescribableLogDirTopic<'a>>>,
}

/// A topic to tell of.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct DescribableLogDirTopic<'a> {
    /// Its name.
    pub topic: &'a str,
    /// Its partitions.
    pub partitions: Array<'a, i32>,
}

/// The directories.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 35, versions = 1..=5, flexible = 2..)]
pub struct DescribeLogDirsResponse<'a> {
    /// How long the broker held the request back because of a quota, in milliseconds.
    pub throttle_time_ms: i32,
    /// Why not, or none.
    #[kafka(versions = 3..)]
    pub error_code: ErrorCode,
    /// By directory.
    pub results: Array<'a, DescribeLogDirsResult<'a>>,
}

/// A directory.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct DescribeLogDirsResult<'a> {
    /// Why not, or none.
    pub error_code: ErrorCode,
    /// Its path.
    pub log_dir: &'a str,
    /// By topic.
    pub topics: Array<'a, DescribeLogDirsTopic<'a>>,
    /// The size of the volume; -1 when unknown.
    #[kafka(versions = 4.., default = -1)]
    pub total_bytes: i64,
    /// The room left on the volume; -1 when unknown.
    #[kafka(versions = 4.., default = -1)]
    pub usable_bytes: i64,
    /// Whether nothing new is put there.
    #[kafka(versions = 5..)]
    pub is_cordoned: bool,
}

/// A topic with logs in the directory.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct DescribeLogDirsTopic<'a> {
    /// Its name.
    pub name: &'a str,
    /// By partition.
    pub partitions: Array<'a, DescribeLogDirsPartition>,
}

/// A log.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct DescribeLogDirsPartition {
    /// The partition.
    pub partition_index: i32,
    /// The bytes of its segments.
    pub partition_size: i64,
    /// How many offsets its end is behind the high watermark.
    pub offset_lag: i64,
    /// Whether it is a copy that will replace the log.
    pub is_future_key: bool,
}
