//! Files that are opened when they are needed, and closed when too many are.
//!
//! ```text
//! Segment --- 3 x LazyFile ---> Slot { file: None | Arc<File>, used } <--- Weak --- queue of OpenFiles
//!                                  \--> LogFiles: the log's directory      one OpenFiles per log directory
//! ```
//!
//! Using a file that is open takes no lock: one load of its pointer, and a flag that is set when it was not. Only opening
//! one takes the lock of [`OpenFiles`]; when the bound is reached then, the queue is walked as a clock: a file that was
//! used since the last time gets a second chance, the first other one is closed.
//!
//! Closing loses nothing. Nothing is buffered here; who has an `Arc<File>`, such as a [`host::FileSlice`], goes on with it;
//! and an fsync on a descriptor that was opened later covers what was written through an earlier one, as both are the same
//! file. If the kernel failed to write pages back meanwhile and nobody was told, Linux tells the first descriptor that is
//! opened afterwards (`errseq_t`), so that a flush sees an error also when the descriptor of the write is gone.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use arc_swap::ArcSwapOption;
use host::{Disk, File, Misses, Open};
use record::Offset;

use crate::files::{self, Kind};

/// The open files of the segments of one log directory.
#[derive(Debug)]
pub(crate) struct OpenFiles {
    disk: Disk,
    max: usize,
    /// How many are open. What readers hold beyond that does not count.
    open: AtomicUsize,
    /// Whether the system tells what of these files is in the page cache, once that is known.
    tells_cached: OnceLock<bool>,
    /// All that are open, and some that were.
    queue: Mutex<Queue>,
}

type Queue = VecDeque<Weak<Slot>>;

/// The default bound.
pub(crate) const OPEN_FILES_MAX: usize = 4096;

/// Where the files of one log are.
#[derive(Debug)]
pub(crate) struct LogFiles {
    open_files: Arc<OpenFiles>,
    dir: Box<Path>,
    /// Nothing is opened in `dir` any more: the next log of that name may be there.
    is_deleted: AtomicBool,
    /// The directory of the log since it was deleted.
    moved: OnceLock<PathBuf>,
    misses: Misses,
}

/// Whether a read may wait for the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// It may.
    Waits,
    /// It fails with `WouldBlock` when a file has to be opened for it, or a part is not in the page cache. Where the system
    /// cannot tell, it waits.
    CachedOnly,
}

/// A file of a segment.
#[derive(Debug)]
pub(crate) struct LazyFile(Arc<Slot>);

#[derive(Debug)]
struct Slot {
    log: Arc<LogFiles>,
    base_offset: Offset,
    kind: Kind,
    file: ArcSwapOption<File>,
    /// Since the clock came by.
    is_used: AtomicBool,
    /// Whether the queue has it; changed with the queue's lock.
    is_queued: AtomicBool,
    is_retired: AtomicBool,
}

impl OpenFiles {
    /// At most `max` files, but at least one, stay open.
    pub(crate) fn new(disk: Disk, max: usize) -> OpenFiles {
        OpenFiles {
            disk,
            max: max.max(1),
            open: AtomicUsize::new(0),
            tells_cached: OnceLock::new(),
            queue: Mutex::default(),
        }
    }

    /// Whether the system tells what of the files here is in the page cache: a byte that has just been read must be said to
    /// be there. `file` has a byte at `position`; it is read once in the life of the process.
    pub(crate) fn tells_cached(&self, file: &File, position: u64) -> io::Result<bool> {
        if let Some(tells) = self.tells_cached.get() {
            return Ok(*tells);
        }
        file.read_exact_at(&mut [0], position)?;
        Ok(*self.tells_cached.get_or_init(|| file.cached_bytes(position, 1) == Some(1)))
    }

    pub(crate) fn count(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Opens a file. When the process has no descriptor left, some of ours are closed for it.
    fn open(&self, path: &Path, how: Open) -> io::Result<File> {
        match self.disk.open(path, how) {
            Err(error) if is_out_of_descriptors(&error) => {
                let some = (self.count() / 8).max(8);
                let closed = self.close_down_to(&mut self.lock(), self.count().saturating_sub(some));
                drop(closed);
                self.disk.open(path, how)
            }
            opened => opened,
        }
    }

    /// Gives an opened file to the slot, unless somebody was faster: then theirs counts.
    fn install(&self, slot: &Arc<Slot>, opened: File) -> Arc<File> {
        let opened = Arc::new(opened);
        let closed;
        let mut queue = self.lock();
        if let Some(file) = slot.file.load_full() {
            return file;
        }
        closed = self.close_down_to(&mut queue, self.max - 1);
        slot.is_used.store(true, Ordering::Relaxed);
        self.open.fetch_add(1, Ordering::Relaxed);
        slot.file.store(Some(Arc::clone(&opened)));
        if !slot.is_queued.swap(true, Ordering::Relaxed) {
            queue.push_back(Arc::downgrade(slot));
        }
        self.sweep(&mut queue);
        drop(queue);
        drop(closed);
        opened
    }

    /// Closes files until so many are left. They are returned, as the last handle should not go under the lock.
    fn close_down_to(&self, queue: &mut Queue, count: usize) -> Vec<Arc<File>> {
        let mut closed = Vec::new();
        // Whoever uses files meanwhile could keep the clock going round.
        let mut steps = 2 * queue.len();
        while self.count() > count && steps > 0 {
            steps -= 1;
            let Some(entry) = queue.pop_front() else { break };
            let Some(slot) = entry.upgrade() else { continue };
            if slot.is_used.swap(false, Ordering::Relaxed) {
                queue.push_back(entry);
            } else {
                slot.is_queued.store(false, Ordering::Relaxed);
                closed.extend(slot.take());
            }
        }
        closed
    }

    /// Forgets the slots that are closed or gone, when they are most of the queue.
    fn sweep(&self, queue: &mut Queue) {
        if queue.len() <= 2 * self.count() + QUEUE_SLACK {
            return;
        }
        queue.retain(|entry| {
            let Some(slot) = entry.upgrade() else { return false };
            let is_open = slot.file.load().is_some();
            slot.is_queued.store(is_open, Ordering::Relaxed);
            is_open
        });
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const QUEUE_SLACK: usize = 64;

impl LogFiles {
    /// The log at `dir`.
    pub(crate) fn new(open_files: &Arc<OpenFiles>, dir: &Path) -> Arc<LogFiles> {
        let (open_files, dir) = (Arc::clone(open_files), Box::from(dir));
        let (is_deleted, moved, misses) = (AtomicBool::new(false), OnceLock::new(), Misses::default());
        Arc::new(LogFiles { open_files, dir, is_deleted, moved, misses })
    }

    pub(crate) fn disk(&self) -> &Disk {
        &self.open_files.disk
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// `<topic>-<partition>`, also when the log was deleted: kept in no other place, as there may be many logs.
    pub(crate) fn name(&self) -> &str {
        self.dir.file_name().and_then(OsStr::to_str).expect("the path was made from the name, which is a text")
    }

    /// The log is deleted: comes before its directory is renamed.
    pub(crate) fn is_deleted(&self) -> bool {
        self.is_deleted.load(Ordering::SeqCst)
    }

    /// Comes before the directory is renamed: nothing is opened by its old name any more.
    pub(crate) fn mark_deleted(&self) {
        self.is_deleted.store(true, Ordering::SeqCst);
    }

    /// Where the files of the deleted log are to be found from now on.
    pub(crate) fn moved_to(&self, dir: &Path) {
        let _ = self.moved.set(dir.to_owned());
    }

    /// What of its files had to be read from the disk when it was to be sent, since the log was opened.
    pub(crate) fn misses(&self) -> &Misses {
        &self.misses
    }

    pub(crate) fn open_files(&self) -> &OpenFiles {
        &self.open_files
    }

    fn present_dir(&self) -> Option<&Path> {
        match self.is_deleted.load(Ordering::SeqCst) {
            false => Some(&self.dir),
            true => self.moved.get().map(PathBuf::as_path),
        }
    }
}

impl LazyFile {
    pub(crate) fn new(log: &Arc<LogFiles>, base_offset: Offset, kind: Kind) -> LazyFile {
        LazyFile(Arc::new(Slot {
            log: Arc::clone(log),
            base_offset,
            kind,
            file: ArcSwapOption::empty(),
            is_used: AtomicBool::new(false),
            is_queued: AtomicBool::new(false),
            is_retired: AtomicBool::new(false),
        }))
    }

    /// The file, which is opened when it is not.
    ///
    /// # Errors
    /// `NotFound` also when it is [`LazyFile::is_given_up`] and cannot be found under its new name.
    pub(crate) fn file(&self) -> io::Result<Arc<File>> {
        self.opened(Open::ReadWrite)
    }

    /// Fills `buffer` from `position`.
    ///
    /// # Errors
    /// As of [`LazyFile::file`] and [`File::read_exact_at`]; `WouldBlock` as [`Patience`] says.
    pub(crate) fn read_exact_at(&self, buffer: &mut [u8], position: u64, patience: Patience) -> io::Result<()> {
        let is_read = match patience {
            Patience::Waits => self.file()?.read_exact_at(buffer, position).map(|()| true)?,
            // The name and the inode may have to be read from the disk to open it.
            Patience::CachedOnly => self.0.file.load().is_some() && self.file()?.read_cached_at(buffer, position)?,
        };
        if is_read { Ok(()) } else { Err(io::ErrorKind::WouldBlock.into()) }
    }

    /// As [`LazyFile::file`], for who looks at many and reads none: a file that is not open is opened for the caller alone.
    /// It is in no queue, nothing is closed for it, and it does not count as used.
    ///
    /// # Errors
    /// As of [`LazyFile::file`]; also when the process has no descriptor left.
    pub(crate) fn aside(&self) -> io::Result<Arc<File>> {
        match self.0.file.load_full() {
            Some(file) => Ok(file),
            None => self.0.open(|path| self.0.log.disk().open(path, Open::Read)).map(Arc::new),
        }
    }

    /// As [`LazyFile::file`]; made when it is missing.
    pub(crate) fn create(&self) -> io::Result<Arc<File>> {
        self.opened(Open::Create)
    }

    fn opened(&self, how: Open) -> io::Result<Arc<File>> {
        let Some(file) = self.0.file.load_full() else {
            let opened = self.0.open(|path| self.0.log.open_files.open(path, how))?;
            return Ok(self.0.log.open_files.install(&self.0, opened.counting(&self.0.log.misses)));
        };
        if !self.0.is_used.load(Ordering::Relaxed) {
            self.0.is_used.store(true, Ordering::Relaxed);
        }
        Ok(file)
    }

    /// The length in bytes, without opening the file.
    pub(crate) fn len(&self) -> io::Result<u64> {
        self.0.log.disk().metadata_len(&files::path(&self.0.log.dir, self.0.base_offset, self.0.kind.extension()))
    }

    /// Gives the descriptor back; the next use opens the file again.
    pub(crate) fn close(&self) {
        drop(self.0.take());
    }

    /// The file is about to be renamed, with `.deleted` appended; from now on it is opened under that name only.
    pub(crate) fn mark_retired(&self) {
        self.0.is_retired.store(true, Ordering::SeqCst);
    }

    /// Whether the file is retired or its log deleted, so that it may be gone.
    pub(crate) fn is_given_up(&self) -> bool {
        self.0.is_retired.load(Ordering::SeqCst) || self.0.log.is_deleted.load(Ordering::SeqCst)
    }
}

impl Slot {
    /// Another file may have got the name between the look at the flags and the opening; then the flags have changed.
    fn open(&self, open: impl Fn(&Path) -> io::Result<File>) -> io::Result<File> {
        loop {
            let (dir, is_retired) = (self.log.present_dir(), self.is_retired.load(Ordering::SeqCst));
            let mut path = files::path(dir.ok_or(io::ErrorKind::NotFound)?, self.base_offset, self.kind.extension());
            if is_retired {
                path.as_mut_os_string().push(files::DELETED);
            }
            let opened = open(&path);
            if self.log.present_dir() == dir && self.is_retired.load(Ordering::SeqCst) == is_retired {
                return opened;
            }
        }
    }

    fn take(&self) -> Option<Arc<File>> {
        let file = self.file.swap(None)?;
        self.log.open_files.open.fetch_sub(1, Ordering::Relaxed);
        Some(file)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        drop(self.take());
    }
}

/// The process or the system has as many files open as it may have. Nothing is wrong with the disk.
pub(crate) fn is_out_of_descriptors(error: &io::Error) -> bool {
    const ENFILE: i32 = 23;
    const EMFILE: i32 = 24;
    matches!(error.raw_os_error(), Some(ENFILE | EMFILE))
}

#[cfg(test)]
mod tests;
