//! Closing and deleting many logs with few syncs.

use std::path::Path;

use host::sim::{Failure, Fault, OpKind, Subset};
use host::{Disk, SimDisk};
use record::Compression;

use super::support::*;
use crate::{Log, LogDir, NewLog, Stop};

const LOGS: usize = 6;

fn batches() -> Vec<Vec<u8>> {
    (0..5).map(|index| batch(Compression::None, &[index], 200)).collect()
}

fn wanted() -> Vec<NewLog> {
    (0..LOGS).map(|index| NewLog { name: format!("t-{index}"), topic_id: TOPIC_ID, config: small().into() }).collect()
}

/// Logs over several segments, in the page cache.
fn written(dir: &std::sync::Arc<LogDir>) -> Vec<Log> {
    let mut logs: Vec<Log> = dir.create_logs(wanted(), 2).into_iter().map(Result::unwrap).collect();
    for log in &mut logs {
        append(log, &batches());
    }
    logs
}

/// The clean mark is never there without everything that was appended, whichever operation a power cut follows.
#[test]
fn a_power_cut_while_many_logs_are_closed_never_leaves_the_mark_alone() {
    let sim = SimDisk::new();
    let dir = log_dir(&sim);
    dir.begin().unwrap();
    let logs = written(&dir);
    sim.forget_history();
    assert!(dir.close_logs(logs, 2).iter().all(Result::is_ok));
    dir.mark_clean_shutdown().unwrap();
    let mut marked = 0;
    for crashed in sim.crash_points() {
        for subset in [Subset::None, Subset::All, Subset::Random(3)] {
            let cut = crashed.power_cut(subset);
            let dir = log_dir(&cut);
            if dir.begin().unwrap() != Stop::Clean {
                continue;
            }
            marked += 1;
            let wanted: Vec<_> = wanted().into_iter().map(|new| (new.name, new.config)).collect();
            for log in dir.open_logs(&wanted, Stop::Clean, 1, &|_| {}) {
                assert_eq!(read_all(&log.unwrap().reader()).unwrap(), expected(&batches(), 0));
            }
        }
    }
    assert!(marked >= 3, "the last state at least is marked");
}

#[test]
fn closing_an_untouched_log_writes_nothing() {
    let sim = SimDisk::new();
    let dir = log_dir(&sim);
    assert!(dir.close_logs(written(&dir), 2).iter().all(Result::is_ok));
    let wanted: Vec<_> = wanted().into_iter().map(|new| (new.name, new.config)).collect();
    let logs = dir.open_logs(&wanted, Stop::Clean, 1, &|_| {});
    let logs: Vec<Log> = logs.into_iter().map(Result::unwrap).collect();
    let before = sim.call_count(OpKind::Write);
    assert!(dir.close_logs(logs, 2).iter().all(Result::is_ok));
    assert_eq!(sim.call_count(OpKind::Write), before);
}

#[test]
fn logs_whose_sync_fails_are_not_closed() {
    let sim = SimDisk::new();
    let dir = log_dir(&sim);
    let logs = written(&dir);
    sim.inject(Fault::next(OpKind::SyncFilesystem, Failure::Io));
    assert!(dir.close_logs(logs, 2).iter().all(Result::is_err));
    assert!(dir.failed() && dir.mark_clean_shutdown().is_err());
}

#[test]
fn a_power_cut_while_many_logs_are_deleted_leaves_each_under_one_of_its_names() {
    let sim = SimDisk::new();
    let dir = log_dir(&sim);
    let logs = written(&dir);
    assert!(dir.close_logs(logs, 2).iter().all(Result::is_ok));
    let wanted: Vec<_> = wanted().into_iter().map(|new| (new.name, new.config)).collect();
    let logs = dir.open_logs(&wanted, Stop::Clean, 1, &|_| {}).into_iter().map(Result::unwrap).collect();
    sim.forget_history();
    let deleted = dir.delete_logs(logs);
    assert!(deleted.iter().all(Result::is_ok));
    for crashed in sim.crash_points() {
        for subset in [Subset::None, Subset::All, Subset::Random(5)] {
            let cut = log_dir(&crashed.power_cut(subset));
            assert_eq!(cut.logs().unwrap().len() + cut.deleted_logs().unwrap().len(), LOGS);
        }
    }
    let cut = sim.power_cut(Subset::None);
    assert_eq!((log_dir(&cut).logs().unwrap().len(), log_dir(&cut).deleted_logs().unwrap().len()), (0, LOGS));
    assert!(deleted.iter().flatten().all(|path| Disk::sim(cut.clone()).exists(path).unwrap()));
    assert!(!Disk::sim(cut).exists(Path::new("/data/t-0")).unwrap());
}
