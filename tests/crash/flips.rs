//! R10: one bit of the data directory flips while the broker is down. It starts, serves no wrong record that passes its
//! checksum, and a flip in an index, a snapshot or a checkpoint loses nothing.

use std::fs;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::thread::park_timeout;
use std::time::Duration;

use verdict::{Kind, Options};

use crate::campaign::{Random, cycles, expect_valid, seed};
use crate::load::{Load, Shape, Topic, read_all};
use crate::node::Node;
use crate::pen::Desk;
use crate::wire::Wire;

const FLIPS: usize = 100;
const LOAD_MS: u64 = 300;
const SHAPE: Shape = Shape { idempotent: 2, plain: 2, consumers: 1, records_max: 12 };

#[test]
fn a_flipped_bit_is_never_served_after_a_clean_stop() {
    campaign("flips-stopped", |node| node.stop());
}

#[test]
fn a_flipped_bit_is_never_served_after_a_kill() {
    campaign("flips-killed", |node| node.kill(Kind::Kill));
}

fn campaign(name: &str, end: fn(&mut Node)) {
    let seed = seed(name);
    let (mut random, home) = (Random(seed), tempfile::tempdir().unwrap());
    let (written, data) = (home.path().join("ledgers"), home.path().join("data"));
    fs::create_dir(&written).unwrap();
    let topic = Topic { name: "flips".to_owned(), number: 1, partitions: 2 };
    write(&written, &data, &topic, home.path(), end, seed);

    let (mut refused, mut told, mut seen) = (0, 0, 0);
    for flip in 0..cycles(FLIPS) / 2 {
        let trial = home.path().join(format!("trial-{flip}"));
        copy(&data, &trial.join("data"));
        copy(&written, &trial.join("ledgers"));
        let file = flip_a_bit(&trial.join("data"), &mut random);
        let name_of_file = file.strip_prefix(&trial).unwrap().display().to_string();
        let metadata = name_of_file.contains("cluster-metadata") || name_of_file.ends_with("meta.properties");
        let desk = Desk::later(&trial.join("ledgers"));
        let mut node = Node::new(&trial.join("data"), &[], &trial, &desk);
        match node.try_start(&[]) {
            Ok(()) => {}
            // What the cluster is, and what topics it has, cannot be made up: it says so instead.
            Err(_) if metadata => {
                node.assert_no_panic();
                refused += 1;
                fs::remove_dir_all(&trial).unwrap();
                continue;
            }
            Err(said) => panic!("{name}: no start after a flip in {name_of_file}: {said}\n{}", node.stderr()),
        }
        let mut wire = Wire::to(&node.address()).unwrap();
        let mut pen = desk.pen(50_000);
        let damage = read_all(&mut wire, &mut pen, &topic, node.incarnation());
        let damage = damage.unwrap_or_else(|error| panic!("{name}: after a flip in {name_of_file}: {error}"));
        (told, seen) = (told + damage.told, seen + damage.seen);
        node.assert_no_panic();
        drop((node, pen));
        let options = Options { damage_planned: name_of_file.ends_with(".log"), ..Options::default() };
        eprintln!("{name}: a bit of {name_of_file}, {damage:?}");
        expect_valid(name, &trial.join("ledgers"), &options);
        fs::remove_dir_all(&trial).unwrap();
    }
    eprintln!("{name}: {refused} refused to start, {told} offsets told as damaged, {seen} batches seen as damaged");
}

/// Fills a data directory, with ledgers of it.
fn write(ledgers: &Path, data: &Path, topic: &Topic, home: &Path, end: fn(&mut Node), seed: u64) {
    let desk = Desk::new(ledgers);
    let mut node = Node::new(data, &[], home, &desk);
    node.start();
    assert_eq!(topic.create(&mut Wire::to(&node.address()).unwrap(), &[]).unwrap(), 0);
    let load = Load::start(&node, &desk, topic, SHAPE, 1, seed);
    park_timeout(Duration::from_millis(LOAD_MS));
    load.stop();
    end(&mut node);
}

/// Flips one bit of one file that is not empty; the file.
fn flip_a_bit(dir: &Path, random: &mut Random) -> PathBuf {
    let files: Vec<PathBuf> = files(dir).into_iter().filter(|file| fs::metadata(file).unwrap().len() > 0).collect();
    let path = files[random.below(files.len() as u64) as usize].clone();
    let file = fs::File::options().read(true).write(true).open(&path).unwrap();
    let at = random.below(file.metadata().unwrap().len());
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 1 << random.below(8)], at).unwrap();
    path
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, to) = {
            let entry = entry.unwrap();
            (entry.path(), to.join(entry.file_name()))
        };
        if path.is_dir() { copy(&path, &to) } else { fs::copy(&path, &to).map(drop).unwrap() }
    }
}
