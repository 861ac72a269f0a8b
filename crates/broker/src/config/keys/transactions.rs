//! Transactions.

use super::reasons::{NO_TRANSACTIONS, NO_TWO_PHASE};
use crate::config::Config;
use crate::config::key::{Key, Scope, flag, int, short};

/// The table.
pub const KEYS: &[Key<Config>] = &[
    int("transaction.abort.timed.out.transaction.cleanup.interval.ms")
        .default("10000")
        .at_least(1)
        .no_effect(NO_TRANSACTIONS)
        .doc("How often transactions are looked for that are over time."),
    int("transaction.remove.expired.transaction.cleanup.interval.ms")
        .default("3600000")
        .at_least(1)
        .no_effect(NO_TRANSACTIONS)
        .doc("How often transactional ids are looked for that are out of use."),
    int("transaction.max.timeout.ms")
        .default("900000")
        .at_least(1)
        .no_effect(NO_TRANSACTIONS)
        .doc("The longest timeout that a producer may ask for."),
    flag("transaction.partition.verification.enable")
        .default("true")
        .scope(Scope::ClusterWide)
        .no_effect(NO_TRANSACTIONS)
        .doc("A partition asks whether the transaction that writes is open."),
    int("transaction.state.log.load.buffer.size")
        .default("5242880")
        .at_least(1)
        .no_effect(NO_TRANSACTIONS)
        .doc("How much is read at once when a coordinator begins."),
    int("transaction.state.log.min.isr")
        .default("2")
        .at_least(1)
        .no_effect(NO_TRANSACTIONS)
        .doc("min.insync.replicas of the transaction topic."),
    int("transaction.state.log.num.partitions")
        .default("50")
        .at_least(1)
        .no_effect(NO_TRANSACTIONS)
        .doc("Partitions of the transaction topic."),
    short("transaction.state.log.replication.factor")
        .default("3")
        .at_least(1)
        .no_effect(NO_TRANSACTIONS)
        .doc("Replicas of the transaction topic; never more than there are brokers."),
    int("transaction.state.log.segment.bytes")
        .default("104857600")
        .at_least(1)
        .no_effect(NO_TRANSACTIONS)
        .doc("The size of a segment of the transaction topic."),
    flag("transaction.two.phase.commit.enable")
        .default("false")
        .only_default(NO_TWO_PHASE)
        .doc("Producers may prepare a transaction and commit it later."),
    int("transactional.id.expiration.ms")
        .default("604800000")
        .at_least(1)
        .no_effect(NO_TRANSACTIONS)
        .doc("How long a transactional id is kept out of use."),
];
