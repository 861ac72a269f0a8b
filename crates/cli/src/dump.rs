//! `ottla log dump`: what a segment file or one of its indexes holds, and whether it is sound.

mod batches;
mod index;

use std::io::{self, BufReader, BufWriter};
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::file;
use crate::output::Output;

/// Look into the files of a data directory
#[derive(Debug, clap::Subcommand)]
#[command(after_help = EXAMPLES)]
pub enum Command {
    Dump(Args),
}

const EXAMPLES: &str = "\
Examples:
  ottla log dump ottla-data/greetings-0/00000000000000000000.log
  ottla log dump ottla-data/greetings-0/00000000000000000000.log --records
  ottla log dump ottla-data/greetings-0/00000000000000000000.index
  ottla log dump ottla-data/greetings-0/00000000000000000000.log --json | jq .producer_id

Exit code 1 tells that the file is damaged; the last line says where the damage begins.";

/// Show the batches of a .log file, or the entries of an .index or .timeindex file
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The file; also of a broker that runs, or of Apache Kafka
    file: PathBuf,
    /// Show the records in each batch
    #[arg(long)]
    records: bool,
}

/// Where and how a file is damaged.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Damage {
    /// The bytes before are sound.
    position: u64,
    reason: String,
}

/// Writes what the file holds; fails when it is damaged.
pub fn run(args: &Args, output: Output) -> Result<(), Failure> {
    let path = args.file.as_path();
    let (file, len) = file::open(path)?;
    let input = BufReader::with_capacity(1 << 20, file);
    let mut out = BufWriter::with_capacity(256 << 10, io::stdout().lock());
    let damage = match path.extension().and_then(|extension| extension.to_str()) {
        Some("log") => batches::dump(input, len, args.records, output.json, &mut out)?,
        Some("index") => index::dump_offsets(input, base_offset(path), output.json, &mut out)?,
        Some("timeindex") => index::dump_times(input, base_offset(path), output.json, &mut out)?,
        _ => return Err(Failure::usage(format!("{} is not a .log, .index or .timeindex file", path.display()))),
    };
    io::Write::flush(&mut out)?;
    let Some(Damage { position, reason }) = damage else { return Ok(()) };
    Err(Failure::failed(format!("{} is damaged from byte {position} on: {reason}", path.display())))
}

/// The offset that the file's name begins with; 0 when it has another name.
fn base_offset(path: &Path) -> i64 {
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    stem.and_then(|stem| stem.parse().ok()).unwrap_or(0)
}
