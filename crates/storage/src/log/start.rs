//! The log's start moves up: records that expired or were deleted are not served any more, and segments that hold no
//! others leave the log.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use host::Open;
use record::{Offset, Timestamp};

use super::{AppendError, Log};
use crate::end::LogPosition;
use crate::epochs::Epochs;
use crate::files;
use crate::files::Durable;
use crate::retire::{Side, retire, retired_before};
use crate::room::is_full;
use crate::view::LogView;

impl Log {
    /// Moves the log's start up to `to` (never down, never beyond the end), durably, as DeleteRecords promises. Segments
    /// that lie below it as a whole leave the log: their files are renamed with `.deleted` appended, and returned, to be
    /// removed after `file.delete.delay.ms`. Where that is all of the active segment, a new one begins.
    ///
    /// # Errors
    /// `StorageFull` when there is no room for the checkpoint: then the start is where it was.
    pub fn advance_start(&mut self, to: Offset, now: Timestamp) -> Result<Vec<PathBuf>, AppendError> {
        self.dir.check()?;
        let (start, to) = (self.shared.log_start_offset(), to.min(self.next_offset));
        // Also where retention has passed `to`, which no checkpoint may know yet.
        if to > self.durable_start {
            let wanted = to.max(start);
            let noted = self.dir.note_log_start_offset(self.name(), wanted).and_then(|()| self.dir.write_checkpoints());
            if noted.is_ok() {
                self.durable_start = wanted;
            } else {
                // No later checkpoint may say what was not promised.
                let _ = self.dir.note_log_start_offset(self.name(), start);
            }
            self.refusable(noted)?;
        }
        self.expire_to(to, now)
    }

    /// As [`Log::advance_start`], for retention: the start becomes durable with the next
    /// [`crate::LogDir::write_checkpoints`]. After a power cut before that the log may begin where it began, until
    /// retention is looked after again.
    pub fn expire_to(&mut self, to: Offset, now: Timestamp) -> Result<Vec<PathBuf>, AppendError> {
        self.expire_some(to, now, usize::MAX)
    }

    /// As [`Log::expire_to`], but no more than `segments_max` leave the log; when files are returned there may be more.
    /// Renames take time, and appends wait for the lock on the log.
    pub fn expire_some(
        &mut self,
        to: Offset,
        now: Timestamp,
        segments_max: usize,
    ) -> Result<Vec<PathBuf>, AppendError> {
        self.dir.check()?;
        let to = to.min(self.next_offset);
        if to > self.shared.log_start_offset() {
            self.shared.set_log_start_offset(to);
            self.epochs.truncate_below(to);
            // A deletion under way may have noted a higher one.
            self.dir.watch(self.dir.raise_log_start_offset(self.name(), to))?;
        }
        let retired = self.retire_below_start(now, segments_max);
        self.refusable(retired)
    }

    fn retire_below_start(&mut self, now: Timestamp, segments_max: usize) -> io::Result<Vec<PathBuf>> {
        let start = self.shared.log_start_offset();
        if start == self.next_offset && !self.active.is_empty() {
            match self.roll(now, Durable::Yes) {
                // The segment goes when there is room.
                Err(error) if is_full(&error) && !self.dir.failed() => {}
                rolled => rolled?,
            }
        }
        let view = self.shared.view.load_full();
        let gone = view.count_below(start).min(segments_max);
        if gone == 0 && !self.is_retiring {
            return Ok(Vec::new());
        }
        let first = view.segments()[gone].base_offset;
        self.keep_state_at(first)?;
        // Until all of it is done: what fails halfway is taken up again.
        let again = std::mem::replace(&mut self.is_retiring, true);
        self.shared.view.store(Arc::new(LogView::new(view.segments()[gone..].to_vec())));
        view.segments()[..gone].iter().for_each(|segment| segment.mark_retired());
        let mut retired = retire(self.dir.disk(), &self.path(), Side::Below(first))?;
        if again {
            retired.extend(retired_before(self.dir.disk(), &self.path())?);
        }
        self.is_retiring = false;
        if self.shared.durable_end.load().offset < first {
            // What never became durable is gone, durably: nothing below is looked for after a crash.
            self.dir.watch_sync(self.dir.disk().sync_dir(&self.path()))?;
            self.publish_durable(LogPosition { offset: first, segment: first, position: 0 });
        }
        Ok(retired)
    }

    /// What the segments below tell is known from elsewhere before they go: the end of the log from the name of the
    /// first that stays, the producers from its snapshot, the epochs from their checkpoint.
    fn keep_state_at(&mut self, first: Offset) -> io::Result<()> {
        if self.unflushed.epochs {
            self.dir.watch_sync(Epochs::sync(self.dir.disk(), &self.path()))?;
            (self.unflushed.epochs, self.unflushed.names) = (false, true);
        }
        if !self.producers.is_empty() {
            for extension in [files::WINDOWS, files::SNAPSHOT] {
                let path = files::path(&self.path(), first, extension);
                match self.dir.disk().open(&path, Open::ReadWrite) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    file => self.dir.watch_sync(file?.sync_data())?,
                }
            }
            self.unflushed.names = true;
        }
        self.sync_names()
    }
}
