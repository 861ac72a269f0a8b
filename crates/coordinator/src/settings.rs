//! What the operator set: `group.*` and `offsets.*`.

use std::sync::Arc;
use std::time::Duration;

/// The settings of all groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `group.min.session.timeout.ms`.
    pub session_timeout_min: Duration,
    /// `group.max.session.timeout.ms`.
    pub session_timeout_max: Duration,
    /// `group.initial.rebalance.delay.ms`: how long a new group waits for more members.
    pub initial_rebalance_delay: Duration,
    /// `group.max.size`.
    pub members_max: usize,
    /// `offset.metadata.max.bytes`.
    pub offset_metadata_bytes_max: usize,
    /// How large the batch of one record may be, in bytes: `max.message.bytes` of `__consumer_offsets`. What would make a
    /// larger one is refused.
    pub record_bytes_max: usize,
    /// `offsets.retention.minutes` (KIP-211).
    pub offsets_retention: Duration,
    /// `offsets.retention.check.interval.ms`.
    pub offsets_retention_check: Duration,
    /// `group.coordinator.rebalance.protocols` has `consumer`.
    pub serves_consumer_protocol: bool,
    /// `group.consumer.*`.
    pub consumer: ConsumerSettings,
}

/// The settings of groups whose partitions the broker assigns (KIP-848).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumerSettings {
    /// `group.consumer.session.timeout.ms`, unless the group has its own.
    pub session_timeout: Duration,
    /// `group.consumer.heartbeat.interval.ms`, unless the group has its own.
    pub heartbeat_interval: Duration,
    /// `group.consumer.assignment.interval.ms`, unless the group has its own.
    pub assignment_interval: Duration,
    /// `group.consumer.max.size`.
    pub members_max: usize,
    /// `group.consumer.assignors`, the default first; known names are `uniform` and `range`.
    pub assignors: Vec<Arc<str>>,
    /// `group.consumer.migration.policy`.
    pub migration: MigrationPolicy,
    /// `group.consumer.regex.refresh.interval.ms`.
    pub regex_refresh: Duration,
}

/// Which groups may change between the classic and the consumer protocol while they have members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MigrationPolicy {
    /// Both ways.
    Bidirectional,
    /// From classic to consumer.
    Upgrade,
    /// From consumer to classic.
    Downgrade,
    /// None.
    Disabled,
}

impl MigrationPolicy {
    /// Whether a classic group with members may become a consumer group.
    pub fn upgrades(self) -> bool {
        matches!(self, MigrationPolicy::Bidirectional | MigrationPolicy::Upgrade)
    }

    /// Whether a consumer group whose members all speak the classic protocol becomes a classic group.
    pub fn downgrades(self) -> bool {
        matches!(self, MigrationPolicy::Bidirectional | MigrationPolicy::Downgrade)
    }
}

const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

impl Default for Settings {
    /// Kafka's defaults.
    fn default() -> Settings {
        Settings {
            session_timeout_min: Duration::from_secs(6),
            session_timeout_max: minutes(30),
            initial_rebalance_delay: Duration::from_secs(3),
            members_max: i32::MAX as usize,
            offset_metadata_bytes_max: 4096,
            record_bytes_max: 1_048_588,
            offsets_retention: minutes(7 * 24 * 60),
            offsets_retention_check: minutes(10),
            serves_consumer_protocol: true,
            consumer: ConsumerSettings::default(),
        }
    }
}

impl Default for ConsumerSettings {
    fn default() -> ConsumerSettings {
        ConsumerSettings {
            session_timeout: Duration::from_secs(45),
            heartbeat_interval: Duration::from_secs(5),
            assignment_interval: Duration::from_secs(1),
            members_max: i32::MAX as usize,
            assignors: vec!["uniform".into(), "range".into()],
            migration: MigrationPolicy::Bidirectional,
            regex_refresh: minutes(10),
        }
    }
}
