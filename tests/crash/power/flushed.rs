//! Power cuts while logs are flushed, rolled and shortened: some topics are synced at every batch, some every 50 ms, one
//! loses records to DeleteRecords, one to retention. Each is judged by what it promises.

use std::path::{Path, PathBuf};
use std::time::Duration;

use verdict::Durability;

use super::{IMAGE_BYTES, cuts, judge, read, tell_starts};
use crate::campaign::{Random, seed};
use crate::image::Image;
use crate::load::{Load, Shape, Topic};
use crate::node::{NEMESIS, Node};
use crate::pen::Desk;
use crate::wire::Wire;

const EAGER: &[&str] = &[
    "--set",
    "log.initial.task.delay.ms=0",
    "--set",
    "log.retention.check.interval.ms=40",
    "--set",
    "log.flush.scheduler.interval.ms=10",
    "--set",
    "log.segment.delete.delay.ms=50",
    "--set",
    "log.flush.offset.checkpoint.interval.ms=100",
    "--set",
    "log.flush.start.offset.checkpoint.interval.ms=100",
];
/// Large records: logs roll several times a second.
const LARGE: Shape = Shape {
    idempotent: 2,
    plain: 1,
    consumers: 1,
    deleters: 0,
    records_max: 3,
    value_bytes_max: 64 << 10,
    pace: Duration::from_millis(12),
};

/// A topic and what it promises.
struct Promise {
    topic: &'static str,
    configs: &'static [(&'static str, &'static str)],
    shape: Shape,
    durability: Durability,
    retention: bool,
}

const PROMISES: &[Promise] = &[
    Promise {
        topic: "synced",
        configs: &[("segment.bytes", "1048576"), ("flush.messages", "1")],
        shape: LARGE,
        durability: Durability::Synced,
        retention: false,
    },
    Promise {
        topic: "synced-deleted",
        configs: &[("segment.bytes", "1048576"), ("flush.messages", "1")],
        shape: Shape { value_bytes_max: 64 << 10, ..Shape::WITH_DELETIONS },
        durability: Durability::Synced,
        retention: false,
    },
    Promise {
        topic: "flushed",
        configs: &[("segment.bytes", "1048576"), ("flush.ms", "50")],
        shape: LARGE,
        durability: Durability::PageCache,
        retention: false,
    },
    Promise {
        topic: "expiring",
        configs: &[("segment.bytes", "1048576"), ("flush.ms", "50"), ("retention.ms", "300")],
        shape: LARGE,
        durability: Durability::PageCache,
        retention: true,
    },
];

#[test]
fn power_cuts_meet_flushes_rolls_deletions_and_retention() {
    let mut image = match Image::mount(IMAGE_BYTES) {
        Ok(image) => image,
        Err(reason) => return eprintln!("skipped: {reason}"),
    };
    let (seed, home) = (seed("power-flushed"), tempfile::tempdir().unwrap());
    let desk = Desk::new(home.path());
    let mut node = Node::new(&image.mount_point().join("data"), EAGER, home.path(), &desk);
    node.start();
    let mut wire = Wire::to(&node.address()).unwrap();
    let (mut loads, mut first_client) = (Vec::new(), 1);
    for (number, promise) in PROMISES.iter().enumerate() {
        let topic = Topic { name: promise.topic.to_owned(), number: number as u16, partitions: 2 };
        assert_eq!(topic.create(&mut wire, promise.configs).unwrap(), 0);
        let ledgers = home.path().join(promise.topic);
        std::fs::create_dir(&ledgers).unwrap();
        let desk = desk.beside(&ledgers);
        let load = Load::start(&node, &desk, &topic, promise.shape, first_client, seed);
        loads.push((load, topic, desk, ledgers));
        first_client += 100;
    }
    let checked = cuts(&mut node, &mut image, &mut Random(seed));
    eprintln!("power-flushed: {checked} times a log has what was flushed");
    assert!(checked > 0, "cuts should meet what was flushed");
    let loads: Vec<_> = loads
        .into_iter()
        .map(|(load, topic, desk, ledgers)| {
            load.stop();
            (topic, desk, ledgers)
        })
        .collect();
    let rolled = segments(&image.mount_point().join("data/flushed-0")).len();
    assert!(rolled > 2, "{rolled} segments: cuts should meet rolls");
    for ((topic, desk, ledgers), promise) in loads.into_iter().zip(PROMISES) {
        read(&node, &desk, 50_000, &[&topic]);
        let nemesis = format!("client-{NEMESIS:05}");
        std::fs::copy(home.path().join(&nemesis), ledgers.join(&nemesis)).unwrap();
        let (_, start, _) = Wire::to(&node.address()).unwrap().list_offsets(&topic.name, 0, -2).unwrap();
        eprintln!("power-flushed: {}-0 begins at {start}", topic.name);
        let shortens = promise.retention || promise.shape.deleters > 0;
        assert_eq!(start > 0, shortens, "where {} begins: {start}", topic.name);
        judge(&format!("power-flushed-{}", topic.name), &ledgers, promise.durability, promise.retention);
    }
    node.assert_no_panic();
    tell_starts("power-flushed", &mut node);
}

fn segments(dir: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "log")).collect()
}
