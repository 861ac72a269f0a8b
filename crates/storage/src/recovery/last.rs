//! The segment that will be appended to: where it ends.

use std::io;

use record::Offset;

use super::verify::walk;
use super::{Files, Last};
use crate::index::TimeEntry;
use crate::scan::ScanError;
use crate::segment::{Damage, Segment};
use crate::sparse::Sparse;
use crate::timestamps;

/// Reads it whole, cuts what is no batch off its end, and makes its indexes again.
pub(super) fn verify(files: Files<'_>, base_offset: Offset) -> io::Result<Last> {
    let segment = Segment::open(files.log, base_offset)?;
    let len = segment.file_len()?;
    let mut sparse = Sparse::new(base_offset, files.config.index_interval_bytes);
    let (mut offsets, mut times) = (Vec::new(), Vec::new());
    let extent = walk(&*segment.log()?, len, base_offset..segment.offset_limit(), |header, position| {
        let (offset, time) = sparse.pass(header, position);
        offsets.extend(offset);
        times.extend(time);
    })?;
    if extent.end < len {
        let bytes = len - extent.end;
        tracing::warn!(log = %files.path.display(), segment = base_offset.0, bytes, "the end of the log was cut short by a crash and is cut off");
    }
    // Also gives back what was reserved behind the end.
    segment.log()?.set_len(u64::from(extent.end))?;
    segment.log()?.sync_data()?;
    segment.offset_index.replace(&offsets)?;
    segment.time_index.replace(&times)?;
    let damage: Vec<Damage> =
        extent.damage.iter().map(|range| damage(files, base_offset, range.start, range.end)).collect();
    Ok(Last { segment: segment.with_damage(damage), size: extent.end, next_offset: extent.next_offset, sparse })
}

/// Damage, told to the operator.
pub(super) fn damage(files: Files<'_>, segment: Offset, position: u32, end: u32) -> Damage {
    let len = end - position;
    tracing::error!(log = %files.path.display(), segment = segment.0, position, len, "the log is damaged there; it is kept, and reading there is an error");
    Damage { segment, position, len }
}

/// Finds the end of a segment that was closed. `None` when it doesn't look so.
pub(super) fn resume(files: Files<'_>, base_offset: Offset) -> io::Result<Option<Last>> {
    let segment = Segment::open(files.log, base_offset)?;
    let size = segment.file_len()?;
    match find_end(&segment, size).and_then(|end| Ok((end, largest(&segment, size)?))) {
        Ok((Some((next_offset, unindexed_bytes)), Some(largest))) => {
            let sparse = Sparse::new(base_offset, files.config.index_interval_bytes);
            let sparse = sparse.resume(unindexed_bytes, largest, largest.timestamp);
            Ok(Some(Last { segment, size, next_offset, sparse }))
        }
        Ok(_) | Err(ScanError::NoBatch { .. }) => Ok(None),
        Err(ScanError::Io(error)) => Err(error),
    }
}

/// The offset after the last batch, and the bytes after the last index entry; `None` when the index doesn't fit.
fn find_end(segment: &Segment, size: u32) -> Result<Option<(Offset, u32)>, ScanError> {
    let entry = segment.offset_index.last()?;
    if let Some(entry) = entry
        && !segment.agrees(entry, size)?
    {
        return Ok(None);
    }
    let from = entry.map_or(0, |entry| entry.position);
    let mut scan = segment.scan(from, size);
    let mut next_offset = segment.base_offset;
    while let Some(batch) = scan.next()? {
        next_offset = batch.header.next_offset();
    }
    Ok(Some((next_offset, size - from)))
}

/// The time entry of the largest timestamp, which closing a log writes; `None` when the index doesn't have it.
fn largest(segment: &Segment, size: u32) -> Result<Option<TimeEntry>, ScanError> {
    let indexed = segment.time_index.last()?;
    let start = TimeEntry { timestamp: record::Timestamp::NONE, relative_offset: 0 };
    let Some(largest) = timestamps::find_largest(segment, Offset(i64::MAX), size)? else { return Ok(Some(start)) };
    Ok(match indexed {
        Some(indexed) if indexed.timestamp == largest.timestamp => Some(indexed),
        None if largest.timestamp <= start.timestamp => Some(start),
        _ => None,
    })
}
