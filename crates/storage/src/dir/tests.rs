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
    dir.write_recovery_points().unwrap();
    let path = dir.path().join(RECOVERY_POINTS);
    assert_eq!(dir.disk().read(&path).unwrap(), b"0\n2\na-b 0 12\nc 11 5\n");
    let again = || LogDir::new(dir.disk().clone(), dir.path().to_owned());
    assert_eq!(again().recovery_point("a-b-0").unwrap(), Offset(12));
    again().forget_recovery_point("a-b-0").unwrap();
    assert_eq!(again().recovery_point("a-b-0").unwrap(), Offset(0));
    assert_eq!(again().recovery_point("c-11").unwrap(), Offset(5));
}

#[test]
fn names_of_deleted_logs_fit_and_are_recognised() {
    for name in ["orders-3".to_owned(), format!("{}-12345", "é".repeat(124))] {
        let deleted = deleted_name(&name, Uuid([0xAB; 16]));
        assert!(deleted.len() <= NAME_BYTES_MAX && is_deleted(&deleted), "{deleted}");
    }
    assert_eq!(deleted_name("orders-3", Uuid([0xAB; 16])), format!("orders-3.{}-delete", "ab".repeat(16)));
    for other in ["orders-3", "a-delete", "orders-3.0123-delete", "x.zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz-delete"] {
        assert!(!is_deleted(other), "{other}");
    }
}

#[test]
fn a_failed_directory_is_not_marked_clean() {
    let dir = dir();
    let failed: io::Result<()> = Err(io::ErrorKind::Other.into());
    dir.watch(failed).unwrap_err();
    assert!(dir.failed() && dir.mark_clean_shutdown().is_err());
    assert_eq!(dir.take_clean_shutdown().unwrap(), Stop::Hard);
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
    assert_eq!(parse_partition_metadata(b"version: 1\ntopic_id: AAAAAAAAAAAAAAAAAAAAAA"), None);
}
