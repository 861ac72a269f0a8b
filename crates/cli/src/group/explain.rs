//! `ottla group explain`.

use client::{Admin, CallError, GroupHappening, RequestError};
use serde_json::json;

use crate::failure::Failure;
use crate::output::{Output, table};
use crate::text::{count, time};

/// Tell what has happened to a group, and why: who came and left, what began a rebalance, how long each phase took
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ottla group explain readers
  ottla group explain readers --json | jq -r '.text'

Only Ottla tells this, of what has happened since the coordinator started, in memory alone.")]
pub struct Explain {
    /// The group
    group: String,
}

/// Does what the command says.
pub async fn run(args: &Explain, admin: &Admin, output: Output) -> Result<(), Failure> {
    let happenings = match admin.explain_group(&args.group).await {
        Err(RequestError::Call(CallError::Closed { address, .. })) => {
            return Err(Failure::failed(format!(
                "{address} cannot tell: only Ottla remembers what has happened to a group"
            )));
        }
        happenings => happenings?,
    };
    if output.json {
        let line = |(happening, took): (&GroupHappening, Option<i64>)| json!({"timestamp": happening.timestamp.0, "after_ms": took, "text": happening.text});
        let lines = happenings.iter().zip(after(&happenings)).map(line);
        return Ok(lines.into_iter().try_for_each(|line| output.line("", &line))?);
    }
    let mut table = table(&["TIME", "AFTER", "WHAT"], &[1]);
    for (happening, after) in happenings.iter().zip(after(&happenings)) {
        table.add_row([time(happening.timestamp), after.map_or("-".to_owned(), span), happening.text.clone()]);
    }
    Ok(output.table(&table)?)
}

/// How long after the one before each came, in milliseconds.
fn after(happenings: &[GroupHappening]) -> impl Iterator<Item = Option<i64>> + '_ {
    let since = |pair: &[GroupHappening]| Some((pair[1].timestamp.0 - pair[0].timestamp.0).max(0));
    std::iter::once(None).chain(happenings.windows(2).map(since))
}

/// `250 ms`, `3.2 s`, `5 min`, `2 h`: enough to see where time went.
fn span(ms: i64) -> String {
    match ms {
        ..1_000 => format!("{ms} ms"),
        1_000..120_000 => format!("{:.1} s", ms as f64 / 1e3),
        120_000..7_200_000 => format!("{} min", ms / 60_000),
        _ => format!("{} h", count((ms / 3_600_000).unsigned_abs())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use client::Timestamp;

    #[test]
    fn each_event_shows_how_long_it_came_after_the_one_before() {
        let at = |ms| GroupHappening { timestamp: Timestamp(ms), text: String::new() };
        assert_eq!(after(&[at(5), at(15), at(10)]).collect::<Vec<_>>(), [None, Some(10), Some(0)]);
        assert_eq!([999, 1_500, 600_000, 7_200_000].map(span), ["999 ms", "1.5 s", "10 min", "2 h"]);
    }
}
