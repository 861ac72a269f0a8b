use host::SimDisk;

use super::*;

fn dir() -> LogDir {
    let disk = Disk::sim(SimDisk::new());
    disk.create_dir_all(Path::new("/data")).unwrap();
    LogDir::new(disk, PathBuf::from("/data"))
}

#[test]
fn recovery_points_are_kafkas_text_and_are_forgotten_on_disk() {
    let dir = dir();
    dir.note_recovery_point("a-b-0", Offset(12)).unwrap();
    dir.note_recovery_point("c-11", Offset(5)).unwrap();
    dir.write_checkpoints().unwrap();
    let path = dir.path().join(RECOVERY_POINTS);
    assert_eq!(dir.disk().read(&path).unwrap(), b"0\n2\na-b 0 12\nc 11 5\n");
    let again = || LogDir::new(dir.disk().clone(), dir.path().to_owned());
    assert_eq!(again().recovery_point("a-b-0").unwrap(), Some(Offset(12)));
    again().forget(["a-b-0"]).unwrap();
    assert_eq!(again().recovery_point("a-b-0").unwrap(), Some(Offset(0)), "it may be younger than the checkpoint");
    assert_eq!(again().recovery_point("c-11").unwrap(), Some(Offset(5)));
}

#[test]
fn names_of_deleted_logs_fit_and_are_recognised() {
    for name in ["orders-3".to_owned(), format!("{}-12345", "é".repeat(124))] {
        let deleted = names::deleted(&name, Uuid([0xAB; 16]), 0);
        assert!(deleted.len() <= names::NAME_BYTES_MAX && names::is_deleted(&deleted), "{deleted}");
    }
    assert_eq!(names::deleted("orders-3", Uuid([0xAB; 16]), 0), format!("orders-3.{}-delete", "ab".repeat(16)));
    for other in ["orders-3", "a-delete", "orders-3.0123-delete", "x.zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz-delete"] {
        assert!(!names::is_deleted(other), "{other}");
    }
}

#[test]
fn a_failed_directory_is_not_marked_clean() {
    let dir = dir();
    let failed: io::Result<()> = Err(io::ErrorKind::Other.into());
    dir.watch(failed).unwrap_err();
    assert!(dir.failed() && dir.mark_clean_shutdown().is_err());
    assert_eq!(dir.begin().unwrap(), Stop::Unknown);
}

#[test]
fn partition_metadata_is_kafkas() {
    let dir = dir();
    dir.disk().create_dir_all(&dir.path().join("t-0")).unwrap();
    assert_eq!(dir.topic_id("t-0").unwrap(), None);
    dir.write_topic_id("t-0", Uuid([0; 16])).unwrap();
    let bytes = dir.disk().read(&dir.path().join("t-0").join(files::PARTITION_METADATA)).unwrap();
    assert_eq!(bytes, b"version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAA");
    assert_eq!(dir.topic_id("t-0").unwrap(), Some(Uuid([0; 16])));
    assert_eq!(names::parse_partition_metadata(b"version: 1\ntopic_id: AAAAAAAAAAAAAAAAAAAAAA"), None);
}

#[test]
fn a_log_that_is_deleted_twice_has_two_directories() {
    let dir = dir();
    let mut paths = Vec::new();
    for _ in 0..3 {
        dir.disk().create_dir_all(&dir.path().join("t-0")).unwrap();
        dir.write_topic_id("t-0", Uuid([5; 16])).unwrap();
        paths.push(dir.set_aside("t-0").unwrap());
    }
    paths.sort_unstable();
    assert_eq!(dir.deleted_logs().unwrap(), paths, "all have names of deleted logs");
    paths.dedup();
    assert_eq!(paths.len(), 3);
}

#[test]
fn the_three_checkpoints_are_kafkas_and_only_what_has_changed_is_written() {
    let dir = dir();
    dir.note_log_start_offset("t-0", Offset(3)).unwrap();
    dir.note_high_watermark("t-0", Offset(9)).unwrap();
    dir.note_recovery_point("t-0", Offset(8)).unwrap();
    dir.write_checkpoints().unwrap();
    for (name, offset) in [(LOG_START_OFFSETS, 3), (HIGH_WATERMARKS, 9), (RECOVERY_POINTS, 8)] {
        let text = dir.disk().read(&dir.path().join(name)).unwrap();
        assert_eq!(text, format!("0\n1\nt 0 {offset}\n").as_bytes());
        dir.disk().remove_file(&dir.path().join(name)).unwrap();
    }
    dir.note_log_start_offset("t-0", Offset(3)).unwrap();
    dir.write_checkpoints().unwrap();
    assert!(!dir.disk().exists(&dir.path().join(LOG_START_OFFSETS)).unwrap(), "nothing has changed");
    dir.note_high_watermark("t-0", Offset(10)).unwrap();
    dir.write_checkpoints().unwrap();
    assert!(dir.disk().exists(&dir.path().join(HIGH_WATERMARKS)).unwrap());
    dir.forget(["t-0"]).unwrap();
    let again = LogDir::new(dir.disk().clone(), dir.path().to_owned());
    assert_eq!(again.high_watermark("t-0").unwrap(), None);
    assert_eq!(again.log_start_offset("t-0").unwrap(), Offset(0));
}

#[test]
fn no_bit_of_the_log_start_offsets_matters_and_kafkas_file_serves_when_it_is_alone() {
    let sim = SimDisk::new();
    let disk = Disk::sim(sim.clone());
    disk.create_dir_all(Path::new("/data")).unwrap();
    let dir = |sim: &SimDisk| LogDir::new(Disk::sim(sim.clone()), PathBuf::from("/data"));
    let first = dir(&sim);
    first.note_log_start_offset("t-0", Offset(1234)).unwrap();
    first.write_checkpoints().unwrap();
    for name in [LOG_START_OFFSETS, LOG_START_OFFSETS_COPY] {
        let path = Path::new("/data").join(name);
        let bytes = disk.read(&path).unwrap();
        for bit in 0..bytes.len() * 8 {
            let copy = sim.fork_after_process_crash();
            let flipped = bytes[bit / 8] ^ (1 << (bit % 8));
            let file = Disk::sim(copy.clone()).open(&path, host::Open::ReadWrite).unwrap();
            file.write_all_at(&[flipped], (bit / 8) as u64).unwrap();
            assert_eq!(dir(&copy).log_start_offset("t-0").unwrap(), Offset(1234), "{name} bit {bit}");
        }
    }
    disk.remove_file(&Path::new("/data").join(LOG_START_OFFSETS_COPY)).unwrap();
    assert_eq!(dir(&sim).log_start_offset("t-0").unwrap(), Offset(1234));
}

#[test]
fn a_full_disk_leaves_the_old_checkpoints_and_the_directory_works_on() {
    use host::sim::{Failure, Fault, OpKind};
    for kind in [OpKind::Open, OpKind::Write, OpKind::SetLen, OpKind::Rename] {
        let sim = SimDisk::new();
        let disk = Disk::sim(sim.clone());
        disk.create_dir_all(Path::new("/data")).unwrap();
        let dir = LogDir::new(disk, PathBuf::from("/data"));
        dir.note_recovery_point("t-0", Offset(1)).unwrap();
        dir.write_checkpoints().unwrap();
        dir.note_recovery_point("t-0", Offset(2)).unwrap();
        sim.inject(Fault::next(kind, Failure::NoSpace));
        let error = dir.write_checkpoints().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        let again = LogDir::new(Disk::sim(sim.clone()), PathBuf::from("/data"));
        assert_eq!(again.recovery_point("t-0").unwrap(), Some(Offset(1)), "{kind:?}");
        assert!(!dir.failed());
        dir.write_checkpoints().unwrap();
        let again = LogDir::new(Disk::sim(sim.clone()), PathBuf::from("/data"));
        assert_eq!(again.recovery_point("t-0").unwrap(), Some(Offset(2)), "{kind:?}");
    }
}

#[test]
fn a_killed_process_is_told_from_a_power_cut() {
    let sim = SimDisk::new();
    let disk = Disk::sim(sim.clone());
    disk.create_dir_all(Path::new("/data")).unwrap();
    disk.sync_dir(Path::new("/")).unwrap();
    let dir = |sim: SimDisk| LogDir::new(Disk::sim(sim), PathBuf::from("/data"));
    assert_eq!(dir(sim.clone()).begin().unwrap(), Stop::Unknown, "nobody was here before");
    assert_eq!(dir(sim.clone()).begin().unwrap(), Stop::Unknown, "recovery was not complete");
    dir(sim.clone()).recovery_is_complete().unwrap();
    assert_eq!(dir(sim.clone()).begin().unwrap(), Stop::Process);
    assert_eq!(dir(sim.clone()).begin().unwrap(), Stop::Process, "killed again at once");
    for subset in sim.subsets(8) {
        let cut = sim.power_cut(subset);
        assert_eq!(dir(cut.clone()).begin().unwrap(), Stop::Power);
        assert_eq!(dir(cut.clone()).begin().unwrap(), Stop::Power, "killed during the recovery after the cut");
    }
    dir(sim.clone()).mark_clean_shutdown().unwrap();
    let cut = sim.power_cut(host::sim::Subset::None);
    assert_eq!(dir(cut.clone()).begin().unwrap(), Stop::Clean, "a clean stop survives a cut");
    assert_eq!(dir(cut).begin().unwrap(), Stop::Process, "everything was durable");
    assert_eq!(dir(sim.clone()).begin().unwrap(), Stop::Clean);
    let failing = dir(sim.clone());
    let _ = failing.watch_sync::<()>(Err(io::ErrorKind::Other.into()));
    assert_eq!(dir(sim).begin().unwrap(), Stop::Unknown, "the cache is not trusted after a failed sync");
}

#[test]
fn a_session_is_of_ours_only_when_it_is_whole() {
    let dir = dir();
    let session = dir.path().join(".ottla-session");
    for (text, stop) in [
        ("0\nboot 17\n", Stop::Power),
        ("0\nnone\n", Stop::Power),
        ("", Stop::Unknown),
        ("0\n\n", Stop::Unknown),
        ("0\nboot 17", Stop::Unknown),
        ("1\nboot 17\n", Stop::Unknown),
    ] {
        dir.disk().write_atomic(&session, text.as_bytes()).unwrap();
        assert_eq!(dir.begin().unwrap(), stop, "{text:?}");
    }
}

#[test]
fn a_session_is_written_after_the_recovery_points() {
    let dir = dir();
    assert_eq!(dir.recovery_point("t-0").unwrap(), None, "no checkpoint");
    dir.note_recovery_point("t-1", Offset(3)).unwrap();
    dir.begin().unwrap();
    dir.recovery_is_complete().unwrap();
    let again = LogDir::new(dir.disk().clone(), dir.path().to_owned());
    assert_eq!(again.recovery_point("t-1").unwrap(), Some(Offset(3)));
    assert_eq!(again.recovery_point("t-0").unwrap(), Some(Offset(0)));
    dir.disk().write_atomic(&dir.path().join(RECOVERY_POINTS), b"garbage").unwrap();
    let again = LogDir::new(dir.disk().clone(), dir.path().to_owned());
    assert_eq!(again.recovery_point("t-1").unwrap(), None);
}

#[test]
fn an_id_that_changed_on_the_disk_is_told_from_that_of_another_topic() {
    let (dir, id, other) = (dir(), Uuid([5; 16]), Uuid([6; 16]));
    dir.disk().create_dir_all(&dir.path().join("t-0")).unwrap();
    dir.write_topic_id("t-0", id).unwrap();
    let is_ours = |found| found == id;
    assert_eq!(dir.settled_topic_id("t-0", |found| found == other).unwrap(), Some(id), "a deleted topic's");
    for file in [files::PARTITION_METADATA, files::PARTITION_METADATA_COPY] {
        let path = dir.path().join("t-0").join(file);
        let whole = dir.disk().read(&path).unwrap();
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            dir.disk().open(&path, host::Open::ReadWrite).unwrap().write_all_at(&flipped, 0).unwrap();
            assert_eq!(dir.settled_topic_id("t-0", is_ours).unwrap(), Some(id), "{file} byte {at}");
        }
        dir.write_topic_id("t-0", id).unwrap();
    }
}
