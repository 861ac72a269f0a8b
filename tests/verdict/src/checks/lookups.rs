//! Look-ups by timestamp against the final read.

use crate::event::Phase;
use crate::facts::Sends;
use crate::history::History;
use crate::log::{Era, Log, Lookup};
use crate::{Class, Options, Violation};

/// Kafka's "the record with the largest timestamp".
const MAX_TIMESTAMP: i64 = -3;

/// Every look-up of the last era. An answer before the final start was right or wrong about records that nobody has.
pub fn check(history: &mut History, options: &Options) {
    let mut found = Vec::new();
    // What is missing from a damaged log was there when it was looked up.
    for (partition, log) in history.logs.iter().filter(|(partition, _)| !options.damage.is_in(**partition)) {
        if let Some((start, end)) = log.final_range.filter(|_| !log.lookups.is_empty() && !log.topic_deleted) {
            let judged = Judged::new(log, &history.sends, start, end, history.last_era());
            found.extend(log.lookups.iter().filter_map(|lookup| {
                let (offset, what) = judged.wrong(lookup)?;
                let what = format!("asked for {}: {what}", lookup.asked);
                Some(Violation::new(Class::WrongLookup, *partition, offset, 0, what))
            }));
        }
    }
    history.found.extend(found);
}

struct Judged<'a> {
    log: &'a Log,
    sends: &'a Sends,
    start: i64,
    /// The largest timestamp up to each offset of the final read.
    largest: Vec<i64>,
    era: Era,
}

impl<'a> Judged<'a> {
    fn new(log: &'a Log, sends: &'a Sends, start: i64, end: i64, era: Era) -> Judged<'a> {
        let mut judged = Judged { log, sends, start, largest: Vec::new(), era };
        let mut most = i64::MIN;
        for offset in start..end {
            most = judged.timestamp(offset).unwrap_or(i64::MIN).max(most);
            judged.largest.push(most);
        }
        judged
    }

    fn timestamp(&self, offset: i64) -> Option<i64> {
        Some(self.sends.find(self.log.in_final(offset)?.value)?.timestamp)
    }

    /// Whether a record was there before the look-up began.
    fn was_there(&self, offset: i64, lookup: &Lookup) -> bool {
        let sent = self.log.in_final(offset).and_then(|item| self.sends.find(item.value));
        let batch = sent.map(|sent| self.sends.batch_of(sent));
        let is_before = |done_ns: u64| done_ns < lookup.told.invoked_ns;
        batch.is_some_and(|batch| batch.acks_all && batch.outcome == Phase::Ok && is_before(batch.done_ns))
    }

    /// The offset and what is wrong.
    fn wrong(&self, lookup: &Lookup) -> Option<(i64, String)> {
        let offset = lookup.told.offset;
        if lookup.told.era != self.era || (0..self.start).contains(&offset) {
            return None;
        }
        if lookup.asked == MAX_TIMESTAMP {
            return self.wrong_largest(offset, lookup);
        }
        let first = self.start + self.largest.partition_point(|most| *most < lookup.asked) as i64;
        if offset < 0 {
            let missed = self.was_there(first, lookup);
            return missed.then(|| (first, format!("told none, {first} was there")));
        }
        if offset != first {
            return Some((offset, format!("told {offset}, {first} is the first")));
        }
        let timestamp = self.timestamp(offset);
        (timestamp != Some(lookup.timestamp)).then(|| (offset, format!("told the timestamp {}", lookup.timestamp)))
    }

    fn wrong_largest(&self, offset: i64, lookup: &Lookup) -> Option<(i64, String)> {
        let at = usize::try_from(offset - self.start).ok()?;
        let most = self.largest.get(at)?;
        (*most != lookup.timestamp).then(|| (offset, format!("told {}, up to there it is {most}", lookup.timestamp)))
    }
}
