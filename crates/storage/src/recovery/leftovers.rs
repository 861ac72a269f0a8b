//! What an operation that a crash interrupted has left, of ours or of Kafka's, from whose directory we may start.
//!
//! - `.tmp`: a file that was not renamed yet. Removed.
//! - `.deleted`: a file of a segment that was given up. Removed.
//! - `.cleaned`: a segment that Kafka's cleaner had not finished. Removed, and with it the `.swap` files at or above the
//!   lowest of them, as those are parts of a segment that was being split; but only where that segment is still there.
//! - `.swap`: a finished segment that replaces those whose offsets it covers. When all of it are valid batches it gets
//!   its name, and they go. Otherwise it stays, as do the `.deleted` files, which may hold the only copy.

use std::io;

use host::Open;
use record::Offset;

use super::Files;
use super::listing::Listing;
use super::verify::walk;
use crate::files;

/// Settles them; whether anything was changed.
pub(super) fn settle(files: Files<'_>, listing: &Listing) -> io::Result<bool> {
    let of_kind = |end: &'static str| listing.leftovers.iter().filter(move |name| name.ends_with(end));
    let lowest_cleaned = of_kind(".cleaned").filter_map(|name| number(name)).min();
    let mut keep_deleted = false;
    for name in of_kind(".log.swap") {
        let Some(base_offset) = number(name) else { continue };
        let original = listing.logs.iter().any(|log| *log <= base_offset);
        let is_part = lowest_cleaned.is_some_and(|lowest| base_offset >= lowest) && original;
        if is_part {
            remove_siblings(files, listing, base_offset)?;
        } else if !complete(files, listing, name, base_offset)? {
            tracing::warn!(log = %files.path.display(), name, "a segment that was to replace others is not whole; it is left alone");
            keep_deleted = true;
        }
    }
    for end in [".tmp", ".cleaned", ".deleted"] {
        for name in of_kind(end).filter(|_| end != ".deleted" || !keep_deleted) {
            files.disk().remove_file(&files.path.join(name))?;
        }
    }
    Ok(!listing.leftovers.is_empty())
}

/// Puts a segment in the place of those that it replaces; `false` when it isn't whole.
fn complete(files: Files<'_>, listing: &Listing, name: &str, base_offset: Offset) -> io::Result<bool> {
    let file = files.disk().open(&files.path.join(name), Open::Read)?;
    let Ok(len) = u32::try_from(file.len()?) else { return Ok(false) };
    let limit = base_offset + (i64::from(i32::MAX) + 1);
    let extent = walk(&file, 0, len, base_offset..limit, |_, _| {})?;
    if extent.end < len || !extent.damage.is_empty() {
        return Ok(false);
    }
    for sibling in siblings(listing, base_offset) {
        let plain = sibling.strip_suffix(".swap").expect("siblings are of that kind");
        files.disk().rename(&files.path.join(sibling), &files.path.join(plain))?;
    }
    // The records are in no other file once those below are gone.
    files.dir.watch_sync(files.disk().sync_dir(files.path))?;
    let replaced = |offset: &&Offset| **offset > base_offset && **offset < extent.next_offset;
    for offset in listing.logs.iter().filter(replaced) {
        files.disk().remove_file(&files::path(files.path, *offset, files::LOG))?;
    }
    Ok(true)
}

/// The `.swap` files of one segment, its log first.
fn siblings(listing: &Listing, base_offset: Offset) -> impl Iterator<Item = &String> {
    let mine = move |name: &&String| name.ends_with(".swap") && number(name) == Some(base_offset);
    let (logs, others): (Vec<_>, Vec<_>) =
        listing.leftovers.iter().filter(mine).partition(|name| name.ends_with(".log.swap"));
    logs.into_iter().chain(others)
}

fn remove_siblings(files: Files<'_>, listing: &Listing, base_offset: Offset) -> io::Result<()> {
    siblings(listing, base_offset).try_for_each(|name| files.disk().remove_file(&files.path.join(name)))
}

fn number(name: &str) -> Option<Offset> {
    let digits = name.get(..20)?;
    files::offset_of(&format!("{digits}.{}", files::LOG), files::LOG)
}
