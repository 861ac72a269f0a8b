//! `ottla topic`: create, list, describe, alter, delete, delete records.

mod alter;
mod cache;
mod delete_records;

use std::collections::HashMap;

use client::{Admin, BrokerId, ErrorCode, NewTopic, Offset, OffsetSpec, Partition, Topic, TopicConfig, TopicPartition};
use serde_json::{Value, json};

use crate::confirm::confirm;
use crate::connect::Connect;
use crate::failure::Failure;
use crate::output::{Output, table};
use crate::text::{key_value, plural};

const EXAMPLES: &str = "\
Examples:
  ottla topic create greetings --partitions 3
  ottla topic list
  ottla topic describe greetings
  ottla topic alter greetings --set max.message.bytes=2097152
  ottla topic delete greetings";

/// Create, list, describe, alter and delete topics
#[derive(Debug, clap::Subcommand)]
#[command(after_help = EXAMPLES)]
pub enum Command {
    Create(Create),
    List(List),
    Describe(Describe),
    Alter(alter::Alter),
    Delete(Delete),
    DeleteRecords(delete_records::DeleteRecords),
}

/// Create a topic
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ottla topic create greetings
  ottla topic create orders --partitions 12 --config max.message.bytes=2097152
  ottla topic create orders --if-not-exists")]
pub struct Create {
    /// The topic's name: letters, digits, `.`, `_` and `-`
    name: String,
    /// The number of partitions [default: the broker's num.partitions]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
    partitions: Option<i32>,
    /// The number of replicas [default: the broker's default.replication.factor]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(i16).range(1..))]
    replication_factor: Option<i16>,
    /// A config of the topic, under Kafka's key
    #[arg(short, long, value_name = "KEY=VALUE", value_parser = key_value)]
    config: Vec<(String, String)>,
    /// Succeed when the topic exists already, whatever its partitions
    #[arg(long)]
    if_not_exists: bool,
}

/// List all topics
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ottla topic list
  ottla topic list --json | jq -r .name")]
pub struct List {
    /// Include topics that Kafka itself owns
    #[arg(long)]
    internal: bool,
}

/// Show a topic's partitions: leaders, replicas, offsets
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ottla topic describe greetings
  ottla topic describe greetings --configs
  ottla topic describe greetings --cache
  ottla topic describe greetings orders --json | jq '.partitions[].latest'")]
pub struct Describe {
    /// The topics
    #[arg(required = true)]
    names: Vec<String>,
    /// Show the configs in force too, with where their values come from
    #[arg(short, long)]
    configs: bool,
    /// Show too how much of each log is in the page cache of its leader, how much of what was fetched came from there, and from
    /// which offset on everything is there. Only Ottla tells this
    #[arg(long)]
    cache: bool,
}

/// Delete topics and all their records
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ottla topic delete greetings
  ottla topic delete greetings orders --yes")]
pub struct Delete {
    /// The topics
    #[arg(required = true)]
    names: Vec<String>,
    /// Do not ask; nothing is asked either when stdin is not a terminal
    #[arg(short, long)]
    yes: bool,
}

/// Does what the command says.
pub async fn run(command: Command, connect: &Connect, output: Output) -> Result<(), Failure> {
    let admin = connect.client().await?.admin();
    match command {
        Command::Create(args) => create(args, &admin, output).await,
        Command::List(args) => list(&args, &admin, output).await,
        Command::Describe(args) => describe(&args, &admin, output).await,
        Command::Alter(args) => alter::run(args, &admin, output).await,
        Command::Delete(args) => delete(&args, &admin, output).await,
        Command::DeleteRecords(args) => delete_records::run(&args, &admin, output).await,
    }
}

async fn create(args: Create, admin: &Admin, output: Output) -> Result<(), Failure> {
    let topic = NewTopic {
        name: args.name.clone(),
        partitions: args.partitions,
        replication_factor: args.replication_factor,
        configs: args.config,
    };
    let mut created = true;
    for (_, outcome) in admin.create_topics(&[topic]).await? {
        match outcome {
            Err(refusal) if refusal.code == ErrorCode::TOPIC_ALREADY_EXISTS && args.if_not_exists => created = false,
            outcome => outcome?,
        }
    }
    let people = if created { "created topic" } else { "there is already a topic" };
    Ok(output.line(&format!("{people} `{}`", args.name), &json!({"name": args.name, "created": created}))?)
}

async fn list(args: &List, admin: &Admin, output: Output) -> Result<(), Failure> {
    let mut topics = admin.list_topics().await?;
    topics.retain(|topic| args.internal || !topic.is_internal);
    if output.json {
        for topic in &topics {
            output.line("", &listed(topic))?;
        }
        return Ok(());
    }
    let mut table = table(&["NAME", "PARTITIONS", "REPLICAS", "ID"], &[1, 2]);
    for topic in &topics {
        let (partitions, replicas) = (topic.partitions.len().to_string(), replication_factor(topic).to_string());
        table.add_row([topic.name.clone(), partitions, replicas, topic.id.to_string()]);
    }
    Ok(output.table(&table)?)
}

fn listed(topic: &Topic) -> Value {
    json!({
        "name": topic.name,
        "id": topic.id.to_string(),
        "internal": topic.is_internal,
        "partitions": topic.partitions.len(),
        "replication_factor": replication_factor(topic),
    })
}

fn replication_factor(topic: &Topic) -> usize {
    topic.partitions.iter().map(|partition| partition.replicas.len()).max().unwrap_or(0)
}

/// First and next offset by partition; those without a leader are missing.
type Offsets = HashMap<TopicPartition, (Option<Offset>, Option<Offset>)>;

async fn describe(args: &Describe, admin: &Admin, output: Output) -> Result<(), Failure> {
    let names: Vec<&str> = args.names.iter().map(String::as_str).collect();
    let mut missing = None;
    for (_, topic) in admin.describe_topics(&names).await? {
        match topic {
            Ok(topic) => {
                let offsets = offsets(&topic, admin).await?;
                let configs = if args.configs { Some(configs(&topic, admin).await?) } else { None };
                let logs = if args.cache { Some(admin.describe_logs(&topic).await?) } else { None };
                describe_one(&topic, &offsets, configs.as_deref(), logs.as_ref(), output)?;
            }
            Err(refusal) => missing = missing.or(Some(refusal)),
        }
    }
    missing.map_or(Ok(()), |refusal| Err(refusal.into()))
}

async fn configs(topic: &Topic, admin: &Admin) -> Result<Vec<TopicConfig>, Failure> {
    let mut described = admin.describe_topic_configs(&[&topic.name]).await?;
    Ok(described.pop().map_or(Ok(Vec::new()), |(_, configs)| configs)?)
}

async fn offsets(topic: &Topic, admin: &Admin) -> Result<Offsets, Failure> {
    let mut offsets = Offsets::new();
    let led = || topic.partitions.iter().filter(|partition| partition.leader != BrokerId::NONE);
    for spec in [OffsetSpec::Earliest, OffsetSpec::Latest] {
        let wanted: Vec<_> = led().map(|partition| (topic_partition(topic, partition), spec)).collect();
        for (partition, found) in admin.list_offsets(&wanted).await? {
            let (earliest, latest) = offsets.entry(partition).or_default();
            *(if spec == OffsetSpec::Earliest { earliest } else { latest }) = found.ok().and_then(|found| found.offset);
        }
    }
    Ok(offsets)
}

fn topic_partition(topic: &Topic, partition: &Partition) -> TopicPartition {
    TopicPartition { topic: topic.name.clone(), partition: partition.index }
}

fn describe_one(
    topic: &Topic,
    offsets: &Offsets,
    configs: Option<&[TopicConfig]>,
    logs: Option<&cache::Logs>,
    output: Output,
) -> Result<(), Failure> {
    let of = |partition: &Partition| offsets.get(&topic_partition(topic, partition)).copied().unwrap_or_default();
    if output.json {
        let partition = |partition: &Partition| {
            let mut described = described(partition, of(partition));
            if let Some(logs) = logs {
                described["log"] = cache::described(logs.get(&partition.index));
            }
            described
        };
        let partitions: Vec<Value> = topic.partitions.iter().map(partition).collect();
        let mut topic = json!({
            "name": topic.name,
            "id": topic.id.to_string(),
            "internal": topic.is_internal,
            "partitions": partitions,
        });
        if let Some(configs) = configs {
            topic["configs"] = configs.iter().map(config).collect();
        }
        return Ok(output.line("", &topic)?);
    }
    let head = format!("{} ({}, id {})", topic.name, plural(topic.partitions.len() as u64, "partition"), topic.id);
    output.line(&head, &Value::Null)?;
    let mut table = table(&["  PARTITION", "LEADER", "REPLICAS", "ISR", "EARLIEST", "LATEST"], &[0, 1, 4, 5]);
    for partition in &topic.partitions {
        let (earliest, latest) = of(partition);
        let offset = |offset: Option<Offset>| offset.map_or("-".to_owned(), |offset| offset.to_string());
        let leader = Some(partition.leader).filter(|&leader| leader != BrokerId::NONE);
        table.add_row([
            partition.index.to_string(),
            leader.map_or("none".to_owned(), |leader| leader.to_string()),
            joined(&partition.replicas),
            joined(&partition.isr),
            offset(earliest),
            offset(latest),
        ]);
    }
    output.table(&table)?;
    logs.map_or(Ok(()), |logs| cache::show(logs, output))?;
    configs.map_or(Ok(()), |configs| show_configs(configs, output))
}

fn show_configs(configs: &[TopicConfig], output: Output) -> Result<(), Failure> {
    let mut table = table(&["  CONFIG", "VALUE", "FROM"], &[]);
    for TopicConfig { key, value, source } in configs {
        table.add_row([format!("  {key}"), value.clone().unwrap_or_else(|| "-".to_owned()), source.to_string()]);
    }
    Ok(output.table(&table)?)
}

fn config(config: &TopicConfig) -> Value {
    json!({"key": config.key, "value": config.value, "from": config.source.to_string()})
}

fn described(partition: &Partition, (earliest, latest): (Option<Offset>, Option<Offset>)) -> Value {
    let ids = |brokers: &[BrokerId]| brokers.iter().map(|broker| broker.0).collect::<Vec<_>>();
    json!({
        "partition": partition.index.0,
        "leader": partition.leader.0,
        "leader_epoch": partition.leader_epoch.0,
        "replicas": ids(&partition.replicas),
        "isr": ids(&partition.isr),
        "offline_replicas": ids(&partition.offline_replicas),
        "earliest": earliest.map(|offset| offset.0),
        "latest": latest.map(|offset| offset.0),
    })
}

fn joined(brokers: &[BrokerId]) -> String {
    brokers.iter().map(BrokerId::to_string).collect::<Vec<_>>().join(",")
}

async fn delete(args: &Delete, admin: &Admin, output: Output) -> Result<(), Failure> {
    let question =
        format!("delete {} and all records ({})?", plural(args.names.len() as u64, "topic"), args.names.join(", "));
    confirm(args.yes, &question, "nothing was deleted")?;
    let names: Vec<&str> = args.names.iter().map(String::as_str).collect();
    let mut failed = None;
    for (name, outcome) in admin.delete_topics(&names).await? {
        match outcome {
            Ok(()) => output.line(&format!("deleted topic `{name}`"), &json!({"name": name, "deleted": true}))?,
            Err(refusal) => failed = failed.or(Some(refusal)),
        }
    }
    failed.map_or(Ok(()), |refusal| Err(refusal.into()))
}
