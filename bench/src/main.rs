//! Programs that measure the `ottla` binary from outside: each starts a broker of its own, prints a table, and with
//! `--json` the same with the commit and the machine. README.md says what they measure.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program beside the broker: it has clocks, files and sockets of its own"
)]

#[allow(dead_code, reason = "the end-to-end tests use the rest")]
#[path = "../../tests/e2e/batch.rs"]
mod batch;
#[allow(dead_code, reason = "the end-to-end tests use the rest")]
#[path = "../../tests/e2e/calls.rs"]
mod calls;
mod cold;
mod conditions;
mod connections;
mod durable;
mod fill;
mod floor;
mod groups;
mod harness;
mod idle;
mod kafka;
mod lookups;
mod metadata;
mod plot;
#[allow(dead_code, reason = "the end-to-end tests use the rest")]
#[path = "../../tests/e2e/raw.rs"]
mod raw;
mod recovery;
mod report;
mod scale;
mod sessions;
mod speed;
mod swarm;
mod target;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};

use conditions::Conditions;
use harness::Setup;
use report::Outputs;

/// Measures the ottla binary.
#[derive(Parser)]
struct Arguments {
    /// The binary; without it the one beside this program, built before with `cargo build --release`.
    #[arg(long, global = true)]
    ottla: Option<PathBuf>,
    /// Where the broker's data goes; removed at the end. Its filesystem is part of what is measured.
    #[arg(long, global = true, default_value = "target")]
    dir: PathBuf,
    /// Prints one line of JSON instead of a table.
    #[arg(long, global = true)]
    json: bool,
    /// A file that gets the JSON as well.
    #[arg(long, global = true)]
    save: Option<PathBuf>,
    /// A file that gets an SVG of the figures.
    #[arg(long, global = true)]
    plot: Option<PathBuf>,
    #[command(subcommand)]
    program: Program,
}

#[derive(Subcommand)]
enum Program {
    /// Look-ups by time and by offset in a log that grows.
    Lookups {
        /// The sizes of the log to measure at, in GB, ascending.
        #[arg(long, value_delimiter = ',', default_value = "1,10")]
        sizes: Vec<u64>,
        /// Look-ups of each kind at each size.
        #[arg(long, default_value_t = 5_000)]
        count: usize,
    },
    /// From `kill -9` and from a clean stop to the first answers.
    Recovery {
        /// How many partitions to have, with 10 KB in each.
        #[arg(long, value_delimiter = ',', default_value = "1000,10000")]
        partitions: Vec<usize>,
        /// One more case: so many GB in 50 partitions; 0 for none.
        #[arg(long, default_value_t = 0)]
        bulk_gb: u64,
    },
    /// What a partition costs that nobody uses.
    Idle {
        /// How many there are.
        #[arg(long, default_value_t = 10_000)]
        partitions: usize,
    },
    /// Produce requests that are on disk when they are acknowledged.
    Durable {
        /// How many producers, each with one request under way.
        #[arg(long, value_delimiter = ',', default_value = "1,10,100,1000")]
        producers: Vec<usize>,
        /// How long each case runs, in seconds.
        #[arg(long, default_value_t = 5)]
        seconds: u64,
        /// How often each case is run on each server.
        #[arg(long, default_value_t = 1)]
        rounds: usize,
        /// Where Apache Kafka is unpacked, to be started with log.flush.interval.messages=1 and measured in the same run.
        #[arg(long, value_name = "DIST")]
        with_kafka: Option<PathBuf>,
    },
    /// Fetches over many partitions, with sessions and without.
    Sessions {
        /// How many there are.
        #[arg(long, default_value_t = 1_000)]
        partitions: i32,
    },
    /// Metadata for many partitions.
    Metadata {
        /// How many there are.
        #[arg(long, default_value_t = 10_000)]
        partitions: usize,
    },
    /// How long rebalances of groups take.
    Rebalances {
        /// How many members.
        #[arg(long, value_delimiter = ',', default_value = "10,100,1000")]
        members: Vec<usize>,
        /// How many partitions their topic has.
        #[arg(long, value_delimiter = ',', default_value = "10,10000")]
        partitions: Vec<i32>,
        /// How many rebalances of each kind; a fifth of it for 1,000 members.
        #[arg(long, default_value_t = 50)]
        rounds: usize,
        /// Brokers that run already, `NAME=HOST:PORT=PID`, to be measured in the same run.
        #[arg(long)]
        beside: Vec<target::Beside>,
    },
    /// What heartbeats, groups, members and offsets cost.
    GroupCosts {
        /// As for `rebalances`.
        #[arg(long)]
        beside: Vec<target::Beside>,
    },
    /// How fast records are written and read, and for how much CPU, beside the floor.
    Speed {
        /// How often each workload is run on each server.
        #[arg(long, default_value_t = 5)]
        rounds: usize,
        /// Workloads whose names begin so.
        #[arg(long, value_delimiter = ',')]
        only: Vec<String>,
        /// Which cores the generator and the servers have.
        #[arg(long, value_enum, default_value = "split")]
        placement: speed::Placement,
        /// A tenth of the records.
        #[arg(long)]
        quick: bool,
        /// Where Apache Kafka is unpacked (with bin/ and libs/), to be started and measured in the same run.
        #[arg(long, value_name = "DIST")]
        with_kafka: Option<PathBuf>,
        /// Brokers that run already, `NAME=HOST:PORT=PID`, to be measured in the same run.
        #[arg(long)]
        beside: Vec<target::Beside>,
    },
    /// What grows with connections, partitions, consumers and the size of a log.
    Scale {
        /// These alone.
        #[arg(long, value_enum, value_delimiter = ',')]
        only: Vec<scale::What>,
        /// How many idle connections.
        #[arg(long, value_delimiter = ',', default_value = "10000")]
        connections: Vec<usize>,
        /// How many idle partitions.
        #[arg(long, value_delimiter = ',', default_value = "10000,100000")]
        partitions: Vec<usize>,
        /// Kafka is asked for no more: it maps two files of each into memory, and Linux allows 65,530 maps by default.
        #[arg(long, default_value_t = 10_000)]
        kafka_partitions_max: usize,
        /// How many consumers at the end of one log.
        #[arg(long, value_delimiter = ',', default_value = "1000")]
        consumers: Vec<usize>,
        /// The sizes of a log that grows, in GB, ascending; so much room is needed.
        #[arg(long, value_delimiter = ',', default_value = "1,10")]
        sizes: Vec<u64>,
        /// Where Apache Kafka is unpacked, to be started and measured in the same run.
        #[arg(long, value_name = "DIST")]
        with_kafka: Option<PathBuf>,
    },
    /// What a consumer far behind does to those at the end of the log.
    Cold {
        /// The size of what it reads, in GB.
        #[arg(long, default_value_t = 5)]
        gigabytes: u64,
    },
    /// Serves as the floor does: the least that can be done with a log.
    Floor {
        /// HOST:PORT.
        #[arg(long)]
        listen: String,
        /// The log.
        #[arg(long)]
        file: PathBuf,
    },
    /// What an idle connection costs.
    Connections {
        /// How many there are.
        #[arg(long, value_delimiter = ',', default_value = "1000,10000")]
        counts: Vec<usize>,
    },
}

fn main() -> Result<()> {
    let Arguments { ottla, dir, json, save, plot, program } = Arguments::parse();
    if let Program::Floor { listen, file } = &program {
        return floor::run(listen, file);
    }
    let outputs = Outputs { as_json: json, save, plot, conditions: Conditions::observe() };
    let setup = Setup { ottla: ottla.map_or_else(sibling, Ok)?, dir };
    let report = match program {
        Program::Lookups { sizes, count } => lookups::run(&setup, &sizes, count)?,
        Program::Recovery { partitions, bulk_gb } => recovery::run(&setup, &partitions, bulk_gb)?,
        Program::Idle { partitions } => idle::run(&setup, partitions)?,
        Program::Durable { producers, seconds, rounds, with_kafka } => {
            durable::run(&setup, &durable::Options { producers, seconds, rounds, kafka: with_kafka }, &outputs)?
        }
        Program::Scale { only, connections, partitions, kafka_partitions_max, consumers, sizes, with_kafka } => {
            let kafka = with_kafka;
            let options =
                scale::Options { only, connections, partitions, kafka_partitions_max, consumers, sizes, kafka };
            scale::run(&setup, &options, &outputs)?
        }
        Program::Sessions { partitions } => sessions::run(&setup, partitions)?,
        Program::Metadata { partitions } => metadata::run(&setup, partitions)?,
        Program::Rebalances { members, partitions, rounds, beside } => {
            groups::rebalances(&setup, &members, &partitions, rounds, &beside)?
        }
        Program::Speed { rounds, only, placement, quick, with_kafka, beside } => {
            let options = speed::Options { rounds, only, placement, quick, kafka: with_kafka, beside };
            speed::run(&setup, &options, &outputs)?
        }
        Program::Cold { gigabytes } => cold::run(&setup, gigabytes)?,
        Program::Floor { .. } => unreachable!("it measures nothing"),
        Program::GroupCosts { beside } => groups::costs(&setup, &beside)?,
        Program::Connections { counts } => connections::run(&setup, &counts)?,
    };
    outputs.print(&report);
    outputs.keep(&report)
}

/// The binary that was built into the same directory as this program: another one may be older than what is measured.
fn sibling() -> Result<PathBuf> {
    Ok(std::env::current_exe()?.with_file_name("ottla"))
}
