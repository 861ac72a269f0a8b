//! Acknowledged means on disk: how many messages one `fdatasync` carries, and what a producer waits.

use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::calls::{PRODUCE, produce_request};
use crate::fill::Batches;
use crate::harness::{Broker, Setup};
use crate::lookups::now_ms;
use crate::raw::Connection;
use crate::report::{Report, percentiles_us};

const TOPIC: &str = "durable";
const RECORDS_PER_BATCH: usize = 10;
const COLUMNS: &[&str] = &["producers", "messages/s", "ack p50 us", "ack p99 us", "messages per sync"];

/// Each number of producers on one partition, for so many seconds.
pub fn run(setup: &Setup, producers: &[usize], seconds: u64) -> Result<Report> {
    let mut report = Report::new("durable", COLUMNS).plotted(&[], "producers", "messages/s");
    let broker = Broker::start(setup, &["--durable"])?;
    Connection::open(&broker).create_topic(TOPIC, 1);
    for &count in producers {
        let time = Duration::from_secs(seconds);
        let acks = produce(&broker, count, time);
        let per_second = (acks.len() * RECORDS_PER_BATCH) as u64 / seconds.max(1);
        // Apart, because being traced costs the broker time.
        let tracer = Tracer::attach(&broker)?;
        let traced = produce(&broker, count, Duration::from_secs(2)).len() * RECORDS_PER_BATCH;
        let per_sync = tracer.syncs()?.map_or(json!("strace?"), |syncs| json!(traced as u64 / syncs.max(1)));
        let [p50, p99] = percentiles_us(acks);
        report.row(vec![json!(count), json!(per_second), p50, p99, per_sync]);
    }
    Ok(report)
}

/// Producers with a connection and one request under way each: the time that each acknowledgement took.
fn produce(broker: &Broker, producers: usize, time: Duration) -> Vec<Duration> {
    let batch = Batches::of(RECORDS_PER_BATCH).at(now_ms());
    let until = Instant::now() + time;
    let one = || {
        let mut connection = Connection::open(broker);
        let request = produce_request(TOPIC, 0, batch.clone());
        let mut acks = Vec::new();
        while Instant::now() < until {
            let begin = Instant::now();
            let response = connection.call(PRODUCE, &request);
            assert_eq!(response.responses[0].partition_responses[0].error_code, 0, "a produce request failed");
            acks.push(begin.elapsed());
        }
        acks
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..producers).map(|_| scope.spawn(one)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a producer failed and said why")).collect()
    })
}

/// strace, counting syncs.
struct Tracer(Option<Child>);

impl Tracer {
    fn attach(broker: &Broker) -> Result<Tracer> {
        let mut strace = Command::new("strace");
        strace.args(["-f", "-c", "-e", "trace=fdatasync,fsync,syncfs", "-p", &broker.pid()?.to_string()]);
        let child = strace.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        // What is counted before it has attached to every thread is lost; two seconds make little of it.
        Ok(Tracer(child.ok()))
    }

    /// How many there were; `None` without strace.
    fn syncs(self) -> Result<Option<u64>> {
        let Some(child) = self.0 else { return Ok(None) };
        kill_process(Pid::from_child(&child), Signal::INT)?;
        let output = child.wait_with_output().context("strace ends")?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let calls = |line: &str| -> Option<u64> {
            let words: Vec<&str> = line.split_whitespace().collect();
            words.last().filter(|name| name.contains("sync"))?;
            words.get(3)?.parse().ok()
        };
        let sum: u64 = said.lines().filter_map(calls).sum();
        Ok((sum > 0).then_some(sum))
    }
}
