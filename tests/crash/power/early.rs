//! A kernel that writes the newest segments back before the ones in front of them. It may: what was not synced reaches the
//! disk in any order. It rarely does unless the disk is busy, so this does it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle, park_timeout};
use std::time::Duration;

/// How long it lets the log grow.
const PAUSE: Duration = Duration::from_millis(5);

/// Does so until it is dropped.
pub struct WrittenEarly {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    is_over: AtomicBool,
    /// Held while files are open.
    busy: Mutex<()>,
}

impl WrittenEarly {
    /// For all logs of a data directory.
    pub fn start(data: &Path) -> WrittenEarly {
        let (shared, data) = (Arc::<Shared>::default(), data.to_owned());
        let of_thread = Arc::clone(&shared);
        let work = move || {
            while !of_thread.is_over.load(Ordering::SeqCst) {
                write_newest(&data, &of_thread);
                park_timeout(PAUSE);
            }
        };
        WrittenEarly { shared, thread: Some(thread::spawn(work)) }
    }

    /// As long as this is held, nothing is open.
    pub fn lock(&self) -> MutexGuard<'_, ()> {
        self.shared.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for WrittenEarly {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        let _ = self.thread.take().expect("once").join();
    }
}

/// What cannot be read or synced is without power.
fn write_newest(data: &Path, shared: &Shared) {
    let _busy = shared.busy.lock().unwrap_or_else(PoisonError::into_inner);
    for dir in entries(data).into_iter().filter(|path| path.is_dir()) {
        let logs =
            entries(&dir).into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "log"));
        if let Some(Ok(newest)) = logs.max().map(File::open) {
            let _ = newest.sync_data();
        }
    }
}

fn entries(dir: &Path) -> Vec<PathBuf> {
    fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}
