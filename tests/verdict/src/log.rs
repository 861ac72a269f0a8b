//! What is known of one partition: which value was at which offset, from which era to which.

use std::collections::HashMap;

/// An era ends with a power cut that may take unsynced records away; without such cuts all is era 0.
pub type Era = u16;

/// The producer was told that it is there.
pub const ACKED: u8 = 1;
/// A consumer was given it.
pub const SEEN: u8 = 2;
/// It is in the final read.
pub const FINAL: u8 = 4;

/// Offsets from here on are kept in a map: an array that long would only be made for a wild offset.
const DENSE_MAX: i64 = 1 << 28;
/// An offset this far beyond the others goes to the map too.
const DENSE_JUMP_MAX: usize = 1 << 22;

/// A value at an offset.
#[derive(Clone, Copy, Debug)]
pub struct Item {
    pub value: u64,
    pub first: Era,
    pub last: Era,
    pub how: u8,
}

/// A time at which something was told: between asking and hearing.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    pub invoked_ns: u64,
    pub heard_ns: u64,
    pub era: Era,
    pub offset: i64,
}

/// A look-up by timestamp and its answer.
#[derive(Clone, Copy, Debug)]
pub struct Lookup {
    pub told: Told,
    pub asked: i64,
    pub timestamp: i64,
}

/// One partition.
#[derive(Default)]
pub struct Log {
    dense: Vec<Option<Item>>,
    sparse: HashMap<i64, Vec<Item>>,
    /// Ends told to consumers: high watermarks and answers of ListOffsets.
    pub ends: Vec<Told>,
    /// Offsets that are no less than the end: a read behind them was refused.
    pub end_bounds: Vec<Told>,
    /// Starts told by ListOffsets and DeleteRecords.
    pub starts: Vec<Told>,
    /// Starts that a DeleteRecords may have set; `i64::MAX` for "all of it".
    pub start_asked: i64,
    /// DeleteRecords that were answered.
    pub deleted: Vec<Told>,
    pub epochs: Vec<Told>,
    pub lookups: Vec<Lookup>,
    /// First offset and end of the final read.
    pub final_range: Option<(i64, i64)>,
    pub topic_deleted: bool,
}

impl Log {
    /// Notes that `value` was known at `offset` in `era`.
    pub fn note(&mut self, offset: i64, value: u64, era: Era, how: u8) {
        let item = Item { value, first: era, last: era, how };
        let far = offset >= DENSE_MAX || offset as usize > self.dense.len() + DENSE_JUMP_MAX;
        if !far {
            let at = offset as usize;
            if self.dense.len() <= at {
                self.dense.resize(at + 1, None);
            }
            match &mut self.dense[at] {
                None => return self.dense[at] = Some(item),
                Some(here) if here.value == value => return merge(here, item),
                Some(_) => {}
            }
        }
        let here = self.sparse.entry(offset).or_default();
        match here.iter_mut().find(|other| other.value == value) {
            Some(other) => merge(other, item),
            None => here.push(item),
        }
    }

    /// All values known at an offset.
    pub fn at(&self, offset: i64) -> impl Iterator<Item = &Item> {
        let dense = usize::try_from(offset).ok().and_then(|at| self.dense.get(at)).and_then(Option::as_ref);
        dense.into_iter().chain(self.sparse.get(&offset).into_iter().flatten())
    }

    /// This value at this offset.
    pub fn find(&self, offset: i64, value: u64) -> Option<&Item> {
        self.at(offset).find(|item| item.value == value)
    }

    /// Everything known with its offset; the arrays are in order, what follows them is not.
    pub fn items(&self) -> impl Iterator<Item = (i64, &Item)> {
        let dense = self.dense.iter().enumerate().filter_map(|(at, item)| Some((at as i64, item.as_ref()?)));
        dense.chain(self.sparse.iter().flat_map(|(offset, items)| items.iter().map(|item| (*offset, item))))
    }

    /// Offsets at which more than one value may be known.
    pub fn crowded(&self) -> impl Iterator<Item = i64> {
        self.sparse.keys().copied()
    }

    /// The value that the final read found at an offset.
    pub fn in_final(&self, offset: i64) -> Option<&Item> {
        self.at(offset).find(|item| item.how & FINAL != 0)
    }
}

fn merge(here: &mut Item, item: Item) {
    here.first = here.first.min(item.first);
    here.last = here.last.max(item.last);
    here.how |= item.how;
}
