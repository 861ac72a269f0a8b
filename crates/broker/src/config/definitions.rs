//! What Kafka says of configuration keys beside what they mean: the type of their values, their defaults, and the other
//! names of one setting. DescribeConfigs tells them.

use super::Config;

/// The type of a key's values, as DescribeConfigs numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Kafka says nothing of it: levels of loggers.
    Unknown = 0,
    /// `true` or `false`.
    Boolean = 1,
    /// Any text.
    String = 2,
    /// A whole number of 32 bits.
    Int = 3,
    /// A whole number of 16 bits.
    Short = 4,
    /// A whole number of 64 bits.
    Long = 5,
    /// A number.
    Double = 6,
    /// Texts with commas between them.
    List = 7,
    /// The name of a Java class.
    Class = 8,
}

/// A topic key: its name, the type of its values, its default.
pub struct TopicDefinition(pub &'static str, pub Kind, pub &'static str);

/// A broker key: its name, the type of its values, and its value in these settings.
pub struct BrokerDefinition(pub &'static str, pub Kind, pub fn(&Config) -> Option<String>);

/// One of the broker's names of a setting: how many milliseconds its unit has (1 where it has no unit), and its default.
pub struct Synonym(pub &'static str, pub i64, pub Option<&'static str>);

use Kind::{Boolean, Double, Int, List, Long, Short, String as Text};

/// Every topic key of Kafka 4.3, by name.
pub const TOPIC: &[TopicDefinition] = &[
    TopicDefinition("cleanup.policy", List, "delete"),
    TopicDefinition("compression.gzip.level", Int, "-1"),
    TopicDefinition("compression.lz4.level", Int, "9"),
    TopicDefinition("compression.type", Text, "producer"),
    TopicDefinition("compression.zstd.level", Int, "3"),
    TopicDefinition("delete.retention.ms", Long, "86400000"),
    TopicDefinition("file.delete.delay.ms", Long, "60000"),
    TopicDefinition("flush.messages", Long, "9223372036854775807"),
    TopicDefinition("flush.ms", Long, "9223372036854775807"),
    TopicDefinition("follower.replication.throttled.replicas", List, ""),
    TopicDefinition("index.interval.bytes", Int, "4096"),
    TopicDefinition("leader.replication.throttled.replicas", List, ""),
    TopicDefinition("local.retention.bytes", Long, "-2"),
    TopicDefinition("local.retention.ms", Long, "-2"),
    TopicDefinition("max.compaction.lag.ms", Long, "9223372036854775807"),
    TopicDefinition("max.message.bytes", Int, "1048588"),
    TopicDefinition("message.timestamp.after.max.ms", Long, "3600000"),
    TopicDefinition("message.timestamp.before.max.ms", Long, "9223372036854775807"),
    TopicDefinition("message.timestamp.type", Text, "CreateTime"),
    TopicDefinition("min.cleanable.dirty.ratio", Double, "0.5"),
    TopicDefinition("min.compaction.lag.ms", Long, "0"),
    TopicDefinition("min.insync.replicas", Int, "1"),
    TopicDefinition("preallocate", Boolean, "false"),
    TopicDefinition("remote.log.copy.disable", Boolean, "false"),
    TopicDefinition("remote.log.delete.on.disable", Boolean, "false"),
    TopicDefinition("remote.storage.enable", Boolean, "false"),
    TopicDefinition("retention.bytes", Long, "-1"),
    TopicDefinition("retention.ms", Long, "604800000"),
    TopicDefinition("segment.bytes", Int, "1073741824"),
    TopicDefinition("segment.index.bytes", Int, "10485760"),
    TopicDefinition("segment.jitter.ms", Long, "0"),
    TopicDefinition("segment.ms", Long, "604800000"),
    TopicDefinition("unclean.leader.election.enable", Boolean, "false"),
];

/// Settings that the broker has under several names, the first of which wins. All but the first are read at start only.
const FAMILIES: &[&[Synonym]] = &[
    &[
        Synonym("log.flush.interval.ms", 1, None),
        Synonym("log.flush.scheduler.interval.ms", 1, Some("9223372036854775807")),
    ],
    &[
        Synonym("log.retention.ms", 1, None),
        Synonym("log.retention.minutes", 60_000, None),
        Synonym("log.retention.hours", 3_600_000, Some("168")),
    ],
    &[Synonym("log.roll.jitter.ms", 1, None), Synonym("log.roll.jitter.hours", 3_600_000, Some("0"))],
    &[Synonym("log.roll.ms", 1, None), Synonym("log.roll.hours", 3_600_000, Some("168"))],
];

/// Keys of the broker alone that are obeyed, by name.
pub const BROKER: &[BrokerDefinition] = &[
    BrokerDefinition("advertised.listeners", List, |c| c.raw.advertised.clone()),
    BrokerDefinition("auto.create.topics.enable", Boolean, |c| Some(c.auto_create_topics.to_string())),
    BrokerDefinition("connections.max.idle.ms", Long, |c| Some(millis_or_never(c.connections_max_idle))),
    BrokerDefinition("default.replication.factor", Int, |c| Some(c.default_replication_factor.to_string())),
    BrokerDefinition("delete.topic.enable", Boolean, |c| Some(c.delete_topics.to_string())),
    BrokerDefinition("fetch.max.bytes", Int, |c| Some(c.fetch_max_bytes.to_string())),
    BrokerDefinition("listeners", List, |c| Some(listeners(c))),
    BrokerDefinition("log.dirs", List, |c| Some(c.data_dir.display().to_string())),
    BrokerDefinition("max.connections", Int, |c| Some(c.max_connections.to_string())),
    BrokerDefinition("max.connections.per.ip", Int, |c| Some(c.max_connections_per_ip.to_string())),
    BrokerDefinition("max.incremental.fetch.session.cache.slots", Int, |c| Some(c.fetch_sessions_max.to_string())),
    BrokerDefinition("node.id", Int, |c| Some(c.node_id.to_string())),
    BrokerDefinition("num.network.threads", Int, |c| Some(c.loops.to_string())),
    BrokerDefinition("num.partitions", Int, |c| Some(c.num_partitions.to_string())),
    BrokerDefinition("queued.max.request.bytes", Long, |c| Some(c.request_budget_bytes.to_string())),
    BrokerDefinition("socket.request.max.bytes", Int, |c| Some(c.max_request_bytes.to_string())),
];

/// The types of keys that are known but have no effect, as far as they are not texts.
const NO_EFFECT: &[(&str, Kind)] = &[
    ("background.threads", Int),
    ("group.initial.rebalance.delay.ms", Int),
    ("num.io.threads", Int),
    ("num.recovery.threads.per.data.dir", Int),
    ("offsets.topic.num.partitions", Int),
    ("offsets.topic.replication.factor", Short),
    ("queued.max.requests", Int),
    ("socket.receive.buffer.bytes", Int),
    ("socket.send.buffer.bytes", Int),
    ("transaction.state.log.min.isr", Int),
    ("transaction.state.log.replication.factor", Short),
];

/// What is known of a topic key.
pub fn topic(name: &str) -> Option<&'static TopicDefinition> {
    TOPIC.iter().find(|definition| definition.0 == name)
}

/// All names of the setting that `name` is one of, the first in force first; none for a key of one name.
pub fn family(name: &str) -> Option<&'static [Synonym]> {
    FAMILIES.iter().copied().find(|family| family.iter().any(|synonym| synonym.0 == name))
}

/// The type of a broker key that is not a topic key's synonym.
pub fn broker_kind(name: &str) -> Option<Kind> {
    let obeyed = BROKER.iter().find(|definition| definition.0 == name).map(|definition| definition.1);
    let no_effect = || NO_EFFECT.iter().find(|(other, _)| *other == name).map(|(_, kind)| *kind);
    let of_family = || family(name).map(|_| Long);
    let known = || super::keys::find(name).map(|_| Text);
    obeyed.or_else(no_effect).or_else(of_family).or_else(known)
}

fn millis_or_never(time: std::time::Duration) -> String {
    i64::try_from(time.as_millis()).map_or_else(|_| "-1".to_owned(), |ms| ms.to_string())
}

fn listeners(config: &Config) -> String {
    let one = |listener: &super::Listener| format!("{}://{}", listener.name, listener.bind);
    config.listeners.iter().map(one).collect::<Vec<_>>().join(",")
}
