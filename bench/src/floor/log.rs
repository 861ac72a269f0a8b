//! One file of record batches and where each of them begins.

use std::fs::{File, OpenOptions};
use std::io::IoSlice;
use std::ops::Range;
use std::path::Path;

use anyhow::{Result, ensure};

/// What one `writev` takes.
const SLICES_MAX: usize = 512;
const BASE_OFFSET: Range<usize> = 0..8;
const BATCH_LENGTH: Range<usize> = 8..12;
const LEADER_EPOCH: Range<usize> = 12..16;
const CRC: Range<usize> = 17..21;
const CHECKED: usize = 21;
const LAST_OFFSET_DELTA: Range<usize> = 23..27;
/// Bytes before a batch's length is counted.
const OVERHEAD: usize = 12;

/// The log.
pub struct Log {
    file: File,
    next_offset: i64,
    end: u64,
    /// Base offset and position of each batch.
    index: Vec<(i64, u64)>,
}

impl Log {
    /// Empty.
    pub fn create(path: &Path) -> Result<Log> {
        let file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        file.set_len(0)?;
        Ok(Log { file, next_offset: 0, end: 0, index: Vec::new() })
    }

    /// Empties it.
    pub fn clear(&mut self) -> Result<()> {
        self.index.clear();
        (self.next_offset, self.end) = (0, 0);
        Ok(self.file.set_len(0)?)
    }

    /// The offset that the next record gets.
    pub fn end_offset(&self) -> i64 {
        self.next_offset
    }

    /// The file.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Gives batches their offsets, and them their place behind what waits already. Returns the first offset; `None` when
    /// a checksum is wrong.
    pub fn place(&mut self, mut batches: &mut [u8]) -> Option<i64> {
        let first = self.next_offset;
        while !batches.is_empty() {
            let length = u32::from_be_bytes(batches.get(BATCH_LENGTH)?.try_into().ok()?) as usize;
            let (batch, rest) = batches.split_at_mut_checked(OVERHEAD + length)?;
            let crc = u32::from_be_bytes(batch.get(CRC)?.try_into().ok()?);
            if record::crc32c(batch.get(CHECKED..)?) != crc {
                return None;
            }
            let delta = i32::from_be_bytes(batch.get(LAST_OFFSET_DELTA)?.try_into().ok()?);
            batch[BASE_OFFSET].copy_from_slice(&self.next_offset.to_be_bytes());
            batch[LEADER_EPOCH].fill(0);
            self.index.push((self.next_offset, self.end));
            self.next_offset += i64::from(delta) + 1;
            self.end += batch.len() as u64;
            batches = rest;
        }
        Some(first)
    }

    /// Writes what was placed, parts of `bytes` in their order.
    pub fn write(&self, bytes: &[u8], parts: &[Range<usize>]) -> Result<()> {
        for parts in parts.chunks(SLICES_MAX) {
            let mut slices = [IoSlice::new(&[]); SLICES_MAX];
            let mut len = 0;
            for (slice, part) in slices.iter_mut().zip(parts) {
                *slice = IoSlice::new(&bytes[part.clone()]);
                len += part.len();
            }
            let written = rustix::io::writev(&self.file, &slices[..parts.len()])?;
            ensure!(written == len, "the disk took {written} of {len} bytes");
        }
        Ok(())
    }

    /// Where the batch with this offset begins and how many bytes of whole batches are sent of it: as many as fit into
    /// `bytes_max`, at least one batch. `None` at the end.
    pub fn range(&self, offset: i64, bytes_max: u64) -> Option<(u64, u64)> {
        if offset >= self.next_offset {
            return None;
        }
        let at = self.index.partition_point(|&(base, _)| base <= offset).checked_sub(1)?;
        let begin = self.index[at].1;
        let first_end = self.index.get(at + 1).map_or(self.end, |&(_, position)| position);
        Some((begin, (self.end - begin).min(bytes_max).max(first_end - begin)))
    }
}
