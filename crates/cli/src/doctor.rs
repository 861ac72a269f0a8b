//! `ottla doctor`: what would keep a broker from starting or from running well.

use std::io;
use std::path::PathBuf;

use broker::doctor::{Finding, Severity, examine};
use broker::{LogLevels, Options};
use serde_json::json;

use crate::failure::Failure;
use crate::output::Output;
use crate::text::key_value;

const EXAMPLES: &str = "\
Examples:
  ottla doctor
  ottla doctor --config server.properties
  ottla doctor --data /var/lib/ottla --listen 0.0.0.0:9092
  ottla doctor --json | jq 'select(.severity != \"OK\")'

Give it the options that `ottla serve` gets. It changes nothing. It ends with 1 when something FAILs.";

/// Check settings, data directory, ports and limits, and say what to do
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Where records and metadata are kept [default: ./ottla-data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where a broker would listen for clients [default: 127.0.0.1:9092]
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<String>,
    /// Settings, in the form of Kafka's server.properties
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// One setting, under Kafka's key; wins over the file
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value)]
    set: Vec<(String, String)>,
    /// Where metrics, health and readiness would be told
    #[arg(long, value_name = "HOST:PORT")]
    metrics: Option<String>,
    /// Take settings from variables of the environment, as Kafka's container image does
    #[arg(long)]
    env: bool,
}

/// Looks, and tells.
pub fn run(args: Args, output: Output) -> Result<(), Failure> {
    let options = Options {
        config_file: args.config,
        overrides: args.set,
        environment: if args.env { crate::serve::environment() } else { Vec::new() },
        data_dir: args.data,
        listen: args.listen,
        durable: false,
        metrics: args.metrics,
        metrics_partitions: None,
        log_levels: LogLevels::default(),
    };
    let findings = examine(&options);
    findings.iter().try_for_each(|finding| tell(finding, output))?;
    match findings.iter().filter(|finding| finding.severity == Severity::Fail).count() {
        0 => Ok(()),
        failed => Err(Failure::failed(format!("{failed} of {} checks failed", findings.len()))),
    }
}

fn tell(finding: &Finding, output: Output) -> io::Result<()> {
    let Finding { severity, subject, text, advice } = finding;
    let mut people = format!("{severity:<5} {subject}: {text}");
    if !advice.is_empty() {
        people += &format!("\n      -> {advice}");
    }
    let scripts = json!({ "severity": severity.to_string(), "subject": subject, "text": text, "advice": advice });
    output.line(&people, &scripts)
}
