//! The topic settings that shape a log.

/// How a log lays out its files. The names are Kafka's topic settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// `segment.bytes`: a batch that would make the segment larger goes to a new one.
    pub segment_bytes: u32,
    /// `index.interval.bytes`: one index entry per so many bytes of log.
    pub index_interval_bytes: u32,
    /// `segment.index.bytes`: the segment is rolled when its offset index has this size.
    pub segment_index_bytes: u32,
    /// `segment.ms`: the segment is rolled by the first append this long after its first one, in milliseconds.
    pub segment_ms: i64,
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
            producer_id_expiration_ms: DAY_MS,
        }
    }
}

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
