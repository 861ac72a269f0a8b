//! `ottla serve`: the broker.

use std::io::{self, Write};
use std::path::PathBuf;

use broker::{LogLevels, Options};

use crate::failure::Failure;
use crate::output::Output;
use crate::signals::Signals;
use crate::text::key_value;

const EXAMPLES: &str = "\
Examples:
  ottla serve
  ottla serve --data /var/lib/ottla --listen 0.0.0.0:9092
  ottla serve --data /mnt/disk1/ottla,/mnt/disk2/ottla
  ottla serve --set num.partitions=3 --set auto.create.topics.enable=false
  ottla serve --durable
  ottla serve --config server.properties
  ottla serve --metrics 127.0.0.1:9404
  KAFKA_NUM_PARTITIONS=3 ottla serve --env

Ctrl-C or SIGTERM stops the broker cleanly; a second one stops it at once.";

/// Run a broker
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    settings: Settings,
}

/// What a broker is told at its start, and what `ottla doctor` examines.
#[derive(Debug, clap::Args)]
pub struct Settings {
    /// Where records and metadata are kept [default: ./ottla-data]; with several, one for each disk, partitions are spread
    #[arg(long, value_name = "DIR", value_delimiter = ',')]
    data: Vec<PathBuf>,
    /// Where to listen for clients [default: 127.0.0.1:9092]
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<String>,
    /// Acknowledge records when they are on disk, by group commit: they survive a power cut
    #[arg(long)]
    durable: bool,
    /// Settings, in the form of Kafka's server.properties
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Take settings from variables of the environment, as Kafka's container image does: KAFKA_LOG_DIRS is log.dirs
    #[arg(long)]
    env: bool,
    /// One setting, under Kafka's key; wins over the file
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value)]
    set: Vec<(String, String)>,
    /// Where to tell metrics (/metrics), health (/health) and readiness (/ready) over HTTP [default: nowhere]
    #[arg(long, value_name = "HOST:PORT", env = "OTTLA_METRICS")]
    metrics: Option<String>,
    /// With more partitions than this, metrics are told by topic only; 0 tells none by partition
    #[arg(long, value_name = "COUNT", default_value_t = broker::PARTITION_SERIES_MAX)]
    metrics_partitions: usize,
}

impl Settings {
    /// What the broker makes of them.
    pub fn options(self, log_levels: LogLevels) -> Options {
        Options {
            config_file: self.config,
            environment: if self.env { environment() } else { Vec::new() },
            overrides: self.set,
            data_dirs: self.data,
            listen: self.listen,
            durable: self.durable,
            metrics: self.metrics,
            metrics_partitions: Some(self.metrics_partitions),
            log_levels,
        }
    }
}

/// Serves until a signal ends it.
pub async fn run(args: Args, log_levels: LogLevels, _output: Output) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let options = args.settings.options(log_levels);
    let node = tokio::task::spawn_blocking(move || broker::start(&options));
    let node = tokio::select! {
        node = node => node.map_err(Failure::failed)?.map_err(Failure::failed)?,
        // Nothing was promised to anybody yet.
        () = signals.next() => std::process::exit(INTERRUPTED),
    };
    let mut stdout = io::stdout();
    writeln!(stdout, "{}", node.ready_line())?;
    stdout.flush()?;
    tell_manager("READY=1");
    signals.next().await;
    tell_manager("STOPPING=1");
    tracing::info!("stopping; once more to stop at once");
    let stopped = tokio::task::spawn_blocking(|| node.shutdown());
    tokio::select! {
        stopped = stopped => stopped.map_err(Failure::failed),
        () = signals.next() => std::process::exit(INTERRUPTED),
    }
}

/// Where systemd waits for it (`Type=notify`).
fn tell_manager(state: &str) {
    if let Ok(socket) = std::env::var("NOTIFY_SOCKET")
        && let Err(error) = broker::notify(&socket, state)
    {
        tracing::warn!(%error, socket, "the service manager could not be told {state}");
    }
}

/// Variables that are not text are no settings.
fn environment() -> Vec<(String, String)> {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(text).collect()
}

/// 128 and the number of SIGINT, as shells have it.
const INTERRUPTED: i32 = 130;
