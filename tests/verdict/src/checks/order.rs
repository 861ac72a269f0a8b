//! Producers' orders and real time are the order of the log.

use std::collections::HashMap;

use crate::event::Phase;
use crate::facts::{Batch, Sends};
use crate::history::History;
use crate::log::{FINAL, Log};
use crate::{Class, Options, Violation};

/// Both orders, over what was not lost.
pub fn check(history: &mut History, options: &Options) {
    let mut found = Vec::new();
    for (partition, log) in &history.logs {
        real_time(*partition, log, &history.sends, &mut found);
    }
    sequences(history, options, &mut found);
    history.found.extend(found);
}

/// Whatever lies before an acknowledged record was begun before that acknowledgement came.
fn real_time(partition: u32, log: &Log, sends: &Sends, found: &mut Vec<Violation>) {
    let (mut last_begun, mut of) = (0, 0);
    let mut reached = -1;
    for (offset, item) in log.items().filter(|(_, item)| item.how & FINAL != 0 || log.final_range.is_none()) {
        let Some(sent) = sends.find(item.value) else { continue };
        if offset < reached {
            break;
        }
        reached = offset;
        let batch = sends.batch_of(sent);
        if batch.outcome == Phase::Ok && batch.done_ns < last_begun {
            let what = format!("acknowledged before {of:#x} was sent, which lies before it");
            found.push(Violation::new(Class::RealTime, partition, offset, item.value, what));
        }
        if batch.invoked_ns > last_begun {
            (last_begun, of) = (batch.invoked_ns, item.value);
        }
    }
}

/// What an idempotent producer sent to a partition lies there in the order of its sequences, nothing left out before
/// something acknowledged; and the records of any batch lie together.
fn sequences(history: &History, options: &Options, found: &mut Vec<Violation>) {
    type Row = (i64, i16, u32);
    let mut rows: HashMap<Row, (i64, Option<u64>)> = HashMap::new();
    for batch in &history.sends.batches {
        let Some(log) = history.logs.get(&batch.partition) else { continue };
        let place = place(&history.sends, log, batch, found);
        if batch.producer.0 < 0 {
            continue;
        }
        let (last, missing) = rows.entry((batch.producer.0, batch.producer.1, batch.partition)).or_insert((-1, None));
        let accuse =
            |what: String| Violation::new(Class::SendReordered, batch.partition, place, batch.first_value, what);
        let complete = log.final_range.is_some_and(|(start, _)| start == 0) && !log.topic_deleted;
        if place < 0 {
            let kept = history.last_era() == 0 && complete && !options.damage.is_in(batch.partition);
            *missing = missing.or(kept.then_some(batch.first_value));
            continue;
        }
        if place <= *last {
            found.push(accuse(format!("sequence {} lies before an earlier one at {last}", batch.sequence)));
        }
        if let Some(left_out) = missing {
            found.push(accuse(format!("there, though {left_out:#x} with a lower sequence is not")));
        }
        *last = place;
    }
}

/// Where a batch begins, -1 when it is not there (any more).
fn place(sends: &Sends, log: &Log, batch: &Batch, found: &mut Vec<Violation>) -> i64 {
    let Some(first) = sends.find(batch.first_value) else { return -1 };
    for (nth, value) in Sends::values(batch).enumerate() {
        let Some(sent) = sends.find(value) else { continue };
        let moved = sends.elsewhere.contains_key(&value) || sends.elsewhere.contains_key(&batch.first_value);
        if first.offset >= 0 && sent.offset >= 0 && !moved && sent.offset != first.offset + nth as i64 {
            let what = format!("record {nth} of a batch that begins at {}", first.offset);
            found.push(Violation::new(Class::SendReordered, batch.partition, sent.offset, value, what));
        }
    }
    let is_there = |offset: i64| {
        let here = log.find(offset, batch.first_value);
        here.is_some_and(|item| item.how & FINAL != 0 || log.final_range.is_none())
    };
    let elsewhere = sends.elsewhere.get(&batch.first_value).into_iter().flatten().copied();
    std::iter::once(first.offset).chain(elsewhere).find(|offset| is_there(*offset)).unwrap_or(-1)
}
