//! Groups of consumers and their offsets.

use super::reasons::NO_GROUPS;
use crate::config::Config;
use crate::config::key::{Key, Scope, int, list, long, short, text};
use crate::config::valid::Valid;

/// The table.
pub const KEYS: &[Key<Config>] = &[
    int("group.initial.rebalance.delay.ms")
        .default("3000")
        .no_effect(NO_GROUPS)
        .doc("How long a new group waits for more members."),
    int("group.max.session.timeout.ms")
        .default("1800000")
        .no_effect(NO_GROUPS)
        .doc("The longest session that a member may ask for."),
    int("group.min.session.timeout.ms")
        .default("6000")
        .no_effect(NO_GROUPS)
        .doc("The shortest session that a member may ask for."),
    int("group.max.size").default("2147483647").at_least(1).no_effect(NO_GROUPS).doc("The most members of a group."),
    int("group.coordinator.append.linger.ms")
        .default("-1")
        .at_least(-1)
        .no_effect(NO_GROUPS)
        .doc("How long changes of groups wait for more of them; -1 adapts."),
    int("group.coordinator.background.threads")
        .default("2")
        .at_least(1)
        .no_effect(NO_GROUPS)
        .doc("Threads for assignments."),
    int("group.coordinator.cached.buffer.max.bytes")
        .default("1048588")
        .at_least(524_288)
        .scope(Scope::ClusterWide)
        .no_effect(NO_GROUPS)
        .doc("The largest buffer that is kept."),
    list("group.coordinator.rebalance.protocols")
        .default("classic,consumer,streams")
        .one_of(&["consumer", "classic", "share", "streams"])
        .no_effect(NO_GROUPS)
        .doc("The kinds of groups that are served."),
    int("group.coordinator.threads")
        .default("4")
        .at_least(1)
        .no_effect(NO_GROUPS)
        .doc("Threads that coordinate groups."),
    int("group.consumer.assignment.interval.ms")
        .default("1000")
        .at_least(0)
        .scope(Scope::ClusterWide)
        .no_effect(NO_GROUPS)
        .doc("The least time between two assignments."),
    int("group.consumer.max.assignment.interval.ms")
        .default("15000")
        .at_least(0)
        .no_effect(NO_GROUPS)
        .doc("The most that a group may set for consumer.assignment.interval.ms."),
    int("group.consumer.min.assignment.interval.ms")
        .default("0")
        .at_least(0)
        .no_effect(NO_GROUPS)
        .doc("The least that a group may set for consumer.assignment.interval.ms."),
    list("group.consumer.assignors")
        .default("uniform,range")
        .no_effect(NO_GROUPS)
        .doc("Who assigns partitions; the first is the default."),
    int("group.consumer.heartbeat.interval.ms")
        .default("5000")
        .at_least(1)
        .no_effect(NO_GROUPS)
        .doc("How often members report."),
    int("group.consumer.max.heartbeat.interval.ms")
        .default("15000")
        .at_least(1)
        .no_effect(NO_GROUPS)
        .doc("The most that a group may set for consumer.heartbeat.interval.ms."),
    int("group.consumer.min.heartbeat.interval.ms")
        .default("5000")
        .at_least(1)
        .no_effect(NO_GROUPS)
        .doc("The least that a group may set for consumer.heartbeat.interval.ms."),
    int("group.consumer.session.timeout.ms")
        .default("45000")
        .at_least(1)
        .no_effect(NO_GROUPS)
        .doc("How long a member may be silent."),
    int("group.consumer.max.session.timeout.ms")
        .default("60000")
        .at_least(1)
        .no_effect(NO_GROUPS)
        .doc("The most that a group may set for consumer.session.timeout.ms."),
    int("group.consumer.min.session.timeout.ms")
        .default("45000")
        .at_least(1)
        .no_effect(NO_GROUPS)
        .doc("The least that a group may set for consumer.session.timeout.ms."),
    int("group.consumer.max.size")
        .default("2147483647")
        .at_least(1)
        .no_effect(NO_GROUPS)
        .doc("The most members of a consumer group."),
    text("group.consumer.migration.policy")
        .default("bidirectional")
        .valid(Valid::OneOfAnyCase(&["DISABLED", "DOWNGRADE", "UPGRADE", "BIDIRECTIONAL"]))
        .no_effect(NO_GROUPS)
        .doc("How groups change between the classic and the consumer protocol."),
    int("group.consumer.regex.refresh.interval.ms")
        .default("600000")
        .at_least(10_000)
        .internal()
        .no_effect(NO_GROUPS)
        .doc("How often patterns of subscriptions meet new topics."),
    int("offset.metadata.max.bytes")
        .default("4096")
        .no_effect(NO_GROUPS)
        .doc("The longest note with a committed offset."),
    int("offsets.commit.timeout.ms")
        .default("5000")
        .at_least(1)
        .no_effect(NO_GROUPS)
        .doc("How long a commit may take."),
    int("offsets.load.buffer.size")
        .default("5242880")
        .at_least(1)
        .no_effect(NO_GROUPS)
        .doc("How much is read at once when a coordinator begins."),
    long("offsets.retention.check.interval.ms")
        .default("600000")
        .at_least(1)
        .no_effect(NO_GROUPS)
        .doc("How often old offsets are looked for."),
    int("offsets.retention.minutes")
        .default("10080")
        .at_least(1)
        .no_effect(NO_GROUPS)
        .doc("How long the offsets of an empty group are kept."),
    int("offsets.topic.compression.codec")
        .default("0")
        .no_effect(NO_GROUPS)
        .doc("The compression of the offsets topic."),
    int("offsets.topic.num.partitions")
        .default("50")
        .at_least(1)
        .no_effect(NO_GROUPS)
        .doc("Partitions of the offsets topic."),
    short("offsets.topic.replication.factor")
        .default("3")
        .at_least(1)
        .no_effect(NO_GROUPS)
        .doc("Replicas of the offsets topic; never more than there are brokers."),
    int("offsets.topic.segment.bytes")
        .default("104857600")
        .at_least(1)
        .no_effect(NO_GROUPS)
        .doc("The size of a segment of the offsets topic."),
];
