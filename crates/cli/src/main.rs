//! The `ottla` command: the broker, and the tools to use one.
//!
//! Each command has its module with its arguments and what it does. [`failure`] gives exit codes to errors, [`output`]
//! writes for people or for scripts, [`text`] formats.

mod completions;
mod confirm;
mod connect;
mod consume;
mod doctor;
mod dump;
mod failure;
mod file;
mod group;
mod health;
mod logging;
mod output;
mod produce;
mod serve;
mod signals;
mod text;
mod topic;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use connect::Connect;
use failure::Failure;
use output::Output;

const EXAMPLES: &str = "\
Examples:
  ottla serve                                        a broker on 127.0.0.1:9092, data in ./ottla-data
  ottla topic create greetings --partitions 3
  echo hello | ottla produce greetings
  ottla consume greetings --follow
  ottla group lag readers

Exit codes:
  0  all is well
  1  the broker refused, data is damaged, or something else failed
  2  wrong usage
  3  no broker can be reached, or it does not answer
  4  the topic, partition or group does not exist, or exists already";

/// A Kafka-compatible broker and its tools.
#[derive(Debug, Parser)]
#[command(name = "ottla", version, after_help = EXAMPLES, propagate_version = true)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Debug, clap::Args)]
struct Global {
    #[command(flatten)]
    connect: Connect,
    /// Write JSON for scripts: one object per line, fields keep their names
    #[arg(long, global = true, help_heading = "Global options")]
    json: bool,
    /// What to log to stderr: error, warn, info, debug, trace, or a filter such as `warn,ottla_client=debug`
    #[arg(long, global = true, value_name = "LEVEL", env = "OTTLA_LOG", help_heading = "Global options")]
    log_level: Option<String>,
    /// The form of log lines
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        env = "OTTLA_LOG_FORMAT",
        default_value = "text",
        value_enum,
        help_heading = "Global options"
    )]
    log_format: logging::Format,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Args),
    #[command(subcommand)]
    Topic(topic::Command),
    Produce(produce::Args),
    Consume(consume::Args),
    #[command(subcommand)]
    Group(group::Command),
    #[command(subcommand)]
    Log(dump::Command),
    Doctor(doctor::Args),
    Health(health::Args),
    Completions(completions::Args),
    /// Print docs/configs.md: every configuration key
    #[command(hide = true, after_help = "Example:\n  ottla config-docs > docs/configs.md")]
    ConfigDocs,
}

fn main() -> ExitCode {
    let Cli { global, command } = Cli::parse();
    match run(&global, command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(global: &Global, command: Command) -> Result<(), Failure> {
    let default_level = if matches!(command, Command::Serve(_)) { "info" } else { "warn" };
    let levels = logging::start(global.log_level.as_deref().unwrap_or(default_level), global.log_format)?;
    let output = Output { json: global.json };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::from_io)?;
    runtime.block_on(async {
        match command {
            Command::Serve(args) => serve::run(args, levels, output).await,
            Command::Topic(command) => topic::run(command, &global.connect, output).await,
            Command::Produce(args) => produce::run(args, &global.connect, output).await,
            Command::Consume(args) => consume::run(args, &global.connect, output).await,
            Command::Group(command) => group::run(command, &global.connect, output).await,
            Command::Log(dump::Command::Dump(args)) => dump::run(&args, output),
            Command::Doctor(args) => doctor::run(args, output),
            Command::Health(args) => health::run(&args, output),
            Command::Completions(args) => completions::run(&args, Cli::command()),
            Command::ConfigDocs => {
                Ok(std::io::Write::write_all(&mut std::io::stdout(), broker::config_docs().as_bytes())?)
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_shows_examples() {
        fn check(command: &clap::Command) {
            let help = command.clone().render_help().to_string();
            assert!(help.contains("Example"), "{} has none", command.get_name());
            command.get_subcommands().filter(|command| command.get_name() != "help").for_each(check);
        }
        let mut command = Cli::command();
        command.build();
        check(&command);
    }
}
