use host::SimDisk;
use host::sim::{Failure, Fault, OpKind};

use super::*;

struct Fixture {
    sim: SimDisk,
    open_files: Arc<OpenFiles>,
    log: Arc<LogFiles>,
}

fn bounded(max: usize) -> Fixture {
    let sim = SimDisk::new();
    let disk = Disk::sim(sim.clone());
    disk.create_dir_all(Path::new("/log-0")).unwrap();
    let open_files = Arc::new(OpenFiles::new(disk, max));
    let log = LogFiles::new(&open_files, Path::new("/log-0"));
    Fixture { sim, open_files, log }
}

impl Fixture {
    /// A file that holds its number.
    fn file(&self, number: u8) -> LazyFile {
        let file = LazyFile::new(&self.log, Offset(i64::from(number)), Kind::Log);
        file.create().unwrap().write_all_at(&[number], 0).unwrap();
        file
    }

    fn files(&self, count: u8) -> Vec<LazyFile> {
        (0..count).map(|number| self.file(number)).collect()
    }
}

fn content(file: &File) -> u8 {
    let mut byte = [0];
    file.read_exact_at(&mut byte, 0).unwrap();
    byte[0]
}

fn is_open(file: &LazyFile) -> bool {
    file.0.file.load().is_some()
}

#[test]
fn no_more_than_the_bound_are_open_and_each_can_be_used() {
    let fixture = bounded(4);
    let files = fixture.files(10);
    for _ in 0..3 {
        for (number, file) in files.iter().enumerate() {
            assert_eq!(content(&file.file().unwrap()), number as u8);
            assert!(fixture.open_files.count() <= 4);
        }
    }
    assert_eq!(files.iter().filter(|file| is_open(file)).count(), 4);
    drop(files);
    assert_eq!(fixture.open_files.count(), 0, "those that are gone are not open");
}

#[test]
fn a_file_that_was_used_has_a_second_chance() {
    let fixture = bounded(3);
    let files = fixture.files(4);
    assert_eq!(files.iter().map(is_open).collect::<Vec<_>>(), [false, true, true, true], "the oldest went");
    files[1].file().unwrap();
    let _another = fixture.file(4);
    assert_eq!(files.iter().map(is_open).collect::<Vec<_>>(), [false, true, false, true]);
}

#[test]
fn who_holds_a_file_goes_on_when_it_is_closed() {
    let fixture = bounded(1);
    let first = fixture.file(1);
    let held = first.file().unwrap();
    let _second = fixture.file(2);
    assert!(!is_open(&first));
    assert_eq!(content(&held), 1);
}

#[test]
fn using_an_open_file_opens_nothing() {
    let fixture = bounded(4);
    let file = fixture.file(1);
    let opens = fixture.sim.call_count(OpKind::Open);
    (0..100).for_each(|_| drop(file.file().unwrap()));
    assert_eq!(fixture.sim.call_count(OpKind::Open), opens);
}

#[test]
fn without_descriptors_some_are_closed_and_the_file_is_opened() {
    let fixture = bounded(100);
    let mut files = fixture.files(20);
    fixture.sim.inject(Fault::next(OpKind::Open, Failure::NoDescriptors));
    files.push(fixture.file(20));
    assert_eq!(fixture.open_files.count(), 13);
    fixture.sim.inject(Fault::next(OpKind::Open, Failure::NoDescriptors).times(2));
    let unopened = LazyFile::new(&fixture.log, Offset(3), Kind::Log);
    assert!(is_out_of_descriptors(&unopened.file().unwrap_err()), "it is tried once more and no oftener");
    assert_eq!(content(&unopened.file().unwrap()), 3);
}

#[test]
fn the_queue_forgets_what_was_closed_or_is_gone() {
    let fixture = bounded(4096);
    for number in 0..=255 {
        fixture.file(number).close();
    }
    let files = fixture.files(100);
    files.iter().for_each(LazyFile::close);
    let _last = fixture.file(1);
    let queued = fixture.open_files.lock().len();
    assert!(queued <= QUEUE_SLACK + 2, "{queued} are queued");
    files.iter().for_each(|file| drop(file.file().unwrap()));
    let queued = fixture.open_files.lock().len();
    assert_eq!((fixture.open_files.count(), queued), (101, 101), "none is queued twice");
}

#[test]
fn a_retired_file_is_opened_under_its_new_name_only() {
    let fixture = bounded(4);
    let (disk, path) = (fixture.log.disk(), files::path(Path::new("/log-0"), Offset(1), files::LOG));
    let old = fixture.file(1);
    let (deleted, held) = (PathBuf::from(format!("{}.deleted", path.display())), old.file().unwrap());
    old.mark_retired();
    disk.rename(&path, &deleted).unwrap();
    let new = LazyFile::new(&fixture.log, Offset(1), Kind::Log);
    new.create().unwrap().write_all_at(&[9], 0).unwrap();
    old.close();
    assert_eq!((content(&old.file().unwrap()), content(&new.file().unwrap())), (1, 9));
    old.close();
    disk.remove_file(&deleted).unwrap();
    assert_eq!(old.file().unwrap_err().kind(), io::ErrorKind::NotFound, "the new one is not taken for it");
    assert!(old.is_given_up() && !new.is_given_up());
    assert_eq!(content(&held), 1);
}

#[test]
fn the_files_of_a_deleted_log_are_those_of_its_new_directory() {
    let fixture = bounded(4);
    let disk = fixture.log.disk();
    let file = fixture.file(1);
    file.close();
    fixture.log.mark_deleted();
    assert_eq!(file.file().unwrap_err().kind(), io::ErrorKind::NotFound, "the name may be another log's already");
    disk.rename(Path::new("/log-0"), Path::new("/gone")).unwrap();
    fixture.log.moved_to(Path::new("/gone"));
    assert_eq!(content(&file.file().unwrap()), 1);
    file.close();
    disk.remove_dir_all(Path::new("/gone")).unwrap();
    assert_eq!(file.file().unwrap_err().kind(), io::ErrorKind::NotFound);
    assert!(file.is_given_up());
}

#[test]
fn threads_that_close_each_others_files_read_the_right_ones() {
    let fixture = bounded(2);
    let files = fixture.files(8);
    std::thread::scope(|scope| {
        for start in 0..4 {
            let (files, open_files) = (&files, &fixture.open_files);
            scope.spawn(move || {
                for step in 0..2000 {
                    let number = (start * 3 + step * 5) % files.len();
                    assert_eq!(content(&files[number].file().unwrap()), number as u8);
                    assert!(open_files.count() <= 2 + 4);
                }
            });
        }
    });
    assert_eq!(files.iter().filter(|file| is_open(file)).count(), fixture.open_files.count());
}
