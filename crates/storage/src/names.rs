//! The names of a log's files and directories, which are Kafka's.

use record::Offset;

/// The records.
pub const LOG: &str = "log";
/// Offsets to positions.
pub const INDEX: &str = "index";
/// Timestamps to offsets.
pub const TIME_INDEX: &str = "timeindex";
/// Producers, as of the base offset in the name.
pub const SNAPSHOT: &str = "snapshot";

/// Our companion of the snapshot.
pub const PRODUCERS: &str = "producers";

/// `00000000000000000042.log`.
pub fn segment_file(base: Offset, suffix: &str) -> String {
    format!("{:020}.{suffix}", base.0)
}

/// The base offset of a file with this suffix.
pub fn base_offset(name: &str, suffix: &str) -> Option<Offset> {
    let digits = name.strip_suffix(suffix)?.strip_suffix('.')?;
    let all_digits = digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
    all_digits.then(|| digits.parse().ok().map(Offset)).flatten()
}

/// The end of the name of a directory that waits to be removed.
pub const DELETED: &str = "-delete";
