//! Cutting the end of a log off: what a follower does that has other batches than its leader, and how an append that
//! found no room is undone.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use record::Offset;

use super::{AppendError, Log};
use crate::active::Active;
use crate::end::LogPosition;
use crate::files::{self, Durable};
use crate::index::TimeEntry;
use crate::open_files::is_out_of_descriptors;
use crate::producers::Producers;
use crate::producers::snapshot::Newest;
use crate::retire::{Side, retire};
use crate::room::is_full;
use crate::scan::{Located, ScanError};
use crate::segment::{Damage, Segment};
use crate::sparse::Sparse;
use crate::timestamps;
use crate::view::LogView;

/// Where a log is cut: the end that it gets, in which of its segments.
struct Cut {
    index: usize,
    end: LogPosition,
}

impl Log {
    /// Cuts everything at and above `offset` off, durably; files of whole segments are renamed and returned as by
    /// [`Log::advance_start`]. Nothing happens when the log ends at or below `offset`.
    ///
    /// A batch that holds `offset` goes as a whole, and the log then ends where that batch began. Below the log's start
    /// there is nothing to keep: see [`Log::truncate_fully_and_start_at`]. Producers are known as they were at the new
    /// end, with all batches of theirs that are still in the log and would be known again.
    ///
    /// # Errors
    /// `StorageFull` when there was no room to write down that less of the log is durable; then nothing was cut. An error
    /// after that is the end of the log directory.
    pub fn truncate_to(&mut self, offset: Offset) -> Result<Vec<PathBuf>, AppendError> {
        self.dir.check()?;
        if offset >= self.next_offset {
            return Ok(Vec::new());
        }
        if offset < self.shared.log_start_offset() {
            return self.truncate_fully_and_start_at(offset);
        }
        let cut = self.locate(offset);
        let cut = self.refusable(cut)?;
        if cut.end.offset < self.shared.log_start_offset() {
            return self.truncate_fully_and_start_at(offset);
        }
        self.lower_recovery_point(cut.end)?;
        let retired = self.cut(cut).and_then(|retired| {
            self.make_cut_durable()?;
            Ok(retired)
        });
        Ok(self.dir.watch_sync(retired)?)
    }

    /// Removes all records and begins again at `offset`, durably; it may be below the log's start, or beyond its end.
    /// Nothing is known of producers and epochs then. An error is the end of the log directory.
    pub fn truncate_fully_and_start_at(&mut self, offset: Offset) -> Result<Vec<PathBuf>, AppendError> {
        self.dir.check()?;
        let restarted = self.restart_at(offset);
        Ok(self.dir.watch_sync(restarted)?)
    }

    /// Takes an append back that failed with `error`, which is returned: where there was no room, or no descriptor, the log
    /// is as it was, and may be appended to when there is.
    pub(super) fn undo_to(&mut self, end: Offset, error: io::Error) -> io::Result<()> {
        if !(is_full(&error) || is_out_of_descriptors(&error)) || self.dir.failed() {
            return self.dir.watch_sync(Err(error));
        }
        let undone = self
            .locate(end)
            .and_then(|cut| self.cut(cut))
            .and_then(|retired| retired.iter().try_for_each(|path| self.dir.disk().remove_file(path)));
        if let Err(halfway) = undone {
            // What is in memory is not what is in the files any more.
            self.dir.fail(&halfway);
            return Err(halfway);
        }
        match self.shorten() {
            // What comes next is written over what follows the end.
            Err(refused) if is_full(&refused) || is_out_of_descriptors(&refused) => {}
            shortened => self.dir.watch_sync(shortened)?,
        }
        Err(error)
    }

    /// Before anything is cut: what comes there later is not durable.
    fn lower_recovery_point(&mut self, end: LogPosition) -> Result<(), AppendError> {
        // After a restart the durable end may lie below what was noted.
        let noted = self.refusable(self.dir.recovery_point(self.name()))?.unwrap_or_default();
        if self.shared.durable_end.load().offset.max(noted) <= end.offset {
            return Ok(());
        }
        let noted = self.dir.note_recovery_point(self.name(), end.offset).and_then(|()| self.dir.write_checkpoints());
        self.refusable(noted)
    }

    /// Where the first batch begins that reaches `offset`.
    fn locate(&self, offset: Offset) -> io::Result<Cut> {
        let view = self.shared.view.load();
        let index = view.segments().partition_point(|segment| segment.base_offset <= offset).saturating_sub(1);
        let segment = &view.segments()[index];
        let size = segment.sealed_size().unwrap_or_else(|| self.active.end(offset).position);
        let (end, position) = match segment.find(offset, size) {
            Ok(Some(batch)) => (offset.min(batch.header.base_offset), batch.position),
            Ok(None) => (offset, size),
            Err(ScanError::NoBatch { position }) => (offset, position),
            Err(ScanError::Io(error)) => return Err(error),
        };
        Ok(Cut { index, end: LogPosition { offset: end, segment: segment.base_offset, position } })
    }

    /// Readers see the lower end before the shorter view, and both before the files change.
    fn cut(&mut self, cut: Cut) -> io::Result<Vec<PathBuf>> {
        let Cut { index, end } = cut;
        let (dir, path) = (Arc::clone(&self.dir), self.path());
        let view = self.shared.view.load_full();
        let old = &view.segments()[index];
        let damage = old.damage().iter().filter(|damage| damage.end() <= end.position).copied();
        let damage: Vec<Damage> = damage.collect();
        let segment = Arc::new(Segment::open(old.files(), old.base_offset)?.with_damage(damage));
        let kept = view.segments()[..index].iter().cloned().chain([Arc::clone(&segment)]).collect();
        self.publish_lower(end);
        self.shared.view.store(Arc::new(LogView::new(kept)));
        self.remove_snapshots_above(end.offset)?;
        view.segments()[index + 1..].iter().for_each(|segment| segment.mark_retired());
        let retired = retire(dir.disk(), &path, Side::From(end.segment + 1))?;
        shorten_indexes(&segment, end)?;
        let is_active = self.active.segment().base_offset == end.segment && end.position > 0;
        let first_timestamp = self.active.first_timestamp().filter(|_| is_active);
        let sparse = resume(&segment, end.position, self.config.index_interval_bytes)?;
        self.active = Active::new(segment, end.position, sparse, first_timestamp);
        self.next_offset = end.offset;
        self.producers = self.producers_at_end()?;
        if self.epochs.truncate_from(end.offset) {
            // Epochs that begin above the end are ignored wherever the checkpoint is read.
            let stored = self.epochs.store(dir.disk(), &path, Durable::Yes);
            stored.or_else(|error| if is_full(&error) { Ok(()) } else { Err(error) })?;
        }
        Ok(retired)
    }

    fn publish_lower(&mut self, end: LogPosition) {
        self.unflushed.truncations += 1;
        if self.shared.end.load().offset > end.offset {
            self.shared.end.store(end);
        }
        if self.shared.durable_end.load().offset > end.offset {
            self.publish_durable(end);
        }
    }

    /// Those that speak of batches that go, before others get their offsets.
    fn remove_snapshots_above(&self, end: Offset) -> io::Result<()> {
        let (disk, path) = (self.dir.disk(), self.path());
        for extension in [files::SNAPSHOT, files::WINDOWS] {
            for offset in files::offsets(disk, &path, extension)?.into_iter().filter(|offset| *offset > end) {
                disk.remove_file(&files::path(&path, offset, extension))?;
            }
        }
        Ok(())
    }

    /// From the newest snapshot and the headers of the batches after it.
    fn producers_at_end(&self) -> io::Result<Producers> {
        let (disk, path) = (self.dir.disk(), self.path());
        let view = self.shared.view.load();
        let snapshots = files::offsets(disk, &path, files::SNAPSHOT)?.into_iter();
        let Newest { mut producers, from, without_windows } = Newest::load(disk, &path, snapshots)?;
        for segment in view.from(from) {
            let end = segment.sealed_size().unwrap_or_else(|| self.active.end(from).position);
            scan(segment, end, |batch| {
                if batch.header.base_offset >= from {
                    producers.update(&batch.header, batch.header.base_offset);
                }
            })?;
        }
        producers.adopt(without_windows);
        Ok(producers)
    }

    fn shorten(&self) -> io::Result<()> {
        let end = self.active.end(self.next_offset);
        self.active.segment().log()?.set_len(u64::from(end.position))
    }

    fn make_cut_durable(&mut self) -> io::Result<()> {
        self.shorten()?;
        self.active.segment().log()?.sync_data()?;
        self.unflushed.names = true;
        self.sync_names()
    }

    /// The old segments are gone, durably, before the checkpoint says where the log begins now, and that before there is a
    /// segment: without one it says where the next start makes the first.
    fn restart_at(&mut self, offset: Offset) -> io::Result<Vec<PathBuf>> {
        let (disk, path) = (self.dir.disk(), self.path());
        let end = LogPosition { offset, segment: offset, position: 0 };
        self.unflushed.truncations += 1;
        self.remove_snapshots_above(Offset(-1))?;
        self.shared.view.load().segments().iter().for_each(|segment| segment.mark_retired());
        let retired = retire(disk, &path, Side::From(Offset(0)))?;
        disk.sync_dir(&path)?;
        self.dir.note_log_start_offset(self.name(), offset)?;
        self.dir.note_recovery_point(self.name(), offset)?;
        self.dir.write_checkpoints()?;
        self.durable_start = offset;
        let segment = Arc::new(Segment::create(self.active.segment().files(), offset)?);
        disk.sync_dir(&path)?;
        self.unflushed.names = false;
        (self.producers, self.epochs) = (Producers::default(), crate::epochs::Epochs::default());
        self.epochs.store(disk, &path, Durable::Yes)?;
        self.shared.set_log_start_offset(offset);
        self.shared.end.store(end);
        self.shared.view.store(Arc::new(LogView::new(vec![Arc::clone(&segment)])));
        self.active = Active::empty(segment, &self.config);
        self.next_offset = offset;
        self.publish_durable(end);
        Ok(retired)
    }
}

fn shorten_indexes(segment: &Segment, end: LogPosition) -> io::Result<()> {
    let is_below = |relative_offset: u32| segment.base_offset + i64::from(relative_offset) < end.offset;
    segment.offset_index.truncate(|entry| is_below(entry.relative_offset) && entry.position < end.position)?;
    segment.time_index.truncate(|entry| is_below(entry.relative_offset))
}

/// Goes on with the indexes of a segment that ends at `end`; makes them again when they don't fit the log.
fn resume(segment: &Segment, end: u32, interval_bytes: u32) -> io::Result<Sparse> {
    let sparse = Sparse::new(segment.base_offset, interval_bytes);
    let last = segment.offset_index.last()?;
    let from = last.map_or(0, |entry| entry.position);
    let fits = match last {
        Some(entry) => segment.agrees(entry, end)?,
        None => true,
    };
    let largest = match timestamps::find_largest(segment, Offset(i64::MAX), end) {
        Ok(Some(largest)) => segment.scan(largest.position, end).next(),
        Ok(None) => Ok(None),
        Err(error) => Err(error),
    };
    let indexed = segment.time_index.last()?.map_or(record::Timestamp::NONE, |entry| entry.timestamp);
    match largest {
        Ok(Some(batch)) if fits && batch.header.max_timestamp >= indexed => {
            let relative_offset = u32::try_from(batch.header.last_offset() - segment.base_offset).unwrap_or(u32::MAX);
            let largest = TimeEntry { timestamp: batch.header.max_timestamp, relative_offset };
            Ok(sparse.resume(end - from, largest, indexed))
        }
        Err(ScanError::Io(error)) => Err(error),
        _ => index_again(segment, end, sparse),
    }
}

fn index_again(segment: &Segment, end: u32, mut sparse: Sparse) -> io::Result<Sparse> {
    let (mut offsets, mut times) = (Vec::new(), Vec::new());
    scan(segment, end, |batch| {
        let (offset, time) = sparse.pass(&batch.header, batch.position);
        offsets.extend(offset);
        times.extend(time);
    })?;
    segment.offset_index.replace(&offsets)?;
    segment.time_index.replace(&times)?;
    Ok(sparse)
}

/// Passes the batches before `end`, as far as the headers lead.
fn scan(segment: &Segment, end: u32, mut see: impl FnMut(&Located)) -> io::Result<()> {
    let mut scan = segment.scan(0, end);
    loop {
        match scan.next() {
            Ok(Some(batch)) if batch.header.last_offset() < segment.offset_limit() => see(&batch),
            Ok(_) | Err(ScanError::NoBatch { .. }) => return Ok(()),
            Err(ScanError::Io(error)) => return Err(error),
        }
    }
}
