//! Between brokers: replicas, leaders, how they stop.

use super::reasons::{ALONE, NO_SELECTOR, NO_TRANSACTIONS};
use crate::config::Config;
use crate::config::key::{Key, Scope, flag, int, long, text};

/// The table.
pub const KEYS: &[Key<Config>] = &[
    flag("auto.leader.rebalance.enable")
        .default("true")
        .no_effect(ALONE)
        .doc("Leaders go back to the replicas that stand first."),
    long("leader.imbalance.check.interval.seconds")
        .default("300")
        .at_least(1)
        .no_effect(ALONE)
        .doc("How often leaders are looked at."),
    flag("controlled.shutdown.enable")
        .default("true")
        .no_effect(ALONE)
        .doc("A broker hands over its leaders before it stops."),
    int("controller.socket.timeout.ms")
        .default("30000")
        .no_effect(ALONE)
        .doc("How long the controller waits for a broker."),
    int("num.replica.fetchers")
        .default("1")
        .at_least(1)
        .scope(Scope::ClusterWide)
        .no_effect(ALONE)
        .doc("Threads that copy from each leader."),
    int("replica.fetch.backoff.ms")
        .default("1000")
        .at_least(0)
        .no_effect(ALONE)
        .doc("How long a replica waits after a failed fetch."),
    int("replica.fetch.max.bytes")
        .default("1048576")
        .at_least(0)
        .no_effect(ALONE)
        .doc("What a replica fetches of one partition."),
    int("replica.fetch.min.bytes").default("1").no_effect(ALONE).doc("What a replica waits for."),
    int("replica.fetch.response.max.bytes")
        .default("10485760")
        .at_least(0)
        .no_effect(ALONE)
        .doc("What a replica fetches at once."),
    int("replica.fetch.wait.max.ms").default("500").no_effect(ALONE).doc("How long a replica's fetch may wait."),
    long("replica.high.watermark.checkpoint.interval.ms")
        .default("5000")
        .no_effect(ALONE)
        .doc("How often high watermarks are written."),
    long("replica.lag.time.max.ms")
        .default("30000")
        .no_effect(ALONE)
        .doc("How far a replica may be behind to count as in sync."),
    text("replica.selector.class")
        .only_default(NO_SELECTOR)
        .doc("A class that chooses the replica that a consumer reads."),
    int("replica.socket.receive.buffer.bytes")
        .default("65536")
        .no_effect(ALONE)
        .doc("The buffer of a replica's connection."),
    int("replica.socket.timeout.ms").default("30000").no_effect(ALONE).doc("How long a replica waits for its leader."),
    long("unclean.leader.election.interval.ms")
        .default("300000")
        .at_least(1)
        .internal()
        .no_effect(ALONE)
        .doc("How often partitions without a leader are looked at."),
    int("add.partitions.to.txn.retry.backoff.ms")
        .default("20")
        .at_least(1)
        .no_effect(NO_TRANSACTIONS)
        .doc("How long a partition that is new to a transaction waits before it is tried again."),
    int("add.partitions.to.txn.retry.backoff.max.ms")
        .default("100")
        .at_least(0)
        .no_effect(NO_TRANSACTIONS)
        .doc("How long a partition that is new to a transaction waits at the most."),
];
