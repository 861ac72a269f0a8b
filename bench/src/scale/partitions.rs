//! What a partition that nobody uses costs in memory and descriptors.

use std::time::Instant;

use anyhow::Result;

use super::{Start, Table};
use crate::fill::{self, Batches};
use crate::harness::Broker;
use crate::lookups::now_ms;
use crate::raw::Connection;
use crate::target::Target;

/// Measures an empty broker, one with so many partitions, and one that was started again after each was written once.
pub fn run(start: &Start<'_>, table: &mut Table) -> Result<()> {
    for &count in &start.options.partitions {
        let most = start.options.kafka_partitions_max;
        start.each(&[], |broker| {
            if broker.name() == "kafka" && count > most {
                eprintln!("partitions: Kafka is not asked for {count}, only for {most}");
                return Ok(());
            }
            case(broker, count, table)
        })?;
    }
    Ok(())
}

fn case(mut broker: Broker, count: usize, table: &mut Table) -> Result<()> {
    drop(Connection::open(&broker).topics());
    let (memory, descriptors) = (broker.resident_bytes()?, broker.descriptors()?);
    let mut note = |broker: &Broker, state: &str| -> Result<()> {
        let each = |now: u64, before: u64| now.saturating_sub(before) as f64 / count as f64;
        let kib = each(broker.resident_bytes()?, memory) / 1024.0;
        table.note(&format!("partitions, {state}"), count as u64, broker, kib, "KiB each");
        let each = each(broker.descriptors()?, descriptors);
        table.note(&format!("partitions, {state}"), count as u64, broker, each, "descriptors each");
        Ok(())
    };
    let topics = fill::topics(count);
    let begin = Instant::now();
    let mut connection = Connection::open(&broker);
    topics.iter().for_each(|(name, count)| connection.create_topic(name, *count));
    let target = Target::of(&broker)?;
    topics.iter().try_for_each(|(name, count)| target.ends(name, *count).map(drop))?;
    let created = begin.elapsed();
    note(&broker, "created")?;
    let batch = Batches::of(1).at(now_ms());
    let targets = fill::partitions_of(&topics).map(|(topic, partition)| (topic, partition, batch.clone()));
    fill::send(&mut connection, targets)?;
    note(&broker, "each written once")?;
    let stopped = broker.stop()?;
    let begin = Instant::now();
    broker.start_again()?;
    let target = Target::of(&broker)?;
    topics.iter().try_for_each(|(name, count)| target.ends(name, *count).map(drop))?;
    let started = begin.elapsed();
    note(&broker, "after a restart")?;
    for (what, time) in [("create all", created), ("clean stop", stopped), ("start until all are led", started)] {
        table.note(&format!("partitions, {what}"), count as u64, &broker, time.as_secs_f64(), "s");
    }
    Ok(())
}
