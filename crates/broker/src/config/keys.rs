//! The table of the broker's configuration keys.

use std::path::PathBuf;
use std::time::Duration;

use record::BrokerId;

use super::Config;
use super::support::{Rejection, Support, boolean, bounded, millis, put};
use super::times::{HOUR_MS, MINUTE_MS};
use super::topic::{self, TopicConfig};

/// One key of `server.properties`.
pub struct Key {
    /// Kafka's name.
    pub name: &'static str,
    /// What Ottla does with it.
    pub support: Support<Config>,
}

use Support::{NoEffect, Obeyed, Only};

const MAX_I32: i64 = i32::MAX as i64;
const ONE_LOOP_PER_CORE: &str = "requests are handled by the event loops; there is no second pool";
const NO_CONTROLLER_PORT: &str = "the metadata quorum of a single node needs no listener and no set-up";
const NO_GROUPS: &str = "consumer groups and transactions are not served yet";

/// Keys with a meaning of their own. The broker's synonyms of topic keys come from [`topic::KEYS`].
pub const KEYS: &[Key] = &[
    key("node.id", Obeyed(|c, v| put(&mut c.node_id, bounded(v, 0, MAX_I32).map(BrokerId)))),
    key("broker.id", Obeyed(|c, v| put(&mut c.node_id, bounded(v, 0, MAX_I32).map(BrokerId)))),
    key("log.dirs", Obeyed(|c, v| put(&mut c.data_dir, one_directory(v)))),
    key("log.dir", Obeyed(|c, v| put(&mut c.data_dir, one_directory(v)))),
    key("listeners", Obeyed(|c, v| put(&mut c.raw.listeners, Ok(Some(v.to_owned()))))),
    key("advertised.listeners", Obeyed(|c, v| put(&mut c.raw.advertised, Ok(Some(v.to_owned()))))),
    key("listener.security.protocol.map", Obeyed(|c, v| put(&mut c.raw.protocol_map, Ok(Some(v.to_owned()))))),
    key("controller.listener.names", Obeyed(|c, v| put(&mut c.raw.controller_names, Ok(Some(v.to_owned()))))),
    key("num.network.threads", Obeyed(|c, v| put(&mut c.loops, bounded(v, 1, 1024)))),
    key("num.partitions", Obeyed(|c, v| put(&mut c.num_partitions, bounded(v, 1, MAX_I32)))),
    key("default.replication.factor", Obeyed(|c, v| put(&mut c.default_replication_factor, bounded(v, 1, 32_767)))),
    key("auto.create.topics.enable", Obeyed(|c, v| put(&mut c.auto_create_topics, boolean(v)))),
    key("delete.topic.enable", Obeyed(|c, v| put(&mut c.delete_topics, boolean(v)))),
    key("socket.request.max.bytes", Obeyed(|c, v| put(&mut c.max_request_bytes, bounded(v, 1, MAX_I32)))),
    key("queued.max.request.bytes", Obeyed(|c, v| put(&mut c.request_budget_bytes, budget(v)))),
    key("fetch.max.bytes", Obeyed(|c, v| put(&mut c.fetch_max_bytes, bounded(v, 1024, MAX_I32)))),
    key(
        "max.incremental.fetch.session.cache.slots",
        Obeyed(|c, v| put(&mut c.fetch_sessions_max, bounded(v, 0, MAX_I32))),
    ),
    key("max.connections", Obeyed(|c, v| put(&mut c.max_connections, bounded(v, 0, MAX_I32)))),
    key("max.connections.per.ip", Obeyed(|c, v| put(&mut c.max_connections_per_ip, bounded(v, 0, MAX_I32)))),
    key(
        "producer.id.expiration.ms",
        Obeyed(|c, v| put(&mut c.topic_defaults.producer_id_expiration_ms, bounded(v, 1, MAX_I32))),
    ),
    key("connections.max.idle.ms", Obeyed(|c, v| put(&mut c.connections_max_idle, idle(v)))),
    // Kafka's older units of topic keys: the finest that is set wins, see `times`.
    key("log.retention.ms", Obeyed(|c, v| put(&mut c.times.retention_ms, retention(v, 1)))),
    key("log.retention.minutes", Obeyed(|c, v| put(&mut c.times.retention_minutes, retention(v, MINUTE_MS)))),
    key("log.retention.hours", Obeyed(|c, v| put(&mut c.times.retention_hours, retention(v, HOUR_MS)))),
    key("log.roll.ms", Obeyed(|c, v| put(&mut c.times.roll_ms, bounded(v, 1, i64::MAX).map(Some)))),
    key("log.roll.hours", Obeyed(|c, v| put(&mut c.times.roll_hours, hours(v, 1)))),
    key("log.roll.jitter.ms", Obeyed(|c, v| put(&mut c.times.jitter_ms, bounded(v, 0, i64::MAX).map(Some)))),
    key("log.roll.jitter.hours", Obeyed(|c, v| put(&mut c.times.jitter_hours, hours(v, 0)))),
    key("log.flush.interval.ms", Obeyed(|c, v| put(&mut c.times.flush_ms, bounded(v, 0, i64::MAX).map(Some)))),
    key(
        "log.flush.scheduler.interval.ms",
        Obeyed(|c, v| put(&mut c.times.flush_scheduler_ms, bounded(v, 0, i64::MAX).map(Some))),
    ),
    key("log.initial.task.delay.ms", Obeyed(|c, v| put(&mut c.tasks.initial_delay, millis(v)))),
    key("log.retention.check.interval.ms", Obeyed(|c, v| put(&mut c.tasks.retention_check, at_least_1_ms(v)))),
    key("log.flush.offset.checkpoint.interval.ms", Obeyed(|c, v| put(&mut c.tasks.recovery_checkpoint, millis(v)))),
    key("log.flush.start.offset.checkpoint.interval.ms", Obeyed(|c, v| put(&mut c.tasks.start_checkpoint, millis(v)))),
    key("num.recovery.threads.per.data.dir", Obeyed(|c, v| put(&mut c.recovery_threads, bounded(v, 1, 1024)))),
    key("num.io.threads", NoEffect(ONE_LOOP_PER_CORE)),
    key("queued.max.requests", NoEffect(ONE_LOOP_PER_CORE)),
    key("background.threads", NoEffect(ONE_LOOP_PER_CORE)),
    key("socket.send.buffer.bytes", NoEffect("the system sizes socket buffers")),
    key("socket.receive.buffer.bytes", NoEffect("the system sizes socket buffers")),
    key("process.roles", NoEffect(NO_CONTROLLER_PORT)),
    key("controller.quorum.voters", NoEffect(NO_CONTROLLER_PORT)),
    key("controller.quorum.bootstrap.servers", NoEffect(NO_CONTROLLER_PORT)),
    key("inter.broker.listener.name", NoEffect("there are no other brokers to talk to")),
    key("offsets.topic.replication.factor", NoEffect(NO_GROUPS)),
    key("offsets.topic.num.partitions", NoEffect(NO_GROUPS)),
    key("transaction.state.log.replication.factor", NoEffect(NO_GROUPS)),
    key("transaction.state.log.min.isr", NoEffect(NO_GROUPS)),
    key("share.coordinator.state.topic.replication.factor", NoEffect(NO_GROUPS)),
    key("share.coordinator.state.topic.min.isr", NoEffect(NO_GROUPS)),
    key("group.initial.rebalance.delay.ms", NoEffect(NO_GROUPS)),
    key("authorizer.class.name", Only("", "there is no authorizer: everyone may do everything")),
    key("super.users", Only("", "there is no authorizer: everyone may do everything")),
    key("allow.everyone.if.no.acl.found", Only("true", "there is no authorizer: everyone may do everything")),
    key("security.inter.broker.protocol", Only("PLAINTEXT", "only PLAINTEXT is served (no TLS, no SASL)")),
    key("principal.builder.class", Only("", "there are no principals yet")),
    key("remote.log.storage.system.enable", Only("false", "there is no tiered storage yet")),
];

/// Families of keys that would secure the broker, were they obeyed: never silently plaintext.
pub const REFUSED_PREFIXES: &[(&str, &str)] =
    &[("ssl.", "there is no TLS"), ("sasl.", "there is no SASL"), ("security.providers", "there is no TLS")];

const fn key(name: &'static str, support: Support<Config>) -> Key {
    Key { name, support }
}

/// Where the value of a key goes.
pub enum Found {
    /// A setting of the broker.
    Broker(&'static Support<Config>),
    /// The broker-wide default of a topic key.
    TopicDefault(&'static Support<TopicConfig>),
}

/// The item of `name`, which may be the broker's synonym of a topic key.
pub fn find(name: &str) -> Option<Found> {
    let own = KEYS.iter().find(|key| key.name == name).map(|key| Found::Broker(&key.support));
    let synonym = || topic::KEYS.iter().find(|key| !name.is_empty() && key.broker_synonym == name);
    own.or_else(|| synonym().map(|key| Found::TopicDefault(&key.support)))
}

impl Found {
    /// Takes `value` into `config`. `Ok(Some(why))` when it has no effect.
    pub fn apply(&self, config: &mut Config, value: &str) -> Result<Option<&'static str>, Rejection> {
        match self {
            Found::Broker(support) => support.apply(config, value),
            Found::TopicDefault(support) => support.apply(&mut config.topic_defaults, value),
        }
    }
}

/// A value that must not be printed.
pub fn is_secret(name: &str) -> bool {
    ["password", "jaas", "key", "secret"].iter().any(|word| name.contains(word))
}

fn one_directory(value: &str) -> Result<PathBuf, String> {
    match value.trim() {
        "" => Err("a directory is needed".to_owned()),
        several if several.contains(',') => Err("one directory is supported so far".to_owned()),
        one => Ok(PathBuf::from(one)),
    }
}

/// A time in units of `unit_ms`; negative is no limit, and nothing is kept for no time at all.
fn retention(value: &str, unit_ms: i64) -> Result<Option<i64>, String> {
    match bounded::<i64>(value, i64::MIN, i64::MAX)? {
        ..0 => Ok(Some(-1)),
        0 => Err("must be unlimited (-1) or, equal or greater than 1".to_owned()),
        units => Ok(Some(units.saturating_mul(unit_ms))),
    }
}

fn hours(value: &str, least: i64) -> Result<Option<i64>, String> {
    bounded::<i64>(value, least, MAX_I32).map(|hours| Some(hours * HOUR_MS))
}

fn at_least_1_ms(value: &str) -> Result<Duration, String> {
    bounded(value, 1, i64::MAX).map(Duration::from_millis)
}

/// Kafka's -1 means no limit; here memory is always bounded, so it means the default.
fn budget(value: &str) -> Result<u64, String> {
    match bounded::<i64>(value, -1, i64::MAX)? {
        ..=0 => Ok(Config::default().request_budget_bytes),
        bytes => Ok(bytes.unsigned_abs()),
    }
}

/// Kafka's negative value means never.
fn idle(value: &str) -> Result<Duration, String> {
    match bounded::<i64>(value, i64::MIN, i64::MAX)? {
        ..0 => Ok(Duration::MAX),
        ms => Ok(Duration::from_millis(ms.unsigned_abs())),
    }
}
