//! The two sparse indexes of a segment. Offsets in them are relative to the segment's base offset; integers are
//! big-endian.
//!
//! ```text
//! .index      | relative offset i32 | position i32 |       the last offset of a batch, and where that batch begins
//! .timeindex  | timestamp i64 | relative offset i32 |      the largest timestamp up to a batch, and the last offset of
//!                                                          the first batch that has it
//! ```
//!
//! Entries ascend. One of each is written per `index.interval.bytes` of log, after the batches that they speak of; a
//! time entry only when the largest timestamp has grown, and a last one when the segment is done.
//!
//! Both are caches, synced by a clean stop only. After a crash they may lack entries or be garbage; the segments that recovery reads
//! get new ones. For the others, an entry is believed only when the batch that it points at agrees, and where none can
//! be believed the segment is read from its start: slower, with the same answer.

mod search;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use record::{Offset, Timestamp};
use smallvec::SmallVec;

use crate::files::Kind;
use crate::open_files::{LazyFile, LogFiles, Patience};

pub(crate) use search::Beside;

/// An entry of the offset index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OffsetEntry {
    pub(crate) relative_offset: u32,
    pub(crate) position: u32,
}

/// An entry of the time index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimeEntry {
    pub(crate) timestamp: Timestamp,
    pub(crate) relative_offset: u32,
}

/// The bytes of entries; those of an append have room without an allocation.
type Encoded = SmallVec<[u8; 64]>;

/// What both entries can do.
pub(crate) trait Entry: Copy {
    /// Bytes of an entry.
    const LEN: usize;
    /// Which file of the segment it is in.
    const KIND: Kind;
    /// Reads an entry from its `LEN` bytes.
    fn decode(bytes: &[u8]) -> Self;
    /// Appends the bytes.
    fn encode(self, out: &mut Encoded);
    /// Whether it may follow the other in an index.
    fn is_above(&self, before: &Self) -> bool;
}

impl Entry for OffsetEntry {
    const LEN: usize = 8;
    const KIND: Kind = Kind::OffsetIndex;

    fn decode(bytes: &[u8]) -> OffsetEntry {
        OffsetEntry { relative_offset: u32_at(bytes, 0), position: u32_at(bytes, 4) }
    }

    fn encode(self, out: &mut Encoded) {
        out.extend_from_slice(&self.relative_offset.to_be_bytes());
        out.extend_from_slice(&self.position.to_be_bytes());
    }

    fn is_above(&self, before: &OffsetEntry) -> bool {
        self.relative_offset > before.relative_offset && self.position > before.position
    }
}

impl Entry for TimeEntry {
    const LEN: usize = 12;
    const KIND: Kind = Kind::TimeIndex;

    fn decode(bytes: &[u8]) -> TimeEntry {
        let timestamp = u64::from(u32_at(bytes, 0)) << 32 | u64::from(u32_at(bytes, 4));
        TimeEntry { timestamp: Timestamp(timestamp as i64), relative_offset: u32_at(bytes, 8) }
    }

    fn encode(self, out: &mut Encoded) {
        out.extend_from_slice(&self.timestamp.0.to_be_bytes());
        out.extend_from_slice(&self.relative_offset.to_be_bytes());
    }

    fn is_above(&self, before: &TimeEntry) -> bool {
        self.timestamp > before.timestamp && self.relative_offset > before.relative_offset
    }
}

/// One index file. One thread appends; any thread searches what was appended before.
#[derive(Debug)]
pub(crate) struct Index<E> {
    file: LazyFile,
    /// Entries written.
    count: AtomicU32,
    /// Whether the file had a part of an entry at its end when it was opened.
    is_ragged: bool,
    entry: std::marker::PhantomData<fn() -> E>,
}

impl<E: Entry> Index<E> {
    /// The index of a segment; its file is created when missing. Bytes after the last whole entry are ignored, and
    /// overwritten.
    pub(crate) fn open(log: &Arc<LogFiles>, base_offset: Offset) -> io::Result<Index<E>> {
        let file = LazyFile::new(log, base_offset, E::KIND);
        let len = match file.len() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => file.create()?.len()?,
            len => len?,
        };
        let count = u32::try_from(len / E::LEN as u64).unwrap_or(u32::MAX);
        let is_ragged = !len.is_multiple_of(E::LEN as u64);
        Ok(Index { file, count: AtomicU32::new(count), is_ragged, entry: std::marker::PhantomData })
    }

    pub(crate) fn count(&self) -> u32 {
        self.count.load(Ordering::Acquire)
    }

    /// Only the owner of the log appends. An error leaves the index as it was: searches don't look at what was written of
    /// the entries, and the next ones are written over it.
    pub(crate) fn append(&self, entries: &[E]) -> io::Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let count = self.count.load(Ordering::Relaxed);
        let mut bytes = Encoded::with_capacity(entries.len() * E::LEN);
        entries.iter().for_each(|entry| entry.encode(&mut bytes));
        self.file.file()?.write_all_at(&bytes, u64::from(count) * E::LEN as u64)?;
        self.count.store(count + entries.len() as u32, Ordering::Release);
        Ok(())
    }

    /// Drops what an earlier file of that name held, if anything. Nobody may search meanwhile.
    pub(crate) fn clear(&self) -> io::Result<()> {
        if self.has_exactly(0) { Ok(()) } else { self.replace(&[]) }
    }

    /// Replaces all entries. Nobody may search meanwhile.
    pub(crate) fn replace(&self, entries: &[E]) -> io::Result<()> {
        self.count.store(0, Ordering::Release);
        self.file.create()?.set_len(0)?;
        self.append(entries)
    }

    /// Drops the entries from the first one on that `keeps` does not hold for. Nobody may search meanwhile.
    pub(crate) fn truncate(&self, keeps: impl Fn(&E) -> bool) -> io::Result<()> {
        let (mut low, mut high) = (0, self.count());
        while low < high {
            let middle = low + (high - low) / 2;
            if keeps(&self.entry(middle)?) { low = middle + 1 } else { high = middle }
        }
        self.keep_first(low)
    }

    /// Drops all entries but the first `count`, which are there. Nobody may search meanwhile.
    pub(crate) fn keep_first(&self, count: u32) -> io::Result<()> {
        self.count.store(count, Ordering::Release);
        self.file.file()?.set_len(u64::from(count) * E::LEN as u64)
    }

    /// Whether the file held so many entries and nothing else when it was opened, and was not changed since.
    pub(crate) fn has_exactly(&self, count: u32) -> bool {
        self.count() == count && !self.is_ragged
    }

    /// The first entries, as far as they ascend.
    pub(crate) fn ascending(&self) -> io::Result<Vec<E>> {
        let count = self.count();
        if count == 0 {
            return Ok(Vec::new());
        }
        let mut bytes = vec![0; count as usize * E::LEN];
        self.file.file()?.read_exact_at(&mut bytes, 0)?;
        let mut entries: Vec<E> = Vec::with_capacity(count as usize);
        for entry in bytes.chunks_exact(E::LEN).map(E::decode) {
            if entries.last().is_some_and(|last| !entry.is_above(last)) {
                break;
            }
            entries.push(entry);
        }
        Ok(entries)
    }

    /// Makes the entries durable, unless somebody removed the file.
    pub(crate) fn sync(&self) -> io::Result<()> {
        match self.file.file() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            file => file?.sync_data(),
        }
    }

    /// See [`LazyFile::close`].
    pub(crate) fn close(&self) {
        self.file.close();
    }

    /// See [`LazyFile::mark_retired`].
    pub(crate) fn mark_retired(&self) {
        self.file.mark_retired();
    }

    pub(crate) fn last(&self) -> io::Result<Option<E>> {
        match self.count() {
            0 => Ok(None),
            count => unless_missing(self.entry(count - 1).map(Some)),
        }
    }

    /// The last entry that `is_before`, which holds for the first entries and for none after them, and the one before that; `None`
    /// when there are not two. Where the file is damaged these may be others for which it holds.
    pub(crate) fn last_two_where(&self, is_before: impl Fn(&E) -> bool) -> io::Result<Option<[E; 2]>> {
        let last_two = || match self.locate_last(is_before)? {
            Some((index, last)) if index > 0 => Ok(Some([self.entry(index - 1)?, last])),
            _ => Ok(None),
        };
        unless_missing(last_two())
    }

    /// The entry after the last one that `is_before`, or the first; see [`Index::last_two_where`].
    pub(crate) fn first_where_not(&self, is_before: impl Fn(&E) -> bool) -> io::Result<Option<E>> {
        let first = || {
            let next = self.locate_last(is_before)?.map_or(0, |(index, _)| index + 1);
            if next < self.count() { self.entry(next).map(Some) } else { Ok(None) }
        };
        unless_missing(first())
    }

    /// The last entry that `is_before`, with its number.
    fn locate_last(&self, is_before: impl Fn(&E) -> bool) -> io::Result<Option<(u32, E)>> {
        let count = self.count();
        if count == 0 {
            return Ok(None);
        }
        // Most look-ups are for what was appended lately.
        let mut block = (count - 1) / PER_BLOCK;
        if block > 0 && !is_before(&self.entry(block * PER_BLOCK)?) {
            block = self.search_blocks(block, &is_before)?;
        }
        let first = block * PER_BLOCK;
        let mut bytes = [0; PER_BLOCK as usize * 12];
        let bytes = &mut bytes[..(count - first).min(PER_BLOCK) as usize * E::LEN];
        self.file.read_exact_at(bytes, u64::from(first) * E::LEN as u64, Patience::Waits)?;
        let entries = (first..).zip(bytes.chunks_exact(E::LEN).map(E::decode));
        Ok(entries.take_while(|(_, entry)| is_before(entry)).last())
    }

    /// The last of the first `blocks` blocks whose first entry `is_before`, or the first block.
    fn search_blocks(&self, blocks: u32, is_before: impl Fn(&E) -> bool) -> io::Result<u32> {
        let (mut low, mut high) = (0, blocks);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if is_before(&self.entry(middle * PER_BLOCK)?) { low = middle } else { high = middle }
        }
        Ok(low)
    }

    fn entry(&self, index: u32) -> io::Result<E> {
        let mut bytes = [0; 12];
        let bytes = &mut bytes[..E::LEN];
        self.file.read_exact_at(bytes, u64::from(index) * E::LEN as u64, Patience::Waits)?;
        Ok(E::decode(bytes))
    }
}

/// An index that somebody removed or cut while its log was open, or that goes with its segment, has no entries.
fn unless_missing<T>(found: io::Result<Option<T>>) -> io::Result<Option<T>> {
    match found {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof) => Ok(None),
        found => found,
    }
}

/// Entries that are read at once.
const PER_BLOCK: u32 = 64;

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut field = [0; 4];
    field.copy_from_slice(&bytes[at..at + 4]);
    u32::from_be_bytes(field)
}

#[cfg(test)]
mod tests;
