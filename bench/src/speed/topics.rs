//! Metadata of a broker with many topics.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::{CreateTopicsRequest, MetadataRequest};
use serde_json::json;

use super::meter::{Meter, Run};
use super::summary::Results;
use super::workload::Unit;
use crate::calls::topic_name;
use crate::harness::{Broker, Setup};
use crate::raw::{Connection, error_name, framed};
use crate::target::Target;

const VERSION: i16 = 12;
/// Apache Kafka makes at most 10,000 metadata records for one request.
const CREATED_AT_ONCE: usize = 1_000;
/// Requests for all topics and for one of them, of which a fifth comes before those that are measured.
const REQUESTS: [usize; 2] = [200, 5_000];
const PER_REQUEST: Unit = Unit::Own("CPU us/request");

/// Brokers of its own, one after the other: Ottla and, where it is wanted, Kafka.
pub fn run(setup: &Setup, kafka: Option<&Path>, topics: usize, results: &mut Results) -> Result<()> {
    case(&Broker::start(setup, &[])?, topics, results)?;
    kafka.map_or(Ok(()), |dist| case(&Broker::kafka(setup, dist, &[])?, topics, results))
}

fn case(broker: &Broker, topics: usize, results: &mut Results) -> Result<()> {
    let target = Target::of(broker)?;
    let names: Vec<String> = (0..topics).map(|n| format!("topic-{n}")).collect();
    let mut connection = Connection::to(&target.address);
    names.chunks(CREATED_AT_ONCE).try_for_each(|names| create(&mut connection, names))?;
    let last = names.last().context("at least one topic")?;
    target.ends(last, 1)?;
    let one = MetadataRequestTopic::default().with_name(Some(topic_name(last)));
    for ((asked, list), count) in [("all", None), ("one", Some(vec![one]))].into_iter().zip(REQUESTS) {
        let request = framed(VERSION, 1, &MetadataRequest::default().with_topics(list));
        let (mut latencies, mut bytes) = (Vec::new(), 0);
        let mut call = || -> Result<u64> {
            let begin = Instant::now();
            connection.send(&request)?;
            bytes = connection.frame().context("the server closed the connection")?.len();
            Ok(begin.elapsed().as_nanos() as u64)
        };
        (0..count / 5).try_for_each(|_| call().map(drop))?;
        let meter = Meter::begin(&target)?;
        for _ in 0..count {
            latencies.push(call()?);
        }
        let run = meter.end(0, 0, latencies)?;
        let figure = run.cpu_ns as f64 / 1e3 / count as f64;
        let run = Run { figure, ..run }.noted("bytes", json!(bytes));
        results.add(&format!("metadata-{topics}-{asked}"), PER_REQUEST, &target, run);
    }
    Ok(())
}

fn create(connection: &mut Connection, names: &[String]) -> Result<()> {
    let creatable = |name: &String| {
        CreatableTopic::default().with_name(topic_name(name)).with_num_partitions(1).with_replication_factor(1)
    };
    let topics = names.iter().map(creatable).collect();
    let answer = connection.call(7, &CreateTopicsRequest::default().with_topics(topics).with_timeout_ms(60_000));
    let refused = answer.topics.iter().find(|topic| topic.error_code != 0);
    ensure!(refused.is_none(), "a topic was not created: {}", error_name(refused.map_or(0, |topic| topic.error_code)));
    Ok(())
}
