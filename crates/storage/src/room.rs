//! A full disk is a state of a log directory, not a failure.
//!
//! Some bytes of the filesystem are kept in reserve: an append that would touch them is refused before anything has
//! changed. So nothing is torn by a write that finds no room, and there is room for the small files that deleting
//! records needs: fetches, retention, DeleteRecords and the deletion of topics go on, and appends come back by
//! themselves when there is room again.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::dir::LogDir;

/// Bytes that appends leave free, unless the builder says otherwise.
const RESERVE_BYTES: u64 = 16 << 20;
/// Bytes beyond the reserve that must be free before the disk counts as not full any more.
const HYSTERESIS_BYTES: u64 = 16 << 20;

/// How much is kept in reserve, and whether the disk is full.
#[derive(Debug)]
pub(crate) struct Room {
    reserve_bytes: u64,
    full: AtomicBool,
}

impl Default for Room {
    fn default() -> Room {
        Room { reserve_bytes: RESERVE_BYTES, full: AtomicBool::new(false) }
    }
}

impl LogDir {
    /// Sets how many bytes of the filesystem appends leave free for what must go on when it is full; 16 MiB otherwise.
    #[must_use]
    pub fn with_reserve_bytes(mut self, bytes: u64) -> LogDir {
        self.room.reserve_bytes = bytes;
        self
    }

    /// Whether the disk is so full that an append was refused and there is no room yet. No I/O.
    pub fn is_full(&self) -> bool {
        self.room.full.load(Ordering::Relaxed)
    }

    /// As [`LogDir::is_full`], after a look at the disk, which may have room again. A change is logged.
    pub fn check_room(&self) -> io::Result<bool> {
        if self.is_full() {
            self.leave_if_roomy(self.disk().available_bytes(self.path())?);
        }
        Ok(self.is_full())
    }

    /// Whether so many more bytes leave the reserve untouched.
    ///
    /// # Errors
    /// `StorageFull` when they don't.
    pub(crate) fn take_room(&self, bytes: u64) -> io::Result<()> {
        let available = self.disk().available_bytes(self.path())?;
        if available < bytes.saturating_add(self.room.reserve_bytes) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.leave_if_roomy(available);
        Ok(())
    }

    /// An append was refused.
    pub(crate) fn enter_full(&self) {
        if !self.room.full.swap(true, Ordering::Relaxed) {
            tracing::warn!(dir = %self.path().display(), "the disk is full: records are refused until there is room");
        }
    }

    fn leave_if_roomy(&self, available: u64) {
        let is_roomy = available >= self.room.reserve_bytes.saturating_add(HYSTERESIS_BYTES);
        if is_roomy && self.is_full() && self.room.full.swap(false, Ordering::Relaxed) {
            tracing::info!(dir = %self.path().display(), available, "the disk has room again: records are taken");
        }
    }
}

/// Whether an error says that there is no room: a state, unless a sync says it.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
