//! Acknowledged means on disk: how many records one sync carries, and what a producer waits.

mod syncs;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use serde_json::{Value, json};

use crate::harness::{Broker, Setup, free_address};
use crate::report::{Outputs, Report, rounded};
use crate::speed::produce::{OLDEST, request};
use crate::speed::servers::create;
use crate::speed::values::{batch, random};
use crate::swarm::Swarm;
use crate::target::{Target, allow_descriptors};
use syncs::Tracer;

const VALUE_BYTES: usize = 100;
const WARM: Duration = Duration::from_secs(1);
const TRACED: Duration = Duration::from_secs(2);
/// Ottla's own count of syncs.
const FLUSHES: &str = "ottla_log_flush_seconds_count";
const COLUMNS: &[&str] = &[
    "producers",
    "server",
    "records/s",
    "p50 us",
    "p99 us",
    "p99.9 us",
    "CPU us/record",
    "syncs/record",
    "records/sync",
    "syncs/record traced",
];

/// What is run.
pub struct Options {
    /// How many producers, each with one request under way.
    pub producers: Vec<usize>,
    /// How long each case runs, in seconds.
    pub seconds: u64,
    /// How often each case is run on each server.
    pub rounds: usize,
    /// Where Apache Kafka was unpacked, to be started and measured too.
    pub kafka: Option<PathBuf>,
}

/// Each number of producers on one partition, on each server in turn.
pub fn run(setup: &Setup, options: &Options, outputs: &Outputs) -> Result<Report> {
    allow_descriptors()?;
    let mut report = Report::new("durable", COLUMNS).plotted(&["producers"], "server", "records/s");
    let brokers = start(setup, options.kafka.as_deref())?;
    for round in 0..options.rounds {
        for &producers in &options.producers {
            for broker in &brokers {
                let server = Target::of(broker)?;
                let topic = format!("durable-{producers}-{round}");
                create(&server, &topic)?;
                report.row(case(&server, &topic, producers, Duration::from_secs(options.seconds))?);
            }
            outputs.keep(&report)?;
        }
    }
    Ok(report)
}

/// Both acknowledge what is on disk: Ottla by group commit, Kafka with a sync for each append.
fn start(setup: &Setup, kafka: Option<&Path>) -> Result<Vec<Broker>> {
    let mut brokers = vec![Broker::start(setup, &["--durable", "--metrics", &free_address()?])?];
    if let Some(dist) = kafka {
        brokers.push(Broker::kafka(setup, dist, &["log.flush.interval.messages=1"])?);
    }
    Ok(brokers)
}

fn case(server: &Target, topic: &str, producers: usize, time: Duration) -> Result<Vec<Value>> {
    produce(server, topic, producers, WARM)?;
    let (cpu_before, flushes_before) = (server.cpu_ns()?, server.metric(FLUSHES)?);
    let begin = Instant::now();
    let latencies = produce(server, topic, producers, time)?;
    let per_second = latencies.len() as f64 / begin.elapsed().as_secs_f64();
    let records = latencies.len().max(1) as f64;
    let cpu_us = (server.cpu_ns()? - cpu_before) as f64 / 1e3 / records;
    let flushes = flushes_before.zip(server.metric(FLUSHES)?).map(|(before, now)| now - before);
    // Apart, because being traced costs a server time.
    let tracer = Tracer::attach(server.pid);
    let traced = produce(server, topic, producers, TRACED)?.len().max(1) as f64;
    let traced = tracer.count()?.map(|syncs| syncs as f64 / traced);
    let syncs = flushes.map(|flushes| flushes / records).or(traced);
    let cell = |figure: Option<f64>| figure.map_or(Value::Null, rounded);
    let percentile = |share: f64| {
        let place = ((latencies.len() as f64 * share) as usize).min(latencies.len().saturating_sub(1));
        cell(latencies.get(place).map(|&ns| ns as f64 / 1e3))
    };
    Ok(vec![
        json!(producers),
        json!(server.name),
        rounded(per_second),
        percentile(0.5),
        percentile(0.99),
        percentile(0.999),
        rounded(cpu_us),
        cell(syncs),
        cell(syncs.filter(|&syncs| syncs > 0.0).map(|syncs| 1.0 / syncs)),
        cell(traced),
    ])
}

/// Producers with a connection and one request of one record under way each: how long each acknowledgement took, in
/// nanoseconds, sorted.
fn produce(server: &Target, topic: &str, producers: usize, time: Duration) -> Result<Vec<u64>> {
    let frame = request(topic, &batch(&random(VALUE_BYTES), VALUE_BYTES), -1, OLDEST);
    // Correlation id, one topic with its name, one partition with its index.
    let place = 4 + 4 + 2 + topic.len() + 4 + 4;
    let mut swarm = Swarm::open(&server.address, producers)?;
    let until = Instant::now() + time;
    let mut begun = vec![Instant::now(); producers];
    for (n, begun) in begun.iter_mut().enumerate() {
        *begun = Instant::now();
        swarm.send(n, &frame)?;
    }
    let (mut under_way, mut latencies) = (producers, Vec::new());
    let patience = Duration::from_secs(60);
    while under_way > 0 {
        let before = latencies.len();
        swarm.turn(patience, |n, answer, out| {
            let Some(error) = answer.get(place..place + 2) else { bail!("a short answer") };
            ensure!(error == [0, 0], "the server refused a batch with error {error:?}");
            let now = Instant::now();
            latencies.push((now - begun[n]).as_nanos() as u64);
            if now < until {
                begun[n] = now;
                out.extend_from_slice(&frame);
            } else {
                under_way -= 1;
            }
            Ok(())
        })?;
        ensure!(latencies.len() > before, "no acknowledgement within {patience:?}");
    }
    latencies.sort_unstable();
    Ok(latencies)
}
