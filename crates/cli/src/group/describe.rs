//! `ottla group describe`.

use client::{Admin, GroupDescription, GroupMember, TopicPartition};
use serde_json::{Value, json};

use super::{first, or_dash};
use crate::failure::Failure;
use crate::output::{Output, table};
use crate::text::plural;

/// Show groups: state, coordinator, members and what each reads
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ottla group describe readers
  ottla group describe readers --json | jq '.members[].assigned'")]
pub struct Describe {
    /// The groups
    #[arg(required = true)]
    groups: Vec<String>,
}

/// Does what the command says.
pub async fn run(args: &Describe, admin: &Admin, output: Output) -> Result<(), Failure> {
    let groups: Vec<&str> = args.groups.iter().map(String::as_str).collect();
    let mut failed = None;
    for (_, described) in admin.describe_groups(&groups).await? {
        match described {
            Ok(group) => show(&group, output)?,
            Err(refusal) => failed = first(failed, refusal),
        }
    }
    failed.map_or(Ok(()), |refusal| Err(refusal.into()))
}

fn show(group: &GroupDescription, output: Output) -> Result<(), Failure> {
    if output.json {
        return Ok(output.line("", &described(group))?);
    }
    let kind = if group.is_consumer_group { "consumer protocol" } else { "classic protocol" };
    let epoch = group.epoch.map(|epoch| format!(", epoch {epoch}")).unwrap_or_default();
    let head = format!(
        "{} ({}, {kind}{epoch}, assignor {}, {}, coordinator {} at {})",
        group.group_id,
        group.state,
        or_dash(&group.assignor),
        plural(group.members.len() as u64, "member"),
        group.coordinator.id,
        group.coordinator.address,
    );
    output.line(&head, &Value::Null)?;
    if group.members.is_empty() {
        return Ok(());
    }
    let mut table = table(&["  MEMBER", "INSTANCE", "CLIENT", "HOST", "EPOCH", "READS", "SHALL READ"], &[4]);
    for member in &group.members {
        let target = member.target.as_deref().filter(|target| *target != member.assigned);
        table.add_row([
            format!("  {}", member.member_id),
            or_dash(member.instance_id.as_deref().unwrap_or_default()),
            or_dash(&member.client_id),
            or_dash(&member.host),
            member.epoch.map_or("-".to_owned(), |epoch| epoch.to_string()),
            partitions(&member.assigned),
            target.map_or("-".to_owned(), partitions),
        ]);
    }
    Ok(output.table(&table)?)
}

/// `orders:0,1 returns:0`.
pub(super) fn partitions(partitions: &[TopicPartition]) -> String {
    let of_topic = |of: &[TopicPartition]| {
        let numbers: Vec<String> = of.iter().map(|partition| partition.partition.to_string()).collect();
        format!("{}:{}", of[0].topic, numbers.join(","))
    };
    let topics: Vec<String> = partitions.chunk_by(|a, b| a.topic == b.topic).map(of_topic).collect();
    or_dash(&topics.join(" "))
}

fn described(group: &GroupDescription) -> Value {
    json!({
        "group": group.group_id,
        "state": group.state,
        "type": if group.is_consumer_group { "consumer" } else { "classic" },
        "protocol": group.protocol_type,
        "assignor": group.assignor,
        "epoch": group.epoch,
        "assignment_epoch": group.assignment_epoch,
        "coordinator": group.coordinator.id.0,
        "members": group.members.iter().map(member).collect::<Vec<_>>(),
    })
}

fn member(member: &GroupMember) -> Value {
    let list = |partitions: &[TopicPartition]| {
        let one = |of: &TopicPartition| json!({"topic": of.topic, "partition": of.partition.0});
        partitions.iter().map(one).collect::<Vec<_>>()
    };
    json!({
        "member": member.member_id,
        "instance": member.instance_id,
        "client": member.client_id,
        "host": member.host,
        "rack": member.rack,
        "epoch": member.epoch,
        "topics": member.topics,
        "pattern": member.pattern,
        "assigned": list(&member.assigned),
        "target": member.target.as_deref().map(list),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use client::PartitionIndex;

    #[test]
    fn partitions_are_shown_by_topic() {
        let of = |(topic, partition): (&str, i32)| TopicPartition {
            topic: topic.to_owned(),
            partition: PartitionIndex(partition),
        };
        assert_eq!(partitions(&[("a", 0), ("a", 2), ("b", 1)].map(of)), "a:0,2 b:1");
        assert_eq!(partitions(&[]), "-");
    }
}
