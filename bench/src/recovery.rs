//! How long it takes from the start of the process to its first answers.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::json;

use crate::fill::{self, Batches};
use crate::harness::{Broker, Setup};
use crate::lookups::now_ms;
use crate::raw::Connection;
use crate::report::{Report, seconds};

const COLUMNS: &[&str] =
    &["partitions", "GB", "after", "metadata s", "fetch s", "produce s", "stop s", "RSS MB", "descriptors"];

/// The case of each number of partitions, and of `bulk_gb` in 50 partitions unless it is 0.
pub fn run(setup: &Setup, partitions: &[usize], bulk_gb: u64) -> Result<Report> {
    let mut report = Report::new("recovery", COLUMNS).plotted(&["partitions", "GB"], "after", "fetch s");
    for &count in partitions {
        case(setup, &mut report, count, count as u64 * 10_000)?;
    }
    if bulk_gb > 0 {
        case(setup, &mut report, 50, bulk_gb * 1_000_000_000)?;
    }
    Ok(report)
}

fn case(setup: &Setup, report: &mut Report, partitions: usize, bytes: u64) -> Result<()> {
    let mut broker = Broker::start(setup, &[])?;
    let mut connection = Connection::open(&broker);
    let topics = fill::topics(partitions);
    topics.iter().for_each(|(name, count)| connection.create_topic(name, *count));
    let batches = if bytes / partitions as u64 > 1_000_000 { Batches::of(100) } else { Batches::of(10) };
    let rounds = (bytes / partitions as u64).div_ceil(batches.len() as u64);
    for _ in 0..rounds {
        let batch = batches.at(now_ms());
        let targets = fill::partitions_of(&topics).map(|(topic, partition)| (topic, partition, batch.clone()));
        fill::send(&mut connection, targets)?;
    }
    let (topic, last) = topics.last().map_or(("", 0), |(name, count)| (name.as_str(), count - 1));
    let mut measure = |broker: &mut Broker, after: &str, stop: Duration| -> Result<()> {
        let [metadata, fetch, produce] = first_answers(broker, topic, last, &batches)?;
        let (memory, descriptors) = (broker.resident_bytes()? / 1_000_000, broker.descriptors()?);
        let gb = json!(bytes as f64 / 1e9);
        let times = [metadata, fetch, produce, stop].map(seconds);
        let mut cells = vec![json!(partitions), gb, json!(after)];
        cells.extend(times.into_iter().chain([json!(memory), json!(descriptors)]));
        report.row(cells);
        Ok(())
    };
    broker.kill()?;
    measure(&mut broker, "kill -9", Duration::ZERO)?;
    let stop = broker.stop()?;
    measure(&mut broker, "clean stop", stop)
}

/// Since the start of the process: until Metadata, a fetch and a produce request of one partition are answered.
fn first_answers(broker: &mut Broker, topic: &str, partition: i32, batches: &Batches) -> Result<[Duration; 3]> {
    let begin = Instant::now();
    broker.start_again()?;
    let mut connection = Connection::open(broker);
    ensure!(!connection.topics().is_empty(), "no topics");
    let metadata = begin.elapsed();
    ensure!(!connection.fetch(topic, partition, 0, 1).records.is_empty(), "nothing in {topic}-{partition}");
    let fetch = begin.elapsed();
    fill::send(&mut connection, std::iter::once((topic.to_owned(), partition, batches.at(now_ms()))))?;
    Ok([metadata, fetch, begin.elapsed()])
}
