//! `ottla consume`: records become lines.

mod format;
mod group;

use std::io::{self, BufWriter, Write};

use client::{ConsumerConfig, Isolation, Offset, PartitionIndex, Reset, Start, Timestamp};

use crate::connect::Connect;
use crate::failure::Failure;
use crate::output::Output;
use format::{Format, Formatter};

const EXAMPLES: &str = "\
Examples:
  ottla consume greetings                                from the beginning to the present end
  ottla consume greetings --follow                       and what comes later, until Ctrl-C
  ottla consume greetings --from end -f --format full
  ottla consume greetings --partition 0 --from 1000 --max 10
  ottla consume greetings --from @1700000000000          since a time, in ms since 1970
  ottla consume greetings --json | jq .value
  ottla consume greetings --group readers                what the group has not read; its position is committed
  ottla consume greetings orders --group readers -f --protocol consumer --instance-id reader-1";

/// Consume records, one line each
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The topics
    #[arg(required = true, value_name = "TOPIC")]
    topics: Vec<String>,
    /// Read as a member of this group, which shares the partitions, and commit what was printed
    #[arg(short, long, value_name = "GROUP")]
    group: Option<String>,
    /// How the group decides who reads what
    #[arg(long, value_enum, default_value_t = Protocol::Classic, requires = "group")]
    protocol: Protocol,
    /// A name for this member, by which it comes back to its partitions after a restart
    #[arg(long, value_name = "NAME", requires = "group")]
    instance_id: Option<String>,
    /// Only this partition; may be repeated
    #[arg(short, long, value_name = "N", conflicts_with = "group")]
    partition: Vec<i32>,
    /// Where to begin: beginning, end, an OFFSET, or @MS since 1970; in a group, where it has committed nothing
    #[arg(long, value_name = "WHERE", default_value = "beginning", value_parser = start)]
    from: Start,
    /// Wait for more records at the end
    #[arg(short, long)]
    follow: bool,
    /// Only records of transactions that were committed, and none beyond one that is not decided
    #[arg(long)]
    read_committed: bool,
    /// Stop after so many records
    #[arg(short = 'n', long, value_name = "N")]
    max: Option<u64>,
    /// What a line shows; full is partition, offset, time, key, value and headers, separated by tabs
    #[arg(long, value_enum, default_value_t = Format::Value, conflicts_with = "keys")]
    format: Format,
    /// Short for --format key-value
    #[arg(short = 'K', long)]
    keys: bool,
    /// What separates key and value
    #[arg(long, value_name = "TEXT", default_value = ":")]
    key_separator: String,
    /// What stands for null, but in JSON
    #[arg(long, value_name = "TEXT", default_value = "")]
    null_marker: String,
}

/// How a group decides who reads what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Protocol {
    /// A member that is chosen assigns
    Classic,
    /// The broker assigns (KIP-848)
    Consumer,
}

fn start(text: &str) -> Result<Start, String> {
    let number = |text: &str| text.parse::<i64>().ok().filter(|&number| number >= 0);
    let parsed = match (text, text.strip_prefix('@')) {
        ("beginning", _) => Some(Start::Beginning),
        ("end", _) => Some(Start::End),
        (_, Some(ms)) => number(ms).map(|ms| Start::Timestamp(Timestamp(ms))),
        (offset, None) => number(offset).map(|offset| Start::Offset(Offset(offset))),
    };
    parsed.ok_or_else(|| "beginning, end, an offset, or @ and milliseconds since 1970 is expected".to_owned())
}

/// Consumes to the end, to the maximum, or until Ctrl-C.
pub async fn run(args: Args, connect: &Connect, output: Output) -> Result<(), Failure> {
    let formatter = args.formatter(output);
    let mut partitions: Vec<PartitionIndex> = args.partition.iter().copied().map(PartitionIndex).collect();
    partitions.sort_unstable();
    partitions.dedup();
    if let Some(name) = &args.group {
        return group::run(&args, name, &formatter, connect).await;
    }
    let isolation = if args.read_committed { Isolation::ReadCommitted } else { Isolation::ReadUncommitted };
    let config = ConsumerConfig { until_end: !args.follow, reset: Reset::Fail, isolation, ..ConsumerConfig::default() };
    let mut consumer = connect.client().await?.consumer(config);
    let partitions = (!partitions.is_empty()).then_some(&*partitions);
    for topic in &args.topics {
        consumer.assign(topic, partitions, args.from).await?;
    }
    let mut out = BufWriter::with_capacity(256 << 10, io::stdout().lock());
    for _ in 0..args.max.unwrap_or(u64::MAX) {
        let record = match consumer.next_now() {
            Some(record) => Some(record),
            None => {
                // Nothing has arrived: show what there is.
                out.flush()?;
                consumer.next().await?
            }
        };
        let Some(record) = record else { break };
        formatter.write(&mut out, &record)?;
    }
    Ok(out.flush()?)
}

impl Args {
    fn formatter(&self, output: Output) -> Formatter {
        let format = match (output.json, self.keys) {
            (true, _) => Format::Json,
            (_, true) => Format::KeyValue,
            _ => self.format,
        };
        Formatter {
            format,
            key_separator: self.key_separator.clone().into_bytes(),
            null: self.null_marker.clone().into_bytes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_are_read() {
        assert_eq!(start("beginning"), Ok(Start::Beginning));
        assert_eq!(start("end"), Ok(Start::End));
        assert_eq!(start("17"), Ok(Start::Offset(Offset(17))));
        assert_eq!(start("@1700000000000"), Ok(Start::Timestamp(Timestamp(1_700_000_000_000))));
        for wrong in ["", "-1", "@", "@-1", "first", "1.5"] {
            assert!(start(wrong).is_err(), "{wrong}");
        }
    }
}
