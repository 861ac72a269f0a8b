//! `ottla health`: asks a running broker, for containers and scripts that have no curl.

use broker::observe::ask;
use serde_json::json;

use crate::failure::Failure;
use crate::output::Output;

const EXAMPLES: &str = "\
Examples:
  ottla health                              the broker that serves with --metrics 127.0.0.1:9404
  ottla health --metrics 10.0.0.7:9404 --ready

It ends with 0 when all is well, with 1 when it is not, and with 3 when nobody answers.";

/// Ask a broker whether it is healthy, or ready
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Where the broker tells metrics, health and readiness: its own --metrics
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:9404", env = "OTTLA_METRICS")]
    metrics: String,
    /// Ask whether it takes requests, not only whether it lives
    #[arg(long)]
    ready: bool,
}

/// Asks, and tells.
pub fn run(args: &Args, output: Output) -> Result<(), Failure> {
    let path = if args.ready { "/ready" } else { "/health" };
    let (status, text) = ask(&args.metrics, path)
        .map_err(|error| Failure::unreachable(format!("nobody answers at {}: {error}", args.metrics)))?;
    let text = text.trim_end();
    match status {
        200 => Ok(output.line(text, &json!({ "status": status, "text": text }))?),
        _ => Err(Failure::failed(text)),
    }
}
