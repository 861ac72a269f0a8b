//! The configuration of one topic: what a topic's own keys say, else the broker's default for them.

use std::time::Duration;

use record::{Compression, Encoding, TimestampType};
use storage::LogConfig;

use super::support::{Rejection, Support, boolean, bounded, millis, put};

/// A topic's settings in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicConfig {
    /// `max.message.bytes`: the largest record batch, with its header.
    pub max_message_bytes: u32,
    /// `segment.bytes`.
    pub segment_bytes: u32,
    /// `index.interval.bytes`: log bytes between two index entries.
    pub index_interval_bytes: u32,
    /// `segment.index.bytes`: a full index rolls the segment.
    pub segment_index_bytes: u32,
    /// `message.timestamp.before.max.ms`.
    pub timestamp_before_max_ms: i64,
    /// `message.timestamp.after.max.ms`.
    pub timestamp_after_max_ms: i64,
    /// `message.timestamp.type`.
    pub timestamp_type: TimestampType,
    /// `compression.type`; `None` is `producer`.
    pub compression: Option<Compression>,
    /// `compression.gzip.level`; `None` is gzip's own default.
    pub gzip_level: Option<i32>,
    /// `compression.zstd.level`.
    pub zstd_level: i32,
    /// `min.insync.replicas`.
    pub min_insync_replicas: u32,
    /// `file.delete.delay.ms`: from a deletion to the freeing of the space.
    pub file_delete_delay: Duration,
    /// `flush.messages`: 1 means that acknowledged is on disk.
    pub flush_messages: i64,
    /// `flush.ms`.
    pub flush_ms: i64,
    /// `segment.ms`.
    pub segment_ms: i64,
    /// `segment.jitter.ms`.
    pub segment_jitter_ms: i64,
    /// `cleanup.policy` has `delete`. Without a policy nothing is deleted by age or size (KIP-1161).
    pub deletes: bool,
    /// `producer.id.expiration.ms`, a setting of the broker only.
    pub producer_id_expiration_ms: i64,
    /// `retention.ms`; negative: no limit.
    pub retention_ms: i64,
    /// `retention.bytes`; negative: no limit.
    pub retention_bytes: i64,
}

impl Default for TopicConfig {
    fn default() -> Self {
        TopicConfig {
            max_message_bytes: 1_048_588,
            segment_bytes: 1 << 30,
            index_interval_bytes: 4096,
            segment_index_bytes: 10 * 1024 * 1024,
            timestamp_before_max_ms: i64::MAX,
            timestamp_after_max_ms: 3_600_000,
            timestamp_type: TimestampType::CreateTime,
            compression: None,
            gzip_level: None,
            zstd_level: 3,
            min_insync_replicas: 1,
            file_delete_delay: Duration::from_secs(60),
            flush_messages: i64::MAX,
            flush_ms: i64::MAX,
            segment_ms: 7 * DAY_MS,
            segment_jitter_ms: 0,
            deletes: true,
            producer_id_expiration_ms: 24 * 60 * 60 * 1000,
            retention_ms: 7 * DAY_MS,
            retention_bytes: -1,
        }
    }
}

/// A topic key.
pub struct TopicKey {
    /// Kafka's name.
    pub name: &'static str,
    /// The broker-wide key that gives its default; empty where Kafka has none.
    pub broker_synonym: &'static str,
    /// What happens with a value.
    pub support: Support<TopicConfig>,
}

use Support::{Checked, Obeyed};

/// Every topic key of Kafka 4.3.
pub const KEYS: &[TopicKey] = &[
    key("cleanup.policy", "log.cleanup.policy", Obeyed(|c, v| put(&mut c.deletes, deletes(v)))),
    key("compression.type", "compression.type", Obeyed(|c, v| put(&mut c.compression, compression(v)))),
    key("compression.gzip.level", "compression.gzip.level", Obeyed(|c, v| put(&mut c.gzip_level, gzip_level(v)))),
    // LZ4 is written at one level, its fast one.
    key(
        "compression.lz4.level",
        "compression.lz4.level",
        Checked(|v| bounded::<i32>(v, 1, 17).map(drop), "LZ4 is written at its fast level whatever this says"),
    ),
    key(
        "compression.zstd.level",
        "compression.zstd.level",
        Obeyed(|c, v| put(&mut c.zstd_level, bounded(v, MIN_ZSTD_LEVEL, 22))),
    ),
    key("delete.retention.ms", "log.cleaner.delete.retention.ms", only("86400000")),
    key("file.delete.delay.ms", "log.segment.delete.delay.ms", Obeyed(|c, v| put(&mut c.file_delete_delay, millis(v)))),
    key(
        "flush.messages",
        "log.flush.interval.messages",
        Obeyed(|c, v| put(&mut c.flush_messages, bounded(v, 1, i64::MAX))),
    ),
    key("flush.ms", "log.flush.interval.ms", Obeyed(|c, v| put(&mut c.flush_ms, bounded(v, 0, i64::MAX)))),
    key("follower.replication.throttled.replicas", "", only("")),
    key(
        "index.interval.bytes",
        "log.index.interval.bytes",
        Obeyed(|c, v| put(&mut c.index_interval_bytes, bounded(v, 0, MAX_I32))),
    ),
    key("leader.replication.throttled.replicas", "", only("")),
    key("local.retention.bytes", "log.local.retention.bytes", only("-2")),
    key("local.retention.ms", "log.local.retention.ms", only("-2")),
    key("max.compaction.lag.ms", "log.cleaner.max.compaction.lag.ms", only("9223372036854775807")),
    key("max.message.bytes", "message.max.bytes", Obeyed(|c, v| put(&mut c.max_message_bytes, bounded(v, 0, MAX_I32)))),
    key(
        "message.timestamp.after.max.ms",
        "log.message.timestamp.after.max.ms",
        Obeyed(|c, v| put(&mut c.timestamp_after_max_ms, bounded(v, 0, i64::MAX))),
    ),
    key(
        "message.timestamp.before.max.ms",
        "log.message.timestamp.before.max.ms",
        Obeyed(|c, v| put(&mut c.timestamp_before_max_ms, bounded(v, 0, i64::MAX))),
    ),
    key(
        "message.timestamp.type",
        "log.message.timestamp.type",
        Obeyed(|c, v| put(&mut c.timestamp_type, timestamp_type(v))),
    ),
    key("min.cleanable.dirty.ratio", "log.cleaner.min.cleanable.ratio", only("0.5")),
    key("min.compaction.lag.ms", "log.cleaner.min.compaction.lag.ms", only("0")),
    key(
        "min.insync.replicas",
        "min.insync.replicas",
        Obeyed(|c, v| put(&mut c.min_insync_replicas, bounded(v, 1, MAX_I32))),
    ),
    key("preallocate", "log.preallocate", Checked(|v| boolean(v).map(drop), "it holds already")),
    key("remote.log.copy.disable", "", only("false")),
    key("remote.log.delete.on.disable", "", only("false")),
    key("remote.storage.enable", "", only("false")),
    key(
        "retention.bytes",
        "log.retention.bytes",
        Obeyed(|c, v| put(&mut c.retention_bytes, bounded(v, i64::MIN, i64::MAX))),
    ),
    key("retention.ms", "log.retention.ms", Obeyed(|c, v| put(&mut c.retention_ms, bounded(v, -1, i64::MAX)))),
    key(
        "segment.bytes",
        "log.segment.bytes",
        Obeyed(|c, v| put(&mut c.segment_bytes, bounded(v, MIN_SEGMENT_BYTES, MAX_I32))),
    ),
    key(
        "segment.index.bytes",
        "log.index.size.max.bytes",
        Obeyed(|c, v| put(&mut c.segment_index_bytes, bounded(v, 4, MAX_I32))),
    ),
    key(
        "segment.jitter.ms",
        "log.roll.jitter.ms",
        Obeyed(|c, v| put(&mut c.segment_jitter_ms, bounded(v, 0, i64::MAX))),
    ),
    key("segment.ms", "log.roll.ms", Obeyed(|c, v| put(&mut c.segment_ms, bounded(v, 1, i64::MAX)))),
    key("unclean.leader.election.enable", "unclean.leader.election.enable", only("false")),
];

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const MAX_I32: i64 = i32::MAX as i64;
/// Kafka 4.0 raised the least segment to 1 MiB (KIP-1030).
const MIN_SEGMENT_BYTES: i64 = 1 << 20;

const fn key(name: &'static str, broker_synonym: &'static str, support: Support<TopicConfig>) -> TopicKey {
    TopicKey { name, broker_synonym, support }
}

const fn only(value: &'static str) -> Support<TopicConfig> {
    Support::Only(value, "topics have no other value yet")
}

/// Kafka's `ZstdCompression.MIN_LEVEL` (KIP-780).
const MIN_ZSTD_LEVEL: i64 = -(1 << 17);

/// A codec, or the producer's.
fn compression(value: &str) -> Result<Option<Compression>, String> {
    let named = |name: &str| Compression::ALL.into_iter().skip(1).find(|codec| codec.name() == name);
    match value.trim() {
        "producer" => Ok(None),
        "uncompressed" => Ok(Some(Compression::None)),
        other => named(other)
            .map(Some)
            .ok_or_else(|| "String must be one of: uncompressed, zstd, lz4, snappy, gzip, producer".to_owned()),
    }
}

/// 1 to 9, or -1 for the codec's own default.
fn gzip_level(value: &str) -> Result<Option<i32>, String> {
    match bounded(value, -1, 9)? {
        -1 => Ok(None),
        0 => Err("Value must be between 1 and 9 or equal to -1".to_owned()),
        level => Ok(Some(level)),
    }
}

fn timestamp_type(value: &str) -> Result<TimestampType, String> {
    match value.trim() {
        "CreateTime" => Ok(TimestampType::CreateTime),
        "LogAppendTime" => Ok(TimestampType::LogAppendTime),
        _ => Err("String must be one of: CreateTime, LogAppendTime".to_owned()),
    }
}

/// `delete`, or nothing at all.
fn deletes(value: &str) -> Result<bool, String> {
    match value.trim() {
        "delete" => Ok(true),
        "" => Ok(false),
        _ => Err("compaction is not served yet: the policy is delete, or empty to keep records for ever".to_owned()),
    }
}

impl TopicConfig {
    /// What batches are recompressed to; `None`: nothing, they stay as the producer made them.
    pub fn encoding(&self) -> Option<Encoding> {
        let compression = self.compression?;
        let level = match compression {
            Compression::Gzip => self.gzip_level,
            Compression::Zstd => Some(self.zstd_level),
            Compression::None | Compression::Snappy | Compression::Lz4 => None,
        };
        Some(Encoding { compression, level })
    }

    /// What the topic's log has to know of it.
    pub fn log_config(&self) -> LogConfig {
        let limit = |limit| if self.deletes { limit } else { -1 };
        LogConfig {
            segment_bytes: self.segment_bytes,
            index_interval_bytes: self.index_interval_bytes,
            segment_index_bytes: self.segment_index_bytes,
            segment_ms: self.segment_ms,
            segment_jitter_ms: self.segment_jitter_ms,
            retention_ms: limit(self.retention_ms),
            retention_bytes: limit(self.retention_bytes),
            flush_messages: self.flush_messages,
            flush_ms: self.flush_ms,
            producer_id_expiration_ms: self.producer_id_expiration_ms,
        }
    }

    /// These settings with those of a broker over them, which were changed at run time: `pairs` of the topic keys' synonyms
    /// (`log.retention.ms`). Other keys and values that are not valid any more are passed over.
    pub fn with_broker_defaults<'p>(&self, pairs: impl IntoIterator<Item = (&'p str, &'p str)>) -> TopicConfig {
        let mut config = self.clone();
        for (name, value) in pairs {
            let Some(key) = KEYS.iter().find(|key| key.broker_synonym == name) else { continue };
            if let Err(rejection) = key.support.apply(&mut config, value) {
                tracing::warn!(key = name, value, ?rejection, "a stored broker config is not valid any more");
            }
        }
        config
    }

    /// What an acknowledgement means with these settings, for the operator.
    pub fn durability(&self) -> String {
        match self.flush_messages {
            1 => "disk (group commit): acknowledged records survive a power cut".to_owned(),
            i64::MAX => "page cache (acknowledged records survive a crash of the process, not a power cut)".to_owned(),
            messages => format!("flush every {messages} messages"),
        }
    }

    /// These settings with a topic's own, stored `pairs` over them, as far as this version understands them: another one may
    /// have stored them. Where it does not understand when records go, they stay. The sentences say what was passed over.
    pub fn with_stored<'p>(&self, pairs: impl IntoIterator<Item = (&'p str, &'p str)>) -> (TopicConfig, Vec<String>) {
        let (mut config, mut not_understood) = (self.clone(), Vec::new());
        for (name, value) in pairs {
            match config.with([(name, Some(value))]) {
                Ok(next) => config = next,
                Err(reason) => {
                    if name == "cleanup.policy" || name.starts_with("retention.") {
                        config.deletes = false;
                    }
                    not_understood.push(reason);
                }
            }
        }
        (config, not_understood)
    }

    /// These settings with a topic's own `pairs` over them. The error is a sentence for INVALID_CONFIG.
    pub fn with<'p>(&self, pairs: impl IntoIterator<Item = (&'p str, Option<&'p str>)>) -> Result<TopicConfig, String> {
        let mut config = self.clone();
        for (name, value) in pairs {
            let value = value.ok_or_else(|| format!("Null value not supported for topic configs: {name}"))?;
            let known = KEYS.iter().find(|key| key.name == name);
            let known = known.ok_or_else(|| format!("Unknown topic config name: {name}"))?;
            known.support.apply(&mut config, value).map_err(|rejection| match rejection {
                Rejection::Invalid(reason) => format!("Invalid value {value} for configuration {name}: {reason}"),
                Rejection::Unsupported(reason) => format!("{name}={value} is not supported yet: {reason}"),
            })?;
        }
        Ok(config)
    }
}
