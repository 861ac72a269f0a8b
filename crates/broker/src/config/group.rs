//! The configuration of one group of consumers (KIP-848, KIP-932, KIP-1071). Consumer groups obey theirs; the others are kept and told.

use std::collections::BTreeMap;

use metadata::Refusal;

use super::bounds::{Bounds, ConsumerBounds};
use super::key::{Key, Scope, flag, int, text};
use super::keys;
use super::valid::Valid;

const NOT_YET: &str = "it is kept for when groups of its kind are served";
/// Coordinators read it where it is stored.
const IN_THE_IMAGE: fn(&mut (), &str) -> Result<(), String> = |(), _| Ok(());

/// Every group key of Kafka 4.3.
pub const KEYS: &[Key<()>] = &[
    int("consumer.assignment.interval.ms")
        .default("1000")
        .at_least(0)
        .scope(Scope::RunTime)
        .synonym("group.consumer.assignment.interval.ms")
        .obeyed(IN_THE_IMAGE)
        .doc("The least time between two assignments."),
    int("consumer.heartbeat.interval.ms")
        .default("5000")
        .at_least(1)
        .scope(Scope::RunTime)
        .synonym("group.consumer.heartbeat.interval.ms")
        .obeyed(IN_THE_IMAGE)
        .doc("How often members report."),
    int("consumer.session.timeout.ms")
        .default("45000")
        .at_least(1)
        .scope(Scope::RunTime)
        .synonym("group.consumer.session.timeout.ms")
        .obeyed(IN_THE_IMAGE)
        .doc("How long a member may be silent."),
    int("share.assignment.interval.ms")
        .default("1000")
        .at_least(0)
        .scope(Scope::RunTime)
        .synonym("group.share.assignment.interval.ms")
        .no_effect(NOT_YET)
        .doc("The least time between two assignments."),
    text("share.auto.offset.reset")
        .default("latest")
        .valid(Valid::OffsetReset)
        .scope(Scope::RunTime)
        .no_effect(NOT_YET)
        .doc("Where a new share group begins."),
    int("share.delivery.count.limit")
        .default("5")
        .at_least(2)
        .scope(Scope::RunTime)
        .synonym("group.share.delivery.count.limit")
        .no_effect(NOT_YET)
        .doc("How often a record is delivered."),
    int("share.heartbeat.interval.ms")
        .default("5000")
        .at_least(1)
        .scope(Scope::RunTime)
        .synonym("group.share.heartbeat.interval.ms")
        .no_effect(NOT_YET)
        .doc("How often members report."),
    text("share.isolation.level")
        .default("read_uncommitted")
        .one_of(&["read_committed", "read_uncommitted"])
        .scope(Scope::RunTime)
        .no_effect(NOT_YET)
        .doc("Which records are delivered."),
    int("share.partition.max.record.locks")
        .default("2000")
        .at_least(100)
        .scope(Scope::RunTime)
        .synonym("group.share.partition.max.record.locks")
        .no_effect(NOT_YET)
        .doc("The most records of a partition that are out at one time."),
    int("share.record.lock.duration.ms")
        .default("30000")
        .at_least(1000)
        .scope(Scope::RunTime)
        .synonym("group.share.record.lock.duration.ms")
        .no_effect(NOT_YET)
        .doc("How long a record is out."),
    flag("share.renew.acknowledge.enable")
        .default("true")
        .scope(Scope::RunTime)
        .no_effect(NOT_YET)
        .doc("Members may keep records for longer."),
    int("share.session.timeout.ms")
        .default("45000")
        .at_least(1)
        .scope(Scope::RunTime)
        .synonym("group.share.session.timeout.ms")
        .no_effect(NOT_YET)
        .doc("How long a member may be silent."),
    int("streams.assignment.interval.ms")
        .default("1000")
        .at_least(0)
        .scope(Scope::RunTime)
        .synonym("group.streams.assignment.interval.ms")
        .no_effect(NOT_YET)
        .doc("The least time between two assignments."),
    int("streams.heartbeat.interval.ms")
        .default("5000")
        .at_least(1)
        .scope(Scope::RunTime)
        .synonym("group.streams.heartbeat.interval.ms")
        .no_effect(NOT_YET)
        .doc("How often members report."),
    int("streams.initial.rebalance.delay.ms")
        .default("3000")
        .at_least(0)
        .scope(Scope::RunTime)
        .synonym("group.streams.initial.rebalance.delay.ms")
        .no_effect(NOT_YET)
        .doc("How long a new group waits for more members."),
    int("streams.num.standby.replicas")
        .default("0")
        .at_least(0)
        .scope(Scope::RunTime)
        .synonym("group.streams.num.standby.replicas")
        .no_effect(NOT_YET)
        .doc("Standby copies of each task."),
    int("streams.session.timeout.ms")
        .default("45000")
        .at_least(1)
        .scope(Scope::RunTime)
        .synonym("group.streams.session.timeout.ms")
        .no_effect(NOT_YET)
        .doc("How long a member may be silent."),
];

/// Whether a group may have these configs.
pub fn check(configs: &BTreeMap<&str, &str>, bounds: &ConsumerBounds) -> Result<(), Refusal> {
    configs.iter().try_for_each(|(name, value)| check_one(name, value, bounds)).map_err(Refusal::InvalidConfig)
}

fn check_one(name: &str, value: &str, bounds: &ConsumerBounds) -> Result<(), String> {
    let known = KEYS.iter().find(|key| key.facts.name == name);
    let known = known.ok_or_else(|| format!("Unknown group config name: {name}"))?;
    known.facts.check(value).map_err(|rejection| rejection.text(name, value))?;
    let Ok(value) = value.trim().parse::<i64>() else { return Ok(()) };
    let Bounds { least, most } = bounds_of(name, bounds);
    if value < least {
        return Err(format!("{name} must be greater than or equal to {}", bound_name(name, "min")));
    }
    if value > most {
        return Err(format!("{name} must be less than or equal to {}", bound_name(name, "max")));
    }
    Ok(())
}

/// The broker's bounds of a group's key. Those of groups that are not served are Kafka's defaults.
fn bounds_of(name: &str, consumer: &ConsumerBounds) -> Bounds {
    if let Some(bounds) = name.strip_prefix("consumer.").and_then(|setting| consumer.of(setting)) {
        return bounds;
    }
    let default = |side| keys::find(&bound_name(name, side))?.facts().default?.parse().ok();
    Bounds { least: default("min").unwrap_or(i64::MIN), most: default("max").unwrap_or(i64::MAX) }
}

/// `consumer.session.timeout.ms` has `group.consumer.min.session.timeout.ms`.
fn bound_name(name: &str, side: &str) -> String {
    let (protocol, setting) = name.split_once('.').unwrap_or((name, ""));
    format!("group.{protocol}.{side}.{}", setting.strip_prefix("num.").unwrap_or(setting))
}
