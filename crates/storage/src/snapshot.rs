//! What a log remembers of producers, on disk, as of an offset.
//!
//! `<offset>.snapshot` is Kafka's file, which has the last batch of each producer only:
//!
//! ```text
//! version: i16 = 1 | crc: u32, CRC-32C of what follows | count: i32 | count of
//!   producer id: i64 | epoch: i16 | last sequence: i32 | last offset: i64 | offset delta: i32 | timestamp: i64
//!   | coordinator epoch: i32 | first offset of the open transaction: i64
//! ```
//!
//! `<offset>.producers`, beside it, is ours and has the last five, so that de-duplication survives a restart:
//!
//! ```text
//! version: i16 = 0 | crc: u32 | count: i32 | count of
//!   producer id: i64 | epoch: i16 | batches: i32 | that many of
//!     first sequence: i32 | last sequence: i32 | base offset: i64 | last offset: i64 | timestamp: i64
//! ```

use std::io;
use std::path::Path;

use host::Disk;
use record::{Offset, ProducerEpoch, ProducerId, Timestamp, crc32c};

use crate::names::{PRODUCERS, SNAPSHOT, segment_file};
use crate::producers::{Appended, Producer, Producers, WINDOW};

const KAFKA_VERSION: i16 = 1;
const OWN_VERSION: i16 = 0;
/// Where the checksummed part begins.
const BODY: usize = 6;

/// Writes both files for the end offset `at`, durably.
pub fn write(disk: &Disk, dir: &Path, at: Offset, producers: &Producers) -> io::Result<()> {
    disk.write_atomic(&dir.join(segment_file(at, SNAPSHOT)), &kafka_file(producers))?;
    disk.write_atomic(&dir.join(segment_file(at, PRODUCERS)), &own_file(producers))
}

/// Reads our file for `at`; `None` when it is missing or damaged: then the log tells.
pub fn read(disk: &Disk, dir: &Path, at: Offset) -> io::Result<Option<Producers>> {
    let path = dir.join(segment_file(at, PRODUCERS));
    if !disk.exists(&path)? {
        return Ok(None);
    }
    Ok(parse(&disk.read(&path)?))
}

fn kafka_file(producers: &Producers) -> Vec<u8> {
    let mut out = begin(KAFKA_VERSION, producers);
    for (id, producer) in producers.iter() {
        let Some(last) = producer.batches.last() else { continue };
        out.extend_from_slice(&id.0.to_be_bytes());
        out.extend_from_slice(&producer.epoch.0.to_be_bytes());
        out.extend_from_slice(&last.last_sequence.to_be_bytes());
        out.extend_from_slice(&last.last_offset.0.to_be_bytes());
        out.extend_from_slice(&((last.last_offset - last.base_offset) as i32).to_be_bytes());
        out.extend_from_slice(&last.timestamp.0.to_be_bytes());
        // No coordinator has written, no transaction is open.
        out.extend_from_slice(&(-1i32).to_be_bytes());
        out.extend_from_slice(&(-1i64).to_be_bytes());
    }
    seal(out)
}

fn own_file(producers: &Producers) -> Vec<u8> {
    let mut out = begin(OWN_VERSION, producers);
    for (id, producer) in producers.iter() {
        out.extend_from_slice(&id.0.to_be_bytes());
        out.extend_from_slice(&producer.epoch.0.to_be_bytes());
        out.extend_from_slice(&(producer.batches.len() as i32).to_be_bytes());
        for batch in &producer.batches {
            out.extend_from_slice(&batch.first_sequence.to_be_bytes());
            out.extend_from_slice(&batch.last_sequence.to_be_bytes());
            out.extend_from_slice(&batch.base_offset.0.to_be_bytes());
            out.extend_from_slice(&batch.last_offset.0.to_be_bytes());
            out.extend_from_slice(&batch.timestamp.0.to_be_bytes());
        }
    }
    seal(out)
}

fn begin(version: i16, producers: &Producers) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend_from_slice(&version.to_be_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&(producers.iter().count() as i32).to_be_bytes());
    out
}

fn seal(mut file: Vec<u8>) -> Vec<u8> {
    let crc = crc32c(&file[BODY..]);
    file[2..BODY].copy_from_slice(&crc.to_be_bytes());
    file
}

fn parse(bytes: &[u8]) -> Option<Producers> {
    let mut input = Input(bytes);
    let (version, crc) = (i16::from_be_bytes(input.take()?), u32::from_be_bytes(input.take()?));
    if version != OWN_VERSION || crc != crc32c(&bytes[BODY..]) {
        return None;
    }
    let mut producers = Producers::default();
    for _ in 0..i32::from_be_bytes(input.take()?) {
        let id = ProducerId(i64::from_be_bytes(input.take()?));
        producers.restore(id, input.producer()?);
    }
    input.0.is_empty().then_some(producers)
}

struct Input<'b>(&'b [u8]);

impl Input<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    fn producer(&mut self) -> Option<Producer> {
        let epoch = ProducerEpoch(i16::from_be_bytes(self.take()?));
        let count = usize::try_from(i32::from_be_bytes(self.take()?)).ok().filter(|count| *count <= WINDOW)?;
        let batches = (0..count).map(|_| self.batch()).collect::<Option<_>>()?;
        Some(Producer { epoch, batches })
    }

    fn batch(&mut self) -> Option<Appended> {
        Some(Appended {
            first_sequence: i32::from_be_bytes(self.take()?),
            last_sequence: i32::from_be_bytes(self.take()?),
            base_offset: Offset(i64::from_be_bytes(self.take()?)),
            last_offset: Offset(i64::from_be_bytes(self.take()?)),
            timestamp: Timestamp(i64::from_be_bytes(self.take()?)),
        })
    }
}

#[cfg(test)]
mod tests;
