//! When a segment is done: by its size, its age, its indexes, or the offsets that fit it.
//!
//! The age is Kafka's (`LogSegment.shouldRoll`): how much the largest timestamp of the batch that comes lies after that of
//! the segment's first batch; the clock counts only when the first batch has no timestamp. So old data that is copied
//! gets segments of `segment.ms` each, and a log that nobody appends to keeps its segment. Batches that are appended in
//! one turn to an empty segment are not compared with each other.

use std::path::Path;

use record::{BatchHeader, Offset, Timestamp};

use crate::config::LogConfig;
use crate::segment::Segment;

/// From when on the age of a segment counts.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Birth {
    /// The largest timestamp of its first batch, if that has one.
    pub(crate) first_timestamp: Option<Timestamp>,
    /// When it was first written to since it was opened.
    pub(crate) first_append: Option<Timestamp>,
}

impl Birth {
    /// How old the segment is for a batch with this largest timestamp, in milliseconds; negative when that one is older.
    fn age_ms(self, batch: Timestamp, now: Timestamp) -> i64 {
        match self {
            Birth { first_timestamp: Some(first), .. } => batch.0.saturating_sub(first.0),
            Birth { first_append: Some(first), .. } => now.0.saturating_sub(first.0),
            Birth { .. } => 0,
        }
    }

    /// Whether `segment.ms` has passed. `seed` is that of the segment.
    pub(crate) fn is_long_ago(self, config: &LogConfig, seed: u64, batch: Timestamp, now: Timestamp) -> bool {
        self.age_ms(batch, now) > config.segment_ms.saturating_sub(jitter_ms(config, seed))
    }
}

/// Whether a batch that gets this offset cannot follow in the segment, which is not empty and ends at `used` with what
/// waits to be written.
pub(crate) fn is_full(
    segment: &Segment,
    used: u64,
    header: &BatchHeader,
    base_offset: Offset,
    config: &LogConfig,
) -> bool {
    let last_offset = base_offset + i64::from(header.last_offset_delta);
    let offset_entries_max = config.segment_index_bytes / OFFSET_ENTRY_BYTES;
    // One more is written when the segment is done.
    let time_entries_max = (config.segment_index_bytes / TIME_ENTRY_BYTES).saturating_sub(1);
    used + header.total_len() as u64 > u64::from(config.segment_bytes)
        || last_offset >= segment.offset_limit()
        || segment.offset_index.count() >= offset_entries_max
        || segment.time_index.count() >= time_entries_max
}

const OFFSET_ENTRY_BYTES: u32 = 8;
const TIME_ENTRY_BYTES: u32 = 12;

/// What is taken off `segment.ms`: below `segment.jitter.ms` and below `segment.ms`, another for each segment of each log,
/// and the same each time that it is asked for.
fn jitter_ms(config: &LogConfig, seed: u64) -> i64 {
    let bound = config.segment_jitter_ms.min(config.segment_ms);
    match u64::try_from(bound) {
        Ok(bound @ 1..) => (seed % bound) as i64,
        _ => 0,
    }
}

/// A number that looks random, made from the name of the log (FNV-1a) and the segment's base offset (splitmix64).
pub(crate) fn seed(log: &Path, base_offset: Offset) -> u64 {
    let name = log.file_name().unwrap_or_default().as_encoded_bytes();
    let hash = name
        .iter()
        .fold(0xCBF2_9CE4_8422_2325, |hash: u64, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3));
    let mixed = (hash ^ base_offset.0 as u64).wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests;
