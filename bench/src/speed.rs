//! How fast, and for how much CPU: the same workloads on the floor, on Ottla, and on other brokers, in turns
//! (A B C A B C ...), so that a machine that changes its pace changes it for all.

pub mod consume;
mod fan_out;
pub mod latency;
mod many;
pub mod meter;
pub mod produce;
pub mod servers;
mod start;
mod summary;
mod topics;
pub mod values;
pub mod workload;

use std::path::PathBuf;

use anyhow::Result;

use crate::harness::Setup;
use crate::report::{Outputs, Report};
use crate::target::{Beside, Target};
use servers::{Servers, create, delete};
use summary::Results;
use workload::{Kind, Workload};

pub use servers::Placement;

/// What is run.
pub struct Options {
    /// How often each workload is run on each server.
    pub rounds: usize,
    /// Workloads whose names begin so; all when there is none.
    pub only: Vec<String>,
    /// Which cores.
    pub placement: Placement,
    /// A tenth of the records.
    pub quick: bool,
    /// Where Apache Kafka was unpacked, to be started and measured too.
    pub kafka: Option<PathBuf>,
    /// Brokers that run already.
    pub beside: Vec<Beside>,
}

/// Runs the workloads in turns.
pub fn run(setup: &Setup, options: &Options, outputs: &Outputs) -> Result<Report> {
    let servers = Servers::start(setup, options)?;
    let mut results = Results::default();
    for round in 0..options.rounds {
        let chosen = workload::ALL.iter().filter(|workload| workload.is_named(&options.only));
        for workload in chosen.filter(|workload| round < workload.rounds_max) {
            let workload = if options.quick { workload.tenth() } else { *workload };
            match workload.kind {
                Kind::Start { partitions } => {
                    servers.unpinned(|| start::run(setup, options.kafka.as_deref(), partitions, &mut results))?;
                }
                Kind::Metadata { topics } => {
                    servers.unpinned(|| topics::run(setup, options.kafka.as_deref(), topics, &mut results))?;
                }
                _ => {
                    for server in &servers.all {
                        run_one(server, &workload, &format!("{}-{round}", workload.name), &mut results)?;
                    }
                }
            }
            results.tell(round, options.rounds);
            outputs.keep(&results.report())?;
        }
    }
    Ok(results.report())
}

/// Each measured produce follows at once on an unmeasured one to a topic that was just deleted: a virtual machine that hands
/// free pages back to its host pays for the first touch of each, ten times what is measured.
fn run_one(server: &Target, workload: &Workload, topic: &str, results: &mut Results) -> Result<()> {
    match workload.kind {
        Kind::Throughput { also_consumed } => {
            let warm = format!("warm-{topic}");
            create(server, &warm)?;
            produce::run(server, &warm, workload)?;
            create(server, topic)?;
            delete(server, &warm)?;
            server.rest()?;
            results.add(workload.name, workload.unit, server, produce::run(server, topic, workload)?);
            if let Some(name) = also_consumed {
                results.add(name, workload.unit, server, consume::run(server, topic, workload)?);
            }
        }
        Kind::Latency { per_second, seconds } => {
            create(server, topic)?;
            let run = latency::run(server, topic, workload, per_second, seconds)?;
            results.add(workload.name, workload.unit, server, run);
        }
        Kind::FanOut { consumers } => fan_out::run(server, topic, workload, consumers, results)?,
        // The floor has one partition.
        Kind::Partitions { count } if count > 1 && server.is_floor() => return Ok(()),
        Kind::Partitions { count } => {
            results.add(workload.name, workload.unit, server, many::run(server, topic, workload, count)?);
        }
        Kind::Start { .. } | Kind::Metadata { .. } => unreachable!("they have brokers of their own"),
    }
    delete(server, topic)
}
