//! Logs by the clock: retention, rolls, flushes and checkpoints. The defaults of topic keys come from the topic keys themselves.

use super::parse::{hours, no_less, retention};
use super::reasons::{NO_CLEANER, WITH_THE_LOG};
use crate::config::Config;
use crate::config::key::{Key, Scope, double, flag, int, long};
use crate::config::support::{millis, number, put};
use crate::config::times::{HOUR_MS, MINUTE_MS};

/// The table.
pub const KEYS: &[Key<Config>] = &[
    long("log.flush.interval.ms")
        .scope(Scope::ClusterWide)
        .obeyed(|c: &mut Config, v| put(&mut c.times.flush_ms, no_less(v, 0)))
        .doc("The longest that records stay unflushed; the default of flush.ms."),
    long("log.flush.scheduler.interval.ms")
        .default("9223372036854775807")
        .obeyed(|c: &mut Config, v| put(&mut c.times.flush_scheduler_ms, no_less(v, 0)))
        .doc("How often logs are looked at that are due for a flush."),
    int("log.flush.offset.checkpoint.interval.ms")
        .default("60000")
        .at_least(0)
        .obeyed(|c: &mut Config, v| put(&mut c.tasks.recovery_checkpoint, millis(v)))
        .doc("How often the recovery points are written."),
    int("log.flush.start.offset.checkpoint.interval.ms")
        .default("60000")
        .at_least(0)
        .obeyed(|c: &mut Config, v| put(&mut c.tasks.start_checkpoint, millis(v)))
        .doc("How often the starts of logs are written."),
    long("log.initial.task.delay.ms")
        .default("30000")
        .at_least(0)
        .internal()
        .obeyed(|c: &mut Config, v| put(&mut c.tasks.initial_delay, millis(v)))
        .doc("From the start to the first look at the logs."),
    long("log.retention.check.interval.ms")
        .default("300000")
        .at_least(1)
        .obeyed(|c: &mut Config, v| put(&mut c.tasks.retention_check, millis(v)))
        .doc("How often logs are looked at for records that have to go."),
    int("log.retention.hours")
        .default("168")
        .obeyed(|c: &mut Config, v| put(&mut c.times.retention_hours, retention(v, HOUR_MS)))
        .doc("How long records are kept, where neither log.retention.ms nor log.retention.minutes is set."),
    int("log.retention.minutes")
        .obeyed(|c: &mut Config, v| put(&mut c.times.retention_minutes, retention(v, MINUTE_MS)))
        .doc("How long records are kept, where log.retention.ms is not set."),
    long("log.retention.ms")
        .scope(Scope::ClusterWide)
        .obeyed(|c: &mut Config, v| put(&mut c.times.retention_ms, retention(v, 1)))
        .doc("How long records are kept; -1 for ever. The default of retention.ms."),
    int("log.roll.hours")
        .default("168")
        .at_least(1)
        .obeyed(|c: &mut Config, v| put(&mut c.times.roll_hours, hours(v)))
        .doc("When a segment ends at the latest, where log.roll.ms is not set."),
    long("log.roll.ms")
        .scope(Scope::ClusterWide)
        .obeyed(|c: &mut Config, v| put(&mut c.times.roll_ms, no_less(v, 1)))
        .doc("When a segment ends at the latest; the default of segment.ms."),
    int("log.roll.jitter.hours")
        .default("0")
        .at_least(0)
        .obeyed(|c: &mut Config, v| put(&mut c.times.jitter_hours, hours(v)))
        .doc("How far the ends of segments are spread, where log.roll.jitter.ms is not set."),
    long("log.roll.jitter.ms")
        .scope(Scope::ClusterWide)
        .obeyed(|c: &mut Config, v| put(&mut c.times.jitter_ms, no_less(v, 0)))
        .doc("How far the ends of segments are spread; the default of segment.jitter.ms."),
    int("producer.id.expiration.ms")
        .default("86400000")
        .at_least(1)
        .scope(Scope::ClusterWide)
        .obeyed(|c: &mut Config, v| put(&mut c.topic_defaults.producer_id_expiration_ms, number(v)))
        .doc("How long an idempotent producer is remembered that is silent."),
    int("producer.id.expiration.check.interval.ms")
        .default("600000")
        .at_least(1)
        .internal()
        .no_effect(WITH_THE_LOG)
        .doc("How often silent producers are looked for."),
    flag("log.cleaner.enable").default("true").no_effect(NO_CLEANER).doc("The cleaner runs."),
    long("log.cleaner.backoff.ms")
        .default("15000")
        .at_least(0)
        .scope(Scope::ClusterWide)
        .no_effect(NO_CLEANER)
        .doc("How long the cleaner sleeps without work."),
    long("log.cleaner.dedupe.buffer.size")
        .default("134217728")
        .scope(Scope::ClusterWide)
        .no_effect(NO_CLEANER)
        .doc("Memory for keys while cleaning."),
    double("log.cleaner.io.buffer.load.factor")
        .default("0.9")
        .scope(Scope::ClusterWide)
        .no_effect(NO_CLEANER)
        .doc("How full the memory for keys may be."),
    int("log.cleaner.io.buffer.size")
        .default("524288")
        .at_least(0)
        .scope(Scope::ClusterWide)
        .no_effect(NO_CLEANER)
        .doc("Memory for records while cleaning."),
    double("log.cleaner.io.max.bytes.per.second")
        .default("1.7976931348623157E308")
        .scope(Scope::ClusterWide)
        .no_effect(NO_CLEANER)
        .doc("How fast the cleaner may read and write."),
    int("log.cleaner.threads")
        .default("1")
        .at_least(0)
        .scope(Scope::ClusterWide)
        .no_effect(NO_CLEANER)
        .doc("Threads of the cleaner."),
];
