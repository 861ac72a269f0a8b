//! A log moves to another directory, and crashes and failures on the way.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use host::sim::{Failure, Fault, OpKind, Subset};
use host::{Disk, SimDisk};
use record::{Compression, Offset};

use super::support::*;
use crate::{FutureLog, Log, LogDir, Stop};

fn other_dir(sim: &SimDisk) -> Arc<LogDir> {
    let disk = Disk::sim(sim.clone());
    disk.create_dir_all(Path::new("/other")).unwrap();
    disk.sync_dir(Path::new("/")).unwrap();
    Arc::new(LogDir::new(disk, PathBuf::from("/other")))
}

fn batches(from: i64) -> Vec<Vec<u8>> {
    (from..from + 8).map(|index| batch(Compression::None, &[index], 150)).collect()
}

/// A log of several segments, durable, that starts in the middle of one, with a producer.
fn written(from: &Arc<LogDir>) -> (Log, Vec<Expected>) {
    let mut log = Log::create(from, NAME, TOPIC_ID, small()).unwrap();
    let mut all = vec![sequenced(9, 0, 0, 2)];
    all.extend(batches(0));
    append(&mut log, &all);
    log.flush().unwrap();
    log.advance_start(Offset(3), NOW).unwrap();
    (log, expected(&all, 0))
}

fn from_start(all: &[Expected], start: Offset) -> Vec<Expected> {
    all.iter().filter(|batch| batch.next > start.0).cloned().collect()
}

fn wanted() -> bool {
    true
}

#[test]
fn a_log_moves_with_all_that_it_knows_while_it_is_written() {
    let sim = SimDisk::new();
    let (from, to) = (log_dir(&sim), other_dir(&sim));
    let (mut log, mut all) = written(&from);
    let mut future = FutureLog::begin(&from, &to, NAME, log.reader()).unwrap();
    assert!(future.catch_up(&wanted).unwrap() > Some(0));
    assert_eq!(to.logs().unwrap(), Vec::<String>::new(), "it has no name yet");
    for round in 1..4 {
        let more = batches(round * 10);
        let base = append(&mut log, &more);
        all.extend(expected(&more, base.0));
        log.expire_to(Offset(3 + 4 * round), NOW).unwrap();
        assert!(future.catch_up(&wanted).unwrap() > Some(0));
        assert_eq!(future.end(), log.reader().end().offset);
    }
    let more = batches(90);
    let base = append(&mut log, &more);
    all.extend(expected(&more, base.0));
    let (producers, start) = (log.active_producers().collect::<Vec<_>>(), log.reader().log_start_offset());

    let replaced = future.take_place(log, &small().into());
    assert!(replaced.error.is_none());
    let mut log = replaced.log.unwrap();
    assert!(Arc::ptr_eq(log.dir(), &to));
    assert_eq!((log.reader().log_start_offset(), log.active_producers().collect::<Vec<_>>()), (start, producers));
    assert_eq!(read_all(&log.reader()).unwrap(), from_start(&all, start));
    assert_eq!((from.logs().unwrap(), from.deleted_logs().unwrap()), (vec![], vec![replaced.set_aside.unwrap()]));
    assert_eq!((to.logs().unwrap(), to.future_logs().unwrap()), (vec![NAME.to_owned()], vec![]));
    assert!(!to.was_moved_here(NAME).unwrap(), "there is no other any more");
    assert_eq!(to.log_start_offset(NAME).unwrap(), start);

    let more = batches(200);
    let base = append(&mut log, &more);
    all.extend(expected(&more, base.0));
    log.close().unwrap();
    let log = Log::open(&other_dir(&sim), NAME, small(), Stop::Clean).unwrap();
    assert_eq!(read_all(&log.reader()).unwrap(), from_start(&all, start));
}

#[test]
fn a_log_that_is_opened_while_another_directory_is_missed_is_claimed_once_and_durably() {
    let sim = SimDisk::new();
    let dir = log_dir(&sim);
    written(&dir).0.close().unwrap();
    drop(Log::open(&dir, NAME, small(), Stop::Clean).unwrap());
    assert!(!dir.was_moved_here(NAME).unwrap(), "nothing is missed");
    dir.claim_logs();
    let log = Log::open(&dir, NAME, small(), Stop::Unknown).unwrap();
    assert!(log_dir(&sim.power_cut(Subset::None)).was_moved_here(NAME).unwrap());
    drop(log);
    let creations = sim.call_count(OpKind::SyncDir);
    drop(Log::open(&dir, NAME, small(), Stop::Clean).unwrap());
    assert_eq!(sim.call_count(OpKind::SyncDir), creations, "the mark is there");
}

#[test]
fn a_log_that_cannot_be_claimed_is_not_opened() {
    let sim = SimDisk::new();
    let dir = log_dir(&sim);
    written(&dir).0.close().unwrap();
    dir.claim_logs();
    sim.inject(Fault::next(OpKind::SyncDir, Failure::Io));
    assert!(Log::open(&dir, NAME, small(), Stop::Clean).is_err() && dir.failed());
}

#[test]
fn a_log_moves_back_again() {
    let sim = SimDisk::new();
    let (from, to) = (log_dir(&sim), other_dir(&sim));
    let (mut log, all) = written(&from);
    for (from, to) in [(&from, &to), (&to, &from), (&from, &to)] {
        let future = FutureLog::begin(from, to, NAME, log.reader()).unwrap();
        log = future.take_place(log, &small().into()).log.unwrap();
        assert_eq!(read_all(&log.reader()).unwrap(), from_start(&all, Offset(3)));
    }
}

/// After whichever operation the power is cut, one directory has the log, or both and the mark says which counts; and
/// that one has everything that was durable before.
#[test]
fn a_power_cut_during_a_move_leaves_one_log_that_counts() {
    let sim = SimDisk::new();
    let (from, to) = (log_dir(&sim), other_dir(&sim));
    let (mut log, durable) = written(&from);
    from.write_checkpoints().unwrap();
    sim.forget_history();
    let mut future = FutureLog::begin(&from, &to, NAME, log.reader()).unwrap();
    future.catch_up(&wanted).unwrap();
    append(&mut log, &batches(50));
    assert!(future.take_place(log, &small().into()).log.is_ok());
    let (mut old, mut both, mut new) = (0, 0, 0);
    for crashed in sim.crash_points() {
        for subset in [Subset::None, Subset::All, Subset::Random(7)] {
            let cut = crashed.power_cut(subset);
            let (from, to) = (log_dir(&cut), other_dir(&cut));
            let counts = match (from.has(NAME).unwrap(), to.has(NAME).unwrap()) {
                (true, false) => {
                    old += 1;
                    from
                }
                (true, true) => {
                    both += 1;
                    assert!(to.was_moved_here(NAME).unwrap() && !from.was_moved_here(NAME).unwrap());
                    to
                }
                (false, true) => {
                    new += 1;
                    to
                }
                (false, false) => panic!("the log is lost"),
            };
            let log = Log::open(&counts, NAME, small(), Stop::Power).unwrap();
            let found = read_all(&log.reader()).unwrap();
            let durable = from_start(&durable, log.reader().log_start_offset());
            assert_eq!(log.reader().log_start_offset(), Offset(3));
            assert_eq!(&found[..durable.len()], durable);
            assert_eq!(log.active_producers().count(), 1);
        }
    }
    assert!(old > 10 && both > 0 && new > 0, "{old} {both} {new}");
}

/// Whichever call fails on the new disk, the log goes on where it was. Where the copy has the name already, both have the
/// mark, so that no start takes the older one for the newer.
#[test]
fn a_failure_on_the_way_leaves_the_log_where_it_was_and_in_use() {
    let mut claimed = 0;
    for kind in [OpKind::Open, OpKind::Write, OpKind::Sync, OpKind::SyncDir, OpKind::Rename] {
        for after in 0.. {
            let (sim, other) = (SimDisk::new(), SimDisk::new());
            let (from, to) = (log_dir(&sim), other_dir(&other));
            let (log, mut all) = written(&from);
            let mut future = FutureLog::begin(&from, &to, NAME, log.reader()).unwrap();
            let calls = other.call_count(kind);
            other.inject(Fault::next(kind, Failure::Io).after(after));
            if future.catch_up(&wanted).is_err() {
                continue;
            }
            let replaced = future.take_place(log, &small().into());
            if other.call_count(kind) - calls <= after {
                break;
            }
            let counts = match (replaced.error, replaced.log) {
                (Some(_), Ok(mut log)) => {
                    assert!(Arc::ptr_eq(log.dir(), &from) && !from.failed(), "{kind:?} {after}");
                    if to.has(NAME).unwrap() {
                        claimed += 1;
                        assert!(to.was_moved_here(NAME).unwrap() && from.was_moved_here(NAME).unwrap());
                    }
                    let more = batches(70);
                    let base = append(&mut log, &more);
                    all.extend(expected(&more, base.0));
                    log.close().unwrap();
                    log_dir(&sim)
                }
                (None, Ok(_)) => other_dir(&other),
                (error, Err(_)) => panic!("{kind:?} {after}: the log is in use nowhere ({error:?})"),
            };
            let log = Log::open(&counts, NAME, small(), Stop::Unknown).unwrap();
            assert_eq!(read_all(&log.reader()).unwrap(), from_start(&all, Offset(3)), "{kind:?} {after}");
        }
    }
    assert!(claimed > 0);
}

/// What was only in the page cache when a move failed is durable if the log says so.
#[test]
fn after_a_failed_move_what_counts_as_durable_survives_a_power_cut() {
    let (sim, other) = (SimDisk::new(), SimDisk::new());
    let (from, to) = (log_dir(&sim), other_dir(&other));
    let (mut log, _) = written(&from);
    append(&mut log, &batches(50));
    let future = FutureLog::begin(&from, &to, NAME, log.reader()).unwrap();
    other.inject(Fault::next(OpKind::Rename, Failure::Io));
    let replaced = future.take_place(log, &small().into());
    assert!(replaced.error.is_some());
    let durable = replaced.log.unwrap().reader().durable_end().offset;
    let log = Log::open(&log_dir(&sim.power_cut(Subset::None)), NAME, small(), Stop::Power).unwrap();
    assert_eq!(log.reader().end().offset, durable);
}

#[test]
fn a_copy_that_a_crash_left_makes_room_for_the_next_one() {
    let sim = SimDisk::new();
    let (from, to) = (log_dir(&sim), other_dir(&sim));
    let (log, _) = written(&from);
    let mut left = FutureLog::begin(&from, &to, NAME, log.reader()).unwrap();
    left.catch_up(&wanted).unwrap();
    let aside = to.set_futures_aside().unwrap();
    assert_eq!(aside, to.deleted_logs().unwrap());
    let mut next = FutureLog::begin(&from, &to, NAME, log.reader()).unwrap();
    next.catch_up(&wanted).unwrap();
    aside.iter().for_each(|path| to.disk().remove_dir_all(path).unwrap());
    assert!(next.take_place(log, &small().into()).error.is_none());
}

#[test]
fn a_copy_that_finds_no_room_or_is_not_wanted_ends() {
    let sim = SimDisk::new();
    let (from, to) = (log_dir(&sim), other_dir(&sim));
    let (log, _) = written(&from);
    let mut future = FutureLog::begin(&from, &to, NAME, log.reader()).unwrap();
    assert_eq!(future.catch_up(&|| false).unwrap_err().kind(), std::io::ErrorKind::Interrupted);
    sim.set_capacity(1 << 20);
    assert_eq!(future.catch_up(&wanted).unwrap_err().kind(), std::io::ErrorKind::StorageFull);
    assert!(!to.failed() && !from.failed());
    future.abandon();
    assert_eq!(to.future_logs().unwrap(), Vec::<String>::new());
}
