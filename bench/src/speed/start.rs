//! From the start of a process to its first answers: with nothing, and with many partitions, after a clean stop and after
//! `kill -9`.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::json;

use super::meter::Run;
use super::servers::start_floor;
use super::summary::Results;
use super::workload::Unit;
use crate::fill::{self, Batches};
use crate::harness::{Broker, PATIENCE, Setup};
use crate::lookups::now_ms;
use crate::raw::Connection;
use crate::report::seconds;
use crate::target::Target;

const ANSWER: Unit = Unit::Own("ms to answer");
const ALL: Unit = Unit::Own("ms to all");
/// Records in each partition.
const RECORDS: usize = 10;

/// Brokers of its own, one after the other: Ottla and, where it is wanted, Kafka; the floor too where there is nothing in it.
pub fn run(setup: &Setup, kafka: Option<&Path>, partitions: usize, results: &mut Results) -> Result<()> {
    if partitions == 0 {
        let begin = Instant::now();
        let (_process, floor) = start_floor(setup)?;
        let first = first_answer(&floor.address, begin)?;
        results.add("start-0", ANSWER, &floor, Run::of(&floor, millis(first))?);
    }
    case(Broker::start(setup, &[])?, partitions, results)?;
    kafka.map_or(Ok(()), |dist| case(Broker::kafka(setup, dist, &[])?, partitions, results))
}

fn case(mut broker: Broker, partitions: usize, results: &mut Results) -> Result<()> {
    let topics = fill::topics(partitions);
    let mut connection = Connection::open(&broker);
    topics.iter().for_each(|(name, count)| connection.create_topic(name, *count));
    let target = Target::of(&broker)?;
    topics.iter().try_for_each(|(name, count)| target.ends(name, *count).map(drop))?;
    let batch = Batches::of(RECORDS).at(now_ms());
    let targets = fill::partitions_of(&topics).map(|(topic, partition)| (topic, partition, batch.clone()));
    fill::send(&mut connection, targets)?;
    if partitions == 0 {
        broker.stop()?;
        return measure(&mut broker, &topics, "start-0", results, Duration::ZERO);
    }
    broker.kill()?;
    measure(&mut broker, &topics, &format!("start-{partitions}-kill"), results, Duration::ZERO)?;
    let stop = broker.stop()?;
    measure(&mut broker, &topics, &format!("start-{partitions}-clean"), results, stop)
}

fn measure(
    broker: &mut Broker,
    topics: &[(String, i32)],
    name: &str,
    results: &mut Results,
    stop: Duration,
) -> Result<()> {
    let begin = Instant::now();
    broker.spawn()?;
    let first = first_answer(broker.bootstrap(), begin)?;
    let target = Target::of(broker)?;
    for (topic, count) in topics {
        let ends = target.ends(topic, *count)?;
        ensure!(ends.iter().all(|&end| end == RECORDS as i64), "{topic} has lost records");
    }
    let all = begin.elapsed();
    results.add(name, ANSWER, &target, Run::of(&target, millis(first))?);
    if !topics.is_empty() {
        let run = Run::of(&target, millis(all))?;
        let run = run.noted("descriptors", json!(broker.descriptors()?)).noted("stop s", seconds(stop));
        results.add(&format!("{name}-all"), ALL, &target, run);
    }
    // The next stop is one of a broker that knows itself.
    broker.await_answer()
}

/// Until ApiVersions is answered.
fn first_answer(address: &str, begin: Instant) -> Result<Duration> {
    let request = kafka_protocol::messages::ApiVersionsRequest::default();
    loop {
        let answer = Connection::try_to(address).ok().and_then(|mut connection| connection.try_call(0, &request));
        if answer.is_some() {
            return Ok(begin.elapsed());
        }
        ensure!(begin.elapsed() < PATIENCE, "{address} does not answer");
        std::thread::sleep(Duration::from_micros(200));
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
