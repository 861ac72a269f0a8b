//! What has expired, and batches that cannot be opened.

use std::path::PathBuf;

use host::{Disk, Open, SimDisk};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use record::{Compression, Offset, Timestamp};

use super::first_unexpired;
use crate::tests::support::*;
use crate::{Log, LogConfig, LogReader, Stop};

fn unexpired(reader: &LogReader, cutoff: i64, from: i64, upper: i64) -> i64 {
    let end = reader.end();
    let view = reader.shared().view.load();
    first_unexpired(view.segments(), Timestamp(cutoff), Offset(from), Offset(upper), end).unwrap().0
}

/// A log of batches with these timestamps, each appended alone.
fn written(sim: &SimDisk, batches: &[&[i64]]) -> Log {
    let mut log = create(sim, small());
    for times in batches {
        append(&mut log, &[batch(Compression::Lz4, times, 30)]);
    }
    log
}

/// Flips a bit of the records of the batch that begins at `position` of the first segment.
fn damage_body(sim: &SimDisk, position: u64) {
    let path: PathBuf = files(sim, ".log")[0].clone();
    let file = Disk::sim(sim.clone()).open(&path, Open::ReadWrite).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, position + 70).unwrap();
    file.write_all_at(&[byte[0] ^ 4], position + 70).unwrap();
}

#[test]
fn the_start_of_what_has_not_expired_lies_inside_a_batch() {
    let sim = SimDisk::new();
    let log = written(&sim, &[&[1, 2, 3], &[4, 5, 6]]);
    let reader = log.reader();
    assert_eq!(unexpired(&reader, 0, 0, 6), 0);
    assert_eq!(unexpired(&reader, 2, 0, 6), 1);
    assert_eq!(unexpired(&reader, 6, 0, 6), 5);
    assert_eq!(unexpired(&reader, 7, 0, 6), 6, "all have expired");
    assert_eq!(unexpired(&reader, 7, 0, 4), 4, "but not beyond the bound");
    assert_eq!(unexpired(&reader, 2, 4, 6), 4, "never down");
}

#[test]
fn a_batch_without_timestamps_has_not_expired() {
    let sim = SimDisk::new();
    let log = written(&sim, &[&[1, 1], &[-1, -1], &[2, 2]]);
    assert_eq!(unexpired(&log.reader(), 100, 0, 6), 2);
    assert_eq!(unexpired(&log.reader(), 100, 3, 6), 3);
    assert_eq!(unexpired(&log.reader(), 100, 4, 6), 6);
}

#[test]
fn a_batch_that_cannot_be_opened_is_judged_by_its_header() {
    let sim = SimDisk::new();
    let log = written(&sim, &[&[1, 9, 3], &[4, 5, 6], &[20]]);
    damage_body(&sim, 0);
    let reader = log.reader();
    let upper = reader.end().offset;
    assert_eq!(reader.offset_for_timestamp(Timestamp(7), upper).unwrap(), Some((Offset(0), Timestamp(9))));
    assert_eq!(reader.offset_for_timestamp(Timestamp(10), upper).unwrap(), Some((Offset(6), Timestamp(20))));
    assert_eq!(reader.max_timestamp(Offset(6)).unwrap(), Some((Offset(0), Timestamp(9))));
    assert_eq!(unexpired(&reader, 9, 0, 7), 0);
    assert_eq!(unexpired(&reader, 10, 0, 7), 6);
    reader.shared().plant_log_start_offset(Offset(2));
    assert_eq!(reader.offset_for_timestamp(Timestamp(7), upper).unwrap(), Some((Offset(2), Timestamp(9))));
}

/// The headers of the first batch and of what follows it are lost, but not the batches behind.
#[test]
fn what_recovery_found_damaged_is_passed_over() {
    let sim = SimDisk::new();
    let config = LogConfig { index_interval_bytes: 1, ..LogConfig::default() };
    let mut log = create(&sim, config.clone());
    for times in [[10, 20], [90, 90], [30, 40], [80, 50]] {
        append(&mut log, &[batch(Compression::Lz4, &times, 30)]);
    }
    drop(log);
    let second = batch(Compression::Lz4, &[10, 20], 30).len() as u64;
    let file = Disk::sim(sim.clone()).open(&files(&sim, ".log")[0], Open::ReadWrite).unwrap();
    file.write_all_at(&[0xFF; 40], second).unwrap();
    let log = open(&sim, config, Stop::Power);
    assert_eq!(log.damage().len(), 1);
    let (reader, end) = (log.reader(), Offset(8));
    let find = |time| reader.offset_for_timestamp(Timestamp(time), end).unwrap().map(|(offset, _)| offset.0);
    assert_eq!([15, 25, 60, 85].map(find), [Some(1), Some(4), Some(6), None]);
    assert_eq!(reader.max_timestamp(end).unwrap(), Some((Offset(6), Timestamp(80))));
    assert_eq!((unexpired(&reader, 25, 0, 8), unexpired(&reader, 45, 2, 8)), (4, 6));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn what_has_not_expired_begins_where_a_search_through_all_records_says(
        batches in vec((select(Compression::ALL.as_slice()), vec(0..40i64, 1..5), prop::bool::weighted(0.1)), 1..20),
        from in 0..30i64,
        upper in 0..60i64,
    ) {
        let sim = SimDisk::new();
        let mut log = create(&sim, small());
        // Offset, timestamp, and whether its batch has any.
        let mut records = Vec::new();
        for (codec, times, is_untimed) in &batches {
            let times: Vec<i64> = times.iter().map(|time| if *is_untimed { -1 } else { *time }).collect();
            append(&mut log, &[batch(*codec, &times, 20)]);
            records.extend(times);
        }
        let upper = upper.min(records.len() as i64);
        for cutoff in 0..42 {
            let is_kept = |time: i64| time == -1 || time >= cutoff;
            let brute = (from..upper).find(|offset| is_kept(records[*offset as usize])).unwrap_or(upper.max(from));
            prop_assert_eq!(unexpired(&log.reader(), cutoff, from, upper), brute, "from {} to {}, {}", from, upper, cutoff);
        }
    }
}
