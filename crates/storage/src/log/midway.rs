//! Snapshots of the producers between two rolls, so that a start after a crash reads few batch headers to know them. As those
//! of a roll they are not synced: one that is lost costs time and nothing else.

use record::Offset;

use super::Log;
use crate::files::{self, Durable};
use crate::producers::snapshot;

/// How far the active segment is since the last snapshot.
#[derive(Debug)]
pub(super) struct Midway {
    /// The bytes of the active segment that it covers.
    position: u32,
    /// The snapshot that the next one replaces.
    offset: Option<Offset>,
}

/// So many bytes of log are read again at most, if only their batches' headers.
const SNAPSHOT_EVERY_BYTES: u32 = 64 << 20;

impl Midway {
    /// Where a snapshot speaks of so many bytes of the active segment.
    pub(super) fn from(position: u32) -> Midway {
        Midway { position, offset: None }
    }

    /// How many bytes of the active segment a snapshot speaks of. More than there are, where some were cut off since.
    pub(super) fn position(&self) -> u32 {
        self.position
    }

    /// A segment begins at `base`, with a snapshot of its own, which must stay.
    pub(super) fn rolled(&mut self, base: Offset) {
        *self = Midway { position: 0, offset: self.offset.filter(|offset| *offset != base) };
    }
}

impl Log {
    /// Takes a snapshot when it is time. What fails is tried again after as many bytes.
    pub(super) fn snapshot_midway(&mut self) {
        let position = self.active.end(self.next_offset).position;
        if position < self.midway.position {
            // The segment was cut.
            self.midway.position = position;
        }
        if position - self.midway.position < SNAPSHOT_EVERY_BYTES {
            return;
        }
        self.midway.position = position;
        let (disk, path) = (self.dir.disk(), self.path());
        if snapshot::store(&self.producers, disk, &path, self.next_offset, Durable::No).is_ok()
            && let Some(before) = self.midway.offset.replace(self.next_offset)
        {
            for extension in [files::SNAPSHOT, files::WINDOWS] {
                // It may have gone with its segment.
                let _ = disk.remove_file(&files::path(&path, before, extension));
            }
        }
    }
}
