//! The records of a batch, read one by one where they lie.
//!
//! ```text
//! length varint | attributes i8 | timestamp delta varlong | offset delta varint
//!   | key length varint, key | value length varint, value
//!   | header count varint | { key length varint, key | value length varint, value } ...
//! ```

use crate::codec::{CodecError, Compression, Limits, decompress};
use crate::header::BatchHeader;
use crate::ids::{Offset, Timestamp};
use crate::varint::Cursor;

/// One record, borrowed from its batch or from the buffer that the batch was decompressed into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its offset in the partition.
    pub offset: Offset,
    /// Its own time, or that of the append when the batch says so.
    pub timestamp: Timestamp,
    /// The key, which may be null.
    pub key: Option<&'a [u8]>,
    /// The value; null is a tombstone on a compacted topic.
    pub value: Option<&'a [u8]>,
    /// The headers, in the producer's order; keys may repeat (KIP-82).
    pub headers: Headers<'a>,
}

/// One header of a record. The protocol wants UTF-8 in the key but no broker checks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// The key, never null.
    pub key: &'a [u8],
    /// The value, which may be null.
    pub value: Option<&'a [u8]>,
}

/// Iterates the records of one batch; after an error it ends.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    cursor: Cursor<'a>,
    base_offset: Offset,
    base_timestamp: Timestamp,
    /// The time of all records, when that is the time of the append.
    append_time: Option<Timestamp>,
    index: i32,
    count: i32,
}

impl<'a> Records<'a> {
    pub(crate) fn open(
        header: &BatchHeader,
        body: &'a [u8],
        limits: &Limits,
        scratch: &'a mut Vec<u8>,
    ) -> Result<Records<'a>, RecordError> {
        let body = match header.attributes.compression() {
            Ok(Compression::None) => body,
            Ok(codec) => {
                decompress(codec, body, limits, scratch)?;
                scratch
            }
            Err(id) => return Err(RecordError::UnknownCodec { id }),
        };
        Ok(Records {
            cursor: Cursor::new(body),
            base_offset: header.base_offset,
            base_timestamp: header.base_timestamp,
            append_time: header.attributes.is_log_append_time().then_some(header.max_timestamp),
            index: 0,
            count: header.record_count,
        })
    }

    fn read(&mut self) -> Result<Record<'a>, Malformed> {
        let fields = Fields::read(&mut self.cursor)?;
        if self.index + 1 == self.count && !self.cursor.is_empty() {
            return Err(Malformed::TrailingBytes);
        }
        // A producer subtracts with wrap-around too, so every timestamp comes back as it was.
        let own_time = Timestamp(self.base_timestamp.0.wrapping_add(fields.timestamp_delta));
        Ok(Record {
            offset: Offset(self.base_offset.0.saturating_add(i64::from(fields.offset_delta))),
            timestamp: self.append_time.unwrap_or(own_time),
            key: fields.key,
            value: fields.value,
            headers: fields.headers,
        })
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, RecordError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.index >= self.count {
            return None;
        }
        let index = self.index;
        let record = self.read().map_err(|reason| RecordError::Malformed { index, reason });
        self.index = if record.is_ok() { index + 1 } else { self.count };
        Some(record)
    }
}

/// The headers of one record. They were checked with the record, so iterating cannot fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Headers<'a> {
    count: u32,
    bytes: &'a [u8],
}

impl<'a> Headers<'a> {
    /// Checks `count` headers, which must fill `bytes`.
    #[inline]
    fn check(count: i32, bytes: &'a [u8]) -> Result<Headers<'a>, Malformed> {
        let count = u32::try_from(count).map_err(|_| Malformed::HeaderCount)?;
        if count != 0 {
            check_headers(count, bytes)?;
        } else if !bytes.is_empty() {
            return Err(Malformed::TrailingBytes);
        }
        Ok(Headers { count, bytes })
    }
}

impl<'a> Iterator for Headers<'a> {
    type Item = Header<'a>;

    fn next(&mut self) -> Option<Header<'a>> {
        self.count = self.count.checked_sub(1)?;
        let mut cursor = Cursor::new(self.bytes);
        let header = read_header(&mut cursor).ok()?;
        self.bytes = cursor.remaining();
        Some(header)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.count as usize, Some(self.count as usize))
    }
}

impl ExactSizeIterator for Headers<'_> {}

/// The records of a batch cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// A record is not as the format wants it.
    #[error("record {index} of the batch: {reason}")]
    Malformed {
        /// Which record, from 0.
        index: i32,
        /// What is wrong with it.
        reason: Malformed,
    },
    /// The batch names a codec that does not exist.
    #[error("unknown compression codec {id}")]
    UnknownCodec {
        /// The three bits of the attributes.
        id: u8,
    },
    /// The records cannot be decompressed.
    #[error(transparent)]
    Codec(#[from] CodecError),
}

/// How a record can differ from the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// A part ends after the bytes that are present.
    #[error("it ends early")]
    Truncated,
    /// Bytes follow the last part of a record, or the last record of the batch.
    #[error("bytes are left over after its end")]
    TrailingBytes,
    /// A varint is longer than its integer can be.
    #[error("a variable-length integer is too long")]
    Varint,
    /// A length is below zero where null is not allowed, or below -1.
    #[error("a length is negative")]
    NegativeLength,
    /// The count of headers is below zero or above what the bytes can hold.
    #[error("the count of headers is impossible")]
    HeaderCount,
}

/// The parts of a record, deltas still relative to the batch.
pub(crate) struct Fields<'a> {
    pub(crate) timestamp_delta: i64,
    pub(crate) offset_delta: i32,
    pub(crate) key: Option<&'a [u8]>,
    pub(crate) value: Option<&'a [u8]>,
    pub(crate) headers: Headers<'a>,
}

impl<'a> Fields<'a> {
    /// Reads one record and moves `cursor` behind it. The parts must fill the record's length exactly.
    ///
    /// Inlined by force: the walk at produce uses only the deltas, and then the compiler drops the rest.
    #[inline(always)]
    pub(crate) fn read(cursor: &mut Cursor<'a>) -> Result<Fields<'a>, Malformed> {
        let len = usize::try_from(cursor.varint()?).map_err(|_| Malformed::NegativeLength)?;
        let mut record = Cursor::new(cursor.take(len)?);
        // The attributes of a record have no meaning yet.
        record.byte()?;
        Ok(Fields {
            timestamp_delta: record.varlong()?,
            offset_delta: record.varint()?,
            key: record.nullable_bytes()?,
            value: record.nullable_bytes()?,
            headers: Headers::check(record.varint()?, record.remaining())?,
        })
    }
}

/// Each header has two lengths, so `count` is bounded by the bytes before any is read.
#[inline(never)]
fn check_headers(count: u32, bytes: &[u8]) -> Result<(), Malformed> {
    if count as usize > bytes.len() / 2 {
        return Err(Malformed::HeaderCount);
    }
    let mut cursor = Cursor::new(bytes);
    for _ in 0..count {
        read_header(&mut cursor)?;
    }
    if cursor.is_empty() { Ok(()) } else { Err(Malformed::TrailingBytes) }
}

fn read_header<'a>(cursor: &mut Cursor<'a>) -> Result<Header<'a>, Malformed> {
    let key = cursor.nullable_bytes()?.ok_or(Malformed::NegativeLength)?;
    Ok(Header { key, value: cursor.nullable_bytes()? })
}

#[cfg(test)]
mod tests;
