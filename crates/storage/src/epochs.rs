//! Which leader epoch begins at which offset: the file `leader-epoch-checkpoint` and its copy in memory.
//!
//! An epoch is in the file before the first batch of it is in the log, so a reader of the file never knows less than
//! the log does. Neither is synced then: the first append after a start would wait for the disk, in each of thousands of logs.
//! After a power cut the file may be older than the log, which recovery sees from the batches. A file that is missing or
//! garbage is made again from their headers; a log without batches needs none.

use std::io;
use std::path::Path;

use host::{Disk, Open};
use record::{LeaderEpoch, Offset};

use crate::files::Durable;
use crate::{checkpoint, files};

/// The epochs of one log, ascending in both epoch and start offset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Epochs(Vec<EpochStart>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EpochStart {
    pub(crate) epoch: LeaderEpoch,
    pub(crate) start_offset: Offset,
}

impl Epochs {
    /// What the checkpoint in `dir` says; `None` when it is missing or says nothing that can be.
    pub(crate) fn load(disk: &Disk, dir: &Path) -> io::Result<Option<Epochs>> {
        let bytes = files::read_if_there(disk, &dir.join(files::EPOCHS))?;
        let starts = bytes.and_then(|bytes| checkpoint::decode(&bytes, EpochStart::parse));
        Ok(starts.map(Epochs).filter(Epochs::is_ascending))
    }

    /// Replaces the checkpoint in `dir`.
    pub(crate) fn store(&self, disk: &Disk, dir: &Path, durable: Durable) -> io::Result<()> {
        let text = checkpoint::encode(self.0.iter().map(|start| format!("{} {}", start.epoch, start.start_offset)));
        files::replace(disk, &dir.join(files::EPOCHS), &text, durable)
    }

    /// Makes the checkpoint in `dir` durable, if there is one; its name needs a sync of `dir`.
    pub(crate) fn sync(disk: &Disk, dir: &Path) -> io::Result<()> {
        match disk.open(&dir.join(files::EPOCHS), Open::ReadWrite) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            file => file?.sync_data(),
        }
    }

    pub(crate) fn starts(&self) -> &[EpochStart] {
        &self.0
    }

    /// The epoch of the record at `offset`; [`LeaderEpoch::NONE`] when it lies below all of them.
    pub(crate) fn at(&self, offset: Offset) -> LeaderEpoch {
        let after = self.0.partition_point(|start| start.start_offset <= offset);
        after.checked_sub(1).map_or(LeaderEpoch::NONE, |index| self.0[index].epoch)
    }

    pub(crate) fn latest(&self) -> LeaderEpoch {
        self.0.last().map_or(LeaderEpoch::NONE, |start| start.epoch)
    }

    /// Notes that a batch at `offset` has this epoch; whether that is new.
    ///
    /// Starts that lie at or above `offset` were promises of batches that never came, and are dropped.
    pub(crate) fn assign(&mut self, epoch: LeaderEpoch, offset: Offset) -> bool {
        if epoch <= self.latest() {
            return false;
        }
        self.truncate_from(offset);
        self.0.push(EpochStart { epoch, start_offset: offset });
        true
    }

    /// Forgets the epochs that begin at or above `end`; whether there were any.
    pub(crate) fn truncate_from(&mut self, end: Offset) -> bool {
        let kept = self.0.partition_point(|start| start.start_offset < end);
        let shorter = kept < self.0.len();
        self.0.truncate(kept);
        shorter
    }

    /// Forgets what lies below the log's start: the epoch that the log begins in begins there.
    pub(crate) fn truncate_below(&mut self, log_start_offset: Offset) {
        let below = self.0.partition_point(|start| start.start_offset <= log_start_offset);
        if let Some(last) = below.checked_sub(1) {
            self.0.drain(..last);
            self.0[0].start_offset = log_start_offset;
        }
    }

    /// The epoch that a follower that is in `epoch` should compare with, and the offset where that one ends in a log that
    /// ends at `log_end_offset` (KIP-101, KIP-279; Kafka's `LeaderEpochFileCache.endOffsetFor`). An epoch that is lower
    /// than all of the log ends where the log begins; one that is higher has no end here.
    pub(crate) fn end_of(&self, epoch: LeaderEpoch, log_end_offset: Offset) -> Option<(LeaderEpoch, Offset)> {
        if epoch == LeaderEpoch::NONE {
            return None;
        }
        let after = self.0.partition_point(|start| start.epoch <= epoch);
        let floor = after.checked_sub(1).map(|index| self.0[index].epoch);
        match self.0.get(after) {
            Some(next) => Some((floor.unwrap_or(epoch), next.start_offset)),
            None => floor.filter(|floor| *floor == epoch).map(|floor| (floor, log_end_offset)),
        }
    }

    fn is_ascending(&self) -> bool {
        self.0.is_sorted_by(|a, b| a.epoch < b.epoch && a.start_offset < b.start_offset)
    }
}

impl EpochStart {
    fn parse(line: &str) -> Option<EpochStart> {
        let (epoch, start_offset) = line.split_once(' ')?;
        let (epoch, start_offset) = (checkpoint::number(epoch)?, checkpoint::number(start_offset)?);
        Some(EpochStart { epoch: LeaderEpoch(epoch), start_offset: Offset(start_offset) })
    }
}

#[cfg(test)]
mod tests;
