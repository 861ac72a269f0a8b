//! The writer of one partition's log.

mod append;
mod flush;
mod midway;
mod start;
mod truncate;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use record::{LeaderEpoch, Offset, Timestamp, Uuid};

use crate::active::Active;
use crate::config::LogConfig;
use crate::dir::{LogDir, Stop};
use crate::epochs::Epochs;
use crate::files::Durable;
use crate::open_files::LogFiles;
use crate::producers::{ActiveProducer, Producers, snapshot};
use crate::reader::LogReader;
use crate::recovery::{self, OpenError, Recovered, Syncs};
use crate::segment::Damage;
use crate::view::{LogView, Shared};

pub use append::{AppendError, AppendOutcome, Outcomes};
pub use flush::{CloseError, Flush};

use flush::Unflushed;
use midway::Midway;

/// One partition's log, open for appending. There is one per log; callers keep it behind a mutex.
#[derive(Debug)]
pub struct Log {
    dir: Arc<LogDir>,
    config: Arc<LogConfig>,
    shared: Arc<Shared>,
    active: Active,
    next_offset: Offset,
    producers: Producers,
    epochs: Epochs,
    unflushed: Unflushed,
    midway: Midway,
    /// Segments that have left the log may still have their names.
    is_retiring: bool,
    /// No crash takes the log's start back below it.
    durable_start: Offset,
}

impl Log {
    /// Creates the log `name` (`<topic>-<partition>`) in a directory of its own, durably.
    ///
    /// What a crash left of an earlier creation is completed; segments that are there are kept.
    pub fn create(
        dir: &Arc<LogDir>,
        name: &str,
        topic_id: Uuid,
        config: impl Into<Arc<LogConfig>>,
    ) -> Result<Log, OpenError> {
        dir.check()?;
        dir.forget([name])?;
        dir.watch(dir.disk().create_dir_all(&dir.path().join(name)))?;
        dir.watch(dir.write_topic_id(name, topic_id))?;
        dir.watch(dir.disk().sync_dir(dir.path()))?;
        Log::open(dir, name, config, Stop::Unknown)
    }

    /// Opens the log `name`, recovering it when it was not closed.
    pub fn open(
        dir: &Arc<LogDir>,
        name: &str,
        config: impl Into<Arc<LogConfig>>,
        stop: Stop,
    ) -> Result<Log, OpenError> {
        dir.check()?;
        let config = config.into();
        let recovered = recovery::open(dir, name, &config, stop, Syncs::Each)?;
        Ok(Log::new(dir, config, recovered))
    }

    /// A log that was recovered, and is durable up to its recovery point.
    pub(crate) fn new(dir: &Arc<LogDir>, config: Arc<LogConfig>, recovered: Recovered) -> Log {
        let Recovered { segments, active, log_start_offset, next_offset, producers, mut epochs, .. } = recovered;
        epochs.truncate_below(log_start_offset);
        let shared = Arc::new(Shared::new(LogView::new(segments), log_start_offset, active.end(next_offset)));
        if recovered.recovery_point < next_offset {
            shared.begin_durable_at(recovered.recovery_point);
        }
        let dir = Arc::clone(dir);
        let unflushed = if recovered.is_unflushed { Unflushed::unknown() } else { Unflushed::none() };
        let (is_retiring, durable_start) = (false, Offset(0));
        let midway = Midway::from(recovered.snapshot_position);
        Log {
            dir,
            config,
            shared,
            active,
            next_offset,
            producers,
            epochs,
            unflushed,
            midway,
            is_retiring,
            durable_start,
        }
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

    #[cfg(test)]
    pub(crate) fn producers(&self) -> &Producers {
        &self.producers
    }

    /// Takes changed topic settings; they hold from the next append on.
    pub fn set_config(&mut self, config: impl Into<Arc<LogConfig>>) {
        self.config = config.into();
    }

    /// The epoch that a follower which is in `epoch` should compare with, and the offset where that one ends here (KIP-101,
    /// KIP-279): the largest epoch that is not above `epoch`, up to the start of the next one, or up to the log's end when
    /// it is the latest. `None` when `epoch` is above all epochs of the log.
    pub fn end_of_epoch(&self, epoch: LeaderEpoch) -> Option<(LeaderEpoch, Offset)> {
        self.epochs.end_of(epoch, self.next_offset)
    }

    /// Forgets the producers that appended nothing for `producer.id.expiration.ms`.
    pub fn expire_producers(&mut self, now: Timestamp) {
        self.producers.expire(now, self.config.producer_id_expiration_ms);
    }

    /// The producers that the log remembers, by id.
    pub fn active_producers(&self) -> impl Iterator<Item = ActiveProducer> {
        self.producers.active()
    }

    /// The epoch of the latest records; [`LeaderEpoch::NONE`] when there are none.
    pub fn latest_epoch(&self) -> LeaderEpoch {
        self.epochs.latest()
    }

    /// Makes everything durable, with a snapshot of the producers at the end, so that the next open needs no recovery.
    /// See [`LogDir::close_logs`] for many logs.
    pub fn close(mut self) -> Result<(), CloseError> {
        self.settle()?;
        self.note_closed()?;
        Ok(())
    }

    /// Makes everything durable that the next open wants to find.
    pub(crate) fn settle(&mut self) -> Result<(), CloseError> {
        self.dir.check()?;
        let finished = self.finish();
        self.dir.watch(finished)?;
        self.flush()?;
        self.dir.watch_sync(self.sync_closing_state())?;
        Ok(())
    }

    /// Writes what the next open wants to find, in the page cache; what is there already is left alone.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        self.active.finish()?;
        let (disk, path) = (self.dir.disk(), self.path());
        if Epochs::load(disk, &path)?.unwrap_or_default() != self.epochs {
            self.epochs.store(disk, &path, Durable::No)?;
        }
        if self.needs_no_closing_snapshot() {
            return Ok(());
        }
        match snapshot::load(disk, &path, self.next_offset)? {
            Some((stored, true)) if stored == self.producers => Ok(()),
            _ => snapshot::store(&self.producers, disk, &path, self.next_offset, Durable::No),
        }
    }

    fn needs_no_closing_snapshot(&self) -> bool {
        let size = self.active.end(self.next_offset).position;
        self.producers.is_empty() && recovery::needs_none_to_close(size, self.midway.position())
    }

    fn sync_closing_state(&self) -> io::Result<()> {
        let (disk, path) = (self.dir.disk(), self.path());
        self.active.segment().offset_index.sync()?;
        self.active.segment().time_index.sync()?;
        Epochs::sync(disk, &path)?;
        if !self.needs_no_closing_snapshot() {
            snapshot::sync(disk, &path, self.next_offset)?;
        }
        disk.sync_dir(&path)
    }

    /// Everything of the finished log is durable.
    pub(crate) fn note_closed(&self) -> io::Result<()> {
        self.dir.note_recovery_point(self.name(), self.next_offset)?;
        self.dir.note_high_watermark(self.name(), self.next_offset)
    }

    /// Renames the directory as that of a deleted log, durably, and returns its new path. Readers that are left go on
    /// reading the files. Remove it with [`host::Disk::remove_dir_all`]. See [`LogDir::delete_logs`] for many logs.
    pub fn mark_deleted(self) -> io::Result<PathBuf> {
        let mut deleted = Arc::clone(&self.dir).delete_logs(vec![self]);
        deleted.remove(0)
    }

    /// The directory that it is in.
    pub fn dir(&self) -> &Arc<LogDir> {
        &self.dir
    }

    /// `<topic>-<partition>`.
    pub fn name(&self) -> &str {
        self.files().name()
    }

    pub(crate) fn files(&self) -> &Arc<LogFiles> {
        self.active.segment().files()
    }

    fn path(&self) -> PathBuf {
        self.files().dir().to_owned()
    }
}
