//! What readers share with the writer.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use arc_swap::ArcSwap;
use record::Offset;

use crate::end::{EndCell, LogPosition};
use crate::segment::Segment;

/// The state of a log that readers see, without a lock. A segment is in the view before the end lies in it.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) view: ArcSwap<LogView>,
    pub(crate) end: EndCell,
    /// Up to where everything is on disk.
    pub(crate) durable_end: EndCell,
    log_start_offset: AtomicI64,
}

impl Shared {
    pub(crate) fn new(view: LogView, log_start_offset: Offset, end: LogPosition) -> Shared {
        let log_start_offset = AtomicI64::new(log_start_offset.0);
        Shared {
            view: ArcSwap::from_pointee(view),
            end: EndCell::new(end),
            durable_end: EndCell::new(end),
            log_start_offset,
        }
    }

    /// Sets the durable end to where the segment begins that has `recovery_point`, or the first one.
    pub(crate) fn begin_durable_at(&self, recovery_point: Offset) {
        let view = self.view.load();
        let after = view.segments().partition_point(|segment| segment.base_offset <= recovery_point);
        let base = view.segments()[after.saturating_sub(1)].base_offset;
        self.durable_end.store(LogPosition { offset: base, segment: base, position: 0 });
    }

    /// What moving the log's start does to readers, without the rest of it.
    #[cfg(test)]
    pub(crate) fn plant_log_start_offset(&self, offset: Offset) {
        self.log_start_offset.store(offset.0, Ordering::Release);
    }

    pub(crate) fn log_start_offset(&self) -> Offset {
        Offset(self.log_start_offset.load(Ordering::Acquire))
    }

    /// Comes before the segments below it leave the view.
    pub(crate) fn set_log_start_offset(&self, offset: Offset) {
        self.log_start_offset.store(offset.0, Ordering::Release);
    }
}

/// The segments of a log at one moment, ascending; at least one.
#[derive(Clone, Debug)]
pub(crate) struct LogView {
    segments: Vec<Arc<Segment>>,
}

impl LogView {
    pub(crate) fn new(segments: Vec<Arc<Segment>>) -> LogView {
        assert!(segments.is_sorted_by(|a, b| a.base_offset < b.base_offset), "segments ascend");
        LogView { segments }
    }

    /// The same with a segment after the last.
    pub(crate) fn with(&self, segment: Arc<Segment>) -> LogView {
        LogView::new(self.segments.iter().cloned().chain([segment]).collect())
    }

    /// How many of the first segments lie wholly below `offset`. The last segment never does.
    pub(crate) fn count_below(&self, offset: Offset) -> usize {
        self.segments[1..].partition_point(|next| next.base_offset <= offset)
    }

    pub(crate) fn segments(&self) -> &[Arc<Segment>] {
        &self.segments
    }

    /// The segment that `offset` belongs to and those after it.
    pub(crate) fn from(&self, offset: Offset) -> &[Arc<Segment>] {
        let after = self.segments.partition_point(|segment| segment.base_offset <= offset);
        &self.segments[after.saturating_sub(1)..]
    }
}
