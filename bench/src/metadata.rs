//! What Metadata costs when there are many partitions.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use kafka_protocol::messages::MetadataRequest;
use serde_json::json;

use crate::fill;
use crate::harness::{Broker, Setup};
use crate::raw::{Connection, framed};
use crate::report::{Report, percentiles_us};

const VERSION: i16 = 12;
const REQUESTS: usize = 200;
const COLUMNS: &[&str] = &["topics", "partitions", "asked", "p50 us", "p99 us", "server CPU us", "bytes"];

/// Measures Metadata for all of so many partitions, in topics of a thousand and in topics of one.
pub fn run(setup: &Setup, partitions: usize) -> Result<Report> {
    let mut report = Report::new("metadata", COLUMNS).plotted(&["asked", "partitions"], "topics", "server CPU us");
    for topics in [fill::topics(partitions), (0..partitions).map(|n| (format!("one-{n}"), 1)).collect()] {
        let broker = Broker::start(setup, &[])?;
        let mut connection = Connection::open(&broker);
        topics.iter().for_each(|(name, count)| connection.create_topic(name, *count));
        let one = kafka_protocol::messages::metadata_request::MetadataRequestTopic::default()
            .with_name(Some(crate::calls::topic_name(&topics[0].0)));
        for (asked, list) in [("all", None), ("one topic", Some(vec![one]))] {
            let request = framed(VERSION, 1, &MetadataRequest::default().with_topics(list));
            let mut bytes = 0;
            let mut call = || -> Result<Duration> {
                let begin = Instant::now();
                connection.send(&request)?;
                bytes = connection.frame().context("an answer")?.len();
                Ok(begin.elapsed())
            };
            call()?;
            let before = broker.cpu_ns()?;
            let times: Result<Vec<Duration>> = (0..REQUESTS).map(|_| call()).collect();
            let cpu_us = (broker.cpu_ns()? - before) / 1000 / REQUESTS as u64;
            let [p50, p99] = percentiles_us(times?);
            report.row(vec![
                json!(topics.len()),
                json!(partitions),
                json!(asked),
                p50,
                p99,
                json!(cpu_us),
                json!(bytes),
            ]);
        }
    }
    Ok(report)
}
