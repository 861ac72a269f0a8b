//! Which batches get index entries: one rule for appends and for recovery.

use record::{BatchHeader, Offset, Timestamp};

use crate::index::{OffsetEntry, TimeEntry};

/// Walks along a segment and says what its indexes should hold.
#[derive(Clone, Debug)]
pub(crate) struct Sparse {
    base_offset: Offset,
    interval_bytes: u32,
    /// Log bytes since the last offset entry.
    unindexed_bytes: u32,
    /// The largest timestamp so far, with the last offset of the first batch that has it.
    largest: TimeEntry,
    /// The timestamp of the last time entry.
    indexed_timestamp: Timestamp,
}

impl Sparse {
    /// At the start of a segment.
    pub(crate) fn new(base_offset: Offset, interval_bytes: u32) -> Sparse {
        Sparse {
            base_offset,
            interval_bytes,
            unindexed_bytes: 0,
            largest: TimeEntry { timestamp: Timestamp::NONE, relative_offset: 0 },
            indexed_timestamp: Timestamp::NONE,
        }
    }

    /// In the middle of a segment, of which the indexes say as much as this.
    pub(crate) fn resume(self, unindexed_bytes: u32, largest: TimeEntry, indexed_timestamp: Timestamp) -> Sparse {
        Sparse { unindexed_bytes, largest, indexed_timestamp, ..self }
    }

    /// Passes a batch at `position`; its offset entry when it gets one, and then maybe a time entry.
    pub(crate) fn pass(&mut self, header: &BatchHeader, position: u32) -> (Option<OffsetEntry>, Option<TimeEntry>) {
        let relative_offset = self.relative(header.last_offset());
        if header.max_timestamp > self.largest.timestamp {
            self.largest = TimeEntry { timestamp: header.max_timestamp, relative_offset };
        }
        let is_due = self.unindexed_bytes > self.interval_bytes;
        self.unindexed_bytes = if is_due { 0 } else { self.unindexed_bytes };
        self.unindexed_bytes = self.unindexed_bytes.saturating_add(header.total_len() as u32);
        match is_due {
            true => (Some(OffsetEntry { relative_offset, position }), self.time_entry()),
            false => (None, None),
        }
    }

    /// The entry for the largest timestamp so far, unless the index has it.
    pub(crate) fn time_entry(&mut self) -> Option<TimeEntry> {
        let is_new = self.largest.timestamp > self.indexed_timestamp;
        self.indexed_timestamp = self.indexed_timestamp.max(self.largest.timestamp);
        is_new.then_some(self.largest)
    }

    /// The last time entry is not in the index after all: the next one is due even when no larger timestamp comes.
    pub(crate) fn time_entry_was_lost(&mut self) {
        self.indexed_timestamp = Timestamp::NONE;
    }

    fn relative(&self, offset: Offset) -> u32 {
        u32::try_from(offset - self.base_offset).expect("a segment spans fewer than 2^31 offsets")
    }
}
