//! Batches for the tests: fixed ones, and proptest strategies for any.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::crc::crc32c;
use crate::{BatchBuilder, BatchHeader, Compression, HEADER_LEN, Header, ProducerEpoch, ProducerId, Timestamp};

pub(crate) type OwnedHeader = (Vec<u8>, Option<Vec<u8>>);

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OwnedRecord {
    pub(crate) timestamp: i64,
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) headers: Vec<OwnedHeader>,
}

impl OwnedRecord {
    pub(crate) fn append_to(&self, builder: &mut BatchBuilder) {
        let headers: Vec<_> = self.headers.iter().map(|(key, value)| Header { key, value: value.as_deref() }).collect();
        builder.append(Timestamp(self.timestamp), self.key.as_deref(), self.value.as_deref(), &headers);
    }
}

/// Records with null, empty and long parts, and times that go back and forth.
pub(crate) fn any_records() -> impl Strategy<Value = Vec<OwnedRecord>> {
    vec(any_record(), 1..40)
}

fn any_record() -> impl Strategy<Value = OwnedRecord> {
    let timestamp = prop_oneof![8 => 0..2_000_000_000_000i64, 1 => any::<i64>(), 1 => Just(-1)];
    let header = (vec(any::<u8>(), 0..10), option::of(vec(any::<u8>(), 0..80)));
    (timestamp, any_bytes(), any_bytes(), vec(header, 0..4)).prop_map(|(timestamp, key, value, headers)| OwnedRecord {
        timestamp,
        key,
        value,
        headers,
    })
}

fn any_bytes() -> impl Strategy<Value = Option<Vec<u8>>> {
    option::of(
        prop_oneof![4 => vec(any::<u8>(), 0..200), 1 => (any::<u8>(), 0..20_000usize).prop_map(|(b, n)| vec![b; n])],
    )
}

pub(crate) fn any_codec() -> impl Strategy<Value = Compression> {
    select(Compression::ALL.as_slice())
}

pub(crate) fn build(codec: Compression, records: &[OwnedRecord]) -> Vec<u8> {
    let mut builder = BatchBuilder::new(codec);
    records.iter().for_each(|record| record.append_to(&mut builder));
    builder.build()
}

/// Three records of an idempotent producer, at times 1000, 1002 and 1001.
pub(crate) fn three_records(codec: Compression) -> Vec<u8> {
    let mut builder = BatchBuilder::new(codec);
    builder.producer(ProducerId(7), ProducerEpoch(1), 40);
    builder.append(Timestamp(1000), Some(b"a"), Some(b"first"), &[]);
    builder.append(Timestamp(1002), None, Some(b"second"), &[Header { key: b"h", value: Some(b"x") }]);
    builder.append(Timestamp(1001), Some(b""), None, &[Header { key: b"", value: None }]);
    builder.build()
}

/// Applies `change` to the header of `batch` and makes the checksum right again.
pub(crate) fn with_header(batch: &[u8], change: impl FnOnce(&mut BatchHeader)) -> Vec<u8> {
    let mut header = BatchHeader::decode(batch.first_chunk().expect("a whole header"));
    change(&mut header);
    let mut bytes = header.encode().to_vec();
    bytes.extend_from_slice(&batch[HEADER_LEN..]);
    with_crc(bytes)
}

/// Replaces the records of `batch`, length and checksum made right.
pub(crate) fn with_body(batch: &[u8], body: &[u8]) -> Vec<u8> {
    let mut bytes = [&batch[..HEADER_LEN], body].concat();
    let batch_length = bytes.len() as i32 - 12;
    bytes[8..12].copy_from_slice(&batch_length.to_be_bytes());
    with_crc(bytes)
}

pub(crate) fn with_crc(mut bytes: Vec<u8>) -> Vec<u8> {
    let crc = crc32c(&bytes[21..]);
    bytes[17..21].copy_from_slice(&crc.to_be_bytes());
    bytes
}
