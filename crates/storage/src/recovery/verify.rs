//! Reads a segment from its start and says which of its bytes are batches. Here, and in look-ups by time, checksums of what
//! is in the log are computed.

use std::io;
use std::ops::Range;

use host::File;
use record::{Batch, BatchHeader, HEADER_LEN, MAGIC, Offset};

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
    /// The offset that should follow where each of them begins.
    pub(super) damaged_from: Vec<Offset>,
}

/// Walks over a segment of `len` bytes from `position`, the start of a batch. Each valid batch is passed to `see` with its
/// position; all lie in `offsets` and ascend.
///
/// Where so much looks like batches and isn't that the search would take too long, the rest is damage.
pub(super) fn walk(
    file: &File,
    position: u32,
    len: u32,
    offsets: Range<Offset>,
    mut see: impl FnMut(&BatchHeader, u32),
) -> io::Result<Extent> {
    let wasted_max = WASTED_SEGMENTS * u64::from(len);
    let mut bytes = Bytes { file, len, buffer: Vec::new(), from: 0, wasted: 0, wasted_max };
    let mut extent = Extent { end: position, next_offset: offsets.start, damage: Vec::new(), damaged_from: Vec::new() };
    while extent.end < len {
        let expected = extent.next_offset..offsets.end;
        let is_after_damage = extent.damage.last().is_some_and(|damage| damage.end == extent.end);
        match bytes.batch(extent.end, &expected)? {
            Some(header) if is_after_damage || bytes.is_in_place(extent.end, &header, &expected)? => {
                see(&header, extent.end);
                extent.end += header.total_len() as u32;
                extent.next_offset = header.next_offset();
            }
            _ => {
                let next = bytes.next_batch(extent.end, &expected)?;
                let gave_up = bytes.wasted >= bytes.wasted_max;
                let Some(position) = next.or(gave_up.then_some(len)) else { break };
                extent.damaged_from.push(extent.next_offset);
                extent.damage.push(extent.end..position);
                extent.end = position;
            }
        }
    }
    Ok(extent)
}

/// Bytes are read for checksums that are wrong up to so many times the segment.
const WASTED_SEGMENTS: u64 = 4;

/// A file, read in large pieces.
struct Bytes<'a> {
    file: &'a File,
    len: u32,
    buffer: Vec<u8>,
    /// What position in the file the buffer begins at.
    from: u32,
    /// Bytes that had another checksum than a header said.
    wasted: u64,
    wasted_max: u64,
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
        if !fits || self.wasted >= self.wasted_max {
            return Ok(None);
        }
        let batch = Batch::parse(self.at(position, len as u32)?);
        let valid = batch.ok().filter(Batch::crc_ok).map(|batch| *batch.header());
        self.wasted += if valid.is_none() { len } else { 0 };
        Ok(valid)
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
        let header = self.at(position, HEADER_LEN as u32)?.first_chunk().map(BatchHeader::decode);
        let header = header.filter(|header| header.total_len() >= HEADER_LEN);
        let end = header.map_or(0, |header| u64::from(position) + header.total_len() as u64);
        if header.is_some() && end < u64::from(self.len) && self.batch(end as u32, offsets)?.is_some() {
            return Ok(Some(end as u32));
        }
        // A batch that the file ends within: what looks like a batch in it comes from its records, unless the length is
        // what is wrong.
        let torn = header.filter(|header| {
            end >= u64::from(self.len) && is_plausible(header, offsets.start) && header.base_offset == offsets.start
        });
        // Then only the batch that would follow counts: one in a record may claim any offset but hardly that one.
        let first = torn.map_or(offsets.start, |header| header.next_offset());
        self.search(position + 1, &(first..offsets.end), torn.is_some())
    }

    /// The first valid batch from `position` on; if `exactly`, one that begins with the first of the offsets.
    fn search(&mut self, mut position: u32, offsets: &Range<Offset>, exactly: bool) -> io::Result<Option<u32>> {
        while self.len - position >= HEADER_LEN as u32 {
            let bytes = self.at(position, PIECE_LEN)?;
            let Some(at) = bytes.iter().skip(MAGIC_AT).position(|byte| *byte == MAGIC as u8) else {
                position += (bytes.len() - MAGIC_AT) as u32;
                continue;
            };
            position += at as u32;
            let found = self.batch(position, offsets)?;
            if found.is_some_and(|header| !exactly || header.base_offset == offsets.start) {
                return Ok(Some(position));
            }
            position += 1;
        }
        Ok(None)
    }
}

/// Where in a batch the byte is that says its format.
const MAGIC_AT: usize = 16;

#[cfg(test)]
mod tests;
