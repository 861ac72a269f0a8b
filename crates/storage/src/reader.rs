//! Reading a log while it is written.

use std::io;
use std::sync::Arc;

use host::FileSlice;
use record::{Offset, Timestamp};

use crate::config::LogConfig;
use crate::end::LogPosition;
use crate::open_files::Patience;
use crate::retention;
use crate::scan::{Located, Scan, ScanError};
use crate::segment::Segment;
use crate::timestamps;
use crate::view::{LogView, Shared};

/// Reads one log. Takes no lock, not even the writer's; cloning gives another handle to the same log.
#[derive(Clone, Debug)]
pub struct LogReader {
    shared: Arc<Shared>,
}

/// Why there is nothing to read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The log has no such offset.
    #[error("offset {requested} is not in the log, which goes from {log_start_offset} to {log_end_offset}")]
    OffsetOutOfRange {
        /// What was asked for.
        requested: Offset,
        /// The first offset that the log has.
        log_start_offset: Offset,
        /// The offset that the next record gets.
        log_end_offset: Offset,
    },
    /// The bytes there are not batches.
    #[error("segment {segment} is damaged at position {position}")]
    Corrupt {
        /// The base offset of the segment.
        segment: Offset,
        /// The bytes before the damage.
        position: u32,
    },
    /// The log was deleted, or that part of it, and the bytes are gone.
    #[error("the log, or that part of it, was deleted")]
    Deleted,
    /// The disk would have to be read to find where to begin; of reads that do not wait for it.
    #[error("where to read is not in the page cache")]
    NotCached,
    /// The disk failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl LogReader {
    pub(crate) fn new(shared: Arc<Shared>) -> LogReader {
        LogReader { shared }
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// `<topic>-<partition>` of the log.
    pub fn log_name(&self) -> String {
        // A log has a segment at any time.
        self.view().segments()[0].files().name().to_owned()
    }

    pub(crate) fn view(&self) -> Arc<LogView> {
        self.shared.view.load_full()
    }

    /// The first offset of the log.
    pub fn log_start_offset(&self) -> Offset {
        self.shared.log_start_offset()
    }

    /// Where the log ends; the parts belong together.
    pub fn end(&self) -> LogPosition {
        self.shared.end.load()
    }

    /// Up to where everything is on disk; never above [`LogReader::end`].
    pub fn durable_end(&self) -> LogPosition {
        self.shared.durable_end.load()
    }

    /// Where the log ends for consumers: with `flush.messages` = 1 nobody reads what a power cut can take back.
    pub fn visible_end(&self, config: &LogConfig) -> LogPosition {
        if config.flush_messages == 1 { self.durable_end() } else { self.end() }
    }

    /// The offset that the log should begin at now, by `retention.ms` and `retention.bytes`; the present start when nothing
    /// has expired. Only records below `upper` expire.
    ///
    /// Time is exact to the record: from the check that calls this on, no record older than `retention.ms` is served that
    /// has none younger before it. A timestamp in the future keeps its record, and what follows it, for as long; records
    /// without a timestamp don't expire by time. Bytes are freed segment by segment, when a whole one lies below the
    /// start: see [`crate::Log::expire_to`]. `retention.bytes` takes whole segments while what is left is not smaller.
    pub fn retained_from(&self, config: &LogConfig, now: Timestamp, upper: Offset) -> Result<Offset, ReadError> {
        let end = self.end();
        let view = self.shared.view.load();
        let upper = upper.min(end.offset);
        let bytes = |segment: &Segment| segment.bytes_before(end);
        let by_size = retention::by_size(view.segments(), bytes, config.retention_bytes, upper, end.offset);
        let start = self.log_start_offset().max(by_size);
        if config.retention_ms < 0 || start >= upper {
            return Ok(start);
        }
        let cutoff = Timestamp(now.0.saturating_sub(config.retention_ms));
        timestamps::first_unexpired(view.segments(), cutoff, start, upper, end)
    }

    /// The bytes from the batch that holds `from` up to `upper`, the high watermark for example, and not more than
    /// `max_bytes`; the last batch may be cut. They never reach into another segment.
    ///
    /// The first batch is whole or there is nothing: `None` when it is larger than `max_bytes`, unless `at_least_one`.
    /// Also `None` when `from` is at or above `upper` but within the log.
    ///
    /// A `hint` is the position of a batch known from before, such as the end that a parked fetch waited at; it saves
    /// the look-up when it serves. No record is read, only batch headers; with [`Patience::CachedOnly`] it fails with
    /// [`ReadError::NotCached`] rather than wait for the disk.
    pub fn read(
        &self,
        from: Offset,
        hint: Option<LogPosition>,
        upper: LogPosition,
        max_bytes: u32,
        at_least_one: bool,
        patience: Patience,
    ) -> Result<Option<FileSlice>, ReadError> {
        // Before the start is looked at: a segment that leaves the log after that is still in this view.
        let view = self.shared.view.load();
        let upper = self.within_end(upper);
        if !self.has_below(from, upper)? {
            return Ok(None);
        }
        let limits = Limits { max_bytes, at_least_one };
        match read_in(view.from(from), from, hint, upper, limits, patience) {
            // The log's start has passed `from` meanwhile.
            Err(ReadError::Deleted) => self.has_below(from, upper).and(Err(ReadError::Deleted)),
            read => read,
        }
    }

    /// A position from before a truncation may lie beyond the end.
    fn within_end(&self, upper: LogPosition) -> LogPosition {
        let end = self.end();
        if upper.offset > end.offset { end } else { upper }
    }

    /// Whether `from` is in the log and below `upper`.
    fn has_below(&self, from: Offset, upper: LogPosition) -> Result<bool, ReadError> {
        let log_start_offset = self.log_start_offset();
        if from >= log_start_offset && from < upper.offset {
            return Ok(true);
        }
        let log_end_offset = self.end().offset;
        if from < log_start_offset || from > log_end_offset {
            return Err(ReadError::OffsetOutOfRange { requested: from, log_start_offset, log_end_offset });
        }
        Ok(false)
    }

    /// The earliest record from the log's start on and below `upper` whose timestamp is at least `timestamp`.
    pub fn offset_for_timestamp(
        &self,
        timestamp: Timestamp,
        upper: Offset,
    ) -> Result<Option<(Offset, Timestamp)>, ReadError> {
        let end = self.end();
        let view = self.shared.view.load();
        timestamps::earliest_at_or_after(view.segments(), timestamp, &(self.log_start_offset()..upper), end)
    }

    /// The earliest of the records from the log's start on and below `upper` that have the largest timestamp there
    /// (KIP-734); `None` when there are none, or none with a timestamp.
    pub fn max_timestamp(&self, upper: Offset) -> Result<Option<(Offset, Timestamp)>, ReadError> {
        let end = self.end();
        let view = self.shared.view.load();
        timestamps::largest(view.segments(), &(self.log_start_offset()..upper), end)
    }

    /// How many segments there are.
    pub fn segment_count(&self) -> usize {
        self.shared.view.load().segments().len()
    }

    /// The bytes of all segments, without their indexes.
    pub fn size_bytes(&self) -> u64 {
        let end = self.end();
        let view = self.shared.view.load();
        view.segments().iter().map(|segment| u64::from(segment.bytes_before(end))).sum()
    }
}

impl ReadError {
    pub(crate) fn in_segment(segment: &Segment, error: ScanError) -> ReadError {
        match error {
            ScanError::Io(error) => segment.read_error(error),
            ScanError::NoBatch { position } => ReadError::Corrupt { segment: segment.base_offset, position },
        }
    }
}

/// How much a read gives.
#[derive(Clone, Copy)]
struct Limits {
    max_bytes: u32,
    at_least_one: bool,
}

/// The slice of the first of the segments that has the batch.
fn read_in(
    segments: &[Arc<Segment>],
    from: Offset,
    hint: Option<LogPosition>,
    upper: LogPosition,
    limits: Limits,
    patience: Patience,
) -> Result<Option<FileSlice>, ReadError> {
    for segment in segments {
        let end = segment.bytes_before(upper);
        if let Some(first) = find(segment, from, hint, end, patience)? {
            let slice = slice(segment, &first, end, limits);
            return slice.map_err(|error| segment.read_error(error));
        }
    }
    Ok(None)
}

/// The batch that holds `from`, or where compaction removed it the next one. An offset that was lost to damage is not
/// skipped.
fn find(
    segment: &Segment,
    from: Offset,
    hint: Option<LogPosition>,
    end: u32,
    patience: Patience,
) -> Result<Option<Located>, ReadError> {
    let in_segment = |error| ReadError::in_segment(segment, error);
    let hinted = hint.and_then(|hint| scan_from(segment, &hint, from, end, patience));
    let scan = hinted.map_or_else(|| segment.scan_for(from, end, patience), Ok);
    let corrupt = |position| Err(ReadError::Corrupt { segment: segment.base_offset, position });
    match scan.map_err(ScanError::Io).and_then(|scan| scan.find(from)).map_err(in_segment)? {
        Some(first) if first.after_damage && first.header.base_offset > from => corrupt(first.position),
        Some(first) => Ok(Some(first)),
        None => match segment.damage().last() {
            Some(damage) if damage.end() == end => corrupt(damage.position),
            _ => Ok(None),
        },
    }
}

/// From where the hint says, if a batch of its offset is still there. Where that cannot be read at once, the look-up without it
/// can be read no sooner.
fn scan_from<'a>(
    segment: &'a Segment,
    hint: &LogPosition,
    from: Offset,
    end: u32,
    patience: Patience,
) -> Option<Scan<'a>> {
    if hint.segment != segment.base_offset || hint.offset > from || hint.position >= end {
        return None;
    }
    let mut scan = segment.scan_with(hint.position, end, patience);
    let batch = scan.next().ok()??;
    (batch.header.base_offset == hint.offset).then(|| scan.again_from(hint.position))
}

fn slice(segment: &Segment, first: &Located, end: u32, limits: Limits) -> io::Result<Option<FileSlice>> {
    let Limits { max_bytes, at_least_one } = limits;
    let first_len = first.header.total_len() as u32;
    let max_bytes = match max_bytes {
        small if small < first_len && at_least_one => first_len,
        small if small < first_len => return Ok(None),
        enough => enough,
    };
    let damaged_from = segment.damage().iter().map(|damage| damage.position).find(|at| *at > first.position);
    let end = damaged_from.map_or(end, |at| end.min(at));
    let len = max_bytes.min(end - first.position);
    Ok(Some(FileSlice { file: segment.log()?, position: u64::from(first.position), len }))
}
