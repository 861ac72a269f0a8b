//! One topic that is read by one, by some and by many consumers at once.

use std::thread;

use anyhow::{Result, anyhow};
use serde_json::{Value, json};

use super::consume::Consumer;
use super::meter::{Meter, Run};
use super::produce;
use super::servers::create;
use super::summary::Results;
use super::workload::Workload;
use crate::report::rounded;
use crate::target::Target;

/// What Ottla counts of it.
const BY_SENDFILE: &str = "ottla_loop_sendfile_bytes_total";

/// Writes the topic and lets each number of consumers read it whole.
pub fn run(
    server: &Target,
    topic: &str,
    workload: &Workload,
    consumers: &[usize],
    results: &mut Results,
) -> Result<()> {
    create(server, topic)?;
    produce::run(server, topic, workload)?;
    for &count in consumers {
        results.add(&format!("fan-out-{count}"), workload.unit, server, read(server, topic, workload, count)?);
    }
    Ok(())
}

fn read(server: &Target, topic: &str, workload: &Workload, consumers: usize) -> Result<Run> {
    let (disk_before, sendfile_before) = (server.disk_read_bytes()?, server.metric(BY_SENDFILE)?);
    let meter = Meter::begin(server)?;
    let one = || -> Result<u64> {
        let (mut consumer, mut bytes) = (Consumer::open(server, topic)?, 0);
        while consumer.offset < workload.records() as i64 {
            bytes += consumer.skim()?;
        }
        Ok(bytes)
    };
    let delivered: u64 = thread::scope(|scope| {
        let threads: Vec<_> = (0..consumers).map(|_| scope.spawn(one)).collect();
        let joined = threads.into_iter().map(|thread| thread.join().map_err(|_| anyhow!("a consumer failed"))?);
        joined.sum::<Result<u64>>()
    })?;
    let run = meter.end(workload.records() * consumers as u64, workload.bytes() * consumers as u64, Vec::new())?;
    let share = match (sendfile_before, server.metric(BY_SENDFILE)?) {
        (Some(before), Some(now)) => rounded((now - before) / delivered as f64 * 100.0),
        // The floor sends nothing else; of others nobody knows.
        _ if server.is_floor() => json!(100),
        _ => Value::Null,
    };
    let disk = rounded((server.disk_read_bytes()? - disk_before) as f64 / 1e9);
    Ok(run.noted("% by sendfile", share).noted("GB from the disk", disk))
}
