//! The configuration of one topic: what a topic's own keys say, else the broker's default for them.

use std::time::Duration;

use record::{Compression, Encoding, TimestampType};
use storage::LogConfig;

use super::key::{Key, Scope, double, flag, int, list, long, text};
use super::support::{millis, number, put};
use super::valid::Valid;
use super::{Config, keys};

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
    /// A stored `cleanup.policy` has `compact`: a version that serves it may have compacted the log.
    pub is_compacted: bool,
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
            is_compacted: false,
            producer_id_expiration_ms: 24 * 60 * 60 * 1000,
            retention_ms: 7 * DAY_MS,
            retention_bytes: -1,
        }
    }
}

/// Every topic key of Kafka 4.3.
pub const KEYS: &[Key<TopicConfig>] = &[
    list("cleanup.policy")
        .default("delete")
        .one_of(&["compact", "delete"])
        .scope(Scope::RunTime)
        .synonym("log.cleanup.policy")
        .obeyed(|c: &mut TopicConfig, v| put(&mut c.deletes, deletes(v)))
        .doc("What becomes of old records: delete, or nothing where it is empty."),
    int("compression.gzip.level")
        .default("-1")
        .valid(Valid::BetweenOrMinusOne(1, 9))
        .scope(Scope::RunTime)
        .synonym("compression.gzip.level")
        .obeyed(|c: &mut TopicConfig, v| put(&mut c.gzip_level, gzip_level(v)))
        .doc("The level of gzip."),
    int("compression.lz4.level")
        .default("9")
        .between(1, 17)
        .scope(Scope::RunTime)
        .synonym("compression.lz4.level")
        .no_effect(ONE_LZ4)
        .doc("The level of lz4."),
    text("compression.type")
        .default("producer")
        .one_of(&["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"])
        .scope(Scope::RunTime)
        .synonym("compression.type")
        .obeyed(|c: &mut TopicConfig, v| put(&mut c.compression, compression(v)))
        .doc("How batches are compressed; producer keeps them as they come."),
    int("compression.zstd.level")
        .default("3")
        .between(-131_072, 22)
        .scope(Scope::RunTime)
        .synonym("compression.zstd.level")
        .obeyed(|c: &mut TopicConfig, v| put(&mut c.zstd_level, number(v)))
        .doc("The level of zstd."),
    long("delete.retention.ms")
        .default("86400000")
        .at_least(0)
        .scope(Scope::RunTime)
        .synonym("log.cleaner.delete.retention.ms")
        .only_default(NO_OTHER)
        .doc("How long tombstones are kept in a compacted topic."),
    long("file.delete.delay.ms")
        .default("60000")
        .at_least(0)
        .scope(Scope::RunTime)
        .synonym("log.segment.delete.delay.ms")
        .obeyed(|c: &mut TopicConfig, v| put(&mut c.file_delete_delay, millis(v)))
        .doc("From the deletion of a file to the freeing of its space."),
    long("flush.messages")
        .default("9223372036854775807")
        .at_least(1)
        .scope(Scope::RunTime)
        .synonym("log.flush.interval.messages")
        .obeyed(|c: &mut TopicConfig, v| put(&mut c.flush_messages, number(v)))
        .doc("Records after which the log is flushed; 1 acknowledges what is on disk."),
    long("flush.ms")
        .default("9223372036854775807")
        .at_least(0)
        .scope(Scope::RunTime)
        .synonym("log.flush.interval.ms")
        .obeyed(|c: &mut TopicConfig, v| put(&mut c.flush_ms, number(v)))
        .doc("The longest that records stay unflushed."),
    list("follower.replication.throttled.replicas")
        .default("")
        .valid(Valid::Replicas)
        .scope(Scope::RunTime)
        .only_default(NO_OTHER)
        .doc("Replicas that fetch at a limited rate."),
    int("index.interval.bytes")
        .default("4096")
        .at_least(0)
        .scope(Scope::RunTime)
        .synonym("log.index.interval.bytes")
        .obeyed(|c: &mut TopicConfig, v| put(&mut c.index_interval_bytes, number(v)))
        .doc("Log bytes from one index entry to the next."),
    list("leader.replication.throttled.replicas")
        .default("")
        .valid(Valid::Replicas)
        .scope(Scope::RunTime)
        .only_default(NO_OTHER)
        .doc("Replicas that are fetched from at a limited rate."),
    long("local.retention.bytes")
        .default("-2")
        .at_least(-2)
        .scope(Scope::RunTime)
        .synonym("log.local.retention.bytes")
        .only_default(NO_OTHER)
        .doc("The size that stays here of a tiered log."),
    long("local.retention.ms")
        .default("-2")
        .at_least(-2)
        .scope(Scope::RunTime)
        .synonym("log.local.retention.ms")
        .only_default(NO_OTHER)
        .doc("The time that records of a tiered log stay here."),
    long("max.compaction.lag.ms")
        .default("9223372036854775807")
        .at_least(1)
        .scope(Scope::RunTime)
        .synonym("log.cleaner.max.compaction.lag.ms")
        .only_default(NO_OTHER)
        .doc("The longest that a record stays uncompacted."),
    int("max.message.bytes")
        .default("1048588")
        .at_least(0)
        .scope(Scope::RunTime)
        .synonym("message.max.bytes")
        .obeyed(|c: &mut TopicConfig, v| put(&mut c.max_message_bytes, number(v)))
        .doc("The largest record batch, with its header."),
    long("message.timestamp.after.max.ms")
        .default("3600000")
        .at_least(0)
        .scope(Scope::RunTime)
        .synonym("log.message.timestamp.after.max.ms")
        .obeyed(|c: &mut TopicConfig, v| put(&mut c.timestamp_after_max_ms, number(v)))
        .doc("How far the time of a record may be ahead of the broker's."),
    long("message.timestamp.before.max.ms")
        .default("9223372036854775807")
        .at_least(0)
        .scope(Scope::RunTime)
        .synonym("log.message.timestamp.before.max.ms")
        .obeyed(|c: &mut TopicConfig, v| put(&mut c.timestamp_before_max_ms, number(v)))
        .doc("How far the time of a record may be behind the broker's."),
    text("message.timestamp.type")
        .default("CreateTime")
        .one_of(&["CreateTime", "LogAppendTime"])
        .scope(Scope::RunTime)
        .synonym("log.message.timestamp.type")
        .obeyed(|c: &mut TopicConfig, v| put(&mut c.timestamp_type, timestamp_type(v)))
        .doc("Whose time records have: the producer's or the broker's."),
    double("min.cleanable.dirty.ratio")
        .default("0.5")
        .valid(Valid::UpTo(1.0))
        .scope(Scope::RunTime)
        .synonym("log.cleaner.min.cleanable.ratio")
        .only_default(NO_OTHER)
        .doc("How much of a log has to be uncompacted before it is compacted."),
    long("min.compaction.lag.ms")
        .default("0")
        .at_least(0)
        .scope(Scope::RunTime)
        .synonym("log.cleaner.min.compaction.lag.ms")
        .only_default(NO_OTHER)
        .doc("The least that a record stays uncompacted."),
    int("min.insync.replicas")
        .default("1")
        .at_least(1)
        .scope(Scope::RunTime)
        .synonym("min.insync.replicas")
        .obeyed(|c: &mut TopicConfig, v| put(&mut c.min_insync_replicas, number(v)))
        .doc("Replicas that must be in sync for acks=all; never more than the topic has replicas."),
    flag("preallocate")
        .default("false")
        .scope(Scope::RunTime)
        .synonym("log.preallocate")
        .no_effect(PREALLOCATED)
        .doc("Segments get their space when they begin."),
    flag("remote.log.copy.disable")
        .default("false")
        .scope(Scope::RunTime)
        .only_default(NO_OTHER)
        .doc("Nothing more is copied to the remote storage."),
    flag("remote.log.delete.on.disable")
        .default("false")
        .scope(Scope::RunTime)
        .only_default(NO_OTHER)
        .doc("What is in the remote storage goes when it is switched off."),
    flag("remote.storage.enable")
        .default("false")
        .scope(Scope::RunTime)
        .only_default(NO_OTHER)
        .doc("Segments are copied to a remote storage."),
    long("retention.bytes")
        .default("-1")
        .scope(Scope::RunTime)
        .synonym("log.retention.bytes")
        .obeyed(|c: &mut TopicConfig, v| put(&mut c.retention_bytes, number(v)))
        .doc("The size above which the oldest segments go; -1 for no limit."),
    long("retention.ms")
        .default("604800000")
        .at_least(-1)
        .scope(Scope::RunTime)
        .synonym("log.retention.ms")
        .obeyed(|c: &mut TopicConfig, v| put(&mut c.retention_ms, number(v)))
        .doc("How long records are kept; -1 for ever."),
    int("segment.bytes")
        .default("1073741824")
        .at_least(1_048_576)
        .scope(Scope::RunTime)
        .synonym("log.segment.bytes")
        .obeyed(|c: &mut TopicConfig, v| put(&mut c.segment_bytes, number(v)))
        .doc("The size at which a segment ends."),
    int("segment.index.bytes")
        .default("10485760")
        .at_least(4)
        .scope(Scope::RunTime)
        .synonym("log.index.size.max.bytes")
        .obeyed(|c: &mut TopicConfig, v| put(&mut c.segment_index_bytes, number(v)))
        .doc("The size of an index at which its segment ends."),
    long("segment.jitter.ms")
        .default("0")
        .at_least(0)
        .scope(Scope::RunTime)
        .synonym("log.roll.jitter.ms")
        .obeyed(|c: &mut TopicConfig, v| put(&mut c.segment_jitter_ms, number(v)))
        .doc("How far the ends of segments are spread."),
    long("segment.ms")
        .default("604800000")
        .at_least(1)
        .scope(Scope::RunTime)
        .synonym("log.roll.ms")
        .obeyed(|c: &mut TopicConfig, v| put(&mut c.segment_ms, number(v)))
        .doc("When a segment ends at the latest."),
    flag("unclean.leader.election.enable")
        .default("false")
        .scope(Scope::RunTime)
        .synonym("unclean.leader.election.enable")
        .only_default(NO_OTHER)
        .doc("A replica that is not in sync may become the leader."),
    int("internal.segment.bytes")
        .scope(Scope::RunTime)
        .internal()
        .only_default(NO_OTHER)
        .doc("A size of segments for tests."),
];

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const NO_OTHER: &str = "topics have no other value yet";
const ONE_LZ4: &str = "LZ4 is written at its fast level whatever this says";
const PREALLOCATED: &str = "the file system finds space as segments grow";

/// A codec, or the producer's.
fn compression(value: &str) -> Result<Option<Compression>, String> {
    match value.trim() {
        "producer" => Ok(None),
        "uncompressed" => Ok(Some(Compression::None)),
        name => {
            let codec = Compression::ALL.into_iter().find(|codec| codec.name() == name);
            codec.map(Some).ok_or_else(|| "there is no such codec".to_owned())
        }
    }
}

/// -1 is the codec's own default.
fn gzip_level(value: &str) -> Result<Option<i32>, String> {
    number(value).map(|level: i32| Some(level).filter(|level| *level != -1))
}

fn timestamp_type(value: &str) -> Result<TimestampType, String> {
    match value.trim() {
        "CreateTime" => Ok(TimestampType::CreateTime),
        "LogAppendTime" => Ok(TimestampType::LogAppendTime),
        _ => Err("records have no other time".to_owned()),
    }
}

/// The policy of topics that coordinators keep their records in. Compaction is not served yet, so they keep all of them, and
/// what is missing in their logs after a power cut was not compacted away.
const COMPACTED: (&str, &str) = ("cleanup.policy", "compact");

/// Whether a topic that coordinators keep their records in may have this config.
///
/// # Errors
/// Why not.
pub fn check_internal(name: &str, value: &str) -> Result<(), String> {
    if (name, value) == COMPACTED {
        return Ok(());
    }
    TopicConfig::default().with([(name, Some(value))]).map(drop)
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
            is_compacted: self.is_compacted,
            producer_id_expiration_ms: self.producer_id_expiration_ms,
        }
    }

    /// These settings with those of a broker over them, which were changed at run time: `pairs` of the topic keys' synonyms
    /// (`log.retention.ms`). Other keys and values that are not valid any more are passed over; where those say when records
    /// go, they stay.
    pub fn with_broker_defaults<'p>(&self, pairs: impl IntoIterator<Item = (&'p str, &'p str)>) -> TopicConfig {
        // The broker's own keys, so that what was accepted of them is what is taken.
        let mut broker = Config { topic_defaults: self.clone(), ..Config::default() };
        let mut deletes_as_told = true;
        for (name, value) in pairs {
            let is_topics = keys::topic_default(name).is_some() || name == "producer.id.expiration.ms";
            let Some(key) = keys::find(name).filter(|_| is_topics) else { continue };
            if let Err(rejection) = key.apply(&mut broker, value) {
                tracing::warn!(key = name, value, ?rejection, "a stored broker config is not valid any more");
                deletes_as_told &= !(name == "log.cleanup.policy" || name.starts_with("log.retention."));
            }
        }
        broker.times.resolve(&mut broker.topic_defaults);
        let deletes = broker.topic_defaults.deletes && deletes_as_told;
        TopicConfig { deletes, ..broker.topic_defaults }
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
            if (name, value) == COMPACTED {
                config.deletes = false;
                continue;
            }
            match config.with([(name, Some(value))]) {
                Ok(next) => config = next,
                Err(reason) => {
                    if name == "cleanup.policy" || name.starts_with("retention.") {
                        config.deletes = false;
                    }
                    config.is_compacted |= name == "cleanup.policy" && value.contains("compact");
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
            let known = KEYS.iter().find(|key| key.facts.name == name);
            let known = known.ok_or_else(|| format!("Unknown topic config name: {name}"))?;
            known.apply(&mut config, value).map_err(|rejection| rejection.text(name, value))?;
        }
        Ok(config)
    }
}
