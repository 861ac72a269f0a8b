//! The segment that is appended to.

use std::io;
use std::sync::Arc;

use host::File;
use record::{BatchHeader, Offset, Timestamp};
use smallvec::SmallVec;

use crate::config::LogConfig;
use crate::end::LogPosition;
use crate::group::Group;
use crate::index::{OffsetEntry, TimeEntry};
use crate::open_files::is_out_of_descriptors;
use crate::roll::{self, Birth};
use crate::room::is_full;
use crate::segment::Segment;
use crate::sparse::Sparse;

/// The last segment, with what only its writer needs to know.
#[derive(Debug)]
pub(crate) struct Active {
    segment: Arc<Segment>,
    /// Bytes written.
    position: u32,
    /// Up to where the filesystem was asked for room.
    reserved: u32,
    sparse: Sparse,
    birth: Birth,
    /// Made from the log's name and the base offset.
    seed: u64,
    /// Held open from [`Active::reserve`] to the end of the turn, which must not fail for want of a descriptor halfway.
    held: Option<Arc<File>>,
}

impl Active {
    /// A segment that ends at `position`, and the largest timestamp of its first batch, if that has one.
    pub(crate) fn new(
        segment: Arc<Segment>,
        position: u32,
        sparse: Sparse,
        first_timestamp: Option<Timestamp>,
    ) -> Active {
        let birth = Birth { first_timestamp, first_append: None };
        let seed = roll::seed(segment.files().dir(), segment.base_offset);
        Active { segment, position, reserved: position, sparse, birth, seed, held: None }
    }

    /// A segment without batches.
    pub(crate) fn empty(segment: Arc<Segment>, config: &LogConfig) -> Active {
        let sparse = Sparse::new(segment.base_offset, config.index_interval_bytes);
        Active::new(segment, 0, sparse, None)
    }

    pub(crate) fn segment(&self) -> &Arc<Segment> {
        &self.segment
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.position == 0
    }

    /// The largest timestamp of its first batch, if it has one.
    pub(crate) fn first_timestamp(&self) -> Option<Timestamp> {
        self.birth.first_timestamp
    }

    /// Whether so many more bytes leave the segment within its size.
    pub(crate) fn has_room_for(&self, needed: u64, config: &LogConfig) -> bool {
        u64::from(self.position) + needed <= u64::from(config.segment_bytes)
    }

    pub(crate) fn end(&self, offset: Offset) -> LogPosition {
        LogPosition { offset, segment: self.segment.base_offset, position: self.position }
    }

    /// Whether a batch must go to a new segment, after `pending` bytes that were not written yet.
    pub(crate) fn is_full_for(
        &self,
        pending: u32,
        header: &BatchHeader,
        base_offset: Offset,
        config: &LogConfig,
        now: Timestamp,
    ) -> bool {
        let used = u64::from(self.position) + u64::from(pending);
        used > 0
            && (roll::is_full(&self.segment, used, header, base_offset, config)
                || self.birth.is_long_ago(config, self.seed, header.max_timestamp, now))
    }

    /// Asks the filesystem for room for `needed` more bytes, and for some ahead: the more, the more the segment has.
    ///
    /// The file's length stays what was written. `take_room` is asked first whether the disk may give so much. An error
    /// leaves everything as it was.
    pub(crate) fn reserve(
        &mut self,
        needed: u64,
        segment_bytes: u32,
        take_room: impl Fn(u64) -> io::Result<()>,
    ) -> io::Result<()> {
        let file = self.file()?;
        self.held = Some(Arc::clone(&file));
        let limit = u64::from(segment_bytes.max(self.position));
        let must = (u64::from(self.position) + needed).min(limit);
        if must <= u64::from(self.reserved) {
            return Ok(());
        }
        let ahead = u64::from(self.position.clamp(AHEAD_BYTES_MIN, AHEAD_BYTES_MAX));
        let wanted = (must + ahead).min(limit);
        let reserve = |up_to: u64| {
            let position = u64::from(self.position);
            take_room(up_to - u64::from(self.reserved))?;
            file.allocate_ahead(position, up_to - position).map(|()| up_to)
        };
        let up_to = match reserve(wanted) {
            Err(error) if is_full(&error) => reserve(must)?,
            reserved => reserved?,
        };
        self.reserved = u32::try_from(up_to).expect("limited by the segment's size");
        Ok(())
    }

    fn file(&self) -> io::Result<Arc<File>> {
        match &self.held {
            Some(file) => Ok(Arc::clone(file)),
            None => self.segment.log(),
        }
    }

    /// Writes the group with one call, then its index entries, and empties it.
    pub(crate) fn write(&mut self, group: &mut Group<'_>, now: Timestamp) -> io::Result<()> {
        let file = self.file();
        self.held = None;
        let Some(first) = group.headers().next() else { return Ok(()) };
        if self.position == 0 {
            self.birth.first_timestamp = Some(first.max_timestamp).filter(|timestamp| timestamp.0 >= 0);
        }
        self.birth.first_append.get_or_insert(now);
        self.write_batches(&file?, group)?;
        self.write_index(group)?;
        self.position += group.len();
        group.clear();
        Ok(())
    }

    fn write_batches(&self, file: &Arc<File>, group: &Group<'_>) -> io::Result<()> {
        let position = u64::from(self.position);
        #[cfg(test)]
        if crate::planted::is(crate::planted::Bug::AckBeforeWrite) {
            return crate::planted::write_later(file, &group.slices(), position);
        }
        file.write_all_vectored_at(&mut group.slices(), position)
    }

    fn write_index(&mut self, group: &Group<'_>) -> io::Result<()> {
        let mut offsets: SmallVec<[OffsetEntry; 4]> = SmallVec::new();
        let mut times: SmallVec<[TimeEntry; 4]> = SmallVec::new();
        let mut position = self.position;
        for header in group.headers() {
            let (offset, time) = self.sparse.pass(header, position);
            offsets.extend(offset);
            times.extend(time);
            position += header.total_len() as u32;
        }
        let written = self.segment.offset_index.append(&offsets);
        unless_dispensable(written)?;
        self.append_times(&times)
    }

    /// The next entry makes up for those that could not be written.
    fn append_times(&mut self, times: &[TimeEntry]) -> io::Result<()> {
        let written = self.segment.time_index.append(times);
        if written.is_err() {
            self.sparse.time_entry_was_lost();
        }
        unless_dispensable(written)
    }

    /// Writes the last time entry and gives back the room that was not used.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        let last = self.sparse.time_entry();
        self.append_times(last.as_slice())?;
        self.segment.log()?.set_len(u64::from(self.position))?;
        self.reserved = self.position;
        Ok(())
    }

    /// The segment, which is finished, gets no more batches.
    pub(crate) fn seal(&self) {
        self.segment.seal(self.position);
    }
}

/// Indexes are caches: for want of room, of a descriptor or of the file an entry is left out, and later ones may come.
fn unless_dispensable(written: io::Result<()>) -> io::Result<()> {
    use io::ErrorKind::{NotFound, QuotaExceeded, StorageFull};
    match written {
        Err(error) if is_out_of_descriptors(&error) => Ok(()),
        Err(error) if matches!(error.kind(), StorageFull | QuotaExceeded | NotFound) => Ok(()),
        written => written,
    }
}

const AHEAD_BYTES_MIN: u32 = 64 << 10;
const AHEAD_BYTES_MAX: u32 = 16 << 20;

#[cfg(test)]
mod tests;
