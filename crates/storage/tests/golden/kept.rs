//! What we leave of Kafka's files: all of it, when there is nothing to repair.

use std::collections::BTreeSet;
use std::fs::File;
use std::time::{Duration, SystemTime};

use crate::*;

/// Kafka's producers are in the order of a hash map, ours in that of their ids.
fn entries_of_snapshot(bytes: &[u8]) -> (Vec<u8>, BTreeSet<Vec<u8>>) {
    const CRC: std::ops::Range<usize> = 2..6;
    const HEADER: usize = 10;
    const ENTRY: usize = 46;
    let mut header = bytes[..HEADER].to_vec();
    header[CRC].fill(0);
    (header, bytes[HEADER..].chunks(ENTRY).map(<[u8]>::to_vec).collect())
}

#[test]
fn opening_and_closing_leaves_every_file_as_kafka_wrote_it() {
    for topic in Expected::load(&golden().join("expected.json")).topics {
        let copy = Copy::of("clean");
        let before = copy.files(&topic.name, "");
        copy.open(&topic.name, Stop::Clean).close().unwrap();
        let after = copy.files(&topic.name, "");
        // An epoch without a batch is a promise; Kafka drops it too when it opens a log.
        for (name, bytes) in
            before.iter().filter(|(name, _)| topic.name != "empty" || name != "leader-epoch-checkpoint")
        {
            let (_, now) = after.iter().find(|(after, _)| after == name).unwrap_or_else(|| panic!("{name} is gone"));
            let same = match name.ends_with(".snapshot") {
                true => entries_of_snapshot(bytes) == entries_of_snapshot(now),
                false => bytes == now,
            };
            assert!(same, "{}/{name} changed: {bytes:?} became {now:?}", topic.name);
        }
    }
}

/// Rebuilding would give the same answers, but costs a walk over the whole segment.
#[test]
fn the_indexes_of_sealed_segments_are_used_as_they_are() {
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    for topic in ["segments", "times", "deleted"] {
        let copy = Copy::of("clean");
        let dir = copy.0.path().join(format!("{topic}-0"));
        let bases = copy.files(topic, ".log").len() - 1;
        let paths = |ending: &str| files(&dir, ending).into_iter().take(bases).map(|(name, _)| dir.join(name));
        let indexes: Vec<PathBuf> = paths(".index").chain(paths(".timeindex")).collect();
        for path in &indexes {
            File::options().write(true).open(path).unwrap().set_modified(long_ago).unwrap();
        }
        let _log = copy.open(topic, Stop::Clean);
        for path in &indexes {
            assert_eq!(fs::metadata(path).unwrap().modified().unwrap(), long_ago, "{} was written", path.display());
        }
    }
}

#[test]
fn leader_epochs_made_again_from_the_batches_are_kafkas() {
    for stop in STOPS {
        let copy = Copy::of("clean");
        let kafkas = copy.files("epochs", "leader-epoch-checkpoint");
        assert!(kafkas[0].1.starts_with(b"0\n3\n"), "three epochs");
        fs::remove_file(copy.0.path().join("epochs-0/leader-epoch-checkpoint")).unwrap();
        copy.open("epochs", stop).close().unwrap();
        assert_eq!(copy.files("epochs", "leader-epoch-checkpoint"), kafkas, "opened as {stop:?}");
    }
}

/// Without the epoch of the transaction coordinator: it stands in the markers' records, which recovery doesn't open.
fn entries_but_coordinator(bytes: &[u8]) -> BTreeSet<Vec<u8>> {
    const COORDINATOR_EPOCH: std::ops::Range<usize> = 34..38;
    let without = |mut entry: Vec<u8>| {
        entry[COORDINATOR_EPOCH].fill(0);
        entry
    };
    entries_of_snapshot(bytes).1.into_iter().map(without).collect()
}

/// The producers' state after the last batch is in the snapshot that a clean stop leaves; without it the headers have it.
#[test]
fn producers_made_again_from_the_batches_are_kafkas() {
    for topic in Expected::load(&golden().join("expected.json")).topics {
        let copy = Copy::of("clean");
        let kafkas = copy.files(&topic.name, ".snapshot");
        for (name, _) in &kafkas {
            fs::remove_file(copy.0.path().join(format!("{}-0", topic.name)).join(name)).unwrap();
        }
        copy.open(&topic.name, HARD).close().unwrap();
        let Some((last, bytes)) = kafkas.last() else { continue };
        let ours = copy.files(&topic.name, last);
        assert_eq!(entries_but_coordinator(&ours[0].1), entries_but_coordinator(bytes), "{}/{last}", topic.name);
    }
}
