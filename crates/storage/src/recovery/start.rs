//! From where on a segment has to be verified, when what lies before is known to be whole.

use std::io;

use record::{Offset, Timestamp};

use super::Files;
use crate::index::{OffsetEntry, TimeEntry};
use crate::scan::ScanError;
use crate::segment::Segment;
use crate::sparse::Sparse;

/// The place, and what the indexes hold up to there.
#[derive(Debug)]
pub(super) struct Start {
    pub(super) position: u32,
    /// The offset that follows there.
    pub(super) offset: Offset,
    pub(super) sparse: Sparse,
    /// How many entries of each index are right and stay.
    pub(super) offsets_kept: u32,
    pub(super) times_kept: u32,
    /// Entries to be added to them.
    pub(super) offsets: Vec<OffsetEntry>,
    pub(super) times: Vec<TimeEntry>,
}

/// Where what is trusted ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trusted {
    /// Nothing is.
    Nothing,
    /// All batches below this offset, at which one begins.
    Below(Offset),
    /// All that the index speaks of: it is written after the batches.
    Indexed,
}

impl Start {
    /// At the start of the segment; its indexes are made again.
    fn whole(files: Files<'_>, segment: &Segment) -> Start {
        let sparse = Sparse::new(segment.base_offset, files.config.index_interval_bytes);
        let (offsets, times) = (Vec::new(), Vec::new());
        Start { position: 0, offset: segment.base_offset, sparse, offsets_kept: 0, times_kept: 0, offsets, times }
    }

    /// As far up as is trusted, and fits. Where the files say otherwise nothing is trusted.
    pub(super) fn find(files: Files<'_>, segment: &Segment, len: u32, trusted: Trusted) -> io::Result<Start> {
        let found = match trusted {
            Trusted::Nothing => Ok(None),
            Trusted::Below(offset) if offset <= segment.base_offset => Ok(None),
            Trusted::Below(offset) => from_indexes(files, segment, len, offset)
                .and_then(|start| start.map_or(Ok(None), |start| start.advance(segment, len, offset))),
            Trusted::Indexed => from_indexes(files, segment, len, Offset(i64::MAX)),
        };
        match found {
            Ok(found) => Ok(found.unwrap_or_else(|| Start::whole(files, segment))),
            Err(ScanError::NoBatch { .. }) => Ok(Start::whole(files, segment)),
            Err(ScanError::Io(error)) => Err(error),
        }
    }

    /// Passes the batches up to the one at `offset`; `None` when there is no such place.
    fn advance(mut self, segment: &Segment, len: u32, offset: Offset) -> Result<Option<Start>, ScanError> {
        let mut scan = segment.scan(self.position, len);
        while self.offset < offset {
            let Some(batch) = scan.next()? else { return Ok(None) };
            if batch.header.last_offset() >= segment.offset_limit() {
                return Ok(None);
            }
            let (entry, time) = self.sparse.pass(&batch.header, batch.position);
            self.offsets.extend(entry);
            self.times.extend(time);
            (self.position, self.offset) = (batch.end(), batch.header.next_offset());
        }
        Ok((self.offset == offset).then_some(self))
    }
}

/// At the batch of the last offset entry below `limit` with which the log agrees. `None` when there is none near the
/// end of the index.
fn from_indexes(files: Files<'_>, segment: &Segment, len: u32, limit: Offset) -> Result<Option<Start>, ScanError> {
    let offsets = segment.offset_index.ascending()?;
    let absolute = |relative: u32| segment.base_offset + i64::from(relative);
    let below = offsets.partition_point(|entry| absolute(entry.relative_offset) < limit);
    let Some((kept, entry)) = last_agreeing(segment, &offsets[..below], len)? else {
        return Ok(Some(Start::whole(files, segment)));
    };
    let Some(batch) = segment.scan(entry.position, len).next()? else { return Ok(None) };
    let mut times = segment.time_index.ascending()?;
    times.truncate(times.partition_point(|time| time.relative_offset <= entry.relative_offset));
    let (times_kept, largest) = largest_before(segment, &times, entry.position, len)?;
    let indexed = times[..times_kept].last().map_or(Timestamp::NONE, |time| time.timestamp);
    // The batch at the entry is passed again, without getting a second one.
    let sparse = Sparse::new(segment.base_offset, files.config.index_interval_bytes).resume(0, largest, indexed);
    Ok(Some(Start {
        position: entry.position,
        offset: batch.header.base_offset,
        sparse,
        offsets_kept: kept as u32,
        times_kept: times_kept as u32,
        offsets: Vec::new(),
        times: Vec::new(),
    }))
}

/// The last entry that the log agrees with, and how many there are up to it.
fn last_agreeing(segment: &Segment, entries: &[OffsetEntry], len: u32) -> io::Result<Option<(usize, OffsetEntry)>> {
    for (index, entry) in entries.iter().enumerate().rev().take(ENTRIES_TRIED) {
        if segment.agrees(*entry, len)? {
            return Ok(Some((index + 1, *entry)));
        }
    }
    Ok(None)
}

/// The largest timestamp before `position`, and how many of the entries are right. An entry says what is largest up to
/// its own batch, so that only the headers behind have to be looked at.
fn largest_before(
    segment: &Segment,
    times: &[TimeEntry],
    position: u32,
    len: u32,
) -> Result<(usize, TimeEntry), ScanError> {
    let mut kept = 0;
    let mut largest = TimeEntry { timestamp: Timestamp::NONE, relative_offset: 0 };
    let mut from = 0;
    for (index, entry) in times.iter().enumerate().rev().take(ENTRIES_TRIED) {
        let offset = segment.base_offset + i64::from(entry.relative_offset);
        if let Ok(Some(batch)) = segment.find(offset, len)
            && batch.header.last_offset() == offset
            && batch.header.max_timestamp == entry.timestamp
        {
            (kept, largest, from) = (index + 1, *entry, batch.position);
            break;
        }
    }
    let mut scan = segment.scan(from, position.max(from));
    while let Some(batch) = scan.next()? {
        if batch.header.max_timestamp > largest.timestamp {
            let relative_offset = u32::try_from(batch.header.last_offset() - segment.base_offset)
                .map_err(|_| ScanError::NoBatch { position: batch.position })?;
            largest = TimeEntry { timestamp: batch.header.max_timestamp, relative_offset };
        }
    }
    Ok((kept, largest))
}

/// More entries than this at an index' end that are wrong mean that it is not worth much.
const ENTRIES_TRIED: usize = 64;
