//! What a fetch over many partitions costs, with a fetch session (KIP-227) and without.

use std::time::Duration;

use anyhow::{Result, ensure};
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::{BrokerId, FetchRequest};
use serde_json::json;

use crate::calls::{FETCH, topic_name};
use crate::fill::{self, Batches};
use crate::harness::{Broker, Setup};
use crate::lookups::now_ms;
use crate::raw::{Connection, framed};
use crate::report::Report;

const TOPIC: &str = "sessions";
const COLUMNS: &[&str] = &["partitions", "active", "session", "server CPU us", "request bytes"];
const FETCHES: usize = 200;

/// How many partitions give a batch to each fetch, and how long a fetch waits.
#[derive(Clone, Copy)]
struct Case {
    name: &'static str,
    active: i32,
    fetches: usize,
    wait: Duration,
}

/// Measures fetches over so many partitions.
pub fn run(setup: &Setup, partitions: i32) -> Result<Report> {
    let mut report = Report::new("sessions", COLUMNS).plotted(&["partitions", "session"], "active", "server CPU us");
    let broker = Broker::start(setup, &[])?;
    let mut connection = Connection::open(&broker);
    connection.create_topic(TOPIC, partitions);
    // Two runs read it; each from its start.
    let all_fetches = FETCHES / 10;
    let batches = Batches::of(1);
    let each = |partition| if partition == 0 { FETCHES } else { all_fetches };
    let targets = (0..partitions).flat_map(|partition| std::iter::repeat_n(partition, each(partition)));
    fill::send(&mut connection, targets.map(|partition| (TOPIC.to_owned(), partition, batches.at(now_ms()))))?;
    let cases = [
        Case { name: "none", active: 0, fetches: FETCHES, wait: Duration::ZERO },
        Case { name: "none, waits 5 ms", active: 0, fetches: FETCHES, wait: Duration::from_millis(5) },
        Case { name: "one", active: 1, fetches: FETCHES, wait: Duration::ZERO },
        Case { name: "all", active: partitions, fetches: all_fetches, wait: Duration::ZERO },
    ];
    for case in cases {
        for with_session in [false, true] {
            let reader = Reader { broker: &broker, partitions, batch_bytes: batches.len() as i32, with_session };
            let (cpu_us, request_bytes) = reader.run(case)?;
            let session = if with_session { "yes" } else { "no" };
            report.row(vec![json!(partitions), json!(case.name), json!(session), json!(cpu_us), json!(request_bytes)]);
        }
    }
    Ok(report)
}

struct Reader<'a> {
    broker: &'a Broker,
    partitions: i32,
    batch_bytes: i32,
    with_session: bool,
}

impl Reader<'_> {
    /// CPU of the broker and bytes of the request, for each fetch.
    fn run(&self, case: Case) -> Result<(f64, usize)> {
        let mut connection = Connection::open(self.broker);
        let end = |partition| if partition == 0 { FETCHES as i64 } else { (FETCHES / 10) as i64 };
        let first = |partition| if partition < case.active { 0 } else { end(partition) };
        let mut session_id = 0;
        if self.with_session {
            // Nothing is read yet, so that each measured fetch reads the same.
            let all = (0..self.partitions).map(|partition| (partition, end(partition)));
            session_id = connection.call(FETCH, &self.request(all, 0, 0, Duration::ZERO)).session_id;
            ensure!(session_id != 0, "the broker gave no session");
        }
        let mut sent = 0;
        let before = self.broker.cpu_ns()?;
        for n in 0..case.fetches {
            let offset =
                |partition| if partition < case.active { first(partition) + n as i64 } else { first(partition) };
            let named = if self.with_session { case.active } else { self.partitions };
            let epoch = if self.with_session { n as i32 + 1 } else { -1 };
            let asked = (0..named).map(|partition| (partition, offset(partition)));
            let request = framed(FETCH, 1, &self.request(asked, session_id, epoch, case.wait));
            sent += request.len();
            connection.send(&request)?;
            let (_, response) = connection.answer::<FetchRequest>(FETCH).expect("an answer");
            ensure!(response.error_code == 0, "a fetch failed");
            let parts = response.responses.iter().flat_map(|topic| &topic.partitions);
            let full = parts.filter(|part| part.records.as_ref().is_some_and(|records| !records.is_empty())).count();
            ensure!(full == case.active as usize, "{full} partitions had records");
        }
        let cpu_us = (self.broker.cpu_ns()? - before) as f64 / 1e3 / case.fetches as f64;
        Ok(((cpu_us * 10.0).round() / 10.0, sent / case.fetches))
    }

    fn request(&self, asked: impl Iterator<Item = (i32, i64)>, id: i32, epoch: i32, wait: Duration) -> FetchRequest {
        let partition = |(partition, offset)| {
            FetchPartition::default()
                .with_partition(partition)
                .with_fetch_offset(offset)
                .with_partition_max_bytes(self.batch_bytes)
        };
        let partitions: Vec<_> = asked.map(partition).collect();
        let topic = FetchTopic::default().with_topic(topic_name(TOPIC)).with_partitions(partitions);
        let topics = if topic.partitions.is_empty() { Vec::new() } else { vec![topic] };
        FetchRequest::default()
            .with_replica_id(BrokerId(-1))
            .with_max_wait_ms(wait.as_millis() as i32)
            .with_min_bytes(1)
            .with_max_bytes(i32::MAX)
            .with_session_id(id)
            .with_session_epoch(epoch)
            .with_topics(topics)
    }
}
