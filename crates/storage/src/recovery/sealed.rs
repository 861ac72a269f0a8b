//! Segments that get no more batches.

use std::io;

use record::Offset;

use super::Files;
use super::last::damage;
use super::verify::walk;
use crate::scan::ScanError;
use crate::segment::Segment;
use crate::sparse::Sparse;

/// Opens a segment that is known to be whole. Its indexes are made again when their ends don't fit the log.
pub(super) fn trust(files: Files<'_>, base_offset: Offset) -> io::Result<Segment> {
    let segment = Segment::open(files.log, base_offset)?;
    let size = segment.file_len()?;
    if !indexes_fit(&segment, size)? {
        rebuild_indexes(files, &segment, size)?;
    }
    segment.seal(size);
    Ok(segment)
}

/// Reads a segment whole; the batches up to the next segment should all be there.
pub(super) fn verify(files: Files<'_>, base_offset: Offset, next: Offset) -> io::Result<Segment> {
    let segment = Segment::open(files.log, base_offset)?;
    let len = segment.file_len()?;
    let mut sparse = Sparse::new(base_offset, files.config.index_interval_bytes);
    let (mut offsets, mut times) = (Vec::new(), Vec::new());
    let extent = walk(&*segment.log()?, len, base_offset..next, |header, position| {
        let (offset, time) = sparse.pass(header, position);
        offsets.extend(offset);
        times.extend(time);
    })?;
    times.extend(sparse.time_entry());
    segment.log()?.sync_data()?;
    segment.offset_index.replace(&offsets)?;
    segment.time_index.replace(&times)?;
    let mut found: Vec<_> =
        extent.damage.iter().map(|range| damage(files, base_offset, range.start, range.end)).collect();
    if extent.end < len || extent.next_offset < next {
        found.push(damage(files, base_offset, extent.end, len));
    }
    segment.seal(len);
    Ok(segment.with_damage(found))
}

fn indexes_fit(segment: &Segment, size: u32) -> io::Result<bool> {
    let offsets_fit = match segment.offset_index.last()? {
        Some(entry) => segment.agrees(entry, size)?,
        None => false,
    };
    let times_fit = match segment.time_index.last()? {
        Some(entry) => {
            let offset = segment.base_offset + i64::from(entry.relative_offset);
            let batch = segment.find(offset, None, size);
            batch.is_ok_and(|batch| batch.is_some_and(|batch| batch.header.max_timestamp == entry.timestamp))
        }
        None => false,
    };
    Ok(offsets_fit && times_fit)
}

/// From the headers alone. Where those end early, what follows has no entries.
fn rebuild_indexes(files: Files<'_>, segment: &Segment, size: u32) -> io::Result<()> {
    let mut sparse = Sparse::new(segment.base_offset, files.config.index_interval_bytes);
    let (mut offsets, mut times) = (Vec::new(), Vec::new());
    let mut scan = segment.scan(0, size);
    loop {
        match scan.next() {
            Ok(Some(batch)) if !spans_too_much(segment, batch.header.last_offset()) => {
                let (offset, time) = sparse.pass(&batch.header, batch.position);
                offsets.extend(offset);
                times.extend(time);
            }
            Ok(_) | Err(ScanError::NoBatch { .. }) => break,
            Err(ScanError::Io(error)) => return Err(error),
        }
    }
    times.extend(sparse.time_entry());
    segment.offset_index.replace(&offsets)?;
    segment.time_index.replace(&times)
}

/// Header fields are whatever the disk says.
fn spans_too_much(segment: &Segment, offset: Offset) -> bool {
    offset >= segment.offset_limit()
}
