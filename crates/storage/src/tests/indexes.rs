//! Indexes are caches: whatever becomes of them, the answers are the same.

use host::{Disk, Open, SimDisk};
use record::{Compression, Timestamp};

use super::support::*;
use crate::{LogConfig, LogReader, Stop};

fn config() -> LogConfig {
    LogConfig { segment_bytes: 1500, ..small() }
}

/// A log of three segments with times out of order.
fn written(stop: Stop) -> (SimDisk, Vec<Expected>) {
    let sim = SimDisk::new();
    let mut log = create(&sim, config());
    let times = [5, 90, 20, 20, 95, 3, 97, 96, 10, 99, 99, 40, 100, 1, 110, 60, 105, 2, 120, 7, 8, 9, 130, 11];
    let batches: Vec<_> = times.iter().map(|time| batch(Compression::None, &[*time, time / 2], 30)).collect();
    for bytes in &batches {
        append(&mut log, std::slice::from_ref(bytes));
    }
    if stop == Stop::Clean {
        log.close().unwrap()
    } else {
        drop(log)
    }
    assert!(files(&sim, ".log").len() >= 3);
    (sim, expected(&batches, 0))
}

fn check(reader: &LogReader, log: &[Expected], what: &str) {
    assert_eq!(read_all(reader).unwrap(), log, "{what}");
    for batch in log {
        for offset in batch.base..batch.next {
            let slice =
                reader.read(record::Offset(offset), None, reader.end(), 1, true, Patience::Waits).unwrap().unwrap();
            let mut bytes = Vec::new();
            slice.read_into(&mut bytes).unwrap();
            assert_eq!(bytes, batch.bytes, "offset {offset}, {what}");
        }
    }
    let times = record_times(log);
    for wanted in (0..135).map(Timestamp) {
        let brute = times.iter().copied().find(|(_, timestamp)| *timestamp >= wanted);
        assert_eq!(reader.offset_for_timestamp(wanted, reader.end().offset).unwrap(), brute, "{wanted}, {what}");
    }
    assert_eq!(reader.max_timestamp(reader.end().offset).unwrap().unwrap().1, Timestamp(130), "{what}");
}

/// Applies `change` to each index file in turn, on a copy of the disk, and checks the log that opens.
fn with_each_index(change: impl Fn(&Disk, &std::path::Path) -> Vec<SimDisk>) {
    for stop in [Stop::Clean, Stop::Power] {
        let (sim, log) = written(stop);
        let indexes: Vec<_> = [".index", ".timeindex"].iter().flat_map(|extension| files(&sim, extension)).collect();
        for path in indexes {
            let copy = sim.fork_after_process_crash();
            for damaged in change(&Disk::sim(copy), &path) {
                check(&open(&damaged, config(), stop).reader(), &log, &format!("{stop:?} {}", path.display()));
            }
        }
    }
}

#[test]
fn each_index_may_be_missing_cut_zero_or_longer() {
    let (sim, log) = written(Stop::Clean);
    check(&open(&sim, config(), Stop::Clean).reader(), &log, "whole");
    for stop in [Stop::Clean, Stop::Power] {
        let (sim, log) = written(stop);
        for path in [".index", ".timeindex"].iter().flat_map(|extension| files(&sim, extension)) {
            let len = Disk::sim(sim.clone()).metadata_len(&path).unwrap();
            for cut in (0..=len).step_by(4) {
                let copy = sim.fork_after_process_crash();
                Disk::sim(copy.clone()).open(&path, Open::ReadWrite).unwrap().set_len(cut).unwrap();
                check(
                    &open(&copy, config(), stop).reader(),
                    &log,
                    &format!("{stop:?} {} cut to {cut}", path.display()),
                );
            }
            for change in 0..3 {
                let copy = sim.fork_after_process_crash();
                let disk = Disk::sim(copy.clone());
                match change {
                    0 => disk.remove_file(&path).unwrap(),
                    1 => disk.open(&path, Open::ReadWrite).unwrap().write_all_at(&vec![0; len as usize], 0).unwrap(),
                    _ => disk.open(&path, Open::ReadWrite).unwrap().write_all_at(&[0xFF; 24], len).unwrap(),
                }
                check(
                    &open(&copy, config(), stop).reader(),
                    &log,
                    &format!("{stop:?} {} change {change}", path.display()),
                );
            }
        }
    }
}

#[test]
fn each_byte_of_each_index_may_be_flipped() {
    with_each_index(|disk, path| {
        let bytes = disk.read(path).unwrap();
        let flip = |at: usize| {
            let copy = SimDisk::new();
            copy_all(disk, &Disk::sim(copy.clone()), std::path::Path::new("/data"));
            let damaged = Disk::sim(copy.clone()).open(path, Open::ReadWrite).unwrap();
            damaged.write_all_at(&[bytes[at] ^ (1 << (at % 8))], at as u64).unwrap();
            copy
        };
        (0..bytes.len()).map(flip).collect()
    });
}

fn copy_all(from: &Disk, to: &Disk, dir: &std::path::Path) {
    to.create_dir_all(dir).unwrap();
    for entry in from.read_dir(dir).unwrap() {
        let path = dir.join(&entry.name);
        if entry.is_dir {
            copy_all(from, to, &path);
        } else {
            to.open(&path, Open::CreateNew).unwrap().write_all_at(&from.read(&path).unwrap(), 0).unwrap();
        }
    }
}
