//! The counter-example: what was asked and told around one offset.

use std::fmt::Write as _;
use std::io;

use crate::event::{Entry, Event, Kind, Phase};
use crate::{Ledger, Violation};

/// Offsets shown to each side.
const REACH: i64 = 3;
/// Lines shown; a hot spot has many readers, the first of them tell it all.
const LINES_MAX: usize = 60;

/// The events of the violation's partition that touch its offset ± 3 or its value, in order of time.
pub fn around(ledgers: &[Ledger], violation: &Violation) -> io::Result<String> {
    let mut lines: Vec<(u64, String)> = Vec::new();
    for ledger in ledgers {
        let mut reader = ledger.open()?;
        while let Some((event, entries)) = reader.next_event()? {
            if let Some(line) = line(&event, entries, violation) {
                lines.push((event.time_ns, line));
            }
        }
    }
    lines.sort();
    let left_out = lines.len().saturating_sub(LINES_MAX);
    lines.truncate(LINES_MAX);
    let mut text = String::new();
    for (_, line) in lines {
        let _ = writeln!(text, "  {line}");
    }
    if left_out > 0 {
        let _ = writeln!(text, "  ... and {left_out} more");
    }
    Ok(text)
}

fn line(event: &Event, entries: &[Entry], violation: &Violation) -> Option<String> {
    let nemesis = matches!(event.kind, Kind::Kill | Kind::PowerCut | Kind::Start);
    let here = event.partition == violation.partition;
    let is_near = |offset: i64| violation.offset >= 0 && (offset - violation.offset).abs() <= REACH;
    let own = |value: u64| violation.value != 0 && value == violation.value;
    let near: Vec<&Entry> = entries
        .iter()
        .filter(|entry| own(entry.value) || (here && event.kind != Kind::Send && is_near(entry.offset)))
        .collect();
    let bare = here && event.entries() == 0 && event.kind != Kind::Poll;
    let touches = (bare && (is_near(event.offset) || own(event.value))) || !near.is_empty();
    if !(touches || (nemesis && event.phase != Phase::Invoke)) {
        return None;
    }
    let mut text = format!(
        "{:.6}s client {} {:?} {:?} offset {} value {:#x} aux {} error {} incarnation {}",
        event.time_ns as f64 / 1e9,
        event.client,
        event.kind,
        event.phase,
        event.offset,
        event.value,
        event.aux,
        event.error,
        event.incarnation
    );
    for entry in near {
        let _ = write!(text, " [{}]={:#x}", entry.offset, entry.value);
    }
    Some(text)
}
