//! R9: the disk fills up under load. Writes are refused with an error that producers retry, reads and deletions go on, and
//! when there is space again, writes come back by themselves.

use std::io;
use std::thread::park_timeout;
use std::time::{Duration, Instant};

use kafka_protocol::messages::ProduceRequest;
use verdict::Options;

use crate::batch::{self, Identity, Record};
use crate::calls::{FETCH, PRODUCE, fetch_request, produce_request};
use crate::campaign::{cycles, expect_valid, has_durable, seed};
use crate::image::Image;
use crate::load::{Load, Shape, Topic, read_all};
use crate::node::Node;
use crate::pen::Desk;
use crate::wire::Wire;

const CYCLES: usize = 3;
const IMAGE_BYTES: u64 = 64 << 20;
const SHAPE: Shape = Shape { idempotent: 2, plain: 2, consumers: 1, records_max: 4 };
const KAFKA_STORAGE_ERROR: i16 = 56;
const WRITES_BACK_WITHIN: Duration = Duration::from_secs(5);
/// More ballast than the disk holds: it must be refused before.
const BALLAST_BATCHES_MAX: usize = 200;

#[test]
fn a_full_disk_refuses_writes_until_there_is_space_again() {
    if !has_durable() {
        return eprintln!("skipped: this broker does not know a full disk from a broken one");
    }
    let image = match Image::mount(IMAGE_BYTES) {
        Ok(image) => image,
        Err(reason) => return eprintln!("skipped: {reason}"),
    };
    let (seed, home) = (seed("full"), tempfile::tempdir().unwrap());
    let ledgers = home.path().join("ledgers");
    std::fs::create_dir(&ledgers).unwrap();
    let desk = Desk::new(&ledgers);
    let mut node = Node::new(&image.mount_point().join("data"), &[], home.path(), &desk);
    node.start();
    let topic = Topic { name: "full".to_owned(), number: 1, partitions: 2 };
    let mut wire = Wire::to(&node.address()).unwrap();
    assert_eq!(topic.create(&mut wire, &[]).unwrap(), 0);
    let load = Load::start(&node, &desk, &topic, SHAPE, 1, seed);
    for cycle in 0..cycles(CYCLES) {
        let ballast = Topic { name: format!("ballast-{cycle}"), number: 2, partitions: 1 };
        assert_eq!(ballast.create(&mut wire, &[("file.delete.delay.ms", "0")]).unwrap(), 0);
        let error = fill(&mut wire, &ballast).unwrap();
        assert_eq!(error, Some(KAFKA_STORAGE_ERROR), "what a write to a full disk is answered");
        park_timeout(Duration::from_millis(300));
        assert!(node.is_alive(), "a full disk is no reason to end");
        let fetched = wire.call(FETCH, &fetch_request(&ballast.name, 0, 0, 1 << 16)).unwrap();
        assert_eq!(fetched.responses[0].partitions[0].error_code, 0, "reads go on");
        assert_eq!(ballast.delete(&mut wire).unwrap(), 0, "deletions go on");
        let took = writes_are_back(&node, &topic);
        eprintln!("full: writes came back {} ms after the deletion", took.as_millis());
    }
    park_timeout(Duration::from_millis(300));
    load.stop();
    let damage = read_all(&mut wire, &mut desk.pen(50_000), &topic, node.incarnation()).unwrap();
    assert_eq!((damage.told, damage.seen), (0, 0));
    node.assert_no_panic();
    expect_valid("full", &ledgers, &Options { progress_within_ns: Some(30_000_000_000), ..Options::default() });
    drop(node);
}

/// Writes until refused; the code of that, None when it never was.
fn fill(wire: &mut Wire, ballast: &Topic) -> io::Result<Option<i16>> {
    for _ in 0..BALLAST_BATCHES_MAX {
        let batch = batch::encode(Identity::NONE, &[Record::of(vec![0; 512 << 10])]);
        let error = produce(wire, &ballast.name, batch)?;
        if error != 0 {
            return Ok(Some(error));
        }
    }
    Ok(None)
}

/// Asks again and again until the producers' topic takes a write. An empty partition is used: all its records are judged.
fn writes_are_back(node: &Node, topic: &Topic) -> Duration {
    let (began, probe) = (Instant::now(), format!("{}-probe", topic.name));
    let probe = Topic { name: probe, number: 3, partitions: 1 };
    let mut wire = Wire::to(&node.address()).unwrap();
    loop {
        // It exists from the second cycle on.
        let _ = probe.create(&mut wire, &[]).unwrap();
        if produce(&mut wire, &probe.name, batch::encode(Identity::NONE, &[Record::of("probe")])).unwrap() == 0 {
            return began.elapsed();
        }
        assert!(began.elapsed() < WRITES_BACK_WITHIN, "no writes {WRITES_BACK_WITHIN:?} after there was space");
        park_timeout(Duration::from_millis(20));
    }
}

fn produce(wire: &mut Wire, topic: &str, batch: Vec<u8>) -> io::Result<i16> {
    wire.send(PRODUCE, &produce_request(topic, 0, batch))?;
    let response = wire.receive::<ProduceRequest>(PRODUCE)?;
    Ok(response.responses[0].partition_responses[0].error_code)
}
