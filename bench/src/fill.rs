//! Topics with data in them, as fast as one connection takes it.

use anyhow::{Result, ensure};
use kafka_protocol::messages::ProduceRequest;
use record::{BatchBuilder, Compression, Timestamp};

use crate::calls::{PRODUCE, base_offset, produce_request};
use crate::raw::{Connection, framed};

/// Bytes of a record's value.
pub const VALUE_BYTES: usize = 1024;
const WINDOW: usize = 8;

/// Uncompressed batches of so many records, a millisecond apart, made from one that is built once.
pub struct Batches {
    template: Vec<u8>,
    records: usize,
}

impl Batches {
    /// Batches of `records` records of [`VALUE_BYTES`].
    pub fn of(records: usize) -> Batches {
        let mut builder = BatchBuilder::new(Compression::None);
        let value = vec![b'v'; VALUE_BYTES];
        for n in 0..records {
            builder.append(Timestamp(n as i64), None, Some(&value), &[]);
        }
        Batches { template: builder.build(), records }
    }

    /// The bytes of one batch.
    pub fn len(&self) -> usize {
        self.template.len()
    }

    /// Its records.
    pub fn records(&self) -> usize {
        self.records
    }

    /// The batch whose first record is of this time, in milliseconds.
    pub fn at(&self, time: i64) -> Vec<u8> {
        let mut batch = self.template.clone();
        batch[27..35].copy_from_slice(&time.to_be_bytes());
        batch[35..43].copy_from_slice(&(time + self.records as i64 - 1).to_be_bytes());
        let crc = record::crc32c(&batch[21..]);
        batch[17..21].copy_from_slice(&crc.to_be_bytes());
        batch
    }
}

/// Sends one batch for each of `targets`, several at a time, and waits for all answers.
pub fn send(connection: &mut Connection, batches: impl Iterator<Item = (String, i32, Vec<u8>)>) -> Result<()> {
    let mut under_way = 0;
    for (n, (topic, partition, batch)) in batches.enumerate() {
        connection.send(&framed(PRODUCE, n as i32, &produce_request(&topic, partition, batch)))?;
        under_way += 1;
        if under_way == WINDOW {
            take(connection)?;
            under_way -= 1;
        }
    }
    (0..under_way).try_for_each(|_| take(connection))
}

fn take(connection: &mut Connection) -> Result<()> {
    let answer = connection.answer::<ProduceRequest>(PRODUCE);
    let outcome = answer.map(|(_, response)| base_offset(&response));
    ensure!(matches!(outcome, Some(Ok(_))), "a produce request failed: {outcome:?}");
    Ok(())
}

/// Topics of at most a thousand partitions that together have so many: their names and sizes.
pub fn topics(partitions: usize) -> Vec<(String, i32)> {
    const MOST: usize = 1_000;
    let count = partitions.div_ceil(MOST);
    (0..count).map(|n| (format!("t{n}"), MOST.min(partitions - n * MOST) as i32)).collect()
}

/// Every partition of the topics.
pub fn partitions_of(topics: &[(String, i32)]) -> impl Iterator<Item = (String, i32)> + '_ {
    topics.iter().flat_map(|(name, count)| (0..*count).map(move |partition| (name.clone(), partition)))
}
