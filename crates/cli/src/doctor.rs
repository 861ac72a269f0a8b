//! `ottla doctor`: what would keep a broker from starting or from running well.

use std::io;

use broker::LogLevels;
use broker::doctor::{Finding, Severity, examine};
use serde_json::json;

use crate::failure::Failure;
use crate::output::Output;
use crate::serve::Settings;

const EXAMPLES: &str = "\
Examples:
  ottla doctor
  ottla doctor --config server.properties
  ottla doctor --data /var/lib/ottla --listen 0.0.0.0:9092 --durable
  ottla doctor --json | jq 'select(.severity != \"OK\")'

Give it the options that `ottla serve` gets. It changes nothing. It ends with 1 when something FAILs.";

/// Check settings, data directory, ports and limits, and say what to do
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    settings: Settings,
}

/// Looks, and tells.
pub fn run(args: Args, output: Output) -> Result<(), Failure> {
    let options = args.settings.options(LogLevels::default());
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
