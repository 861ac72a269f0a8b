//! What a failing disk does to a log.

use host::SimDisk;
use host::sim::{Failure, Fault, OpKind};
use record::Compression;

use super::support::*;
use crate::{AppendError, AppendOutcome, CloseError, LogConfig, Stop};

fn one() -> Vec<Vec<u8>> {
    vec![batch(Compression::None, &[1, 2], 40)]
}

#[test]
fn after_a_failed_write_nothing_is_acknowledged_and_nothing_more_is_written() {
    let sim = SimDisk::new();
    let mut log = create(&sim, LogConfig::default());
    append(&mut log, &one());
    let (reader, before) = (log.reader(), log.reader().end());
    sim.inject(Fault::next(OpKind::Write, Failure::Io));
    assert!(matches!(try_append(&mut log, &one()), Err(AppendError::Io(_))));
    assert_eq!(reader.end(), before);
    let ops = sim.op_count();
    assert!(matches!(try_append(&mut log, &one()), Err(AppendError::Failed(_))));
    assert!(matches!(log.close(), Err(CloseError::Failed(_))));
    assert_eq!(sim.op_count(), ops, "nothing was written");
    assert_eq!(read_all(&reader).unwrap(), expected(&one(), 0), "reads go on");
    assert_eq!(read_all(&open(&sim, LogConfig::default(), Stop::Power).reader()).unwrap(), expected(&one(), 0));
}

#[test]
fn a_failure_anywhere_in_a_roll_or_a_write_loses_nothing_acknowledged() {
    let kinds = [OpKind::Open, OpKind::Write, OpKind::SetLen, OpKind::Sync, OpKind::SyncDir, OpKind::Rename];
    for kind in kinds {
        for after in 0..12 {
            let sim = SimDisk::new();
            let mut log = create(&sim, small());
            sim.inject(Fault::next(kind, Failure::Io).after(after));
            let mut acknowledged = Vec::new();
            while acknowledged.len() < 20 && try_append(&mut log, &one()).is_ok() {
                acknowledged.extend(one());
            }
            drop(log);
            let found = read_all(&open(&sim.fork_after_process_crash(), small(), Stop::Power).reader()).unwrap();
            let wanted = expected(&acknowledged, 0);
            assert_eq!(found[..wanted.len()], wanted, "{kind:?} after {after}");
        }
    }
}

#[test]
fn a_full_disk_refuses_an_append_and_takes_the_next_one_when_there_is_room() {
    let sim = SimDisk::new();
    let mut log = create(&sim, LogConfig::default());
    // Once for the room ahead, once for what is needed.
    sim.inject(Fault::next(OpKind::Allocate, Failure::NoSpace).times(2));
    assert!(matches!(try_append(&mut log, &[sequenced(1, 0, 0, 2)]), Err(AppendError::StorageFull)));
    let outcomes = try_append(&mut log, &[sequenced(1, 0, 0, 2)]).unwrap();
    assert_eq!(outcomes, [AppendOutcome::Appended { base_offset: record::Offset(0) }]);
}

#[test]
fn short_writes_are_continued() {
    let sim = SimDisk::new();
    let mut log = create(&sim, LogConfig::default());
    append(&mut log, &one());
    sim.inject(Fault::next(OpKind::Write, Failure::Short(7)).times(5));
    append(&mut log, &one());
    assert_eq!(read_all(&log.reader()).unwrap(), expected(&[one(), one()].concat(), 0));
}

#[test]
fn a_failed_sync_is_not_tried_again() {
    let sim = SimDisk::new();
    let mut log = create(&sim, LogConfig::default());
    append(&mut log, &one());
    sim.inject(Fault::next(OpKind::Sync, Failure::Io));
    assert!(matches!(log.flush(), Err(CloseError::Io(_))));
    assert!(matches!(log.flush(), Err(CloseError::Failed(_))));
}
