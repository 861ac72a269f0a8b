//! Logs on simulated disks, and batches for them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use host::{Disk, SimDisk};
use record::{
    Batch, BatchBuilder, Compression, LeaderEpoch, Limits, Offset, ProducedBatch, ProducerEpoch, ProducerId, Rules,
    Timestamp, Uuid, validate,
};

pub use crate::Patience;
use crate::{AppendError, AppendOutcome, Log, LogConfig, LogDir, LogReader, Outcomes, Stop};

pub(crate) const NAME: &str = "orders-3";
pub(crate) const TOPIC_ID: Uuid = Uuid([7; 16]);
pub(crate) const EPOCH: LeaderEpoch = LeaderEpoch(4);
pub(crate) const NOW: Timestamp = Timestamp(1_000_000);

/// Segments of a few batches, and an index entry for nearly each.
pub(crate) fn small() -> LogConfig {
    LogConfig { segment_bytes: 600, index_interval_bytes: 100, ..LogConfig::default() }
}

pub(crate) fn log_dir(sim: &SimDisk) -> Arc<LogDir> {
    let disk = Disk::sim(sim.clone());
    disk.create_dir_all(Path::new("/data")).unwrap();
    disk.sync_dir(Path::new("/")).unwrap();
    Arc::new(LogDir::new(disk, PathBuf::from("/data")))
}

pub(crate) fn create(sim: &SimDisk, config: LogConfig) -> Log {
    Log::create(&log_dir(sim), NAME, TOPIC_ID, config).unwrap()
}

pub(crate) fn open(sim: &SimDisk, config: LogConfig, stop: Stop) -> Log {
    Log::open(&log_dir(sim), NAME, config, stop).unwrap()
}

/// Files of the log with this extension.
pub(crate) fn files(sim: &SimDisk, extension: &str) -> Vec<PathBuf> {
    let path = Path::new("/data").join(NAME);
    let entries = Disk::sim(sim.clone()).read_dir(&path).unwrap();
    let names = entries.into_iter().map(|entry| entry.name).filter(|name| name.ends_with(extension));
    names.map(|name| path.join(name)).collect()
}

/// A batch of records with these timestamps, each with a value of this many bytes.
pub(crate) fn batch(codec: Compression, timestamps: &[i64], value_len: usize) -> Vec<u8> {
    let mut builder = BatchBuilder::new(codec);
    append_records(&mut builder, timestamps, value_len);
    builder.build()
}

/// A batch of an idempotent producer.
pub(crate) fn sequenced(id: i64, epoch: i16, base_sequence: i32, records: usize) -> Vec<u8> {
    let mut builder = BatchBuilder::new(Compression::None);
    builder.producer(ProducerId(id), ProducerEpoch(epoch), base_sequence);
    append_records(&mut builder, &vec![NOW.0; records], 5);
    builder.build()
}

fn append_records(builder: &mut BatchBuilder, timestamps: &[i64], value_len: usize) {
    for (index, timestamp) in timestamps.iter().enumerate() {
        builder.append(Timestamp(*timestamp), None, Some(&vec![index as u8; value_len]), &[]);
    }
}

pub(crate) fn produced(bytes: &[u8]) -> ProducedBatch<'_> {
    let any_time = i64::MAX;
    let rules = Rules {
        max_message_bytes: 1 << 20,
        max_segment_bytes: 1 << 20,
        now: NOW,
        timestamp_before_max_ms: any_time,
        timestamp_after_max_ms: any_time,
        timestamp_type: record::TimestampType::CreateTime,
        encoding: None,
    };
    validate(bytes, &rules).unwrap()
}

pub(crate) fn try_append(log: &mut Log, batches: &[Vec<u8>]) -> Result<Vec<AppendOutcome>, AppendError> {
    let produced: Vec<_> = batches.iter().map(|bytes| produced(bytes)).collect();
    let mut outcomes = Outcomes::new();
    log.append(&produced, EPOCH, NOW, &mut outcomes)?;
    Ok(outcomes.into_vec())
}

/// Appends batches that are all accepted; the offset of the first.
pub(crate) fn append(log: &mut Log, batches: &[Vec<u8>]) -> Offset {
    let outcomes = try_append(log, batches).unwrap();
    assert_eq!(outcomes.len(), batches.len());
    let offset = |outcome: &AppendOutcome| match outcome {
        AppendOutcome::Appended { base_offset } => *base_offset,
        other => panic!("{other:?}"),
    };
    outcomes.iter().map(offset).min().unwrap()
}

/// One batch in the log, as a reader should get it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) base: i64,
    pub(crate) next: i64,
    pub(crate) bytes: Vec<u8>,
}

/// What the batches are in the log, when the first gets `base`.
pub(crate) fn expected(batches: &[Vec<u8>], mut base: i64) -> Vec<Expected> {
    let placed = |bytes: &Vec<u8>| {
        let header = *Batch::parse(bytes).unwrap().header();
        let mut stamped = record::stamp(&header, Offset(base), EPOCH).to_vec();
        stamped.extend_from_slice(&bytes[record::STAMP_LEN..]);
        let next = base + i64::from(header.last_offset_delta) + 1;
        let expected = Expected { base, next, bytes: stamped };
        base = next;
        expected
    };
    batches.iter().map(placed).collect()
}

/// Reads from the start to the end, slice by slice.
pub(crate) fn read_all(reader: &LogReader) -> Result<Vec<Expected>, crate::ReadError> {
    let mut found = Vec::new();
    let mut from = reader.log_start_offset();
    while let Some(slice) = reader.read(from, None, reader.end(), u32::MAX, true, Patience::Waits)? {
        let mut bytes = Vec::new();
        slice.read_into(&mut bytes).unwrap();
        for batch in record::batches(&bytes) {
            let batch = batch.expect("only whole batches");
            assert!(batch.crc_ok());
            let (base, next) = (batch.header().base_offset.0, batch.header().next_offset().0);
            found.push(Expected { base, next, bytes: batch.bytes().to_vec() });
        }
        from = Offset(found.last().expect("a slice has a batch").next);
    }
    Ok(found)
}

/// Offset and timestamp of each record.
pub(crate) fn record_times(batches: &[Expected]) -> Vec<(Offset, Timestamp)> {
    let mut times = Vec::new();
    for batch in batches {
        let mut scratch = Vec::new();
        let batch = Batch::parse(&batch.bytes).unwrap();
        let records = batch.records(&Limits::default(), &mut scratch).unwrap();
        times.extend(records.map(|record| record.unwrap()).map(|record| (record.offset, record.timestamp)));
    }
    times
}
