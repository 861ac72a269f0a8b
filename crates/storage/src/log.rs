//! The appender of one log.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use arc_swap::ArcSwap;
use record::{LeaderEpoch, Offset, ProducedBatch, Uuid};

use crate::append::{IndexState, Pending};
use crate::dir::{LogDir, Stop};
use crate::end::{EndCell, LogPosition};
use crate::epochs::EpochCache;
use crate::producers::{Producers, Sequence, SequenceError};
use crate::reader::{LogReader, LogView, Shared};
use crate::recovery::{self, Recovered};
use crate::segment::Segment;
use crate::snapshot;

/// When segments end and how sparse their indexes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogConfig {
    /// `segment.bytes`: the most bytes of a segment.
    pub segment_bytes: u32,
    /// `index.interval.bytes`: log bytes between two index entries.
    pub index_interval_bytes: u32,
    /// `segment.index.bytes`: a segment ends when its offset index has this size.
    pub segment_index_bytes: u32,
}

impl Default for LogConfig {
    fn default() -> Self {
        LogConfig { segment_bytes: 1 << 30, index_interval_bytes: 4096, segment_index_bytes: 10 << 20 }
    }
}

/// One log, open for appending.
#[derive(Debug)]
pub struct Log {
    dir: Arc<LogDir>,
    path: PathBuf,
    name: String,
    config: LogConfig,
    shared: Arc<Shared>,
    active: Arc<Segment>,
    end: LogPosition,
    producers: Producers,
    epochs: EpochCache,
    index: IndexState,
    pending: Pending,
}

/// What became of one batch.
#[derive(Debug, PartialEq, Eq)]
pub enum AppendOutcome {
    /// It is in the log.
    Appended {
        /// The offset of its first record.
        base_offset: Offset,
    },
    /// It was in the log already.
    Duplicate {
        /// The offset that its first record got then.
        base_offset: Offset,
    },
    /// It is not in the log.
    Rejected(SequenceError),
}

/// Why nothing can be appended.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The log directory failed before.
    #[error("the log directory is out of service after an I/O error")]
    Offline,
    /// The disk failed now.
    #[error("cannot write to the log: {0}")]
    Io(#[from] io::Error),
}

/// Why a log cannot be opened. Nothing was deleted.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The disk failed.
    #[error("cannot open the log: {0}")]
    Io(#[from] io::Error),
    /// Valid batches follow damaged bytes: cutting the log there would lose them.
    #[error("{path}: damaged at position {position}, with valid batches after it; restore the file from a copy or move it away")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where the damage begins.
        position: u32,
    },
}

/// Why a log was not closed well; the next start recovers it.
#[derive(Debug, thiserror::Error)]
pub enum CloseError {
    /// The log directory failed before.
    #[error("the log directory is out of service after an I/O error")]
    Offline,
    /// The disk failed now.
    #[error("cannot close the log: {0}")]
    Io(#[from] io::Error),
}

impl Log {
    /// A new, empty log. Its directory survives a power cut when this returns.
    pub fn create(dir: &Arc<LogDir>, name: &str, topic_id: Uuid, config: LogConfig) -> Result<Log, OpenError> {
        let path = dir.path().join(name);
        let disk = dir.disk();
        disk.create_dir_all(&path)?;
        let segment = Segment::create(disk, &path, Offset(0))?;
        dir.write_topic_id(name, topic_id)?;
        sync_names(dir, &path)?;
        let recovered = Recovered::empty(segment);
        Ok(Log::of(dir, name, config, recovered))
    }

    /// Opens a log. After a hard stop, or when a file that a clean stop leaves is missing, everything is made again from the
    /// batches, a torn tail is cut, and what is left is made durable.
    pub fn open(dir: &Arc<LogDir>, name: &str, config: LogConfig, stop: Stop) -> Result<Log, OpenError> {
        let path = dir.path().join(name);
        let recovered = recovery::open(dir.disk(), &path, &config, stop)?;
        Ok(Log::of(dir, name, config, recovered))
    }

    fn of(dir: &Arc<LogDir>, name: &str, config: LogConfig, recovered: Recovered) -> Log {
        let Recovered { segments, end, producers, epochs, index } = recovered;
        let view = LogView::new(segments);
        let active = Arc::clone(view.active());
        let log_start = AtomicI64::new(view.segments()[0].base.0);
        let shared = Arc::new(Shared { view: ArcSwap::from_pointee(view), end: EndCell::new(end), log_start });
        let (path, name) = (dir.path().join(name), name.to_owned());
        let (dir, pending) = (Arc::clone(dir), Pending::default());
        Log { dir, path, name, config, shared, active, end, producers, epochs, index, pending }
    }

    /// A reader; it outlives the appender.
    pub fn reader(&self) -> LogReader {
        LogReader(Arc::clone(&self.shared))
    }

    /// Appends the batches of one turn, in order, with one write unless a segment ends between them. Each is held against its
    /// producer's sequence first; one outcome each is pushed to `outcomes`.
    ///
    /// # Errors
    /// None of the batches counts as appended, and the directory takes no more writes.
    pub fn append(
        &mut self,
        batches: &[ProducedBatch<'_>],
        epoch: LeaderEpoch,
        outcomes: &mut Vec<AppendOutcome>,
    ) -> Result<(), AppendError> {
        if self.dir.failed() {
            return Err(AppendError::Offline);
        }
        self.try_append(batches, epoch, outcomes).map_err(|error| {
            self.dir.fail(&error);
            AppendError::Io(error)
        })
    }

    fn try_append(&mut self, batches: &[ProducedBatch<'_>], epoch: LeaderEpoch, outcomes: &mut Vec<AppendOutcome>) -> io::Result<()> {
        self.begin_epoch(epoch)?;
        let mut written = 0;
        for (at, batch) in batches.iter().enumerate() {
            let header = batch.header();
            let outcome = match self.producers.check(header) {
                Sequence::Next => {
                    if self.is_full(header.total_len(), header.last_offset_delta) {
                        self.write(&batches[written..at])?;
                        written = at;
                        self.roll()?;
                    }
                    let base_offset = self.pending.next_offset(self.end.offset);
                    self.producers.appended(header, base_offset);
                    self.pending.add(at - written, header, base_offset, epoch);
                    AppendOutcome::Appended { base_offset }
                }
                Sequence::Duplicate(base_offset) => AppendOutcome::Duplicate { base_offset },
                Sequence::Rejected(error) => AppendOutcome::Rejected(error),
            };
            outcomes.push(outcome);
        }
        self.write(&batches[written..])
    }

    /// An epoch is on disk before the first batch that has it.
    fn begin_epoch(&mut self, epoch: LeaderEpoch) -> io::Result<()> {
        match self.epochs.advance(epoch, self.end.offset) {
            true => self.epochs.write(self.dir.disk(), &self.path),
            false => Ok(()),
        }
    }

    /// Whether a batch has to go to a new segment.
    fn is_full(&self, len: usize, last_offset_delta: i32) -> bool {
        let position = self.end.position as usize + self.pending.len();
        let last = self.pending.next_offset(self.end.offset) + i64::from(last_offset_delta);
        let fits = position + len <= self.config.segment_bytes as usize
            && last - self.active.base <= i64::from(i32::MAX)
            && self.active.index.len() * 8 < u64::from(self.config.segment_index_bytes);
        !fits && position > 0
    }

    /// Writes what is pending, which are some of `batches`, and lets readers see it.
    fn write(&mut self, batches: &[ProducedBatch<'_>]) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        #[cfg(test)]
        if crate::planted::is(crate::planted::Bug::AckBeforeWrite) {
            self.pending.clear();
            return Ok(());
        }
        self.index.allocate(&self.active, self.end.position, self.pending.len(), self.config.segment_bytes)?;
        self.pending.write(batches, &self.active.log, self.end.position)?;
        self.index.note(&self.pending, &self.active, self.end.position, self.config.index_interval_bytes)?;
        self.end.offset = self.pending.next_offset(self.end.offset);
        self.end.position += self.pending.len() as u32;
        self.pending.clear();
        self.active.set_len(self.end.position);
        self.shared.end.publish(self.end);
        Ok(())
    }

    /// Ends the active segment and begins the next.
    fn roll(&mut self) -> io::Result<()> {
        self.index.finish(&self.active)?;
        self.active.log.set_len(u64::from(self.end.position))?;
        let base = self.end.offset;
        let segment = Arc::new(Segment::create(self.dir.disk(), &self.path, base)?);
        self.dir.disk().sync_dir(&self.path)?;
        let view = self.shared.view.load().with(Arc::clone(&segment));
        // The view first: a reader that sees the new end finds its segment.
        self.shared.view.store(Arc::new(view));
        self.active = segment;
        self.end = LogPosition { offset: base, segment: base, position: 0 };
        self.index = IndexState::default();
        self.shared.end.publish(self.end);
        Ok(())
    }

    /// Makes everything durable, with what a clean start needs.
    pub fn close(self) -> Result<(), CloseError> {
        if self.dir.failed() {
            return Err(CloseError::Offline);
        }
        self.active.log.set_len(u64::from(self.end.position))?;
        for segment in self.shared.view.load().segments() {
            segment.sync()?;
        }
        snapshot::write(self.dir.disk(), &self.path, self.end.offset, &self.producers)?;
        Ok(())
    }

    /// Renames the log's directory, durably, to one that waits to be removed, and returns its path.
    pub fn mark_deleted(self) -> io::Result<PathBuf> {
        self.dir.set_aside(&self.name)
    }
}

/// Makes the names of a new log durable: those in its directory, and its own.
fn sync_names(dir: &LogDir, path: &Path) -> io::Result<()> {
    #[cfg(test)]
    if crate::planted::is(crate::planted::Bug::SkipDirectoryFsync) {
        return Ok(());
    }
    dir.disk().sync_dir(path)?;
    dir.disk().sync_dir(dir.path())
}

#[cfg(test)]
mod tests;
