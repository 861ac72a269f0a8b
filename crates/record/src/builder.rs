//! Makes record batches of format v2.

use crate::codec::{Compression, compress};
use crate::crc::crc32c;
use crate::header::{Attributes, BatchHeader, CRC_COVERS_FROM, HEADER_LEN, LOG_OVERHEAD, MAGIC};
use crate::ids::{LeaderEpoch, Offset, ProducerEpoch, ProducerId, Timestamp};
use crate::record::Header;
use crate::varint::{put_varint, varint_len};

/// Collects records and builds one batch of them, with base offset 0 and leader epoch -1, as a producer sends it.
#[derive(Clone, Debug)]
pub struct BatchBuilder {
    compression: Compression,
    transactional: bool,
    control: bool,
    producer_id: ProducerId,
    producer_epoch: ProducerEpoch,
    base_sequence: i32,
    base_timestamp: Timestamp,
    max_timestamp: Timestamp,
    record_count: i32,
    /// Room for the header, then the records, not compressed.
    bytes: Vec<u8>,
}

impl BatchBuilder {
    /// An empty batch of a producer that is not idempotent.
    pub fn new(compression: Compression) -> BatchBuilder {
        BatchBuilder {
            compression,
            transactional: false,
            control: false,
            producer_id: ProducerId::NONE,
            producer_epoch: ProducerEpoch::NONE,
            base_sequence: -1,
            base_timestamp: Timestamp::NONE,
            max_timestamp: Timestamp::NONE,
            record_count: 0,
            bytes: vec![0; HEADER_LEN],
        }
    }

    /// Makes the batch that of an idempotent producer (KIP-98).
    pub fn producer(&mut self, id: ProducerId, epoch: ProducerEpoch, base_sequence: i32) -> &mut Self {
        self.producer_id = id;
        self.producer_epoch = epoch;
        self.base_sequence = base_sequence;
        self
    }

    /// Makes the batch part of a transaction.
    pub fn transactional(&mut self, transactional: bool) -> &mut Self {
        self.transactional = transactional;
        self
    }

    /// Makes the batch one of control records, which only brokers append.
    pub fn control(&mut self, control: bool) -> &mut Self {
        self.control = control;
        self
    }

    /// Appends one record.
    ///
    /// # Panics
    /// When the batch would exceed what its format can hold, 2 GiB: look at [`BatchBuilder::len`] before.
    pub fn append(
        &mut self,
        timestamp: Timestamp,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: &[Header<'_>],
    ) -> &mut Self {
        self.see_timestamp(timestamp);
        let timestamp_delta = timestamp.0.wrapping_sub(self.base_timestamp.0);
        let offset_delta = i64::from(self.record_count);
        let fixed_len = 1 + varint_len(timestamp_delta) + varint_len(offset_delta);
        let headers_len: usize =
            headers.iter().map(|header| bytes_len(Some(header.key)) + bytes_len(header.value)).sum();
        let count_len = varint_len(headers.len() as i64);
        let len = fixed_len + bytes_len(key) + bytes_len(value) + count_len + headers_len;
        assert!(self.bytes.len() + len + 5 <= i32::MAX as usize, "a record batch is below 2 GiB");

        put_varint(&mut self.bytes, len as i64);
        self.bytes.push(0);
        put_varint(&mut self.bytes, timestamp_delta);
        put_varint(&mut self.bytes, offset_delta);
        put_bytes(&mut self.bytes, key);
        put_bytes(&mut self.bytes, value);
        put_varint(&mut self.bytes, headers.len() as i64);
        for header in headers {
            put_bytes(&mut self.bytes, Some(header.key));
            put_bytes(&mut self.bytes, header.value);
        }
        self.record_count += 1;
        self
    }

    /// The bytes of the batch so far, header included. A compressed batch will be smaller, as a rule.
    #[expect(clippy::len_without_is_empty, reason = "a batch is never without bytes")]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The records so far.
    pub fn record_count(&self) -> i32 {
        self.record_count
    }

    /// The batch.
    ///
    /// # Panics
    /// When it has no records.
    pub fn build(self) -> Vec<u8> {
        assert!(self.record_count > 0, "a record batch has at least one record");
        let mut header = self.header();
        let mut bytes = match self.compression {
            Compression::None => self.bytes,
            codec => {
                let mut compressed = vec![0; HEADER_LEN];
                compress(codec, &self.bytes[HEADER_LEN..], &mut compressed);
                compressed
            }
        };
        header.batch_length = i32::try_from(bytes.len() - LOG_OVERHEAD).expect("a record batch is below 2 GiB");
        bytes[..HEADER_LEN].copy_from_slice(&header.encode());
        header.crc = crc32c(&bytes[CRC_COVERS_FROM..]);
        bytes[..HEADER_LEN].copy_from_slice(&header.encode());
        bytes
    }

    fn see_timestamp(&mut self, timestamp: Timestamp) {
        if self.record_count == 0 {
            self.base_timestamp = timestamp;
            self.max_timestamp = timestamp;
        }
        self.max_timestamp = self.max_timestamp.max(timestamp);
    }

    /// The header but for length and checksum.
    fn header(&self) -> BatchHeader {
        BatchHeader {
            base_offset: Offset(0),
            batch_length: 0,
            partition_leader_epoch: LeaderEpoch::NONE,
            magic: MAGIC,
            crc: 0,
            attributes: Attributes::new(self.compression, self.transactional, self.control),
            last_offset_delta: self.record_count - 1,
            base_timestamp: self.base_timestamp,
            max_timestamp: self.max_timestamp,
            producer_id: self.producer_id,
            producer_epoch: self.producer_epoch,
            base_sequence: self.base_sequence,
            record_count: self.record_count,
        }
    }
}

fn bytes_len(bytes: Option<&[u8]>) -> usize {
    bytes.map_or(1, |bytes| varint_len(bytes.len() as i64) + bytes.len())
}

fn put_bytes(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    put_varint(out, bytes.map_or(-1, |bytes| bytes.len() as i64));
    out.extend_from_slice(bytes.unwrap_or_default());
}

#[cfg(test)]
mod tests;
