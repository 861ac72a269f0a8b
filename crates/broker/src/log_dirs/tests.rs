use host::sim::{Failure, Fault, OpKind};
use host::{Disk, SimDisk};
use storage::{Log, LogConfig};

use super::*;

const TOPIC: Uuid = Uuid([7; 16]);
const OTHER: Uuid = Uuid([8; 16]);

fn three(sim: &SimDisk) -> LogDirs {
    let disk = Disk::sim(sim.clone());
    let dir = |path: &str| {
        disk.create_dir_all(Path::new(path)).unwrap();
        Arc::new(LogDir::new(disk.clone(), PathBuf::from(path)))
    };
    LogDirs::new(vec![dir("/a"), dir("/b"), dir("/c")], Some(0), false)
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
    assert!(dirs.is_cordoned(&dirs.all()[0]) && !dirs.is_cordoned(&dirs.all()[2]) && !dirs.are_cordoned());
    dirs.wish("t-0".to_owned(), 1);
    assert_eq!(dirs.next("t-0", &[0, 0, 9]), Some(1));
    dirs.cordon(&["*".to_owned()]);
    assert!(dirs.are_cordoned());
    dirs.cordon(&[]);
    assert_eq!(dirs.next("t-0", &[0, 0, 9]), Some(0));
}

#[test]
fn wishes_are_bounded() {
    let dirs = three(&SimDisk::new());
    (0..WISHES_MAX + 10).for_each(|index| dirs.wish(format!("t-{index}"), 1));
    assert_eq!(dirs.lock_wishes().len(), WISHES_MAX);
    dirs.wish("t-0".to_owned(), 2);
    assert_eq!(dirs.next("t-0", &[0, 0, 0]), Some(2), "a wish may change");
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
