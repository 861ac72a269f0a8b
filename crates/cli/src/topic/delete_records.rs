//! `ottla topic delete-records`.

use client::{Admin, DeleteBefore, Offset, PartitionIndex, TopicPartition};
use serde_json::json;

use crate::confirm::confirm;
use crate::failure::Failure;
use crate::output::Output;

/// Delete the oldest records of a partition for ever
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ottla topic delete-records orders --partition 0 --before 1000
  ottla topic delete-records orders --partition 0 --before end --yes")]
pub struct DeleteRecords {
    /// The topic
    name: String,
    /// The partition
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(i32).range(0..))]
    partition: i32,
    /// The first offset to keep, or `end` to keep nothing of what is there
    #[arg(long, value_name = "OFFSET", value_parser = before)]
    before: DeleteBefore,
    /// Do not ask; nothing is asked either when stdin is not a terminal
    #[arg(short, long)]
    yes: bool,
}

fn before(text: &str) -> Result<DeleteBefore, String> {
    match text.parse::<i64>() {
        Ok(offset @ 0..) => Ok(DeleteBefore::Offset(Offset(offset))),
        _ if text == "end" => Ok(DeleteBefore::End),
        _ => Err("an offset is a number from 0, or `end`".to_owned()),
    }
}

/// Does what the command says.
pub async fn run(args: &DeleteRecords, admin: &Admin, output: Output) -> Result<(), Failure> {
    let partition = TopicPartition { topic: args.name.clone(), partition: PartitionIndex(args.partition) };
    let which = match args.before {
        DeleteBefore::Offset(offset) => format!("all records below offset {offset}"),
        DeleteBefore::End => "all records".to_owned(),
    };
    confirm(args.yes, &format!("delete {which} of {partition}?"), "nothing was deleted")?;
    let start = admin.delete_records(&partition, args.before).await?;
    let said = json!({"name": args.name, "partition": args.partition, "earliest": start.0});
    Ok(output.line(&format!("{partition} begins at offset {start}"), &said)?)
}
