//! Logs of deleted topics, and files that left their log, until `file.delete.delay.ms` is over.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use host::{Disk, Pool};

/// Renamed directories and files that wait to be removed; the removal runs on the pool.
pub struct Trash {
    disk: Disk,
    pool: Arc<Pool>,
    /// By the time when they are due; topics have few different delays, so nearly always the end is the place.
    waiting: VecDeque<(Duration, PathBuf)>,
}

impl Trash {
    /// Nothing waits.
    pub fn new(disk: Disk, pool: Arc<Pool>) -> Trash {
        Trash { disk, pool, waiting: VecDeque::new() }
    }

    /// Removes `path` from `due` on.
    pub fn add(&mut self, path: PathBuf, due: Duration) {
        let place = self.waiting.partition_point(|(other, _)| *other <= due);
        self.waiting.insert(place, (due, path));
    }

    /// When the next is due.
    pub fn due(&self) -> Option<Duration> {
        self.waiting.front().map(|(due, _)| *due)
    }

    /// Removes what is due.
    pub fn empty(&mut self, now: Duration) {
        while self.due().is_some_and(|due| due <= now) {
            let Some((_, path)) = self.waiting.pop_front() else { return };
            let disk = self.disk.clone();
            self.pool.run(Box::new(move || {
                if let Err(error) = remove(&disk, &path) {
                    tracing::warn!(path = %path.display(), %error, "a deleted log could not be removed; the next start tries again");
                }
            }));
        }
    }
}

/// Files that left their log end in `.deleted`; everything else is the directory of a log.
fn remove(disk: &Disk, path: &Path) -> io::Result<()> {
    match path.extension() {
        Some(extension) if extension == "deleted" => match disk.remove_file(path) {
            // The log itself was deleted meanwhile, and its directory renamed.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        },
        _ => disk.remove_dir_all(path),
    }
}
