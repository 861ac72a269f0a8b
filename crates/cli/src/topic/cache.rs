//! `ottla topic describe --cache`: how much of each log is in the page cache.

use std::collections::BTreeMap;

use client::{LogDescription, PartitionIndex};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output::{Output, table};
use crate::text::size;

/// What the leaders of a topic tell.
pub type Logs = BTreeMap<PartitionIndex, LogDescription>;

/// What brokers that are not Ottla's leave out.
const NOT_TOLD: &str = "  (the broker does not tell what is in its page cache: only Ottla's does)";
/// What Ottla's leave out on an older system, and of logs that would take long.
const NOT_KNOWN: &str =
    "  (-: the broker's system does not tell what is in its page cache, or the log has more than 1024 segments)";

/// For people.
pub fn show(logs: &Logs, output: Output) -> Result<(), Failure> {
    let head = ["  PARTITION", "SIZE", "CACHED", "CACHED %", "FETCHED", "FROM DISK", "HIT %", "HOT FROM"];
    let mut table = table(&head, &[0, 1, 2, 3, 4, 5, 6, 7]);
    for (index, log) in logs {
        table.add_row(row(*index, log));
    }
    output.table(&table)?;
    if logs.values().any(|log| log.reads.is_none()) {
        output.line(NOT_TOLD, &Value::Null)?;
    } else if logs.values().any(|log| log.cached.is_none()) {
        output.line(NOT_KNOWN, &Value::Null)?;
    }
    Ok(())
}

fn row(index: PartitionIndex, log: &LogDescription) -> [String; 8] {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    [
        index.to_string(),
        size(log.size_bytes),
        or_dash(log.cached.map(|cached| size(cached.bytes))),
        or_dash(cached_percent(log).map(percent)),
        or_dash(log.reads.map(|reads| size(reads.fetched_bytes))),
        or_dash(log.reads.map(|reads| size(reads.cold_bytes))),
        or_dash(hit_percent(log).map(percent)),
        or_dash(log.cached.map(|cached| cached.hot_from.to_string())),
    ]
}

/// For scripts; null is unknown.
pub fn described(log: Option<&LogDescription>) -> Value {
    let (reads, cached) = (log.and_then(|log| log.reads), log.and_then(|log| log.cached));
    json!({
        "size": log.map(|log| log.size_bytes),
        "cached": cached.map(|cached| cached.bytes),
        "cached_percent": log.and_then(cached_percent),
        "fetched": reads.map(|reads| reads.fetched_bytes),
        "from_disk": reads.map(|reads| reads.cold_bytes),
        "hit_percent": log.and_then(hit_percent),
        "hot_from": cached.map(|cached| cached.hot_from.0),
    })
}

/// Of an empty log there is no part.
fn cached_percent(log: &LogDescription) -> Option<f64> {
    part(log.cached?.bytes, log.size_bytes)
}

/// What was fetched and was in the page cache already. What is fetched again after it was evicted can be missed twice.
fn hit_percent(log: &LogDescription) -> Option<f64> {
    let reads = log.reads?;
    part(reads.fetched_bytes.saturating_sub(reads.cold_bytes), reads.fetched_bytes)
}

fn part(bytes: u64, of: u64) -> Option<f64> {
    (of > 0).then(|| 100.0 * bytes.min(of) as f64 / of as f64)
}

/// 100 is all of it and 0 nothing, however large the log.
fn percent(percent: f64) -> String {
    let rounded = (percent * 10.0).round() / 10.0;
    let shown = if percent > 0.0 && percent < 100.0 { rounded.clamp(0.1, 99.9) } else { rounded };
    format!("{shown:.1}")
}

#[cfg(test)]
mod tests {
    use client::{CachedLog, LogReads, Offset};

    use super::*;

    #[test]
    fn a_log_is_shown_with_what_is_known_of_it() {
        let reads = LogReads { fetched_bytes: 4096, cold_bytes: 1024 };
        let cached = CachedLog { bytes: 2047, hot_from: Offset(17) };
        let log = LogDescription { size_bytes: 2048, reads: Some(reads), cached: Some(cached) };
        let shown = ["3", "2.0 KiB", "2.0 KiB", "99.9", "4.0 KiB", "1.0 KiB", "75.0", "17"];
        assert_eq!(row(PartitionIndex(3), &log), shown);
        let unread = LogDescription { reads: Some(LogReads { fetched_bytes: 0, cold_bytes: 0 }), size_bytes: 0, ..log };
        let shown = ["0", "0 B", "2.0 KiB", "-", "0 B", "0 B", "-", "17"];
        assert_eq!(row(PartitionIndex(0), &unread), shown, "nothing is no part of nothing");
        let kafka = LogDescription { size_bytes: 2048, reads: None, cached: None };
        assert_eq!(row(PartitionIndex(0), &kafka), ["0", "2.0 KiB", "-", "-", "-", "-", "-", "-"]);
        assert_eq!(described(Some(&kafka))["size"], 2048);
        assert_eq!((&described(Some(&log))["hot_from"], &described(None)["cached"]), (&17.into(), &Value::Null));
    }

    #[test]
    fn only_all_is_shown_as_all() {
        assert_eq!([0.0, 0.001, 50.0, 99.99, 100.0].map(percent), ["0.0", "0.1", "50.0", "99.9", "100.0"]);
    }
}
