//! One partition that this node leads: its log, its high watermark, and the fetches that wait for it.
//!
//! Loops share it behind an `Arc`. Appends take the appender's lock, never across an await; readers take no lock.

mod starts;
mod waiters;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use record::{LeaderEpoch, Offset, PartitionIndex, ProducedBatch, Rules, Timestamp};
use storage::{AppendError, AppendOutcome, Log, LogPosition, LogReader};

use wire::ErrorCode;

use crate::config::TopicConfig;
pub use starts::DeleteRecordsError;
pub use waiters::{Ticket, Waiters};

/// A partition with its log open.
pub struct Partition {
    index: PartitionIndex,
    leader_epoch: LeaderEpoch,
    config: TopicConfig,
    appender: Mutex<Appender>,
    reader: LogReader,
    waiters: Waiters,
    retired: AtomicBool,
}

/// Who may write to the log.
#[expect(clippy::large_enum_variant, reason = "nearly always the large one, so a box would only cost")]
enum Appender {
    Open(Log),
    /// The log was taken away: its topic is deleted, or the node stops.
    Retired,
    /// A panic inside an append may have left it half changed: nothing more is written to it.
    Broken,
}

impl Appender {
    fn log(&mut self) -> Result<&mut Log, PartitionAppendError> {
        match self {
            Appender::Open(log) => Ok(log),
            Appender::Retired => Err(PartitionAppendError::Deleted),
            Appender::Broken => Err(PartitionAppendError::Broken),
        }
    }
}

/// What became of a partition's log when it was taken away.
#[expect(clippy::large_enum_variant, reason = "nearly always the large one, so a box would only cost")]
pub enum Retired {
    /// It is the caller's now.
    Log(Log),
    /// It was taken away before.
    Already,
    /// It cannot be trusted; the next start recovers it.
    Broken,
}

/// What one append of a turn came to.
#[derive(Debug, thiserror::Error)]
pub enum PartitionAppendError {
    /// The topic was deleted meanwhile.
    #[error("the partition was deleted")]
    Deleted,
    /// An earlier append panicked.
    #[error("the partition's log is out of service")]
    Broken,
    /// The log could not take it.
    #[error(transparent)]
    Log(#[from] AppendError),
}

impl Partition {
    /// A partition of `log`, led by this node in `leader_epoch`.
    pub fn new(index: PartitionIndex, leader_epoch: LeaderEpoch, config: TopicConfig, log: Log) -> Partition {
        let reader = log.reader();
        let appender = Mutex::new(Appender::Open(log));
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
        let appended = appender.log()?.append(batches, self.leader_epoch, now, outcomes);
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

    /// Reads the log; the caller bounds what consumers get by the high watermark.
    pub fn reader(&self) -> &LogReader {
        &self.reader
    }

    /// The fetches that wait for records.
    pub fn waiters(&self) -> &Waiters {
        &self.waiters
    }

    /// Takes the log away, to be deleted or closed; what waits is woken and finds it gone.
    pub fn retire(&self) -> Retired {
        let appender = std::mem::replace(&mut *self.lock(), Appender::Retired);
        self.retired.store(true, Ordering::SeqCst);
        self.waiters.notify_all();
        match appender {
            Appender::Open(log) => Retired::Log(log),
            Appender::Retired => Retired::Already,
            Appender::Broken => Retired::Broken,
        }
    }

    /// The log was taken away: the topic is deleted or the node stops.
    pub fn is_retired(&self) -> bool {
        self.retired.load(Ordering::SeqCst)
    }

    fn lock(&self) -> MutexGuard<'_, Appender> {
        self.appender.lock().unwrap_or_else(|poisoned| {
            let mut guard = poisoned.into_inner();
            if let Appender::Open(_) = *guard {
                *guard = Appender::Broken;
            }
            guard
        })
    }
}
