//! Segments that leave the log: their files are renamed, and removed later, when nobody reads them any more.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use host::Disk;
use record::Offset;

use crate::files;

/// The files of a segment, the batches last: a crash in between leaves a segment that lacks what can be made again.
const EXTENSIONS: [&str; 7] = [
    files::OFFSET_INDEX,
    files::TIME_INDEX,
    files::TXN_INDEX,
    files::DAMAGE,
    files::SNAPSHOT,
    files::WINDOWS,
    files::LOG,
];

/// At which end of the log the segments are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// All files of offsets below this one, the oldest first.
    Below(Offset),
    /// The files of segments from this offset on, the newest first. Snapshots are the caller's: the one at the log's new
    /// end stays.
    From(Offset),
}

/// Renames the files on one side of a log's directory, with `.deleted` appended, and returns their new paths.
///
/// A segment's new name is durable before the next one is renamed, so that no crash takes one out of the middle of the
/// log. The last name is durable after a sync of `dir`.
pub(crate) fn retire(disk: &Disk, dir: &Path, side: Side) -> io::Result<Vec<PathBuf>> {
    let segments = files_on(disk, dir, side)?;
    let in_order: Vec<_> = match side {
        Side::Below(_) => segments.into_iter().collect(),
        Side::From(_) => segments.into_iter().rev().collect(),
    };
    let mut retired = Vec::new();
    for (index, (offset, extensions)) in in_order.iter().enumerate() {
        if index > 0 {
            disk.sync_dir(dir)?;
        }
        for extension in EXTENSIONS.iter().filter(|extension| extensions.contains(extension)) {
            retired.push(rename(disk, &files::path(dir, *offset, extension))?);
        }
    }
    Ok(retired)
}

/// The files that were renamed so far, by a call of [`retire`] that failed for example.
pub(crate) fn retired_before(disk: &Disk, dir: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = disk.read_dir(dir)?.into_iter();
    let renamed = entries.filter(|entry| !entry.is_dir && entry.name.ends_with(files::DELETED));
    Ok(renamed.map(|entry| dir.join(entry.name)).collect())
}

fn files_on(disk: &Disk, dir: &Path, side: Side) -> io::Result<BTreeMap<Offset, Vec<&'static str>>> {
    let mut found: BTreeMap<Offset, Vec<&'static str>> = BTreeMap::new();
    for entry in disk.read_dir(dir)? {
        let parsed =
            EXTENSIONS.iter().find_map(|extension| Some((files::offset_of(&entry.name, extension)?, extension)));
        if let Some((offset, extension)) = parsed
            && !entry.is_dir
            && side.has(offset, extension)
        {
            found.entry(offset).or_default().push(extension);
        }
    }
    Ok(found)
}

impl Side {
    fn has(self, offset: Offset, extension: &str) -> bool {
        match self {
            Side::Below(end) => offset < end,
            Side::From(start) => offset >= start && extension != files::SNAPSHOT && extension != files::WINDOWS,
        }
    }
}

fn rename(disk: &Disk, path: &Path) -> io::Result<PathBuf> {
    let mut name = path.as_os_str().to_owned();
    name.push(files::DELETED);
    let retired = PathBuf::from(name);
    disk.rename(path, &retired)?;
    Ok(retired)
}
