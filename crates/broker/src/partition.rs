//! One partition that this node leads: its log, its high watermark, and who waits for it.
//!
//! Loops share it behind an `Arc`. Appends take the appender's lock, never across an await; readers take no lock. A flush
//! syncs without the lock, on a thread of [`flushing`].

mod bell;
pub mod flushing;
mod starts;
mod waiters;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use record::{Compression, LeaderEpoch, Offset, PartitionIndex, ProducedBatch, Rules, Timestamp};
use storage::{
    ActiveProducer, AppendError, CloseError, Flush, Log, LogConfig, LogDir, LogPosition, LogReader, Outcomes, ReadError,
};

use wire::ErrorCode;

use crate::config::TopicConfig;
use crate::metrics::residency::CachedBytes;
use crate::metrics::traffic::Traffic;
pub use bell::Bell;
use flushing::{FlushState, Flushing};
pub use starts::DeleteRecordsError;
pub use waiters::{Ticket, Waiters};

/// A partition with its log open.
pub struct Partition {
    index: PartitionIndex,
    leader_epoch: LeaderEpoch,
    settings: ArcSwap<Settings>,
    appender: Mutex<Appender>,
    reader: LogReader,
    dir: Arc<LogDir>,
    /// Of the fetches that wait for records.
    waiters: Waiters,
    /// Of the produce requests that wait for the disk.
    synced: Waiters,
    flushing: Flushing,
    /// Held while files are synced: the kernel tells of an error once, so two syncs at a time could hide it from each other.
    syncing: Mutex<()>,
    flush_state: FlushState,
    /// Nothing below it that is not durable yet will become so by the flush that was asked for.
    flush_failed_below: AtomicI64,
    retired: AtomicBool,
    /// It is retired because its log moves to another directory: clients look for it again.
    is_moved: AtomicBool,
    traffic: Traffic,
    cached: CachedBytes,
}

/// The topic's settings in force, which its partitions share.
pub struct Settings {
    topic: TopicConfig,
    log: Arc<LogConfig>,
}

impl Settings {
    /// What follows from the topic's configuration.
    pub fn of(topic: TopicConfig) -> Arc<Settings> {
        Arc::new(Settings { log: topic.log_config().into(), topic })
    }

    /// The part that shapes a log.
    pub fn log(&self) -> &Arc<LogConfig> {
        &self.log
    }
}

/// Who may write to the log.
#[expect(clippy::large_enum_variant, reason = "nearly always the large one, so a box would only cost")]
enum Appender {
    Open(Log),
    /// The log was taken away: its topic is deleted, or the node stops.
    Retired,
    /// The log was taken away to another directory.
    Moved,
    /// A panic inside an append may have left it half changed: nothing more is written to it.
    Broken,
}

impl Appender {
    fn log(&mut self) -> Result<&mut Log, PartitionAppendError> {
        match self {
            Appender::Open(log) => Ok(log),
            Appender::Retired => Err(PartitionAppendError::Deleted),
            Appender::Moved => Err(PartitionAppendError::Moved),
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

/// Why expired records were not removed.
#[derive(Debug, thiserror::Error)]
pub enum RetentionError {
    /// What has expired cannot be told.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The log's start could not be moved.
    #[error(transparent)]
    Log(#[from] PartitionAppendError),
}

/// What one append of a turn came to.
#[derive(Debug, thiserror::Error)]
pub enum PartitionAppendError {
    /// The topic was deleted meanwhile.
    #[error("the partition was deleted")]
    Deleted,
    /// The partition moves to another log directory; clients ask again.
    #[error("the partition moves to another log directory")]
    Moved,
    /// An earlier append panicked.
    #[error("the partition's log is out of service")]
    Broken,
    /// The log could not take it.
    #[error(transparent)]
    Log(#[from] AppendError),
    /// It is in the log, but the disk did not take it: a power cut may lose it.
    #[error("the records could not be made durable")]
    NotDurable,
    /// It is in the log, but not durable within the time that the request gave.
    #[error("the records were not durable in time")]
    TimedOut,
}

impl Partition {
    /// A partition of `log`, led by this node in `leader_epoch`.
    pub fn new(
        index: PartitionIndex,
        leader_epoch: LeaderEpoch,
        settings: Arc<Settings>,
        log: Log,
        flushing: Flushing,
    ) -> Partition {
        Partition {
            index,
            leader_epoch,
            settings: ArcSwap::new(settings),
            reader: log.reader(),
            dir: Arc::clone(log.dir()),
            appender: Mutex::new(Appender::Open(log)),
            waiters: Waiters::default(),
            synced: Waiters::default(),
            flushing,
            syncing: Mutex::new(()),
            flush_state: FlushState::default(),
            flush_failed_below: AtomicI64::new(i64::MIN),
            retired: AtomicBool::new(false),
            is_moved: AtomicBool::new(false),
            traffic: Traffic::default(),
            cached: CachedBytes::default(),
        }
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
        self.settings.load().topic.file_delete_delay
    }

    /// What a produced batch is held against.
    pub fn rules(&self, now: Timestamp) -> Rules {
        let settings = self.settings.load();
        let topic = &settings.topic;
        Rules {
            max_message_bytes: topic.max_message_bytes,
            max_segment_bytes: topic.segment_bytes,
            now,
            timestamp_before_max_ms: topic.timestamp_before_max_ms,
            timestamp_after_max_ms: topic.timestamp_after_max_ms,
            timestamp_type: topic.timestamp_type,
            encoding: topic.encoding(),
        }
    }

    /// `acks=all` asks for `min.insync.replicas`.
    pub fn check_in_sync(&self) -> Result<(), ErrorCode> {
        let min = self.settings.load().topic.min_insync_replicas;
        let enough = enough_in_sync(REPLICAS, min, REPLICAS);
        if enough { Ok(()) } else { Err(ErrorCode::NOT_ENOUGH_REPLICAS) }
    }

    /// Whether `compression.type` makes zstd of every batch.
    pub fn is_zstd(&self) -> bool {
        self.settings.load().topic.compression == Some(Compression::Zstd)
    }

    /// Appends the batches of one turn, in order, with one write; one outcome each is pushed to `outcomes`. Returns what
    /// has to be durable before any of them is acknowledged (see [`Partition::durability`]), and asks for the flush.
    pub fn append(
        self: &Arc<Self>,
        batches: &[ProducedBatch<'_>],
        now: Timestamp,
        outcomes: &mut Outcomes,
    ) -> Result<Offset, PartitionAppendError> {
        let mut appender = self.lock();
        let decided = outcomes.len();
        let appended = appender.log()?.append(batches, self.leader_epoch, now, outcomes);
        self.traffic.appended(batches, &outcomes[decided..]);
        drop(appender);
        // A duplicate waits too: what it repeats may not be durable yet.
        self.waiters.notify(self.high_watermark().offset);
        appended?;
        Ok(self.ask_for_end())
    }

    /// As after an append of what the log holds now: what has to be durable before any of it is told, and a flush is asked for.
    pub fn ask_for_end(self: &Arc<Self>) -> Offset {
        let durable_before_ack = self.settings.load().log.durable_before_ack(self.reader.end().offset);
        if durable_before_ack > self.reader.durable_end().offset {
            self.flushing.ask(self);
        }
        durable_before_ack
    }

    /// Whether everything below `until` is durable; `None` while a flush that was asked for may still make it so.
    pub fn durability(&self, until: Offset) -> Option<Result<(), PartitionAppendError>> {
        if self.reader.durable_end().offset >= until {
            return Some(Ok(()));
        }
        if self.is_retired() {
            return Some(Err(self.gone()));
        }
        let failed = until.0 <= self.flush_failed_below.load(Ordering::Acquire);
        failed.then_some(Err(PartitionAppendError::NotDurable))
    }

    /// Makes durable what the log holds now. Blocks; runs on a thread of [`Flushing`] only, so one at a time.
    fn flush(&self) {
        let end = self.reader.end().offset;
        match self.sync() {
            Ok(()) => self.synced.notify(self.reader.durable_end().offset),
            Err(error) => {
                tracing::error!(partition = self.index.0, %error, "records could not be made durable; they are not acknowledged");
                self.flush_failed_below.fetch_max(end.0, Ordering::AcqRel);
                self.synced.notify_all();
            }
        }
        self.waiters.notify(self.high_watermark().offset);
    }

    /// Makes durable what the log holds now, and tells nobody. Blocks.
    pub fn sync(&self) -> Result<(), CloseError> {
        let _syncing = self.lock_syncing();
        self.sync_alone()
    }

    /// With the lock on syncing.
    fn sync_alone(&self) -> Result<(), CloseError> {
        let Some(flush) = self.begin_flush()? else { return Ok(()) };
        flush.run()?;
        self.end_flush(flush);
        Ok(())
    }

    /// What to sync; `None` when there is nothing, or no log any more.
    fn begin_flush(&self) -> Result<Option<Flush>, CloseError> {
        match &*self.lock() {
            Appender::Open(log) if log.is_unflushed() => Ok(Some(log.begin_flush()?)),
            _ => Ok(None),
        }
    }

    fn lock_syncing(&self) -> MutexGuard<'_, ()> {
        self.syncing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn flush_state(&self) -> &FlushState {
        &self.flush_state
    }

    /// What a sync of the whole filesystem will make durable; `None` when there is nothing.
    pub fn begin_common_flush(&self) -> Option<Flush> {
        match &*self.lock() {
            Appender::Open(log) if log.is_unflushed() => Some(log.begin_common_flush()),
            _ => None,
        }
    }

    /// What the flush began for is synced.
    pub fn end_flush(&self, flush: Flush) {
        if let Appender::Open(log) = &mut *self.lock() {
            log.end_flush(flush);
        }
    }

    /// Asks for a flush if a segment was rolled and is not durable.
    pub fn flush_rolled(self: &Arc<Self>) {
        self.flush_if(Log::has_unflushed_roll);
    }

    /// Asks for a flush if `flush.messages` or `flush.ms` call for one.
    pub fn flush_if_due(self: &Arc<Self>, now: Timestamp) {
        self.flush_if(|log| log.flush_due(now));
    }

    fn flush_if(self: &Arc<Self>, is_due: impl FnOnce(&Log) -> bool) {
        let is_due = matches!(&*self.lock(), Appender::Open(log) if is_due(log));
        if is_due {
            self.flushing.ask(self);
        }
    }

    /// Puts changed settings in force.
    pub fn set_config(&self, settings: Arc<Settings>) {
        // Before the high watermark becomes the durable end, that must be where the high watermark is: it never goes back.
        let becomes_durable = settings.log.flush_messages == 1 && self.settings.load().log.flush_messages != 1;
        // Other changes need not wait for a flush that runs.
        let syncing = becomes_durable.then(|| self.lock_syncing());
        let mut flushed = if syncing.is_some() { self.sync_alone() } else { Ok(()) };
        if let Appender::Open(log) = &mut *self.lock() {
            if syncing.is_some() && flushed.is_ok() {
                // Only what came in between: appends wait for it.
                flushed = flush_now(log);
            }
            if let Err(error) = flushed {
                tracing::error!(partition = self.index.0, %error, "the log could not be flushed");
            }
            log.set_config(Arc::clone(&settings.log));
            // Also under the lock: no append may come between the flush and the new rule.
            self.settings.store(settings);
        }
        self.waiters.notify(self.high_watermark().offset);
    }

    /// Moves the log's start to where `retention.ms` and `retention.bytes` say. Returns the files to be removed after
    /// `file.delete.delay.ms`.
    pub fn apply_retention(&self, now: Timestamp) -> Result<Vec<PathBuf>, RetentionError> {
        let settings = self.settings.load();
        let retained_from = self.reader.retained_from(&settings.log, now, self.high_watermark().offset)?;
        if let Appender::Open(log) = &mut *self.lock() {
            log.expire_producers(now);
        }
        Ok(self.expire_to(retained_from, now)?)
    }

    /// The first offset that consumers may not see yet: with one replica in sync the log's end, or the durable part of it
    /// where acknowledged means durable.
    pub fn high_watermark(&self) -> LogPosition {
        self.reader.visible_end(&self.settings.load().log)
    }

    /// Where the log begins.
    pub fn log_start_offset(&self) -> Offset {
        self.reader.log_start_offset()
    }

    /// Reads the log; the caller bounds what consumers get by the high watermark.
    pub fn reader(&self) -> &LogReader {
        &self.reader
    }

    /// What went in and out.
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// How much of its log is in the page cache.
    pub fn cached(&self) -> &CachedBytes {
        &self.cached
    }

    /// The fetches that wait for records.
    pub fn waiters(&self) -> &Waiters {
        &self.waiters
    }

    /// The produce requests that wait until the disk has their records.
    pub fn synced(&self) -> &Waiters {
        &self.synced
    }

    /// The producers that the log remembers, by id.
    pub fn active_producers(&self) -> Result<Vec<ActiveProducer>, PartitionAppendError> {
        Ok(self.lock().log()?.active_producers().collect())
    }

    /// Takes the log away, to be deleted or closed; what waits is woken and finds it gone.
    pub fn retire(&self) -> Retired {
        self.retire_as(Appender::Retired)
    }

    /// As [`Partition::retire`]; clients are told to look for the partition again, which they find in another directory.
    /// `None` where there is no log to take: a broken one stays as it is.
    pub fn retire_to_move(&self) -> Option<Log> {
        let mut appender = self.lock();
        match std::mem::replace(&mut *appender, Appender::Moved) {
            Appender::Open(log) => {
                self.is_moved.store(true, Ordering::SeqCst);
                drop(appender);
                self.tell_retired();
                Some(log)
            }
            other => {
                *appender = other;
                None
            }
        }
    }

    fn tell_retired(&self) {
        self.retired.store(true, Ordering::SeqCst);
        self.waiters.notify_all();
        self.synced.notify_all();
    }

    fn retire_as(&self, next: Appender) -> Retired {
        let appender = std::mem::replace(&mut *self.lock(), next);
        self.tell_retired();
        match appender {
            Appender::Open(log) => Retired::Log(log),
            Appender::Retired | Appender::Moved => Retired::Already,
            Appender::Broken => Retired::Broken,
        }
    }

    /// What is said of it once it is retired.
    pub fn gone(&self) -> PartitionAppendError {
        match self.is_moved.load(Ordering::SeqCst) {
            true => PartitionAppendError::Moved,
            false => PartitionAppendError::Deleted,
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

/// This node is the only replica of its partitions, and in sync with itself.
const REPLICAS: usize = 1;

/// Whether a partition with so many replicas in sync takes what has to reach `min_insync_replicas` of them. More than there are
/// replicas cannot be asked for: a topic of one replica takes writes whatever its `min.insync.replicas`, as in Apache Kafka.
fn enough_in_sync(in_sync: usize, min_insync_replicas: u32, replication_factor: usize) -> bool {
    in_sync >= replication_factor.min(min_insync_replicas as usize)
}

fn flush_now(log: &mut Log) -> Result<(), CloseError> {
    let flush = log.begin_flush()?;
    flush.run()?;
    log.end_flush(flush);
    Ok(())
}

#[cfg(test)]
mod tests;
