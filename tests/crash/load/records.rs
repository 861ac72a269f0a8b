//! Records that say who sent them where, and the entries of them in a ledger.

use std::ops::Range;

use verdict::Entry;
use verdict::event::{client_of, counter_of};

use crate::batch::{self, Identity, Record, crc32c};
use crate::load::{Shape, Topic};

/// A batch of records of a client, and their entries.
pub fn make(topic: &Topic, partition: u16, values: Range<u64>, shape: Shape, by: Identity) -> (Vec<u8>, Vec<Entry>) {
    let records: Vec<Record> = values.map(|value| record(topic, partition, value, shape.value_bytes_max)).collect();
    let batch = batch::encode(by, &records);
    let timestamp = timestamp(&batch);
    let entries = records.iter().enumerate().map(|(nth, record)| entry(topic, nth as i64, timestamp, record));
    let entries = entries.collect();
    (batch, entries)
}

/// The entries of a batch that came in answer to a fetch. None when its checksum or its version is wrong.
pub fn read(topic: &Topic, batch: &[u8]) -> Option<Vec<Entry>> {
    let is_whole =
        batch.len() > batch::HEADER_LEN && batch[16] == 2 && crc32c(&batch[21..]).to_be_bytes() == batch[17..21];
    let timestamp = timestamp(batch);
    is_whole
        .then(|| batch::decode(batch).iter().map(|(offset, record)| entry(topic, *offset, timestamp, record)).collect())
}

/// The whole batches at the start of what a fetch brought, their checksums not looked at.
pub fn split(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut batches = Vec::new();
    while bytes.len() > batch::HEADER_LEN {
        let len = i32::from_be_bytes(bytes[8..12].try_into().expect("four bytes"));
        let Some(len) = usize::try_from(len).ok().map(|len| len + 12).filter(|len| *len <= bytes.len()) else { break };
        let (batch, rest) = bytes.split_at(len);
        batches.push(batch);
        bytes = rest;
    }
    batches
}

fn record(topic: &Topic, partition: u16, value: u64, bytes_max: u64) -> Record {
    let mut place = topic.partition(partition).to_be_bytes().to_vec();
    place.extend(client_of(value).to_be_bytes());
    place.extend(counter_of(value).to_be_bytes());
    // Lengths that differ, bytes that repeat in no other record.
    let words = 4 + (value.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) % (bytes_max / 8).saturating_sub(4).max(1);
    let mut payload = Vec::with_capacity(8 * words as usize);
    (0..words).for_each(|word| payload.extend_from_slice(&value.wrapping_mul(2 * word + 1).to_be_bytes()));
    Record {
        key: Some(value.to_be_bytes().to_vec()),
        value: Some(payload),
        headers: vec![("place".to_owned(), Some(place))],
    }
}

/// All batches of this load have one timestamp for all their records.
fn timestamp(batch: &[u8]) -> i64 {
    batch.get(27..35).map_or(-1, |bytes| i64::from_be_bytes(bytes.try_into().expect("eight bytes")))
}

fn entry(topic: &Topic, offset: i64, timestamp: i64, record: &Record) -> Entry {
    let key = record.key.as_deref().unwrap_or_default();
    let place = record.headers.first().and_then(|(_, value)| value.as_deref()).unwrap_or_default();
    let value = key.try_into().map_or(u64::MAX, u64::from_be_bytes);
    let all =
        [key, record.value.as_deref().unwrap_or_default(), place, &timestamp.to_be_bytes(), topic.name.as_bytes()];
    Entry { offset, value, timestamp, checksum: crc32c(&all.concat()), identity: crc32c(place) }
}
