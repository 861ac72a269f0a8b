//! One value per offset and one offset per value, within an era.

use super::loss::surely_since;
use crate::Class;
use crate::history::History;
use crate::log::Item;

/// A cut may free an offset for another value, or a value for another offset; nothing else may.
pub fn check(history: &mut History) {
    let mut found = Vec::new();
    for (partition, log) in &history.logs {
        for offset in log.crowded() {
            let items: Vec<&Item> = log.at(offset).collect();
            if let Some([one, other]) = overlapping(history, &items) {
                let what = format!("both {:#x} and {:#x}", one.value, other.value);
                found.push((Class::InconsistentOffsets, *partition, offset, one.value, what));
            }
        }
    }
    for (value, offsets) in &history.sends.elsewhere {
        let Some(sent) = history.sends.find(*value) else { continue };
        let partition = history.sends.batch_of(sent).partition;
        let Some(log) = history.logs.get(&partition) else { continue };
        let items: Vec<&Item> = offsets.iter().filter_map(|offset| log.find(*offset, *value)).collect();
        if overlapping(history, &items).is_some() {
            found.push((Class::Duplicate, partition, offsets[1], *value, format!("at the offsets {offsets:?}")));
        }
    }
    found.into_iter().for_each(|(class, partition, offset, value, what)| {
        history.accuse(class, partition, offset, value, what);
    });
}

/// Two that were known in the same era, or one before and after the other, unless that one was sent again meanwhile: the cut
/// that freed the place for the other may have been followed by one that gave it back.
fn overlapping<'a>(history: &History, items: &[&'a Item]) -> Option<[&'a Item; 2]> {
    let mut sorted = items.to_vec();
    sorted.sort_by_key(|item| (item.first, item.last));
    let came_again = |one: &Item, other: &Item| one.first < other.first && surely_since(history, one) > other.last;
    let is_wrong = |pair: &&[&Item]| pair[1].first <= pair[0].last && !came_again(pair[0], pair[1]);
    sorted.windows(2).find(is_wrong).map(|pair| [pair[0], pair[1]])
}
