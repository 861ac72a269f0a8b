//! What a broker checks of the records that a producer sends for one partition.
//!
//! Checksum, header, counts and bounds are checked always. Uncompressed records are walked: their structure, their
//! offset deltas and their timestamps. Compressed batches are not opened, since only a consumer decompresses them, unless the
//! topic wants another codec: then [`recompress`](crate::recompress()) follows, and walks those records too.
//! When several things are wrong, the one is reported that Apache Kafka would report.
//!
//! An uncompressed batch whose `max_timestamp` is not that of its records is mended, as Apache Kafka does: older clients leave
//! the field unset, and look-ups by time rely on it. Where the topic wants the time of the append, every batch gets it, and
//! where it does not, a batch that claims it loses the claim.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use crate::batch::Batch;
use crate::codec::{CodecError, Compression, Encoding};
use crate::crc::crc32c_of_parts;
use crate::header::{Attributes, BatchHeader, CRC_COVERS_FROM, HEADER_LEN, LOG_OVERHEAD, MAGIC, STAMP_LEN};
use crate::ids::{Offset, ProducerId, Timestamp};
use crate::record::{Fields, Malformed};
use crate::varint::Cursor;

/// The limits of a topic, and the time.
#[derive(Clone, Debug)]
pub struct Rules {
    /// `max.message.bytes`: the most bytes of a batch, its header included.
    pub max_message_bytes: u32,
    /// `segment.bytes`: a batch must fit into one segment.
    pub max_segment_bytes: u32,
    /// The time of the append, in milliseconds.
    pub now: Timestamp,
    /// `message.timestamp.before.max.ms` (KIP-937): how far back a timestamp may lie.
    pub timestamp_before_max_ms: i64,
    /// `message.timestamp.after.max.ms` (KIP-937): how far ahead a timestamp may lie.
    pub timestamp_after_max_ms: i64,
    /// `message.timestamp.type`.
    pub timestamp_type: TimestampType,
    /// `compression.type` with its level; `None`: what the producer chose.
    pub encoding: Option<Encoding>,
}

/// Whose clock the timestamps of a topic are by (KIP-32).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimestampType {
    /// The producer's.
    #[default]
    CreateTime,
    /// The broker's. Timestamps of producers are not held against any bounds then, because nobody reads them.
    LogAppendTime,
}

impl Rules {
    /// Whether batches with this codec have to get another.
    pub fn recompresses(&self, compression: Compression) -> bool {
        self.encoding.is_some_and(|encoding| encoding.compression != compression)
    }

    pub(crate) fn allows(&self, timestamp: Timestamp) -> bool {
        timestamp == Timestamp::NONE || self.allowed().contains(&timestamp.0)
    }

    pub(crate) fn allowed(&self) -> RangeInclusive<i64> {
        if self.timestamp_type == TimestampType::LogAppendTime {
            return i64::MIN..=i64::MAX;
        }
        let now = self.now.0;
        now.saturating_sub(self.timestamp_before_max_ms)..=now.saturating_add(self.timestamp_after_max_ms)
    }

    /// The attributes and the largest timestamp of a batch in the log whose records have `largest`. Where the time of the
    /// producer counts, Apache Kafka takes the bit of the other away.
    pub(crate) fn in_log(&self, attributes: Attributes, largest: Timestamp) -> (Attributes, Timestamp) {
        match self.timestamp_type {
            TimestampType::CreateTime => (attributes.without_log_append_time(), largest),
            TimestampType::LogAppendTime => (attributes.with_log_append_time(), self.now),
        }
    }

    pub(crate) fn check_fits_segment(&self, size: usize) -> Result<(), Invalid> {
        let max = self.max_segment_bytes;
        if size > max as usize { Err(Invalid::RecordListTooLarge { size, max }) } else { Ok(()) }
    }

    pub(crate) fn check_message_size(&self, size: usize) -> Result<(), Invalid> {
        let max = self.max_message_bytes;
        if size > max as usize { Err(Invalid::MessageTooLarge { size, max }) } else { Ok(()) }
    }
}

/// A batch that may be appended; only [`validate`] and [`recompress`](crate::recompress()) make one.
#[derive(Clone, Debug)]
pub struct ProducedBatch<'a> {
    header: BatchHeader,
    bytes: Cow<'a, [u8]>,
    /// The header's bytes, where they are not those that the producer sent.
    mended: Option<[u8; HEADER_LEN]>,
}

impl<'a> ProducedBatch<'a> {
    /// The decoded header.
    pub fn header(&self) -> &BatchHeader {
        &self.header
    }

    /// The whole batch, its header as the producer sent it.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The records, compressed as the attributes say.
    pub fn body(&self) -> &[u8] {
        &self.bytes[HEADER_LEN..]
    }

    /// The same with bytes of its own.
    pub fn into_owned(self) -> ProducedBatch<'static> {
        ProducedBatch { header: self.header, bytes: Cow::Owned(self.bytes.into_owned()), mended: self.mended }
    }

    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        match &self.bytes {
            Cow::Borrowed(bytes) => bytes.len(),
            Cow::Owned(bytes) => bytes.capacity(),
        }
    }

    /// What is to be written after the [stamp](crate::stamp): the batch as the producer built it, but for a mended header.
    pub fn after_stamp(&self) -> [&[u8]; 2] {
        match &self.mended {
            Some(header) => [&header[STAMP_LEN..], &self.bytes[HEADER_LEN..]],
            None => [&self.bytes[STAMP_LEN..], &[]],
        }
    }

    /// Where the time of the append counts, that is `now`.
    pub fn set_append_time(&mut self, now: Timestamp) {
        if !self.header.attributes.is_log_append_time() || self.header.max_timestamp == now {
            return;
        }
        self.header.max_timestamp = now;
        let covered = self.header.encode();
        self.header.crc = crc32c_of_parts([&covered[CRC_COVERS_FROM..], self.body()]);
        self.mended = Some(self.header.encode());
    }

    fn unchanged(batch: &Batch<'a>) -> ProducedBatch<'a> {
        ProducedBatch { header: *batch.header(), bytes: Cow::Borrowed(batch.bytes()), mended: None }
    }

    /// With another header, whose checksum is yet to be made.
    fn mended(batch: &Batch<'a>, mut header: BatchHeader) -> ProducedBatch<'a> {
        let covered = header.encode();
        header.crc = crc32c_of_parts([&covered[CRC_COVERS_FROM..], batch.body()]);
        ProducedBatch { header, bytes: Cow::Borrowed(batch.bytes()), mended: Some(header.encode()) }
    }

    /// Of `header`, whose length and checksum are yet to be made, and the records that follow [`HEADER_LEN`] in `bytes`.
    pub(crate) fn rebuilt(mut header: BatchHeader, mut bytes: Vec<u8>) -> ProducedBatch<'static> {
        header.batch_length = i32::try_from(bytes.len() - LOG_OVERHEAD).expect("held against max.message.bytes");
        header.crc = crc32c_of_parts([&header.encode()[CRC_COVERS_FROM..], &bytes[HEADER_LEN..]]);
        bytes[..HEADER_LEN].copy_from_slice(&header.encode());
        // A codec takes room for the worst case, and the batch may wait for others.
        bytes.shrink_to_fit();
        ProducedBatch { header, bytes: Cow::Owned(bytes), mended: None }
    }
}

/// Checks `records` of a Produce request, which must be one batch. Allocates nothing.
///
/// Fewer bytes than a batch header's first 17 may follow the batch; they are ignored, as Apache Kafka does.
pub fn validate<'a>(records: &'a [u8], rules: &Rules) -> Result<ProducedBatch<'a>, Invalid> {
    let batch = only_batch(records)?;
    check_placement(&batch, rules)?;
    let compression = check_header(batch.header())?;
    check_times(batch.header(), rules)?;
    let header = *batch.header();
    let largest = match compression {
        Compression::None => walk(&header, batch.body(), rules)?,
        _ => header.max_timestamp,
    };
    if !rules.recompresses(compression) {
        rules.check_fits_segment(batch.bytes().len())?;
    }
    let (attributes, max_timestamp) = rules.in_log(header.attributes, largest);
    if (attributes, max_timestamp) == (header.attributes, header.max_timestamp) {
        return Ok(ProducedBatch::unchanged(&batch));
    }
    Ok(ProducedBatch::mended(&batch, BatchHeader { attributes, max_timestamp, ..header }))
}

/// Why a produced batch is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// There is no whole batch.
    #[error("a produce request must have one whole record batch per partition")]
    NoBatch,
    /// The records have the message format v0 or v1, which Produce requests carried before version 3.
    #[error("record batches must have magic version 2, not {magic}")]
    OldMagic {
        /// 0 or 1.
        magic: i8,
    },
    /// No such format exists.
    #[error("Invalid magic found in record: {magic}")]
    UnknownMagic {
        /// Below 0 or above 2.
        magic: i8,
    },
    /// No format ever was so short.
    #[error("Record size {batch_length} is less than the minimum record overhead ({MIN_BATCH_LENGTH})")]
    BatchLength {
        /// The length field.
        batch_length: i32,
    },
    /// The batch length does not even cover the header.
    #[error("record batch length {batch_length} is less than the minimum of {}", HEADER_LEN - LOG_OVERHEAD)]
    NoHeader {
        /// The length field.
        batch_length: i32,
    },
    /// What follows the batch is neither a batch nor too short to be one.
    #[error("what follows the record batch is none")]
    AfterBatch,
    /// More than a batch came.
    #[error("a produce request must have exactly one record batch per partition")]
    MoreThanOneBatch,
    /// A producer numbers from 0.
    #[error("the base offset of a produced record batch must be 0, not {base_offset}")]
    BaseOffset {
        /// What it is.
        base_offset: Offset,
    },
    /// The batch is above `max.message.bytes`.
    #[error("the record batch of {size} bytes exceeds the maximum of {max} (max.message.bytes)")]
    MessageTooLarge {
        /// Bytes of the batch.
        size: usize,
        /// Bytes allowed.
        max: u32,
    },
    /// The bytes are not those that the producer sent.
    #[error("record batch is corrupt: its stored CRC is {stored:#010x}, the computed CRC {computed:#010x}")]
    Checksum {
        /// The CRC in the header.
        stored: u32,
        /// The CRC of the bytes.
        computed: u32,
    },
    /// The attributes name a codec that does not exist.
    #[error("unknown compression type id {id}")]
    UnknownCodec {
        /// 5, 6 or 7.
        id: u8,
    },
    /// The last offset delta is below zero.
    #[error("the last offset delta {last_offset_delta} is negative")]
    LastOffsetDelta {
        /// What it is.
        last_offset_delta: i32,
    },
    /// The batch has no records.
    #[error("the record count {record_count} is not positive")]
    RecordCount {
        /// What it is.
        record_count: i32,
    },
    /// The offsets that the batch takes are not as many as its records.
    #[error("the last offset delta {last_offset_delta} does not fit {record_count} records")]
    OffsetRange {
        /// The last offset delta.
        last_offset_delta: i32,
        /// The record count.
        record_count: i32,
    },
    /// Only brokers write control batches.
    #[error("clients are not allowed to write control records")]
    Control,
    /// An idempotent producer numbers its batches.
    #[error("invalid sequence number {base_sequence} in the record batch of producer id {producer_id}")]
    Sequence {
        /// The producer.
        producer_id: ProducerId,
        /// Below 0.
        base_sequence: i32,
    },
    /// Only compaction sets a delete horizon.
    #[error("clients are not allowed to set a delete horizon")]
    DeleteHorizon,
    /// Only brokers set the time of the append, where a topic has that or the batch has no other.
    #[error("a producer must not set the timestamp type to LogAppendTime")]
    LogAppendTime,
    /// A timestamp of the header is too far from the broker's time.
    #[error("timestamp {timestamp} of the record batch is out of range: it must lie within [{min}, {max}]")]
    Timestamp {
        /// The timestamp.
        timestamp: Timestamp,
        /// The earliest that is allowed.
        min: Timestamp,
        /// The latest that is allowed.
        max: Timestamp,
    },
    /// The timestamp of a record is too far from the broker's time.
    #[error("timestamp {timestamp} of record {index} is out of range: it must lie within [{min}, {max}]")]
    RecordTimestamp {
        /// Which record, from 0.
        index: i32,
        /// Its timestamp.
        timestamp: Timestamp,
        /// The earliest that is allowed.
        min: Timestamp,
        /// The latest that is allowed.
        max: Timestamp,
    },
    /// A record is not as the format wants it.
    #[error("invalid record {index} in the record batch: {reason}")]
    Record {
        /// Which record, from 0.
        index: i32,
        /// What is wrong with it.
        reason: Malformed,
    },
    /// The records do not count 0, 1, 2, ...
    #[error("record {index} of the record batch has the offset delta {offset_delta}")]
    OffsetDelta {
        /// Which record, from 0.
        index: i32,
        /// Its offset delta.
        offset_delta: i32,
    },
    /// The records cannot be decompressed.
    #[error(transparent)]
    Compressed(#[from] CodecError),
    /// The batch does not fit into a segment.
    #[error("the record batch of {size} bytes exceeds the maximum segment size of {max}")]
    RecordListTooLarge {
        /// Bytes of the batch.
        size: usize,
        /// Bytes of a segment.
        max: u32,
    },
}

/// The Kafka errors that an [`Invalid`] is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidKind {
    /// `CORRUPT_MESSAGE`: the bytes were damaged; the producer may send them again.
    CorruptMessage,
    /// `INVALID_RECORD`: the producer built what no broker takes.
    InvalidRecord,
    /// `INVALID_TIMESTAMP`.
    InvalidTimestamp,
    /// `MESSAGE_TOO_LARGE`: the producer may split the batch.
    MessageTooLarge,
    /// `RECORD_LIST_TOO_LARGE`.
    RecordListTooLarge,
}

impl Invalid {
    /// The Kafka error of this failure.
    pub fn kind(&self) -> InvalidKind {
        match self {
            Invalid::UnknownMagic { .. }
            | Invalid::BatchLength { .. }
            | Invalid::NoHeader { .. }
            | Invalid::AfterBatch
            | Invalid::Checksum { .. }
            | Invalid::Compressed(CodecError::Corrupt { .. }) => InvalidKind::CorruptMessage,
            Invalid::LogAppendTime | Invalid::Timestamp { .. } | Invalid::RecordTimestamp { .. } => {
                InvalidKind::InvalidTimestamp
            }
            Invalid::MessageTooLarge { .. } => InvalidKind::MessageTooLarge,
            Invalid::RecordListTooLarge { .. } => InvalidKind::RecordListTooLarge,
            _ => InvalidKind::InvalidRecord,
        }
    }
}

/// What length and magic need, of any format.
const UP_TO_MAGIC: usize = 17;
/// The least length field of any format ever, that of v0.
const MIN_BATCH_LENGTH: i32 = 14;

/// The one batch that `records` must be.
fn only_batch(records: &[u8]) -> Result<Batch<'_>, Invalid> {
    let (magic, len) = frame(records)?.ok_or(Invalid::NoBatch)?;
    let (first, rest) = records.split_at_checked(len).ok_or(Invalid::NoBatch)?;
    if magic != MAGIC {
        return Err(Invalid::OldMagic { magic });
    }
    match frame(rest) {
        Ok(None) => {}
        Ok(Some(_)) => return Err(Invalid::MoreThanOneBatch),
        Err(_) => return Err(Invalid::AfterBatch),
    }
    Batch::parse(first).map_err(|_| Invalid::NoHeader { batch_length: (len - LOG_OVERHEAD) as i32 })
}

/// Magic and total length of the batch that begins `bytes`; `None` when they are too few to tell.
fn frame(bytes: &[u8]) -> Result<Option<(i8, usize)>, Invalid> {
    let Some(start) = bytes.first_chunk::<UP_TO_MAGIC>() else {
        return Ok(None);
    };
    let batch_length = i32::from_be_bytes([start[8], start[9], start[10], start[11]]);
    let magic = i8::from_be_bytes([start[16]]);
    if batch_length < MIN_BATCH_LENGTH {
        return Err(Invalid::BatchLength { batch_length });
    }
    if !(0..=MAGIC).contains(&magic) {
        return Err(Invalid::UnknownMagic { magic });
    }
    Ok(Some((magic, LOG_OVERHEAD + batch_length as usize)))
}

/// Offset, size and checksum: what concerns the bytes and not the records.
fn check_placement(batch: &Batch<'_>, rules: &Rules) -> Result<(), Invalid> {
    let base_offset = batch.header().base_offset;
    if base_offset != Offset(0) {
        return Err(Invalid::BaseOffset { base_offset });
    }
    rules.check_message_size(batch.bytes().len())?;
    let (stored, computed) = (batch.header().crc, batch.computed_crc());
    if stored != computed {
        return Err(Invalid::Checksum { stored, computed });
    }
    Ok(())
}

/// Codec, counts and what only brokers may set.
fn check_header(header: &BatchHeader) -> Result<Compression, Invalid> {
    let compression = header.attributes.compression().map_err(|id| Invalid::UnknownCodec { id })?;
    let BatchHeader { last_offset_delta, record_count, producer_id, base_sequence, .. } = *header;
    if last_offset_delta < 0 {
        return Err(Invalid::LastOffsetDelta { last_offset_delta });
    }
    if record_count <= 0 {
        return Err(Invalid::RecordCount { record_count });
    }
    if last_offset_delta != record_count - 1 {
        return Err(Invalid::OffsetRange { last_offset_delta, record_count });
    }
    if header.attributes.is_control() {
        return Err(Invalid::Control);
    }
    if producer_id > ProducerId::NONE && base_sequence < 0 {
        return Err(Invalid::Sequence { producer_id, base_sequence });
    }
    if header.attributes.has_delete_horizon() {
        return Err(Invalid::DeleteHorizon);
    }
    Ok(compression)
}

fn check_times(header: &BatchHeader, rules: &Rules) -> Result<(), Invalid> {
    let is_claimed = rules.timestamp_type == TimestampType::LogAppendTime || header.max_timestamp == Timestamp::NONE;
    if header.attributes.is_log_append_time() && is_claimed {
        return Err(Invalid::LogAppendTime);
    }
    for timestamp in [header.max_timestamp, header.base_timestamp] {
        if !rules.allows(timestamp) {
            let (min, max) = rules.allowed().into_inner();
            return Err(Invalid::Timestamp { timestamp, min: Timestamp(min), max: Timestamp(max) });
        }
    }
    Ok(())
}

/// Reads every record of an uncompressed `body` once. This is the only work per record in a produce request, so it is kept lean:
/// a record's end follows from its length alone, which lets the processor run ahead over the records. Returns the greatest
/// timestamp.
pub(crate) fn walk(header: &BatchHeader, body: &[u8], rules: &Rules) -> Result<Timestamp, Invalid> {
    let mut cursor = Cursor::new(body);
    let (min, max) = rules.allowed().into_inner();
    let mut actual = i64::MIN;
    for index in 0..header.record_count {
        let fields = Fields::read(&mut cursor).map_err(|reason| Invalid::Record { index, reason })?;
        if fields.offset_delta != index {
            return Err(Invalid::OffsetDelta { index, offset_delta: fields.offset_delta });
        }
        let timestamp = header.base_timestamp.0.wrapping_add(fields.timestamp_delta);
        if (timestamp < min || timestamp > max) && timestamp != Timestamp::NONE.0 {
            let (min, max) = (Timestamp(min), Timestamp(max));
            return Err(Invalid::RecordTimestamp { index, timestamp: Timestamp(timestamp), min, max });
        }
        actual = actual.max(timestamp);
    }
    if !cursor.is_empty() {
        return Err(Invalid::Record { index: header.record_count - 1, reason: Malformed::TrailingBytes });
    }
    Ok(Timestamp(actual))
}

#[cfg(test)]
mod tests;
