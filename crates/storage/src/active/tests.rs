use host::sim::{Failure, Fault, OpKind};
use host::{Disk, SimDisk};
use record::Compression;

use super::*;
use crate::tests::support::*;
use crate::{Log, Stop};

/// Each batch with this many records, a timestamp and a size, alone in its turn; the base offsets of the segments.
fn segments(config: &LogConfig, batches: impl IntoIterator<Item = (i64, usize)>) -> Vec<i64> {
    let sim = SimDisk::new();
    let mut log = create(&sim, config.clone());
    for (timestamp, len) in batches {
        append(&mut log, &[batch(Compression::None, &[timestamp], len)]);
    }
    bases(&log)
}

fn bases(log: &Log) -> Vec<i64> {
    let reader = log.reader();
    let view = reader.shared().view.load();
    view.segments().iter().map(|segment| segment.base_offset.0).collect()
}

fn entries(log: &Log) -> Vec<(u32, u32)> {
    let reader = log.reader();
    let view = reader.shared().view.load();
    view.segments().iter().map(|segment| (segment.offset_index.count(), segment.time_index.count())).collect()
}

#[test]
fn a_segment_is_rolled_before_it_would_be_too_large() {
    let one = batch(Compression::None, &[1], 50).len() as u32;
    let config = LogConfig { segment_bytes: 3 * one, ..LogConfig::default() };
    assert_eq!(segments(&config, vec![(1, 50); 7]), [0, 3, 6]);
    let config = LogConfig { segment_bytes: 3 * one - 1, ..LogConfig::default() };
    assert_eq!(segments(&config, vec![(1, 50); 5]), [0, 2, 4]);
    assert_eq!(segments(&config, [(1, 500), (1, 50), (1, 50)]), [0, 1], "one that is too large has its own");
}

#[test]
fn a_segment_is_rolled_when_a_timestamp_lies_too_far_behind_its_first() {
    let config = LogConfig { segment_ms: 100, ..LogConfig::default() };
    assert_eq!(segments(&config, [(0, 9), (100, 9), (50, 9), (101, 9), (150, 9), (201, 9), (202, 9)]), [0, 3, 6]);
}

#[test]
fn jitter_takes_a_part_off_the_time() {
    let config = LogConfig { segment_ms: 1_000, segment_jitter_ms: 1_000, ..LogConfig::default() };
    let found = segments(&config, (0..2_000).step_by(10).map(|time| (time, 9)));
    assert!(found.len() > 2, "{found:?}");
    let without = LogConfig { segment_jitter_ms: 0, ..config };
    assert_eq!(segments(&without, (0..2_000).step_by(10).map(|time| (time, 9))), [0, 101]);
}

#[test]
fn a_segment_is_rolled_when_either_index_is_full() {
    let config = LogConfig { index_interval_bytes: 1, segment_index_bytes: 40, ..LogConfig::default() };
    // The first batch has no entry; of the others the offset index takes five, and the time index two and the last one.
    assert_eq!(segments(&config, vec![(1, 50); 13]), [0, 6, 12]);
    assert_eq!(segments(&config, (0..7).map(|time| (time, 50))), [0, 3, 6]);
}

#[test]
fn an_open_log_goes_on_with_the_age_of_its_segment() {
    let config = LogConfig { segment_ms: 100, ..LogConfig::default() };
    for stop in [Stop::Clean, Stop::Power] {
        let sim = SimDisk::new();
        let mut log = create(&sim, config.clone());
        append(&mut log, &[batch(Compression::None, &[50], 9)]);
        if stop == Stop::Clean {
            log.close().unwrap()
        } else {
            drop(log)
        }
        let mut log = open(&sim, config.clone(), stop);
        append(&mut log, &[batch(Compression::None, &[150], 9)]);
        assert_eq!(bases(&log), [0]);
        append(&mut log, &[batch(Compression::None, &[151], 9)]);
        assert_eq!(bases(&log), [0, 2]);
    }
}

#[test]
fn an_index_without_room_leaves_entries_out_and_no_append_fails() {
    let config = LogConfig { index_interval_bytes: 1, ..LogConfig::default() };
    for (failure, calls_left) in [(Failure::NoSpace, 1), (Failure::Short(5), 2)] {
        let sim = SimDisk::new();
        let mut log = create(&sim, config.clone());
        let batches: Vec<_> = (0..9).map(|time| batch(Compression::None, &[time], 50)).collect();
        append(&mut log, &batches[..3]);
        assert_eq!(entries(&log), [(2, 2)]);
        // The batch itself is the first write.
        for bytes in &batches[3..5] {
            sim.inject(Fault::next(OpKind::Write, failure).after(1));
            sim.inject(Fault::next(OpKind::Write, Failure::NoSpace).after(1).times(calls_left));
            append(&mut log, std::slice::from_ref(bytes));
        }
        assert_eq!(entries(&log), [(2, 2)], "{failure:?}");
        append(&mut log, &batches[5..]);
        assert_eq!(entries(&log), [(6, 6)]);
        assert_eq!(read_all(&log.reader()).unwrap(), expected(&batches, 0));
        log.close().unwrap();
        let log = open(&sim, config.clone(), Stop::Clean);
        let largest = log.reader().max_timestamp(Offset(9)).unwrap();
        assert_eq!(largest, Some((Offset(8), Timestamp(8))));
    }
}

#[test]
fn the_last_time_entry_is_made_up_for_when_the_log_is_closed() {
    let sim = SimDisk::new();
    let mut log = create(&sim, LogConfig { index_interval_bytes: 1, ..LogConfig::default() });
    append(&mut log, &[batch(Compression::None, &[1], 50)]);
    sim.inject(Fault::next(OpKind::Write, Failure::NoSpace).after(1).times(2));
    append(&mut log, &[batch(Compression::None, &[2], 50)]);
    assert_eq!(entries(&log), [(0, 0)]);
    log.close().unwrap();
    assert_eq!(Disk::sim(sim.clone()).metadata_len(&files(&sim, ".timeindex")[0]).unwrap(), 12);
}

#[test]
fn the_filesystem_is_asked_for_room_once_per_64_kib_and_less_often_in_large_segments() {
    let sim = SimDisk::new();
    let mut log = create(&sim, LogConfig::default());
    let bytes = [batch(Compression::None, &[1], 4_000)];
    let mut asked_at = vec![];
    for _ in 0..2_000 {
        let before = sim.call_count(OpKind::Allocate);
        append(&mut log, &bytes);
        let calls = sim.call_count(OpKind::Allocate) - before;
        assert!(calls <= 1);
        asked_at.extend((calls == 1).then(|| log.reader().end().position));
    }
    assert!(asked_at.windows(2).all(|pair| pair[1] - pair[0] >= AHEAD_BYTES_MIN), "{asked_at:?}");
    assert!(asked_at.len() <= 10, "{asked_at:?} of 8 MB");
}

#[test]
fn a_turn_opens_its_file_before_anything_has_changed() {
    let sim = SimDisk::new();
    let mut log = create(&sim, LogConfig::default());
    append(&mut log, &[batch(Compression::None, &[1], 9)]);
    log.close().unwrap();
    let mut log = open(&sim, LogConfig::default(), Stop::Clean);
    let before = sim.op_count();
    sim.inject(Fault::next(OpKind::Open, Failure::NoDescriptors).times(2));
    let two = [sequenced(1, 0, 0, 1), sequenced(1, 0, 1, 1)];
    assert!(try_append(&mut log, &two).is_err());
    assert_eq!(sim.op_count(), before);
    assert_eq!(append(&mut log, &two), Offset(1), "the directory has not failed, and the producer is not known");
}
