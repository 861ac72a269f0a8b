//! What groups cost: rebalances, heartbeats, memory, and the start with many offsets. Ottla, and beside it any broker of
//! Kafka's protocol, in turns.

mod classic;
mod consumer;
mod costs;
mod target;

use anyhow::Result;
use serde_json::json;

use crate::harness::{Broker, Setup};
use crate::raw::Connection;
use crate::report::Report;
use classic::ClassicMembers;
use consumer::ConsumerMembers;
pub use target::Beside;
use target::Target;

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
    let mut report = Report::new("groups", COLUMNS);
    let broker = Broker::start(setup, SETTINGS)?;
    let mut targets = vec![Target::ottla(&broker)?];
    targets.extend(beside.iter().map(Target::beside));
    for &partitions in partitions {
        let topic = format!("rebalanced-{partitions}");
        for target in &targets {
            Connection::to(&target.address).create_topic(&topic, partitions);
        }
        for &count in members {
            for protocol in ["classic", "consumer"] {
                for target in &targets {
                    let rounds = if count >= 1_000 { rounds / 5 } else { rounds }.max(2);
                    let group = format!("{protocol}-{count}-{partitions}");
                    let before = target.cpu_ns()?;
                    let mut times = match protocol {
                        "classic" => ClassicMembers::join(target, &group, &topic, count, partitions).rebalance(rounds),
                        _ => ConsumerMembers::join(target, &group, &topic, count, partitions).rebalance(rounds),
                    };
                    let cpu_ms = (target.cpu_ns()? - before) as f64 / 1e6 / times.len() as f64;
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

/// CPU of heartbeats, memory of groups and members, and the start with many offsets.
pub fn costs(setup: &Setup, beside: &[Beside]) -> Result<Report> {
    target::allow_descriptors()?;
    costs::run(setup, SETTINGS, beside)
}
