//! R1: `kill -9` under load. What the page cache holds outlives the process, so nothing may be lost, doubled or moved.

use std::thread::park_timeout;
use std::time::Duration;

use verdict::{Kind, Options};

use crate::campaign::{Random, cycles, expect_valid, percentile, seed};
use crate::load::{Damage, Load, SMALL_SEGMENTS, Shape, Topic, read_all};
use crate::node::Node;
use crate::pen::Desk;
use crate::wire::Wire;

const CYCLES: usize = 100;
const LOAD_MS_MIN: u64 = 200;
const LOAD_MS_SPREAD: u64 = 300;
/// After the last start each client must get something done within this time.
const PROGRESS_NS: u64 = 30_000_000_000;

#[test]
fn nothing_is_lost_doubled_or_moved_by_a_hundred_kills_under_load() {
    let seed = seed("kill");
    let (mut random, home) = (Random(seed), tempfile::tempdir().unwrap());
    let ledgers = home.path().join("ledgers");
    std::fs::create_dir(&ledgers).unwrap();
    let desk = Desk::new(&ledgers);
    let mut node = Node::new(&home.path().join("data"), &[], home.path(), &desk);
    node.start();
    let topic = Topic { name: "kills".to_owned(), number: 1, partitions: 4 };
    let mut wire = Wire::to(&node.address()).unwrap();
    let deleted = Topic { name: "deleted".to_owned(), number: 2, partitions: 1 };
    for topic in [&topic, &deleted] {
        assert_eq!(topic.create(&mut wire, SMALL_SEGMENTS).unwrap(), 0);
    }

    let load = Load::start(&node, &desk, &topic, Shape::default(), 1, seed);
    let deletions = Load::start(&node, &desk, &deleted, Shape::WITH_DELETIONS, 101, seed);
    for _ in 0..cycles(CYCLES) {
        park_timeout(Duration::from_millis(LOAD_MS_MIN + random.below(LOAD_MS_SPREAD)));
        node.kill(Kind::Kill);
        node.start();
    }
    park_timeout(Duration::from_millis(LOAD_MS_MIN));
    assert_eq!(load.stop() + deletions.stop(), 0, "the broker forgot the sequences of a producer");
    let mut wire = Wire::to(&node.address()).unwrap();
    let mut pen = desk.pen(50_000);
    for topic in [&topic, &deleted] {
        let damage = read_all(&mut wire, &mut pen, topic, node.incarnation()).unwrap();
        assert_eq!(damage, Damage::default());
    }
    let (_, start, _) = wire.list_offsets(&deleted.name, 0, -2).unwrap();
    assert!(start > 0, "records are deleted");
    drop(pen);
    node.assert_no_panic();

    let options = Options { progress_within_ns: Some(PROGRESS_NS), ..Options::default() };
    expect_valid("kill", &ledgers, &options);
    let (p50, p99) = (percentile(&mut node.starts_us, 50), percentile(&mut node.starts_us, 99));
    eprintln!("kill: ready again after p50 {:.1} ms, p99 {:.1} ms", p50 as f64 / 1e3, p99 as f64 / 1e3);
}
