//! Where a partition and its leader epochs begin and end.

use std::path::PathBuf;
use std::sync::Arc;

use record::{LeaderEpoch, Offset, Timestamp};
use storage::{AppendError, LogDir};

use super::{Appender, Partition, PartitionAppendError};

/// Why no records were deleted.
#[derive(Debug, thiserror::Error)]
pub enum DeleteRecordsError {
    /// The offset lies above the high watermark, or below 0.
    #[error("the offset is out of range")]
    OffsetOutOfRange,
    /// The log cannot be written to.
    #[error(transparent)]
    Partition(#[from] PartitionAppendError),
}

impl Partition {
    /// The first step of a deletion: notes that the log will begin at `before`. Once the checkpoints are written no crash
    /// takes it back, and [`Partition::expire_to`] does it.
    pub fn note_deletion(&self, before: Offset) -> Result<(), DeleteRecordsError> {
        if before.0 < 0 || before > self.high_watermark().offset {
            return Err(DeleteRecordsError::OffsetOutOfRange);
        }
        self.lock().log()?;
        let noted = self.dir.raise_log_start_offset(&self.reader.log_name(), before);
        noted.map_err(|error| PartitionAppendError::from(AppendError::from(error)).into())
    }

    /// Where its log is.
    pub fn dir(&self) -> &Arc<LogDir> {
        &self.dir
    }

    /// Moves the start of the log up to `start`; one that is higher already stays. Returns the files that nobody needs any
    /// more. Appends go on between the segments.
    pub fn expire_to(&self, start: Offset, now: Timestamp) -> Result<Vec<PathBuf>, PartitionAppendError> {
        let has_expired = start > self.log_start_offset();
        let mut removed = Vec::new();
        loop {
            let some = self.lock().log()?.expire_some(start, now, SEGMENTS_AT_A_TIME)?;
            if some.is_empty() {
                break;
            }
            removed.extend(some);
        }
        if has_expired {
            // A fetch that waits below the new start has to hear of it.
            self.waiters.notify_all();
        }
        Ok(removed)
    }

    /// Notes its high watermark for the next checkpoint.
    pub fn note_high_watermark(&self) {
        if let Appender::Open(_) = *self.lock() {
            // A note in memory; the first one reads the file, and when that fails so does writing it.
            let _ = self.dir.note_high_watermark(&self.reader.log_name(), self.high_watermark().offset);
        }
    }

    /// The largest epoch that is not above `epoch`, and the offset where it ends (KIP-101, KIP-279); `None` when that is
    /// unknown. Below the first epoch of the log it is `epoch` itself, which ends where the log starts.
    pub fn end_of_epoch(&self, epoch: LeaderEpoch) -> Result<Option<(LeaderEpoch, Offset)>, PartitionAppendError> {
        let mut appender = self.lock();
        let log = appender.log()?;
        Ok(match epoch {
            LeaderEpoch::NONE => None,
            newer if newer > self.leader_epoch => None,
            current if current == self.leader_epoch => Some((current, self.reader.end().offset)),
            // This leader's epoch follows the latest that has records, or all when none has.
            older => log
                .end_of_epoch(older)
                .or_else(|| log.end_of_epoch(log.latest_epoch()))
                .or(Some((older, self.reader.log_start_offset()))),
        })
    }
}

/// Segments that leave the log while appends wait.
const SEGMENTS_AT_A_TIME: usize = 8;

#[cfg(test)]
mod tests;
