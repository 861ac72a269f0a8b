//! The parts of one write: which batches, their stamps, their index entries.

use std::io::{self, IoSlice};

use host::File;
use record::{BatchHeader, LeaderEpoch, Offset, ProducedBatch, STAMP_LEN, Timestamp, stamp};
use smallvec::SmallVec;

use crate::index::{OffsetEntry, TimeEntry};
use crate::segment::{Located, Segment};

/// What `allocate_ahead` reserves at first, and at most.
const RESERVE_MIN: u32 = 64 << 10;
const RESERVE_MAX: u32 = 16 << 20;

/// Batches that have their offsets and are not written yet.
#[derive(Debug, Default)]
pub struct Pending {
    batches: Vec<Stamped>,
    len: usize,
}

#[derive(Debug)]
struct Stamped {
    /// Its place among the batches of the write.
    at: usize,
    stamp: [u8; STAMP_LEN],
    len: usize,
    next_offset: Offset,
    last_offset: Offset,
    max_timestamp: Timestamp,
}

impl Pending {
    /// Adds the batch at place `at`.
    pub fn add(&mut self, at: usize, header: &BatchHeader, base_offset: Offset, epoch: LeaderEpoch) {
        let last_offset = base_offset + i64::from(header.last_offset_delta);
        self.batches.push(Stamped {
            at,
            stamp: stamp(header, base_offset, epoch),
            len: header.total_len(),
            next_offset: last_offset + 1,
            last_offset,
            max_timestamp: header.max_timestamp,
        });
        self.len += header.total_len();
    }

    /// The offset after the last batch; `end` when there is none.
    pub fn next_offset(&self, end: Offset) -> Offset {
        self.batches.last().map_or(end, |batch| batch.next_offset)
    }

    /// Bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.batches.clear();
        self.len = 0;
    }

    /// Writes each batch with its stamp over its first bytes, all in one call.
    pub fn write(&self, batches: &[ProducedBatch<'_>], log: &File, position: u32) -> io::Result<()> {
        let mut slices: SmallVec<[IoSlice<'_>; 24]> = SmallVec::with_capacity(3 * self.batches.len());
        for stamped in &self.batches {
            slices.push(IoSlice::new(&stamped.stamp));
            slices.extend(batches[stamped.at].after_stamp().map(IoSlice::new));
        }
        log.write_all_vectored_at(&mut slices, u64::from(position))
    }
}

/// A batch in its segment, as far as the indexes care.
struct Placed {
    last_offset: Offset,
    max_timestamp: Timestamp,
    position: u32,
    len: u32,
}

/// What the indexes of the active segment need to go on, and how far its file is reserved.
#[derive(Debug, Clone, Default)]
pub struct IndexState {
    since_entry: u32,
    latest: Option<TimeEntry>,
    latest_written: Option<i64>,
    reserved: u32,
}

impl IndexState {
    /// For a segment that has entries already; `last` is the last one of its time index.
    pub fn resumed(last: Option<TimeEntry>) -> IndexState {
        IndexState { latest: last, latest_written: last.map(|entry| entry.timestamp), ..IndexState::default() }
    }

    /// Reserves room ahead of the write point, in steps that grow with the segment: appending to reserved room costs little
    /// more than half (the length of the file stays what was written).
    pub fn allocate(&mut self, segment: &Segment, position: u32, len: usize, segment_bytes: u32) -> io::Result<()> {
        let end = position.saturating_add(u32::try_from(len).unwrap_or(u32::MAX));
        if end <= self.reserved {
            return Ok(());
        }
        let step = end.clamp(RESERVE_MIN, RESERVE_MAX);
        let until = end.saturating_add(step).min(segment_bytes.max(end));
        segment.log.allocate_ahead(u64::from(position), u64::from(until - position))?;
        self.reserved = until;
        Ok(())
    }

    /// Adds the index entries of batches that were just written at `position`.
    pub fn note(&mut self, pending: &Pending, segment: &Segment, mut position: u32, interval: u32) -> io::Result<()> {
        let mut entries = Entries::default();
        for batch in &pending.batches {
            let len = batch.len as u32;
            let (last_offset, max_timestamp) = (batch.last_offset, batch.max_timestamp);
            self.add(&Placed { last_offset, max_timestamp, position, len }, segment.base, interval, &mut entries);
            position += len;
        }
        entries.append(segment)
    }

    /// Adds the index entries of a batch that was found in the log.
    pub fn note_found(&mut self, found: &Located, base: Offset, interval: u32, entries: &mut Entries) {
        let placed = Placed {
            last_offset: found.header.last_offset(),
            max_timestamp: found.header.max_timestamp,
            position: found.position,
            len: found.header.total_len() as u32,
        };
        self.add(&placed, base, interval, entries);
    }

    fn add(&mut self, batch: &Placed, base: Offset, interval: u32, entries: &mut Entries) {
        let offset = u32::try_from(batch.last_offset - base).expect("a segment ends before its offsets are 2^31 away");
        if self.latest.is_none_or(|latest| batch.max_timestamp.0 > latest.timestamp) {
            self.latest = Some(TimeEntry { timestamp: batch.max_timestamp.0, offset });
        }
        if self.since_entry > interval {
            entries.offsets.push(OffsetEntry { offset, position: batch.position });
            self.push_time(entries);
            self.since_entry = 0;
        }
        self.since_entry = self.since_entry.saturating_add(batch.len);
    }

    fn push_time(&mut self, entries: &mut Entries) {
        let newer = self.latest.filter(|latest| self.latest_written.is_none_or(|written| latest.timestamp > written));
        self.latest_written = newer.map(|entry| entry.timestamp).or(self.latest_written);
        entries.times.extend(newer);
    }

    /// The last time entry of a segment that ends.
    pub fn finish(&mut self, segment: &Segment) -> io::Result<()> {
        let mut entries = Entries::default();
        self.push_time(&mut entries);
        entries.append(segment)
    }
}

/// Index entries to be written.
#[derive(Debug, Default)]
pub struct Entries {
    offsets: SmallVec<[OffsetEntry; 8]>,
    times: SmallVec<[TimeEntry; 8]>,
}

impl Entries {
    /// Whether it is time to write them.
    pub fn is_full(&self) -> bool {
        self.offsets.len() >= 1024
    }

    /// Writes them.
    pub fn append(&self, segment: &Segment) -> io::Result<()> {
        segment.index.append(&self.offsets)?;
        segment.times.append(&self.times)
    }
}
