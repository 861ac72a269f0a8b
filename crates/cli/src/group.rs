//! `ottla group`: list, describe, lag, reset, delete, explain.

mod describe;
mod explain;
mod lag;
mod plan;
mod reset;
mod when;

use client::{Admin, GroupListing, Refusal};
use serde_json::json;

use crate::confirm::confirm;
use crate::connect::Connect;
use crate::failure::Failure;
use crate::output::{Output, table};
use crate::text::plural;

const EXAMPLES: &str = "\
Examples:
  ottla group list
  ottla group describe readers
  ottla group lag readers
  ottla group reset readers --all-topics --to-earliest           what would change
  ottla group reset readers --all-topics --to-earliest --execute
  ottla group explain readers";

/// Look after groups of consumers: who is in them, how far they are behind, where they go on
#[derive(Debug, clap::Subcommand)]
#[command(after_help = EXAMPLES)]
pub enum Command {
    List(List),
    Describe(describe::Describe),
    Lag(lag::Lag),
    Reset(reset::Reset),
    Delete(Delete),
    Explain(explain::Explain),
}

/// List all groups
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ottla group list
  ottla group list --state Empty --state Dead
  ottla group list --type consumer --json | jq -r .group")]
pub struct List {
    /// Only groups in this state, such as Stable or Empty; may be repeated
    #[arg(long, value_name = "STATE")]
    state: Vec<String>,
    /// Only groups of this type: classic, consumer; may be repeated
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
}

/// Delete groups that have no members, and all their offsets
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ottla group delete readers
  ottla group delete readers writers --yes")]
pub struct Delete {
    /// The groups
    #[arg(required = true)]
    groups: Vec<String>,
    /// Do not ask; nothing is asked either when stdin is not a terminal
    #[arg(short, long)]
    yes: bool,
}

/// Does what the command says.
pub async fn run(command: Command, connect: &Connect, output: Output) -> Result<(), Failure> {
    let admin = connect.client().await?.admin();
    match command {
        Command::List(args) => list(&args, &admin, output).await,
        Command::Describe(args) => describe::run(&args, &admin, output).await,
        Command::Lag(args) => lag::run(&args, &admin, output).await,
        Command::Reset(args) => reset::run(&args, &admin, output).await,
        Command::Delete(args) => delete(&args, &admin, output).await,
        Command::Explain(args) => explain::run(&args, &admin, output).await,
    }
}

async fn list(args: &List, admin: &Admin, output: Output) -> Result<(), Failure> {
    let states: Vec<&str> = args.state.iter().map(String::as_str).collect();
    let types: Vec<&str> = args.types.iter().map(String::as_str).collect();
    let groups = admin.list_groups(&states, &types).await?;
    if output.json {
        return Ok(groups.iter().try_for_each(|group| output.line("", &listed(group)))?);
    }
    let mut table = table(&["GROUP", "TYPE", "PROTOCOL", "STATE"], &[]);
    for GroupListing { group_id, protocol_type, state, group_type } in groups {
        table.add_row([group_id, or_dash(&group_type), or_dash(&protocol_type), or_dash(&state)]);
    }
    Ok(output.table(&table)?)
}

fn listed(group: &GroupListing) -> serde_json::Value {
    json!({
        "group": group.group_id,
        "type": group.group_type,
        "protocol": group.protocol_type,
        "state": group.state,
    })
}

async fn delete(args: &Delete, admin: &Admin, output: Output) -> Result<(), Failure> {
    let groups = args.groups.join(", ");
    let question = format!("delete {} and all offsets ({groups})?", plural(args.groups.len() as u64, "group"));
    confirm(args.yes, &question, "nothing was deleted")?;
    let groups: Vec<&str> = args.groups.iter().map(String::as_str).collect();
    let mut failed = None;
    for (group, outcome) in admin.delete_groups(&groups).await {
        match outcome {
            Ok(()) => output.line(&format!("deleted group `{group}`"), &json!({"group": group, "deleted": true}))?,
            Err(error) => {
                output.line(&format!("group `{group}`: {error}"), &json!({"group": group, "deleted": false}))?;
                failed = failed.or(Some(error));
            }
        }
    }
    failed.map_or(Ok(()), |error| Err(error.into()))
}

/// Of several refusals the first is told.
fn first(failed: Option<Refusal>, refusal: Refusal) -> Option<Refusal> {
    failed.or(Some(refusal))
}

fn or_dash(text: &str) -> String {
    if text.is_empty() { "-".to_owned() } else { text.to_owned() }
}
