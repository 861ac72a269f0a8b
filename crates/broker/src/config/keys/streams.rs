//! Streams groups.

use super::reasons::NO_STREAMS;
use crate::config::Config;
use crate::config::key::{Key, Scope, int};

/// The table.
pub const KEYS: &[Key<Config>] = &[
    int("group.streams.assignment.interval.ms")
        .default("1000")
        .at_least(0)
        .scope(Scope::ClusterWide)
        .no_effect(NO_STREAMS)
        .doc("The least time between two assignments."),
    int("group.streams.max.assignment.interval.ms")
        .default("15000")
        .at_least(0)
        .no_effect(NO_STREAMS)
        .doc("The most that a group may set for streams.assignment.interval.ms."),
    int("group.streams.min.assignment.interval.ms")
        .default("0")
        .at_least(0)
        .no_effect(NO_STREAMS)
        .doc("The least that a group may set for streams.assignment.interval.ms."),
    int("group.streams.heartbeat.interval.ms")
        .default("5000")
        .at_least(1)
        .no_effect(NO_STREAMS)
        .doc("How often members report."),
    int("group.streams.max.heartbeat.interval.ms")
        .default("15000")
        .at_least(1)
        .no_effect(NO_STREAMS)
        .doc("The most that a group may set for streams.heartbeat.interval.ms."),
    int("group.streams.min.heartbeat.interval.ms")
        .default("5000")
        .at_least(1)
        .no_effect(NO_STREAMS)
        .doc("The least that a group may set for streams.heartbeat.interval.ms."),
    int("group.streams.initial.rebalance.delay.ms")
        .default("3000")
        .at_least(0)
        .no_effect(NO_STREAMS)
        .doc("How long a new group waits for more members."),
    int("group.streams.session.timeout.ms")
        .default("45000")
        .at_least(1)
        .no_effect(NO_STREAMS)
        .doc("How long a member may be silent."),
    int("group.streams.max.session.timeout.ms")
        .default("60000")
        .at_least(1)
        .no_effect(NO_STREAMS)
        .doc("The most that a group may set for streams.session.timeout.ms."),
    int("group.streams.min.session.timeout.ms")
        .default("45000")
        .at_least(1)
        .no_effect(NO_STREAMS)
        .doc("The least that a group may set for streams.session.timeout.ms."),
    int("group.streams.max.size")
        .default("2147483647")
        .at_least(1)
        .no_effect(NO_STREAMS)
        .doc("The most members of a streams group."),
    int("group.streams.num.standby.replicas")
        .default("0")
        .at_least(0)
        .no_effect(NO_STREAMS)
        .doc("Standby copies of each task."),
    int("group.streams.max.standby.replicas")
        .default("2")
        .at_least(0)
        .no_effect(NO_STREAMS)
        .doc("The most that a group may set for streams.num.standby.replicas."),
];
