//! A full disk is a state: appends are refused, nothing is torn, all else goes on, and appends come back.

use std::path::PathBuf;
use std::sync::Arc;

use host::sim::{Failure, Fault, OpKind, Subset};
use host::{Disk, SimDisk};
use record::Offset;

use super::support::*;
use crate::{AppendError, Log, LogConfig, LogDir, Stop};

/// A log in a directory that keeps so many bytes in reserve.
fn reserving(sim: &SimDisk, bytes: u64, config: LogConfig) -> (Arc<LogDir>, Log) {
    let dir = Arc::into_inner(log_dir(sim)).unwrap().with_reserve_bytes(bytes);
    let dir = Arc::new(dir);
    let log = Log::create(&dir, NAME, TOPIC_ID, config).unwrap();
    (dir, log)
}

fn used(sim: &SimDisk) -> u64 {
    let disk = Disk::sim(sim.clone());
    sim.set_capacity(1 << 30);
    (1 << 30) - disk.available_bytes(&PathBuf::from("/data")).unwrap()
}

/// The batches of two producers, in turns of one to three.
fn turns() -> Vec<Vec<Vec<u8>>> {
    let next = |index: i32| sequenced(i64::from(index % 2), 0, index / 2 * 2, 2);
    [0..1, 1..3, 3..6, 6..7, 7..10, 10..13, 13..15, 15..18, 18..19, 19..22]
        .map(|turn| turn.map(next).collect())
        .to_vec()
}

/// Appends turn by turn; one that is refused is appended when there is room. The log is what it would be without.
fn appends_come_back(sim: &SimDisk, log: &mut Log, mut make_room: impl FnMut()) -> usize {
    let (mut model, mut done, mut refusals) = (create(&SimDisk::new(), small()), Vec::new(), 0);
    for turn in turns() {
        let before = (log.reader().end(), log.producers().clone());
        if let Err(error) = try_append(log, &turn) {
            assert!(matches!(error, AppendError::StorageFull), "{error}");
            refusals += 1;
            assert_eq!((log.reader().end().offset, log.producers().clone()), (before.0.offset, before.1));
            assert_eq!(read_all(&log.reader()).unwrap(), expected(&done, 0));
            let killed = open(&sim.fork_after_process_crash(), small(), Stop::Power);
            assert_eq!(read_all(&killed.reader()).unwrap(), expected(&done, 0), "nothing of it is left");
            make_room();
            append(log, &turn);
        }
        append(&mut model, &turn);
        done.extend(turn);
        assert_eq!(read_all(&log.reader()).unwrap(), expected(&done, 0));
        assert_eq!(log.producers(), model.producers());
    }
    log.flush().unwrap();
    let cut = open(&sim.power_cut(Subset::None), small(), Stop::Power);
    assert_eq!(read_all(&cut.reader()).unwrap(), expected(&done, 0));
    refusals
}

#[test]
fn a_disk_that_is_full_at_any_byte_refuses_the_turn_and_takes_it_when_there_is_room() {
    let probe = SimDisk::new();
    let (_, mut log) = reserving(&probe, 0, small());
    let empty = used(&probe);
    appends_come_back(&probe, &mut log, || ());
    let mut refused = 0;
    for capacity in (empty..used(&probe)).step_by(7) {
        let sim = SimDisk::new();
        let (dir, mut log) = reserving(&sim, 0, small());
        sim.set_capacity(capacity);
        let refusals = appends_come_back(&sim, &mut log, || {
            assert!(dir.is_full());
            sim.set_capacity(1 << 30);
        });
        refused += usize::from(refusals > 0);
        assert!(!dir.failed());
    }
    assert!(refused > 100, "{refused}");
}

#[test]
fn no_room_for_any_single_call_of_an_append_is_taken_back() {
    for kind in [OpKind::Write, OpKind::Allocate, OpKind::Open] {
        for after in 0..60 {
            let sim = SimDisk::new();
            let (dir, mut log) = reserving(&sim, 0, small());
            // Opening what is there needs no room: only the files of a roll do.
            let times = if kind == OpKind::Allocate { 2 } else { 1 };
            sim.inject(Fault::next(kind, Failure::NoSpace).after(after).times(times));
            appends_come_back(&sim, &mut log, || ());
            assert!(!dir.failed(), "{kind:?} after {after}");
        }
    }
}

#[test]
fn the_reserve_is_not_touched_and_a_refusal_changes_nothing_on_the_disk() {
    let sim = SimDisk::new();
    let (dir, mut log) = reserving(&sim, 100_000, LogConfig { segment_bytes: 100_000, ..small() });
    let batches = vec![sequenced(1, 0, 0, 2)];
    append(&mut log, &batches);
    sim.set_capacity(used(&sim) + 160_000);
    let mut next = 2;
    let ops = loop {
        let ops = sim.op_count();
        match try_append(&mut log, &[sequenced(1, 0, next, 500)]) {
            Ok(_) => next += 500,
            Err(error) => break (matches!(error, AppendError::StorageFull), ops),
        }
    };
    assert_eq!(ops, (true, sim.op_count()));
    assert!(Disk::sim(sim.clone()).available_bytes(dir.path()).unwrap() >= 100_000);
    assert!(dir.is_full() && dir.check_room().unwrap());
    // What frees space goes on.
    let retired = log.advance_start(log.reader().end().offset, NOW).unwrap();
    for path in retired {
        Disk::sim(sim.clone()).remove_file(&path).unwrap();
    }
    assert!(dir.check_room().unwrap(), "there is some room, not enough to go on without stopping again soon");
    sim.set_capacity(1 << 30);
    assert!(!dir.check_room().unwrap() && !dir.is_full());
    append(&mut log, &[sequenced(1, 0, next, 500)]);
}

#[test]
fn fetches_deletes_and_checkpoints_go_on_while_the_disk_is_full() {
    let sim = SimDisk::new();
    let reserve = 4096;
    let (dir, mut log) = reserving(&sim, reserve, small());
    let all: Vec<_> = turns().concat();
    append(&mut log, &all);
    sim.set_capacity(used(&sim) + reserve);
    assert!(matches!(try_append(&mut log, &[sequenced(5, 0, 0, 400)]), Err(AppendError::StorageFull)));
    assert_eq!(read_all(&log.reader()).unwrap(), expected(&all, 0));
    log.flush().unwrap();
    log.advance_start(Offset(20), NOW).unwrap();
    dir.write_checkpoints().unwrap();
    let reader = log.reader();
    let config = LogConfig { retention_bytes: 0, ..small() };
    log.expire_to(reader.retained_from(&config, NOW, reader.end().offset).unwrap(), NOW).unwrap();
    assert_eq!(reader.size_bytes(), 0);
    let deleted = log.mark_deleted().unwrap();
    Disk::sim(sim.clone()).remove_dir_all(&deleted).unwrap();
    assert!(!dir.failed());
}

#[test]
fn a_checkpoint_without_room_leaves_the_old_one() {
    let sim = SimDisk::new();
    let (dir, mut log) = reserving(&sim, 0, small());
    append(&mut log, &turns().concat());
    log.advance_start(Offset(11), NOW).unwrap();
    let file = PathBuf::from("/data/log-start-offset-checkpoint");
    let before = dir.disk().read(&file).unwrap();
    log.expire_to(Offset(15), NOW).unwrap();
    sim.inject(Fault::next(OpKind::Write, Failure::NoSpace));
    dir.write_checkpoints().unwrap_err();
    assert_eq!(dir.disk().read(&file).unwrap(), before);
    assert!(!dir.failed());
    dir.write_checkpoints().unwrap();
    assert_ne!(dir.disk().read(&file).unwrap(), before);
}
