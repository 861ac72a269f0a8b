//! What is remembered of damage: a copy of the bytes, and a file that says where they are.
//!
//! ```text
//! <log dir>/quarantine/<log>/<base offset>-<position>-<len>     the bytes
//! <log>/<base offset>.damage                                    a checkpoint file: position, length, CRC-32C of the bytes
//! ```
//!
//! The second makes a clean start know what only a recovery finds. It is believed when the segment agrees: the ranges
//! ascend within it, and the bytes have those checksums. If not, the segment is verified again.

use std::io;
use std::path::Path;

use host::{File, Open};
use record::crc32c;

use super::Files;
use super::listing::Listing;
use crate::segment::{Damage, Segment};
use crate::{checkpoint, files};

/// The damage of a segment that was found before; `None` when what is said of it isn't so.
pub(super) fn known(
    files: Files<'_>,
    listing: &Listing,
    segment: &Segment,
    len: u32,
) -> io::Result<Option<Vec<Damage>>> {
    if !listing.has_damage_file(segment.base_offset) {
        return Ok(Some(Vec::new()));
    }
    let bytes = files::read_if_there(files.disk(), &files::path(files.path, segment.base_offset, files::DAMAGE))?;
    let Some(ranges) = bytes.and_then(|bytes| checkpoint::decode(&bytes, parse)) else { return Ok(None) };
    let (mut known, mut end) = (Vec::with_capacity(ranges.len()), 0);
    for (position, range_len, crc) in ranges {
        let fits = position >= end && position.checked_add(range_len).is_some_and(|end| end <= len);
        if !fits || crc_of(&*segment.log()?, position, range_len)? != crc {
            return Ok(None);
        }
        end = position + range_len;
        known.push(Damage { segment: segment.base_offset, position, len: range_len });
    }
    Ok(Some(known))
}

/// Tells the operator of the damage, copies it, and remembers it, durably. What was remembered before is replaced.
pub(super) fn remember(files: Files<'_>, listing: &Listing, segment: &Segment, found: &[Damage]) -> io::Result<()> {
    let path = files::path(files.path, segment.base_offset, files::DAMAGE);
    if found.is_empty() {
        return match listing.has_damage_file(segment.base_offset) {
            true => files.disk().remove_file(&path),
            false => Ok(()),
        };
    }
    let log = segment.log()?;
    let mut lines = Vec::with_capacity(found.len());
    for damage in found {
        tracing::error!(log = %files.path.display(), segment = damage.segment.0, position = damage.position, len = damage.len,
            "the log is damaged there; it is kept, and reading there is an error");
        if let Err(error) = quarantine(files, &log, damage) {
            tracing::warn!(log = %files.path.display(), %error, "the damaged bytes are in no other place than the log");
        }
        lines.push(format!("{} {} {}", damage.position, damage.len, crc_of(&log, damage.position, damage.len)?));
    }
    let text = checkpoint::encode(lines.iter());
    if files::read_if_there(files.disk(), &path)?.is_some_and(|before| before == text) {
        return Ok(());
    }
    files.disk().write_atomic(&path, &text)
}

/// Copies the bytes, unless that was done before.
fn quarantine(files: Files<'_>, log: &File, damage: &Damage) -> io::Result<()> {
    let Some(name) = files.path.file_name() else { return Ok(()) };
    let dir = files.dir.path().join(QUARANTINE).join(Path::new(name));
    let copy = dir.join(format!("{:020}-{}-{}", damage.segment.0, damage.position, damage.len));
    let is_there = files.disk().exists(&copy)? && files.disk().metadata_len(&copy)? == u64::from(damage.len);
    if damage.len == 0 || is_there {
        return Ok(());
    }
    files.disk().create_dir_all(&dir)?;
    let file = files.disk().open(&copy, Open::Create)?;
    let mut written = 0;
    for_each_piece(log, damage.position, damage.len, |piece| {
        file.write_all_at(piece, written)?;
        written += piece.len() as u64;
        Ok(())
    })?;
    file.sync_data()
}

fn crc_of(log: &File, position: u32, len: u32) -> io::Result<u32> {
    // The checksum of the pieces' checksums, so that no piece must be kept.
    let mut sums = Vec::new();
    for_each_piece(log, position, len, |piece| {
        sums.extend_from_slice(&crc32c(piece).to_be_bytes());
        Ok(())
    })?;
    Ok(crc32c(&sums))
}

fn for_each_piece(log: &File, position: u32, len: u32, mut see: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut piece = vec![0; len.min(PIECE_LEN) as usize];
    let mut at = 0;
    while at < len {
        let piece = &mut piece[..(len - at).min(PIECE_LEN) as usize];
        log.read_exact_at(piece, u64::from(position) + u64::from(at))?;
        see(piece)?;
        at += piece.len() as u32;
    }
    Ok(())
}

fn parse(line: &str) -> Option<(u32, u32, u32)> {
    let mut words = line.split(' ');
    let mut word = || checkpoint::number(words.next()?);
    let parsed = (word()?, word()?, word()?);
    words.next().is_none().then_some(parsed)
}

const QUARANTINE: &str = "quarantine";
const PIECE_LEN: u32 = 1 << 20;
