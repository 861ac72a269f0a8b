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
use crate::load::{Damage, Load, Shape, Topic, read_all};
use crate::node::Node;
use crate::pen::Desk;
use crate::wire::Wire;

const CYCLES: usize = 3;
const IMAGE_BYTES: u64 = 64 << 20;
const SHAPE: Shape = Shape { records_max: 4, ..Shape::FEW };
const KAFKA_STORAGE_ERROR: i16 = 56;
const WRITES_BACK_WITHIN: Duration = Duration::from_secs(5);
/// More ballast than the disk holds: it must be refused before.
const BALLAST_BATCHES_MAX: usize = 200;
const BALLAST: &[(&str, &str)] = &[("file.delete.delay.ms", "0"), ("segment.bytes", "1048576")];

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
    let mut ballast = Topic { name: "ballast-0".to_owned(), number: 2, partitions: 1 };
    assert_eq!(ballast.create(&mut wire, BALLAST).unwrap(), 0);
    for cycle in 1..=cycles(CYCLES) {
        fill(&mut wire, &ballast).unwrap();
        park_timeout(Duration::from_millis(300));
        assert!(node.is_alive(), "a full disk is no reason to end");
        let (_, start, _) = wire.list_offsets(&ballast.name, 0, -2).unwrap();
        let fetched = wire.call(FETCH, &fetch_request(&ballast.name, 0, start, 1 << 16)).unwrap();
        assert_eq!(fetched.responses[0].partitions[0].error_code, 0, "reads go on");
        let began = Instant::now();
        let how = if cycle % 3 == 2 {
            let (_, end, _) = wire.list_offsets(&ballast.name, 0, -1).unwrap();
            assert_eq!(wire.delete_records(&ballast.name, 0, end).unwrap(), (0, end), "records can be deleted");
            "DeleteRecords"
        } else {
            assert_eq!(ballast.delete(&mut wire).unwrap(), 0, "topics can be deleted");
            ballast = Topic { name: format!("ballast-{cycle}"), ..ballast };
            within(began, "a topic can be created", || ballast.create(&mut wire, BALLAST).unwrap() == 0);
            "the deletion of a topic"
        };
        // New room is needed for it, as there is none in a file that is there.
        within(began, "writes are back", || produce(&mut wire, &ballast.name).unwrap() == 0);
        within(began, "the producers are served", || produce_probe(&mut wire).unwrap() == 0);
        eprintln!("full: writes came back {} ms after {how}", began.elapsed().as_millis());
    }
    park_timeout(Duration::from_millis(300));
    load.stop();
    let damage = read_all(&mut wire, &mut desk.pen(50_000), &topic, node.incarnation()).unwrap();
    assert_eq!(damage, Damage::default());
    node.assert_no_panic();
    expect_valid("full", &ledgers, &Options { progress_within_ns: Some(30_000_000_000), ..Options::default() });
    drop(node);
}

/// Writes until refused, as one refuses who has no room.
fn fill(wire: &mut Wire, ballast: &Topic) -> io::Result<()> {
    for _ in 0..BALLAST_BATCHES_MAX {
        match produce(wire, &ballast.name)? {
            0 => {}
            error => {
                assert_eq!(error, KAFKA_STORAGE_ERROR, "what a write to a full disk is answered");
                return Ok(());
            }
        }
    }
    panic!("the disk took more than it holds");
}

/// Asks again and again, at most as long as writes may take to come back.
fn within(began: Instant, what: &str, mut is_so: impl FnMut() -> bool) {
    while !is_so() {
        assert!(began.elapsed() < WRITES_BACK_WITHIN, "{what}: not {WRITES_BACK_WITHIN:?} after there was space");
        park_timeout(Duration::from_millis(20));
    }
}

/// A write of half a megabyte; Kafka's error code.
fn produce(wire: &mut Wire, topic: &str) -> io::Result<i16> {
    produce_bytes(wire, topic, vec![0; 512 << 10])
}

/// A small write to a partition of its own: those of the load are judged.
fn produce_probe(wire: &mut Wire) -> io::Result<i16> {
    // It exists from the second time on.
    let probe = Topic { name: "probe".to_owned(), number: 3, partitions: 1 };
    let _ = probe.create(wire, &[])?;
    produce_bytes(wire, &probe.name, b"probe".to_vec())
}

fn produce_bytes(wire: &mut Wire, topic: &str, value: Vec<u8>) -> io::Result<i16> {
    let batch = batch::encode(Identity::NONE, &[Record::of(value)]);
    wire.send(PRODUCE, &produce_request(topic, 0, batch))?;
    let response = wire.receive::<ProduceRequest>(PRODUCE)?;
    Ok(response.responses[0].partition_responses[0].error_code)
}
