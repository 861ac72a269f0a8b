//! Segments that get no more batches.

use std::io;

use record::Offset;

use super::gap::{self, Gap};
use super::last::find_end;
use super::listing::Listing;
use super::start::Trusted;
use super::verified::Verified;
use super::{Files, Recovery, damage, verified};
use crate::scan::ScanError;
use crate::segment::{Damage, Segment};

/// Opens a segment that is known to be whole. It is verified when its end or its indexes don't fit.
pub(super) fn trust(files: Files<'_>, listing: &Listing, base_offset: Offset, next: Offset) -> io::Result<Segment> {
    let segment = files.segment(base_offset)?;
    let size = segment.file_len()?;
    let Some(known) = damage::known(files, listing, &segment, size)? else {
        return verify(files, listing, base_offset, next, Trusted::Nothing);
    };
    let segment = segment.with_damage(known);
    if !ends_at(&segment, size, next)? || !indexes_fit(&segment, size)? {
        return verify(files, listing, base_offset, next, Trusted::Nothing);
    }
    segment.seal(size);
    Ok(segment)
}

/// Opens a segment that nobody reads any more.
pub(super) fn keep(files: Files<'_>, base_offset: Offset) -> io::Result<Segment> {
    let segment = files.segment(base_offset)?;
    segment.seal(segment.file_len()?);
    Ok(segment)
}

/// Reads a segment from where it isn't trusted; the batches up to the next segment should all be there.
pub(super) fn verify(
    files: Files<'_>,
    listing: &Listing,
    base_offset: Offset,
    next: Offset,
    trusted: Trusted,
) -> io::Result<Segment> {
    settle(files, listing, verified::read(files, listing, base_offset, Some(next), trusted)?, next)
}

/// As [`verify`] after a crash, from the recovery point on; or the gap that the crash left.
pub(super) fn recover(
    files: Files<'_>,
    listing: &Listing,
    base_offset: Offset,
    next: Offset,
    recovery: &Recovery,
) -> io::Result<Result<Segment, Gap>> {
    let trusted = Trusted::Below(recovery.point);
    let verified = verified::read(files, listing, base_offset, Some(next), trusted)?;
    match gap::find(files, listing, recovery, &verified, Some(next))? {
        Some(gap) => Ok(Err(gap)),
        None => settle(files, listing, verified, next).map(Ok),
    }
}

fn settle(files: Files<'_>, listing: &Listing, mut verified: Verified, next: Offset) -> io::Result<Segment> {
    let len = verified.len;
    if verified.extent.end < len || verified.extent.next_offset < next {
        let position = verified.extent.end;
        verified.found.push(Damage { segment: verified.segment.base_offset, position, len: len - position });
    }
    verified.finish_times();
    let (segment, _) = verified.settle(files, listing)?;
    segment.seal(len);
    Ok(segment)
}

/// Whether the last batch is the one before the next segment, or damage is known to be there.
fn ends_at(segment: &Segment, size: u32, next: Offset) -> io::Result<bool> {
    let ends_in_damage = segment.damage().last().is_some_and(|damage| damage.end() == size);
    match find_end(segment, size) {
        Ok(end) => Ok(end.is_some_and(|(end, _)| end == next || (ends_in_damage && end < next))),
        Err(ScanError::NoBatch { .. }) => Ok(false),
        Err(ScanError::Io(error)) => Err(error),
    }
}

/// Whether the last entries are of batches that are there. Where a segment is so small that it has none of the one
/// kind, or no timestamps, that is looked at.
fn indexes_fit(segment: &Segment, size: u32) -> io::Result<bool> {
    let Some(entry) = segment.time_index.last()? else { return Ok(false) };
    let offset = segment.base_offset + i64::from(entry.relative_offset);
    let batch = segment.find(offset, size);
    Ok(batch.is_ok_and(|batch| batch.is_some_and(|batch| batch.header.max_timestamp == entry.timestamp)))
}
