//! The leader epochs of a log, each with its first offset: `leader-epoch-checkpoint` (KIP-101).

use std::io;
use std::path::Path;

use host::Disk;
use record::{LeaderEpoch, Offset};

use crate::checkpoint;

/// The file in the partition's directory.
pub const FILE: &str = "leader-epoch-checkpoint";

/// Epochs with their first offsets, both ascending.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EpochCache(Vec<(LeaderEpoch, Offset)>);

impl EpochCache {
    /// From the file; `None` when it is missing or not whole: then the batches tell.
    pub fn read(disk: &Disk, dir: &Path) -> io::Result<Option<EpochCache>> {
        let path = dir.join(FILE);
        if !disk.exists(&path)? {
            return Ok(None);
        }
        let bytes = disk.read(&path)?;
        let lines = std::str::from_utf8(&bytes).ok().and_then(checkpoint::parse);
        Ok(lines.and_then(|lines| lines.into_iter().map(entry).collect()).map(EpochCache))
    }

    /// Replaces the file, durably.
    pub fn write(&self, disk: &Disk, dir: &Path) -> io::Result<()> {
        let lines = self.0.iter().map(|(epoch, start)| format!("{} {}", epoch.0, start.0));
        disk.write_atomic(&dir.join(FILE), checkpoint::format(lines).as_bytes())
    }

    /// Notes that `epoch` begins at `start`, if it is newer than the last. `true`: it was.
    pub fn advance(&mut self, epoch: LeaderEpoch, start: Offset) -> bool {
        let newer = self.latest().is_none_or(|latest| epoch > latest);
        if newer {
            self.0.push((epoch, start));
        }
        newer
    }

    /// The newest epoch.
    pub fn latest(&self) -> Option<LeaderEpoch> {
        self.0.last().map(|(epoch, _)| *epoch)
    }
}

fn entry(line: &str) -> Option<(LeaderEpoch, Offset)> {
    let (epoch, start) = line.split_once(' ')?;
    Some((LeaderEpoch(epoch.parse().ok()?), Offset(start.parse().ok()?)))
}
