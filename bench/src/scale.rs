//! What grows with what there is: connections, partitions, consumers, a log.

mod connections;
mod consumers;
mod growth;
mod partitions;

use std::path::PathBuf;

use anyhow::Result;
use serde_json::json;

use crate::harness::{Broker, Setup};
use crate::report::{Outputs, Report, rounded};
use crate::target::allow_descriptors;

const COLUMNS: &[&str] = &["what", "count", "server", "figure", "unit"];

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum What {
    /// Memory of idle connections.
    Connections,
    /// Memory and descriptors of idle partitions.
    Partitions,
    /// Consumers that wait for the same records.
    Consumers,
    /// Produce and fetch in a log that grows.
    Growth,
}

/// What is run.
pub struct Options {
    /// All when there is none.
    pub only: Vec<What>,
    /// How many connections.
    pub connections: Vec<usize>,
    /// How many partitions.
    pub partitions: Vec<usize>,
    /// Kafka is not asked for more partitions than these.
    pub kafka_partitions_max: usize,
    /// How many consumers.
    pub consumers: Vec<usize>,
    /// Sizes of the log in GB, ascending.
    pub sizes: Vec<u64>,
    /// Where Apache Kafka was unpacked, to be started and measured too.
    pub kafka: Option<PathBuf>,
}

/// One kind after the other, each on Ottla and then on Kafka, on empty directories.
pub fn run(setup: &Setup, options: &Options, outputs: &Outputs) -> Result<Report> {
    allow_descriptors()?;
    let mut table = Table(Report::new("scale", COLUMNS).plotted(&["what", "count", "unit"], "server", "figure"));
    let start = Start { setup, options };
    let wanted = |what: What| options.only.is_empty() || options.only.contains(&what);
    if wanted(What::Connections) {
        connections::run(&start, &mut table)?;
        outputs.keep(&table.0)?;
    }
    if wanted(What::Partitions) {
        partitions::run(&start, &mut table)?;
        outputs.keep(&table.0)?;
    }
    if wanted(What::Consumers) {
        consumers::run(&start, &mut table)?;
        outputs.keep(&table.0)?;
    }
    if wanted(What::Growth) {
        growth::run(&start, &mut table)?;
    }
    Ok(table.0)
}

/// Starts the brokers.
struct Start<'a> {
    setup: &'a Setup,
    options: &'a Options,
}

impl Start<'_> {
    /// Ottla and, where it is wanted, Kafka, one after the other, each with settings in Kafka's words.
    fn each(&self, settings: &[&str], mut what: impl FnMut(Broker) -> Result<()>) -> Result<()> {
        let options: Vec<&str> = settings.iter().flat_map(|&setting| ["--set", setting]).collect();
        what(Broker::start(self.setup, &options)?)?;
        let kafka = self.options.kafka.as_deref();
        kafka.map_or(Ok(()), |dist| what(Broker::kafka(self.setup, dist, settings)?))
    }
}

/// Figures of different units.
struct Table(Report);

impl Table {
    fn note(&mut self, what: &str, count: impl Into<u64>, broker: &Broker, figure: f64, unit: &str) {
        let count: u64 = count.into();
        self.0.row(vec![json!(what), json!(count), json!(broker.name()), rounded(figure), json!(unit)]);
    }
}
