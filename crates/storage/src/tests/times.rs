//! Look-ups by offset and by time are those of a search through all records, whatever became of the indexes.
//!
//! Kafka had them wrong for long (KAFKA-16310: the largest timestamp by batch, not by record), as others had (KoP #334,
//! Redpanda #6604): each of those is a case of what is generated here, and is a test of its own too.

use std::path::Path;

use host::sim::OpKind;
use host::{Disk, Open, SimDisk};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{TestCaseError, TestRunner};
use record::{Compression, Offset, Timestamp};

use super::support::*;
use crate::{LogConfig, LogReader, Stop};

const FAR_FUTURE: i64 = 1 << 45;
const LOOK_UPS_MIN: u64 = 100_000;

type Records = Vec<(Offset, Timestamp)>;

/// What happens to a log between the appends and the look-ups.
#[derive(Clone, Copy, Debug)]
enum Then {
    Nothing,
    Stop(Stop),
    /// All index files are deleted while it is stopped.
    LoseIndexes(Stop),
    /// One bit of one index file changes while it is stopped.
    Flip(Stop, u32),
    /// One bit of one index file changes while it is open.
    FlipOpen(u32),
}

#[derive(Clone, Debug)]
struct Case {
    config: LogConfig,
    /// Turns of batches: codec and timestamps.
    turns: Vec<Vec<(Compression, Vec<i64>)>>,
    then: Then,
    /// Log start and upper bound, as fractions of the log.
    ranges: Vec<(f64, f64)>,
}

fn timestamps() -> impl Strategy<Value = Vec<i64>> {
    let any = prop_oneof![40 => 0..40i64, 4 => Just(-1), 2 => Just(7), 1 => Just(FAR_FUTURE)];
    prop_oneof![3 => vec(any, 1..6), 1 => (0..40i64, 1..6usize).prop_map(|(time, count)| vec![time; count])]
}

fn stop() -> impl Strategy<Value = Stop> {
    select(vec![Stop::Clean, Stop::Power])
}

fn then() -> impl Strategy<Value = Then> {
    prop_oneof![
        Just(Then::Nothing),
        stop().prop_map(Then::Stop),
        stop().prop_map(Then::LoseIndexes),
        (stop(), any::<u32>()).prop_map(|(stop, bit)| Then::Flip(stop, bit)),
        any::<u32>().prop_map(Then::FlipOpen),
    ]
}

fn case() -> impl Strategy<Value = Case> {
    let turns = vec(vec((select(Compression::ALL.as_slice()), timestamps()), 1..4), 1..20);
    let config = (select(vec![500, 2_500, 1 << 20]), select(vec![1, 100, 400]));
    let ranges = vec((0.0..0.9, 0.0..1.0), 4);
    (config, turns, then(), ranges).prop_map(|((segment_bytes, index_interval_bytes), turns, then, ranges)| Case {
        config: LogConfig { segment_bytes, index_interval_bytes, ..LogConfig::default() },
        turns,
        then,
        ranges,
    })
}

fn indexes(sim: &SimDisk) -> Vec<std::path::PathBuf> {
    [".index", ".timeindex"].iter().flat_map(|extension| files(sim, extension)).collect()
}

fn flip(sim: &SimDisk, bit: u32) {
    let disk = Disk::sim(sim.clone());
    let lens: Vec<_> = indexes(sim).into_iter().map(|path| (disk.metadata_len(&path).unwrap(), path)).collect();
    let total: u64 = lens.iter().map(|(len, _)| *len).sum();
    let mut at = u64::from(bit / 8) % total.max(1);
    for (len, path) in lens {
        if at < len {
            let byte = disk.read(&path).unwrap()[at as usize] ^ (1 << (bit % 8));
            return disk.open(&path, Open::ReadWrite).unwrap().write_all_at(&[byte], at).unwrap();
        }
        at -= len;
    }
}

fn run(case: &Case) -> Result<u64, TestCaseError> {
    let sim = SimDisk::new();
    let mut log = create(&sim, case.config.clone());
    let mut batches = Vec::new();
    for turn in &case.turns {
        let turn: Vec<_> = turn.iter().map(|(codec, times)| batch(*codec, times, 20)).collect();
        append(&mut log, &turn);
        batches.extend(turn);
    }
    let expected = expected(&batches, 0);
    let reopen = |log: crate::Log, stop, meanwhile: &dyn Fn()| {
        if stop == Stop::Clean {
            log.close().unwrap()
        } else {
            drop(log)
        }
        meanwhile();
        open(&sim, case.config.clone(), stop)
    };
    let remove = |path: &Path| Disk::sim(sim.clone()).remove_file(path).unwrap();
    let log = match case.then {
        Then::Nothing => log,
        Then::Stop(stop) => reopen(log, stop, &|| ()),
        Then::LoseIndexes(stop) => reopen(log, stop, &|| indexes(&sim).iter().for_each(|path| remove(path))),
        Then::Flip(stop, bit) => reopen(log, stop, &|| flip(&sim, bit)),
        Then::FlipOpen(bit) => {
            flip(&sim, bit);
            log
        }
    };
    check(&log.reader(), &expected, &case.ranges)
}

/// Compares every answer with a search; how many there were.
fn check(reader: &LogReader, log: &[Expected], ranges: &[(f64, f64)]) -> Result<u64, TestCaseError> {
    let times = record_times(log);
    let end = times.len() as f64;
    let mut look_ups = check_offsets(reader, log)?;
    let whole = [(0.0, 1.0)];
    for (start, upper) in whole.iter().chain(ranges) {
        let (start, upper) = (Offset((start * end) as i64), Offset((upper * end).ceil() as i64));
        reader.shared().plant_log_start_offset(start);
        let there: Records = times.iter().copied().filter(|(offset, _)| (start..upper).contains(offset)).collect();
        for wanted in (-1..42).chain([FAR_FUTURE, FAR_FUTURE + 1]).map(Timestamp) {
            let brute = there.iter().copied().find(|(_, timestamp)| *timestamp >= wanted);
            let found = reader.offset_for_timestamp(wanted, upper).unwrap();
            prop_assert_eq!(found, brute, "{} from {} below {}", wanted, start, upper);
            look_ups += 1;
        }
        let largest = there.iter().map(|(_, timestamp)| *timestamp).max().filter(|largest| *largest != Timestamp::NONE);
        let brute = there.iter().copied().find(|(_, timestamp)| Some(*timestamp) == largest);
        prop_assert_eq!(reader.max_timestamp(upper).unwrap(), brute, "from {} below {}", start, upper);
        look_ups += 1;
    }
    Ok(look_ups)
}

fn check_offsets(reader: &LogReader, log: &[Expected]) -> Result<u64, TestCaseError> {
    let mut look_ups = 0;
    for batch in log {
        for offset in batch.base..batch.next {
            let slice = reader.read(Offset(offset), None, reader.end(), 1, true, Patience::Waits).unwrap().unwrap();
            let mut bytes = Vec::new();
            slice.read_into(&mut bytes).unwrap();
            prop_assert_eq!(&bytes, &batch.bytes, "offset {}", offset);
            look_ups += 1;
        }
    }
    Ok(look_ups)
}

#[test]
fn every_look_up_is_the_brute_one() {
    let look_ups = std::cell::Cell::new(0);
    let mut runner = TestRunner::new(ProptestConfig { source_file: Some(file!()), ..ProptestConfig::with_cases(500) });
    let run = |case: Case| run(&case).map(|count| look_ups.set(look_ups.get() + count));
    runner.run(&case(), run).unwrap();
    assert!(look_ups.get() >= LOOK_UPS_MIN, "only {} look-ups", look_ups.get());
}

/// KAFKA-16310: the record is meant, not the last one of its batch, compressed or not.
#[test]
fn the_largest_timestamp_is_that_of_a_record_within_a_batch() {
    for codec in Compression::ALL {
        let sim = SimDisk::new();
        let mut log = create(&sim, small());
        append(&mut log, &[batch(codec, &[1, 9, 9, 2], 10), batch(codec, &[9, 3], 10)]);
        assert_eq!(log.reader().max_timestamp(Offset(6)).unwrap(), Some((Offset(1), Timestamp(9))));
    }
}

/// KoP #334: a time between two records finds the later one, and one beyond the last finds none.
#[test]
fn a_time_finds_the_first_record_that_is_not_older() {
    let sim = SimDisk::new();
    let mut log = create(&sim, small());
    append(&mut log, &[batch(Compression::Gzip, &[10, 20, 30], 10)]);
    let find =
        |time| log.reader().offset_for_timestamp(Timestamp(time), Offset(3)).unwrap().map(|(offset, _)| offset.0);
    assert_eq!([0, 10, 11, 20, 30, 31].map(find), [Some(0), Some(0), Some(1), Some(1), Some(2), None]);
}

/// Redpanda #6604: a batch has a record that is late enough, but not below the bound or not above the log's start.
#[test]
fn a_record_outside_the_bounds_is_never_the_answer() {
    let sim = SimDisk::new();
    let mut log = create(&sim, small());
    append(&mut log, &[batch(Compression::Lz4, &[50, 10, 60], 10), batch(Compression::Lz4, &[20, 55], 10)]);
    let reader = log.reader();
    assert_eq!(reader.offset_for_timestamp(Timestamp(55), Offset(2)).unwrap(), None);
    assert_eq!(reader.max_timestamp(Offset(2)).unwrap(), Some((Offset(0), Timestamp(50))));
    reader.shared().plant_log_start_offset(Offset(1));
    assert_eq!(reader.offset_for_timestamp(Timestamp(40), Offset(5)).unwrap(), Some((Offset(2), Timestamp(60))));
    reader.shared().plant_log_start_offset(Offset(3));
    assert_eq!(reader.offset_for_timestamp(Timestamp(40), Offset(5)).unwrap(), Some((Offset(4), Timestamp(55))));
    assert_eq!(reader.max_timestamp(Offset(5)).unwrap(), Some((Offset(4), Timestamp(55))));
}

/// One entry of many with the same timestamp points at a later batch that has it too.
#[test]
fn no_time_entry_is_believed_alone() {
    let times = [0, 1, 5, 90, 2, 1, 5, 95, 96];
    let batches: Vec<_> = times.iter().map(|time| batch(Compression::None, &[*time], 50)).collect();
    for entry in 0..2 {
        let sim = SimDisk::new();
        let mut log = create(&sim, LogConfig { index_interval_bytes: 1, ..LogConfig::default() });
        append(&mut log, &batches);
        // The entries are those of offset 1 with timestamp 1 and of offset 2 with timestamp 5.
        let file = Disk::sim(sim.clone()).open(&files(&sim, ".timeindex")[0], Open::ReadWrite).unwrap();
        let mut offset = [0; 4];
        file.read_exact_at(&mut offset, entry * 12 + 8).unwrap();
        file.write_all_at(&(u32::from_be_bytes(offset) ^ 4).to_be_bytes(), entry * 12 + 8).unwrap();
        let found = log.reader().offset_for_timestamp(Timestamp(50), Offset(9)).unwrap();
        assert_eq!(found, Some((Offset(3), Timestamp(90))), "entry {entry}");
    }
}

/// Each of the look-ups, once one was made: how often it reads.
fn reads_of_look_ups(segments: usize) -> Vec<u64> {
    let config = LogConfig { segment_bytes: 100_000, ..LogConfig::default() };
    let sim = SimDisk::new();
    let mut log = create(&sim, config);
    let mut next = 0;
    while files(&sim, ".log").len() < segments {
        let bytes = batch(Compression::Zstd, &[next, next + 3, next + 1], 400);
        append(&mut log, &[bytes]);
        next += 2;
    }
    let reader = log.reader();
    let end = reader.end().offset;
    let look_up = |time: i64| reader.offset_for_timestamp(Timestamp(time), end).unwrap();
    assert_eq!(look_up(i64::MAX), None);
    let count = |look_up: &dyn Fn()| {
        let before = sim.call_count(OpKind::Read);
        look_up();
        sim.call_count(OpKind::Read) - before
    };
    let by_time = (0..20).map(|part| count(&|| assert!(look_up(next * part / 20).is_some())));
    let by_offset = (0..20).map(|part| {
        let offset = Offset(end.0 * part / 20);
        count(&|| drop(reader.read(offset, None, reader.end(), 1, true, Patience::Waits).unwrap()))
    });
    let largest = count(&|| assert!(reader.max_timestamp(end).unwrap().is_some()));
    by_time.chain(by_offset).chain([largest]).collect()
}

#[test]
fn a_look_up_reads_as_little_in_a_hundred_segments_as_in_three() {
    let [few, many] = [3, 100].map(|segments| reads_of_look_ups(segments).into_iter().max().unwrap());
    assert!(many <= few + 2, "{few} reads in 3 segments, {many} in 100");
    assert!(many <= 32, "{many} reads");
}
