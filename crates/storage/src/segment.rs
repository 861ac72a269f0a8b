//! A segment: the records from a base offset on, and its two indexes.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use host::{Disk, File, Open};
use record::{BatchHeader, HEADER_LEN, Offset};

use crate::index::{Index, OffsetEntry, TimeEntry};
use crate::names::{INDEX, LOG, TIME_INDEX, segment_file};

/// Bytes of headers that one read of a scan brings.
const SCAN_BYTES: usize = 4096;

/// One segment, shared by the appender and the readers.
#[derive(Debug)]
pub struct Segment {
    /// The offset of its first record, or where that will be.
    pub base: Offset,
    /// The records.
    pub log: Arc<File>,
    /// Offsets to positions.
    pub index: Index<OffsetEntry>,
    /// Timestamps to offsets.
    pub times: Index<TimeEntry>,
    len: AtomicU32,
}

/// A batch found in a segment.
#[derive(Debug, Clone)]
pub struct Located {
    /// Where it begins.
    pub position: u32,
    /// Its header.
    pub header: BatchHeader,
}

impl Located {
    /// Where it ends.
    pub fn end(&self) -> u32 {
        self.position + self.header.total_len() as u32
    }
}

impl Segment {
    /// A new, empty segment. Its name is durable after the directory is synced.
    pub fn create(disk: &Disk, dir: &Path, base: Offset) -> io::Result<Segment> {
        let log = disk.open(&dir.join(segment_file(base, LOG)), Open::CreateNew)?;
        let index = Index::create(disk, &dir.join(segment_file(base, INDEX)))?;
        let times = Index::create(disk, &dir.join(segment_file(base, TIME_INDEX)))?;
        Ok(Segment { base, log: Arc::new(log), index, times, len: AtomicU32::new(0) })
    }

    /// A segment of files that were found; `len` bytes of `log` are good.
    pub fn of(base: Offset, log: File, index: Index<OffsetEntry>, times: Index<TimeEntry>, len: u32) -> Segment {
        Segment { base, log: Arc::new(log), index, times, len: AtomicU32::new(len) }
    }

    /// Bytes of whole batches.
    pub fn len(&self) -> u32 {
        self.len.load(Ordering::Acquire)
    }

    /// The appender has written up to here.
    pub fn set_len(&self, len: u32) {
        self.len.store(len, Ordering::Release);
    }

    /// Makes its files durable.
    pub fn sync(&self) -> io::Result<()> {
        self.log.sync_data()?;
        self.index.sync()?;
        self.times.sync()
    }

    /// The first batch before position `limit` whose last record is at or after `offset`.
    pub fn locate(&self, offset: Offset, limit: u32) -> io::Result<Option<Located>> {
        let relative = u32::try_from(offset - self.base).unwrap_or(0);
        let from = self.index.floor(relative)?.map_or(0, |entry| entry.position);
        for batch in self.scan(from, limit) {
            let batch = batch?;
            if batch.header.last_offset() >= offset {
                return Ok(Some(batch));
            }
        }
        Ok(None)
    }

    /// The headers of the batches between two positions.
    pub fn scan(&self, from: u32, limit: u32) -> Scan<'_> {
        Scan { log: &self.log, position: from, limit, buffer: [0; SCAN_BYTES], buffered: from..from }
    }
}

/// Iterates batch headers; the records between them are not read.
pub struct Scan<'s> {
    log: &'s File,
    position: u32,
    limit: u32,
    buffer: [u8; SCAN_BYTES],
    /// Which positions the buffer holds.
    buffered: std::ops::Range<u32>,
}

impl Scan<'_> {
    fn header(&mut self) -> io::Result<BatchHeader> {
        let end = self.position + HEADER_LEN as u32;
        if self.position < self.buffered.start || end > self.buffered.end {
            let wanted = SCAN_BYTES.min((self.limit - self.position) as usize);
            self.log.read_exact_at(&mut self.buffer[..wanted], u64::from(self.position))?;
            self.buffered = self.position..self.position + wanted as u32;
        }
        let at = (self.position - self.buffered.start) as usize;
        let bytes = self.buffer[at..].first_chunk().expect("a whole header is buffered");
        Ok(BatchHeader::decode(bytes))
    }

    fn step(&mut self) -> io::Result<Located> {
        let header = self.header()?;
        let room = (self.limit - self.position) as usize;
        if header.total_len() < HEADER_LEN || header.total_len() > room {
            return Err(damaged(self.position));
        }
        let located = Located { position: self.position, header };
        self.position = located.end();
        Ok(located)
    }
}

impl Iterator for Scan<'_> {
    type Item = io::Result<Located>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.position >= self.limit {
            return None;
        }
        if self.limit - self.position < HEADER_LEN as u32 {
            self.limit = self.position;
            return Some(Err(damaged(self.position)));
        }
        let step = self.step();
        if step.is_err() {
            self.limit = self.position;
        }
        Some(step)
    }
}

fn damaged(position: u32) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("no whole record batch at position {position}"))
}
