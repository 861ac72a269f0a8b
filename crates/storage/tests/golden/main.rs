//! Directories that Apache Kafka wrote, opened by us. `tests/golden` says what is in them and how they were made; what is
//! expected is what Kafka's own clients read from them.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the tests are the outside world: they copy and compare files themselves"
)]

mod expected;
mod kept;
mod producers;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use expected::{Expected, Topic, data_records};
use host::Disk;
use ottla_storage::{Log, LogConfig, LogDir, LogReader, Patience, Stop};
use record::{Offset, Timestamp};
use tempfile::TempDir;

/// A stop after which nothing of the log is taken on trust.
const HARD: Stop = Stop::Power;

/// How a directory may be thought to have been left.
const STOPS: [Stop; 3] = [Stop::Clean, Stop::Process, HARD];

/// Topics of the set that Kafka was stopped after, and that it was killed after.
const SETS: [(&str, &str); 2] = [("clean", "expected.json"), ("unclean", "expected-unclean.json")];

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/kafka-4.3.1")
}

/// A copy of one set, which may be changed.
struct Copy(TempDir);

impl Copy {
    fn of(set: &str) -> Copy {
        let copy = tempfile::tempdir().unwrap();
        copy_dir(&golden().join(set), copy.path());
        Copy(copy)
    }

    fn dir(&self) -> Arc<LogDir> {
        Arc::new(LogDir::new(Disk::real(), self.0.path().to_path_buf()))
    }

    fn open(&self, topic: &str, stop: Stop) -> Log {
        Log::open(&self.dir(), &format!("{topic}-0"), LogConfig::default(), stop).unwrap()
    }

    /// The names and bytes of a partition's files whose names end so.
    fn files(&self, topic: &str, ending: &str) -> Vec<(String, Vec<u8>)> {
        files(&self.0.path().join(format!("{topic}-0")), ending)
    }
}

fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy_dir(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}

fn files(dir: &Path, ending: &str) -> Vec<(String, Vec<u8>)> {
    let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    let paths = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        paths.filter(|path| name(path).ends_with(ending)).map(|path| (name(&path), fs::read(&path).unwrap())).collect();
    files.sort();
    files
}

/// The bytes of all batches from `from` on, as a consumer gets them.
fn read_from(reader: &LogReader, mut from: Offset) -> Vec<u8> {
    let mut all = Vec::new();
    while let Some(slice) = reader.read(from, None, reader.end(), u32::MAX, true, Patience::Waits).unwrap() {
        let before = all.len();
        slice.read_into(&mut all).unwrap();
        let last = record::batches(&all[before..]).map(Result::unwrap).last().expect("a slice has a batch");
        from = last.header().next_offset();
    }
    all
}

/// Runs a check on each topic of both sets, opened in both ways.
fn each_log(mut check: impl FnMut(&Copy, &Log, &Topic, &str)) {
    for (set, expected) in SETS {
        for topic in Expected::load(&golden().join(expected)).topics {
            for stop in STOPS {
                let copy = Copy::of(set);
                let log = copy.open(&topic.name, stop);
                check(&copy, &log, &topic, &format!("{} opened as {stop:?}", topic.name));
            }
        }
    }
}

#[test]
fn every_batch_of_kafka_is_read_byte_for_byte() {
    each_log(|copy, log, topic, place| {
        let reader = log.reader();
        let read = read_from(&reader, reader.log_start_offset());
        let stored: Vec<u8> = copy.files(&topic.name, ".log").into_iter().flat_map(|(_, bytes)| bytes).collect();
        assert!(stored.ends_with(&read), "{place}: other bytes");
        let first = record::batches(&stored).next().map(|batch| batch.unwrap().header().base_offset);
        if first.is_some_and(|first| first >= reader.log_start_offset()) {
            assert_eq!(read.len(), stored.len(), "{place}");
        }
        assert_eq!(log.damage(), [], "{place}");
    });
}

#[test]
fn every_record_is_what_kafkas_consumer_read() {
    each_log(|_, log, topic, place| {
        let reader = log.reader();
        assert_eq!(reader.end().offset, topic.latest, "{place}");
        let read = data_records(&read_from(&reader, reader.log_start_offset()));
        let read: Vec<_> = read.into_iter().filter(|record| record.offset >= topic.earliest.0).collect();
        assert_eq!(read, topic.records, "{place}");
    });
}

#[test]
fn a_log_begins_where_kafkas_checkpoint_says() {
    each_log(|_, log, topic, place| assert_eq!(log.reader().log_start_offset(), topic.earliest, "{place}"));
}

#[test]
fn look_ups_by_time_find_what_kafka_found() {
    each_log(|_, log, topic, place| {
        let (reader, end) = (log.reader(), topic.latest);
        for (time, found) in &topic.by_time {
            assert_eq!(reader.offset_for_timestamp(*time, end).unwrap(), *found, "{place}: at {time}");
        }
        assert_eq!(reader.max_timestamp(end).unwrap(), topic.max_timestamp, "{place}");
    });
}

#[test]
fn look_ups_find_the_same_without_kafkas_indexes() {
    for topic in Expected::load(&golden().join("expected.json")).topics {
        for stop in STOPS {
            let copy = Copy::of("clean");
            for (name, _) in copy.files(&topic.name, "index") {
                fs::remove_file(copy.0.path().join(format!("{}-0", topic.name)).join(name)).unwrap();
            }
            let log = copy.open(&topic.name, stop);
            for (time, found) in &topic.by_time {
                let answer = log.reader().offset_for_timestamp(*time, topic.latest).unwrap();
                assert_eq!(answer, *found, "{} at {time}", topic.name);
            }
        }
    }
}

/// Timestamps of the sets are as the producers gave them, except where the topic takes the broker's.
#[test]
fn the_sets_have_what_they_are_for() {
    let expected = Expected::load(&golden().join("expected.json"));
    let topic = |name: &str| expected.topics.iter().find(|topic| topic.name == name).unwrap();
    let times: Vec<_> = topic("times").records.iter().map(|record| record.timestamp).collect();
    assert!(!times.is_sorted(), "out-of-order timestamps");
    assert!(topic("append-time").records.iter().all(|record| record.timestamp > 1_720_000_000_000));
    assert_eq!(topic("deleted").earliest, Offset(37));
    assert_eq!(topic("empty").max_timestamp, None);
    assert!(topic("transactions").committed.len() < topic("transactions").records.len());
    assert!(topic("shapes-zstd").records.iter().any(|record| record.value.is_some_and(|(len, _)| len == 100_000)));
    assert!(topic("shapes-none").by_time.contains(&(Timestamp(i64::MAX), None)));
    let copy = Copy::of("clean");
    assert!(copy.files("segments", ".log").len() > 3);
}
