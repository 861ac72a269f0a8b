//! The producers and leader epochs that belong to the batches of a log.

use std::io;
use std::sync::Arc;

use record::Offset;

use super::Files;
use crate::epochs::Epochs;
use crate::files;
use crate::producers::{Producers, snapshot};
use crate::scan::ScanError;
use crate::segment::Segment;

/// The state as a clean close left it; `None` when a part of it is missing.
pub(super) fn closed(files: Files<'_>, next_offset: Offset) -> io::Result<Option<(Producers, Epochs)>> {
    let producers = snapshot::load(files.disk, files.path, next_offset)?;
    let epochs = Epochs::load(files.disk, files.path)?;
    Ok(producers.zip(epochs))
}

/// The state from the newest good snapshot, the checkpoint, and the batch headers after them. Snapshots that speak of
/// batches that are not there go, before others get their offsets.
pub(super) fn rebuild(
    files: Files<'_>,
    segments: &[Arc<Segment>],
    last_size: u32,
    next_offset: Offset,
) -> io::Result<(Producers, Epochs)> {
    remove_strays(files, segments, next_offset)?;
    let (mut producers, producers_from) = snapshot::newest(files.disk, files.path, segments[0].base_offset)?;
    let loaded = Epochs::load(files.disk, files.path)?;
    let epochs_from = if loaded.is_some() { producers_from } else { Offset(0) };
    let mut epochs = loaded.clone().unwrap_or_default();
    epochs.truncate_from(next_offset);
    replay(segments, last_size, producers_from.min(epochs_from), |header| {
        if header.base_offset >= producers_from {
            producers.update(header, header.base_offset);
        }
        epochs.assign(header.partition_leader_epoch, header.base_offset);
    })?;
    if loaded.as_ref() != Some(&epochs) {
        epochs.store(files.disk, files.path)?;
    }
    Ok((producers, epochs))
}

/// Passes the headers of all batches at or above `from`, in order. A segment whose headers end early is read up to
/// there.
fn replay(
    segments: &[Arc<Segment>],
    last_size: u32,
    from: Offset,
    mut see: impl FnMut(&record::BatchHeader),
) -> io::Result<()> {
    let first = segments.partition_point(|segment| segment.base_offset <= from).saturating_sub(1);
    for segment in &segments[first..] {
        let mut scan = segment.scan(0, segment.sealed_size().unwrap_or(last_size));
        loop {
            match scan.next() {
                Ok(Some(batch)) if batch.header.base_offset < from => {}
                Ok(Some(batch)) => see(&batch.header),
                Ok(None) | Err(ScanError::NoBatch { .. }) => break,
                Err(ScanError::Io(error)) => return Err(error),
            }
        }
    }
    Ok(())
}

/// Removes the snapshots above the end, those of neither a segment's start nor the newest, and temporary files.
fn remove_strays(files: Files<'_>, segments: &[Arc<Segment>], next_offset: Offset) -> io::Result<()> {
    let snapshots = files::offsets(files.disk, files.path, files::SNAPSHOT)?;
    let newest = snapshots.iter().rfind(|offset| **offset <= next_offset);
    for extension in [files::SNAPSHOT, files::WINDOWS] {
        for offset in &files::offsets(files.disk, files.path, extension)? {
            let is_at_segment = segments.binary_search_by_key(offset, |segment| segment.base_offset).is_ok();
            if *offset > next_offset || !(is_at_segment || Some(offset) == newest) {
                files.disk.remove_file(&files::path(files.path, *offset, extension))?;
            }
        }
    }
    for entry in files.disk.read_dir(files.path)? {
        if entry.name.ends_with(".tmp") || entry.name.ends_with(files::DELETED) {
            files.disk.remove_file(&files.path.join(&entry.name))?;
        }
    }
    Ok(())
}
