//! `ottla topic alter`.

use client::Admin;
use serde_json::json;

use crate::failure::Failure;
use crate::output::Output;
use crate::text::key_value;

/// Give a topic more partitions, or change its configs, all or none; what changes holds at once
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ottla topic alter orders --set max.message.bytes=2097152
  ottla topic alter orders --partitions 12
  ottla topic alter orders --set segment.bytes=1073741824 --unset max.message.bytes")]
pub struct Alter {
    /// The topic
    name: String,
    /// Enlarge the topic, so that it has this many partitions; records with a key may go to another one from then on
    #[arg(short, long, value_name = "N")]
    partitions: Option<i32>,
    /// Give a config a value, under Kafka's key
    #[arg(short, long, value_name = "KEY=VALUE", value_parser = key_value, required_unless_present_any = ["unset", "partitions"])]
    set: Vec<(String, String)>,
    /// Return a config to its default
    #[arg(short, long, value_name = "KEY")]
    unset: Vec<String>,
}

/// Does what the command says.
pub async fn run(args: Alter, admin: &Admin, output: Output) -> Result<(), Failure> {
    let set = args.set.into_iter().map(|(key, value)| (key, Some(value)));
    let changes: Vec<_> = set.chain(args.unset.into_iter().map(|key| (key, None))).collect();
    if let Some(partitions) = args.partitions {
        admin.create_partitions(&args.name, partitions).await?;
    }
    if !changes.is_empty() {
        admin.alter_topic_configs(&args.name, &changes).await?;
    }
    let changed: serde_json::Map<_, _> = changes.into_iter().map(|(key, value)| (key, value.into())).collect();
    Ok(output.line(
        &format!("altered topic `{}`", args.name),
        &json!({"name": args.name, "partitions": args.partitions, "altered": changed}),
    )?)
}
