//! Groups of consumers and their offsets.

use std::time::Duration;

use super::reasons::{LOAD_BUFFER, NO_GROUP_BUFFERS, NO_GROUP_THREADS, NO_LINGER};
use crate::config::Config;
use crate::config::groups::{assignors, codec, migration, serves_consumer};
use crate::config::key::{Key, Scope, int, list, long, short, text};
use crate::config::support::{millis, number, put};
use crate::config::valid::Valid;

/// The table.
pub const KEYS: &[Key<Config>] = &[
    int("group.initial.rebalance.delay.ms")
        .default("3000")
        .obeyed(|c: &mut Config, v| put(&mut c.groups.settings.initial_rebalance_delay, millis(v)))
        .doc("How long a new group waits for more members."),
    int("group.max.session.timeout.ms")
        .default("1800000")
        .obeyed(|c: &mut Config, v| put(&mut c.groups.settings.session_timeout_max, millis(v)))
        .doc("The longest session that a member may ask for."),
    int("group.min.session.timeout.ms")
        .default("6000")
        .obeyed(|c: &mut Config, v| put(&mut c.groups.settings.session_timeout_min, millis(v)))
        .doc("The shortest session that a member may ask for."),
    int("group.max.size")
        .default("2147483647")
        .at_least(1)
        .obeyed(|c: &mut Config, v| put(&mut c.groups.settings.members_max, number(v)))
        .doc("The most members of a group."),
    int("group.coordinator.append.linger.ms")
        .default("-1")
        .at_least(-1)
        .no_effect(NO_LINGER)
        .doc("How long changes of groups wait for more of them; -1 adapts."),
    int("group.coordinator.background.threads")
        .default("2")
        .at_least(1)
        .no_effect(NO_GROUP_THREADS)
        .doc("Threads for assignments."),
    int("group.coordinator.cached.buffer.max.bytes")
        .default("1048588")
        .at_least(524_288)
        .scope(Scope::ClusterWide)
        .no_effect(NO_GROUP_BUFFERS)
        .doc("The largest buffer that is kept."),
    list("group.coordinator.rebalance.protocols")
        .default("classic,consumer,streams")
        .one_of(&["consumer", "classic", "share", "streams"])
        .obeyed(|c: &mut Config, v| put(&mut c.groups.settings.serves_consumer_protocol, serves_consumer(v)))
        .doc("The kinds of groups that are served."),
    int("group.coordinator.threads")
        .default("4")
        .at_least(1)
        .no_effect(NO_GROUP_THREADS)
        .doc("Threads that coordinate groups."),
    int("group.consumer.assignment.interval.ms")
        .default("1000")
        .at_least(0)
        .scope(Scope::ClusterWide)
        .obeyed(|c: &mut Config, v| put(&mut c.groups.settings.consumer.assignment_interval, millis(v)))
        .doc("The least time between two assignments."),
    int("group.consumer.max.assignment.interval.ms")
        .default("15000")
        .at_least(0)
        .obeyed(|c: &mut Config, v| put(&mut c.groups.consumer_bounds.assignment_interval.most, number(v)))
        .doc("The most that a group may set for consumer.assignment.interval.ms."),
    int("group.consumer.min.assignment.interval.ms")
        .default("0")
        .at_least(0)
        .obeyed(|c: &mut Config, v| put(&mut c.groups.consumer_bounds.assignment_interval.least, number(v)))
        .doc("The least that a group may set for consumer.assignment.interval.ms."),
    list("group.consumer.assignors")
        .default("uniform,range")
        .obeyed(|c: &mut Config, v| put(&mut c.groups.settings.consumer.assignors, assignors(v)))
        .doc("Who assigns partitions; the first is the default."),
    int("group.consumer.heartbeat.interval.ms")
        .default("5000")
        .at_least(1)
        .obeyed(|c: &mut Config, v| put(&mut c.groups.settings.consumer.heartbeat_interval, millis(v)))
        .doc("How often members report."),
    int("group.consumer.max.heartbeat.interval.ms")
        .default("15000")
        .at_least(1)
        .obeyed(|c: &mut Config, v| put(&mut c.groups.consumer_bounds.heartbeat_interval.most, number(v)))
        .doc("The most that a group may set for consumer.heartbeat.interval.ms."),
    int("group.consumer.min.heartbeat.interval.ms")
        .default("5000")
        .at_least(1)
        .obeyed(|c: &mut Config, v| put(&mut c.groups.consumer_bounds.heartbeat_interval.least, number(v)))
        .doc("The least that a group may set for consumer.heartbeat.interval.ms."),
    int("group.consumer.session.timeout.ms")
        .default("45000")
        .at_least(1)
        .obeyed(|c: &mut Config, v| put(&mut c.groups.settings.consumer.session_timeout, millis(v)))
        .doc("How long a member may be silent."),
    int("group.consumer.max.session.timeout.ms")
        .default("60000")
        .at_least(1)
        .obeyed(|c: &mut Config, v| put(&mut c.groups.consumer_bounds.session_timeout.most, number(v)))
        .doc("The most that a group may set for consumer.session.timeout.ms."),
    int("group.consumer.min.session.timeout.ms")
        .default("45000")
        .at_least(1)
        .obeyed(|c: &mut Config, v| put(&mut c.groups.consumer_bounds.session_timeout.least, number(v)))
        .doc("The least that a group may set for consumer.session.timeout.ms."),
    int("group.consumer.max.size")
        .default("2147483647")
        .at_least(1)
        .obeyed(|c: &mut Config, v| put(&mut c.groups.settings.consumer.members_max, number(v)))
        .doc("The most members of a consumer group."),
    text("group.consumer.migration.policy")
        .default("bidirectional")
        .valid(Valid::OneOfAnyCase(&["DISABLED", "DOWNGRADE", "UPGRADE", "BIDIRECTIONAL"]))
        .obeyed(|c: &mut Config, v| put(&mut c.groups.settings.consumer.migration, migration(v)))
        .doc("How groups change between the classic and the consumer protocol."),
    int("group.consumer.regex.refresh.interval.ms")
        .default("600000")
        .at_least(10_000)
        .internal()
        .obeyed(|c: &mut Config, v| put(&mut c.groups.settings.consumer.regex_refresh, millis(v)))
        .doc("How often patterns of subscriptions meet new topics."),
    int("offset.metadata.max.bytes")
        .default("4096")
        .obeyed(|c: &mut Config, v| put(&mut c.groups.settings.offset_metadata_bytes_max, number(v)))
        .doc("The longest note with a committed offset."),
    int("offsets.commit.timeout.ms")
        .default("5000")
        .at_least(1)
        .obeyed(|c: &mut Config, v| put(&mut c.groups.commit_timeout, millis(v)))
        .doc("How long a commit may take."),
    int("offsets.load.buffer.size")
        .default("5242880")
        .at_least(1)
        .no_effect(LOAD_BUFFER)
        .doc("How much is read at once when a coordinator begins."),
    long("offsets.retention.check.interval.ms")
        .default("600000")
        .at_least(1)
        .obeyed(|c: &mut Config, v| put(&mut c.groups.settings.offsets_retention_check, millis(v)))
        .doc("How often old offsets are looked for."),
    int("offsets.retention.minutes")
        .default("10080")
        .at_least(1)
        .obeyed(|c: &mut Config, v| put(&mut c.groups.settings.offsets_retention, minutes(v)))
        .doc("How long the offsets of an empty group are kept."),
    int("offsets.topic.compression.codec")
        .default("0")
        .obeyed(|c: &mut Config, v| put(&mut c.groups.codec, codec(v)))
        .doc("The compression of the offsets topic."),
    int("offsets.topic.num.partitions")
        .default("50")
        .at_least(1)
        .obeyed(|c: &mut Config, v| put(&mut c.groups.partitions, number(v)))
        .doc("Partitions of the offsets topic."),
    short("offsets.topic.replication.factor")
        .default("3")
        .at_least(1)
        .obeyed(|c: &mut Config, v| put(&mut c.groups.replication_factor, number(v)))
        .doc("Replicas of the offsets topic; never more than there are brokers."),
    int("offsets.topic.segment.bytes")
        .default("104857600")
        .at_least(1)
        .obeyed(|c: &mut Config, v| put(&mut c.groups.segment_bytes, number(v)))
        .doc("The size of a segment of the offsets topic."),
];

fn minutes(value: &str) -> Result<Duration, String> {
    number(value).map(|minutes: u64| Duration::from_secs(minutes.saturating_mul(60)))
}
