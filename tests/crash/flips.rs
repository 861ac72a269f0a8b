//! R10: one bit of the data directory flips while the broker is down. It starts, serves no wrong record that passes its
//! checksum, and loses the records of the batch that was hit, or none when an index, a snapshot or a checkpoint was.

mod bit;

use std::fs;
use std::path::Path;
use std::thread::park_timeout;
use std::time::Duration;

use verdict::{Class, Damage, Kind, Options, judge};

use crate::campaign::{Random, cycles, expect_valid, ledgers, seed};
use crate::load::{self, Load, SMALL_SEGMENTS, Shape, Topic, read_all};
use crate::node::Node;
use crate::pen::Desk;
use crate::wire::Wire;
use bit::Flip;

const FLIPS: usize = 500;
const LOAD_MS: u64 = 300;
const SHAPE: Shape = Shape { value_bytes_max: 2 << 10, ..Shape::FEW };
/// What may come of a batch whose place in the log is told wrongly, which no checksum covers.
const OF_A_WRONG_PLACE: &[Class] = &[
    Class::InconsistentOffsets,
    Class::Duplicate,
    Class::LostWrite,
    Class::UnstableRead,
    Class::Gap,
    Class::SendReordered,
    Class::RealTime,
];

#[test]
fn a_flipped_bit_is_never_served_after_a_clean_stop() {
    campaign("flips-stopped", |node| node.stop());
}

#[test]
fn a_flipped_bit_is_never_served_after_a_kill() {
    campaign("flips-killed", |node| node.kill(Kind::Kill));
}

/// What came of all flips.
#[derive(Debug, Default)]
struct Tally {
    in_batches: u32,
    in_places_of_batches: u32,
    of_these_shown: u32,
    elsewhere: u32,
    refused_starts: u32,
    offsets_told_damaged: u64,
    batches_seen_damaged: u64,
}

fn campaign(name: &str, end: fn(&mut Node)) {
    let seed = seed(name);
    let (mut random, home) = (Random(seed), tempfile::tempdir().unwrap());
    let topic = Topic { name: "flips".to_owned(), number: 1, partitions: 2 };
    write(home.path(), &topic, end, seed);
    let mut tally = Tally::default();
    for flip in 0..cycles(FLIPS) / 2 {
        let trial = home.path().join(format!("trial-{flip}"));
        for part in ["data", "ledgers"] {
            bit::copy(&home.path().join(part), &trial.join(part));
        }
        let flip = Flip::choose(&trial.join("data"), &topic, &mut random);
        flip.make();
        try_it(name, &trial, &topic, &flip, &mut tally);
        fs::remove_dir_all(&trial).unwrap();
    }
    eprintln!("{name}: {tally:?}");
}

/// Fills a data directory, with ledgers of it.
fn write(home: &Path, topic: &Topic, end: fn(&mut Node), seed: u64) {
    fs::create_dir(home.join("ledgers")).unwrap();
    let desk = Desk::new(&home.join("ledgers"));
    let mut node = Node::new(&home.join("data"), &[], home, &desk);
    node.start();
    assert_eq!(topic.create(&mut Wire::to(&node.address()).unwrap(), SMALL_SEGMENTS).unwrap(), 0);
    let load = Load::start(&node, &desk, topic, SHAPE, 1, seed);
    park_timeout(Duration::from_millis(LOAD_MS));
    load.stop();
    end(&mut node);
}

fn try_it(name: &str, trial: &Path, topic: &Topic, flip: &Flip, tally: &mut Tally) {
    let desk = Desk::later(&trial.join("ledgers"));
    let mut node = Node::new(&trial.join("data"), &[], trial, &desk);
    if node.try_start(&[]).is_err() {
        node.assert_no_panic();
        tally.refused_starts += 1;
        return check_refusal(name, flip, &node.said());
    }
    let mut wire = Wire::to(&node.address()).unwrap();
    let mut pen = desk.pen(50_000);
    let damage = read_all(&mut wire, &mut pen, topic, node.incarnation());
    let damage = damage.unwrap_or_else(|error| panic!("{name}: after {flip}: {error}"));
    node.assert_no_panic();
    drop((node, pen));
    tally.offsets_told_damaged += damage.told;
    tally.batches_seen_damaged += damage.seen;
    eprintln!("{name}: {flip}: {damage:?}");
    let (ledgers, options) = (trial.join("ledgers"), Options { damage: flip.damage, ..Options::default() });
    match flip.damage {
        Damage::None => {
            tally.elsewhere += 1;
            assert_eq!(damage, load::Damage::default(), "{name}: after {flip}");
            expect_valid(name, &ledgers, &options);
        }
        Damage::Batch { .. } => {
            tally.in_batches += 1;
            expect_valid(name, &ledgers, &options);
        }
        Damage::Unprotected { partition } => {
            tally.in_places_of_batches += 1;
            tally.of_these_shown += u32::from(is_shown(name, &ledgers, &options, partition));
        }
    }
}

/// What the cluster is and what topics it has cannot be made up: a broker may refuse to start, as long as it says which
/// file is to blame and what to do.
fn check_refusal(name: &str, flip: &Flip, said: &str) {
    let file = flip.path.display().to_string();
    let is_metadata = file.contains("/cluster-metadata/") || file.ends_with("/meta.properties");
    assert!(is_metadata, "{name}: no start after {flip}: {said}");
    let error = said.lines().find(|line| line.starts_with("error: ")).unwrap_or_default();
    assert!(error.contains(&file), "{name}: after {flip} the file is not named: {said}");
    let advises = ["restore ", "correct ", "remove "].iter().any(|advice| said.contains(advice));
    assert!(advises, "{name}: after {flip} it is not said what to do: {said}");
}

/// Whether records are missing or elsewhere in the partition that was hit. Nowhere else, and no wrong record is served.
fn is_shown(name: &str, dir: &Path, options: &Options, partition: u32) -> bool {
    let verdict = judge(&ledgers(dir), options).unwrap();
    for (class, (violation, _)) in &verdict.found {
        let may_be = OF_A_WRONG_PLACE.contains(class) && violation.partition == partition;
        assert!(may_be, "{name}: a wrong place of a batch is no reason for this:\n{verdict}");
    }
    !verdict.is_valid()
}
