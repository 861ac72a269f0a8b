//! The topic settings that shape a log.

use record::Offset;

/// How a log lays out its files. The names are Kafka's topic settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// `segment.bytes`: a batch that would make the segment larger goes to a new one.
    pub segment_bytes: u32,
    /// `index.interval.bytes`: one index entry per so many bytes of log.
    pub index_interval_bytes: u32,
    /// `segment.index.bytes`: the segment is rolled when one of its indexes has as many entries as fit in this size.
    pub segment_index_bytes: u32,
    /// `segment.ms`: the segment is rolled by the first batch whose largest timestamp lies more than this after that of the
    /// segment's first batch, in milliseconds; by the clock when the first batch has no timestamp.
    pub segment_ms: i64,
    /// `segment.jitter.ms`: less than so much is taken off `segment_ms`, another part of it for each segment.
    pub segment_jitter_ms: i64,
    /// `retention.ms`: records older than this are not served any more, in milliseconds; negative: records are kept for ever.
    pub retention_ms: i64,
    /// `retention.bytes`: old segments go while the log without them still has so many bytes; negative: no limit.
    pub retention_bytes: i64,
    /// `flush.messages`: no more than so many acknowledged messages, less one, may be in the page cache only. 1 means that
    /// acknowledged is on disk, and that nobody reads what is not.
    pub flush_messages: i64,
    /// `flush.ms`: nothing stays in the page cache only for longer than this, in milliseconds.
    pub flush_ms: i64,
    /// `cleanup.policy` has `compact`, and compaction may have been here: it shortens segments, so that nothing is made of
    /// batches that are missing at their ends.
    pub is_compacted: bool,
    /// `producer.id.expiration.ms`: a producer that appended nothing for so long is forgotten.
    pub producer_id_expiration_ms: i64,
}

impl Default for LogConfig {
    /// Kafka's defaults.
    fn default() -> LogConfig {
        LogConfig {
            segment_bytes: 1 << 30,
            index_interval_bytes: 4096,
            segment_index_bytes: 10 << 20,
            segment_ms: 7 * DAY_MS,
            segment_jitter_ms: 0,
            retention_ms: 7 * DAY_MS,
            retention_bytes: -1,
            flush_messages: i64::MAX,
            flush_ms: i64::MAX,
            is_compacted: false,
            producer_id_expiration_ms: DAY_MS,
        }
    }
}

impl LogConfig {
    /// The offset that [`crate::LogReader::durable_end`] must have reached before a batch that ends before `end` is
    /// acknowledged, so that fewer than `flush.messages` acknowledged messages are in the page cache only.
    pub fn durable_before_ack(&self, end: Offset) -> Offset {
        Offset(end.0.saturating_sub(self.flush_messages).saturating_add(1))
    }

    /// Whether nobody asked for syncs: what is acknowledged may be in the page cache only, for as long as the kernel likes.
    pub(crate) fn leaves_syncs_to_kernel(&self) -> bool {
        self.flush_messages == i64::MAX && self.flush_ms == i64::MAX
    }

    /// Whether a segment is on disk before the next one begins. Where acknowledged means on disk nothing that is behind a gap
    /// may be given up, so no power cut may leave one.
    pub(crate) fn syncs_before_roll(&self) -> bool {
        self.flush_messages == 1
    }
}

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ack_waits_until_fewer_than_flush_messages_are_not_durable() {
        let waits_for = |flush_messages, end| {
            LogConfig { flush_messages, ..LogConfig::default() }.durable_before_ack(Offset(end)).0
        };
        assert_eq!(waits_for(1, 10), 10, "every message is on disk");
        assert_eq!(waits_for(3, 10), 8, "two need not be");
        assert!(waits_for(i64::MAX, 10) <= 0, "none needs to be");
        assert!(waits_for(i64::MAX, i64::MAX) <= 1);
    }
}
