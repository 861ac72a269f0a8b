//! Each of these lost, hid or kept something once.

use std::path::Path;
use std::sync::Arc;

use host::sim::{Failure, Fault, OpKind, Subset};
use host::{Disk, Open, SimDisk};
use record::{BatchBuilder, Compression, Offset, Timestamp, Uuid};

use super::support::*;
use crate::{AppendOutcome, Log, LogConfig, LogDir, Stop};

fn at(times: &[i64]) -> Vec<Vec<u8>> {
    times.iter().map(|time| batch(Compression::None, &[*time, *time], 40)).collect()
}

/// The start of a deleted log came back for the next log of its name, whose records lay below it.
#[test]
fn a_log_start_that_could_not_be_forgotten_is_forgotten_before_the_next_log() {
    for failure in [Failure::NoSpace, Failure::NoDescriptors] {
        for nth in 0..6 {
            let sim = SimDisk::new();
            let dir = log_dir(&sim);
            let mut log = Log::create(&dir, NAME, TOPIC_ID, small()).unwrap();
            append(&mut log, &at(&[1; 20]));
            log.flush().unwrap();
            log.advance_start(Offset(30), NOW).unwrap();
            sim.inject(Fault::next(OpKind::Open, failure).after(nth));
            if log.mark_deleted().is_err() {
                assert!(!dir.failed());
                dir.set_aside(NAME).unwrap();
            }
            // The failure may still lie ahead.
            (0..10).for_each(|_| drop(dir.disk().open(Path::new("/nothing"), Open::Read)));
            let mut log = Log::create(&dir, NAME, Uuid([9; 16]), small()).unwrap();
            append(&mut log, &at(&[1; 3]));
            log.flush().unwrap();
            drop(log);
            let log = open(&sim.fork_after_process_crash(), small(), Stop::Power);
            assert_eq!(read_all(&log.reader()).unwrap(), expected(&at(&[1; 3]), 0), "{failure:?} {nth}");
        }
    }
}

fn rot(sim: &SimDisk) {
    let path = files(sim, ".log")[0].clone();
    Disk::sim(sim.clone()).open(&path, Open::ReadWrite).unwrap().write_all_at(&[0; 30], 0).unwrap();
}

/// Retention stopped for good at a header that the disk had changed.
#[test]
fn records_behind_a_rotten_header_expire_with_their_segment() {
    let config = LogConfig { retention_ms: 10, ..small() };
    let sim = SimDisk::new();
    let mut log = create(&sim, config.clone());
    append(&mut log, &at(&[1; 20]));
    rot(&sim);
    let reader = log.reader();
    let end = reader.end().offset;
    assert_eq!(reader.retained_from(&config, NOW, end).unwrap(), end, "all are old");
    assert_eq!(reader.retained_from(&config, Timestamp(5), end).unwrap(), Offset(0), "none is");
    let young = at(&[NOW.0 - 5; 20]);
    let sim = SimDisk::new();
    let mut log = create(&sim, config.clone());
    append(&mut log, &at(&[1; 2]));
    append(&mut log, &young);
    rot(&sim);
    assert_eq!(log.reader().retained_from(&config, NOW, end).unwrap(), Offset(0), "what cannot be told stays");
}

/// A consumer at the lost end was told for ever that the log is damaged there.
#[test]
fn a_power_cut_around_a_roll_cuts_the_end_and_leaves_no_damage() {
    let sim = SimDisk::new();
    let mut log = create(&sim, small());
    append(&mut log, &at(&[1; 2]));
    log.flush().unwrap();
    let before = files(&sim, ".log").len();
    while files(&sim, ".log").len() == before {
        append(&mut log, &at(&[1]));
    }
    // The journal took the names, and nothing the data.
    Disk::sim(sim.clone()).sync_dir(&Path::new("/data").join(NAME)).unwrap();
    drop(log);
    let cut = sim.power_cut(Subset::None);
    for _ in 0..2 {
        let mut log = open(&cut, small(), Stop::Power);
        assert!(log.damage().is_empty());
        assert_eq!(read_all(&log.reader()).unwrap()[..2], expected(&at(&[1; 2]), 0));
        let end = log.reader().end().offset;
        assert_eq!(append(&mut log, &at(&[1])), end);
    }
}

/// A batch in a record's value was taken for one of the log.
#[test]
fn a_batch_inside_a_torn_record_is_not_one_of_the_log() {
    let config = LogConfig { segment_bytes: 1 << 20, ..small() };
    let mut inner = batch(Compression::None, &[5, 5], 40);
    inner[..8].copy_from_slice(&1000_i64.to_be_bytes());
    inner.extend_from_slice(&[7; 500]);
    let mut outer = BatchBuilder::new(Compression::None);
    outer.append(Timestamp(3), None, Some(&inner), &[]);
    let outer = outer.build();
    for zeros in [false, true] {
        let sim = SimDisk::new();
        let mut log = create(&sim, config.clone());
        append(&mut log, &at(&[1; 2]));
        append(&mut log, std::slice::from_ref(&outer));
        drop(log);
        let file = Disk::sim(sim.clone()).open(&files(&sim, ".log")[0], Open::ReadWrite).unwrap();
        let torn_at = file.len().unwrap() - 100;
        match zeros {
            true => file.write_all_at(&[0; 100], torn_at).unwrap(),
            false => file.set_len(torn_at).unwrap(),
        }
        let log = open(&sim, config.clone(), Stop::Power);
        assert_eq!((log.reader().end().offset, log.damage()), (Offset(4), vec![]), "zeros: {zeros}");
    }
}

fn without_descriptors(files_max: usize, nth: u64, times: u64) -> Option<(SimDisk, Log, Vec<Vec<u8>>)> {
    let sim = SimDisk::new();
    let disk = Disk::sim(sim.clone());
    disk.create_dir_all(Path::new("/data")).unwrap();
    let dir = Arc::new(LogDir::new(disk, "/data".into()).with_open_files_max(files_max));
    let mut log = Log::create(&dir, NAME, TOPIC_ID, small()).unwrap();
    append(&mut log, &[sequenced(5, 0, 0, 20)]);
    let turn: Vec<_> = (0..6).map(|index| sequenced(5, 0, 20 + index * 10, 10)).collect();
    sim.inject(Fault::next(OpKind::Open, Failure::NoDescriptors).after(nth).times(times));
    let refused = try_append(&mut log, &turn).is_err();
    (refused && !dir.failed()).then_some((sim, log, turn))
}

/// A turn that ran out of descriptors in its middle was acknowledged as a duplicate when it came again, and was not there.
#[test]
fn a_turn_without_descriptors_is_taken_back_and_can_come_again() {
    let mut taken_back = 0;
    for (files_max, nth, times) in [1, 2, 3, 4096]
        .into_iter()
        .flat_map(|max| (0..12).flat_map(move |nth| [1, 2, 100].map(|times| (max, nth, times))))
    {
        let Some((sim, mut log, turn)) = without_descriptors(files_max, nth, times) else { continue };
        while Disk::sim(sim.clone()).open(Path::new("/nothing"), Open::Read).unwrap_err().raw_os_error() == Some(24) {}
        taken_back += 1;
        for bytes in &turn {
            let outcome = try_append(&mut log, std::slice::from_ref(bytes)).unwrap().remove(0);
            let (AppendOutcome::Appended { base_offset } | AppendOutcome::Duplicate { base_offset, .. }) = outcome
            else {
                panic!("max {files_max}, call {nth}, {times} times: {outcome:?}");
            };
            let bases: Vec<_> = read_all(&log.reader()).unwrap().iter().map(|batch| batch.base).collect();
            assert!(
                bases.contains(&base_offset.0),
                "max {files_max}, call {nth}, {times} times: {base_offset} of {bases:?}"
            );
        }
    }
    assert!(taken_back > 0);
}

/// A bit of a last offset hid the batches behind it up to the next index entry.
#[test]
fn a_last_offset_that_the_disk_changed_hides_no_other_batch() {
    const LAST_OFFSET_DELTA_AT: u64 = 23;
    let config = LogConfig { segment_bytes: 1 << 20, ..LogConfig::default() };
    let sim = SimDisk::new();
    let mut log = create(&sim, config);
    let batches = at(&[1; 6]);
    append(&mut log, &batches);
    let wanted = expected(&batches, 0);
    let second = wanted[0].bytes.len() as u64;
    let file = Disk::sim(sim.clone()).open(&files(&sim, ".log")[0], Open::ReadWrite).unwrap();
    file.write_all_at(&[0, 0, 0, 65], second + LAST_OFFSET_DELTA_AT).unwrap();
    let reader = log.reader();
    for (offset, batch) in (0..12).map(|offset| (offset, offset as usize / 2)).filter(|(_, batch)| *batch != 1) {
        let slice = reader.read(Offset(offset), None, reader.end(), 1, true, Patience::Waits).unwrap().unwrap();
        let mut bytes = Vec::new();
        slice.read_into(&mut bytes).unwrap();
        assert_eq!(bytes, wanted[batch].bytes, "offset {offset}");
    }
}

/// A start read the headers of a whole segment, from the disk, to know the producers.
#[test]
fn a_start_reads_few_headers_to_know_the_producers() {
    let config = LogConfig { segment_bytes: 1 << 30, ..LogConfig::default() };
    let sim = SimDisk::new();
    let mut log = create(&sim, config.clone());
    for part in 0..3 {
        append(&mut log, &[sequenced(7, 0, part, 1)]);
        for index in 0..140 {
            append(&mut log, &[batch(Compression::None, &[NOW.0 + i64::from(part * 140 + index)], 1 << 19)]);
        }
        sim.forget_history();
    }
    assert_eq!(files(&sim, ".snapshot").len(), 1, "the one before goes");
    append(&mut log, &[sequenced(7, 0, 3, 1)]);
    let crashed = sim.fork_after_process_crash();
    let mut log = open(&crashed, config, Stop::Process);
    let read = crashed.call_count(OpKind::Read);
    assert!(read < 140, "{read} reads for three times 140 batches");
    let outcomes = try_append(&mut log, &[sequenced(7, 0, 0, 1), sequenced(7, 0, 4, 1)]).unwrap();
    let known = AppendOutcome::Duplicate { base_offset: Offset(0), timestamp: NOW };
    assert!(outcomes[0] == known && matches!(outcomes[1], AppendOutcome::Appended { .. }), "{outcomes:?}");
}

/// The flush of a log whose topic was deleted meanwhile found no directory, and that was the end of all logs.
#[test]
fn a_log_may_be_deleted_while_it_is_flushed() {
    let sim = SimDisk::new();
    let dir = log_dir(&sim);
    let mut log = Log::create(&dir, NAME, TOPIC_ID, small()).unwrap();
    append(&mut log, &at(&[1; 20]));
    assert!(log.has_unflushed_roll());
    let flush = log.begin_flush().unwrap();
    log.mark_deleted().unwrap();
    flush.run().unwrap();
    assert!(!dir.failed());
}

/// Retention noted its lower start over that of a deletion which was about to be answered.
#[test]
fn retention_takes_no_noted_deletion_back() {
    let sim = SimDisk::new();
    let dir = log_dir(&sim);
    let mut log = Log::create(&dir, NAME, TOPIC_ID, small()).unwrap();
    append(&mut log, &at(&[1; 20]));
    dir.raise_log_start_offset(NAME, Offset(20)).unwrap();
    log.expire_to(Offset(10), NOW).unwrap();
    assert_eq!((log.reader().log_start_offset(), dir.log_start_offset(NAME).unwrap()), (Offset(10), Offset(20)));
}
