//! Idempotent producers that began with Kafka go on with us.

use std::collections::BTreeMap;

use ottla_storage::AppendOutcome;
use record::{BatchBuilder, BatchHeader, Compression, LeaderEpoch, Rules};

use crate::*;

/// The last data batch of each idempotent producer.
fn last_batches(log: &Log) -> BTreeMap<i64, (BatchHeader, Vec<u8>)> {
    let reader = log.reader();
    let bytes = read_from(&reader, reader.log_start_offset());
    let batches = record::batches(&bytes).map(Result::unwrap);
    let mine = batches.filter(|batch| batch.header().producer_id.0 >= 0 && !batch.header().attributes.is_control());
    mine.map(|batch| (batch.header().producer_id.0, (*batch.header(), batch.bytes().to_vec()))).collect()
}

fn append(log: &mut Log, bytes: &[u8]) -> AppendOutcome {
    let any = i64::MAX;
    let rules = Rules {
        max_message_bytes: 1 << 20,
        max_segment_bytes: 1 << 20,
        now: Timestamp(1_704_067_300_000),
        timestamp_before_max_ms: any,
        timestamp_after_max_ms: any,
        timestamp_type: record::TimestampType::CreateTime,
        encoding: None,
    };
    let mut sent = bytes.to_vec();
    // As a producer sends it: the stamp is the broker's.
    sent[..8].fill(0);
    let batch = record::validate(&sent, &rules).unwrap();
    let mut outcomes = ottla_storage::Outcomes::new();
    log.append(&[batch], LeaderEpoch(9), rules.now, &mut outcomes).unwrap();
    outcomes.remove(0)
}

fn next(header: &BatchHeader, skipped: i32) -> Vec<u8> {
    let mut builder = BatchBuilder::new(Compression::None);
    builder.producer(header.producer_id, header.producer_epoch, header.last_sequence() + 1 + skipped);
    builder.append(header.max_timestamp, Some(b"k"), Some(b"v"), &[]);
    builder.build()
}

#[test]
fn a_batch_sent_again_is_known_and_the_next_one_taken() {
    for topic in ["producers", "shapes-zstd", "segments", "times"] {
        for stop in STOPS {
            let copy = Copy::of("clean");
            let mut log = copy.open(topic, stop);
            let last = last_batches(&log);
            assert!(!last.is_empty(), "{topic}");
            for (header, bytes) in last.values() {
                let place = format!("{topic} opened as {stop:?}, producer {}", header.producer_id.0);
                let known =
                    AppendOutcome::Duplicate { base_offset: header.base_offset, timestamp: header.max_timestamp };
                assert_eq!(append(&mut log, bytes), known, "{place}");
                assert!(matches!(append(&mut log, &next(header, 1)), AppendOutcome::Rejected(_)), "{place}");
                let end = log.reader().end().offset;
                let taken = AppendOutcome::Appended { base_offset: end };
                assert_eq!(append(&mut log, &next(header, 0)), taken, "{place}");
            }
        }
    }
}

/// A clean start has Kafka's snapshot, which keeps one batch of each producer; the headers have all five of the window.
#[test]
fn after_a_hard_stop_the_window_of_five_is_made_again_from_the_batches() {
    let copy = Copy::of("clean");
    for (name, _) in copy.files("producers", ".snapshot") {
        fs::remove_file(copy.0.path().join("producers-0").join(name)).unwrap();
    }
    let mut log = copy.open("producers", HARD);
    let reader = log.reader();
    let bytes = read_from(&reader, reader.log_start_offset());
    let batches: Vec<_> = record::batches(&bytes).map(Result::unwrap).collect();
    let last_producer = batches.last().unwrap().header().producer_id;
    let of_last: Vec<_> = batches.iter().filter(|batch| batch.header().producer_id == last_producer).collect();
    assert_eq!(of_last.len(), 8);
    for (n, batch) in of_last.iter().enumerate() {
        let outcome = append(&mut log, batch.bytes());
        let header = batch.header();
        let original = AppendOutcome::Duplicate { base_offset: header.base_offset, timestamp: header.max_timestamp };
        let known = outcome == original;
        assert_eq!(known, n >= 3, "batch {n}: {outcome:?}");
    }
}
