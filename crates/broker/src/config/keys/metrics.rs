//! Metrics and quotas.

use super::reasons::{ALONE, NO_JVM, NO_QUOTAS, ONE_MOVE};
use crate::config::Config;
use crate::config::key::{Key, Scope, class, int, list, long, text};

/// The table.
pub const KEYS: &[Key<Config>] = &[
    int("kafka.metrics.polling.interval.secs")
        .default("10")
        .at_least(1)
        .no_effect(NO_JVM)
        .doc("How often reporters are called."),
    list("kafka.metrics.reporters").default("").no_effect(NO_JVM).doc("Classes that report metrics."),
    list("metric.reporters")
        .default("org.apache.kafka.common.metrics.JmxReporter")
        .scope(Scope::ClusterWide)
        .no_effect(NO_JVM)
        .doc("Classes that report metrics."),
    int("metrics.num.samples").default("2").at_least(1).no_effect(NO_JVM).doc("Samples in a metric."),
    text("metrics.recording.level").default("INFO").no_effect(NO_JVM).doc("Which metrics are kept."),
    long("metrics.sample.window.ms").default("30000").at_least(1).no_effect(NO_JVM).doc("The length of a sample."),
    int("alter.log.dirs.replication.quota.window.num")
        .default("11")
        .at_least(1)
        .no_effect(NO_QUOTAS)
        .doc("Windows in which moves between directories are measured."),
    int("alter.log.dirs.replication.quota.window.size.seconds")
        .default("1")
        .at_least(1)
        .no_effect(NO_QUOTAS)
        .doc("The length of such a window."),
    class("client.quota.callback.class").only_default(NO_QUOTAS).doc("A class that sets quotas."),
    int("controller.quota.window.num")
        .default("11")
        .at_least(1)
        .no_effect(NO_QUOTAS)
        .doc("Windows in which changes of metadata are measured."),
    int("controller.quota.window.size.seconds")
        .default("1")
        .at_least(1)
        .no_effect(NO_QUOTAS)
        .doc("The length of such a window."),
    int("quota.window.num")
        .default("11")
        .at_least(1)
        .no_effect(NO_QUOTAS)
        .doc("Windows in which clients are measured."),
    int("quota.window.size.seconds").default("1").at_least(1).no_effect(NO_QUOTAS).doc("The length of such a window."),
    int("replication.quota.window.num")
        .default("11")
        .at_least(1)
        .no_effect(NO_QUOTAS)
        .doc("Windows in which replication is measured."),
    int("replication.quota.window.size.seconds")
        .default("1")
        .at_least(1)
        .no_effect(NO_QUOTAS)
        .doc("The length of such a window."),
    long("leader.replication.throttled.rate")
        .default("9223372036854775807")
        .at_least(0)
        .scope(Scope::RunTime)
        .internal()
        .no_effect(ALONE)
        .doc("How many bytes a leader sends to throttled replicas in a second; set at run time only."),
    long("follower.replication.throttled.rate")
        .default("9223372036854775807")
        .at_least(0)
        .scope(Scope::RunTime)
        .internal()
        .no_effect(ALONE)
        .doc("How many bytes a throttled replica fetches in a second; set at run time only."),
    long("replica.alter.log.dirs.io.max.bytes.per.second")
        .default("9223372036854775807")
        .at_least(0)
        .scope(Scope::RunTime)
        .internal()
        .no_effect(ONE_MOVE)
        .doc("How fast replicas move between directories; set at run time only."),
];
