//! What was acknowledged or read is in the final read, but for what deletions and cuts may take.

use crate::event::Phase;
use crate::history::History;
use crate::log::{ACKED, Era, FINAL, Item, Log, SEEN};
use crate::{Class, Options, Violation};

/// Judges every record that is not in its partition's final read.
pub fn check(history: &mut History, options: &Options) {
    let eras = history.last_era();
    let mut found = Vec::new();
    let mut lost_to_cuts = 0;
    for (partition, log) in history.logs.iter().filter(|(_, log)| !log.topic_deleted) {
        let accuse =
            |class, offset, value, what: &str| Violation::new(class, *partition, offset, value, what.to_owned());
        let Some((start, _)) = log.final_range else {
            if let Some((offset, item)) = log.items().find(|(_, item)| item.how & ACKED != 0) {
                found.push(accuse(Class::Unread, offset, item.value, "no final read of a partition that was written"));
            }
            continue;
        };
        if start > log.start_asked && !options.retention {
            found.push(accuse(Class::UnaskedDeletion, start - 1, 0, "the log starts later than anybody asked for"));
        }
        let survivors = survivors(history, log);
        for (offset, item) in log.items().filter(|(offset, item)| item.how & FINAL == 0 && *offset >= start) {
            let item = Item { first: surely_since(history, item), ..*item };
            match loss(offset, &item, &survivors, options) {
                None => lost_to_cuts += 1,
                Some((class, what)) => found.push(accuse(class, offset, item.value, what)),
            }
        }
    }
    history.counts.lost_to_cuts = lost_to_cuts;
    found.extend(unplaced(history, eras));
    found.retain(|violation| {
        let is_loss = matches!(violation.class, Class::LostWrite | Class::UnstableRead);
        !is_loss || !options.damage.explains(violation.partition, violation.offset)
    });
    history.found.extend(found);
}

/// Since when a record has been there without a break. A producer that was not answered before a cut sends again after it,
/// and what it sends may come to lie where it was.
pub fn surely_since(history: &History, item: &Item) -> Era {
    let batch = history.sends.find(item.value).map(|sent| history.sends.batch_of(sent));
    match batch.filter(|batch| batch.producer.0 >= 0) {
        Some(batch) if batch.outcome == Phase::Ok => history.era(batch.incarnation).clamp(item.first, item.last),
        Some(_) => item.last,
        None => item.first,
    }
}

/// For each cut the largest offset that was known before it and after it.
fn survivors(history: &History, log: &Log) -> Vec<i64> {
    let eras = history.last_era();
    let mut survivors = vec![-1; usize::from(eras)];
    // What is known to the end counts for every cut after its first era: noted there, then carried on.
    let mut to_the_end = survivors.clone();
    for (offset, item) in log.items().filter(|(_, item)| item.first < item.last) {
        let first = surely_since(history, item);
        if first == item.last {
            continue;
        }
        if item.last == eras {
            let at = &mut to_the_end[usize::from(first)];
            *at = offset.max(*at);
        } else {
            let cuts = &mut survivors[usize::from(first)..usize::from(item.last)];
            cuts.iter_mut().for_each(|at| *at = offset.max(*at));
        }
    }
    let mut reached = -1;
    for (at, end) in survivors.iter_mut().zip(to_the_end) {
        reached = end.max(reached);
        *at = reached.max(*at);
    }
    survivors
}

/// None when some cut explains that the record is gone: it took all that is known to have been behind it, too.
fn loss(offset: i64, item: &Item, survivors: &[i64], options: &Options) -> Option<(Class, &'static str)> {
    if options.recovered_is_durable && item.first < item.last && item.how & SEEN != 0 {
        return Some((Class::UnstableRead, "shown after one cut, gone after another"));
    }
    let later_cuts = survivors.get(usize::from(item.last)..).unwrap_or_default();
    if later_cuts.iter().any(|survivor| offset > *survivor) {
        return None;
    }
    Some(if !later_cuts.is_empty() {
        (Class::HoleAfterCut, "a cut took it and left what was behind it")
    } else if item.how & ACKED != 0 {
        (Class::LostWrite, "acknowledged, and not in the final read")
    } else {
        (Class::UnstableRead, "given to a consumer, and not in the final read")
    })
}

/// Sends that were acknowledged without a place and that nobody ever saw.
fn unplaced(history: &History, eras: Era) -> Vec<Violation> {
    let is_read = |partition: u32| {
        let log = history.logs.get(&partition);
        log.is_some_and(|log| !log.topic_deleted && log.start_asked == 0 && log.final_range.is_some())
    };
    let acked = history.sends.batches.iter().filter(|batch| batch.outcome == Phase::Ok && batch.offset < 0);
    let lost = acked.filter(|batch| {
        let unseen = history.sends.find(batch.first_value).is_some_and(|sent| sent.offset < 0);
        unseen && is_read(batch.partition) && history.era(batch.incarnation) == eras
    });
    let what = "acknowledged without an offset, and nowhere in the final read";
    lost.map(|batch| Violation::new(Class::LostWrite, batch.partition, -1, batch.first_value, what.to_owned()))
        .collect()
}
