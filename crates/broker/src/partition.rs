//! One partition that this node leads: its log, its high watermark, and the fetches that wait for it.
//!
//! Loops share it behind an `Arc`. Appends take the appender's lock, never across an await; readers take no lock.

mod waiters;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use host::FileSlice;
use record::{LeaderEpoch, Offset, PartitionIndex, ProducedBatch, Rules, Timestamp};
use storage::{AppendError, AppendOutcome, Log, LogPosition, LogReader, ReadError};

use wire::ErrorCode;

use crate::config::TopicConfig;
pub use waiters::{Ticket, Waiters};

/// A partition with its log open.
pub struct Partition {
    index: PartitionIndex,
    leader_epoch: LeaderEpoch,
    config: TopicConfig,
    /// `None` once the topic is deleted.
    appender: Mutex<Option<Log>>,
    reader: LogReader,
    waiters: Waiters,
    retired: AtomicBool,
}

/// What one append of a turn came to.
#[derive(Debug, thiserror::Error)]
pub enum PartitionAppendError {
    /// The topic was deleted meanwhile.
    #[error("the partition was deleted")]
    Deleted,
    /// The log could not take it.
    #[error(transparent)]
    Log(#[from] AppendError),
}

impl Partition {
    /// A partition of `log`, led by this node in `leader_epoch`.
    pub fn new(index: PartitionIndex, leader_epoch: LeaderEpoch, config: TopicConfig, log: Log) -> Partition {
        let reader = log.reader();
        let appender = Mutex::new(Some(log));
        let (waiters, retired) = (Waiters::default(), AtomicBool::new(false));
        Partition { index, leader_epoch, config, appender, reader, waiters, retired }
    }

    /// Its number in the topic.
    pub fn index(&self) -> PartitionIndex {
        self.index
    }

    /// The epoch that this node leads in.
    pub fn leader_epoch(&self) -> LeaderEpoch {
        self.leader_epoch
    }

    /// An epoch of the client that is not this one tells which side has old metadata (KIP-320); -1 is no epoch.
    pub fn check_leader_epoch(&self, current: LeaderEpoch) -> Result<(), ErrorCode> {
        match current {
            LeaderEpoch::NONE => Ok(()),
            older if older < self.leader_epoch => Err(ErrorCode::FENCED_LEADER_EPOCH),
            newer if newer > self.leader_epoch => Err(ErrorCode::UNKNOWN_LEADER_EPOCH),
            _ => Ok(()),
        }
    }

    /// How long the files of a deleted partition stay.
    pub fn file_delete_delay(&self) -> Duration {
        self.config.file_delete_delay
    }

    /// What a produced batch is held against.
    pub fn rules(&self, now: Timestamp) -> Rules {
        Rules {
            max_message_bytes: self.config.max_message_bytes,
            max_segment_bytes: self.config.segment_bytes,
            now,
            timestamp_before_max_ms: self.config.timestamp_before_max_ms,
            timestamp_after_max_ms: self.config.timestamp_after_max_ms,
        }
    }

    /// Appends the batches of one turn, in order, with one write; one outcome each is pushed to `outcomes`.
    pub fn append(
        &self,
        batches: &[ProducedBatch<'_>],
        now: Timestamp,
        outcomes: &mut Vec<AppendOutcome>,
    ) -> Result<(), PartitionAppendError> {
        let mut appender = self.lock();
        let log = appender.as_mut().ok_or(PartitionAppendError::Deleted)?;
        let appended = log.append(batches, self.leader_epoch, now, outcomes);
        drop(appender);
        self.waiters.notify(self.high_watermark().offset);
        Ok(appended?)
    }

    /// The first offset that consumers may not see yet: with one replica in sync, the log's end.
    pub fn high_watermark(&self) -> LogPosition {
        self.reader.end()
    }

    /// Where the log begins.
    pub fn log_start_offset(&self) -> Offset {
        self.reader.log_start_offset()
    }

    /// The batches from `from` on and before `upper`, a high watermark; see [`LogReader::read`].
    pub fn read(
        &self,
        from: Offset,
        hint: Option<LogPosition>,
        upper: LogPosition,
        max_bytes: u32,
        at_least_one: bool,
    ) -> Result<Option<FileSlice>, ReadError> {
        self.reader.read(from, hint, upper, max_bytes, at_least_one)
    }

    /// Look-ups by time.
    pub fn reader(&self) -> &LogReader {
        &self.reader
    }

    /// The fetches that wait for records.
    pub fn waiters(&self) -> &Waiters {
        &self.waiters
    }

    /// Takes the log away, to be deleted or closed; what waits is woken and finds it gone.
    pub fn retire(&self) -> Option<Log> {
        let log = self.lock().take();
        self.retired.store(true, Ordering::SeqCst);
        self.waiters.notify_all();
        log
    }

    /// The log was taken away: the topic is deleted or the node stops.
    pub fn is_retired(&self) -> bool {
        self.retired.load(Ordering::SeqCst)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Log>> {
        // A panic inside an append may have left the log half changed: nothing more may be written to it.
        self.appender.lock().unwrap_or_else(|poisoned: PoisonError<_>| {
            let mut guard = poisoned.into_inner();
            *guard = None;
            guard
        })
    }
}
