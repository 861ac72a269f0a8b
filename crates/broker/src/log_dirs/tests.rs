use host::sim::{Failure, Fault, OpKind};
use host::{Disk, SimDisk};
use record::{BatchBuilder, Compression, LeaderEpoch, Offset, Rules, Timestamp, TimestampType};
use storage::{AppendError, Log, LogConfig, Outcomes, Stop};

use super::*;

const TOPIC: Uuid = Uuid([7; 16]);
const OTHER: Uuid = Uuid([8; 16]);

fn dir_on(sim: &SimDisk, path: &str) -> Arc<LogDir> {
    let disk = Disk::sim(sim.clone());
    disk.create_dir_all(Path::new(path)).unwrap();
    disk.sync_dir(Path::new("/")).unwrap();
    Arc::new(LogDir::new(disk, PathBuf::from(path)))
}

fn three(sim: &SimDisk) -> LogDirs {
    LogDirs::new(["/a", "/b", "/c"].map(|path| dir_on(sim, path)).to_vec(), Some(0), false)
}

fn append(log: &mut Log) -> Result<(), AppendError> {
    let now = Timestamp(1_000_000);
    let rules = Rules {
        max_message_bytes: 1 << 20,
        max_segment_bytes: 1 << 30,
        now,
        timestamp_before_max_ms: i64::MAX,
        timestamp_after_max_ms: i64::MAX,
        timestamp_type: TimestampType::CreateTime,
        encoding: None,
    };
    let mut builder = BatchBuilder::new(Compression::None);
    builder.append(now, None, Some(b"value"), &[]);
    let bytes = builder.build();
    log.append(&[record::validate(&bytes, &rules).unwrap()], LeaderEpoch(0), now, &mut Outcomes::new())
}

/// Has an append find no room in a directory that is alone on its disk.
fn fill(sim: &SimDisk, dir: &Arc<LogDir>) {
    let mut log = Log::create(dir, "fills-0", OTHER, LogConfig::default()).unwrap();
    sim.set_capacity(1 << 20);
    append(&mut log).unwrap_err();
    assert!(dir.is_full() && !dir.failed());
}

/// As a power cut leaves it between the two renames of a move from `from` to `to`.
fn cut_move(from: &Arc<LogDir>, to: &Arc<LogDir>) {
    for dir in [from, to] {
        let mut log = Log::create(dir, "t-0", TOPIC, LogConfig::default()).unwrap();
        append(&mut log).unwrap();
        log.close().unwrap();
    }
    to.disk().write_atomic(&to.path().join("t-0/partition.moved"), b"").unwrap();
}

fn fail(sim: &SimDisk, dir: &Arc<LogDir>) {
    sim.inject(Fault::next(OpKind::CreateDir, Failure::Io));
    Log::create(dir, "fails-0", OTHER, LogConfig::default()).unwrap_err();
    assert!(dir.failed());
}

#[test]
fn a_new_log_goes_where_the_fewest_are_and_the_first_of_equals_wins() {
    let dirs = three(&SimDisk::new());
    assert_eq!(dirs.next("t-0", &[0, 0, 0]), Some(0));
    assert_eq!(dirs.next("t-0", &[5, 3, 3]), Some(1));
    assert_eq!(dirs.next("t-0", &[5, 3, 2]), Some(2));
}

#[test]
fn a_wish_counts_once_and_only_while_its_directory_works() {
    let sim = SimDisk::new();
    let dirs = three(&sim);
    dirs.wish("t-0".to_owned(), 2);
    assert_eq!(dirs.next("t-1", &[0, 0, 0]), Some(0), "it is another's");
    assert_eq!(dirs.next("t-0", &[0, 0, 9]), Some(2));
    assert_eq!(dirs.next("t-0", &[0, 0, 9]), Some(0), "the log is there now");
    dirs.wish("t-0".to_owned(), 2);
    fail(&sim, &dirs.all()[2]);
    assert_eq!(dirs.next("t-0", &[0, 0, 0]), Some(0));
}

#[test]
fn a_cordoned_directory_gets_no_new_logs_but_what_is_wished_for() {
    let dirs = three(&SimDisk::new());
    dirs.cordon(&["/a".to_owned(), "/b".to_owned()]);
    assert_eq!(dirs.next("t-0", &[0, 0, 9]), Some(2));
    assert!(dirs.is_cordoned(&dirs.all()[0]) && !dirs.is_cordoned(&dirs.all()[2]));
    assert_eq!(dirs.no_place(), None);
    dirs.wish("t-0".to_owned(), 1);
    assert_eq!(dirs.next("t-0", &[0, 0, 9]), Some(1));
    dirs.cordon(&["*".to_owned()]);
    assert_eq!(dirs.no_place(), Some(NoPlace::Cordoned));
    assert_eq!(dirs.next("t-0", &[0, 0, 9]), None);
    dirs.cordon(&[]);
    assert_eq!(dirs.next("t-0", &[0, 0, 9]), Some(0));
}

#[test]
fn where_all_that_is_not_cordoned_is_full_there_is_no_place_though_a_cordoned_one_has_room() {
    let (roomy, full, other) = (SimDisk::new(), SimDisk::new(), SimDisk::new());
    let all = vec![dir_on(&roomy, "/a"), dir_on(&full, "/b"), dir_on(&other, "/c")];
    let dirs = LogDirs::new(all, Some(0), false);
    dirs.cordon(&["/a".to_owned()]);
    fill(&full, &dirs.all()[1]);
    assert_eq!(dirs.no_place(), None, "/c has room");
    assert_eq!(dirs.next("t-0", &[0, 0, 9]), Some(2), "before a full one");
    fill(&other, &dirs.all()[2]);
    assert_eq!(dirs.no_place(), Some(NoPlace::Full));
    assert_eq!(dirs.next("t-0", &[0, 5, 9]), Some(1), "what is to be there all the same waits for room, but not in /a");
    dirs.cordon(&["/b".to_owned(), "/c".to_owned()]);
    assert_eq!((dirs.no_place(), dirs.next("t-0", &[9, 0, 0])), (None, Some(0)));
    fail(&roomy, &dirs.all()[0]);
    assert_eq!((dirs.no_place(), dirs.next("t-0", &[9, 0, 0])), (Some(NoPlace::Cordoned), None));
    dirs.cordon(&["/b".to_owned()]);
    full.set_capacity(1 << 30);
    assert_eq!(dirs.no_place(), Some(NoPlace::Full), "the one with room is cordoned");
    other.set_capacity(1 << 30);
    assert_eq!(dirs.no_place(), None, "a look finds the room");
}

#[test]
fn a_directory_that_cannot_be_listed_opens_no_logs() {
    let sim = SimDisk::new();
    let dirs = three(&sim);
    cut_move(&dirs.all()[0], &dirs.all()[1]);
    sim.inject(Fault::next(OpKind::Read, Failure::NoDescriptors));
    dirs.settle_twice().unwrap_err();
    assert!(!dirs.all()[0].failed(), "it is not the disk's fault");
    sim.inject(Fault::next(OpKind::Read, Failure::Io));
    assert!(dirs.settle_twice().unwrap().is_empty());
    assert!(dirs.all()[0].failed());
    assert_eq!(dirs.find("t-0", TOPIC, &Listed::default()).unwrap(), Place::Here(1));
}

#[test]
fn a_log_that_is_served_while_the_newer_one_is_away_is_not_dropped_for_it() {
    let sim = SimDisk::new();
    for is_lacking in [true, false] {
        let (a, b) = (dir_on(&sim, "/a"), dir_on(&sim, "/b"));
        cut_move(&a, &b);
        let away = match is_lacking {
            true => vec![Arc::clone(&a)],
            false => vec![
                Arc::clone(&a),
                Arc::new(LogDir::unusable(b.disk().clone(), "/b".into(), &io::Error::other("away"))),
            ],
        };
        let without = LogDirs::new(away, Some(0), is_lacking);
        without.settle_twice().unwrap();
        assert!(without.may_be_older());
        let mut log = Log::open(&a, "t-0", LogConfig::default(), Stop::Clean).unwrap();
        append(&mut log).unwrap();
        log.close().unwrap();
        let cut = sim.power_cut(host::sim::Subset::None);
        let both = LogDirs::new(vec![dir_on(&cut, "/a"), dir_on(&cut, "/b")], Some(0), false);
        let said = both.settle_twice().unwrap_err().to_string();
        assert!(said.contains("the partition t-0 lies in /a and in /b"), "{said}");
        // Somebody decides.
        drop(dir_on(&sim, "/b").set_aside("t-0").unwrap());
        let whole = LogDirs::new(vec![dir_on(&sim, "/a"), dir_on(&sim, "/b")], Some(0), false);
        assert!(whole.settle_twice().unwrap().is_empty() && !whole.may_be_older());
        let log = Log::open(&whole.all()[0], "t-0", LogConfig::default(), Stop::Clean).unwrap();
        assert_eq!(log.reader().end().offset, Offset(2));
        drop(log);
        drop(dir_on(&sim, "/a").set_aside("t-0").unwrap());
    }
}

#[test]
fn a_log_that_was_being_moved_counts_where_it_is_whole_when_all_directories_are_there() {
    let dirs = three(&SimDisk::new());
    cut_move(&dirs.all()[0], &dirs.all()[1]);
    assert_eq!(dirs.settle_twice().unwrap().len(), 1);
    assert_eq!(dirs.find("t-0", TOPIC, &Listed::default()).unwrap(), Place::Here(1));
    drop(Log::open(&dirs.all()[1], "t-0", LogConfig::default(), Stop::Clean).unwrap());
    assert!(!dirs.may_be_older() && !dirs.all()[1].was_moved_here("t-0").unwrap());
}

#[test]
fn a_directory_that_failed_gets_nothing_and_may_hide_what_is_not_found() {
    let sim = SimDisk::new();
    let dirs = three(&sim);
    assert!(!dirs.may_hide_logs() && !dirs.have_failed());
    fail(&sim, &dirs.all()[1]);
    assert_eq!(dirs.next("t-0", &[5, 0, 9]), Some(0));
    assert!(dirs.may_hide_logs() && !dirs.have_failed(), "two work, and the metadata log is in one of them");
    fail(&sim, &dirs.all()[0]);
    assert!(dirs.have_failed(), "the metadata log was there");
    fail(&sim, &dirs.all()[2]);
    assert_eq!(dirs.next("t-0", &[0, 0, 0]), None);
}

#[test]
fn a_log_is_found_where_it_lies_and_that_of_a_deleted_topic_is_set_aside() {
    let dirs = three(&SimDisk::new());
    drop(Log::create(&dirs.all()[2], "t-0", TOPIC, LogConfig::default()).unwrap());
    drop(Log::create(&dirs.all()[1], "t-0", OTHER, LogConfig::default()).unwrap());
    assert_eq!(dirs.find("t-1", TOPIC, &Listed::default()).unwrap(), Place::Nowhere);
    let twice = dirs.settle_twice().unwrap_err().to_string();
    assert!(twice.contains("the partition t-0 lies in /b and in /c"), "{twice}");
    assert_eq!(dirs.find("t-0", TOPIC, &Listed::default()).unwrap(), Place::Here(2));
    assert_eq!(dirs.all()[1].deleted_logs().unwrap().len(), 1);
    assert!(dirs.settle_twice().unwrap().is_empty());
}

#[test]
fn a_log_without_the_id_of_its_topic_is_taken_where_it_lies() {
    let sim = SimDisk::new();
    let dirs = three(&sim);
    drop(Log::create(&dirs.all()[1], "t-0", TOPIC, LogConfig::default()).unwrap());
    let disk = Disk::sim(sim);
    for file in ["partition.metadata", "partition.metadata.copy"] {
        disk.remove_file(&Path::new("/b/t-0").join(file)).unwrap();
    }
    assert_eq!(dirs.find("t-0", TOPIC, &Listed::default()).unwrap(), Place::Nameless(1));
}

#[test]
fn a_directory_that_cannot_be_looked_into_hides_nothing_that_another_has() {
    let sim = SimDisk::new();
    let dirs = three(&sim);
    drop(Log::create(&dirs.all()[2], "t-0", TOPIC, LogConfig::default()).unwrap());
    sim.inject(Fault::next(OpKind::Open, Failure::Io));
    assert_eq!(dirs.find("t-0", TOPIC, &Listed::default()).unwrap(), Place::Here(2));
    sim.inject(Fault::next(OpKind::Open, Failure::Io));
    dirs.find("t-1", TOPIC, &Listed::default()).unwrap_err();
}

#[test]
fn shares_run_at_the_same_time_and_keep_their_order() {
    let barrier = std::sync::Barrier::new(3);
    let doubled = side_by_side(vec![1, 2, 3], |share| {
        barrier.wait();
        share * 2
    });
    assert_eq!(doubled, [2, 4, 6]);
}
