//! `ottla produce`: lines from stdin or a file become records.

mod lines;
mod progress;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;

use client::{
    Acks, Compression, Delivery, Header, PartitionIndex, Partitioner, Producer, ProducerConfig, ProducerRecord,
};
use serde_json::json;

use crate::connect::Connect;
use crate::failure::Failure;
use crate::output::Output;
use crate::text::key_value;
use lines::Input;
use progress::Progress;

/// Deliveries that are waited for later; beyond, the oldest is waited for before the next record is sent.
const UNDELIVERED_MAX: usize = 1 << 17;

const EXAMPLES: &str = "\
Examples:
  printf 'hello\\nworld\\n' | ottla produce greetings
  ottla produce orders orders.txt -K                     lines are key:value
  ottla produce orders orders.tsv --key-separator $'\\t' --compression zstd
  ottla produce orders --header source=import < orders.txt";

/// Produce lines from a file or stdin, one record each
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The topic
    topic: String,
    /// Where to read lines; stdin by default
    file: Option<PathBuf>,
    /// Lines are KEY:VALUE
    #[arg(short = 'K', long)]
    keys: bool,
    /// What separates key and value, with or without -K [default: `:`]
    #[arg(long, value_name = "TEXT", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    key_separator: Option<String>,
    /// The partition [default: by key, or filled one after the other]
    #[arg(short, long, value_name = "N")]
    partition: Option<i32>,
    /// How batches are compressed: none, gzip, snappy, lz4, zstd
    #[arg(short = 'z', long, value_name = "CODEC", default_value = "none", value_parser = codec)]
    compression: Compression,
    /// Which replicas must have a record: all, 1 (the leader) or 0
    #[arg(short, long, value_name = "ACKS", default_value = "all", value_parser = acks)]
    acks: Acks,
    /// Who decides about the partition: adaptive, sticky (both by key, if there is one) or round-robin
    #[arg(long, value_name = "NAME", default_value = "adaptive", value_parser = partitioner)]
    partitioner: Partitioner,
    /// How long a batch that is not full waits for more records, in ms
    #[arg(long, value_name = "MS", default_value_t = 5)]
    linger: u64,
    /// How many bytes make a batch full, before compression
    #[arg(long, value_name = "BYTES", default_value_t = 512 << 10)]
    batch_bytes: usize,
    /// Whether what is sent again is stored once; with --acks all only
    #[arg(long, value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set)]
    idempotent: bool,
    /// A header for every record
    #[arg(short = 'H', long, value_name = "KEY=VALUE", value_parser = key_value)]
    header: Vec<(String, String)>,
    /// A key or value that is exactly this text becomes null
    #[arg(long, value_name = "TEXT")]
    null_marker: Option<String>,
}

/// The key and the value of a record; `None` is null.
type KeyValue<'l> = (Option<&'l [u8]>, Option<&'l [u8]>);

impl Args {
    /// Key and value of a line.
    fn split<'l>(&self, line: &'l [u8]) -> Option<KeyValue<'l>> {
        let marker = self.null_marker.as_deref().map(str::as_bytes);
        let unless_null = |bytes: &'l [u8]| Some(bytes).filter(|&bytes| Some(bytes) != marker);
        if !self.keys && self.key_separator.is_none() {
            return Some((None, unless_null(line)));
        }
        let separator = self.key_separator.as_deref().unwrap_or(":").as_bytes();
        let at = line.windows(separator.len()).position(|window| window == separator)?;
        Some((unless_null(&line[..at]), unless_null(&line[at + separator.len()..])))
    }
}

fn codec(text: &str) -> Result<Compression, String> {
    let found = Compression::ALL.into_iter().find(|codec| codec.name() == text);
    found.ok_or_else(|| "none, gzip, snappy, lz4 or zstd is expected".to_owned())
}

fn acks(text: &str) -> Result<Acks, String> {
    match text {
        "all" | "-1" => Ok(Acks::All),
        "1" => Ok(Acks::Leader),
        "0" => Ok(Acks::None),
        _ => Err("all, 1 or 0 is expected".to_owned()),
    }
}

fn partitioner(text: &str) -> Result<Partitioner, String> {
    match text {
        "adaptive" => Ok(Partitioner::default()),
        "sticky" => Ok(Partitioner::Sticky),
        "round-robin" => Ok(Partitioner::RoundRobin),
        _ => Err("adaptive, sticky or round-robin is expected".to_owned()),
    }
}

/// Produces until the input ends, or Ctrl-C ends it.
pub async fn run(args: Args, connect: &Connect, output: Output) -> Result<(), Failure> {
    let input = Input::open(args.file.as_deref())?;
    let client = connect.client().await?;
    let config = ProducerConfig {
        acks: args.acks,
        compression: args.compression,
        partitioner: args.partitioner.clone(),
        idempotence: args.idempotent,
        batch_bytes: args.batch_bytes,
        linger: Duration::from_millis(args.linger),
        delivery_timeout: Duration::from_secs(30),
        ..ProducerConfig::default()
    };
    let mut sending = Sending {
        producer: client.producer(config),
        undelivered: VecDeque::new(),
        progress: Progress::start(input.len(), output.json),
    };
    let sent = sending.all(&args, input).await;
    let delivered = sending.finish().await;
    sending.progress.end();
    // What was taken and not delivered matters more than why no more was read.
    delivered.and(sent)?;
    say_totals(&sending.progress, output)
}

fn say_totals(progress: &Progress, output: Output) -> Result<(), Failure> {
    let (records, bytes, seconds) = progress.totals();
    if output.json {
        output.line("", &json!({"records": records, "bytes": bytes, "seconds": seconds}))?;
    } else {
        progress.say_totals();
    }
    Ok(())
}

struct Sending {
    producer: Producer,
    undelivered: VecDeque<Delivery>,
    progress: Progress,
}

impl Sending {
    async fn all(&mut self, args: &Args, mut input: Input) -> Result<(), Failure> {
        let headers: Vec<Header<'_>> = args
            .header
            .iter()
            .map(|(key, value)| Header { key: key.as_bytes(), value: Some(value.as_bytes()) })
            .collect();
        let mut line_number = 0_u64;
        // One for the whole run: a new one would not hear of a Ctrl-C that came while lines were sent.
        let mut interrupted = pin!(tokio::signal::ctrl_c());
        loop {
            let chunk = tokio::select! {
                biased;
                _ = &mut interrupted => None,
                chunk = input.next() => chunk?,
            };
            let Some(chunk) = chunk else { return Ok(()) };
            for line in lines::of(&chunk) {
                line_number += 1;
                let split = args.split(line).ok_or_else(|| no_separator(args, line_number))?;
                self.send(args, split, &headers).await?;
                self.progress.add(line.len());
            }
            self.progress.show();
        }
    }

    async fn send(&mut self, args: &Args, (key, value): KeyValue<'_>, headers: &[Header<'_>]) -> Result<(), Failure> {
        let partition = args.partition.map(PartitionIndex);
        let record = ProducerRecord { partition, key, value, headers, ..ProducerRecord::to(&args.topic) };
        self.undelivered.push_back(self.producer.send(record).await?);
        if self.undelivered.len() > UNDELIVERED_MAX
            && let Some(oldest) = self.undelivered.pop_front()
        {
            oldest.await?;
        }
        Ok(())
    }

    /// Waits for all records; the first that failed decides.
    async fn finish(&mut self) -> Result<(), Failure> {
        self.producer.flush().await?;
        for delivery in self.undelivered.drain(..) {
            delivery.await?;
        }
        Ok(())
    }
}

fn no_separator(args: &Args, line_number: u64) -> Failure {
    let separator = args.key_separator.as_deref().unwrap_or(":");
    Failure::failed(format!(
        "line {line_number} has no `{separator}` between key and value; the lines before it were produced"
    ))
}

#[cfg(test)]
mod tests;
