//! How fast, and for how much CPU: the same workloads on Ottla, on the floor, and on brokers that run already, in turns
//! (A B C A B C ...), so that a machine that changes its pace changes it for all.

pub mod consume;
pub mod latency;
pub mod meter;
mod plot;
pub mod produce;
pub mod servers;
mod summary;
pub mod workload;

use std::path::PathBuf;

use anyhow::Result;

use crate::harness::Setup;
use crate::report::Report;
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
    /// Where the plot goes.
    pub plot: Option<PathBuf>,
}

/// Runs the workloads in turns.
pub fn run(setup: &Setup, options: &Options, beside: &[Beside]) -> Result<Report> {
    let servers = Servers::start(setup, options.placement, beside)?;
    let mut results = Results::default();
    for round in 0..options.rounds {
        for workload in workload::ALL.iter().filter(|workload| workload.is_named(&options.only)) {
            for server in &servers.all {
                let topic = format!("{}-{round}", workload.name);
                let workload = if options.quick { workload.tenth() } else { *workload };
                run_one(server, &workload, &topic, &mut results)?;
            }
        }
    }
    if let Some(path) = &options.plot {
        std::fs::write(path, plot::svg(&results))?;
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
            results.add(workload.name, server, produce::run(server, topic, workload)?);
            if let Some(name) = also_consumed {
                results.add(name, server, consume::run(server, topic, workload)?);
            }
        }
        Kind::Latency { per_second, seconds } => {
            create(server, topic)?;
            results.add(workload.name, server, latency::run(server, topic, workload, per_second, seconds)?);
        }
    }
    delete(server, topic)
}
