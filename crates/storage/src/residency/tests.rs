use std::path::Path;
use std::sync::Arc;

use host::{Disk, Open, SimDisk};
use record::Compression;

use super::*;
use crate::tests::support::{NAME, TOPIC_ID, append, batch, create, small};
use crate::{Log, LogConfig, LogDir, Patience, ReadError};

const BATCHES: i64 = 400;
const VALUE_BYTES: usize = 1000;

/// A log on a real disk, of several segments with one record in a batch and an index entry for each.
struct Fixture {
    dir: tempfile::TempDir,
    log_dir: Arc<LogDir>,
    log: Log,
}

fn written() -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let log_dir = Arc::new(LogDir::new(Disk::real(), dir.path().to_owned()));
    let config = LogConfig { segment_bytes: 100_000, index_interval_bytes: 1, ..LogConfig::default() };
    let mut log = Log::create(&log_dir, NAME, TOPIC_ID, config).unwrap();
    for time in 0..BATCHES {
        append(&mut log, &[batch(Compression::None, &[time], VALUE_BYTES)]);
    }
    assert!(log.reader().segment_count() > 3);
    Fixture { dir, log_dir, log }
}

impl Fixture {
    fn segments(&self) -> Vec<Arc<Segment>> {
        self.log.reader().shared().view.load().segments().to_vec()
    }

    /// Takes bytes of a segment out of the page cache; `false` where the filesystem has nothing else.
    fn cool(&self, segment: &Segment, from: u64, len: Option<u64>) -> bool {
        let path = self.dir.path().join(NAME).join(format!("{:020}.log", segment.base_offset.0));
        let file = Disk::real().open(Path::new(&path), Open::Read).unwrap();
        file.sync_all().unwrap();
        let len = len.and_then(std::num::NonZeroU64::new);
        rustix::fs::fadvise(file.fd().unwrap(), from, len, rustix::fs::Advice::DontNeed).unwrap();
        file.cached_bytes(from, len.map_or(1, u64::from)) == Some(0)
    }
}

#[test]
fn what_is_evicted_is_not_counted_and_the_hot_tail_begins_behind_it() {
    let fixture = written();
    let (reader, segments) = (fixture.log.reader(), fixture.segments());
    let end = reader.end().offset;
    let Some(all) = reader.residency().unwrap() else { return };
    assert_eq!(all, Residency { bytes: reader.size_bytes(), cached_bytes: reader.size_bytes(), hot_from: Offset(0) });

    if !fixture.cool(&segments[0], 0, None) {
        return;
    }
    let after = reader.residency().unwrap().unwrap();
    assert_eq!(after.cached_bytes, all.bytes - u64::from(segments[0].sealed_size().unwrap()));
    assert_eq!(after.hot_from, segments[1].base_offset);
    assert_eq!(reader.cached_bytes().unwrap(), Some(after.cached_bytes));

    // Pages in the middle of a later one: the tail begins with the first batch that lies behind them.
    let evicted = 4 * u64::from(PAGE)..8 * u64::from(PAGE);
    if !fixture.cool(&segments[2], evicted.start, Some(evicted.end - evicted.start)) {
        return;
    }
    let before = after;
    let after = reader.residency().unwrap().unwrap();
    assert_eq!(after.cached_bytes, before.cached_bytes - (evicted.end - evicted.start));
    let mut scan = segments[2].scan(0, segments[2].sealed_size().unwrap());
    let hot = std::iter::from_fn(|| scan.next().unwrap()).find(|batch| u64::from(batch.position) >= evicted.end);
    let exact = hot.unwrap().header.base_offset;
    assert!((exact..=exact + 2).contains(&after.hot_from), "{} and not {exact}", after.hot_from);

    fixture.segments().iter().for_each(|segment| assert!(fixture.cool(segment, 0, None)));
    let nothing = reader.residency().unwrap().unwrap();
    assert_eq!(nothing, Residency { bytes: all.bytes, cached_bytes: 0, hot_from: end });
}

#[test]
fn a_reader_that_does_not_wait_says_what_is_not_there() {
    let fixture = written();
    let (reader, segment) = (fixture.log.reader(), Arc::clone(&fixture.segments()[1]));
    let from = segment.base_offset + 20;
    let position = |patience| {
        let read = reader.read(from, None, reader.end(), 5_000, true, patience);
        read.map(|slice| slice.expect("there are records").position)
    };
    let is_refused = || matches!(position(Patience::CachedOnly), Err(ReadError::NotCached));
    let wanted = position(Patience::Waits).unwrap();
    assert_eq!(position(Patience::CachedOnly).unwrap(), wanted);

    segment.close_files();
    assert!(is_refused(), "a file would have to be opened");
    assert_eq!(position(Patience::Waits).unwrap(), wanted);
    assert_eq!(position(Patience::CachedOnly).unwrap(), wanted, "it is open now");

    // Not every filesystem tells that it would have to wait.
    if !fixture.cool(&segment, 0, None) || segment.log().unwrap().read_cached_at(&mut [0], wanted).unwrap() {
        return;
    }
    assert!(is_refused(), "batch headers would have to be read");
    assert_eq!(position(Patience::Waits).unwrap(), wanted);
    assert_eq!(position(Patience::CachedOnly).unwrap(), wanted);
}

#[test]
fn asking_opens_no_file_for_others() {
    let fixture = written();
    fixture.segments().iter().for_each(|segment| segment.close_files());
    assert_eq!(fixture.log_dir.open_files_count(), 0);
    fixture.log.reader().cached_bytes().unwrap();
    assert_eq!(fixture.log_dir.open_files_count(), 0);
}

#[test]
fn where_the_system_does_not_tell_nothing_is_told() {
    let mut log = create(&SimDisk::new(), small());
    append(&mut log, &[batch(Compression::None, &[1], 10)]);
    assert_eq!((log.reader().cached_bytes().unwrap(), log.reader().residency().unwrap()), (None, None));
}
