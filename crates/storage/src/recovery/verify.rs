//! Reads a segment from its start and says which of its bytes are batches. Here, and nowhere else, checksums of what
//! is in the log are computed.

use std::io;
use std::ops::Range;

use host::File;
use record::{Batch, BatchHeader, HEADER_LEN, Offset};

use crate::scan::is_plausible;

/// What a segment is made of.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Extent {
    /// Where the last valid batch ends.
    pub(super) end: u32,
    /// The offset after it.
    pub(super) next_offset: Offset,
    /// Bytes before `end` that are no batches.
    pub(super) damage: Vec<Range<u32>>,
}

/// Walks over the first `len` bytes of a segment. Each valid batch is passed to `see` with its position; all lie in
/// `offsets` and ascend.
pub(super) fn walk(
    file: &File,
    len: u32,
    offsets: Range<Offset>,
    mut see: impl FnMut(&BatchHeader, u32),
) -> io::Result<Extent> {
    let mut bytes = Bytes { file, len, buffer: Vec::new(), from: 0 };
    let mut extent = Extent { end: 0, next_offset: offsets.start, damage: Vec::new() };
    while extent.end < len {
        let expected = extent.next_offset..offsets.end;
        let is_after_damage = extent.damage.last().is_some_and(|damage| damage.end == extent.end);
        match bytes.batch(extent.end, &expected)? {
            Some(header) if is_after_damage || bytes.is_in_place(extent.end, &header, &expected)? => {
                see(&header, extent.end);
                extent.end += header.total_len() as u32;
                extent.next_offset = header.next_offset();
            }
            _ => match bytes.next_batch(extent.end, &expected)? {
                Some(position) => {
                    extent.damage.push(extent.end..position);
                    extent.end = position;
                }
                None => break,
            },
        }
    }
    Ok(extent)
}

/// A file, read in large pieces.
struct Bytes<'a> {
    file: &'a File,
    len: u32,
    buffer: Vec<u8>,
    /// What position in the file the buffer begins at.
    from: u32,
}

const PIECE_LEN: u32 = 1 << 20;

impl Bytes<'_> {
    /// `len` bytes at `position`, fewer at the end of the file.
    fn at(&mut self, position: u32, len: u32) -> io::Result<&[u8]> {
        let len = len.min(self.len - position);
        let buffered = self.from..self.from + self.buffer.len() as u32;
        if position < buffered.start || position + len > buffered.end {
            let piece = len.max(PIECE_LEN).min(self.len - position);
            self.buffer.resize(piece as usize, 0);
            self.from = position;
            self.file.read_exact_at(&mut self.buffer, u64::from(position)).inspect_err(|_| self.buffer.clear())?;
        }
        let at = (position - self.from) as usize;
        Ok(&self.buffer[at..at + len as usize])
    }

    /// The header of the batch at `position`, if there is a whole and valid one within `offsets`.
    fn batch(&mut self, position: u32, offsets: &Range<Offset>) -> io::Result<Option<BatchHeader>> {
        let Some(header) = self.at(position, HEADER_LEN as u32)?.first_chunk().map(BatchHeader::decode) else {
            return Ok(None);
        };
        let len = header.total_len() as u64;
        let fits = is_plausible(&header, offsets.start)
            && header.next_offset() <= offsets.end
            && len <= u64::from(self.len - position);
        if !fits {
            return Ok(None);
        }
        let batch = Batch::parse(self.at(position, len as u32)?);
        Ok(batch.ok().filter(Batch::crc_ok).map(|batch| *batch.header()))
    }

    /// No checksum covers the base offset. It is right when it is the next one, or when the batch behind goes on from it:
    /// compaction leaves gaps, but not before the last batch of a log.
    fn is_in_place(&mut self, position: u32, header: &BatchHeader, offsets: &Range<Offset>) -> io::Result<bool> {
        if header.base_offset == offsets.start {
            return Ok(true);
        }
        let behind = position + header.total_len() as u32;
        Ok(behind < self.len && self.batch(behind, &(header.next_offset()..offsets.end))?.is_some())
    }

    /// Where the next valid batch after `position` begins. If what is at `position` has a good header, that is believed
    /// first: what lies in a batch may look like a batch.
    fn next_batch(&mut self, position: u32, offsets: &Range<Offset>) -> io::Result<Option<u32>> {
        if let Some(behind) = self.claimed_end(position)?
            && self.batch(behind, offsets)?.is_some()
        {
            return Ok(Some(behind));
        }
        for candidate in position + 1..self.len {
            if self.batch(candidate, offsets)?.is_some() {
                return Ok(Some(candidate));
            }
        }
        Ok(None)
    }

    /// Where the batch at `position` would end by its header, within the file.
    fn claimed_end(&mut self, position: u32) -> io::Result<Option<u32>> {
        let Some(header) = self.at(position, HEADER_LEN as u32)?.first_chunk().map(BatchHeader::decode) else {
            return Ok(None);
        };
        let end = u64::from(position) + header.total_len() as u64;
        Ok((header.total_len() >= HEADER_LEN && end < u64::from(self.len)).then_some(end as u32))
    }
}

#[cfg(test)]
mod tests;
