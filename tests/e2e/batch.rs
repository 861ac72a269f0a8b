//! Record batches (magic 2) made and read by hand, so that neither the broker's code nor a library is believed.

use std::time::{SystemTime, UNIX_EPOCH};

/// Bytes before a batch's records.
pub const HEADER_LEN: usize = 61;
/// Bytes that a broker may change: base offset, batch length and partition leader epoch, all before the checksum.
pub const STAMP_LEN: usize = 16;

/// One record as a client sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The key; None is null.
    pub key: Option<Vec<u8>>,
    /// The value; None is null.
    pub value: Option<Vec<u8>>,
    /// The headers in order; names may repeat, a None value is null.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

impl Record {
    /// A record with a value alone.
    pub fn of(value: impl Into<Vec<u8>>) -> Record {
        Record { value: Some(value.into()), ..Record::default() }
    }
}

/// Who made a batch, and its place in the row of that producer's batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// -1 when the producer is not idempotent.
    pub producer_id: i64,
    /// The epoch of the producer id, -1 without one.
    pub epoch: i16,
    /// The sequence of the first record, -1 without a producer id.
    pub sequence: i32,
}

impl Identity {
    /// A producer that is not idempotent.
    pub const NONE: Identity = Identity { producer_id: -1, epoch: -1, sequence: -1 };
}

/// An uncompressed batch as a producer sends it: base offset 0, leader epoch -1.
pub fn encode(identity: Identity, records: &[Record]) -> Vec<u8> {
    let count = i32::try_from(records.len()).unwrap();
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
    let mut checked = Vec::new();
    checked.extend(0_i16.to_be_bytes());
    checked.extend((count - 1).to_be_bytes());
    checked.extend(now.to_be_bytes());
    checked.extend(now.to_be_bytes());
    checked.extend(identity.producer_id.to_be_bytes());
    checked.extend(identity.epoch.to_be_bytes());
    checked.extend(identity.sequence.to_be_bytes());
    checked.extend(count.to_be_bytes());
    records.iter().enumerate().for_each(|(delta, record)| put_record(&mut checked, delta, record));

    let mut batch = Vec::new();
    batch.extend(0_i64.to_be_bytes());
    batch.extend(i32::try_from(checked.len() + 9).unwrap().to_be_bytes());
    batch.extend((-1_i32).to_be_bytes());
    batch.push(2);
    batch.extend(crc32c(&checked).to_be_bytes());
    batch.extend(checked);
    batch
}

/// `batch` with all its records made at `timestamp`, in milliseconds since the Unix epoch.
pub fn at(timestamp: i64, batch: &[u8]) -> Vec<u8> {
    let mut batch = batch.to_vec();
    batch[27..35].copy_from_slice(&timestamp.to_be_bytes());
    batch[35..43].copy_from_slice(&timestamp.to_be_bytes());
    with_checksum(batch)
}

/// `batch` with the checksum that its bytes have.
pub fn with_checksum(mut batch: Vec<u8>) -> Vec<u8> {
    let checksum = crc32c(&batch[21..]);
    batch[17..21].copy_from_slice(&checksum.to_be_bytes());
    batch
}

/// `batch` with other bytes at `at` of its header, and the checksum made right.
pub fn with_header(batch: &[u8], at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut batch = batch.to_vec();
    batch[at..at + bytes.len()].copy_from_slice(bytes);
    with_checksum(batch)
}

/// The largest timestamp of a batch, in milliseconds since the Unix epoch.
pub fn max_timestamp(batch: &[u8]) -> i64 {
    i64::from_be_bytes(batch[35..43].try_into().unwrap())
}

/// `batch` with another base offset and leader epoch, as a broker stores it.
pub fn stamped(batch: &[u8], base_offset: i64, leader_epoch: i32) -> Vec<u8> {
    let mut stamped = batch.to_vec();
    stamped[..8].copy_from_slice(&base_offset.to_be_bytes());
    stamped[12..STAMP_LEN].copy_from_slice(&leader_epoch.to_be_bytes());
    stamped
}

/// The whole batches at the start of `bytes`; what follows the last one is left out. Every checksum must be right.
pub fn split(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut batches = Vec::new();
    while bytes.len() >= HEADER_LEN {
        let len = 12 + usize::try_from(i32_at(bytes, 8)).unwrap();
        if len > bytes.len() {
            break;
        }
        let (batch, rest) = bytes.split_at(len);
        assert_eq!(batch[16], 2, "magic");
        assert_eq!(crc32c(&batch[21..]).to_be_bytes(), batch[17..21], "checksum at offset {}", base_offset(batch));
        batches.push(batch);
        bytes = rest;
    }
    batches
}

/// The offset of a batch's first record.
pub fn base_offset(batch: &[u8]) -> i64 {
    i64::from_be_bytes(batch[..8].try_into().unwrap())
}

/// The offset after a batch.
pub fn next_offset(batch: &[u8]) -> i64 {
    base_offset(batch) + i64::from(i32_at(batch, 23)) + 1
}

/// The number of a batch's codec: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd.
pub fn codec(batch: &[u8]) -> u8 {
    batch[22] & 7
}

/// The records of an uncompressed batch with their offsets.
pub fn decode(batch: &[u8]) -> Vec<(i64, Record)> {
    assert_eq!(codec(batch), 0, "only clients open compressed batches");
    let mut rest = &batch[HEADER_LEN..];
    let records = (0..i32_at(batch, 57)).map(|_| take_record(&mut rest, base_offset(batch))).collect();
    assert!(rest.is_empty(), "bytes are left after the last record");
    records
}

/// CRC-32C, byte by byte.
pub fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, &byte| (crc >> 8) ^ CRC_OF_BYTE[usize::from(crc as u8 ^ byte)])
}

const CRC_OF_BYTE: [u32; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 * 8 {
        let crc = if at % 8 == 0 { at as u32 / 8 } else { table[at / 8] };
        table[at / 8] = (crc >> 1) ^ (0x82f6_3b78 & (crc & 1).wrapping_neg());
        at += 1;
    }
    table
};

/// An unsigned varint.
pub fn put_unsigned(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn put_record(out: &mut Vec<u8>, offset_delta: usize, record: &Record) {
    let mut body = vec![0];
    put_signed(&mut body, 0);
    put_signed(&mut body, i64::try_from(offset_delta).unwrap());
    put_nullable(&mut body, record.key.as_deref());
    put_nullable(&mut body, record.value.as_deref());
    put_signed(&mut body, i64::try_from(record.headers.len()).unwrap());
    for (name, value) in &record.headers {
        put_nullable(&mut body, Some(name.as_bytes()));
        put_nullable(&mut body, value.as_deref());
    }
    put_signed(out, i64::try_from(body.len()).unwrap());
    out.extend(body);
}

fn put_nullable(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    put_signed(out, bytes.map_or(-1, |bytes| i64::try_from(bytes.len()).unwrap()));
    out.extend_from_slice(bytes.unwrap_or_default());
}

/// A zigzag varint.
fn put_signed(out: &mut Vec<u8>, value: i64) {
    put_unsigned(out, ((value << 1) ^ (value >> 63)) as u64);
}

fn take_record(rest: &mut &[u8], base_offset: i64) -> (i64, Record) {
    let len = take_signed(rest);
    let mut body = take(rest, len);
    take(&mut body, 1);
    let _timestamp_delta = take_signed(&mut body);
    let offset = base_offset + take_signed(&mut body);
    let key = take_nullable(&mut body);
    let value = take_nullable(&mut body);
    let headers = (0..take_signed(&mut body)).map(|_| take_header(&mut body)).collect();
    assert!(body.is_empty(), "bytes are left in the record at {offset}");
    (offset, Record { key, value, headers })
}

fn take_header(rest: &mut &[u8]) -> (String, Option<Vec<u8>>) {
    // Brokers do not look whether a name is UTF-8.
    (String::from_utf8_lossy(&take_nullable(rest).unwrap()).into_owned(), take_nullable(rest))
}

fn take_nullable(rest: &mut &[u8]) -> Option<Vec<u8>> {
    let len = take_signed(rest);
    (len >= 0).then(|| take(rest, len).to_vec())
}

fn take_signed(rest: &mut &[u8]) -> i64 {
    let (mut value, mut shift) = (0_u64, 0);
    loop {
        let byte = take(rest, 1)[0];
        value |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte < 0x80 {
            return (value >> 1) as i64 ^ -((value & 1) as i64);
        }
    }
}

fn take<'a>(rest: &mut &'a [u8], len: i64) -> &'a [u8] {
    let (taken, left) = rest.split_at(usize::try_from(len).unwrap());
    *rest = left;
    taken
}

fn i32_at(bytes: &[u8], at: usize) -> i32 {
    i32::from_be_bytes(bytes[at..at + 4].try_into().unwrap())
}
