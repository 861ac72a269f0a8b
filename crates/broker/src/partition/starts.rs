//! Where a partition and its leader epochs begin and end.

use std::path::PathBuf;

use record::{LeaderEpoch, Offset, Timestamp};

use super::{Partition, PartitionAppendError};

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
    /// Moves the start of the log up to `before`, durably, and returns where the log starts now, with the files that nobody
    /// needs any more. A start that is higher already stays. It waits for the disk.
    pub fn delete_records(&self, before: Offset, now: Timestamp) -> Result<(Offset, Vec<PathBuf>), DeleteRecordsError> {
        if before.0 < 0 || before > self.high_watermark().offset {
            return Err(DeleteRecordsError::OffsetOutOfRange);
        }
        let mut appender = self.lock();
        let files = appender.log()?.advance_start(before, now).map_err(PartitionAppendError::from)?;
        drop(appender);
        // A fetch that waits below the new start has to learn of it.
        self.waiters.notify_all();
        Ok((self.log_start_offset(), files))
    }

    /// The largest epoch that is not above `epoch`, and the offset where it ends (KIP-101, KIP-279); `None` when that is
    /// unknown. Below the first epoch of the log it is `epoch` itself, which ends where the log starts.
    pub fn end_of_epoch(&self, epoch: LeaderEpoch) -> Result<Option<(LeaderEpoch, Offset)>, PartitionAppendError> {
        let mut appender = self.lock();
        let log = appender.log()?;
        Ok(match epoch {
            LeaderEpoch(..0) => None,
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

#[cfg(test)]
mod tests;
