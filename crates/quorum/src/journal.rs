//! The file that makes the engine's state durable: one frame for each turn, appended and synced before anybody is told.
//!
//! ```text
//! frame     = magic "OTQ1" | CRC-32C u32 | payload length u32 | sequence u64 | payload          (big endian)
//! payload   = option of the hard state (term, vote, commit) | list of entries
//! CRC-32C   covers what follows it; the sequence counts the frames of the file from 0
//! ```
//!
//! An entry replaces what earlier frames hold at its index and after. A frame is written only when the one before it is durable. So
//! an incomplete frame at the end is a write that was cut off, of which nobody was told, and is dropped; but a broken frame that
//! a whole one follows was durable once, and the file is refused.
//!
//! Room for the next frames is reserved on the disk before they are proposed, and some ahead, so that a full disk refuses a proposal
//! instead of stopping the node, and topics can still be deleted then.
//!
//! Opening rewrites the file under a temporary name before it is appended to. What a failed fsync may have left in the page cache
//! alone is thereby written again.

mod frame;

use std::io;
use std::path::{Path, PathBuf};

use host::{Disk, File, Open};
use metadata::codec::{DecodeError, Reader, Writer};
use raft::eraftpb::{Entry, HardState};

use crate::codec;
use crate::error::{OpenError, QuorumError};

/// The open file.
pub(crate) struct Journal {
    disk: Disk,
    path: PathBuf,
    file: File,
    len: u64,
    /// Up to where the file has room on the disk for certain.
    allocated: u64,
    next_sequence: u64,
}

/// Room that is kept ahead of the file's end, so that a full disk does not keep topics from being deleted.
const ROOM_AHEAD_BYTES: u64 = 1 << 20;

impl Journal {
    /// Replaces the file by one that holds `first` alone, durably.
    pub(crate) fn rewrite(disk: &Disk, path: &Path, first: &Update) -> Result<Journal, QuorumError> {
        let io = |source| QuorumError::Io { path: path.to_owned(), source };
        let bytes = frame::encode(0, &first.encode());
        disk.write_atomic(path, &bytes).map_err(io)?;
        let file = disk.open(path, Open::ReadWrite).map_err(io)?;
        let len = bytes.len() as u64;
        let mut journal =
            Journal { disk: disk.clone(), path: path.to_owned(), file, len, allocated: len, next_sequence: 1 };
        // Without it the journal works all the same, until the disk is full.
        let _ = journal.allocate(ROOM_AHEAD_BYTES);
        Ok(journal)
    }

    /// Makes sure that the next `bytes` can be appended, and that there is room ahead after that if there is any.
    ///
    /// # Errors
    /// `StorageFull` when there is no such room; nothing was changed.
    pub(crate) fn reserve(&mut self, bytes: u64) -> io::Result<()> {
        if self.len + bytes + ROOM_AHEAD_BYTES / 2 <= self.allocated {
            return Ok(());
        }
        match self.allocate(bytes + ROOM_AHEAD_BYTES) {
            Err(_) if self.len + bytes <= self.allocated => Ok(()),
            Err(_) => self.allocate(bytes),
            Ok(()) => Ok(()),
        }
    }

    fn allocate(&mut self, bytes: u64) -> io::Result<()> {
        self.file.allocate_ahead(self.len, bytes)?;
        // Where the filesystem cannot reserve, the room is at least there now.
        if self.disk.available_bytes(&self.path)? == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.allocated = self.len + bytes;
        Ok(())
    }

    /// Appends an update and makes it durable. After a failure nothing may be appended any more.
    pub(crate) fn append(&mut self, update: &Update) -> Result<(), QuorumError> {
        let bytes = frame::encode(self.next_sequence, &update.encode());
        self.file
            .write_all_at(&bytes, self.len)
            .and_then(|()| self.file.sync_data())
            .map_err(|source| QuorumError::Io { path: self.path.clone(), source })?;
        self.len += bytes.len() as u64;
        self.next_sequence += 1;
        Ok(())
    }

    /// As [`Journal::rewrite`], for the file that is open.
    pub(crate) fn restart(&mut self, first: &Update) -> Result<(), QuorumError> {
        *self = Journal::rewrite(&self.disk, &self.path, first)?;
        Ok(())
    }

    /// The file's length in bytes.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }
}

/// What one turn makes durable.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Update {
    pub(crate) hard_state: Option<HardState>,
    pub(crate) entries: Vec<Entry>,
}

impl Update {
    fn encode(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.option(self.hard_state.as_ref(), codec::put_hard_state);
        w.list(&self.entries, codec::put_entry);
        w.into_bytes()
    }

    fn decode(bytes: &[u8]) -> Result<Update, DecodeError> {
        let mut r = Reader::new(bytes);
        let hard_state = r.option(codec::hard_state)?;
        let entries = r.list(codec::entry)?;
        r.finish()?;
        Ok(Update { hard_state, entries })
    }

    /// Adds a later update: its hard state and its entries win. `false`: there is a gap before its entries.
    fn merge(&mut self, later: Update) -> bool {
        if later.hard_state.is_some() {
            self.hard_state = later.hard_state;
        }
        later.entries.into_iter().all(|entry| self.put(entry))
    }

    fn put(&mut self, entry: Entry) -> bool {
        let Some(first) = self.entries.first().map(|first| first.index) else {
            self.entries.push(entry);
            return true;
        };
        let place = entry.index.checked_sub(first).and_then(|place| usize::try_from(place).ok());
        match place.filter(|place| *place <= self.entries.len()) {
            Some(place) => {
                self.entries.truncate(place);
                self.entries.push(entry);
                true
            }
            None => false,
        }
    }
}

/// Reads the whole file: the sum of its updates.
pub(crate) fn read(disk: &Disk, path: &Path) -> Result<Update, OpenError> {
    let bytes = disk.read(path).map_err(|source| OpenError::Io { path: path.to_owned(), source })?;
    let damaged = |what: String| OpenError::Damaged { path: path.to_owned(), what };
    let payloads = frame::scan(&bytes).map_err(|e| damaged(e.to_string()))?;
    let cut = bytes.len() - frame::total_len(&payloads);
    if cut > 0 {
        tracing::warn!("{} ends in {cut} bytes of a write that was cut off; they are dropped", path.display());
    }
    let mut sum = Update::default();
    for payload in payloads {
        let update = Update::decode(payload).map_err(|source| OpenError::Decode { path: path.to_owned(), source })?;
        if !sum.merge(update) {
            return Err(damaged("entries are missing between two frames".into()));
        }
    }
    Ok(sum)
}

#[cfg(test)]
mod tests;
