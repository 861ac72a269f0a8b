//! Walks the batch headers of a segment, a few KiB per read.

use std::io;

use record::{BatchHeader, HEADER_LEN, MAGIC, Offset};

use crate::open_files::Patience;
use crate::segment::Segment;

/// A batch in a segment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Located {
    /// The bytes before it.
    pub(crate) position: u32,
    pub(crate) header: BatchHeader,
    /// Bytes that recovery found damaged lie between this batch and the one before.
    pub(crate) after_damage: bool,
}

impl Located {
    /// Where the next batch begins.
    pub(crate) fn end(&self) -> u32 {
        self.position + self.header.total_len() as u32
    }
}

/// Why a walk ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ScanError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("no batch at position {position}")]
    NoBatch { position: u32 },
}

/// Yields the batches from a position, which must be the start of one, to `end`.
pub(crate) struct Scan<'a> {
    segment: &'a Segment,
    position: u32,
    end: u32,
    patience: Patience,
    /// Below which no batch may begin.
    min_offset: Offset,
    buffer: [u8; BUFFER_LEN],
    /// What of the file is in `buffer`: from where, and how much.
    buffered_from: u32,
    buffered_len: usize,
}

const BUFFER_LEN: usize = 4096;

impl<'a> Scan<'a> {
    pub(crate) fn new(segment: &'a Segment, from: u32, end: u32, patience: Patience) -> Scan<'a> {
        let min_offset = segment.base_offset;
        let buffer = [0; BUFFER_LEN];
        Scan { segment, position: from, end, patience, min_offset, buffer, buffered_from: 0, buffered_len: 0 }
    }

    /// Where the next batch begins.
    pub(crate) fn position(&self) -> u32 {
        self.position
    }

    /// Begins anew at a batch, with what was read of the file.
    pub(crate) fn again_from(self, position: u32) -> Scan<'a> {
        Scan { position, min_offset: self.segment.base_offset, ..self }
    }

    /// The next batch, `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Located>, ScanError> {
        let after_damage = self.skip_damage();
        if self.position >= self.end {
            return Ok(None);
        }
        let header = self.header()?;
        let located = Located { position: self.position, header, after_damage };
        self.position = located.end();
        // Not the one after its last offset, which the disk may have changed: one bad header must not hide all behind it.
        self.min_offset = header.base_offset + 1;
        Ok(Some(located))
    }

    /// The batch that holds `offset`, or where there is none the next one.
    ///
    /// A last offset that the disk has changed must not hide the batches behind it: of several batches that claim the
    /// offset it is the last one's.
    pub(crate) fn find(mut self, offset: Offset) -> Result<Option<Located>, ScanError> {
        let mut claims: Option<Located> = None;
        loop {
            match self.next() {
                Ok(Some(located)) if located.header.base_offset >= offset => {
                    let is_exact = located.header.base_offset == offset;
                    return Ok(if is_exact { Some(located) } else { claims.or(Some(located)) });
                }
                Ok(Some(located)) if located.header.last_offset() >= offset => claims = Some(located),
                Ok(Some(_)) => {}
                Ok(None) => return Ok(claims),
                Err(ScanError::NoBatch { .. }) if claims.is_some() => return Ok(claims),
                Err(error) => return Err(error),
            }
        }
    }

    fn skip_damage(&mut self) -> bool {
        let before = self.position;
        for damage in self.segment.damage() {
            if damage.position == self.position {
                self.position = damage.end();
            }
        }
        self.position > before
    }

    fn header(&mut self) -> Result<BatchHeader, ScanError> {
        let no_batch = ScanError::NoBatch { position: self.position };
        let left = self.end - self.position;
        if (left as usize) < HEADER_LEN {
            return Err(no_batch);
        }
        let header = BatchHeader::decode(self.header_bytes()?);
        let is_batch = is_plausible(&header, self.min_offset)
            && header.last_offset() < self.segment.offset_limit()
            && header.total_len() <= left as usize;
        if is_batch { Ok(header) } else { Err(no_batch) }
    }

    fn header_bytes(&mut self) -> io::Result<&[u8; HEADER_LEN]> {
        let is_buffered = self.position >= self.buffered_from
            && (self.position - self.buffered_from) as usize + HEADER_LEN <= self.buffered_len;
        if !is_buffered {
            let len = BUFFER_LEN.min((self.end - self.position) as usize);
            self.buffered_len = 0;
            let buffer = &mut self.buffer[..len];
            self.segment.read_log(buffer, u64::from(self.position), self.patience)?;
            (self.buffered_from, self.buffered_len) = (self.position, len);
        }
        let at = (self.position - self.buffered_from) as usize;
        Ok(self.buffer[at..].first_chunk().expect("a whole header is in the buffer"))
    }
}

/// Whether a header can be that of a batch at or above `min_offset`. Its checksum was not looked at.
pub(crate) fn is_plausible(header: &BatchHeader, min_offset: Offset) -> bool {
    header.magic == MAGIC
        && header.total_len() >= HEADER_LEN
        && header.last_offset_delta >= 0
        && header.base_offset >= min_offset
        && header.base_offset.0 < i64::MAX - (1 << 32)
}
