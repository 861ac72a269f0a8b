//! `ottla group reset`.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;

use client::{
    Admin, CommittedOffset, ErrorCode, Offset, OffsetFound, OffsetSpec, PartitionIndex, Refusal, Timestamp,
    TopicPartition,
};
use serde_json::{Value, json};

use super::plan::{Known, Scope, Target, from_file, resolve, scope};
use super::when;
use crate::failure::Failure;
use crate::output::{Output, table};
use crate::text::plural;

/// Move where a group goes on; without --execute it is only shown
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ottla group reset readers --all-topics --to-earliest
  ottla group reset readers --topic orders --to-datetime 2026-11-21T14:00:00Z --execute
  ottla group reset readers --topic orders:0,3 --shift-by -100 --execute
  ottla group reset readers --topic orders --by-duration 2h --execute
  ottla group reset readers --from-file offsets.csv --execute

The group must have no members. Offsets beyond what a partition has become its first or its end.")]
pub struct Reset {
    /// The group; one that is not there is created
    group: String,
    /// Only this topic, all of it or some partitions; may be repeated
    #[arg(long, value_name = "TOPIC[:P,..]", value_parser = scope)]
    topic: Vec<Scope>,
    /// All topics of which the group has committed something
    #[arg(long, conflicts_with = "topic")]
    all_topics: bool,
    #[command(flatten)]
    to: To,
    /// Do it
    #[arg(long)]
    execute: bool,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct To {
    /// To this offset
    #[arg(long, value_name = "OFFSET", value_parser = clap::value_parser!(i64).range(0..))]
    to_offset: Option<i64>,
    /// To the first record there is
    #[arg(long)]
    to_earliest: bool,
    /// Behind the last record there is
    #[arg(long)]
    to_latest: bool,
    /// So many records forward, or back when negative, from what is committed
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    shift_by: Option<i64>,
    /// To the first record of this time or a later one; in UTC when no offset is given
    #[arg(long, value_name = "TIME", value_parser = when::datetime)]
    to_datetime: Option<i64>,
    /// To the first record since so long ago, such as 2h or P1DT2H
    #[arg(long, value_name = "DURATION", value_parser = when::duration)]
    by_duration: Option<i64>,
    /// To the offsets in a file of lines `topic,partition,offset`
    #[arg(long, value_name = "FILE", conflicts_with_all = ["topic", "all_topics"])]
    from_file: Option<PathBuf>,
}

/// What is to become of a partition.
struct Step {
    partition: TopicPartition,
    before: Option<Offset>,
    after: Offset,
    latest: Offset,
}

/// Does what the command says.
pub async fn run(args: &Reset, admin: &Admin, output: Output) -> Result<(), Failure> {
    let committed = committed(&args.group, admin).await?;
    let wanted = wanted(args, &committed, admin).await?;
    let steps = plan(args, wanted, &committed, admin).await?;
    if !args.execute {
        return show(&steps, None, output);
    }
    let outcomes = execute(&args.group, &steps, admin).await?;
    show(&steps, Some(&outcomes), output)?;
    let failed = steps.iter().find_map(|step| outcomes.get(&step.partition).map_or_else(silent, |it| it.clone().err()));
    failed.map_or(Ok(()), |refusal| Err(refusal.into()))
}

/// What the broker said of each partition.
type Outcomes = BTreeMap<TopicPartition, Result<(), Refusal>>;

/// A partition of which the broker said nothing is not known to be done.
fn silent() -> Option<Refusal> {
    let message = Some("the broker did not say whether all offsets are stored".to_owned());
    Some(Refusal { subject: "the offsets".to_owned(), code: ErrorCode::UNKNOWN_SERVER_ERROR, message })
}

async fn committed(group: &str, admin: &Admin) -> Result<BTreeMap<TopicPartition, Offset>, Failure> {
    match admin.group_offsets(group, None).await {
        Ok(offsets) => offsets.into_iter().map(|(of, committed)| Ok((of, committed?.offset))).collect(),
        Err(error) if error.code() == Some(ErrorCode::GROUP_ID_NOT_FOUND) => Ok(BTreeMap::new()),
        Err(error) => Err(error.into()),
    }
}

/// The partitions, and where a file has them go.
async fn wanted(
    args: &Reset,
    committed: &BTreeMap<TopicPartition, Offset>,
    admin: &Admin,
) -> Result<BTreeMap<TopicPartition, Option<Offset>>, Failure> {
    if let Some(path) = &args.to.from_file {
        let mut text = String::new();
        crate::file::open(path)?.0.read_to_string(&mut text)?;
        let offsets =
            from_file(&text, &args.group).map_err(|wrong| Failure::usage(format!("{}: {wrong}", path.display())))?;
        return Ok(offsets.into_iter().map(|(partition, offset)| (partition, Some(offset))).collect());
    }
    if args.all_topics {
        if committed.is_empty() {
            return Err(Failure::failed(format!(
                "group `{}` has committed nothing, name topics with --topic",
                args.group
            )));
        }
        let mut topics: Vec<Scope> = Vec::new();
        for partition in committed.keys() {
            if topics.last().is_none_or(|last| last.topic != partition.topic) {
                topics.push(Scope { topic: partition.topic.clone(), partitions: Vec::new() });
            }
        }
        return partitions(&topics, admin).await;
    }
    if args.topic.is_empty() {
        return Err(Failure::usage("name topics with --topic, or all with --all-topics"));
    }
    partitions(&args.topic, admin).await
}

async fn partitions(scopes: &[Scope], admin: &Admin) -> Result<BTreeMap<TopicPartition, Option<Offset>>, Failure> {
    let names: Vec<&str> = scopes.iter().map(|scope| scope.topic.as_str()).collect();
    let mut described: BTreeMap<String, _> = admin.describe_topics(&names).await?.into_iter().collect();
    let mut wanted = BTreeMap::new();
    for Scope { topic, partitions } in scopes {
        // A topic may be named twice, with other partitions.
        let all: Vec<PartitionIndex> = match described.get_mut(topic) {
            Some(Ok(topic)) => topic.partitions.iter().map(|partition| partition.index).collect(),
            Some(Err(refusal)) => return Err(refusal.clone().into()),
            None => Vec::new(),
        };
        let chosen = if partitions.is_empty() { &all } else { partitions };
        let named = |&partition: &PartitionIndex| (TopicPartition { topic: topic.clone(), partition }, None);
        wanted.extend(chosen.iter().map(named));
    }
    Ok(wanted)
}

async fn plan(
    args: &Reset,
    wanted: BTreeMap<TopicPartition, Option<Offset>>,
    committed: &BTreeMap<TopicPartition, Offset>,
    admin: &Admin,
) -> Result<Vec<Step>, Failure> {
    let earliest = look_up(&wanted, OffsetSpec::Earliest, admin).await?;
    let latest = look_up(&wanted, OffsetSpec::Latest, admin).await?;
    let since = match (args.to.to_datetime, args.to.by_duration) {
        (Some(ms), _) => Some(ms),
        (_, Some(ago)) => Some(when::since(now_ms(), ago)),
        _ => None,
    };
    let by_time = match since {
        Some(ms) => look_up(&wanted, OffsetSpec::At(Timestamp(ms)), admin).await?,
        None => BTreeMap::new(),
    };
    let mut steps = Vec::new();
    for (partition, from_file) in wanted {
        let of = |found: &BTreeMap<TopicPartition, OffsetFound>| found.get(&partition).and_then(|found| found.offset);
        let before = committed.get(&partition).copied();
        let latest = of(&latest).unwrap_or_default();
        let known = Known { earliest: of(&earliest).unwrap_or_default(), latest, committed: before };
        let target = match (&args.to, from_file) {
            (_, Some(offset)) => Target::Offset(offset),
            (To { to_offset: Some(offset), .. }, _) => Target::Offset(Offset(*offset)),
            (To { to_earliest: true, .. }, _) => Target::Earliest,
            (To { shift_by: Some(by), .. }, _) => Target::ShiftBy(*by),
            // No record is as late: all are read.
            (To { to_datetime: Some(_), .. } | To { by_duration: Some(_), .. }, _) => {
                of(&by_time).map_or(Target::Latest, Target::Offset)
            }
            _ => Target::Latest,
        };
        let nothing = || Failure::failed(format!("nothing is committed of {partition}, from which to shift"));
        let after = resolve(target, known).ok_or_else(nothing)?;
        steps.push(Step { partition, before, after, latest });
    }
    Ok(steps)
}

#[expect(clippy::disallowed_methods, reason = "a duration counts from now by the user's own clock")]
fn now_ms() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}

async fn look_up(
    wanted: &BTreeMap<TopicPartition, Option<Offset>>,
    spec: OffsetSpec,
    admin: &Admin,
) -> Result<BTreeMap<TopicPartition, OffsetFound>, Failure> {
    let wanted: Vec<_> = wanted.keys().map(|partition| (partition.clone(), spec)).collect();
    let found = admin.list_offsets(&wanted).await?;
    found.into_iter().map(|(partition, found)| Ok((partition, found?))).collect()
}

/// Shows what was done, or without outcomes what would be.
fn show(steps: &[Step], outcomes: Option<&Outcomes>, output: Output) -> Result<(), Failure> {
    let is_done = |step: &Step| outcomes.is_some_and(|outcomes| matches!(outcomes.get(&step.partition), Some(Ok(()))));
    if output.json {
        return Ok(steps.iter().try_for_each(|step| output.line("", &line(step, is_done(step))))?);
    }
    let mut table = table(&["TOPIC", "PARTITION", "FROM", "TO", "LAG THEN"], &[1, 2, 3, 4]);
    for step in steps {
        let Step { partition, before, after, latest } = step;
        let fails = outcomes.is_some() && !is_done(step);
        table.add_row([
            partition.topic.clone(),
            partition.partition.to_string(),
            before.map_or("-".to_owned(), |before| before.to_string()),
            if fails { "not moved".to_owned() } else { after.to_string() },
            if fails { "-".to_owned() } else { (*latest - *after).to_string() },
        ]);
    }
    output.table(&table)?;
    if outcomes.is_none() {
        let said = format!("nothing was changed: --execute moves {}", plural(steps.len() as u64, "partition"));
        output.line(&said, &Value::Null)?;
    }
    Ok(())
}

fn line(step: &Step, is_done: bool) -> Value {
    json!({
        "topic": step.partition.topic,
        "partition": step.partition.partition.0,
        "from": step.before.map(|before| before.0),
        "to": step.after.0,
        "lag": step.latest - step.after,
        "executed": is_done,
    })
}

async fn execute(group: &str, steps: &[Step], admin: &Admin) -> Result<Outcomes, Failure> {
    let offsets: BTreeMap<TopicPartition, CommittedOffset> =
        steps.iter().map(|step| (step.partition.clone(), step.after.into())).collect();
    let outcomes: Outcomes = admin.alter_group_offsets(group, &offsets).await?.into_iter().collect();
    if outcomes.values().any(|outcome| outcome.as_ref().is_err_and(|refusal| is_in_use(refusal.code))) {
        let said = format!("group `{group}` has members, nothing was changed: stop them first");
        return Err(Failure::failed(said));
    }
    Ok(outcomes)
}

/// Who is no member may not commit for a group that has some.
fn is_in_use(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::UNKNOWN_MEMBER_ID | ErrorCode::REBALANCE_IN_PROGRESS | ErrorCode::ILLEGAL_GENERATION)
}
