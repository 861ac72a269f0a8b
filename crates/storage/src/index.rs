//! The two sparse indexes of a segment: caches, which any scan of the segment can make again.
//!
//! ```text
//! .index      offset - base: u32 | position: u32                      big endian, ascending
//! .timeindex  timestamp: i64     | offset - base: u32                 big endian, ascending
//! ```
//!
//! An entry is written after the batch that it points to, so a crash leaves an index short of entries, never with one
//! beyond the log; recovery makes the active segment's indexes again. A time index entry says: records up to this
//! offset have at most this timestamp.
//!
//! A look-up reads the file where it is, from the page cache. Entries are not kept in memory.

use std::io;
use std::marker::PhantomData;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use host::{Disk, File, Open};
use smallvec::SmallVec;

/// Entries that one read of a look-up brings.
const PROBE_ENTRIES: u64 = 32;
const PROBE_BYTES: usize = PROBE_ENTRIES as usize * 12;

/// One of the two kinds of entry.
pub trait Entry: Copy {
    /// Bytes in the file.
    const LEN: usize;
    /// What entries are ordered by.
    type Key: Ord + Copy;

    /// From its bytes.
    fn decode(bytes: &[u8]) -> Self;
    /// Its bytes in the first [`Entry::LEN`] of `out`.
    fn encode(self, out: &mut [u8; 12]);
    /// What it is ordered by.
    fn key(self) -> Self::Key;
}

/// An entry of `.index`: the batch that holds or follows the offset begins at the position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OffsetEntry {
    /// Relative to the segment's base offset.
    pub offset: u32,
    /// In the `.log` file.
    pub position: u32,
}

/// An entry of `.timeindex`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeEntry {
    /// The greatest timestamp up to the offset.
    pub timestamp: i64,
    /// Relative to the segment's base offset.
    pub offset: u32,
}

impl Entry for OffsetEntry {
    const LEN: usize = 8;
    type Key = u32;

    fn decode(bytes: &[u8]) -> Self {
        OffsetEntry { offset: u32_at(bytes, 0), position: u32_at(bytes, 4) }
    }

    fn encode(self, out: &mut [u8; 12]) {
        out[..4].copy_from_slice(&self.offset.to_be_bytes());
        out[4..8].copy_from_slice(&self.position.to_be_bytes());
    }

    fn key(self) -> u32 {
        self.offset
    }
}

impl Entry for TimeEntry {
    const LEN: usize = 12;
    type Key = i64;

    fn decode(bytes: &[u8]) -> Self {
        let mut timestamp = [0; 8];
        timestamp.copy_from_slice(&bytes[..8]);
        TimeEntry { timestamp: i64::from_be_bytes(timestamp), offset: u32_at(bytes, 8) }
    }

    fn encode(self, out: &mut [u8; 12]) {
        out[..8].copy_from_slice(&self.timestamp.to_be_bytes());
        out[8..].copy_from_slice(&self.offset.to_be_bytes());
    }

    fn key(self) -> i64 {
        self.timestamp
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut number = [0; 4];
    number.copy_from_slice(&bytes[at..at + 4]);
    u32::from_be_bytes(number)
}

/// An index file. One writer appends; readers search what is published.
#[derive(Debug)]
pub struct Index<E> {
    file: File,
    entries: AtomicU64,
    kind: PhantomData<E>,
}

impl<E: Entry> Index<E> {
    /// An empty index, in place of whatever the file held.
    pub fn create(disk: &Disk, path: &Path) -> io::Result<Index<E>> {
        let file = disk.open(path, Open::Create)?;
        file.set_len(0)?;
        Ok(Index { file, entries: AtomicU64::new(0), kind: PhantomData })
    }

    /// The index in a file. `None` when it is missing, has half an entry, or is not in order: then it has to be made again.
    pub fn open(disk: &Disk, path: &Path) -> io::Result<Option<Index<E>>> {
        if !disk.exists(path)? {
            return Ok(None);
        }
        let file = disk.open(path, Open::ReadWrite)?;
        let len = file.len()?;
        let index = Index { file, entries: AtomicU64::new(len / E::LEN as u64), kind: PhantomData };
        let whole = len % E::LEN as u64 == 0;
        Ok((whole && index.is_ordered()?).then_some(index))
    }

    fn is_ordered(&self) -> io::Result<bool> {
        let mut last: Option<E::Key> = None;
        for first in (0..self.len()).step_by(PROBE_ENTRIES as usize) {
            let mut buffer = [0; PROBE_BYTES];
            for entry in self.read(first, PROBE_ENTRIES, &mut buffer)? {
                if last.is_some_and(|last| entry.key() < last) {
                    return Ok(false);
                }
                last = Some(entry.key());
            }
        }
        Ok(true)
    }

    /// Appends entries, which the caller gives in order. The batch of each is written already.
    pub fn append(&self, entries: &[E]) -> io::Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let mut bytes: SmallVec<[u8; 96]> = SmallVec::new();
        for entry in entries {
            let mut encoded = [0; 12];
            entry.encode(&mut encoded);
            bytes.extend_from_slice(&encoded[..E::LEN]);
        }
        let len = self.len();
        self.file.write_all_at(&bytes, len * E::LEN as u64)?;
        self.entries.store(len + entries.len() as u64, Ordering::Release);
        Ok(())
    }

    /// How many entries there are.
    pub fn len(&self) -> u64 {
        self.entries.load(Ordering::Acquire)
    }

    /// The last entry.
    pub fn last(&self) -> io::Result<Option<E>> {
        self.len().checked_sub(1).map(|last| self.entry(last)).transpose()
    }

    /// The last entry whose key is at most `key`.
    pub fn floor(&self, key: E::Key) -> io::Result<Option<E>> {
        let (mut low, mut high) = (0, self.len());
        // The answer, if any, is in front of `high`, and not in front of `low - 1`.
        while high - low > PROBE_ENTRIES {
            let middle = low + (high - low) / 2;
            if self.entry(middle)?.key() <= key {
                low = middle;
            } else {
                high = middle;
            }
        }
        let mut buffer = [0; PROBE_BYTES];
        let found = self.read(low, high - low, &mut buffer)?.take_while(|entry| entry.key() <= key).last();
        Ok(found)
    }

    /// The file's content and name length survive a power cut after this.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn entry(&self, at: u64) -> io::Result<E> {
        let mut bytes = [0; 12];
        self.file.read_exact_at(&mut bytes[..E::LEN], at * E::LEN as u64)?;
        Ok(E::decode(&bytes))
    }

    fn read<'b>(&self, first: u64, count: u64, buffer: &'b mut [u8; PROBE_BYTES]) -> io::Result<impl Iterator<Item = E> + use<'b, E>> {
        let count = count.min(self.len() - first) as usize;
        let bytes = &mut buffer[..count * E::LEN];
        self.file.read_exact_at(bytes, first * E::LEN as u64)?;
        Ok(bytes.chunks_exact(E::LEN).map(E::decode))
    }
}

#[cfg(test)]
mod tests;
