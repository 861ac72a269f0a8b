//! One segment: a file of batches and its two indexes.

use std::io;
use std::sync::{Arc, OnceLock};

use host::File;
use record::Offset;

use crate::end::LogPosition;
use crate::files::Kind;
use crate::index::{Beside, Index, OffsetEntry, TimeEntry};
use crate::open_files::{LazyFile, LogFiles, Patience};
use crate::reader::ReadError;
use crate::scan::{Located, Scan, ScanError};
use crate::timestamps::Largest;

/// A segment, shared by the writer and the readers. Nothing here says where it ends while it is the last one: readers
/// know that from the end of the log. Its files are opened when they are needed.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) base_offset: Offset,
    files: Arc<LogFiles>,
    log: LazyFile,
    pub(crate) offset_index: Index<OffsetEntry>,
    pub(crate) time_index: Index<TimeEntry>,
    /// What recovery found, ascending.
    damage: Box<[Damage]>,
    /// The bytes of it, once it gets no more.
    size: OnceLock<u32>,
    /// The batch with the largest timestamp, once it gets no more and somebody asked.
    pub(crate) largest: OnceLock<Option<Largest>>,
}

/// Bytes of a segment that are no batches, though batches follow them. Reading them gives
/// [`crate::ReadError::Corrupt`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The base offset of the segment.
    pub segment: Offset,
    /// The bytes of the segment before the damage.
    pub position: u32,
    /// How many bytes; 0 when the segment ends too early.
    pub len: u32,
}

impl Damage {
    /// Where batches follow.
    pub(crate) fn end(&self) -> u32 {
        self.position + self.len
    }
}

impl Segment {
    /// The first offset that is too far from the base for the indexes, which have 31 bits for the distance.
    pub(crate) fn offset_limit(&self) -> Offset {
        self.base_offset + (i64::from(i32::MAX) + 1)
    }

    /// Makes the files of a new segment. Their names are durable after a sync of the directory.
    pub(crate) fn create(files: &Arc<LogFiles>, base_offset: Offset) -> io::Result<Segment> {
        let segment = Segment::open(files, base_offset)?;
        let log = segment.log.create()?;
        if !log.is_empty()? {
            log.set_len(0)?;
        }
        segment.offset_index.clear()?;
        segment.time_index.clear()?;
        Ok(segment)
    }

    /// The segment of that name; missing indexes are created empty.
    pub(crate) fn open(files: &Arc<LogFiles>, base_offset: Offset) -> io::Result<Segment> {
        Ok(Segment {
            base_offset,
            files: Arc::clone(files),
            log: LazyFile::new(files, base_offset, Kind::Log),
            offset_index: Index::open(files, base_offset)?,
            time_index: Index::open(files, base_offset)?,
            damage: Box::default(),
            size: OnceLock::new(),
            largest: OnceLock::new(),
        })
    }

    pub(crate) fn with_damage(self, damage: Vec<Damage>) -> Segment {
        Segment { damage: damage.into(), ..self }
    }

    /// The log that it belongs to.
    pub(crate) fn files(&self) -> &Arc<LogFiles> {
        &self.files
    }

    /// The file of batches.
    pub(crate) fn log(&self) -> io::Result<Arc<File>> {
        self.log.file()
    }

    /// The file of batches for a look at what the system knows of it: see [`LazyFile::aside`].
    pub(crate) fn log_aside(&self) -> io::Result<Arc<File>> {
        self.log.aside()
    }

    /// Whether its files may be gone.
    pub(crate) fn is_given_up(&self) -> bool {
        self.log.is_given_up()
    }

    /// Gives the descriptors back; the next use opens the files again.
    pub(crate) fn close_files(&self) {
        self.log.close();
        self.offset_index.close();
        self.time_index.close();
    }

    /// The segment is no part of the log any more. Comes before its files are renamed, with `.deleted` appended: from now
    /// on they are opened under those names only. Who has them open goes on.
    pub(crate) fn mark_retired(&self) {
        self.log.mark_retired();
        self.offset_index.mark_retired();
        self.time_index.mark_retired();
    }

    /// An error of a read in this segment.
    pub(crate) fn read_error(&self, error: io::Error) -> ReadError {
        match error.kind() {
            io::ErrorKind::NotFound if self.log.is_given_up() => ReadError::Deleted,
            io::ErrorKind::WouldBlock => ReadError::NotCached,
            _ => ReadError::Io(error),
        }
    }

    /// The length of the file, in bytes.
    pub(crate) fn file_len(&self) -> io::Result<u32> {
        u32::try_from(self.log()?.len()?).map_err(|_| io::ErrorKind::FileTooLarge.into())
    }

    /// The segment gets no more batches. Comes before there is a later segment in the view.
    pub(crate) fn seal(&self, size: u32) {
        self.size.set(size).expect("a segment is sealed once");
    }

    /// Its bytes when it is sealed.
    pub(crate) fn sealed_size(&self) -> Option<u32> {
        self.size.get().copied()
    }

    /// The bytes of this segment that lie before `upper`.
    pub(crate) fn bytes_before(&self, upper: LogPosition) -> u32 {
        match self.base_offset.cmp(&upper.segment) {
            // A truncation after `upper` was loaded may have made this the last segment again.
            std::cmp::Ordering::Less => self.sealed_size().unwrap_or(0),
            std::cmp::Ordering::Equal => upper.position,
            std::cmp::Ordering::Greater => 0,
        }
    }

    /// The batches from `position`, the start of one, to `end`.
    pub(crate) fn scan(&self, position: u32, end: u32) -> Scan<'_> {
        self.scan_with(position, end, Patience::Waits)
    }

    /// As [`Segment::scan`]; with [`Patience::CachedOnly`] it ends with `WouldBlock` where the disk would have to be read.
    pub(crate) fn scan_with(&self, position: u32, end: u32, patience: Patience) -> Scan<'_> {
        Scan::new(self, position, end, patience)
    }

    /// Fills `buffer` from the file of batches.
    pub(crate) fn read_log(&self, buffer: &mut [u8], position: u64, patience: Patience) -> io::Result<()> {
        self.log.read_exact_at(buffer, position, patience)
    }

    pub(crate) fn damage(&self) -> &[Damage] {
        &self.damage
    }

    /// The batch before `end` that holds `offset`, or where there is none the next one.
    pub(crate) fn find(&self, offset: Offset, end: u32) -> Result<Option<Located>, ScanError> {
        self.scan_for(offset, end, Patience::Waits)?.find(offset)
    }

    /// Where to begin to look for `offset`: the index's answer when the log agrees with it, otherwise the start.
    pub(crate) fn start_for(&self, offset: Offset, end: u32) -> io::Result<u32> {
        self.scan_for(offset, end, Patience::Waits).map(|scan| scan.position())
    }

    /// As [`Segment::start_for`]; with [`Patience::CachedOnly`] it fails with `WouldBlock` where the disk would have to be read.
    pub(crate) fn scan_for(&self, offset: Offset, end: u32, patience: Patience) -> io::Result<Scan<'_>> {
        let relative = offset - self.base_offset;
        let Beside { below, above } = self.offset_index.beside(relative, patience)?;
        // Batches of `index.interval.bytes` or more have an entry each, so that behind one's last offset is the next one's first.
        let above = above.filter(|_| below.is_some_and(|below| i64::from(below.relative_offset) + 1 == relative));
        for entry in [above, below].into_iter().flatten() {
            let mut scan = self.scan_with(entry.position, end, patience);
            if self.batch_of(entry, &mut scan)?.is_some_and(|batch| batch.header.base_offset <= offset) {
                return Ok(scan.again_from(entry.position));
            }
        }
        Ok(self.scan_with(0, end, patience))
    }

    /// Whether the batch that the entry speaks of is there.
    pub(crate) fn agrees(&self, entry: OffsetEntry, end: u32) -> io::Result<bool> {
        let mut scan = self.scan(entry.position, end);
        self.batch_of(entry, &mut scan).map(|batch| batch.is_some())
    }

    /// The batch that the entry speaks of, if it is there; `scan` begins at its position.
    fn batch_of(&self, entry: OffsetEntry, scan: &mut Scan) -> io::Result<Option<Located>> {
        let last_offset = self.base_offset + i64::from(entry.relative_offset);
        match scan.next() {
            Ok(batch) => Ok(batch.filter(|batch| !batch.after_damage && batch.header.last_offset() == last_offset)),
            Err(ScanError::NoBatch { .. }) => Ok(None),
            Err(ScanError::Io(error)) => Err(error),
        }
    }
}
