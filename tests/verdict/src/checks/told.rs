//! Ends, starts and leader epochs that clients are told never go back in real time, nor is an end told that is before
//! what is already acknowledged.

use std::collections::HashMap;

use crate::event::Phase;
use crate::history::History;
use crate::log::{Era, Told};
use crate::{Class, Violation};

/// All three, in every partition.
pub fn check(history: &mut History) {
    let mut acked: HashMap<u32, Vec<Told>> = HashMap::new();
    for batch in history.sends.batches.iter().filter(|batch| batch.acks_all && batch.outcome == Phase::Ok) {
        if batch.offset >= 0 {
            let (invoked_ns, heard_ns, era) = (batch.invoked_ns, batch.done_ns, history.era(batch.incarnation));
            let told = Told { invoked_ns, heard_ns, era, offset: batch.offset + i64::from(batch.count) };
            acked.entry(batch.partition).or_default().push(told);
        }
    }
    let mut found = Vec::new();
    for (partition, log) in history.logs.iter().filter(|(_, log)| !log.topic_deleted) {
        let mut ends = acked.remove(partition).unwrap_or_default();
        ends.extend_from_slice(&log.ends);
        let starts = log.starts.iter().chain(&log.deleted).copied().collect();
        found.extend(went_back(Class::EndWentBack, *partition, log.ends.iter().chain(&log.end_bounds), ends));
        found.extend(went_back(Class::StartWentBack, *partition, &log.starts, starts));
        found.extend(went_back(Class::EpochWentBack, *partition, &log.epochs, log.epochs.clone()));
    }
    history.found.extend(found);
}

/// The first of `told` that is less than what was `heard` before it was asked for, in the same era.
fn went_back<'a>(
    class: Class,
    partition: u32,
    told: impl IntoIterator<Item = &'a Told>,
    mut heard: Vec<Told>,
) -> Option<Violation> {
    heard.sort_unstable_by_key(|told| told.heard_ns);
    let mut asked: Vec<&Told> = told.into_iter().collect();
    asked.sort_unstable_by_key(|told| told.invoked_ns);
    let mut most: HashMap<Era, i64> = HashMap::new();
    let mut heard = heard.into_iter().peekable();
    for told in asked {
        while let Some(earlier) = heard.next_if(|earlier| earlier.heard_ns < told.invoked_ns) {
            let most = most.entry(earlier.era).or_insert(earlier.offset);
            *most = earlier.offset.max(*most);
        }
        if let Some(most) = most.get(&told.era).filter(|most| **most > told.offset) {
            let what = format!("told {} after {most} was known", told.offset);
            return Some(Violation::new(class, partition, told.offset, 0, what));
        }
    }
    None
}
