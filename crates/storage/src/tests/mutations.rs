//! Directories in which something is wrong that no crash explains: flipped bits, cut and zeroed files, blocks twice,
//! names and headers made up. Whatever is opened, nothing panics, and no records are served that were not written.

use std::path::{Path, PathBuf};

use host::{Disk, Open, Rng, SimDisk};
use record::{Batch, BatchHeader, Compression, HEADER_LEN, Offset};

use super::support::*;
use crate::{AppendOutcome, Log, LogDir, ReadError, Stop};

/// What was written, and where.
struct Written {
    sim: SimDisk,
    batches: Vec<Expected>,
    log_start: Offset,
}

/// Several segments of idempotent and compressed batches, with a log start and a recovery point.
fn written(closed: bool) -> Written {
    let sim = SimDisk::new();
    let dir = log_dir(&sim);
    dir.begin().unwrap();
    dir.recovery_is_complete().unwrap();
    let mut log = Log::create(&dir, NAME, TOPIC_ID, small()).unwrap();
    let mut batches = Vec::new();
    for index in 0..16 {
        let codec = if index % 3 == 0 { Compression::Lz4 } else { Compression::None };
        batches.push(sequenced(7, 1, index * 3, 3));
        batches.push(batch(codec, &[1000 + i64::from(index)], 30 + index as usize));
        append(&mut log, &batches[batches.len() - 2..]);
        if index == 8 {
            log.flush().unwrap();
        }
    }
    let log_start = Offset(6);
    dir.note_log_start_offset(NAME, log_start).unwrap();
    dir.write_checkpoints().unwrap();
    if closed {
        log.close().unwrap();
        dir.mark_clean_shutdown().unwrap();
    }
    sim.forget_history();
    Written { sim, batches: expected(&batches, 0), log_start }
}

fn all_files(sim: &SimDisk) -> Vec<PathBuf> {
    let disk = Disk::sim(sim.clone());
    let mut found = Vec::new();
    for dir in [PathBuf::from("/data"), Path::new("/data").join(NAME)] {
        let entries = disk.read_dir(&dir).unwrap().into_iter().filter(|entry| !entry.is_dir);
        found.extend(entries.map(|entry| dir.join(entry.name)));
    }
    found
}

/// What reading gives from each offset on: a batch, or the word that there is damage.
fn served(log: &Log) -> Result<Vec<Option<Expected>>, String> {
    let reader = log.reader();
    let mut found = Vec::new();
    let mut from = reader.log_start_offset();
    while from < reader.end().offset {
        match reader.read(from, None, reader.end(), 1, true, Patience::Waits) {
            Ok(Some(slice)) => {
                let mut bytes = Vec::new();
                slice.read_into(&mut bytes).map_err(|error| error.to_string())?;
                let header = bytes.first_chunk::<HEADER_LEN>().map(BatchHeader::decode).ok_or("a short slice")?;
                if header.last_offset() < from {
                    return Err(format!("{from} was asked for, {} came", header.base_offset));
                }
                // A header that is wrong says nothing of where to go on.
                let is_right = Batch::parse(&bytes).is_ok_and(|batch| batch.crc_ok()) && header.base_offset <= from;
                from = if is_right { header.next_offset() } else { from + 1 };
                found.push(Some(Expected { base: header.base_offset.0, next: header.next_offset().0, bytes }));
            }
            Err(ReadError::Corrupt { .. }) => {
                found.push(None);
                from = from + 1;
            }
            Ok(None) => return Err(format!("nothing at {from}, below the end")),
            Err(error) => return Err(format!("{from}: {error}")),
        }
        if found.len() > 10_000 {
            return Ok(found);
        }
    }
    Ok(found)
}

/// A batch that is served was written at its offset, or its consumer sees by the checksum that it was not.
///
/// The base offset and the epoch are in no checksum: where one of them changed in a segment that recovery trusts, nobody
/// can tell. So where logs are changed they are left out.
fn is_as_written(written: &Written, served: &[Option<Expected>], is_stamp_whole: bool) -> Result<(), String> {
    for batch in served.iter().flatten() {
        let is_crc_wrong = !Batch::parse(&batch.bytes).is_ok_and(|batch| batch.crc_ok());
        let is_same = |wanted: &Expected| match is_stamp_whole {
            true => wanted == batch,
            false => wanted.bytes[16..] == batch.bytes[16..],
        };
        if !is_crc_wrong && !written.batches.iter().any(is_same) {
            return Err(format!("a batch at {} was never written so", batch.base));
        }
    }
    Ok(())
}

fn begin_and_open(sim: &SimDisk) -> (Stop, Result<Log, String>) {
    let dir = log_dir(sim);
    let stop = dir.begin().unwrap();
    (stop, Log::open(&dir, NAME, small(), stop).map_err(|error| error.to_string()))
}

/// Changes one file as a bad disk might.
fn mutate(rng: &Rng, sim: &SimDisk, path: &Path) -> String {
    let disk = Disk::sim(sim.clone());
    let mut bytes = disk.read(path).unwrap();
    let len = bytes.len() as u64;
    let what = match rng.below(5) {
        _ if len == 0 => "nothing",
        0 => {
            bytes.truncate(rng.below(len) as usize);
            "cut"
        }
        1 => {
            let from = rng.below(len) as usize;
            let to = (from + 1 + rng.below(200) as usize).min(bytes.len());
            bytes[from..to].fill(0);
            "zeroed"
        }
        2 => {
            let (from, to) = (rng.below(len) as usize, rng.below(len) as usize);
            let block = bytes[from..(from + 64).min(bytes.len())].to_vec();
            bytes.splice(to..to, block);
            "a block twice"
        }
        3 => {
            let from = rng.below(len) as usize;
            let to = (from + 1 + rng.below(64) as usize).min(bytes.len());
            bytes[from..to].iter_mut().for_each(|byte| *byte = rng.below(256) as u8);
            "random bytes"
        }
        _ => {
            let bit = rng.below(len * 8) as usize;
            bytes[bit / 8] ^= 1 << (bit % 8);
            "a flipped bit"
        }
    };
    rewrite(&disk, path, &bytes);
    format!("{what} in {}", path.display())
}

fn rewrite(disk: &Disk, path: &Path, bytes: &[u8]) {
    let file = disk.open(path, Open::Create).unwrap();
    file.set_len(0).unwrap();
    file.write_all_at(bytes, 0).unwrap();
}

fn flip(sim: &SimDisk, path: &Path, bit: usize) {
    let disk = Disk::sim(sim.clone());
    let mut bytes = disk.read(path).unwrap();
    bytes[bit / 8] ^= 1 << (bit % 8);
    rewrite(&disk, path, &bytes);
}

/// The campaigns are this many times larger than in a plain run.
fn times() -> u64 {
    let states = std::env::var("OTTLA_CRASH_STATES").ok().and_then(|text| text.parse().ok());
    states.map_or(1, |states: u64| (states / 1000).max(1))
}

fn seed() -> u64 {
    std::env::var("OTTLA_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(4)
}

/// R10. In a file that is no `.log`, a bit changes no answer.
#[test]
fn no_flipped_bit_serves_a_wrong_record_and_one_beside_the_log_changes_nothing() {
    let rng = Rng::seeded(seed());
    for closed in [false, true] {
        let written = written(closed);
        let files = all_files(&written.sim);
        for round in 0..250 * times() {
            let path = &files[rng.below(files.len() as u64) as usize];
            let sim = if round % 2 == 0 || closed {
                written.sim.fork_after_process_crash()
            } else {
                written.sim.power_cut(host::sim::Subset::All)
            };
            let len = Disk::sim(sim.clone()).metadata_len(path).unwrap();
            if len == 0 {
                continue;
            }
            let bit = rng.below(len * 8) as usize;
            flip(&sim, path, bit);
            let context = format!("seed {}, round {round}, closed {closed}: bit {bit} of {}", seed(), path.display());
            let (_, log) = begin_and_open(&sim);
            let mut log = log.unwrap_or_else(|error| panic!("{context}: {error}"));
            let found = served(&log).unwrap_or_else(|error| panic!("{context}: {error}"));
            let is_log = path.extension().is_some_and(|extension| extension == "log");
            is_as_written(&written, &found, !is_log).unwrap_or_else(|error| panic!("{context}: {error}"));
            if !is_log {
                let wanted: Vec<_> = wanted(&written).map(Some).collect();
                assert_eq!(found, wanted, "{context}");
                assert_eq!(log.reader().log_start_offset(), written.log_start, "{context}");
                assert_window(&mut log, &context);
            }
        }
    }
}

/// Those that end above the log's start.
fn wanted(written: &Written) -> impl Iterator<Item = Expected> {
    written.batches.iter().filter(|batch| Offset(batch.next) > written.log_start).cloned()
}

/// The last batch of the producer is known when it comes again.
fn assert_window(log: &mut Log, context: &str) {
    let again: Vec<_> = (11..16).map(|index| sequenced(7, 1, index * 3, 3)).collect();
    let outcomes = try_append(log, &again).unwrap();
    let duplicates = outcomes.iter().filter(|outcome| matches!(outcome, AppendOutcome::Duplicate { .. })).count();
    assert_eq!(duplicates, 5, "{context}");
}

/// R11. Larger mutations, and what was opened can be appended to, and opened again.
#[test]
fn no_mutation_panics_or_serves_a_wrong_record() {
    let rng = Rng::seeded(seed() ^ 0x11);
    for closed in [false, true] {
        let written = written(closed);
        let files = all_files(&written.sim);
        for round in 0..200 * times() {
            let sim = written.sim.fork_after_process_crash();
            let mut context = format!("seed {}, round {round}, closed {closed}:", seed());
            for _ in 0..=rng.below(2) {
                let path = &files[rng.below(files.len() as u64) as usize];
                context = format!("{context} {}", mutate(&rng, &sim, path));
            }
            check_usable(&written, &sim, &context);
        }
    }
}

fn check_usable(written: &Written, sim: &SimDisk, context: &str) {
    let (_, log) = begin_and_open(sim);
    let mut log = log.unwrap_or_else(|error| panic!("{context}: {error}"));
    let found = served(&log).unwrap_or_else(|error| panic!("{context}: {error}"));
    is_as_written(written, &found, false).unwrap_or_else(|error| panic!("{context}: {error}"));
    let bytes = batch(Compression::None, &[5], 77);
    let end = append(&mut log, std::slice::from_ref(&bytes));
    log.close().unwrap();
    let log = Log::open(&log_dir(sim), NAME, small(), Stop::Power).unwrap_or_else(|error| panic!("{context}: {error}"));
    assert_eq!(log.reader().end().offset, end + 1, "{context}: the second open lost what was appended");
    let again = served(&log).unwrap_or_else(|error| panic!("{context}: {error}"));
    assert_eq!(again.last().unwrap().as_ref().map(|batch| batch.base), Some(end.0), "{context}");
}

/// Names and contents that nobody wrote.
#[test]
fn made_up_directories_open_without_a_panic() {
    let rng = Rng::seeded(seed() ^ 0x22);
    let source = written(false);
    let real = Disk::sim(source.sim.clone()).read(&files(&source.sim, ".log")[0]).unwrap();
    for round in 0..200 * times() {
        let sim = SimDisk::new();
        let dir = log_dir(&sim);
        let disk = Disk::sim(sim.clone());
        let path = Path::new("/data").join(NAME);
        disk.create_dir_all(&path).unwrap();
        let mut names = Vec::new();
        for _ in 0..1 + rng.below(6) {
            let name = name(&rng);
            let mut bytes = real[rng.below(60) as usize * usize::from(rng.below(2) == 0)..].to_vec();
            bytes.truncate(rng.below(bytes.len() as u64 + 1) as usize);
            for _ in 0..rng.below(4) {
                let len = bytes.len().min(HEADER_LEN) as u64;
                if len > 0 {
                    bytes[rng.below(len) as usize] = [0, 1, 2, 0x7F, 0xFF, 0x80][rng.below(6) as usize];
                }
            }
            rewrite(&disk, &path.join(&name), &bytes);
            names.push((name, bytes.len()));
        }
        let context = format!("seed {}, round {round}: {names:?}", seed());
        let stop = [Stop::Clean, Stop::Process, Stop::Power][rng.below(3) as usize];
        if let Ok(mut log) = Log::open(&dir, NAME, small(), stop) {
            let _ = served(&log).unwrap_or_else(|error| panic!("{context}: {error}"));
            if try_append(&mut log, &[batch(Compression::None, &[5], 7)]).is_ok() {
                log.close().unwrap_or_else(|error| panic!("{context}: {error}"));
                let again = LogDir::new(Disk::sim(sim.clone()), "/data".into());
                Log::open(&std::sync::Arc::new(again), NAME, small(), Stop::Clean)
                    .unwrap_or_else(|error| panic!("{context}: {error}"));
            }
        }
    }
}

fn name(rng: &Rng) -> String {
    let extensions = [
        "log",
        "log",
        "log",
        "index",
        "timeindex",
        "snapshot",
        "windows",
        "damage",
        "log.swap",
        "log.deleted",
        "log.cleaned",
        "tmp",
    ];
    let offsets = [0, 0, 3, 6, 9, 1 << 31, 1 << 33, i64::MAX, i64::MAX - (1 << 33)];
    let extension = extensions[rng.below(extensions.len() as u64) as usize];
    format!("{:020}.{extension}", offsets[rng.below(offsets.len() as u64) as usize])
}
