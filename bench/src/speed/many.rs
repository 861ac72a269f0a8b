//! The same batches over one partition and over many.

use anyhow::{Result, ensure};

use super::meter::Run;
use super::produce;
use super::servers::create;
use super::workload::Workload;
use crate::target::Target;

/// So many requests come before the measured ones at least.
const WARM_LEAST: u64 = 1_000;

/// A request for each partition in turn, after each has got one that is not measured: a broker may open a log late.
pub fn run(server: &Target, topic: &str, workload: &Workload, partitions: i32) -> Result<Run> {
    if server.is_floor() {
        create(server, topic)?;
    } else {
        server.create_topic(topic, partitions);
    }
    server.ends(topic, partitions)?;
    let warm = Workload { requests: WARM_LEAST.max(partitions as u64), ..*workload };
    produce::send(server, topic, &warm, partitions)?;
    let (run, _) = produce::send(server, topic, workload, partitions)?;
    let (there, sent) = (server.ends(topic, partitions)?.iter().sum::<i64>(), warm.records() + workload.records());
    ensure!(there as u64 == sent, "{there} records are in the logs of {sent}");
    Ok(run)
}
