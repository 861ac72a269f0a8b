//! Look-ups by time, exact to the record: the only place where records are opened.
//!
//! The time index says from which batch on a larger timestamp may come; the batch headers say which batches to open.
//!
//! - A batch that cannot be opened (its checksum, its compression or a record is wrong) is judged by its header: it counts
//!   as one record with the batch's largest timestamp, at its first offset. A look-up does not fail because of it.
//! - Bytes that recovery found damaged are passed over: nothing can be found in them.
//! - No entry of the time index is believed alone. Each claims that everything before it is older, and its batch having
//!   that timestamp proves little where many have the same. So a search begins at the last but one entry that is early
//!   enough, and only when both have their batches; otherwise at the start of the segment. One damaged entry then costs
//!   time and never an answer.
//! - Sealed segments remember their largest timestamp once somebody asked, so a look-up reads in one segment, whatever the
//!   size of the log. There it reads a logarithmic number of index entries and the headers of about two index intervals.

use std::io;
use std::ops::{ControlFlow, Range};
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
    /// The first offset of the batch.
    base_offset: Offset,
    /// The bytes of the segment before the batch.
    pub(crate) position: u32,
}

type Found = Option<(Offset, Timestamp)>;

/// The earliest record of the range with at least this timestamp.
pub(crate) fn earliest_at_or_after(
    segments: &[Arc<Segment>],
    timestamp: Timestamp,
    range: &Range<Offset>,
    end: LogPosition,
) -> Result<Found, ReadError> {
    for segment in overlapping(segments, range) {
        let end = segment.bytes_before(end);
        if may_have(segment, timestamp, end)?
            && let Some(found) = earliest_in(segment, timestamp, range, end).map_err(in_segment(segment))?
        {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The earliest of the records of the range that have the largest timestamp there (KIP-734).
pub(crate) fn largest(segments: &[Arc<Segment>], range: &Range<Offset>, end: LogPosition) -> Result<Found, ReadError> {
    let mut best: Option<(&Segment, Largest)> = None;
    for (index, segment) in overlapping(segments, range).iter().enumerate() {
        let has_next = overlapping(segments, range).get(index + 1).is_some();
        let upper = if has_next { Offset(i64::MAX) } else { range.end };
        let largest = largest_in(segment, &(range.start..upper), segment.bytes_before(end))?;
        let beats = |(_, best): (_, Largest)| largest.is_some_and(|largest| largest.timestamp > best.timestamp);
        if let Some(largest) = largest
            && best.is_none_or(beats)
        {
            best = Some((segment, largest));
        }
    }
    match best {
        Some((segment, largest)) if largest.timestamp > Timestamp::NONE => {
            let end = segment.bytes_before(end);
            first_largest_record(segment, largest.position, range, end).map_err(in_segment(segment))
        }
        _ => Ok(None),
    }
}

/// The earliest offset at or above `from` whose record is not older than `cutoff`; `upper` when all below it are older.
///
/// A batch without timestamps has not expired. Walks the headers from `from` to the answer, and opens no other batch than
/// the one that the answer lies in, unless a header promises more than its records have.
pub(crate) fn first_unexpired(
    segments: &[Arc<Segment>],
    cutoff: Timestamp,
    from: Offset,
    upper: Offset,
    end: LogPosition,
) -> Result<Offset, ReadError> {
    let range = from..upper;
    for segment in overlapping(segments, &range) {
        let end = segment.bytes_before(end);
        match unexpired_in(segment, cutoff, &range, end) {
            Ok(Some(found)) => return Ok(found),
            Ok(None) => {}
            Err(ScanError::Io(error)) => return Err(ReadError::Io(error)),
            // The disk has changed a header. By the time index, as Kafka judges, all of it may have expired; else it stays.
            Err(ScanError::NoBatch { .. }) if is_older_by_index(segment, cutoff)? => {}
            Err(ScanError::NoBatch { .. }) => return Ok(from.max(segment.base_offset)),
        }
    }
    Ok(upper.max(from))
}

/// Whether the segment gets no more batches and its index says that all of them are older.
fn is_older_by_index(segment: &Segment, cutoff: Timestamp) -> io::Result<bool> {
    let largest = segment.time_index.last()?.map(|entry| entry.timestamp);
    Ok(segment.sealed_size().is_some() && largest.is_some_and(|largest| largest < cutoff))
}

/// The segments that may have records of the range.
fn overlapping<'a>(segments: &'a [Arc<Segment>], range: &Range<Offset>) -> &'a [Arc<Segment>] {
    let after_first = segments.partition_point(|segment| segment.base_offset <= range.start);
    let end = segments.partition_point(|segment| segment.base_offset < range.end);
    &segments[after_first.saturating_sub(1).min(end)..end]
}

fn in_segment(segment: &Segment) -> impl Fn(ScanError) -> ReadError {
    |error| ReadError::in_segment(segment, error)
}

/// `false` when all timestamps of the segment are known to be smaller.
fn may_have(segment: &Segment, timestamp: Timestamp, end: u32) -> Result<bool, ReadError> {
    if segment.sealed_size() != Some(end) {
        return Ok(true);
    }
    let largest = largest_of_sealed(segment, end).map_err(in_segment(segment))?;
    Ok(largest.is_some_and(|largest| largest.timestamp >= timestamp))
}

fn earliest_in(segment: &Segment, timestamp: Timestamp, range: &Range<Offset>, end: u32) -> Result<Found, ScanError> {
    let start = start_where(segment, range.start, end, |entry_timestamp, _| entry_timestamp < timestamp)?;
    let mut scan = segment.scan(start, end);
    while let Some(batch) = next_in(&mut scan, range)? {
        if batch.header.max_timestamp >= timestamp
            && let Some(found) = first_record(segment, &batch, timestamp, range)?
        {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn unexpired_in(
    segment: &Segment,
    cutoff: Timestamp,
    range: &Range<Offset>,
    end: u32,
) -> Result<Option<Offset>, ScanError> {
    let mut scan = segment.scan(start_at(segment, range.start, end)?, end);
    while let Some(batch) = next_in(&mut scan, range)? {
        if batch.header.max_timestamp == Timestamp::NONE {
            return Ok(Some(batch.header.base_offset.max(range.start)));
        }
        if batch.header.max_timestamp >= cutoff
            && let Some((offset, _)) = first_record(segment, &batch, cutoff, range)?
        {
            return Ok(Some(offset));
        }
    }
    Ok(None)
}

/// The largest of a range. Found once for a whole sealed segment.
fn largest_in(segment: &Segment, range: &Range<Offset>, end: u32) -> Result<Option<Largest>, ReadError> {
    if segment.sealed_size() == Some(end) && range.end.0 == i64::MAX {
        let largest = largest_of_sealed(segment, end).map_err(in_segment(segment))?;
        if largest.is_none_or(|largest| largest.base_offset >= range.start) {
            return Ok(largest);
        }
    }
    largest_between(segment, range, end).map_err(in_segment(segment))
}

fn largest_of_sealed(segment: &Segment, end: u32) -> Result<Option<Largest>, ScanError> {
    if let Some(largest) = segment.largest.get() {
        return Ok(*largest);
    }
    let largest = find_largest(segment, Offset(i64::MAX), end)?;
    // Somebody else may have found the same.
    let _ = segment.largest.set(largest);
    Ok(largest)
}

/// The first batch below `upper` and before `end` with the largest timestamp.
pub(crate) fn find_largest(segment: &Segment, upper: Offset, end: u32) -> Result<Option<Largest>, ScanError> {
    largest_between(segment, &(segment.base_offset..upper), end)
}

fn largest_between(segment: &Segment, range: &Range<Offset>, end: u32) -> Result<Option<Largest>, ScanError> {
    let mut largest: Option<Largest> = None;
    let start = start_where(segment, range.start, end, |_, offset| offset < range.end)?;
    let mut scan = segment.scan(start, end);
    while let Some(batch) = next_in(&mut scan, range)? {
        let beats = |timestamp| largest.is_none_or(|largest| timestamp > largest.timestamp);
        if !beats(batch.header.max_timestamp) {
            continue;
        }
        let timestamp = match is_whole_in(&batch, range) {
            true => Some(batch.header.max_timestamp),
            false => largest_record(segment, &batch, range)?.map(|(_, timestamp)| timestamp),
        };
        if let Some(timestamp) = timestamp.filter(|timestamp| beats(*timestamp)) {
            largest = Some(Largest { timestamp, base_offset: batch.header.base_offset, position: batch.position });
        }
    }
    Ok(largest)
}

/// The next batch that has offsets of the range.
fn next_in(scan: &mut crate::scan::Scan<'_>, range: &Range<Offset>) -> Result<Option<Located>, ScanError> {
    while let Some(batch) = scan.next()? {
        if batch.header.base_offset >= range.end {
            return Ok(None);
        }
        if batch.header.last_offset() >= range.start {
            return Ok(Some(batch));
        }
    }
    Ok(None)
}

fn is_whole_in(batch: &Located, range: &Range<Offset>) -> bool {
    batch.header.base_offset >= range.start && batch.header.last_offset() < range.end
}

/// Where to begin to look from `from` on for what lies behind all time entries for which `is_before` holds.
fn start_where(
    segment: &Segment,
    from: Offset,
    end: u32,
    is_before: impl Fn(Timestamp, Offset) -> bool,
) -> Result<u32, ScanError> {
    let offset_of = |relative_offset: u32| segment.base_offset + i64::from(relative_offset);
    let by_offset = start_at(segment, from, end)?;
    let entries =
        segment.time_index.last_two_where(|entry| is_before(entry.timestamp, offset_of(entry.relative_offset)))?;
    let Some(entries) = entries else { return Ok(by_offset) };
    let mut by_time = u32::MAX;
    for entry in entries {
        let offset = offset_of(entry.relative_offset);
        let batch = segment.find(offset, end)?.map(|batch| (batch.position, batch.header));
        by_time = match batch {
            Some((position, header)) if header.last_offset() == offset && header.max_timestamp == entry.timestamp => {
                by_time.min(position)
            }
            _ => 0,
        };
    }
    Ok(by_time.max(by_offset))
}

/// Where to begin to look for what lies at or above `from`.
fn start_at(segment: &Segment, from: Offset, end: u32) -> io::Result<u32> {
    if from <= segment.base_offset { Ok(0) } else { segment.start_for(from, end) }
}

/// The first record of the batch and the range with at least this timestamp.
fn first_record(segment: &Segment, batch: &Located, timestamp: Timestamp, range: &Range<Offset>) -> io::Result<Found> {
    let mut found = None;
    let is_readable = each_record(segment, batch, |record| {
        if !range.contains(&record.offset) || record.timestamp < timestamp {
            return ControlFlow::Continue(());
        }
        found = Some((record.offset, record.timestamp));
        ControlFlow::Break(())
    })?;
    Ok(if is_readable { found } else { by_header(batch, range) })
}

fn first_largest_record(segment: &Segment, position: u32, range: &Range<Offset>, end: u32) -> Result<Found, ScanError> {
    match segment.scan(position, end).next()? {
        Some(batch) => Ok(largest_record(segment, &batch, range)?),
        None => Ok(None),
    }
}

/// The first of the records of the batch and the range that have the largest timestamp there.
fn largest_record(segment: &Segment, batch: &Located, range: &Range<Offset>) -> io::Result<Found> {
    let mut best: Found = None;
    let is_readable = each_record(segment, batch, |record| {
        if range.contains(&record.offset) && best.is_none_or(|(_, timestamp)| record.timestamp > timestamp) {
            best = Some((record.offset, record.timestamp));
        }
        ControlFlow::Continue(())
    })?;
    Ok(if is_readable { best } else { by_header(batch, range) })
}

/// What a batch counts as that cannot be opened.
fn by_header(batch: &Located, range: &Range<Offset>) -> Found {
    Some((batch.header.base_offset.max(range.start), batch.header.max_timestamp))
}

/// Reads a batch, checks it, and passes its records. `false` when it cannot be opened, or a record not be read before
/// `step` has enough.
fn each_record(
    segment: &Segment,
    batch: &Located,
    mut step: impl FnMut(&Record<'_>) -> ControlFlow<()>,
) -> io::Result<bool> {
    let mut bytes = vec![0; batch.header.total_len()];
    segment.log()?.read_exact_at(&mut bytes, u64::from(batch.position))?;
    let Some(view) = Batch::parse(&bytes).ok().filter(Batch::crc_ok) else { return Ok(false) };
    let mut scratch = Vec::new();
    let Ok(records) = view.records(&Limits::default(), &mut scratch) else { return Ok(false) };
    for record in records {
        match record {
            Ok(record) if step(&record).is_break() => return Ok(true),
            Ok(_) => {}
            Err(_) => return Ok(false),
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests;
