//! Making what was appended durable, without the lock on the log.

use std::io;
use std::sync::Arc;

use host::File;
use record::Timestamp;

use super::Log;
use crate::dir::{LogDir, LogDirFailed};
use crate::end::LogPosition;
use crate::open_files::LogFiles;

/// Why something was not made durable. The next open recovers the log.
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
    /// The log's directory, when a segment is new in it.
    names: Option<Arc<LogFiles>>,
    end: LogPosition,
    truncations: u64,
    last_append: Timestamp,
}

/// What the log knows of its appends that are in the page cache only.
#[derive(Debug)]
pub(super) struct Unflushed {
    /// When the oldest of them came, or earlier.
    since: Option<Timestamp>,
    last_append: Timestamp,
    /// The active segment's name is not durable.
    pub(super) names: bool,
    /// The checkpoint of the epochs may not be durable.
    pub(super) epochs: bool,
    /// A flush that began before a truncation may have synced bytes that others have replaced.
    pub(super) truncations: u64,
}

impl Unflushed {
    /// Everything is durable, but for what an earlier process wrote of epochs, perhaps.
    pub(super) fn none() -> Unflushed {
        Unflushed { since: None, last_append: Timestamp::NONE, names: false, epochs: true, truncations: 0 }
    }

    /// An earlier process appended, and did not live to tell what of it is durable.
    pub(super) fn unknown() -> Unflushed {
        Unflushed { since: Some(Timestamp::NONE), names: true, ..Unflushed::none() }
    }

    pub(super) fn appended(&mut self, now: Timestamp) {
        self.since.get_or_insert(now);
        self.last_append = now;
    }
}

impl Flush {
    /// Syncs the files. An error is the end of the log directory: it fails, and no flush is tried again.
    pub fn run(&self) -> Result<(), CloseError> {
        self.dir.check()?;
        self.files.iter().try_for_each(|file| self.dir.watch_sync(file.sync_data()))?;
        #[cfg(test)]
        if crate::planted::is(crate::planted::Bug::SkipDirectoryFsync) {
            return Ok(());
        }
        let Some(files) = &self.names else { return Ok(()) };
        match self.dir.disk().sync_dir(files.dir()) {
            // The topic was deleted meanwhile, and the directory renamed.
            Err(error) if error.kind() == io::ErrorKind::NotFound && files.is_deleted() => Ok(()),
            synced => Ok(self.dir.watch_sync(synced)?),
        }
    }
}

impl Log {
    /// Whether a flush should begin: as many messages are in the page cache only as `flush.messages` allows, or one of them
    /// for `flush.ms`.
    pub fn flush_due(&self, now: Timestamp) -> bool {
        let (durable, end) = (self.shared.durable_end.load(), self.active.end(self.next_offset));
        let is_late = self.unflushed.since.is_some_and(|since| {
            let age_ms = now.0.saturating_sub(since.0);
            // A clock that went back must not hold a flush up.
            self.config.flush_ms < i64::MAX && (age_ms >= self.config.flush_ms || age_ms < 0)
        });
        let messages = end.offset - durable.offset;
        messages > 0 && (messages >= self.config.flush_messages || is_late)
    }

    /// Whether anything is in the page cache only.
    pub fn is_unflushed(&self) -> bool {
        self.unflushed.names || self.shared.durable_end.load().offset < self.next_offset
    }

    /// Whether a segment got its last batch and isn't durable. Without a flush now and then a power cut would have the next
    /// start read all of the log; by the next checkpoint the kernel has written most of it back by itself.
    pub fn has_unflushed_roll(&self) -> bool {
        self.unflushed.names || self.shared.durable_end.load().offset < self.active.segment().base_offset
    }

    /// What has to be synced so that all that was appended until now is on disk. Run it without the lock on the log, then
    /// give it to [`Log::end_flush`].
    pub fn begin_flush(&self) -> io::Result<Flush> {
        let (durable, end) = (self.shared.durable_end.load(), self.active.end(self.next_offset));
        let view = self.shared.view.load();
        let segments = if durable.offset < end.offset { view.from(durable.offset) } else { &[] };
        Ok(Flush {
            files: segments.iter().map(|segment| segment.log()).collect::<io::Result<_>>()?,
            names: self.unflushed.names.then(|| Arc::clone(self.files())),
            ..self.begin_common_flush()
        })
    }

    /// As [`Log::begin_flush`], for a caller who syncs all of the filesystem ([`LogDir::sync_all`]).
    pub fn begin_common_flush(&self) -> Flush {
        Flush {
            dir: Arc::clone(&self.dir),
            files: Vec::new(),
            names: None,
            end: self.active.end(self.next_offset),
            truncations: self.unflushed.truncations,
            last_append: self.unflushed.last_append,
        }
    }

    /// Publishes what a flush that succeeded has made durable. One that a truncation overtook has no effect; nor has any when
    /// the directory has failed: the kernel tells of an error once, maybe to somebody else.
    pub fn end_flush(&mut self, flush: Flush) {
        if self.dir.failed() {
            return;
        }
        if flush.truncations != self.unflushed.truncations {
            return;
        }
        let end = self.active.end(self.next_offset);
        if flush.end.segment == end.segment {
            self.unflushed.names = false;
        }
        if flush.end.offset >= self.shared.durable_end.load().offset {
            self.publish_durable(flush.end);
            let is_all = flush.end.offset == end.offset;
            self.unflushed.since = if is_all { None } else { Some(flush.last_append) };
        }
    }

    pub(super) fn publish_durable(&mut self, end: LogPosition) {
        self.shared.durable_end.store(end);
        // The checkpoint was read when the log was opened, so this is a change in memory.
        let _ = self.dir.note_recovery_point(self.name(), end.offset);
    }

    /// Makes everything that was appended durable, and the log's recovery point with it.
    pub fn flush(&mut self) -> Result<(), CloseError> {
        self.dir.check()?;
        let flush = self.dir.watch(self.begin_flush())?;
        flush.run()?;
        self.end_flush(flush);
        Ok(())
    }
}
