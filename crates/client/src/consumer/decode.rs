//! From the bytes of a Fetch response to owned records.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use record::{Batch, Limits, Offset, PartitionIndex, Record, Timestamp};

use super::{ConsumerRecord, Damage};

/// Which records of a batch are wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    /// The first offset.
    pub(super) from: Offset,
    /// The offset after the last one.
    pub(super) end: Option<Offset>,
    /// Whether the checksum is looked at.
    pub(super) check_crc: bool,
}

impl Span {
    fn contains(&self, offset: Offset) -> bool {
        offset >= self.from && self.end.is_none_or(|end| offset < end)
    }
}

/// The records of `batch` within `span` are appended to `out`. Nothing is appended when any of them is damaged.
pub(super) fn decode_batch(
    batch: &Batch<'_>,
    span: Span,
    (topic, partition): (&Arc<str>, PartitionIndex),
    scratch: &mut Vec<u8>,
    out: &mut impl Extend<ConsumerRecord>,
) -> Result<(), Damage> {
    if span.check_crc && !batch.crc_ok() {
        return Err(Damage::Checksum);
    }
    if batch.header().attributes.is_control() {
        return Ok(());
    }
    let mut arena = Arena { bytes: Vec::with_capacity(batch.body().len()) };
    let mut parts = Vec::new();
    for record in batch.records(&Limits::default(), scratch)? {
        let record = record?;
        if span.contains(record.offset) {
            parts.push(arena.keep(&record));
        }
    }
    let bytes = Bytes::from(arena.bytes);
    out.extend(parts.into_iter().map(|parts| parts.into_record(&bytes, Arc::clone(topic), partition)));
    Ok(())
}

/// One allocation for all keys, values and headers of a batch.
struct Arena {
    bytes: Vec<u8>,
}

/// A record as places in the arena.
struct Parts {
    offset: Offset,
    timestamp: Timestamp,
    key: Option<Range<usize>>,
    value: Option<Range<usize>>,
    headers: Vec<(Range<usize>, Option<Range<usize>>)>,
}

impl Arena {
    fn keep(&mut self, record: &Record<'_>) -> Parts {
        Parts {
            offset: record.offset,
            timestamp: record.timestamp,
            key: record.key.map(|key| self.add(key)),
            value: record.value.map(|value| self.add(value)),
            headers: record
                .headers
                .map(|header| (self.add(header.key), header.value.map(|value| self.add(value))))
                .collect(),
        }
    }

    fn add(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        start..self.bytes.len()
    }
}

impl Parts {
    fn into_record(self, bytes: &Bytes, topic: Arc<str>, partition: PartitionIndex) -> ConsumerRecord {
        let headers = self.headers.into_iter();
        ConsumerRecord {
            topic,
            partition,
            offset: self.offset,
            timestamp: self.timestamp,
            key: self.key.map(|key| bytes.slice(key)),
            value: self.value.map(|value| bytes.slice(value)),
            headers: headers.map(|(key, value)| (bytes.slice(key), value.map(|value| bytes.slice(value)))).collect(),
        }
    }
}

#[cfg(test)]
mod tests;
