//! Crash semantics, case by case. Each test says what a program did and what may be left of it.

use std::collections::BTreeSet;

use super::*;
use crate::{Disk, File};

const LOG: &str = "/log";

/// A disk, and handles to it.
fn disk(promises: Promises) -> (SimDisk, Disk) {
    let sim = SimDisk::with_promises(promises);
    (sim.clone(), Disk::sim(sim))
}

fn create(disk: &Disk, path: &str) -> File {
    disk.open(Path::new(path), Open::CreateNew).unwrap()
}

/// A file whose name is durable, with `durable` synced as its content.
fn durable_file(disk: &Disk, path: &str, durable: &[u8]) -> File {
    let file = create(disk, path);
    file.write_all_at(durable, 0).unwrap();
    file.sync_data().unwrap();
    disk.sync_dir(Path::new("/")).unwrap();
    file
}

fn content(sim: SimDisk, path: &str) -> Option<Vec<u8>> {
    let disk = Disk::sim(sim);
    disk.exists(Path::new(path)).unwrap().then(|| disk.read(Path::new(path)).unwrap())
}

/// What each subset leaves of a file.
fn outcomes(sim: &SimDisk, path: &str, random: u64) -> BTreeSet<Option<Vec<u8>>> {
    sim.subsets(random).map(|subset| content(sim.power_cut(subset), path)).collect()
}

#[test]
fn a_process_crash_keeps_the_page_cache_and_drops_the_locks() {
    let (sim, disk) = disk(Promises::Posix);
    create(&disk, LOG).write_all_at(b"unsynced", 0).unwrap();
    let _lock = disk.lock_dir(Path::new("/")).unwrap();
    let crashed = sim.fork_after_process_crash();
    assert_eq!(content(crashed.clone(), LOG).as_deref(), Some(b"unsynced".as_slice()));
    Disk::sim(crashed.clone()).lock_dir(Path::new("/")).unwrap();
    assert_eq!(content(crashed.power_cut(Subset::None), LOG), None, "it is still only in the page cache");
}

#[test]
fn what_is_synced_survives_every_power_cut() {
    let (sim, disk) = disk(Promises::Posix);
    let file = durable_file(&disk, LOG, b"kept");
    file.write_all_at(b"pending", 4).unwrap();
    for left in outcomes(&sim, LOG, 64) {
        assert_eq!(&left.unwrap()[..4], b"kept");
    }
}

#[test]
fn a_fork_is_a_disk_of_its_own() {
    let (sim, disk) = disk(Promises::Posix);
    let file = durable_file(&disk, LOG, b"old");
    let crashed = sim.power_cut(Subset::All);
    file.write_all_at(b"new", 0).unwrap();
    assert_eq!(content(crashed, LOG).as_deref(), Some(b"old".as_slice()));
}

#[test]
fn a_synced_file_without_a_synced_name_may_be_gone() {
    for (promises, may_be_gone) in [(Promises::Posix, true), (Promises::Ext4, false)] {
        let (sim, disk) = disk(promises);
        let file = create(&disk, LOG);
        file.write_all_at(b"x", 0).unwrap();
        file.sync_all().unwrap();
        let gone = outcomes(&sim, LOG, 16).contains(&None);
        assert_eq!(gone, may_be_gone, "{promises:?}");
    }
}

#[test]
fn a_synced_name_without_synced_content_may_be_an_empty_file() {
    let (sim, disk) = disk(Promises::Posix);
    let file = create(&disk, LOG);
    file.write_all_at(b"x", 0).unwrap();
    disk.sync_dir(Path::new("/")).unwrap();
    let left = outcomes(&sim, LOG, 32);
    assert_eq!(left, BTreeSet::from([Some(vec![]), Some(vec![0]), Some(b"x".to_vec())]));
}

#[test]
fn writes_survive_in_any_order() {
    let (sim, disk) = disk(Promises::Posix);
    let file = durable_file(&disk, LOG, b"");
    file.write_all_at(b"a", 0).unwrap();
    file.write_all_at(b"b", 1).unwrap();
    let left = outcomes(&sim, LOG, 0);
    let expected: [&[u8]; 4] = [b"", b"a", b"\0b", b"ab"];
    assert_eq!(left, expected.map(|bytes| Some(bytes.to_vec())).into());
}

#[test]
fn a_write_tears_at_sectors_at_bytes_and_down_to_its_length() {
    let (sim, disk) = disk(Promises::Posix);
    let file = durable_file(&disk, LOG, &[1; 100]);
    file.write_all_at(&[2; 1536], 100).unwrap();
    let left = outcomes(&sim, LOG, 400);
    let has = |wanted: &dyn Fn(&[u8]) -> bool| left.iter().any(|bytes| wanted(bytes.as_deref().unwrap()));
    assert!(has(&|b| b.len() == 1636 && b[100..].iter().all(|byte| *byte == 0)), "length only");
    assert!(has(&|b| b.len() == 1636 && b[511] == 0 && b[512] == 2 && b[1023] == 2 && b[1024] == 0), "one sector");
    assert!(has(&|b| b.len() > 100 && b.len() % 512 != 100 && b[100..].iter().all(|byte| *byte == 2)), "any byte");
    assert!(left.iter().all(|bytes| bytes.as_deref().unwrap().starts_with(&[1; 100])));
}

#[test]
fn a_cut_file_may_have_its_old_length_back() {
    let (sim, disk) = disk(Promises::Posix);
    durable_file(&disk, LOG, b"0123").set_len(2).unwrap();
    assert_eq!(outcomes(&sim, LOG, 0), BTreeSet::from([Some(b"01".to_vec()), Some(b"0123".to_vec())]));
}

#[test]
fn a_rename_is_whole_or_not_there() {
    let (sim, disk) = disk(Promises::Posix);
    durable_file(&disk, "/a", b"moved");
    disk.rename(Path::new("/a"), Path::new("/b")).unwrap();
    for subset in sim.subsets(8) {
        let crashed = sim.power_cut(subset);
        let [a, b] = ["/a", "/b"].map(|path| content(crashed.clone(), path));
        assert_eq!(a.xor(b).as_deref(), Some(b"moved".as_slice()));
    }
    disk.sync_dir(Path::new("/")).unwrap();
    assert_eq!(content(sim.power_cut(Subset::None), "/a"), None);
}

#[test]
fn a_file_renamed_twice_has_one_name() {
    let (sim, disk) = disk(Promises::Posix);
    durable_file(&disk, "/a", b"moved");
    disk.rename(Path::new("/a"), Path::new("/b")).unwrap();
    disk.rename(Path::new("/b"), Path::new("/c")).unwrap();
    for subset in sim.subsets(8) {
        let names = Disk::sim(sim.power_cut(subset)).read_dir(Path::new("/")).unwrap();
        assert_eq!(names.len(), 1, "{subset:?}: {names:?}");
    }
}

#[test]
fn a_rename_without_a_sync_before_it_may_leave_an_empty_file() {
    let (sim, disk) = disk(Promises::Ext4);
    create(&disk, "/log.tmp").write_all_at(b"data", 0).unwrap();
    disk.rename(Path::new("/log.tmp"), Path::new(LOG)).unwrap();
    disk.sync_dir(Path::new("/")).unwrap();
    assert!(outcomes(&sim, LOG, 0).contains(&Some(vec![])));
}

#[test]
fn a_removed_file_may_be_back_until_the_directory_is_synced() {
    let (sim, disk) = disk(Promises::Posix);
    durable_file(&disk, LOG, b"x");
    disk.remove_file(Path::new(LOG)).unwrap();
    assert_eq!(outcomes(&sim, LOG, 0), BTreeSet::from([None, Some(b"x".to_vec())]));
    disk.sync_dir(Path::new("/")).unwrap();
    assert_eq!(outcomes(&sim, LOG, 0), BTreeSet::from([None]));
}

#[test]
fn names_keep_their_order_only_where_that_is_promised() {
    for (promises, any_order) in [(Promises::Posix, true), (Promises::Ext4, false)] {
        let (sim, disk) = disk(promises);
        create(&disk, "/first");
        create(&disk, "/second");
        let second_alone = sim.subsets(16).any(|subset| {
            let crashed = sim.power_cut(subset);
            content(crashed.clone(), "/first").is_none() && content(crashed, "/second").is_some()
        });
        assert_eq!(second_alone, any_order, "{promises:?}");
    }
}

#[test]
fn syncing_a_directory_says_nothing_about_its_parent() {
    for (promises, may_be_gone) in [(Promises::Posix, true), (Promises::Ext4, false)] {
        let (sim, disk) = disk(promises);
        disk.create_dir_all(Path::new("/a/b")).unwrap();
        disk.sync_dir(Path::new("/a/b")).unwrap();
        disk.sync_dir(Path::new("/a")).unwrap();
        let gone = !Disk::sim(sim.power_cut(Subset::None)).exists(Path::new("/a")).unwrap();
        assert_eq!(gone, may_be_gone, "{promises:?}");
    }
}

/// Rebello et al., "Can Applications Recover from fsync Failures?", ATC 2020: ext4 and XFS mark the pages clean.
#[test]
fn after_a_failed_sync_the_data_is_read_but_never_durable() {
    let (sim, disk) = disk(Promises::Posix);
    let file = durable_file(&disk, LOG, b"old");
    file.write_all_at(b"new", 0).unwrap();
    sim.inject(Fault::next(OpKind::Sync, Failure::Io));
    assert_eq!(file.sync_data().unwrap_err().raw_os_error(), Some(libc::EIO));
    file.sync_data().unwrap();
    assert_eq!(content(sim.clone(), LOG).as_deref(), Some(b"new".as_slice()));
    assert_eq!(outcomes(&sim, LOG, 4), BTreeSet::from([Some(b"old".to_vec())]));
}

#[test]
fn a_fault_strikes_the_calls_it_was_planned_for() {
    let (sim, disk) = disk(Promises::Posix);
    let file = create(&disk, LOG);
    sim.inject(Fault::next(OpKind::Write, Failure::NoSpace).after(1).times(2));
    let verdicts = [(); 4].map(|()| file.write_all_at(b"x", 0).map_err(|error| error.kind()));
    assert_eq!(verdicts, [Ok(()), Err(io::ErrorKind::StorageFull), Err(io::ErrorKind::StorageFull), Ok(())]);
}

#[test]
fn every_kind_of_call_can_fail_without_having_done_anything() {
    type Call = fn(&Disk, &File) -> io::Result<()>;
    let calls: [(OpKind, Call); 11] = [
        (OpKind::Open, |disk, _| disk.open(Path::new("/new"), Open::CreateNew).map(drop)),
        (OpKind::Read, |_, file| file.read_at(&mut [0], 0).map(drop)),
        (OpKind::Write, |_, file| file.write_all_at(b"y", 0)),
        (OpKind::SetLen, |_, file| file.set_len(0)),
        (OpKind::Sync, |_, file| file.sync_all()),
        (OpKind::SyncDir, |disk, _| disk.sync_dir(Path::new("/"))),
        (OpKind::SyncFilesystem, |disk, _| disk.sync_filesystem(Path::new("/"))),
        (OpKind::Allocate, |_, file| file.allocate_ahead(0, 1)),
        (OpKind::CreateDir, |disk, _| disk.create_dir_all(Path::new("/dir"))),
        (OpKind::Rename, |disk, _| disk.rename(Path::new(LOG), Path::new("/renamed"))),
        (OpKind::Remove, |disk, _| disk.remove_file(Path::new(LOG))),
    ];
    for (kind, call) in calls {
        let (sim, disk) = disk(Promises::Posix);
        let file = durable_file(&disk, LOG, b"x");
        sim.inject(Fault::next(kind, Failure::Io));
        let failed = call(&disk, &file).map_err(|error| error.raw_os_error());
        assert_eq!(failed, Err(Some(libc::EIO)), "{kind:?}");
        let names: Vec<_> = disk.read_dir(Path::new("/")).unwrap().into_iter().map(|entry| entry.name).collect();
        assert_eq!((names, disk.read(Path::new(LOG)).unwrap()), (vec!["log".to_owned()], b"x".to_vec()), "{kind:?}");
        call(&disk, &file).unwrap_or_else(|error| panic!("{kind:?} again: {error}"));
    }
}

#[test]
fn the_state_after_each_op_is_the_one_there_was() {
    let (sim, disk) = disk(Promises::Posix);
    let mut seen = vec![None];
    let file = create(&disk, LOG);
    seen.push(Some(vec![]));
    for byte in *b"abc" {
        file.write_all_at(&[byte], u64::from(byte - b'a')).unwrap();
        seen.push(content(sim.clone(), LOG));
    }
    file.sync_data().unwrap();
    seen.push(content(sim.clone(), LOG));
    assert_eq!(sim.op_count(), 5);
    let replayed: Vec<_> = (0..=5).map(|ops| content(sim.state_after(ops), LOG)).collect();
    assert_eq!(replayed, seen);
    let iterated: Vec<_> = sim.crash_points().map(|state| content(state, LOG)).collect();
    assert_eq!(iterated, seen);
    assert_eq!([4, 5].map(|ops| sim.state_after(ops).pending_count()), [4, 1], "the name is pending after the sync");
}

#[test]
fn forgotten_history_is_where_the_replay_begins() {
    let (sim, disk) = disk(Promises::Posix);
    let file = create(&disk, LOG);
    sim.forget_history();
    file.write_all_at(b"x", 0).unwrap();
    assert_eq!(sim.op_count(), 1);
    assert_eq!(content(sim.state_after(0), LOG), Some(vec![]));
    assert_eq!(content(sim.state_after(1), LOG), Some(b"x".to_vec()));
}

#[test]
fn a_seed_decides_a_power_cut() {
    let (sim, disk) = disk(Promises::Posix);
    let file = durable_file(&disk, LOG, b"");
    (0..32_u8).for_each(|byte| file.write_all_at(&[byte; 700], u64::from(byte) * 700).unwrap());
    let cut = |seed| content(sim.power_cut(Subset::Random(seed)), LOG);
    assert_eq!(cut(1), cut(1));
    assert_ne!(cut(1), cut(2));
}

/// The reason for all of this: whenever the power goes, the old or the new content is there, and after the call
/// returned it is the new one.
#[test]
fn write_atomic_is_atomic_and_durable() {
    for promises in [Promises::Posix, Promises::Ext4] {
        let (sim, disk) = disk(promises);
        let path = Path::new(LOG);
        let mut promised = vec![(0, None)];
        for content in [vec![1; 600], vec![2; 20], vec![3; 1200]] {
            disk.write_atomic(path, &content).unwrap();
            promised.push((sim.op_count(), Some(content)));
        }
        for (op, crashed) in sim.crash_points().enumerate() {
            let last = promised.iter().rposition(|(at, _)| *at <= op).unwrap();
            let allowed: Vec<_> = promised.iter().skip(last).take(2).map(|(_, content)| content.clone()).collect();
            for subset in crashed.subsets(16) {
                let left = content(crashed.power_cut(subset), LOG);
                assert!(allowed.contains(&left), "{promises:?}, after op {op}, {subset:?}: {left:?}");
            }
        }
    }
}

#[test]
fn a_sync_of_the_filesystem_makes_everything_durable_or_nothing_ever() {
    for fails in [false, true] {
        let (sim, disk) = disk(Promises::Posix);
        disk.create_dir_all(Path::new("/dir")).unwrap();
        create(&disk, "/dir/f").write_all_at(b"abc", 0).unwrap();
        if fails {
            sim.inject(Fault::next(OpKind::SyncFilesystem, Failure::Io));
        }
        assert_eq!(disk.sync_filesystem(Path::new("/dir")).is_err(), fails);
        disk.sync_filesystem(Path::new("/")).unwrap();
        let kept = if fails { None } else { Some(b"abc".to_vec()) };
        assert_eq!(outcomes(&sim, "/dir/f", 4), BTreeSet::from([kept]));
    }
}

#[test]
fn the_page_cache_is_another_one_after_a_power_cut_only() {
    let (sim, disk) = disk(Promises::Posix);
    let identity = |sim: SimDisk| Disk::sim(sim).cache_identity(Path::new("/")).unwrap();
    let before = disk.cache_identity(Path::new("/")).unwrap();
    assert_eq!(identity(sim.fork_after_process_crash()), before);
    assert_eq!(identity(sim.state_after(0)), before);
    assert_ne!(identity(sim.power_cut(Subset::All)), before);
}

#[test]
fn a_full_disk_writes_what_fits_and_then_refuses_until_there_is_room() {
    let sim = SimDisk::new();
    let disk = Disk::sim(sim.clone());
    let file = disk.open(Path::new("/a"), Open::CreateNew).unwrap();
    sim.set_capacity(10);
    file.allocate_ahead(0, 4).unwrap();
    assert_eq!(disk.available_bytes(Path::new("/")).unwrap(), 6, "a reservation is taken");
    let full = |result: std::io::Result<()>| result.unwrap_err().kind() == std::io::ErrorKind::StorageFull;
    assert!(full(file.allocate_ahead(0, 11)) && full(file.write_all_at(&[1; 12], 0)));
    assert_eq!(file.len().unwrap(), 10, "what fits was written");
    file.write_all_at(&[2; 10], 0).unwrap();
    assert!(full(disk.open(Path::new("/b"), Open::CreateNew).map(drop)));
    file.set_len(3).unwrap();
    disk.open(Path::new("/b"), Open::CreateNew).unwrap().write_all_at(&[3; 7], 0).unwrap();
    disk.remove_file(Path::new("/a")).unwrap();
    assert_eq!(disk.available_bytes(Path::new("/")).unwrap(), 3);
}
