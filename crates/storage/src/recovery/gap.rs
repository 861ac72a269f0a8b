//! What lies behind a write that a power cut took.
//!
//! What was not synced reaches the disk in any order: batches may be there, even whole segments, and the ones before them
//! not. A log may lose its end to a power cut, but what it has is without a gap, so it ends where the first batch never
//! arrived. As damage the gap would stop readers for good.
//!
//! Only what never was synced is given up. So it is damage below the recovery point, or where there is none; where the bytes
//! are there but are not what was written; and where acknowledged means on disk, since there a segment is synced before the
//! next one begins. Compaction leaves gaps, too, but Kafka syncs what it has compacted.

use std::io;

use host::File;
use record::{BatchHeader, HEADER_LEN, Offset};

use super::listing::Listing;
use super::verified::Verified;
use super::{Files, Recovery};
use crate::retire::{Side, retire};
use crate::scan::is_plausible;
use crate::segment::Segment;

/// Where a log has to end.
#[derive(Debug)]
pub(super) struct Gap {
    segment: Offset,
    position: u32,
}

/// The first gap of a segment that was read from the recovery point on; `next` is where the one behind it begins.
pub(super) fn find(
    files: Files<'_>,
    listing: &Listing,
    recovery: &Recovery,
    verified: &Verified,
    next: Option<Offset>,
) -> io::Result<Option<Gap>> {
    let segment = verified.segment.base_offset;
    if !recovery.closes_gaps || files.config.syncs_before_roll() || listing.has_damage_file(segment) {
        return Ok(None);
    }
    let (extent, len) = (&verified.extent, verified.len);
    let is_unsynced = |offset: &Offset| *offset >= recovery.point;
    let log = &*verified.segment.log()?;
    if let (Some(damage), Some(offset)) = (extent.damage.first(), extent.damaged_from) {
        let never_came = is_unsynced(&offset) && is_zeros(log, damage.start, len)?;
        return Ok(never_came.then_some(Gap { segment, position: damage.start }));
    }
    let is_short = next.is_some_and(|next| extent.next_offset < next) && is_unsynced(&extent.next_offset);
    let never_came = is_short && never_came(log, extent.end, len, extent.next_offset)?;
    Ok(never_came.then_some(Gap { segment, position: extent.end }))
}

/// Ends the log at a gap. The segments behind it are removed, the newest first, so that a crash leaves the gap where it is.
pub(super) fn cut(files: Files<'_>, gap: &Gap) -> io::Result<()> {
    tracing::warn!(log = %files.path.display(), segment = gap.segment.0, position = gap.position,
        "a power cut took a write and left later ones, none of them synced; the log ends there now");
    for path in retire(files.disk(), files.path, Side::From(gap.segment + 1))? {
        files.disk().remove_file(&path)?;
    }
    files.disk().sync_dir(files.path)?;
    let log = Segment::open(files.log, gap.segment)?.log()?;
    log.set_len(u64::from(gap.position))?;
    log.sync_data()
}

/// Whether the end of a segment, where the batch of `offset` should begin, did not reach the disk, or not all of it: there is
/// nothing, or zeros, or a batch that the end of a sector cuts off.
fn never_came(log: &File, position: u32, len: u32, offset: Offset) -> io::Result<bool> {
    if is_zeros(log, position, len)? {
        return Ok(true);
    }
    let mut bytes = [0; HEADER_LEN];
    let left = (len - position) as usize;
    if left < HEADER_LEN {
        return Ok(is_sectors(len));
    }
    log.read_exact_at(&mut bytes, u64::from(position))?;
    let header = BatchHeader::decode(&bytes);
    if !is_plausible(&header, offset) || header.base_offset != offset {
        return Ok(false);
    }
    let is_torn = header.total_len() > left && is_sectors(len);
    Ok(is_torn || ends_in_zeros(log, position, len)?)
}

/// Whether as much as a header, from `position` on or up to `len`, is zeros. No batch begins so.
fn is_zeros(log: &File, position: u32, len: u32) -> io::Result<bool> {
    let mut bytes = [0; HEADER_LEN];
    let bytes = &mut bytes[..HEADER_LEN.min((len - position) as usize)];
    log.read_exact_at(bytes, u64::from(position))?;
    Ok(bytes.iter().all(|byte| *byte == 0))
}

/// Whether a sector's worth at the end, or all that follows the header at `position`, is zeros. No batch is so short of records.
fn ends_in_zeros(log: &File, position: u32, len: u32) -> io::Result<bool> {
    let mut last = [0; SECTOR_BYTES as usize];
    let last = &mut last[..(len - position - HEADER_LEN as u32).min(SECTOR_BYTES) as usize];
    log.read_exact_at(last, u64::from(len) - last.len() as u64)?;
    Ok(last.iter().all(|byte| *byte == 0))
}

fn is_sectors(len: u32) -> bool {
    len.is_multiple_of(SECTOR_BYTES)
}

/// What a disk writes whole or not at all; pages are multiples of it.
const SECTOR_BYTES: u32 = 512;
