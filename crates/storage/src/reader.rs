//! Reading a log without its lock: what consumers see.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use arc_swap::ArcSwap;
use host::FileSlice;
use record::{Offset, Timestamp};

use crate::end::{EndCell, LogPosition};
use crate::segment::Segment;
use crate::time::{self, Found};

/// The segments of a moment, ascending; the last one is being written. Replaced as a whole when one begins.
#[derive(Debug)]
pub struct LogView {
    segments: Vec<Arc<Segment>>,
}

impl LogView {
    /// Of at least one segment.
    pub fn new(segments: Vec<Arc<Segment>>) -> LogView {
        assert!(!segments.is_empty(), "a log has an active segment");
        LogView { segments }
    }

    /// The segment that is being written.
    pub fn active(&self) -> &Arc<Segment> {
        self.segments.last().expect("a log has an active segment")
    }

    /// All segments.
    pub fn segments(&self) -> &[Arc<Segment>] {
        &self.segments
    }

    /// The segment that holds `offset`, and those after it.
    fn from(&self, offset: Offset) -> &[Arc<Segment>] {
        let after = self.segments.partition_point(|segment| segment.base <= offset);
        &self.segments[after.saturating_sub(1)..]
    }

    /// This and a new active segment.
    pub fn with(&self, segment: Arc<Segment>) -> LogView {
        let mut segments = self.segments.clone();
        segments.push(segment);
        LogView { segments }
    }
}

/// What appender and readers share.
#[derive(Debug)]
pub struct Shared {
    pub view: ArcSwap<LogView>,
    pub end: EndCell,
    pub log_start: AtomicI64,
}

/// Reads one log. Cloning gives another reader of it.
#[derive(Debug, Clone)]
pub struct LogReader(pub(crate) Arc<Shared>);

/// Why nothing can be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The offset is before the log's start or beyond its end.
    #[error("offset {offset} is not in the log, which has {start} to {end}")]
    OffsetOutOfRange {
        /// What was asked for.
        offset: Offset,
        /// The first offset there is.
        start: Offset,
        /// The first offset there is not yet.
        end: Offset,
    },
    /// The bytes on disk are not the batches that were written.
    #[error("the log is damaged: {0}")]
    Corrupt(String),
    /// The disk failed.
    #[error("the log cannot be read: {0}")]
    Io(io::Error),
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> ReadError {
        match error.kind() {
            io::ErrorKind::InvalidData => ReadError::Corrupt(error.to_string()),
            _ => ReadError::Io(error),
        }
    }
}

impl LogReader {
    /// The first offset.
    pub fn log_start_offset(&self) -> Offset {
        Offset(self.0.log_start.load(Ordering::Acquire))
    }

    /// Where the next record will be.
    pub fn end(&self) -> LogPosition {
        self.0.end.load()
    }

    /// Bytes of all segments.
    pub fn size_bytes(&self) -> u64 {
        self.0.view.load().segments().iter().map(|segment| u64::from(segment.len())).sum()
    }

    /// The bytes from the batch that holds `from` on: before `upper`, of one segment, and at most `max_bytes`, so that the
    /// last batch may be cut short. With `at_least_one` the first batch is whole, however large.
    ///
    /// `hint` is a position that `from` is known to have; it saves the look-up. No record is read, only batch headers.
    ///
    /// `None`: there is nothing before `upper`, or no room for any of it.
    pub fn read(
        &self,
        from: Offset,
        hint: Option<LogPosition>,
        upper: LogPosition,
        max_bytes: u32,
        at_least_one: bool,
    ) -> Result<Option<FileSlice>, ReadError> {
        self.check_range(from)?;
        if from >= upper.offset || (max_bytes == 0 && !at_least_one) {
            return Ok(None);
        }
        // After `upper`, so that the view has its segment.
        let view = self.0.view.load();
        for segment in view.from(from) {
            let limit = if segment.base == upper.segment { upper.position } else { segment.len() };
            let hint = hint.filter(|hint| hint.offset == from && hint.segment == segment.base);
            let Some((position, first_end)) = first_batch(segment, from, hint, limit)? else { continue };
            let room = if at_least_one { max_bytes.max(first_end - position) } else { max_bytes };
            let len = room.min(limit - position);
            return Ok(Some(FileSlice { file: Arc::clone(&segment.log), position: u64::from(position), len }));
        }
        Ok(None)
    }

    /// The earliest record before `upper` with at least this timestamp.
    pub fn offset_for_timestamp(&self, timestamp: Timestamp, upper: Offset) -> Result<Option<Found>, ReadError> {
        let view = self.0.view.load();
        for segment in view.segments() {
            if let Some(found) = time::earliest(segment, timestamp, self.log_start_offset(), upper)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The earliest record before `upper` that has the greatest timestamp of all.
    pub fn max_timestamp(&self, upper: Offset) -> Result<Option<Found>, ReadError> {
        let view = self.0.view.load();
        let mut best: Option<Found> = None;
        for segment in view.segments() {
            let found = time::greatest(segment, self.log_start_offset(), upper)?;
            best = best.into_iter().chain(found).reduce(|best, found| if found.1 > best.1 { found } else { best });
        }
        Ok(best)
    }

    fn check_range(&self, offset: Offset) -> Result<(), ReadError> {
        let (start, end) = (self.log_start_offset(), self.end().offset);
        if (start..=end).contains(&offset) {
            return Ok(());
        }
        Err(ReadError::OffsetOutOfRange { offset, start, end })
    }
}

/// Where the first batch that holds `from` or follows it begins, and where it ends.
fn first_batch(segment: &Segment, from: Offset, hint: Option<LogPosition>, limit: u32) -> io::Result<Option<(u32, u32)>> {
    let found = match hint {
        Some(hint) => segment.scan(hint.position, limit).next().transpose()?,
        None => segment.locate(from, limit)?,
    };
    Ok(found.map(|batch| (batch.position, batch.end())))
}
