//! What a produce and a fetch cost in a log that grows.

use std::time::Instant;

use anyhow::{Result, ensure};
use record::Compression;

use super::{Start, Table};
use crate::harness::Broker;
use crate::speed::consume::Consumer;
use crate::speed::produce;
use crate::speed::servers::create;
use crate::speed::workload::{Kind, Unit, Workload};
use crate::target::Target;

const TOPIC: &str = "growing";
/// What is measured at each size, in bytes of values.
const MEASURED: u64 = 200_000_000;
/// Fetches of one batch at places by chance.
const LOOKUPS: u64 = 2_000;
const BATCHES: Workload = Workload {
    name: TOPIC,
    kind: Kind::Throughput { also_consumed: None },
    unit: Unit::PerGigabyte,
    value_bytes: 1024,
    batch_records: 100,
    in_flight: 5,
    requests: 0,
    acks: -1,
    compression: Compression::None,
    rounds_max: 1,
};

/// Fills a topic to each size and measures there.
pub fn run(start: &Start<'_>, table: &mut Table) -> Result<()> {
    start.each(&[], |broker| {
        let server = Target::of(&broker)?;
        create(&server, TOPIC)?;
        let mut requests = 0;
        for &size in &start.options.sizes {
            let wanted = (size * 1_000_000_000).saturating_sub(MEASURED) / BATCHES.bytes_of_batch();
            let filling = Workload { requests: wanted.saturating_sub(requests), ..BATCHES };
            if filling.requests > 0 {
                produce::send(&server, TOPIC, &filling, 1)?;
            }
            requests += filling.requests;
            requests += at_size(&broker, &server, size, requests, table)?;
        }
        Ok(())
    })
}

/// How many requests were added to those that were there.
fn at_size(broker: &Broker, server: &Target, size: u64, before: u64, table: &mut Table) -> Result<u64> {
    let more = Workload { requests: MEASURED / BATCHES.bytes_of_batch(), ..BATCHES };
    let (run, last) = produce::send(server, TOPIC, &more, 1)?;
    let records = before * BATCHES.batch_records as u64 + more.records();
    ensure!(last as u64 + BATCHES.batch_records as u64 == records, "the log does not have {records} records");
    table.note("growth, produce", size, broker, run.cost(Unit::PerGigabyte), "CPU s/GB");
    let mut consumer = Consumer::open(server, TOPIC)?;
    let cpu_before = server.cpu_ns()?;
    consumer.offset = (records - more.records()) as i64;
    while consumer.offset < records as i64 {
        consumer.skim()?;
    }
    let cpu = (server.cpu_ns()? - cpu_before) as f64 / 1e9;
    table.note("growth, fetch of the newest", size, broker, cpu / (more.bytes() as f64 / 1e9), "CPU s/GB");
    consumer.ask_for(BATCHES.bytes_of_batch() as i32 / 2);
    let (cpu_before, begin) = (server.cpu_ns()?, Instant::now());
    let mut chance = 1_u64;
    for _ in 0..LOOKUPS {
        // Knuth's constants; the high bits are those by chance.
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        consumer.offset = ((chance >> 33) % records) as i64;
        let place = consumer.offset;
        consumer.skim()?;
        ensure!(consumer.offset > place, "nothing at {place}");
    }
    let each = |total: f64| total / LOOKUPS as f64;
    let cpu_us = each((server.cpu_ns()? - cpu_before) as f64 / 1e3);
    table.note("growth, fetch of a batch by offset", size, broker, cpu_us, "CPU us each");
    let wall_us = each(begin.elapsed().as_secs_f64() * 1e6);
    table.note("growth, fetch of a batch by offset", size, broker, wall_us, "us each");
    let memory = broker.resident_bytes()? as f64 / 1e6;
    table.note("growth, memory", size, broker, memory, "MB");
    Ok(more.requests)
}
