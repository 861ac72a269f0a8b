//! What groups cost: rebalances, heartbeats, memory, and the start with many offsets. Ottla, and beside it any broker of
//! Kafka's protocol, in turns.

mod classic;
mod consumer;
mod costs;

use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use crate::harness::{Broker, Setup};
use crate::report::Report;
use crate::target::{self, Beside, Target};
use classic::ClassicMembers;
use consumer::ConsumerMembers;

const COLUMNS: &[&str] =
    &["broker", "protocol", "members", "partitions", "rebalances", "p50 ms", "p99 ms", "max ms", "server CPU ms each"];

/// So that nobody waits for what only saves rebalances. A new group waits a little, or its first member would have a
/// generation of its own; what is measured begins after that.
const SETTINGS: &[&str] = &[
    "--set",
    "group.initial.rebalance.delay.ms=300",
    "--set",
    "group.consumer.assignment.interval.ms=0",
    "--set",
    "group.consumer.min.assignment.interval.ms=0",
];

/// How long rebalances take, for each number of members and partitions, on Ottla and on what runs beside it.
pub fn rebalances(
    setup: &Setup,
    members: &[usize],
    partitions: &[i32],
    rounds: usize,
    beside: &[Beside],
) -> Result<Report> {
    target::allow_descriptors()?;
    let mut report = Report::new("groups", COLUMNS).plotted(&["protocol", "members", "partitions"], "broker", "p50 ms");
    let broker = Broker::start(setup, SETTINGS)?;
    let mut targets = vec![Target::of(&broker)?];
    targets.extend(beside.iter().map(Target::beside));
    for &partitions in partitions {
        let topic = format!("rebalanced-{partitions}");
        for target in &targets {
            target.create_topic(&topic, partitions);
        }
        for &count in members {
            for protocol in ["classic", "consumer"] {
                for target in &targets {
                    let rounds = if count >= 1_000 { rounds / 5 } else { rounds }.max(2);
                    let group = format!("{protocol}-{count}-{partitions}");
                    let (mut times, cpu_ns) = match protocol {
                        "classic" => {
                            let mut members = ClassicMembers::join(target, &group, &topic, count, partitions);
                            let measured = warmed(target, rounds, |rounds| members.rebalance(rounds))?;
                            members.leave();
                            measured
                        }
                        _ => {
                            let mut members = ConsumerMembers::join(target, &group, &topic, count, partitions);
                            let measured = warmed(target, rounds, |rounds| members.rebalance(rounds))?;
                            members.leave();
                            measured
                        }
                    };
                    let cpu_ms = cpu_ns as f64 / 1e6 / times.len() as f64;
                    times.sort_unstable();
                    let at = |share: f64| {
                        let time = times[((times.len() - 1) as f64 * share).round() as usize];
                        json!((time.as_secs_f64() * 1e4).round() / 10.0)
                    };
                    report.row(vec![
                        json!(target.name),
                        json!(protocol),
                        json!(count),
                        json!(partitions),
                        json!(times.len()),
                        at(0.5),
                        at(0.99),
                        at(1.0),
                        json!((cpu_ms * 10.0).round() / 10.0),
                    ]);
                }
            }
        }
    }
    Ok(report)
}

/// The times of so many rebalances and what they cost, after half as many that only warm up: a JVM is slow at first.
fn warmed(
    target: &Target,
    rounds: usize,
    mut rebalance: impl FnMut(usize) -> Vec<Duration>,
) -> Result<(Vec<Duration>, u64)> {
    rebalance(rounds / 2);
    let before = target.cpu_ns()?;
    let times = rebalance(rounds);
    Ok((times, target.cpu_ns()? - before))
}

/// CPU of heartbeats, memory of groups and members, and the start with many offsets.
pub fn costs(setup: &Setup, beside: &[Beside]) -> Result<Report> {
    target::allow_descriptors()?;
    costs::run(setup, SETTINGS, beside)
}
