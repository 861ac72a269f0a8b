//! The metadata quorum. A single node decides alone, at once, in its data directory.

use super::reasons::{OWN_METADATA, QUORUM};
use crate::config::Config;
use crate::config::key::{Key, flag, int, list, long};

/// The table.
pub const KEYS: &[Key<Config>] = &[
    int("broker.heartbeat.interval.ms")
        .default("2000")
        .no_effect(QUORUM)
        .doc("How often a broker reports to the controller."),
    int("broker.session.timeout.ms").default("9000").no_effect(QUORUM).doc("How long a broker may be silent."),
    int("initial.broker.registration.timeout.ms")
        .default("60000")
        .no_effect(QUORUM)
        .doc("How long the first registration may take."),
    long("controller.performance.always.log.threshold.ms")
        .default("2000")
        .at_least(0)
        .internal()
        .no_effect(QUORUM)
        .doc("Decisions that take this long are logged."),
    long("controller.performance.sample.period.ms")
        .default("60000")
        .at_least(100)
        .internal()
        .no_effect(QUORUM)
        .doc("How often decisions are measured."),
    int("controller.quorum.append.linger.ms")
        .default("25")
        .at_least(0)
        .no_effect(QUORUM)
        .doc("How long metadata waits for more of it."),
    flag("controller.quorum.auto.join.enable")
        .default("false")
        .no_effect(QUORUM)
        .doc("A controller joins the quorum by itself."),
    list("controller.quorum.bootstrap.servers").default("").no_effect(QUORUM).doc("Where the quorum is found."),
    int("controller.quorum.election.backoff.max.ms")
        .default("1000")
        .at_least(0)
        .no_effect(QUORUM)
        .doc("How long a lost election waits for the next."),
    int("controller.quorum.election.timeout.ms")
        .default("1000")
        .at_least(0)
        .no_effect(QUORUM)
        .doc("How long a vote is waited for."),
    int("controller.quorum.fetch.max.bytes")
        .default("1048576")
        .at_least(1)
        .no_effect(QUORUM)
        .doc("What a voter fetches at once."),
    int("controller.quorum.fetch.snapshot.max.bytes")
        .default("1048576")
        .at_least(1)
        .no_effect(QUORUM)
        .doc("What a voter fetches of a snapshot at once."),
    int("controller.quorum.fetch.timeout.ms")
        .default("2000")
        .at_least(0)
        .no_effect(QUORUM)
        .doc("How long a leader may be silent."),
    int("controller.quorum.request.timeout.ms")
        .default("2000")
        .at_least(0)
        .no_effect(QUORUM)
        .doc("How long a voter's answer is waited for."),
    int("controller.quorum.retry.backoff.ms")
        .default("20")
        .at_least(0)
        .no_effect(QUORUM)
        .doc("How long a failed request waits."),
    list("controller.quorum.voters").default("").no_effect(QUORUM).doc("Who votes: ID@HOST:PORT with commas between."),
    long("metadata.log.max.record.bytes.between.snapshots")
        .default("20971520")
        .at_least(1)
        .no_effect(OWN_METADATA)
        .doc("How much metadata is written from one snapshot to the next."),
    long("metadata.log.max.snapshot.interval.ms")
        .default("3600000")
        .at_least(0)
        .no_effect(OWN_METADATA)
        .doc("How old the last snapshot may be."),
    int("metadata.log.segment.bytes")
        .default("1073741824")
        .at_least(8_388_608)
        .no_effect(OWN_METADATA)
        .doc("The size of a segment of the metadata log."),
    long("metadata.log.segment.ms")
        .default("604800000")
        .no_effect(OWN_METADATA)
        .doc("When a segment of the metadata log ends at the latest."),
    int("metadata.max.idle.interval.ms")
        .default("500")
        .at_least(0)
        .no_effect(OWN_METADATA)
        .doc("How often an idle metadata log gets a record."),
    long("metadata.max.retention.bytes")
        .default("104857600")
        .no_effect(OWN_METADATA)
        .doc("How much old metadata is kept."),
    long("metadata.max.retention.ms")
        .default("604800000")
        .no_effect(OWN_METADATA)
        .doc("How long old metadata is kept."),
];
