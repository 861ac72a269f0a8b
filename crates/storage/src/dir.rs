//! One entry of `log.dirs`: its failure flag, how it was left, the checkpoints, the deleted logs.

mod names;
mod offsets;
mod session;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use host::Disk;
use record::{Offset, Uuid};

use crate::open_files::{OPEN_FILES_MAX, OpenFiles, is_out_of_descriptors};
use crate::room::{Room, is_full};
use crate::{checkpoint, files};
use offsets::OffsetsFile;

pub(crate) use names::{future as future_name, is_future, partition_metadata};

/// A directory that holds logs, shared by all of them.
#[derive(Debug)]
pub struct LogDir {
    disk: Disk,
    path: PathBuf,
    open_files: Arc<OpenFiles>,
    failed: AtomicBool,
    /// Whether the session of this process is written.
    is_trusted: AtomicBool,
    /// Whether logs that are opened get the mark of a move.
    pub(crate) claims_logs: AtomicBool,
    /// Logs that could not be opened: what they hold was not closed.
    unopened: Mutex<BTreeSet<String>>,
    recovery_points: OffsetsFile,
    log_start_offsets: OffsetsFile,
    high_watermarks: OffsetsFile,
    pub(crate) room: Room,
}

/// How the last process that used a directory stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Every log was closed.
    Clean,
    /// The process died, and the page cache that it wrote to is still there.
    Process,
    /// The machine died after a process of ours had written here.
    Power,
    /// Anything else: nobody knows, not even whose files these are.
    Unknown,
}

/// An earlier I/O error made the directory read-only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the log directory failed earlier; nothing is written to it any more")]
pub struct LogDirFailed;

impl LogDir {
    /// The directory at `path`, which must exist.
    pub fn new(disk: Disk, path: PathBuf) -> LogDir {
        LogDir {
            open_files: Arc::new(OpenFiles::new(disk.clone(), OPEN_FILES_MAX)),
            disk,
            path,
            failed: AtomicBool::new(false),
            is_trusted: AtomicBool::new(false),
            claims_logs: AtomicBool::new(false),
            unopened: Mutex::default(),
            recovery_points: OffsetsFile::new(RECOVERY_POINTS),
            log_start_offsets: OffsetsFile::new(LOG_START_OFFSETS).with_copy(LOG_START_OFFSETS_COPY),
            high_watermarks: OffsetsFile::new(HIGH_WATERMARKS),
            room: Room::default(),
        }
    }

    /// A directory that cannot be used since the start: as one that has failed, and nothing in it is touched.
    pub fn unusable(disk: Disk, path: PathBuf, error: &io::Error) -> LogDir {
        tracing::error!(dir = %path.display(), %error, "this log directory cannot be used; its partitions are offline until the next start");
        let dir = LogDir::new(disk, path);
        dir.failed.store(true, Ordering::Release);
        dir
    }

    /// Keeps at most `max` files of segments open, but at least one; 4,096 without this. Files that a
    /// [`host::FileSlice`] holds may come on top.
    #[must_use]
    pub fn with_open_files_max(self, max: usize) -> LogDir {
        LogDir { open_files: Arc::new(OpenFiles::new(self.disk.clone(), max)), ..self }
    }

    /// How many files of segments are open.
    pub fn open_files_count(&self) -> usize {
        self.open_files.count()
    }

    pub(crate) fn open_files(&self) -> &Arc<OpenFiles> {
        &self.open_files
    }

    /// The filesystem that it is on.
    pub fn disk(&self) -> &Disk {
        &self.disk
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether an I/O error happened: then nothing more is written to it until the next start.
    pub fn failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    pub(crate) fn check(&self) -> Result<(), LogDirFailed> {
        if self.failed() { Err(LogDirFailed) } else { Ok(()) }
    }

    /// Passes on the result of an operation that writes; an error of the disk fails the directory. That there is no
    /// room is no such error.
    pub(crate) fn watch<T>(&self, result: io::Result<T>) -> io::Result<T> {
        match result {
            Err(error) if is_full(&error) => Err(error),
            result => self.watch_sync(result),
        }
    }

    /// Passes on the result of a sync, or of an operation that must not stop halfway; every error of the disk fails the
    /// directory. A sync that found no room has lost what was written.
    pub(crate) fn watch_sync<T>(&self, result: io::Result<T>) -> io::Result<T> {
        result.inspect_err(|error| {
            if !is_out_of_descriptors(error) {
                self.fail(error);
            }
        })
    }

    /// From now on nothing is written to the directory.
    pub(crate) fn fail(&self, error: &io::Error) {
        if !self.failed.swap(true, Ordering::AcqRel) {
            // Best effort: the error that is reported is the first one.
            let _ = session::forget(&self.disk, &self.path);
            tracing::error!(dir = %self.path.display(), %error, "an I/O error; nothing more is written to this log directory");
        }
    }

    /// How the directory was left. Call it once, before anything is written: the clean-shutdown file is removed, durably,
    /// so that a crash from now on is seen, and what tells a process's death from a power cut is noted.
    ///
    /// After [`Stop::Power`] and [`Stop::Unknown`] a death of this process counts as the same again until
    /// [`LogDir::recovery_is_complete`].
    pub fn begin(&self) -> io::Result<Stop> {
        let (stop, is_trusted) = self.watch(session::begin(&self.disk, &self.path))?;
        self.is_trusted.store(is_trusted, Ordering::Release);
        Ok(stop)
    }

    pub(crate) fn is_trusted(&self) -> bool {
        self.is_trusted.load(Ordering::Acquire)
    }

    /// Says that every log here was opened, so that the page cache can be trusted after a death of this process.
    /// [`LogDir::open_logs`] says it by itself when it opened all that are there.
    pub fn recovery_is_complete(&self) -> io::Result<()> {
        self.check().map_err(io::Error::other)?;
        if !self.is_trusted() {
            // A session says that whatever lies above the recovery points was written by a process of ours.
            self.watch(self.recovery_points.ensure(&self.disk, &self.path))?;
            self.watch(session::trust(&self.disk, &self.path))?;
            self.is_trusted.store(true, Ordering::Release);
        }
        Ok(())
    }

    /// Says that every log here was closed. The checkpoints are written before.
    ///
    /// # Errors
    /// Also when the directory has failed, or a log could not be opened: then it was not left cleanly.
    pub fn mark_clean_shutdown(&self) -> io::Result<()> {
        if let Some(name) = self.lock_unopened().first() {
            return Err(io::Error::other(format!("the log {name} could not be opened, so it was not closed")));
        }
        self.write_checkpoints()?;
        let marker = self.path.join(session::CLEAN_SHUTDOWN);
        self.watch(self.disk.write_atomic(&marker, br#"{"version":0,"brokerEpoch":-1}"#))
    }

    /// Notes whether the log `name` could be opened.
    pub(crate) fn note_opened(&self, name: &str, opened: bool) {
        let mut unopened = self.lock_unopened();
        if opened {
            unopened.remove(name);
        } else {
            unopened.insert(name.to_owned());
        }
    }

    /// Writes the checkpoints of all logs that have changed: the log start offsets, the recovery points and the high
    /// watermarks.
    ///
    /// # Errors
    /// When the disk is full the old ones stay, which is no failure of the directory.
    pub fn write_checkpoints(&self) -> io::Result<()> {
        [&self.log_start_offsets, &self.recovery_points, &self.high_watermarks]
            .into_iter()
            .try_for_each(|file| self.store(file))
    }

    fn store(&self, file: &OffsetsFile) -> io::Result<()> {
        self.check().map_err(io::Error::other)?;
        self.watch(file.store(&self.disk, &self.path))
    }

    /// The offset below which the log `name` is durable: 0 where the checkpoint has no line for it, which it has not for one
    /// that is younger; `None` where this process found no checkpoint.
    pub(crate) fn recovery_point(&self, name: &str) -> io::Result<Option<Offset>> {
        let noted = self.recovery_points.find(&self.disk, &self.path, name)?;
        Ok(noted.or(self.recovery_points.was_found(&self.disk, &self.path)?.then_some(Offset(0))))
    }

    pub(crate) fn note_recovery_point(&self, name: &str, offset: Offset) -> io::Result<()> {
        self.recovery_points.note(&self.disk, &self.path, name, offset)
    }

    /// Where the log `name` begins, as far as it was noted; 0 otherwise.
    pub fn log_start_offset(&self, name: &str) -> io::Result<Offset> {
        Ok(self.log_start_offsets.find(&self.disk, &self.path, name)?.unwrap_or_default())
    }

    /// Notes that the log `name` begins at `offset`, or above if that was noted. See [`LogDir::note_log_start_offset`].
    pub fn raise_log_start_offset(&self, name: &str, offset: Offset) -> io::Result<()> {
        self.log_start_offsets.raise(&self.disk, &self.path, name, offset)
    }

    /// Notes where the log `name` begins. It is on disk after the next [`LogDir::write_checkpoints`].
    pub fn note_log_start_offset(&self, name: &str, offset: Offset) -> io::Result<()> {
        self.log_start_offsets.note(&self.disk, &self.path, name, offset)
    }

    /// The high watermark that was noted for the log `name`.
    pub fn high_watermark(&self, name: &str) -> io::Result<Option<Offset>> {
        self.high_watermarks.find(&self.disk, &self.path, name)
    }

    /// Notes the high watermark of the log `name`. It is on disk after the next [`LogDir::write_checkpoints`].
    pub fn note_high_watermark(&self, name: &str, offset: Offset) -> io::Result<()> {
        self.high_watermarks.note(&self.disk, &self.path, name, offset)
    }

    /// Forgets logs that are about to be created or deleted, on disk too: later logs of those names have other bytes.
    pub(crate) fn forget<'a>(&self, names: impl IntoIterator<Item = &'a str> + Clone) -> io::Result<()> {
        for file in [&self.recovery_points, &self.log_start_offsets, &self.high_watermarks] {
            self.watch(file.forget(&self.disk, &self.path, names.clone()))?;
        }
        Ok(())
    }

    /// As [`LogDir::forget`] for logs that go. What a full disk needs most is that something goes, so that they stay in the
    /// checkpoints there: whoever creates a log of such a name forgets again.
    pub(crate) fn forget_deleted<'a>(&self, names: impl IntoIterator<Item = &'a str> + Clone) -> io::Result<()> {
        match self.forget(names) {
            Err(error) if is_full(&error) => {
                tracing::warn!(dir = %self.path.display(), %error, "deleted logs stay in the checkpoints: the disk is full");
                Ok(())
            }
            forgotten => forgotten,
        }
    }

    /// The id in the `partition.metadata` of the log `name`; `None` when there is no such log, or no such file in it
    /// that can be read.
    pub fn topic_id(&self, name: &str) -> io::Result<Option<Uuid>> {
        let bytes = files::read_if_there(&self.disk, &self.path.join(name).join(files::PARTITION_METADATA))?;
        Ok(bytes.and_then(|bytes| names::parse_partition_metadata(&bytes)))
    }

    /// As [`LogDir::topic_id`], where an id that is not known may be one that has changed on the disk: then the copy with a
    /// checksum decides, and the file is written again.
    pub fn settled_topic_id(&self, name: &str, is_known: impl Fn(Uuid) -> bool) -> io::Result<Option<Uuid>> {
        let found = self.topic_id(name)?;
        if found.is_some_and(&is_known) {
            return Ok(found);
        }
        let copy = files::read_if_there(&self.disk, &self.path.join(name).join(files::PARTITION_METADATA_COPY))?;
        let copied = copy.as_deref().and_then(checkpoint::without_checksum).and_then(names::parse_partition_metadata);
        let Some(id) = copied.filter(|id| is_known(*id)) else { return Ok(found) };
        tracing::warn!(log = name, topic_id = %id, "partition.metadata was damaged and is written again from its copy");
        self.watch(self.write_topic_id(name, id))?;
        Ok(Some(id))
    }

    pub(crate) fn write_topic_id(&self, name: &str, id: Uuid) -> io::Result<()> {
        let path = self.path.join(name);
        partition_metadata(id).iter().try_for_each(|(file, text)| self.disk.write_atomic(&path.join(file), text))
    }

    /// Renames the directory of the log `name` as that of a deleted one, durably, and returns its new path. The log must
    /// not be open.
    pub fn set_aside(&self, name: &str) -> io::Result<PathBuf> {
        self.check().map_err(io::Error::other)?;
        self.forget_deleted([name])?;
        let deleted = self.rename_as_deleted(name)?;
        self.watch_sync(self.disk.sync_dir(&self.path))?;
        Ok(deleted)
    }

    /// The new name is durable after a sync of the directory.
    pub(crate) fn rename_as_deleted(&self, name: &str) -> io::Result<PathBuf> {
        let deleted = self.free_deleted_name(name, self.topic_id(name)?.unwrap_or_default())?;
        self.watch(self.disk.rename(&self.path.join(name), &deleted))?;
        self.note_opened(name, true);
        Ok(deleted)
    }

    /// Gives the copy of a log the name of a deleted one.
    pub(crate) fn rename_future(&self, name: &str) -> io::Result<PathBuf> {
        let log = name.rsplit_once('.').map_or(name, |(log, _)| log);
        let deleted = self.free_deleted_name(log, Uuid::default())?;
        self.watch(self.disk.rename(&self.path.join(name), &deleted))?;
        Ok(deleted)
    }

    fn free_deleted_name(&self, name: &str, id: Uuid) -> io::Result<PathBuf> {
        for attempt in 0.. {
            let path = self.path.join(names::deleted(name, id, attempt));
            if !self.disk.exists(&path)? {
                return Ok(path);
            }
        }
        unreachable!("a directory holds fewer than 2^64 names")
    }

    /// The names of the logs: directories called `<topic>-<partition>`.
    pub fn logs(&self) -> io::Result<Vec<String>> {
        let entries = self.disk.read_dir(&self.path)?.into_iter();
        Ok(entries.filter(|entry| entry.is_dir && names::is_log(&entry.name)).map(|entry| entry.name).collect())
    }

    /// As [`LogDir::logs`] for who must know of each log that could be opened by its name: an error of the disk fails the
    /// directory.
    pub fn all_logs(&self) -> io::Result<Vec<String>> {
        self.watch_sync(self.logs())
    }

    /// Whether there is a directory of the log `name`, whatever is in it.
    pub fn has(&self, name: &str) -> io::Result<bool> {
        self.disk.exists(&self.path.join(name))
    }

    /// The directories of deleted logs that are still there. Remove each with [`host::Disk::remove_dir_all`].
    pub fn deleted_logs(&self) -> io::Result<Vec<PathBuf>> {
        let entries = self.disk.read_dir(&self.path)?;
        let deleted = entries.iter().filter(|entry| entry.is_dir && names::is_deleted(&entry.name));
        Ok(deleted.map(|entry| self.path.join(&entry.name)).collect())
    }

    fn lock_unopened(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.unopened.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const RECOVERY_POINTS: &str = "recovery-point-offset-checkpoint";
const LOG_START_OFFSETS: &str = "log-start-offset-checkpoint";
const LOG_START_OFFSETS_COPY: &str = ".ottla-log-start-offsets";
const HIGH_WATERMARKS: &str = "replication-offset-checkpoint";

#[cfg(test)]
mod tests;
