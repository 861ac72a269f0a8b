//! The segment that will be appended to: where it ends.

use std::io;

use record::Offset;

use super::gap::{self, Gap};
use super::listing::Listing;
use super::start::Trusted;
use super::{Files, Last, Recovery, damage, verified};
use crate::files;
use crate::index::TimeEntry;
use crate::scan::ScanError;
use crate::segment::Segment;
use crate::sparse::Sparse;
use crate::timestamps;

/// Reads it from where it isn't trusted, cuts what is no batch off its end, and completes its indexes; or the gap that the
/// crash left.
pub(super) fn verify(
    files: Files<'_>,
    listing: &Listing,
    base_offset: Offset,
    trusted: Trusted,
    recovery: &Recovery,
) -> io::Result<Result<Last, Gap>> {
    let verified = verified::read(files, listing, base_offset, None, trusted)?;
    if let Some(gap) = gap::find(files, listing, recovery, &verified, None)? {
        return Ok(Err(gap));
    }
    let (size, next_offset) = (verified.extent.end, verified.extent.next_offset);
    let log = verified.segment.log()?;
    let torn_bytes = verified.len - size;
    let (segment, sparse) = verified.settle(files, listing)?;
    if torn_bytes > 0 {
        tracing::warn!(log = %files.path.display(), segment = base_offset.0, bytes = torn_bytes, "the end of the log was cut short by a crash and is cut off");
        log.set_len(u64::from(size))?;
    }
    files.sync_data(&log)?;
    Ok(Ok(Last { segment, size, next_offset, sparse }))
}

/// The segments without the empty ones at the end that follow a segment whose end is missing: a power cut may leave the
/// name of a new segment, and take the last batches of the one before. What it took is cut off like any torn end; as damage
/// it would stop readers for good, and there is nothing behind it that it would keep.
pub(super) fn drop_empty<'l>(files: Files<'_>, listing: &'l Listing, trusted: Trusted) -> io::Result<&'l [Offset]> {
    let mut logs = &listing.logs[..];
    while let [.., before, last] = logs
        && *last > files.start
        && files.segment(*last)?.file_len()? == 0
    {
        let verified = verified::read(files, listing, *before, Some(*last), trusted)?;
        if verified.extent.next_offset == *last || !verified.found.is_empty() {
            break;
        }
        tracing::warn!(log = %files.path.display(), segment = last.0, "an empty segment follows a missing end, and is removed");
        for extension in [files::OFFSET_INDEX, files::TIME_INDEX, files::LOG] {
            match files.disk().remove_file(&files::path(files.path, *last, extension)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                removed => removed?,
            }
        }
        files.disk().sync_dir(files.path)?;
        logs = &logs[..logs.len() - 1];
    }
    Ok(logs)
}

/// Finds the end of a segment that was closed. `None` when it doesn't look so.
pub(super) fn resume(files: Files<'_>, listing: &Listing, base_offset: Offset) -> io::Result<Option<Last>> {
    let segment = files.segment(base_offset)?;
    let size = segment.file_len()?;
    let Some(known) = damage::known(files, listing, &segment, size)? else { return Ok(None) };
    let segment = segment.with_damage(known);
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
pub(super) fn find_end(segment: &Segment, size: u32) -> Result<Option<(Offset, u32)>, ScanError> {
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
    Ok((next_offset <= segment.offset_limit()).then_some((next_offset, size - from)))
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
