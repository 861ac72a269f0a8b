//! What the operator set of groups: for the coordinator, and for the topic that it writes to.

use std::time::Duration;

use coordinator::{MigrationPolicy, Settings};
use metadata::Image;
use record::{BrokerId, Compression};

use super::bounds::ConsumerBounds;
use super::{Config, keys};

/// Settings of groups.
#[derive(Debug, Clone)]
pub struct GroupsConfig {
    /// What the coordinator goes by, as it was set at the start.
    pub settings: Settings,
    /// What a consumer group may set for itself.
    pub consumer_bounds: ConsumerBounds,
    /// `offsets.topic.num.partitions`.
    pub partitions: i32,
    /// `offsets.topic.replication.factor`; fewer where there are fewer brokers.
    pub replication_factor: i16,
    /// `offsets.topic.segment.bytes`.
    pub segment_bytes: i32,
    /// `offsets.topic.compression.codec`, of what the coordinator writes.
    pub codec: Compression,
    /// `offsets.commit.timeout.ms`.
    pub commit_timeout: Duration,
}

impl Default for GroupsConfig {
    fn default() -> GroupsConfig {
        GroupsConfig {
            settings: Settings::default(),
            consumer_bounds: ConsumerBounds::default(),
            partitions: 50,
            replication_factor: 3,
            segment_bytes: 100 << 20,
            codec: Compression::None,
            commit_timeout: Duration::from_secs(5),
        }
    }
}

/// Keys of groups that obey changes at run time.
pub const DYNAMIC: &[&str] = &["group.consumer.assignment.interval.ms"];

/// The settings at the start, under what was set for all brokers at run time, under what was set for this one.
pub fn in_force(at_start: &Settings, image: &Image, broker: BrokerId) -> Settings {
    let groups = GroupsConfig { settings: at_start.clone(), ..GroupsConfig::default() };
    let mut config = Config { groups, ..Config::default() };
    let own = image.broker_configs(broker).map(|configs| &**configs);
    for configs in [Some(&**image.default_broker_configs()), own].into_iter().flatten() {
        for name in DYNAMIC {
            let (Some(value), Some(key)) = (configs.value(name), keys::find(name)) else { continue };
            if let Err(rejection) = key.apply(&mut config, value) {
                tracing::warn!(key = name, value, ?rejection, "a stored broker config is not valid any more");
            }
        }
    }
    config.groups.settings
}

/// Kafka's number of a codec.
pub(super) fn codec(value: &str) -> Result<Compression, String> {
    match value.trim() {
        "0" => Ok(Compression::None),
        "1" => Ok(Compression::Gzip),
        "2" => Ok(Compression::Snappy),
        "3" => Ok(Compression::Lz4),
        "4" => Ok(Compression::Zstd),
        _ => Err(format!("Unknown compression type id: {}", value.trim())),
    }
}

/// The words of `group.consumer.migration.policy`, in any case.
pub(super) fn migration(value: &str) -> Result<MigrationPolicy, String> {
    match value.trim().to_ascii_lowercase().as_str() {
        "bidirectional" => Ok(MigrationPolicy::Bidirectional),
        "upgrade" => Ok(MigrationPolicy::Upgrade),
        "downgrade" => Ok(MigrationPolicy::Downgrade),
        "disabled" => Ok(MigrationPolicy::Disabled),
        _ => Err("there is no such policy".to_owned()),
    }
}

/// The assignors by their names, or by the names of Kafka's classes of them.
pub(super) fn assignors(value: &str) -> Result<Vec<std::sync::Arc<str>>, String> {
    let known = |name: &str| match name {
        "uniform" | "org.apache.kafka.coordinator.group.assignor.UniformAssignor" => Ok("uniform".into()),
        "range" | "org.apache.kafka.coordinator.group.assignor.RangeAssignor" => Ok("range".into()),
        other => Err(format!("{other} is no assignor here: there are uniform and range")),
    };
    let names = value.split(',').map(str::trim).filter(|name| !name.is_empty());
    let assignors: Vec<_> = names.map(known).collect::<Result<_, _>>()?;
    if assignors.is_empty() { Err("at least one assignor is needed".to_owned()) } else { Ok(assignors) }
}

/// Whether `consumer` is among `group.coordinator.rebalance.protocols`; `classic` is served always.
pub(super) fn serves_consumer(value: &str) -> Result<bool, String> {
    let mut protocols = value.split(',').map(str::trim);
    if protocols.clone().any(|protocol| protocol == "classic") {
        return Ok(protocols.any(|protocol| protocol == "consumer"));
    }
    Err("Disabling the 'classic' protocol is not supported.".to_owned())
}
