//! The producers and leader epochs that belong to the batches of a log.

use std::cmp::Ordering;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use record::{BatchHeader, Offset};

use super::Files;
use super::listing::Listing;
use crate::epochs::Epochs;
use crate::files::{self, Durable};
use crate::producers::snapshot::Newest;
use crate::producers::{Producers, snapshot};
use crate::room::is_full;
use crate::scan::ScanError;
use crate::segment::Segment;

/// What a log knows of its batches besides where they are.
pub(super) struct State {
    pub(super) producers: Producers,
    pub(super) epochs: Epochs,
    /// How many bytes of the last segment a snapshot speaks of.
    pub(super) snapshot_position: u32,
}

/// The state as a clean close left it; `None` when a part of it is missing, or the log says otherwise.
pub(super) fn closed(
    files: Files<'_>,
    listing: &Listing,
    segments: &[Arc<Segment>],
    last_size: u32,
    ends: Range<Offset>,
) -> io::Result<Option<State>> {
    let is_empty = segments.len() == 1 && last_size == 0;
    let epochs = match load_epochs(files, segments, last_size, ends.clone())? {
        Some(epochs) => epochs,
        None if is_empty => Epochs::default(),
        None => return Ok(None),
    };
    if listing.snapshots.last() != Some(&ends.end) {
        return closed_without(files, listing, segments, last_size, ends.end, epochs);
    }
    let loaded = snapshot::load(files.disk(), files.path, ends.end)?;
    // Kafka's directories have none.
    let needs_windows = !listing.windows.is_empty();
    let producers = loaded.and_then(|(producers, has_windows)| (has_windows || !needs_windows).then_some(producers));
    Ok(producers.map(|producers| State { producers, epochs, snapshot_position: last_size }))
}

/// The state of a log that was closed without a snapshot at its end: see [`needs_none_to_close`].
fn closed_without(
    files: Files<'_>,
    listing: &Listing,
    segments: &[Arc<Segment>],
    last_size: u32,
    end: Offset,
    epochs: Epochs,
) -> io::Result<Option<State>> {
    if listing.snapshots.last().is_some_and(|newest| *newest > end) {
        return Ok(None);
    }
    let Newest { mut producers, from, without_windows } =
        Newest::load(files.disk(), files.path, listing.snapshots.iter().copied())?;
    let Some(snapshot_position) = position_in_last(segments, last_size, from)? else { return Ok(None) };
    if !needs_none_to_close(last_size, snapshot_position) {
        return Ok(None);
    }
    let update = |header: &BatchHeader| producers.update(header, header.base_offset);
    replay(segments, last_size, from, update)?;
    producers.adopt(without_windows);
    Ok(Some(State { producers, epochs, snapshot_position }))
}

/// Whether a log of which nobody knows a producer, and whose last snapshot speaks of so many bytes of the last segment, is
/// closed without another: to read the few headers after it takes less than to write one and to read that.
pub(crate) fn needs_none_to_close(size: u32, snapshot_position: u32) -> bool {
    size.saturating_sub(snapshot_position) <= CLOSED_REPLAY_BYTES_MAX
}

/// Whether a start that had to replay what follows `snapshot_position` (`None` where that is in an earlier segment) writes a
/// snapshot, so that the next one needn't: the start after a second crash replays as much again, and what comes until the log
/// itself takes the next one.
fn is_worth_a_snapshot(size: u32, snapshot_position: Option<u32>) -> bool {
    snapshot_position.is_none_or(|position| size - position >= REPLAY_BYTES_MAX)
}

const CLOSED_REPLAY_BYTES_MAX: u32 = 64 << 10;
const REPLAY_BYTES_MAX: u32 = 1 << 20;

/// The state from the newest good snapshot, the checkpoint, and the batch headers after them. Snapshots that speak of
/// batches that are not there go, before others get their offsets.
pub(super) fn rebuild(
    files: Files<'_>,
    listing: &Listing,
    segments: &[Arc<Segment>],
    last_size: u32,
    ends: Range<Offset>,
) -> io::Result<State> {
    remove_strays(files, listing, segments, ends.end)?;
    let snapshots = listing.snapshots.iter().copied().filter(|offset| *offset <= ends.end);
    let Newest { mut producers, from: producers_from, without_windows } =
        Newest::load(files.disk(), files.path, snapshots)?;
    let loaded = load_epochs(files, segments, last_size, ends.clone())?;
    let loaded = match loaded {
        Some(loaded) if !is_as_new_as(&loaded, segments, last_size, producers_from)? => None,
        loaded => loaded,
    };
    let epochs_from = if loaded.is_some() { producers_from } else { Offset(0) };
    let mut epochs = loaded.clone().unwrap_or_default();
    epochs.truncate_from(ends.end);
    replay(segments, last_size, producers_from.min(epochs_from), |header| {
        if header.base_offset >= producers_from {
            producers.update(header, header.base_offset);
        }
        epochs.assign(header.partition_leader_epoch, header.base_offset);
    })?;
    producers.adopt(without_windows);
    let mut snapshot_position = position_in_last(segments, last_size, producers_from)?;
    if producers_from < ends.end && is_worth_a_snapshot(last_size, snapshot_position) {
        match snapshot::store(&producers, files.disk(), files.path, ends.end, Durable::No) {
            Ok(()) => snapshot_position = Some(last_size),
            // The next start reads those headers again.
            Err(error) if is_full(&error) => {}
            Err(error) => return Err(error),
        }
    }
    if loaded.unwrap_or_default() != epochs {
        epochs.store(files.disk(), files.path, Durable::Yes)?;
    }
    Ok(State { producers, epochs, snapshot_position: snapshot_position.unwrap_or_default() })
}

/// Where in the last segment the batches from `offset` on begin; `None` when that is in an earlier one.
fn position_in_last(segments: &[Arc<Segment>], last_size: u32, offset: Offset) -> io::Result<Option<u32>> {
    let last = segments.last().expect("a log has a segment");
    if offset < last.base_offset { Ok(None) } else { start_of(last, offset, last_size).map(Some) }
}

/// The checkpoint, when each of its starts is that of a batch of this epoch.
fn load_epochs(
    files: Files<'_>,
    segments: &[Arc<Segment>],
    last_size: u32,
    ends: Range<Offset>,
) -> io::Result<Option<Epochs>> {
    let Some(epochs) = Epochs::load(files.disk(), files.path)? else { return Ok(None) };
    for (index, start) in epochs.starts().iter().enumerate() {
        let is_first = index == 0;
        // The batch that the last one is for may never have come, and those of the first ones may be gone.
        if start.start_offset >= ends.end || start.start_offset < segments[0].base_offset {
            continue;
        }
        let at = segments.partition_point(|segment| segment.base_offset <= start.start_offset) - 1;
        let size = segments[at].sealed_size().unwrap_or(last_size);
        let batch = match segments[at].find(start.start_offset, size) {
            Ok(batch) => batch,
            Err(ScanError::NoBatch { .. }) => continue,
            Err(ScanError::Io(error)) => return Err(error),
        };
        let agrees = batch.is_none_or(|batch| match batch.header.base_offset.cmp(&start.start_offset) {
            Ordering::Equal => batch.header.partition_leader_epoch == start.epoch,
            // The log's start was moved into the batch.
            Ordering::Less => {
                is_first && start.start_offset == ends.start && batch.header.partition_leader_epoch == start.epoch
            }
            // Compaction or damage took the first batches.
            Ordering::Greater => batch.header.partition_leader_epoch >= start.epoch,
        });
        if !agrees {
            return Ok(None);
        }
    }
    Ok(Some(epochs))
}

/// Whether the checkpoint knows the epochs of the batches below `offset`, which are not passed again: after a power cut it may be
/// older than they are. Where the last of them is gone, the next one must not be of a later epoch.
fn is_as_new_as(epochs: &Epochs, segments: &[Arc<Segment>], last_size: u32, offset: Offset) -> io::Result<bool> {
    let at = segments.partition_point(|segment| segment.base_offset < offset);
    let Some(index) = at.checked_sub(1) else { return Ok(true) };
    let size = segments[index].sealed_size().unwrap_or(last_size);
    let last = offset + -1;
    match segments[index].find(last, size) {
        Ok(batch) => Ok(batch.is_some_and(|batch| batch.header.partition_leader_epoch <= epochs.at(last))),
        Err(ScanError::NoBatch { .. }) => Ok(false),
        Err(ScanError::Io(error)) => Err(error),
    }
}

/// Passes the headers of all batches at or above `from`, in order. A segment whose headers end early is read up to
/// there.
fn replay(
    segments: &[Arc<Segment>],
    last_size: u32,
    from: Offset,
    mut see: impl FnMut(&BatchHeader),
) -> io::Result<()> {
    let first = segments.partition_point(|segment| segment.base_offset <= from).saturating_sub(1);
    for segment in &segments[first..] {
        let size = segment.sealed_size().unwrap_or(last_size);
        let mut scan = segment.scan(start_of(segment, from, size)?, size);
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

/// Where the batches at or above `from` begin: by the index, where the log agrees with it.
fn start_of(segment: &Segment, from: Offset, size: u32) -> io::Result<u32> {
    if from <= segment.base_offset {
        return Ok(0);
    }
    match segment.find(from, size) {
        Ok(found) => Ok(found.map_or(size, |batch| batch.position)),
        Err(ScanError::NoBatch { .. }) => Ok(0),
        Err(ScanError::Io(error)) => Err(error),
    }
}

/// Removes the snapshots above the end, and those of neither a segment's start nor the newest.
fn remove_strays(
    files: Files<'_>,
    listing: &Listing,
    segments: &[Arc<Segment>],
    next_offset: Offset,
) -> io::Result<()> {
    let newest = listing.snapshots.iter().rfind(|offset| **offset <= next_offset);
    for (extension, offsets) in [(files::SNAPSHOT, &listing.snapshots), (files::WINDOWS, &listing.windows)] {
        for offset in offsets {
            let is_at_segment = segments.binary_search_by_key(offset, |segment| segment.base_offset).is_ok();
            if *offset > next_offset || !(is_at_segment || Some(offset) == newest) {
                files.disk().remove_file(&files::path(files.path, *offset, extension))?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_writes_a_snapshot_only_where_much_was_replayed() {
        assert!(is_worth_a_snapshot(0, None), "an earlier segment had to be read");
        assert!(!is_worth_a_snapshot(10_000, Some(0)));
        assert!(!is_worth_a_snapshot(REPLAY_BYTES_MAX, Some(1)) && is_worth_a_snapshot(REPLAY_BYTES_MAX, Some(0)));
        assert!(!is_worth_a_snapshot(u32::MAX, Some(u32::MAX)));
    }

    #[test]
    fn a_log_without_producers_is_closed_without_a_snapshot_where_little_follows_the_last() {
        assert!(needs_none_to_close(0, 0) && needs_none_to_close(CLOSED_REPLAY_BYTES_MAX, 0));
        assert!(!needs_none_to_close(CLOSED_REPLAY_BYTES_MAX + 1, 0));
        assert!(needs_none_to_close(1 << 30, 1 << 30));
        assert!(needs_none_to_close(0, 5), "bytes were cut off since");
    }
}
