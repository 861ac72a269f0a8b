//! What an idle log costs, and logs whose files are closed under them.

use std::mem::{size_of, size_of_val};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use host::sim::OpKind;
use host::{Disk, SimDisk};
use record::{Compression, Offset, Timestamp};

use super::support::*;
use crate::segment::Segment;
use crate::view::Shared;
use crate::{Log, LogDir, LogReader, ReadError, Stop};

fn batches() -> Vec<Vec<u8>> {
    (0..30).map(|time| batch(Compression::None, &[time, time + 5], 60)).collect()
}

fn written(sim: &SimDisk) -> Log {
    let mut log = create(sim, small());
    append(&mut log, &batches());
    log
}

fn bounded_dir(sim: &SimDisk, max: usize) -> Arc<LogDir> {
    Arc::new(LogDir::new(Disk::sim(sim.clone()), PathBuf::from("/data")).with_open_files_max(max))
}

fn first_segment(reader: &LogReader) -> Arc<Segment> {
    Arc::clone(&reader.shared().view.load().segments()[0])
}

/// What retention does to the files of the first segment.
fn retire_first(sim: &SimDisk, reader: &LogReader) -> Vec<PathBuf> {
    first_segment(reader).mark_retired();
    let disk = Disk::sim(sim.clone());
    let renamed = ["log", "index", "timeindex"].map(|extension| {
        let path = Path::new("/data").join(NAME).join(format!("{:020}.{extension}", 0));
        let deleted = PathBuf::from(format!("{}.deleted", path.display()));
        disk.rename(&path, &deleted).unwrap();
        deleted
    });
    renamed.into()
}

#[test]
fn an_idle_log_has_nothing_open() {
    for stop in [Stop::Clean, Stop::Power] {
        let sim = SimDisk::new();
        let log = written(&sim);
        if stop == Stop::Clean {
            log.close().unwrap()
        } else {
            drop(log)
        }
        let dir = log_dir(&sim);
        let log = Log::open(&dir, NAME, small(), stop).unwrap();
        assert_eq!(dir.open_files_count(), 0);
        assert_eq!(read_all(&log.reader()).unwrap(), expected(&batches(), 0));
        let segments = log.reader().shared().view.load().segments().len();
        assert!(segments > 3 && (segments..=3 * segments).contains(&dir.open_files_count()));
        drop(log);
        assert_eq!(dir.open_files_count(), 0);
    }
}

#[test]
fn a_log_works_with_a_single_open_file() {
    let sim = SimDisk::new();
    let dir = {
        log_dir(&sim);
        bounded_dir(&sim, 1)
    };
    let mut log = Log::create(&dir, NAME, TOPIC_ID, small()).unwrap();
    for bytes in batches() {
        append(&mut log, &[bytes]);
        assert!(dir.open_files_count() <= 1);
    }
    let reader = log.reader();
    assert_eq!(read_all(&reader).unwrap(), expected(&batches(), 0));
    assert_eq!(reader.max_timestamp(Offset(60)).unwrap(), Some((Offset(59), Timestamp(34))));
    let slice = reader.read(Offset(0), None, reader.end(), u32::MAX, true, Patience::Waits).unwrap().unwrap();
    read_all(&reader).unwrap();
    let (mut bytes, first) = (Vec::new(), &expected(&batches(), 0)[0].bytes);
    slice.read_into(&mut bytes).unwrap();
    assert!(bytes.starts_with(first), "a slice keeps its file");
    log.close().unwrap();
    let log = Log::open(&dir, NAME, small(), Stop::Clean).unwrap();
    assert_eq!(read_all(&log.reader()).unwrap(), expected(&batches(), 0));
}

#[test]
fn a_flush_covers_what_was_written_through_descriptors_that_are_closed() {
    let sim = SimDisk::new();
    let dir = {
        log_dir(&sim);
        bounded_dir(&sim, 1)
    };
    let mut log = Log::create(&dir, NAME, TOPIC_ID, small()).unwrap();
    append(&mut log, &batches());
    log.flush().unwrap();
    let after_power_cut = sim.power_cut(sim.subsets(0).next().unwrap());
    assert_eq!(read_all(&open(&after_power_cut, small(), Stop::Power).reader()).unwrap(), expected(&batches(), 0));
}

#[test]
fn a_retired_segment_is_read_until_its_files_are_gone() {
    let sim = SimDisk::new();
    let log = written(&sim);
    let reader = log.reader();
    let renamed = retire_first(&sim, &reader);
    first_segment(&reader).close_files();
    assert_eq!(read_all(&reader).unwrap(), expected(&batches(), 0));
    let disk = Disk::sim(sim.clone());
    renamed.iter().for_each(|path| disk.remove_file(path).unwrap());
    assert_eq!(read_all(&reader).unwrap(), expected(&batches(), 0), "who has it open goes on");
    first_segment(&reader).close_files();
    assert!(matches!(read_all(&reader), Err(ReadError::Deleted)));
    assert!(matches!(reader.offset_for_timestamp(Timestamp(0), Offset(60)), Err(ReadError::Deleted)));
    assert!(matches!(reader.max_timestamp(Offset(1)), Err(ReadError::Deleted)));
    reader.shared().plant_log_start_offset(Offset(20));
    let read = reader.read(Offset(0), None, reader.end(), 1, true, Patience::Waits);
    assert!(matches!(read, Err(ReadError::OffsetOutOfRange { .. })), "{read:?}");
}

#[test]
fn a_reader_of_a_deleted_log_never_reads_the_next_one_of_that_name() {
    let sim = SimDisk::new();
    let dir = log_dir(&sim);
    written(&sim).close().unwrap();
    let log = Log::open(&dir, NAME, small(), Stop::Clean).unwrap();
    let reader = log.reader();
    let path = log.mark_deleted().unwrap();
    let mut next = Log::create(&dir, NAME, record::Uuid([8; 16]), small()).unwrap();
    append(&mut next, &[batch(Compression::None, &[77], 400)]);
    assert_eq!(read_all(&reader).unwrap(), expected(&batches(), 0));
    reader.shared().view.load().segments().iter().for_each(|segment| segment.close_files());
    dir.disk().remove_dir_all(&path).unwrap();
    assert!(matches!(read_all(&reader), Err(ReadError::Deleted)));
}

#[test]
fn an_index_that_is_removed_while_the_log_is_open_changes_no_answer() {
    let sim = SimDisk::new();
    let mut log = written(&sim);
    for path in [".index", ".timeindex"].iter().flat_map(|extension| files(&sim, extension)) {
        Disk::sim(sim.clone()).remove_file(&path).unwrap();
    }
    let reader = log.reader();
    reader.shared().view.load().segments().iter().for_each(|segment| segment.close_files());
    assert_eq!(read_all(&reader).unwrap(), expected(&batches(), 0));
    assert_eq!(reader.offset_for_timestamp(Timestamp(34), Offset(60)).unwrap(), Some((Offset(59), Timestamp(34))));
    append(&mut log, &batches());
    log.close().unwrap();
}

/// One segment, no producers; what the allocator adds is not counted.
#[test]
fn an_idle_log_takes_less_than_two_kib() {
    let sim = SimDisk::new();
    let log = create(&sim, small());
    let reader = log.reader();
    let view = reader.shared().view.load();
    const ARC: usize = 16;
    const SLOT: usize = 96;
    let path = Path::new("/data").join(NAME);
    let segments = view.segments().len() * (size_of::<Arc<Segment>>() + ARC + size_of::<Segment>() + 3 * SLOT);
    let total = size_of::<Log>()
        + NAME.len()
        + ARC
        + size_of::<Shared>()
        + ARC
        + size_of_val(&**view)
        + segments
        + ARC
        + size_of::<crate::open_files::LogFiles>()
        + path.as_os_str().len();
    assert_eq!(view.segments().len(), 1);
    assert!(
        total <= 1536,
        "{total} bytes: Log {}, Shared {}, Segment {}",
        size_of::<Log>(),
        size_of::<Shared>(),
        size_of::<Segment>()
    );
}

#[test]
fn opening_an_untouched_log_again_opens_few_files() {
    let sim = SimDisk::new();
    create(&sim, small()).close().unwrap();
    let dir = log_dir(&sim);
    // The checkpoints of all logs are read once.
    dir.log_start_offset(NAME).unwrap();
    dir.recovery_point(NAME).unwrap();
    let before = sim.call_count(OpKind::Open);
    Log::open(&dir, NAME, small(), Stop::Clean).unwrap();
    let opened = sim.call_count(OpKind::Open) - before;
    assert!(opened <= 6, "{opened}");
}
