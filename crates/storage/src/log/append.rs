//! Appending: sequence check, offsets, the write, the roll.

use std::io;
use std::sync::Arc;

use record::{LeaderEpoch, Offset, ProducedBatch, Timestamp};
use smallvec::SmallVec;

use super::Log;
use crate::active::Active;
use crate::dir::LogDirFailed;
use crate::files::{self, Durable};
use crate::group::Group;
use crate::producers::{Sequence, SequenceError, snapshot};
use crate::room::is_full;
use crate::segment::Segment;

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
        /// Its largest timestamp, which is the time of that append where the topic wants that time.
        timestamp: Timestamp,
    },
    /// It doesn't follow its producer's last batch; it is not in the log.
    Rejected(SequenceError),
}

/// What became of the batches of a turn, in order. Most turns have no more for one partition, and then nothing is allocated.
pub type Outcomes = SmallVec<[AppendOutcome; 4]>;

/// Why the log was not changed. What was acknowledged before is not touched.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// An earlier I/O error.
    #[error(transparent)]
    Failed(#[from] LogDirFailed),
    /// There is no room on the disk. Everything is as it was; it works again when there is.
    #[error("no room is left on the disk")]
    StorageFull,
    /// The disk failed; from now on the log directory takes nothing.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Log {
    /// Appends the batches of one turn in order, with one write per segment that they go to, and pushes one outcome
    /// for each. They are in the kernel when this returns, and readers see them. Nothing is synced: see
    /// [`Log::flush_due`] and [`crate::LogConfig::durable_before_ack`].
    ///
    /// On an error no outcome was pushed and none of the batches is acknowledged, though after a crash some may turn
    /// out to be in the log.
    pub fn append(
        &mut self,
        batches: &[ProducedBatch<'_>],
        epoch: LeaderEpoch,
        now: Timestamp,
        outcomes: &mut Outcomes,
    ) -> Result<(), AppendError> {
        self.dir.check()?;
        let reserved = self.reserve(batches, now);
        self.refusable(reserved)?;
        let (outcomes_before, end) = (outcomes.len(), self.next_offset);
        if let Err(error) = self.append_all(batches, epoch, now, outcomes) {
            outcomes.truncate(outcomes_before);
            let undone = self.undo_to(end, error);
            return self.refusable(undone);
        }
        self.shared.end.store(self.active.end(self.next_offset));
        if self.next_offset > end {
            self.unflushed.appended(now);
            self.snapshot_midway();
        }
        Ok(())
    }

    /// A full disk is noticed here, before anything has changed.
    fn reserve(&mut self, batches: &[ProducedBatch<'_>], now: Timestamp) -> io::Result<()> {
        let Some(first) = batches.first() else { return Ok(()) };
        let needed = batches.iter().map(|batch| batch.header().total_len() as u64).sum();
        let rolls = !self.active.has_room_for(needed, &self.config)
            || self.active.is_full_for(0, first.header(), self.next_offset, &self.config, now);
        if rolls {
            self.dir.take_room(needed + ROLL_BYTES)?;
        }
        let dir = &self.dir;
        self.active.reserve(needed, self.config.segment_bytes, |bytes| dir.take_room(bytes))
    }

    /// Where the disk has no room the operation is refused; any other error is the end of the log directory.
    pub(super) fn refusable<T>(&self, result: io::Result<T>) -> Result<T, AppendError> {
        match result {
            Err(error) if is_full(&error) && !self.dir.failed() => {
                self.dir.enter_full();
                Err(AppendError::StorageFull)
            }
            result => Ok(self.dir.watch_sync(result)?),
        }
    }

    fn append_all(
        &mut self,
        batches: &[ProducedBatch<'_>],
        epoch: LeaderEpoch,
        now: Timestamp,
        outcomes: &mut Outcomes,
    ) -> io::Result<()> {
        let mut group = Group::default();
        for batch in batches {
            outcomes.push(match self.producers.check(batch.header()) {
                Sequence::Next => {
                    let base_offset = self.place(batch, epoch, now, &mut group)?;
                    AppendOutcome::Appended { base_offset }
                }
                Sequence::Duplicate { base_offset, timestamp } => AppendOutcome::Duplicate { base_offset, timestamp },
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
            self.roll(now, Durable::No)?;
        }
        self.assign_epoch(epoch)?;
        group.push(batch, base_offset, epoch);
        self.producers.update(batch.header(), base_offset);
        self.next_offset = base_offset + i64::from(batch.header().last_offset_delta) + 1;
        Ok(base_offset)
    }

    /// An epoch is in the checkpoint before a batch of it is in the log.
    fn assign_epoch(&mut self, epoch: LeaderEpoch) -> io::Result<()> {
        if epoch <= self.epochs.latest() {
            return Ok(());
        }
        let mut epochs = self.epochs.clone();
        epochs.assign(epoch, self.next_offset);
        epochs.store(self.dir.disk(), &self.path(), Durable::No)?;
        self.epochs = epochs;
        self.unflushed.epochs = true;
        Ok(())
    }

    /// Begins a new segment. Its name becomes durable with the next flush, or here, when the one before still isn't:
    /// a power cut must not take a segment out of the middle of the log. So does the segment before, where acknowledged means
    /// on disk; elsewhere a power cut may take its end, and the start after it removes what it left behind that.
    ///
    /// On an error no file of the new segment is left, or the next start finds it empty.
    pub(super) fn roll(&mut self, now: Timestamp, durable: Durable) -> io::Result<()> {
        self.sync_names()?;
        self.active.finish()?;
        if self.config.syncs_before_roll() {
            self.dir.watch_sync(self.active.segment().log()?.sync_data())?;
        }
        let (disk, path) = (self.dir.disk(), self.path());
        self.producers.expire(now, self.config.producer_id_expiration_ms);
        let created = snapshot::store(&self.producers, disk, &path, self.next_offset, durable)
            .and_then(|()| Segment::create(self.active.segment().files(), self.next_offset));
        let segment = match created {
            Ok(segment) => Arc::new(segment),
            Err(error) => {
                for extension in [files::SNAPSHOT, files::WINDOWS, files::OFFSET_INDEX, files::TIME_INDEX, files::LOG] {
                    // What cannot be removed is an empty segment for the next start.
                    let _ = disk.remove_file(&files::path(&path, self.next_offset, extension));
                }
                return Err(error);
            }
        };
        self.active.seal();
        self.unflushed.names = true;
        self.shared.view.store(Arc::new(self.shared.view.load().with(Arc::clone(&segment))));
        self.active = Active::empty(segment, &self.config);
        self.midway.rolled(self.next_offset);
        Ok(())
    }

    /// Makes the names in the log's directory durable, unless they are.
    pub(super) fn sync_names(&mut self) -> io::Result<()> {
        if self.unflushed.names {
            self.dir.watch_sync(self.dir.disk().sync_dir(&self.path()))?;
            self.unflushed.names = false;
        }
        Ok(())
    }
}

/// What the files of a new segment may need besides the batches, generously.
const ROLL_BYTES: u64 = 64 << 10;
