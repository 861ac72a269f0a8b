//! What is logged to stderr, in which form, and how that is changed while a broker runs.

use broker::LogLevels;
use clap::ValueEnum;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt, reload};

use crate::failure::Failure;

/// The form of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Text,
    /// One JSON object a line, for collectors
    Json,
}

/// Starts logging by `filter`, which is a level or a list of `target=level`.
pub fn start(filter: &str, format: Format) -> Result<LogLevels, Failure> {
    let parsed =
        parse(filter).map_err(|error| Failure::usage(format!("`{filter}` is not a log level or filter: {error}")))?;
    let (reloadable, handle) = reload::Layer::new(parsed);
    tracing_subscriber::registry().with(reloadable).with(lines(format)).init();
    let apply = move |filter: &str| {
        let parsed = parse(filter)?;
        handle.reload(parsed).map_err(|error| error.to_string())
    };
    Ok(LogLevels::new(filter, Box::new(apply)))
}

fn parse(filter: &str) -> Result<EnvFilter, String> {
    EnvFilter::builder().parse(filter).map_err(|error| error.to_string())
}

/// The outer layer: what the filter lets through, written.
fn lines<S>(format: Format) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
{
    let colour = std::io::IsTerminal::is_terminal(&std::io::stderr());
    match format {
        Format::Text => fmt::layer().with_writer(std::io::stderr).with_ansi(colour).boxed(),
        Format::Json => fmt::layer().json().flatten_event(true).with_writer(std::io::stderr).with_ansi(false).boxed(),
    }
}
