//! Look-ups by time, exact to the record: the only place where records are opened.
//!
//! The time index says from which batch on a larger timestamp may come; the batch headers say which batches to open.

use std::sync::Arc;

use record::{Batch, Limits, Offset, Record, Timestamp};

use crate::end::LogPosition;
use crate::reader::ReadError;
use crate::scan::{Located, ScanError};
use crate::segment::Segment;

/// The first batch with the largest timestamp of a range.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Largest {
    pub(crate) timestamp: Timestamp,
    /// The bytes of the segment before the batch.
    pub(crate) position: u32,
}

type Found = Option<(Offset, Timestamp)>;

/// The earliest record below `upper` with at least this timestamp.
pub(crate) fn earliest_at_or_after(
    segments: &[Arc<Segment>],
    timestamp: Timestamp,
    upper: Offset,
    end: LogPosition,
) -> Result<Found, ReadError> {
    for segment in segments.iter().take_while(|segment| segment.base_offset < upper) {
        let end = segment.bytes_before(end);
        if may_have(segment, timestamp, end)?
            && let Some(found) = earliest_in(segment, timestamp, upper, end)?
        {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The earliest record below `upper` with the largest timestamp.
pub(crate) fn largest(segments: &[Arc<Segment>], upper: Offset, end: LogPosition) -> Result<Found, ReadError> {
    let mut best: Option<(&Segment, Largest)> = None;
    for (index, segment) in segments.iter().enumerate().take_while(|(_, segment)| segment.base_offset < upper) {
        let is_whole = segments.get(index + 1).is_some_and(|next| next.base_offset <= upper);
        let upper = if is_whole { Offset(i64::MAX) } else { upper };
        let largest = largest_in(segment, upper, segment.bytes_before(end))?;
        let beats = |(_, best): (_, Largest)| largest.is_some_and(|largest| largest.timestamp > best.timestamp);
        if let Some(largest) = largest
            && best.is_none_or(beats)
        {
            best = Some((segment, largest));
        }
    }
    match best {
        Some((_, largest)) if largest.timestamp == Timestamp::NONE => Ok(None),
        Some((segment, largest)) => first_largest_record(segment, largest.position, upper, segment.bytes_before(end)),
        None => Ok(None),
    }
}

/// `false` when all timestamps of the segment are known to be smaller.
fn may_have(segment: &Segment, timestamp: Timestamp, end: u32) -> Result<bool, ReadError> {
    if segment.sealed_size() != Some(end) {
        return Ok(true);
    }
    Ok(largest_in(segment, Offset(i64::MAX), end)?.is_some_and(|largest| largest.timestamp >= timestamp))
}

fn earliest_in(segment: &Segment, timestamp: Timestamp, upper: Offset, end: u32) -> Result<Found, ReadError> {
    let in_segment = |error| ReadError::in_segment(segment, error);
    let start = start_where(segment, end, |entry_timestamp, _| entry_timestamp < timestamp).map_err(in_segment)?;
    let mut scan = segment.scan(start.map_or(0, |start| start.position), end);
    while let Some(batch) = scan.next().map_err(in_segment)? {
        if batch.header.base_offset >= upper {
            break;
        }
        if batch.header.max_timestamp >= timestamp {
            let is_match = |record: &Record<'_>| record.offset < upper && record.timestamp >= timestamp;
            let found = fold_records(segment, &batch, None, |found: Found, record| {
                found.or_else(|| is_match(&record).then_some((record.offset, record.timestamp)))
            })?;
            if found.is_some() {
                return Ok(found);
            }
        }
    }
    Ok(None)
}

/// The first batch below `upper` and before `end` with the largest timestamp. Remembered for whole sealed segments.
fn largest_in(segment: &Segment, upper: Offset, end: u32) -> Result<Option<Largest>, ReadError> {
    let is_whole = segment.sealed_size() == Some(end) && upper.0 == i64::MAX;
    if let (true, Some(largest)) = (is_whole, segment.largest.get()) {
        return Ok(*largest);
    }
    let largest = find_largest(segment, upper, end).map_err(|error| ReadError::in_segment(segment, error))?;
    if is_whole {
        // Somebody else may have found the same.
        let _ = segment.largest.set(largest);
    }
    Ok(largest)
}

pub(crate) fn find_largest(segment: &Segment, upper: Offset, end: u32) -> Result<Option<Largest>, ScanError> {
    let mut largest = start_where(segment, end, |_, offset| offset < upper)?;
    let mut scan = segment.scan(largest.map_or(0, |largest| largest.position), end);
    while let Some(batch) = scan.next()? {
        if batch.header.base_offset >= upper {
            break;
        }
        if largest.is_none_or(|largest| batch.header.max_timestamp > largest.timestamp) {
            largest = Some(Largest { timestamp: batch.header.max_timestamp, position: batch.position });
        }
    }
    Ok(largest)
}

/// The batch of the last time entry that `is_before`, if the log agrees that there is such a batch.
fn start_where(
    segment: &Segment,
    end: u32,
    is_before: impl Fn(Timestamp, Offset) -> bool,
) -> Result<Option<Largest>, ScanError> {
    let offset_of = |relative_offset: u32| segment.base_offset + i64::from(relative_offset);
    let entry = segment.time_index.last_where(|entry| is_before(entry.timestamp, offset_of(entry.relative_offset)))?;
    let Some(entry) = entry else { return Ok(None) };
    let offset = offset_of(entry.relative_offset);
    let batch = segment.find(offset, None, end)?;
    let batch =
        batch.filter(|batch| batch.header.last_offset() == offset && batch.header.max_timestamp == entry.timestamp);
    Ok(batch.map(|batch| Largest { timestamp: entry.timestamp, position: batch.position }))
}

/// The first of the records with the largest timestamp in the batch at `position`.
fn first_largest_record(segment: &Segment, position: u32, upper: Offset, end: u32) -> Result<Found, ReadError> {
    let batch = segment.scan(position, end).next().map_err(|error| ReadError::in_segment(segment, error))?;
    let Some(batch) = batch else { return Ok(None) };
    fold_records(segment, &batch, None, |best: Found, record| {
        let beats = best.is_none_or(|(_, timestamp)| record.timestamp > timestamp);
        if beats && record.offset < upper { Some((record.offset, record.timestamp)) } else { best }
    })
}

/// Reads a batch, checks it, and folds its records.
fn fold_records<T>(
    segment: &Segment,
    batch: &Located,
    start: T,
    mut step: impl FnMut(T, Record<'_>) -> T,
) -> Result<T, ReadError> {
    let mut bytes = vec![0; batch.header.total_len()];
    segment.log()?.read_exact_at(&mut bytes, u64::from(batch.position))?;
    let corrupt = || ReadError::Corrupt { segment: segment.base_offset, position: batch.position };
    let view = Batch::parse(&bytes).ok().filter(Batch::crc_ok).ok_or_else(corrupt)?;
    let mut scratch = Vec::new();
    let mut folded = start;
    for record in view.records(&Limits::default(), &mut scratch).map_err(|_| corrupt())? {
        folded = step(folded, record.map_err(|_| corrupt())?);
    }
    Ok(folded)
}
