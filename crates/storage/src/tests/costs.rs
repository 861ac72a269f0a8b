//! What starts, stops and first appends cost: counted calls, since thousands of logs make each of them.

use host::sim::{OpKind, Subset};
use host::{Disk, Open, SimDisk};
use record::{Compression, LeaderEpoch, Offset};

use super::support::*;
use crate::{AppendOutcome, Log, LogConfig, Outcomes, Stop};

const CHANGES: [OpKind; 6] =
    [OpKind::Write, OpKind::SetLen, OpKind::Rename, OpKind::Remove, OpKind::Sync, OpKind::SyncDir];

fn calls(sim: &SimDisk, kinds: &[OpKind]) -> u64 {
    kinds.iter().map(|kind| sim.call_count(*kind)).sum()
}

/// A log with one batch that no producer can send again.
fn one_batch() -> SimDisk {
    let sim = SimDisk::new();
    append(&mut create(&sim, LogConfig::default()), &[batch(Compression::None, &[1, 2], 3_000)]);
    sim
}

fn in_epoch(log: &mut Log, batch: &[u8], epoch: i32) {
    log.append(&[produced(batch)], LeaderEpoch(epoch), NOW, &mut Outcomes::new()).unwrap();
}

fn ends_of_epochs(log: &Log) -> Vec<Option<(i32, i64)>> {
    let ends = (0..5).map(|epoch| log.end_of_epoch(LeaderEpoch(epoch)));
    ends.map(|end| end.map(|(epoch, offset)| (epoch.0, offset.0))).collect()
}

#[test]
fn a_start_after_the_death_of_the_process_writes_nothing_where_little_is_replayed() {
    let sim = one_batch();
    let dir = log_dir(&sim);
    dir.note_recovery_point(NAME, Offset(0)).unwrap();
    dir.write_checkpoints().unwrap();
    let crashed = sim.fork_after_process_crash();
    let dir = log_dir(&crashed);
    let before = (calls(&crashed, &CHANGES), crashed.call_count(OpKind::Open));
    let config = std::sync::Arc::new(LogConfig::default());
    let mut wanted: Vec<_> = vec![(NAME.to_owned(), config.clone())];
    // With others the log is opened as one of many.
    wanted.extend((0..5).map(|index| (format!("away-{index}"), config.clone())));
    let log = dir.open_logs(&wanted, Stop::Process, 1, &|_| {}).remove(0).unwrap();
    let away = 2 * 5;
    assert_eq!(calls(&crashed, &CHANGES), before.0, "nothing is to be repaired");
    let opens = crashed.call_count(OpKind::Open) - before.1;
    assert!(opens <= 4 + away, "{opens} files were opened for the log, its epochs and the checkpoints");
    assert_eq!(log.reader().end().offset, Offset(2));
    assert!(files(&crashed, ".snapshot").is_empty());
}

#[test]
fn what_is_replayed_again_after_a_second_crash_is_bounded() {
    let config = LogConfig { segment_bytes: 1 << 30, ..LogConfig::default() };
    let sim = SimDisk::new();
    let mut log = create(&sim, config.clone());
    append(&mut log, &[sequenced(7, 0, 0, 1)]);
    let plain =
        |range: std::ops::Range<i64>| range.map(|n| batch(Compression::None, &[NOW.0 + n], 1_000)).collect::<Vec<_>>();
    append(&mut log, &plain(0..900));
    drop(log);
    drop(open(&sim, config.clone(), Stop::Process));
    assert!(files(&sim, ".snapshot").is_empty(), "less than a MiB");
    append(&mut open(&sim, config.clone(), Stop::Process), &plain(900..1_000));
    let mut log = open(&sim, config.clone(), Stop::Process);
    assert_eq!(files(&sim, ".snapshot").len(), 1, "more than a MiB");
    append(&mut log, &[sequenced(7, 0, 1, 1)]);
    let second = sim.fork_after_process_crash();
    let before = second.call_count(OpKind::Read);
    let mut log = open(&second, config, Stop::Process);
    let reads = second.call_count(OpKind::Read) - before;
    assert!(reads < 50, "{reads} reads: the headers before the snapshot are not read");
    let outcomes = try_append(&mut log, &[sequenced(7, 0, 0, 1), sequenced(7, 0, 2, 1)]).unwrap();
    assert_eq!(outcomes[0], AppendOutcome::Duplicate { base_offset: Offset(0), timestamp: NOW });
    assert!(matches!(outcomes[1], AppendOutcome::Appended { .. }));
}

#[test]
fn a_small_log_without_producers_is_closed_without_a_snapshot_and_opened_as_it_is() {
    let sim = one_batch();
    open(&sim, LogConfig::default(), Stop::Process).close().unwrap();
    assert!(files(&sim, ".snapshot").is_empty() && files(&sim, ".windows").is_empty());
    let dir = log_dir(&sim);
    let before = calls(&sim, &CHANGES);
    let mut log = Log::open(&dir, NAME, LogConfig::default(), Stop::Clean).unwrap();
    assert_eq!(calls(&sim, &CHANGES), before, "it was closed");
    assert_eq!(log.producers(), &crate::producers::Producers::default());
    append(&mut log, &[sequenced(7, 0, 0, 1)]);
    log.close().unwrap();
    assert_eq!(files(&sim, ".snapshot").len(), 1, "a producer is known");
    let cut = sim.power_cut(Subset::None);
    let mut log = open(&cut, LogConfig::default(), Stop::Clean);
    let outcomes = try_append(&mut log, &[sequenced(7, 0, 0, 1)]).unwrap();
    assert_eq!(outcomes, [AppendOutcome::Duplicate { base_offset: Offset(2), timestamp: NOW }]);
}

#[test]
fn a_log_that_was_never_written_is_opened_and_closed_without_a_change() {
    let sim = SimDisk::new();
    create(&sim, LogConfig::default()).close().unwrap();
    for stop in [Stop::Clean, Stop::Process] {
        let copy = sim.fork_after_process_crash();
        let before = calls(&copy, &[OpKind::Write, OpKind::Rename, OpKind::Remove]);
        open(&copy, LogConfig::default(), stop).close().unwrap();
        assert_eq!(calls(&copy, &[OpKind::Write, OpKind::Rename, OpKind::Remove]), before, "{stop:?}");
    }
}

#[test]
fn the_first_append_of_an_epoch_waits_for_no_sync() {
    let sim = SimDisk::new();
    let mut log = create(&sim, LogConfig::default());
    let syncs = [OpKind::Sync, OpKind::SyncDir];
    let before = calls(&sim, &syncs);
    in_epoch(&mut log, &at_one(), 1);
    in_epoch(&mut log, &at_one(), 2);
    assert_eq!(calls(&sim, &syncs), before);
    let wanted = ends_of_epochs(&log);
    drop(log);
    assert_eq!(ends_of_epochs(&open(&sim, LogConfig::default(), Stop::Process)), wanted);
}

/// A power cut may keep a snapshot and the batches before it, and an older checkpoint of the epochs: those of the batches that
/// are not read again would be lost.
#[test]
fn an_epoch_that_the_checkpoint_lost_is_known_from_the_batches() {
    let sim = SimDisk::new();
    let mut log = create(&sim, small());
    for epoch in [1, 1, 2, 2, 2, 2, 2, 4, 4, 4, 4, 4] {
        in_epoch(&mut log, &at_one(), epoch);
    }
    assert!(files(&sim, ".snapshot").len() > 1, "of rolls");
    let wanted = ends_of_epochs(&log);
    log.flush().unwrap();
    drop(log);
    let path = files(&sim, "leader-epoch-checkpoint").remove(0);
    for older in ["0\n1\n1 0\n", "0\n2\n1 0\n2 2\n", "", "0\n0\n"] {
        let copy = sim.fork_after_process_crash();
        let file = Disk::sim(copy.clone()).open(&path, Open::ReadWrite).unwrap();
        file.set_len(0).unwrap();
        file.write_all_at(older.as_bytes(), 0).unwrap();
        assert_eq!(ends_of_epochs(&open(&copy, small(), Stop::Power)), wanted, "{older:?}");
        assert_eq!(ends_of_epochs(&open(&copy, small(), Stop::Clean)), wanted, "{older:?} is made good");
    }
    for subset in sim.subsets(20) {
        let cut = sim.power_cut(subset);
        let log = open(&cut, small(), Stop::Power);
        assert_eq!(ends_of_epochs(&log), wanted, "all batches were durable");
    }
}

fn at_one() -> Vec<u8> {
    batch(Compression::None, &[1], 50)
}
