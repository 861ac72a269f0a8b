//! Share groups.

use super::reasons::NO_SHARE;
use crate::config::Config;
use crate::config::key::{Key, Scope, int, list, short, text};

/// The table.
pub const KEYS: &[Key<Config>] = &[
    list("group.share.assignors").default("simple").no_effect(NO_SHARE).doc("Who assigns partitions."),
    int("group.share.assignment.interval.ms")
        .default("1000")
        .at_least(0)
        .scope(Scope::ClusterWide)
        .no_effect(NO_SHARE)
        .doc("The least time between two assignments."),
    int("group.share.max.assignment.interval.ms")
        .default("15000")
        .at_least(0)
        .no_effect(NO_SHARE)
        .doc("The most that a group may set for share.assignment.interval.ms."),
    int("group.share.min.assignment.interval.ms")
        .default("0")
        .at_least(0)
        .no_effect(NO_SHARE)
        .doc("The least that a group may set for share.assignment.interval.ms."),
    int("group.share.delivery.count.limit")
        .default("5")
        .between(2, 10)
        .no_effect(NO_SHARE)
        .doc("How often a record is delivered."),
    int("group.share.max.delivery.count.limit")
        .default("10")
        .between(5, 25)
        .no_effect(NO_SHARE)
        .doc("The most that a group may set for share.delivery.count.limit."),
    int("group.share.min.delivery.count.limit")
        .default("2")
        .between(2, 5)
        .no_effect(NO_SHARE)
        .doc("The least that a group may set for share.delivery.count.limit."),
    int("group.share.heartbeat.interval.ms")
        .default("5000")
        .at_least(1)
        .no_effect(NO_SHARE)
        .doc("How often members report."),
    int("group.share.max.heartbeat.interval.ms")
        .default("15000")
        .at_least(1)
        .no_effect(NO_SHARE)
        .doc("The most that a group may set for share.heartbeat.interval.ms."),
    int("group.share.min.heartbeat.interval.ms")
        .default("5000")
        .at_least(1)
        .no_effect(NO_SHARE)
        .doc("The least that a group may set for share.heartbeat.interval.ms."),
    int("group.share.initialize.retry.interval.ms")
        .default("30000")
        .at_least(1)
        .internal()
        .no_effect(NO_SHARE)
        .doc("How long a failed beginning waits."),
    int("group.share.max.size")
        .default("200")
        .between(1, 1000)
        .no_effect(NO_SHARE)
        .doc("The most members of a share group."),
    int("group.share.max.share.sessions")
        .default("2000")
        .at_least(1)
        .no_effect(NO_SHARE)
        .doc("The most share sessions."),
    int("group.share.partition.max.record.locks")
        .default("2000")
        .between(100, 10_000)
        .no_effect(NO_SHARE)
        .doc("The most records of a partition that are out at one time."),
    int("group.share.max.partition.max.record.locks")
        .default("4000")
        .between(2000, 10_000)
        .no_effect(NO_SHARE)
        .doc("The most that a group may set for share.partition.max.record.locks."),
    int("group.share.min.partition.max.record.locks")
        .default("100")
        .between(100, 2000)
        .no_effect(NO_SHARE)
        .doc("The least that a group may set for share.partition.max.record.locks."),
    text("group.share.persister.class.name")
        .default("org.apache.kafka.server.share.persister.DefaultStatePersister")
        .internal()
        .no_effect(NO_SHARE)
        .doc("The class that keeps the state."),
    int("group.share.record.lock.duration.ms")
        .default("30000")
        .between(1000, 3_600_000)
        .no_effect(NO_SHARE)
        .doc("How long a record is out."),
    int("group.share.max.record.lock.duration.ms")
        .default("60000")
        .between(30_000, 3_600_000)
        .no_effect(NO_SHARE)
        .doc("The most that a group may set for share.record.lock.duration.ms."),
    int("group.share.min.record.lock.duration.ms")
        .default("15000")
        .between(1000, 30_000)
        .no_effect(NO_SHARE)
        .doc("The least that a group may set for share.record.lock.duration.ms."),
    int("group.share.session.timeout.ms")
        .default("45000")
        .at_least(1)
        .no_effect(NO_SHARE)
        .doc("How long a member may be silent."),
    int("group.share.max.session.timeout.ms")
        .default("60000")
        .at_least(1)
        .no_effect(NO_SHARE)
        .doc("The most that a group may set for share.session.timeout.ms."),
    int("group.share.min.session.timeout.ms")
        .default("45000")
        .at_least(1)
        .no_effect(NO_SHARE)
        .doc("The least that a group may set for share.session.timeout.ms."),
    int("share.coordinator.append.linger.ms")
        .default("-1")
        .at_least(-1)
        .no_effect(NO_SHARE)
        .doc("How long changes wait for more of them; -1 adapts."),
    int("share.coordinator.cached.buffer.max.bytes")
        .default("1048588")
        .at_least(524_288)
        .scope(Scope::ClusterWide)
        .no_effect(NO_SHARE)
        .doc("The largest buffer that is kept."),
    int("share.coordinator.cold.partition.snapshot.interval.ms")
        .default("300000")
        .at_least(1)
        .internal()
        .no_effect(NO_SHARE)
        .doc("How often the state of a quiet partition is written again."),
    int("share.coordinator.load.buffer.size")
        .default("5242880")
        .at_least(1)
        .no_effect(NO_SHARE)
        .doc("How much is read at once when a coordinator begins."),
    int("share.coordinator.snapshot.update.records.per.snapshot")
        .default("500")
        .between(0, 500)
        .no_effect(NO_SHARE)
        .doc("Changes from one full state to the next."),
    int("share.coordinator.state.topic.compression.codec")
        .default("0")
        .no_effect(NO_SHARE)
        .doc("The compression of the state topic."),
    short("share.coordinator.state.topic.min.isr")
        .default("2")
        .at_least(1)
        .no_effect(NO_SHARE)
        .doc("min.insync.replicas of the state topic."),
    int("share.coordinator.state.topic.num.partitions")
        .default("50")
        .at_least(1)
        .no_effect(NO_SHARE)
        .doc("Partitions of the state topic."),
    int("share.coordinator.state.topic.prune.interval.ms")
        .default("300000")
        .at_least(1)
        .internal()
        .no_effect(NO_SHARE)
        .doc("How often old state is deleted."),
    short("share.coordinator.state.topic.replication.factor")
        .default("3")
        .at_least(1)
        .no_effect(NO_SHARE)
        .doc("Replicas of the state topic; never more than there are brokers."),
    int("share.coordinator.state.topic.segment.bytes")
        .default("104857600")
        .at_least(1)
        .no_effect(NO_SHARE)
        .doc("The size of a segment of the state topic."),
    int("share.coordinator.threads")
        .default("1")
        .at_least(1)
        .no_effect(NO_SHARE)
        .doc("Threads that coordinate share groups."),
    int("share.coordinator.write.timeout.ms")
        .default("5000")
        .at_least(1)
        .no_effect(NO_SHARE)
        .doc("How long a write of state may take."),
    int("share.fetch.purgatory.purge.interval.requests")
        .default("1000")
        .no_effect(NO_SHARE)
        .doc("How often waiting share fetches are tidied."),
];
