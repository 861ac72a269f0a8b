//! Look-ups in one log at several sizes: their cost should not grow with it.

use std::time::{Duration, Instant, SystemTime};

use anyhow::{Result, ensure};
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::{BrokerId, ListOffsetsRequest};
use serde_json::json;

use crate::calls::topic_name;
use crate::fill::{self, Batches, VALUE_BYTES};
use crate::harness::{Broker, Setup};
use crate::raw::Connection;
use crate::report::{Report, percentiles_us};

const TOPIC: &str = "lookups";
const RECORDS_PER_BATCH: usize = 100;
const MAX_TIMESTAMP: i64 = -3;

/// Fills a topic to each size, in GB, and measures `count` look-ups of each kind there.
pub fn run(setup: &Setup, sizes: &[u64], count: usize) -> Result<Report> {
    let columns = &["GB", "look-up", "p50 us", "p99 us", "server CPU us"];
    let mut report = Report::new("lookups", columns).plotted(&["look-up"], "GB", "server CPU us");
    let broker = Broker::start(setup, &[])?;
    let mut connection = Connection::open(&broker);
    connection.create_topic(TOPIC, 1);
    let batches = Batches::of(RECORDS_PER_BATCH);
    let most_records = sizes.last().copied().unwrap_or(0) * 1_000_000_000 / VALUE_BYTES as u64;
    let mut log = Log { first_time: now_ms() - most_records as i64, records: 0, random: 1 };
    for &size in sizes {
        log.fill(&mut connection, &batches, size * 1_000_000_000)?;
        for kind in [Kind::Time, Kind::MaxTimestamp, Kind::Offset] {
            log.look_up(&mut connection, kind)?;
            let cpu_before = broker.cpu_ns()?;
            let times: Result<Vec<Duration>> = (0..count).map(|_| log.look_up(&mut connection, kind)).collect();
            let cpu_us = (broker.cpu_ns()? - cpu_before) / 1000 / count as u64;
            let [p50, p99] = percentiles_us(times?);
            report.row(vec![json!(size), json!(kind.name()), p50, p99, json!(cpu_us)]);
        }
    }
    Ok(report)
}

#[derive(Clone, Copy)]
enum Kind {
    Time,
    MaxTimestamp,
    Offset,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Time => "ListOffsets by time",
            Kind::MaxTimestamp => "ListOffsets MAX_TIMESTAMP",
            Kind::Offset => "Fetch of one batch by offset",
        }
    }
}

/// The log as it should be: record n has offset n and the time `first_time + n`.
struct Log {
    first_time: i64,
    records: i64,
    random: u64,
}

impl Log {
    fn fill(&mut self, connection: &mut Connection, batches: &Batches, bytes: u64) -> Result<()> {
        let (per_batch, begin) = (batches.records() as i64, self.records);
        let count = bytes as i64 / batches.len() as i64 - begin / per_batch;
        let first_time = self.first_time;
        let batch = |n: i64| (TOPIC.to_owned(), 0, batches.at(first_time + begin + n * per_batch));
        fill::send(connection, (0..count).map(batch))?;
        self.records += count.max(0) * per_batch;
        Ok(())
    }

    /// A look-up of a random place, checked; how long it took.
    fn look_up(&mut self, connection: &mut Connection, kind: Kind) -> Result<Duration> {
        let place = self.next_random();
        let begin = Instant::now();
        let (found, expected) = match kind {
            Kind::Time => (list_offsets(connection, self.first_time + place), place),
            Kind::MaxTimestamp => (list_offsets(connection, MAX_TIMESTAMP), self.records - 1),
            Kind::Offset => {
                let fetched = connection.fetch(TOPIC, 0, place, 1);
                ensure!(fetched.records.len() > VALUE_BYTES, "nothing at {place}");
                let base = i64::from_be_bytes(fetched.records[..8].try_into()?);
                (base, place - place % RECORDS_PER_BATCH as i64)
            }
        };
        let time = begin.elapsed();
        ensure!(found == expected, "{}: {found} instead of {expected}", kind.name());
        Ok(time)
    }

    /// A record by chance (SplitMix64).
    fn next_random(&mut self) -> i64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % self.records as u64) as i64
    }
}

fn list_offsets(connection: &mut Connection, timestamp: i64) -> i64 {
    let asked = ListOffsetsPartition::default().with_timestamp(timestamp);
    let asked = ListOffsetsTopic::default().with_name(topic_name(TOPIC)).with_partitions(vec![asked]);
    let request = ListOffsetsRequest::default().with_replica_id(BrokerId(-1)).with_topics(vec![asked]);
    connection.call(7, &request).topics[0].partitions[0].offset
}

pub fn now_ms() -> i64 {
    SystemTime::UNIX_EPOCH.elapsed().map_or(0, |time| time.as_millis() as i64)
}
