//! What lies behind a write that a power cut took.
//!
//! What was not synced reaches the disk in any order: batches may be there, even whole segments, and the ones before them
//! not. A log may lose its end to a power cut, but what it has is without a gap, so it ends where the first batch never
//! arrived. As damage the gap would stop readers for good.
//!
//! Only what no checkpoint says was synced is given up, and no byte of it is removed: it is in [`quarantine`], since a bit
//! that flipped in a batch of zeros looks the same. So it is damage
//!
//! - below the recovery point, or without a checkpoint that knows one, or as far as it lies below the log's start, where nobody reads;
//! - where the last one to write here was not a process of ours, or compaction may have shortened segments;
//! - where the bytes are there but are not what was written;
//! - where acknowledged means on disk, since there a segment is synced before the next one begins. Within the last segment
//!   that is too careful: a gap between two writes that nobody was told of stays, because nothing says of the writes after
//!   the recovery point which were synced.

use std::io;
use std::ops::Range;

use host::File;
use record::{BatchHeader, HEADER_LEN, Offset};

use super::listing::Listing;
use super::verified::Verified;
use super::{Files, Recovery, quarantine};
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
    let may_be_whole = files.config.syncs_before_roll() || files.config.is_compacted;
    if !recovery.closes_gaps || may_be_whole || listing.has_damage_file(segment) {
        return Ok(None);
    }
    let (extent, len) = (&verified.extent, verified.len);
    let is_given_up = |missing: Range<Offset>| missing.start >= recovery.point && missing.end > files.start;
    let log = &*verified.segment.log()?;
    for (damage, offset) in extent.damage.iter().zip(&extent.damaged_from) {
        let missing = *offset..goes_on_at(log, damage.end, len)?.or(next).unwrap_or(Offset(i64::MAX));
        if is_given_up(missing) && is_lost(log, damage.start, len, *offset)? {
            return Ok(Some(Gap { segment, position: damage.start }));
        }
    }
    let is_short = next.is_some_and(|next| extent.next_offset < next && is_given_up(extent.next_offset..next));
    let is_gap = is_short && ends_early(log, extent.end, len, extent.next_offset)?;
    Ok(is_gap.then_some(Gap { segment, position: extent.end }))
}

/// Ends the log at a gap. What is behind it is moved away, the newest first, so that a crash leaves the gap where it is.
pub(super) fn cut(files: Files<'_>, gap: &Gap) -> io::Result<()> {
    let segment = Segment::open(files.log, gap.segment)?;
    let (log, len) = (segment.log()?, segment.file_len()?);
    quarantine::copy(files, &log, gap.segment, gap.position..len)?;
    let (mut segments, mut bytes) = (0, u64::from(len - gap.position));
    for behind in Listing::read(files)?.logs.iter().rev().take_while(|base| **base > gap.segment) {
        bytes += quarantine::take(files, *behind)?;
        segments += 1;
    }
    log.set_len(u64::from(gap.position))?;
    log.sync_data()?;
    tracing::warn!(log = %files.path.display(), segment = gap.segment.0, position = gap.position, segments, bytes,
        "a power cut took a write and left later ones, none of them known to be synced; the log ends there now, and what was \
         behind is in quarantine/: look at it with `ottla log dump`, and produce again what is needed of it");
    Ok(())
}

/// The offset of the batch that follows damage, if one does.
fn goes_on_at(log: &File, position: u32, len: u32) -> io::Result<Option<Offset>> {
    if len - position < HEADER_LEN as u32 {
        return Ok(None);
    }
    let mut bytes = [0; HEADER_LEN];
    log.read_exact_at(&mut bytes, u64::from(position))?;
    Ok(Some(BatchHeader::decode(&bytes).base_offset))
}

/// Whether what follows the last batch of a segment, where that of `offset` should begin, did not reach the disk, or not
/// all of it: there is nothing, or what [`is_lost`] finds, or a batch that the end of a sector cuts off, or that ends in zeros.
fn ends_early(log: &File, position: u32, len: u32, offset: Offset) -> io::Result<bool> {
    if is_lost(log, position, len, offset)? {
        return Ok(true);
    }
    let left = (len - position) as usize;
    if left < HEADER_LEN {
        return Ok(is_sectors(len));
    }
    let Some(header) = header_of(log, position, offset)? else { return Ok(false) };
    let is_torn = header.total_len() > left && is_sectors(len);
    Ok(is_torn || ends_in_zeros(log, position, len)?)
}

/// Whether the disk never got the batch of `offset` that should be at `position`, or not all sectors of it: there are zeros
/// instead, from its first byte on, or from the start of a sector on.
fn is_lost(log: &File, position: u32, len: u32, offset: Offset) -> io::Result<bool> {
    if is_zeros(log, position, len)? {
        return Ok(true);
    }
    let sector = (u64::from(position) / SECTOR_BYTES + 1) * SECTOR_BYTES;
    let in_sector = sector - u64::from(position);
    if in_sector < HEADER_LEN as u64 && sector < u64::from(len) && begins_with(log, position, in_sector, offset)? {
        let end = (sector + SECTOR_BYTES).min(u64::from(len));
        if has_zero_piece(log, sector, end, end - sector)? {
            return Ok(true);
        }
    }
    if ((len - position) as usize) < HEADER_LEN {
        return Ok(false);
    }
    let Some(header) = header_of(log, position, offset)? else { return Ok(false) };
    // The last of them may go on behind the batch; then what follows was lost, too.
    let end = u64::from(position) + header.total_len() as u64;
    let end = end.next_multiple_of(SECTOR_BYTES).min(u64::from(len) / SECTOR_BYTES * SECTOR_BYTES);
    has_zero_piece(log, sector, end, SECTOR_BYTES)
}

/// The header at `position`, if it is that of a batch of `offset`.
fn header_of(log: &File, position: u32, offset: Offset) -> io::Result<Option<BatchHeader>> {
    let mut bytes = [0; HEADER_LEN];
    log.read_exact_at(&mut bytes, u64::from(position))?;
    let header = BatchHeader::decode(&bytes);
    Ok(Some(header).filter(|header| is_plausible(header, offset) && header.base_offset == offset))
}

/// Whether what `len` bytes hold of a header's first field is of this offset.
fn begins_with(log: &File, position: u32, len: u64, offset: Offset) -> io::Result<bool> {
    let wanted = offset.0.to_be_bytes();
    let wanted = &wanted[..wanted.len().min(len as usize)];
    let mut found = [0; 8];
    let found = &mut found[..wanted.len()];
    log.read_exact_at(found, u64::from(position))?;
    Ok(found == wanted)
}

/// Whether one of the pieces of `piece_len` bytes from `start` to `end`, a multiple of them, is zeros.
fn has_zero_piece(log: &File, start: u64, end: u64, piece_len: u64) -> io::Result<bool> {
    let mut buffer = vec![0; READ_BYTES as usize];
    let mut at = start;
    while at < end {
        let read = &mut buffer[..(end - at).min(READ_BYTES) as usize];
        log.read_exact_at(read, at)?;
        if read.chunks(piece_len as usize).any(|piece| piece.iter().all(|byte| *byte == 0)) {
            return Ok(true);
        }
        at += read.len() as u64;
    }
    Ok(false)
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
    let last = &mut last[..u64::from(len - position - HEADER_LEN as u32).min(SECTOR_BYTES) as usize];
    log.read_exact_at(last, u64::from(len) - last.len() as u64)?;
    Ok(last.iter().all(|byte| *byte == 0))
}

fn is_sectors(len: u32) -> bool {
    u64::from(len).is_multiple_of(SECTOR_BYTES)
}

/// What a disk writes whole or not at all; pages are multiples of it.
const SECTOR_BYTES: u64 = 512;
/// A multiple of it.
const READ_BYTES: u64 = 1 << 16;
