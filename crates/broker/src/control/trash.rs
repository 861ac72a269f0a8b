//! Files of deleted logs and segments, until `file.delete.delay.ms` is over.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use host::{Disk, Pool};

/// Renamed files and directories that wait to be removed; the removal runs on the pool. Cloning gives another handle.
#[derive(Clone)]
pub struct Trash {
    disk: Disk,
    pool: Arc<Pool>,
    /// By the time when they are due; topics have few different delays, so nearly always the end is the place.
    waiting: Arc<Mutex<VecDeque<(Duration, PathBuf)>>>,
    is_removing: Arc<AtomicBool>,
}

impl Trash {
    /// Nothing waits.
    pub fn new(disk: Disk, pool: Arc<Pool>) -> Trash {
        Trash { disk, pool, waiting: Arc::default(), is_removing: Arc::default() }
    }

    /// Removes `path` from `due` on.
    pub fn add(&self, path: PathBuf, due: Duration) {
        let mut waiting = self.lock();
        let place = waiting.partition_point(|(other, _)| *other <= due);
        waiting.insert(place, (due, path));
    }

    /// Removes what is due, with one task on the pool at a time: others use it too.
    pub fn empty(&self, now: Duration) {
        let is_due = self.lock().front().is_some_and(|(due, _)| *due <= now);
        if !is_due || self.is_removing.swap(true, Ordering::AcqRel) {
            return;
        }
        let trash = self.clone();
        self.pool.run(Box::new(move || {
            while let Some(path) = trash.next(now) {
                if let Err(error) = remove(&trash.disk, &path) {
                    tracing::warn!(path = %path.display(), %error, "a deleted file could not be removed; the next start tries again");
                }
            }
            trash.is_removing.store(false, Ordering::Release);
        }));
    }

    fn next(&self, now: Duration) -> Option<PathBuf> {
        let mut waiting = self.lock();
        waiting.pop_front_if(|(due, _)| *due <= now).map(|(_, path)| path)
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(Duration, PathBuf)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A whole log, or a file of a segment; a file that is gone with its log is no error.
fn remove(disk: &Disk, path: &Path) -> io::Result<()> {
    let is_log = path.to_string_lossy().ends_with("-delete");
    let removed = if is_log { disk.remove_dir_all(path) } else { disk.remove_file(path) };
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}
