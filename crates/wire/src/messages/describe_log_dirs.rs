//! DescribeLogDirs: what the log directories of a broker hold (KIP-113).
//!
//! - 2: flexible (KIP-482).
//! - 3: an error for all of it.
//! - 4: the sizes of the volumes (KIP-827).
//! - 5: cordoned directories (KIP-1066).
//!
//! Tag 20000, in the request and in a response's partition, is Ottla's own: what of a log is in the page cache, told to who
//! asks for it and to nobody else. Kafka's brokers pass over it in the request, and so leave it out.

use crate::{Array, ErrorCode, Message};

/// What to tell of.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 35, versions = 1..=5, flexible = 2..)]
pub struct DescribeLogDirsRequest<'a> {
    /// By topic; null for all.
    pub topics: Option<Array<'a, DescribableLogDirTopic<'a>>>,
    /// Ottla's own: whether [`DescribeLogDirsPartition::cache`] is to be told.
    #[kafka(versions = 2.., tag = 20000)]
    pub tells_cache: bool,
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
    /// Ottla's own: what of it is in the page cache.
    #[kafka(versions = 2.., tag = 20000)]
    pub cache: LogCache,
}

/// What of a log is in the page cache, and was when it was to be sent. -1 is unknown; where all is, nothing is told.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct LogCache {
    /// The bytes of its segments that are in the page cache.
    #[kafka(default = -1)]
    pub cached_bytes: i64,
    /// From this offset on all of it is.
    #[kafka(default = -1)]
    pub hot_from: i64,
    /// Bytes that fetches were given since the log was opened.
    #[kafka(default = -1)]
    pub fetched_bytes: i64,
    /// Those of them that had to be read from the disk first.
    #[kafka(default = -1)]
    pub cold_bytes: i64,
}
