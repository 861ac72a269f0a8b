//! Logs that are opened while another log directory is missed say so.
//!
//! The directory that is missed may have a newer one of the same name, with the mark of a move that a crash interrupted. Once
//! records are appended here neither is the older one, and both have the mark: the start refuses rather than choose.

use std::io;
use std::sync::atomic::Ordering;

use host::Open;

use crate::dir::LogDir;

/// The mark that a move leaves, as [`LogDir::was_moved_here`] looks for it.
pub(crate) const MOVED: &str = "partition.moved";

impl LogDir {
    /// From now on each log that is opened here gets, durably, the mark that [`LogDir::was_moved_here`] tells of.
    pub fn claim_logs(&self) {
        self.claims_logs.store(true, Ordering::Release);
    }

    /// Whether logs that are opened here get the mark.
    pub fn claims_logs(&self) -> bool {
        self.claims_logs.load(Ordering::Acquire)
    }

    /// Marks the log `name`, which is there, where that is asked for and it has no mark.
    pub(crate) fn claim_if_asked(&self, name: &str) -> io::Result<()> {
        if !self.claims_logs() || self.was_moved_here(name)? {
            return Ok(());
        }
        self.claim(name)
    }

    /// Marks the log `name`, durably.
    pub(crate) fn claim(&self, name: &str) -> io::Result<()> {
        let log = self.path().join(name);
        self.watch(self.disk().open(&log.join(MOVED), Open::Create))?;
        self.watch_sync(self.disk().sync_dir(&log))
    }
}
