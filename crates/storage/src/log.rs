//! The writer of one partition's log.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use host::File;
use record::{LeaderEpoch, Offset, ProducedBatch, Timestamp, Uuid};

use crate::active::Active;
use crate::config::LogConfig;
use crate::dir::{LogDir, LogDirFailed, Stop};
use crate::end::LogPosition;
use crate::epochs::Epochs;
use crate::group::Group;
use crate::producers::snapshot;
use crate::producers::{Producers, Sequence, SequenceError};
use crate::reader::LogReader;
use crate::recovery::{self, OpenError, Recovered, Syncs};
use crate::segment::{Damage, Segment};
use crate::view::{LogView, Shared};

/// One partition's log, open for appending. There is one per log; callers keep it behind a mutex.
#[derive(Debug)]
pub struct Log {
    dir: Arc<LogDir>,
    name: String,
    config: LogConfig,
    shared: Arc<Shared>,
    active: Active,
    next_offset: Offset,
    producers: Producers,
    epochs: Epochs,
    /// Below it everything is durable.
    recovery_point: Offset,
}

/// What became of one batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppendOutcome {
    /// It is in the log.
    Appended {
        /// The offset of its first record.
        base_offset: Offset,
    },
    /// Its producer sent it again; it was in the log.
    Duplicate {
        /// The offset that its first record got then.
        base_offset: Offset,
    },
    /// It doesn't follow its producer's last batch; it is not in the log.
    Rejected(SequenceError),
}

/// Why nothing was appended. What was acknowledged before is not touched.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// An earlier I/O error.
    #[error(transparent)]
    Failed(#[from] LogDirFailed),
    /// There is no room on the disk. Nothing was written; appends work again when there is.
    #[error("no room is left on the disk")]
    StorageFull,
    /// The disk failed; from now on the log directory takes nothing.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Why a log was not closed cleanly. The next open recovers it.
#[derive(Debug, thiserror::Error)]
pub enum CloseError {
    /// An earlier I/O error.
    #[error(transparent)]
    Failed(#[from] LogDirFailed),
    /// The disk failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The files that a flush has to sync, and what is durable then.
#[derive(Debug)]
pub struct Flush {
    dir: Arc<LogDir>,
    files: Vec<Arc<File>>,
    end: LogPosition,
}

impl Flush {
    /// Syncs the files. An error is the end of the log directory: it fails, and no flush is tried again.
    pub fn run(&self) -> Result<(), CloseError> {
        self.dir.check()?;
        self.files.iter().try_for_each(|file| self.dir.watch(file.sync_data()))?;
        Ok(())
    }
}

impl Log {
    /// Creates the log `name` (`<topic>-<partition>`) in a directory of its own, durably.
    ///
    /// What a crash left of an earlier creation is completed; segments that are there are kept.
    pub fn create(dir: &Arc<LogDir>, name: &str, topic_id: Uuid, config: LogConfig) -> Result<Log, OpenError> {
        dir.check()?;
        dir.forget([name])?;
        dir.watch(dir.disk().create_dir_all(&dir.path().join(name)))?;
        dir.watch(dir.write_topic_id(name, topic_id))?;
        dir.watch(dir.disk().sync_dir(dir.path()))?;
        Log::open(dir, name, config, Stop::Power)
    }

    /// Opens the log `name`, recovering it when it was not closed.
    pub fn open(dir: &Arc<LogDir>, name: &str, config: LogConfig, stop: Stop) -> Result<Log, OpenError> {
        dir.check()?;
        let recovered = recovery::open(dir, name, &config, stop, Syncs::Each)?;
        Ok(Log::new(dir, name, config, recovered))
    }

    /// A log that was recovered, and is durable.
    pub(crate) fn new(dir: &Arc<LogDir>, name: &str, config: LogConfig, recovered: Recovered) -> Log {
        let Recovered { segments, active, log_start_offset, next_offset, producers, epochs, recovery_point, .. } =
            recovered;
        let shared = Arc::new(Shared::new(LogView::new(segments), log_start_offset, active.end(next_offset)));
        let (dir, name) = (Arc::clone(dir), name.to_owned());
        Log { dir, name, config, shared, active, next_offset, producers, epochs, recovery_point }
    }

    /// A reader, for any thread; it works as long as somebody has it.
    pub fn reader(&self) -> LogReader {
        LogReader::new(Arc::clone(&self.shared))
    }

    /// What recovery found damaged with batches after it. It stays as it is, and reading it is an error.
    pub fn damage(&self) -> Vec<Damage> {
        let view = self.shared.view.load();
        view.segments().iter().flat_map(|segment| segment.damage()).copied().collect()
    }

    /// Appends the batches of one turn in order, with one write per segment that they go to, and pushes one outcome
    /// for each. They are in the kernel when this returns, and readers see them.
    ///
    /// On an error no outcome was pushed and none of the batches is acknowledged, though some may turn out to be in the
    /// log after the next start.
    pub fn append(
        &mut self,
        batches: &[ProducedBatch<'_>],
        epoch: LeaderEpoch,
        now: Timestamp,
        outcomes: &mut Vec<AppendOutcome>,
    ) -> Result<(), AppendError> {
        self.dir.check()?;
        self.reserve(batches)?;
        let outcomes_before = outcomes.len();
        let appended = self.append_all(batches, epoch, now, outcomes);
        if let Err(error) = self.dir.watch(appended) {
            outcomes.truncate(outcomes_before);
            return Err(error.into());
        }
        self.shared.end.store(self.active.end(self.next_offset));
        Ok(())
    }

    /// A full disk is noticed here, before anything has changed.
    fn reserve(&mut self, batches: &[ProducedBatch<'_>]) -> Result<(), AppendError> {
        let needed = batches.iter().map(|batch| batch.header().total_len() as u64).sum();
        match self.active.reserve(needed, self.config.segment_bytes) {
            Err(error) if error.kind() == io::ErrorKind::StorageFull => Err(AppendError::StorageFull),
            reserved => Ok(self.dir.watch(reserved)?),
        }
    }

    fn append_all(
        &mut self,
        batches: &[ProducedBatch<'_>],
        epoch: LeaderEpoch,
        now: Timestamp,
        outcomes: &mut Vec<AppendOutcome>,
    ) -> io::Result<()> {
        let mut group = Group::default();
        for batch in batches {
            outcomes.push(match self.producers.check(batch.header()) {
                Sequence::Next => {
                    let base_offset = self.place(batch, epoch, now, &mut group)?;
                    AppendOutcome::Appended { base_offset }
                }
                Sequence::Duplicate(base_offset) => AppendOutcome::Duplicate { base_offset },
                Sequence::Rejected(error) => AppendOutcome::Rejected(error),
            });
        }
        self.active.write(&mut group, now)
    }

    /// Gives a batch its offset. Rolls before, where the segment has no room for it.
    fn place<'b>(
        &mut self,
        batch: &'b ProducedBatch<'b>,
        epoch: LeaderEpoch,
        now: Timestamp,
        group: &mut Group<'b>,
    ) -> io::Result<Offset> {
        let base_offset = self.next_offset;
        if self.active.is_full_for(group.len(), batch.header(), base_offset, &self.config, now) {
            self.active.write(group, now)?;
            self.roll(now)?;
        }
        self.assign_epoch(epoch)?;
        group.push(batch, base_offset, epoch);
        self.producers.update(batch.header(), base_offset);
        self.next_offset = base_offset + i64::from(batch.header().last_offset_delta) + 1;
        Ok(base_offset)
    }

    /// An epoch is in the checkpoint before a batch of it is in the log.
    fn assign_epoch(&mut self, epoch: LeaderEpoch) -> io::Result<()> {
        match self.epochs.assign(epoch, self.next_offset) {
            true => self.epochs.store(self.dir.disk(), &self.path()),
            false => Ok(()),
        }
    }

    fn roll(&mut self, now: Timestamp) -> io::Result<()> {
        self.active.seal()?;
        let path = self.path();
        self.producers.expire(now, self.config.producer_id_expiration_ms);
        snapshot::store(&self.producers, self.dir.disk(), &path, self.next_offset, snapshot::Durable::No)?;
        let segment = Arc::new(Segment::create(self.dir.disk(), &path, self.next_offset)?);
        self.shared.view.store(Arc::new(self.shared.view.load().with(Arc::clone(&segment))));
        self.active = Active::empty(segment, &self.config);
        Ok(())
    }

    /// Takes changed topic settings; they hold from the next append on.
    pub fn set_config(&mut self, config: LogConfig) {
        self.config = config;
    }

    /// What has to be synced so that all that was appended until now is on disk. Run it without the lock on the log, then
    /// give it to [`Log::end_flush`].
    pub fn begin_flush(&self) -> io::Result<Flush> {
        let view = self.shared.view.load();
        let files = view.from(self.recovery_point).iter().map(|segment| segment.log()).collect::<io::Result<_>>()?;
        Ok(Flush { dir: Arc::clone(&self.dir), files, end: self.active.end(self.next_offset) })
    }

    /// Publishes what a flush that succeeded has made durable.
    pub fn end_flush(&mut self, flush: Flush) {
        self.recovery_point = flush.end.offset;
        self.shared.durable_end.store(flush.end);
        let _ = self.dir.note_recovery_point(&self.name, self.recovery_point);
    }

    /// Moves the log's start up to `to` (never down, never beyond the end), durably. Segments that lie below it as a
    /// whole leave the log: their files are renamed with `.deleted` appended, and returned, to be removed after
    /// `file.delete.delay.ms`.
    pub fn advance_start(&mut self, to: Offset, now: Timestamp) -> Result<Vec<PathBuf>, AppendError> {
        let _ = (to, now);
        Ok(Vec::new())
    }

    /// Cuts everything at and above `offset` off, durably; files of whole segments are renamed and returned as by
    /// [`Log::advance_start`].
    pub fn truncate_to(&mut self, offset: Offset) -> Result<Vec<PathBuf>, AppendError> {
        let _ = offset;
        Ok(Vec::new())
    }

    /// The largest epoch of the log that is not above `epoch`, and the offset where it ends (KIP-101, KIP-279); `None` when
    /// the log has no epoch so low.
    pub fn end_of_epoch(&self, epoch: LeaderEpoch) -> Option<(LeaderEpoch, Offset)> {
        let _ = epoch;
        None
    }

    /// Makes everything that was appended durable, and the log's recovery point with it.
    pub fn flush(&mut self) -> Result<(), CloseError> {
        self.dir.check()?;
        let flushed = self.sync_segments();
        self.dir.watch(flushed)?;
        self.recovery_point = self.next_offset;
        self.dir.note_recovery_point(&self.name, self.recovery_point)?;
        Ok(())
    }

    fn sync_segments(&self) -> io::Result<()> {
        let view = self.shared.view.load();
        for segment in view.from(self.recovery_point) {
            segment.log()?.sync_data()?;
        }
        Ok(())
    }

    /// Makes everything durable, with a snapshot of the producers at the end, so that the next open needs no recovery.
    pub fn close(mut self) -> Result<(), CloseError> {
        self.dir.check()?;
        let finished = self.active.finish();
        self.dir.watch(finished)?;
        self.flush()?;
        Ok(self.dir.watch(self.store_closing_state())?)
    }

    fn store_closing_state(&self) -> io::Result<()> {
        let (disk, path) = (self.dir.disk(), self.path());
        self.active.segment().offset_index.sync()?;
        self.active.segment().time_index.sync()?;
        self.epochs.store(disk, &path)?;
        snapshot::store(&self.producers, disk, &path, self.next_offset, snapshot::Durable::Yes)
    }

    /// Renames the directory as that of a deleted log, durably, and returns its new path. Readers that are left go on
    /// reading the files. Remove it with [`host::Disk::remove_dir_all`].
    pub fn mark_deleted(self) -> io::Result<PathBuf> {
        self.dir.set_aside(&self.name)
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join(&self.name)
    }
}
