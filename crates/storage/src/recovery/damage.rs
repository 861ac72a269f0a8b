//! What is remembered of damage: a copy of the bytes ([`quarantine`]), and a file that says where they are.
//!
//! ```text
//! <log>/<base offset>.damage     a checkpoint file: position, length, CRC-32C of the bytes
//! ```
//!
//! The file makes a clean start know what only a recovery finds. It is believed when the segment agrees: the ranges
//! ascend within it, and the bytes have those checksums. If not, the segment is verified again.

use std::io;

use super::listing::Listing;
use super::quarantine::crc_of;
use super::{Files, quarantine};
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
        if let Err(error) = quarantine::copy(files, &log, damage.segment, damage.position..damage.end()) {
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

fn parse(line: &str) -> Option<(u32, u32, u32)> {
    let mut words = line.split(' ');
    let mut word = || checkpoint::number(words.next()?);
    let parsed = (word()?, word()?, word()?);
    words.next().is_none().then_some(parsed)
}
