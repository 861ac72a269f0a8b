//! `ottla group lag`.

use std::collections::BTreeMap;

use client::{Admin, GroupDescription, PartitionLag, TopicPartition};
use serde_json::{Value, json};

use super::or_dash;
use crate::failure::Failure;
use crate::output::{Output, table};
use crate::text::count;

/// Show how far groups are behind, partition by partition
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ottla group lag readers
  ottla group lag                                   all groups
  ottla group lag readers --json | jq -s 'map(.lag) | add'")]
pub struct Lag {
    /// The groups; all when none is named
    groups: Vec<String>,
}

/// Does what the command says.
pub async fn run(args: &Lag, admin: &Admin, output: Output) -> Result<(), Failure> {
    let mut groups = args.groups.clone();
    if groups.is_empty() {
        let is_consumer = |group: &client::GroupListing| matches!(group.protocol_type.as_str(), "consumer" | "");
        let listed = admin.list_groups(&[], &[]).await?;
        groups.extend(listed.into_iter().filter(is_consumer).map(|group| group.group_id));
    }
    let borrowed: Vec<&str> = groups.iter().map(String::as_str).collect();
    let mut failed = None;
    for (group, described) in admin.describe_groups(&borrowed).await? {
        match described {
            Ok(described) => show(&group, &described, admin, output).await?,
            Err(refusal) => failed = super::first(failed, refusal),
        }
    }
    failed.map_or(Ok(()), |refusal| Err(refusal.into()))
}

async fn show(group: &str, described: &GroupDescription, admin: &Admin, output: Output) -> Result<(), Failure> {
    let readers = readers(described);
    let read: Vec<TopicPartition> = readers.keys().map(|&partition| partition.clone()).collect();
    let lags = admin.group_lag(group, &read).await?;
    let reader = |lag: &PartitionLag| readers.get(&lag.partition).map_or("", String::as_str);
    if output.json {
        let lines = lags.iter().map(|lag| line(group, lag, reader(lag)));
        return Ok(lines.into_iter().try_for_each(|line| output.line("", &line))?);
    }
    let total: i64 = lags.iter().filter_map(PartitionLag::lag).sum();
    let head = format!("{group} ({}, {} behind)", described.state, count(total.unsigned_abs()));
    output.line(&head, &Value::Null)?;
    let mut table = table(&["  TOPIC", "PARTITION", "COMMITTED", "END", "LAG", "READ BY"], &[1, 2, 3, 4]);
    for lag in &lags {
        let number = |number: Option<i64>| number.map_or("-".to_owned(), |number| number.to_string());
        table.add_row([
            format!("  {}", lag.partition.topic),
            lag.partition.partition.to_string(),
            number(lag.committed.as_ref().map(|committed| committed.offset.0)),
            number(lag.end.map(|end| end.0)),
            number(lag.lag()),
            or_dash(reader(lag)),
        ]);
    }
    if lags.is_empty() { Ok(()) } else { Ok(output.table(&table)?) }
}

/// Who reads what, by the name that tells most.
fn readers(group: &GroupDescription) -> BTreeMap<&TopicPartition, String> {
    let of_member = |member: &'_ client::GroupMember| {
        let name = member.instance_id.as_ref().unwrap_or(&member.client_id);
        format!("{name} {}", member.host)
    };
    let pairs = group.members.iter().flat_map(|member| {
        let name = of_member(member);
        member.assigned.iter().map(move |partition| (partition, name.clone()))
    });
    pairs.collect()
}

fn line(group: &str, lag: &PartitionLag, reader: &str) -> Value {
    json!({
        "group": group,
        "topic": lag.partition.topic,
        "partition": lag.partition.partition.0,
        "committed": lag.committed.as_ref().map(|committed| committed.offset.0),
        "metadata": lag.committed.as_ref().map(|committed| committed.metadata.as_str()),
        "end": lag.end.map(|end| end.0),
        "lag": lag.lag(),
        "reader": if reader.is_empty() { Value::Null } else { reader.into() },
    })
}
