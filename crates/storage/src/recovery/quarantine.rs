//! What a log had and readers do not get. Nobody reads it but the operator, and nobody removes it.
//!
//! ```text
//! <log dir>/quarantine/<log>/<base offset>-<position>-<len>     a part of a segment
//! <log dir>/quarantine/<log>/<base offset>.log                  a whole one
//! ```
//!
//! A name that is taken by other bytes is numbered: `.2` follows the offset, or the length.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use host::{File, Open};
use record::{Offset, crc32c};

use super::Files;
use crate::files;

/// Copies a part of a segment, durably, unless that was done before.
pub(super) fn copy(files: Files<'_>, log: &File, segment: Offset, range: Range<u32>) -> io::Result<()> {
    if range.is_empty() {
        return Ok(());
    }
    let len = range.end - range.start;
    let crc = crc_of(log, range.start, len)?;
    let dir = dir(files)?;
    let stem = format!("{:020}-{}-{len}", segment.0, range.start);
    for attempt in 1.. {
        let path = dir.join(numbered(&stem, attempt));
        if !files.disk().exists(&path)? {
            return write(files, log, &range, &dir, &path);
        }
        let there = files.disk().open(&path, Open::Read)?;
        if there.len()? == u64::from(len) && crc_of(&there, 0, len)? == crc {
            return Ok(());
        }
    }
    unreachable!("a directory holds fewer than 2^32 names")
}

/// Copies are seen by their names when they are whole only.
fn write(files: Files<'_>, log: &File, range: &Range<u32>, dir: &Path, path: &Path) -> io::Result<()> {
    let temporary = dir.join("copy.tmp");
    let file = files.disk().open(&temporary, Open::Create)?;
    file.set_len(0)?;
    let mut written = 0;
    for_each_piece(log, range.start, range.end - range.start, |piece| {
        file.write_all_at(piece, written)?;
        written += piece.len() as u64;
        Ok(())
    })?;
    file.sync_all()?;
    files.disk().rename(&temporary, path)?;
    files.disk().sync_dir(dir)
}

/// Moves a segment's log there, durably; its other files, which can be made again, are removed before. How many bytes
/// the log has: without any there is nothing to keep.
pub(super) fn take(files: Files<'_>, segment: Offset) -> io::Result<u64> {
    for extension in [files::OFFSET_INDEX, files::TIME_INDEX, files::TXN_INDEX, files::DAMAGE] {
        match files.disk().remove_file(&files::path(files.path, segment, extension)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            removed => removed?,
        }
    }
    // No file of a segment is there without its log.
    files.disk().sync_dir(files.path)?;
    let log = files::path(files.path, segment, files::LOG);
    let bytes = files.disk().metadata_len(&log)?;
    if bytes == 0 {
        files.disk().remove_file(&log)?;
    } else {
        let dir = dir(files)?;
        files.disk().rename(&log, &free_name(files, &dir, segment)?)?;
        files.disk().sync_dir(&dir)?;
    }
    files.disk().sync_dir(files.path)?;
    Ok(bytes)
}

fn free_name(files: Files<'_>, dir: &Path, segment: Offset) -> io::Result<PathBuf> {
    let stem = format!("{:020}", segment.0);
    for attempt in 1.. {
        let path = dir.join(format!("{}.{}", numbered(&stem, attempt), files::LOG));
        if !files.disk().exists(&path)? {
            return Ok(path);
        }
    }
    unreachable!("a directory holds fewer than 2^32 names")
}

fn numbered(stem: &str, attempt: u32) -> String {
    if attempt == 1 { stem.to_owned() } else { format!("{stem}.{attempt}") }
}

/// The directory for the log's bytes, its name durable.
fn dir(files: Files<'_>) -> io::Result<PathBuf> {
    let name = files.path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let quarantine = files.dir.path().join(QUARANTINE);
    let dir = quarantine.join(name);
    if !files.disk().exists(&dir)? {
        files.disk().create_dir_all(&dir)?;
        files.disk().sync_dir(&quarantine)?;
        files.disk().sync_dir(files.dir.path())?;
    }
    Ok(dir)
}

/// The checksum of the checksums of the pieces, so that no piece must be kept.
pub(super) fn crc_of(log: &File, position: u32, len: u32) -> io::Result<u32> {
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

const QUARANTINE: &str = "quarantine";
const PIECE_LEN: u32 = 1 << 20;
