//! The start of the log moves up: DeleteRecords, `retention.ms`, `retention.bytes`.

use host::sim::{Failure, Fault, OpKind, Subset};
use host::{Disk, SimDisk};
use proptest::collection::vec;
use proptest::prelude::*;
use record::{Compression, LeaderEpoch, Offset, Timestamp};

use super::support::*;
use crate::{AppendError, AppendOutcome, Log, LogConfig, ReadError, Stop};

/// Batches of two records at these times.
fn at(times: &[i64]) -> Vec<Vec<u8>> {
    times.iter().map(|time| batch(Compression::None, &[*time, *time], 40)).collect()
}

fn by_time(retention_ms: i64) -> LogConfig {
    LogConfig { retention_ms, ..small() }
}

fn retained(log: &Log, config: &LogConfig, now: i64) -> Offset {
    let reader = log.reader();
    reader.retained_from(config, Timestamp(now), reader.end().offset).unwrap()
}

/// Reads at every offset from 0 to the end: below the start it is out of range, above it is what the model has.
fn serves_exactly(log: &Log, wanted: &[Expected], start: i64) {
    let reader = log.reader();
    assert_eq!(reader.log_start_offset(), Offset(start));
    for from in 0..reader.end().offset.0 {
        match reader.read(Offset(from), None, reader.end(), 1, true, Patience::Waits) {
            Err(ReadError::OffsetOutOfRange { .. }) => assert!(from < start, "{from}"),
            Ok(Some(slice)) => {
                let mut bytes = Vec::new();
                slice.read_into(&mut bytes).unwrap();
                let batch = wanted.iter().find(|batch| batch.base <= from && from < batch.next).unwrap();
                assert!(from >= start && bytes == batch.bytes, "{from}");
            }
            other => panic!("{from}: {other:?}"),
        }
    }
}

#[test]
fn the_start_moves_inside_a_segment_and_whole_segments_below_it_leave() {
    let sim = SimDisk::new();
    let mut log = create(&sim, small());
    let batches = at(&[1; 20]);
    append(&mut log, &batches);
    log.flush().unwrap();
    let wanted = expected(&batches, 0);
    let segments = files(&sim, ".log").len();
    for to in 0..40 {
        let retired = log.advance_start(Offset(to), NOW).unwrap();
        assert!(retired.iter().all(|path| path.to_str().unwrap().ends_with(".deleted")));
        serves_exactly(&log, &wanted, to);
        let crashed = sim.power_cut(Subset::None);
        assert!(open(&crashed, small(), Stop::Power).reader().log_start_offset() >= Offset(to), "it is durable");
    }
    assert!(files(&sim, ".log").len() < segments / 2);
    assert_eq!(log.advance_start(Offset(3), NOW).unwrap(), Vec::<std::path::PathBuf>::new(), "never down");
    serves_exactly(&log, &wanted, 39);
}

#[test]
fn when_everything_goes_the_active_segment_goes_too_and_offsets_go_on() {
    for stop in [Stop::Power, Stop::Process, Stop::Clean] {
        let sim = SimDisk::new();
        let mut log = create(&sim, small());
        append(&mut log, &(0..4).map(|index| sequenced(1, 0, 2 * index, 2)).collect::<Vec<_>>());
        log.advance_start(Offset(i64::MAX), NOW).unwrap();
        assert_eq!(files(&sim, ".log").len(), 1);
        let reader = log.reader();
        assert_eq!((reader.log_start_offset(), reader.end().offset, reader.size_bytes()), (Offset(8), Offset(8), 0));
        assert!(reader.read(Offset(8), None, reader.end(), 100, true, Patience::Waits).unwrap().is_none());
        assert!(log.advance_start(Offset(8), NOW).unwrap().is_empty(), "an empty segment stays");
        let crashed = match stop {
            Stop::Clean => {
                log.close().unwrap();
                sim
            }
            Stop::Process => sim.fork_after_process_crash(),
            Stop::Power | Stop::Unknown => sim.power_cut(Subset::None),
        };
        let mut log = open(&crashed, small(), stop);
        assert_eq!((log.reader().log_start_offset(), log.reader().end().offset), (Offset(8), Offset(8)), "{stop:?}");
        let outcomes = try_append(&mut log, &[sequenced(1, 0, 4, 2), sequenced(1, 0, 8, 2)]).unwrap();
        let known = AppendOutcome::Duplicate { base_offset: Offset(4), timestamp: NOW };
        assert_eq!(outcomes, [known, AppendOutcome::Appended { base_offset: Offset(8) }], "producers are known");
    }
}

#[test]
fn a_start_that_cannot_be_made_durable_is_where_it_was() {
    let sim = SimDisk::new();
    let dir = log_dir(&sim);
    let mut log = Log::create(&dir, NAME, TOPIC_ID, small()).unwrap();
    append(&mut log, &at(&[1; 20]));
    sim.inject(Fault::next(OpKind::Write, Failure::NoSpace));
    assert!(matches!(log.advance_start(Offset(11), NOW), Err(AppendError::StorageFull)));
    assert_eq!(log.reader().log_start_offset(), Offset(0));
    dir.write_checkpoints().unwrap();
    assert_eq!(open(&sim.power_cut(Subset::None), small(), Stop::Power).reader().log_start_offset(), Offset(0));
    log.advance_start(Offset(11), NOW).unwrap();
    assert_eq!(log.reader().log_start_offset(), Offset(11));
}

#[test]
fn the_epoch_that_the_log_begins_in_begins_at_its_start() {
    let sim = SimDisk::new();
    let mut log = create(&sim, small());
    for (bytes, epoch) in at(&[1; 12]).iter().zip([1, 1, 1, 3, 3, 3, 3, 3, 8, 8, 8, 8]) {
        log.append(&[produced(bytes)], LeaderEpoch(epoch), NOW, &mut crate::Outcomes::new()).unwrap();
    }
    let ends = |log: &Log| {
        (0..=9)
            .map(|epoch| log.end_of_epoch(LeaderEpoch(epoch)).map(|(epoch, end)| (epoch.0, end.0)))
            .collect::<Vec<_>>()
    };
    let (one, three, eight) = (Some((1, 6)), Some((3, 16)), Some((8, 24)));
    assert_eq!(ends(&log), [Some((0, 0)), one, one, three, three, three, three, three, eight, None]);
    log.advance_start(Offset(8), NOW).unwrap();
    let below = |epoch| Some((epoch, 8));
    let after = [below(0), below(1), below(2), three, three, three, three, three, eight, None];
    assert_eq!(ends(&log), after);
    assert_eq!(ends(&open(&sim.power_cut(Subset::None), small(), Stop::Power))[..3], after[..3]);
}

#[test]
fn retention_bytes_takes_whole_segments_while_the_rest_is_large_enough() {
    let sim = SimDisk::new();
    let mut log = create(&sim, small());
    append(&mut log, &at(&[1; 20]));
    let sizes: Vec<u64> =
        files(&sim, ".log").iter().map(|path| Disk::sim(sim.clone()).metadata_len(path).unwrap()).collect();
    let bases: Vec<i64> =
        files(&sim, ".log").iter().map(|path| path.file_stem().unwrap().to_str().unwrap().parse().unwrap()).collect();
    let total: u64 = sizes.iter().sum();
    for retention_bytes in 0..=total as i64 + 1 {
        let config = LogConfig { retention_bytes, retention_ms: -1, ..small() };
        // Kafka's deleteRetentionSizeBreachedSegments.
        let (mut diff, mut start) = (total as i64 - retention_bytes, 0);
        for (index, size) in sizes.iter().enumerate() {
            if diff - (*size as i64) < 0 {
                break;
            }
            diff -= *size as i64;
            start = bases.get(index + 1).copied().unwrap_or(40);
        }
        assert_eq!(retained(&log, &config, 1), Offset(start), "{retention_bytes}");
        let high_watermark = Offset(bases[1] + 1);
        let bounded = log.reader().retained_from(&config, Timestamp(1), high_watermark).unwrap();
        assert_eq!(bounded, Offset(start.min(bases[1])), "{retention_bytes}");
    }
    assert_eq!(retained(&log, &LogConfig { retention_bytes: -1, retention_ms: -1, ..small() }, i64::MAX), Offset(0));
    log.expire_to(retained(&log, &LogConfig { retention_bytes: 0, ..small() }, 1), NOW).unwrap();
    assert_eq!((files(&sim, ".log").len(), log.reader().size_bytes()), (1, 0));
}

#[test]
fn retention_ms_is_exact_to_the_record() {
    let sim = SimDisk::new();
    let mut log = create(&sim, small());
    append(&mut log, &at(&[100, 200, 300, 250, 400, 400, 400, 400, 500]));
    let start = |retention_ms, now| retained(&log, &by_time(retention_ms), now).0;
    assert_eq!([start(1000, 1100), start(1000, 1101), start(1000, 1201)], [0, 2, 4]);
    assert_eq!([start(1000, 1301), start(1000, 1401), start(1000, 1501)], [8, 16, 18]);
    assert_eq!(start(-1, i64::MAX), 0, "kept for ever");
    assert_eq!((start(0, 500), start(0, 501)), (16, 18), "everything that is over");
    assert_eq!(start(i64::MAX, i64::MAX), 0);
    assert_eq!(start(1000, -5), 0, "the clock went back to before it was built");
    let bounded = log.reader().retained_from(&by_time(0), Timestamp(1000), Offset(7)).unwrap();
    assert_eq!(bounded, Offset(7), "only what is below the high watermark");
}

#[test]
fn an_idle_log_whose_records_have_all_expired_becomes_empty_on_disk() {
    let sim = SimDisk::new();
    let mut log = create(&sim, LogConfig::default());
    append(&mut log, &at(&[100, 200]));
    let to = retained(&log, &LogConfig { retention_ms: 50, ..LogConfig::default() }, 300);
    let retired = log.expire_to(to, Timestamp(300)).unwrap();
    assert!(retired.iter().any(|path| path.ends_with("00000000000000000000.log.deleted")));
    assert_eq!(log.reader().size_bytes(), 0);
    for path in retired {
        Disk::sim(sim.clone()).remove_file(&path).unwrap();
    }
    assert_eq!(files(&sim, ".log").len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Records in any order of time: the start is the first that is not older, and never what a brute search doesn't say.
    #[test]
    fn the_start_is_the_earliest_record_that_has_not_expired(
        times in vec(vec(0..60i64, 1..4), 1..20), steps in vec((0..30i64, 0..90i64), 1..6),
    ) {
        let sim = SimDisk::new();
        let mut log = create(&sim, small());
        let batches: Vec<_> = times.iter().map(|times| batch(Compression::None, times, 30)).collect();
        append(&mut log, &batches);
        let records = record_times(&expected(&batches, 0));
        let end = log.reader().end().offset;
        for (retention_ms, now) in steps {
            let start = log.reader().log_start_offset();
            let brute = records.iter().find(|(offset, time)| *offset >= start && time.0 >= now - retention_ms);
            let to = retained(&log, &by_time(retention_ms), now);
            prop_assert_eq!(to, brute.map_or(end, |(offset, _)| *offset));
            log.expire_to(to, Timestamp(now)).unwrap();
            serves_exactly(&log, &expected(&batches, 0), to.0);
        }
    }
}
