//! One segment: a file of batches and its two indexes.

use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use host::{Disk, File, Open};
use record::Offset;

use crate::end::LogPosition;
use crate::files;
use crate::index::{Index, OffsetEntry, TimeEntry};
use crate::scan::{Located, Scan, ScanError};
use crate::timestamps::Largest;

/// A segment, shared by the writer and the readers. Nothing here says where it ends while it is the last one: readers
/// know that from the end of the log.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) base_offset: Offset,
    log: Arc<File>,
    pub(crate) offset_index: Index<OffsetEntry>,
    pub(crate) time_index: Index<TimeEntry>,
    /// What recovery found, ascending.
    damage: Vec<Damage>,
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

    /// Makes the files of a new segment. Their names are durable when this returns.
    pub(crate) fn create(disk: &Disk, dir: &Path, base_offset: Offset) -> io::Result<Segment> {
        let segment = Segment::create_without_sync(disk, dir, base_offset)?;
        #[cfg(test)]
        if crate::planted::is(crate::planted::Bug::SkipDirectoryFsync) {
            return Ok(segment);
        }
        disk.sync_dir(dir)?;
        Ok(segment)
    }

    /// Makes the files of a new segment, in the page cache only.
    pub(crate) fn create_without_sync(disk: &Disk, dir: &Path, base_offset: Offset) -> io::Result<Segment> {
        let segment = Segment::open_as(disk, dir, base_offset, Open::Create)?;
        segment.log()?.set_len(0)?;
        segment.offset_index.replace(&[])?;
        segment.time_index.replace(&[])?;
        Ok(segment)
    }

    /// Opens the files of a segment; missing indexes are created empty.
    pub(crate) fn open(disk: &Disk, dir: &Path, base_offset: Offset) -> io::Result<Segment> {
        Segment::open_as(disk, dir, base_offset, Open::ReadWrite)
    }

    fn open_as(disk: &Disk, dir: &Path, base_offset: Offset, how: Open) -> io::Result<Segment> {
        Ok(Segment {
            base_offset,
            log: Arc::new(disk.open(&files::path(dir, base_offset, files::LOG), how)?),
            offset_index: Index::open(disk, &files::path(dir, base_offset, files::OFFSET_INDEX))?,
            time_index: Index::open(disk, &files::path(dir, base_offset, files::TIME_INDEX))?,
            damage: Vec::new(),
            size: OnceLock::new(),
            largest: OnceLock::new(),
        })
    }

    pub(crate) fn with_damage(self, damage: Vec<Damage>) -> Segment {
        Segment { damage, ..self }
    }

    /// The file of batches.
    pub(crate) fn log(&self) -> io::Result<Arc<File>> {
        Ok(Arc::clone(&self.log))
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
            std::cmp::Ordering::Less => self.sealed_size().expect("all segments but the last are sealed"),
            std::cmp::Ordering::Equal => upper.position,
            std::cmp::Ordering::Greater => 0,
        }
    }

    /// The batches from `position`, the start of one, to `end`.
    pub(crate) fn scan(&self, position: u32, end: u32) -> Scan<'_> {
        Scan::new(self, position, end)
    }

    pub(crate) fn damage(&self) -> &[Damage] {
        &self.damage
    }

    /// The first batch that ends at or above `offset`, of those before `end`.
    pub(crate) fn find(&self, offset: Offset, hint: Option<u32>, end: u32) -> Result<Option<Located>, ScanError> {
        let start = match hint {
            Some(position) => position,
            None => self.start_for(offset, end)?,
        };
        let mut scan = self.scan(start, end);
        while let Some(located) = scan.next()? {
            if located.header.last_offset() >= offset {
                return Ok(Some(located));
            }
        }
        Ok(None)
    }

    /// Where to begin to look for `offset`: the index's answer when the log agrees with it, otherwise the start.
    fn start_for(&self, offset: Offset, end: u32) -> io::Result<u32> {
        let relative = offset - self.base_offset;
        let entry = self.offset_index.last_where(|entry| i64::from(entry.relative_offset) <= relative)?;
        match entry {
            Some(entry) if self.agrees(entry, end)? => Ok(entry.position),
            _ => Ok(0),
        }
    }

    /// Whether the batch that the entry speaks of is there.
    pub(crate) fn agrees(&self, entry: OffsetEntry, end: u32) -> io::Result<bool> {
        if entry.position >= end {
            return Ok(false);
        }
        match self.scan(entry.position, end).next() {
            Ok(located) => Ok(located.is_some_and(|located| {
                !located.after_damage
                    && located.header.last_offset() == self.base_offset + i64::from(entry.relative_offset)
            })),
            Err(ScanError::NoBatch { .. }) => Ok(false),
            Err(ScanError::Io(error)) => Err(error),
        }
    }
}
