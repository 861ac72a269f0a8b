//! How topics come, go and are set up.

use super::reasons::{NO_POLICIES, NOBODY_TO_TELL};
use crate::config::Config;
use crate::config::key::{Key, class, flag, int, long};
use crate::config::support::{boolean, bounded, number, put};

/// The table.
pub const KEYS: &[Key<Config>] = &[
    flag("auto.create.topics.enable")
        .default("true")
        .obeyed(|c: &mut Config, v| put(&mut c.auto_create_topics, boolean(v)))
        .doc("A Metadata request may create the topics that it names."),
    class("create.topic.policy.class.name").only_default(NO_POLICIES).doc("A class that judges new topics."),
    class("alter.config.policy.class.name").only_default(NO_POLICIES).doc("A class that judges changes of configs."),
    int("default.replication.factor")
        .default("1")
        .obeyed(|c: &mut Config, v| put(&mut c.default_replication_factor, bounded(v, 1, 32_767)))
        .doc("Replicas of a topic that is created without a number (-1). A broker alone gives one."),
    flag("delete.topic.enable")
        .default("true")
        .obeyed(|c: &mut Config, v| put(&mut c.delete_topics, boolean(v)))
        .doc("Topics can be deleted."),
    int("num.partitions")
        .default("1")
        .at_least(1)
        .obeyed(|c: &mut Config, v| put(&mut c.num_partitions, number(v)))
        .doc("Partitions of a topic that is created without a number."),
    long("log.dir.failure.timeout.ms")
        .default("30000")
        .at_least(1)
        .no_effect(NOBODY_TO_TELL)
        .doc("How long a broker stays with a failed directory that it could not report."),
];
