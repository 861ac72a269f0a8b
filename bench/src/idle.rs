//! What a partition costs in memory and descriptors.

use anyhow::Result;
use serde_json::json;

use crate::fill::{self, Batches};
use crate::harness::{Broker, Setup};
use crate::lookups::now_ms;
use crate::raw::Connection;
use crate::report::Report;

const COLUMNS: &[&str] = &["partitions", "state", "RSS MB", "descriptors", "bytes each", "descriptors each"];

/// Measures an empty broker, one with so many partitions, and one whose partitions were all used once.
pub fn run(setup: &Setup, partitions: usize) -> Result<Report> {
    let mut report = Report::new("idle", COLUMNS).plotted(&["partitions"], "state", "bytes each");
    let mut broker = Broker::start(setup, &[])?;
    drop(Connection::open(&broker).topics());
    let empty = (broker.resident_bytes()?, broker.descriptors()?);
    let mut note = |broker: &Broker, partitions: usize, state: &str| -> Result<()> {
        let (memory, descriptors) = (broker.resident_bytes()?, broker.descriptors()?);
        let each = |now: u64, before: u64| now.saturating_sub(before) as f64 / partitions.max(1) as f64;
        let per_partition = [each(memory, empty.0).round(), (each(descriptors, empty.1) * 100.0).round() / 100.0];
        let mut cells = vec![json!(partitions), json!(state), json!(memory / 1_000_000), json!(descriptors)];
        cells.extend(per_partition.map(|value| json!(value)));
        report.row(cells);
        Ok(())
    };
    note(&broker, 0, "empty")?;
    let topics = fill::topics(partitions);
    let mut connection = Connection::open(&broker);
    topics.iter().for_each(|(name, count)| connection.create_topic(name, *count));
    note(&broker, partitions, "created")?;
    let batch = Batches::of(1).at(now_ms());
    let targets = || fill::partitions_of(&topics).map(|(topic, partition)| (topic, partition, batch.clone()));
    fill::send(&mut connection, targets())?;
    broker.stop()?;
    broker.start_again()?;
    let mut connection = Connection::open(&broker);
    drop(connection.topics());
    note(&broker, partitions, "after a restart")?;
    fill::send(&mut connection, targets())?;
    for (topic, partition) in fill::partitions_of(&topics) {
        drop(connection.fetch(&topic, partition, 0, 1));
    }
    note(&broker, partitions, "each used once")?;
    Ok(report)
}
