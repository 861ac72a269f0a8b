//! Retention by age and by size: what has expired is not served, and its files go.

use std::fs;
use std::path::PathBuf;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::batch::{self, Identity, Record};
use crate::harness::{Broker, PATIENCE, unique};
use crate::raw::Connection;

/// Looks after the logs ten times a second.
const EAGER: &[&str] = &[
    "--set",
    "log.initial.task.delay.ms=0",
    "--set",
    "log.retention.check.interval.ms=100",
    "--set",
    "log.segment.delete.delay.ms=0",
];

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

fn now_ms() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

fn large_batch() -> Vec<u8> {
    batch::encode(Identity::NONE, &[Record::of(vec![b'x'; 400_000])])
}

/// A batch whose record was made `age_ms` ago.
fn aged_batch(age_ms: i64) -> Vec<u8> {
    batch::at(now_ms() - age_ms, &small_batch())
}

fn small_batch() -> Vec<u8> {
    batch::encode(Identity::NONE, &[Record::of("a small record")])
}

/// Waits until the log begins at `offset` or after; what the broker does by itself cannot be waited for otherwise.
fn await_start(connection: &mut Connection, topic: &str, offset: i64) -> i64 {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let start = connection.earliest_offset(topic, 0).unwrap();
        if start >= offset {
            return start;
        }
        assert!(Instant::now() < deadline, "the log of {topic} begins at {start}, not at {offset}");
    }
}

fn segments(broker: &Broker, topic: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(broker.data_dir().join(format!("{topic}-0"))).unwrap();
    let logs = entries.map(|entry| entry.unwrap().path()).filter(|path| path.to_string_lossy().contains(".log"));
    let mut logs: Vec<_> = logs.collect();
    logs.sort();
    logs
}

#[test]
fn expired_records_are_out_of_range_and_the_start_moves_inside_a_segment() {
    let Some(broker) = Broker::own(EAGER) else { return };
    let mut connection = Connection::open(&broker);
    let topic = unique("by-age");
    connection.create_topic_with(&topic, 1, &[("retention.ms", "86400000")]);
    for offset in 0..5 {
        assert_eq!(connection.produce(&topic, 0, aged_batch(2 * DAY_MS)), Ok(offset));
    }
    for offset in 5..8 {
        assert_eq!(connection.produce(&topic, 0, aged_batch(0)), Ok(offset));
    }
    assert_eq!(await_start(&mut connection, &topic, 5), 5);
    assert_eq!(connection.fetch(&topic, 0, 4, 1 << 20).error, "OffsetOutOfRange");
    let left = connection.fetch(&topic, 0, 5, 1 << 20);
    assert_eq!((left.error.as_str(), left.high_watermark), ("None", 8));
    assert_eq!(batch::split(&left.records).len(), 3);
    assert_eq!(segments(&broker, &topic).len(), 1, "the segment has records that are kept");
}

#[test]
fn segments_beyond_the_size_are_removed() {
    let Some(broker) = Broker::own(EAGER) else { return };
    let mut connection = Connection::open(&broker);
    let topic = unique("by-size");
    connection.create_topic_with(&topic, 1, &[("segment.bytes", "1048576"), ("retention.bytes", "2000000")]);
    (0..20).for_each(|offset| assert_eq!(connection.produce(&topic, 0, large_batch()), Ok(offset)));
    let start = await_start(&mut connection, &topic, 12);
    assert_eq!(connection.fetch(&topic, 0, 0, 1 << 20).error, "OffsetOutOfRange");
    assert_eq!(connection.fetch(&topic, 0, start, 1 << 20).error, "None");
    let deadline = Instant::now() + PATIENCE;
    while segments(&broker, &topic).len() > 4 {
        assert!(Instant::now() < deadline, "{:?} are left", segments(&broker, &topic));
    }
}

#[test]
fn the_start_of_the_log_is_the_same_after_a_restart() {
    let Some(mut broker) = Broker::own(EAGER) else { return };
    let topic = unique("kept-start");
    let mut connection = Connection::open(&broker);
    connection.create_topic_with(&topic, 1, &[("retention.ms", "86400000")]);
    assert_eq!(connection.produce(&topic, 0, aged_batch(2 * DAY_MS)), Ok(0));
    assert_eq!(connection.produce(&topic, 0, aged_batch(0)), Ok(1));
    await_start(&mut connection, &topic, 1);
    broker.kill();
    broker.start_again();
    assert_eq!(Connection::open(&broker).earliest_offset(&topic, 0), Ok(1));
}

#[test]
fn without_a_limit_nothing_is_removed() {
    let Some(broker) = Broker::own(EAGER) else { return };
    let mut connection = Connection::open(&broker);
    let (kept, expiring) = (unique("kept"), unique("expiring"));
    connection.create_topic_with(&kept, 1, &[("cleanup.policy", ""), ("retention.ms", "1")]);
    connection.create_topic_with(&expiring, 1, &[("retention.ms", "1")]);
    for topic in [&kept, &expiring] {
        assert_eq!(connection.produce(topic, 0, aged_batch(DAY_MS)), Ok(0));
    }
    await_start(&mut connection, &expiring, 1);
    assert_eq!(connection.earliest_offset(&kept, 0), Ok(0));
}
