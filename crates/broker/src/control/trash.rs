//! Files of deleted logs and segments, until `file.delete.delay.ms` is over.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
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
}

impl Trash {
    /// Nothing waits.
    pub fn new(disk: Disk, pool: Arc<Pool>) -> Trash {
        Trash { disk, pool, waiting: Arc::default() }
    }

    /// Removes `path` from `due` on.
    pub fn add(&self, path: PathBuf, due: Duration) {
        let mut waiting = self.lock();
        let place = waiting.partition_point(|(other, _)| *other <= due);
        waiting.insert(place, (due, path));
    }

    /// Removes what is due.
    pub fn empty(&self, now: Duration) {
        while let Some(path) = self.next(now) {
            let disk = self.disk.clone();
            self.pool.run(Box::new(move || {
                if let Err(error) = remove(&disk, &path) {
                    tracing::warn!(path = %path.display(), %error, "a deleted file could not be removed; the next start tries again");
                }
            }));
        }
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
