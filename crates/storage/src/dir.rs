//! One entry of `log.dirs`: its failure flag, the clean-shutdown file, the recovery points, the deleted logs.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use host::Disk;
use record::{Offset, Uuid};

use crate::room::{Room, is_full};
use crate::{checkpoint, files};

/// A directory that holds logs, shared by all of them.
#[derive(Debug)]
pub struct LogDir {
    disk: Disk,
    path: PathBuf,
    failed: AtomicBool,
    /// `None` until the checkpoint was read.
    recovery_points: Mutex<Option<BTreeMap<String, Offset>>>,
    /// `None` until the checkpoint was read.
    log_start_offsets: Mutex<Option<BTreeMap<String, Offset>>>,
    pub(crate) room: Room,
}

/// How the last process that used a directory stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Every log was closed.
    Clean,
    /// It was killed, or the machine died.
    Hard,
}

/// An earlier I/O error made the directory read-only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the log directory failed earlier; nothing is written to it any more")]
pub struct LogDirFailed;

impl LogDir {
    /// The directory at `path`, which must exist.
    pub fn new(disk: Disk, path: PathBuf) -> LogDir {
        let (failed, room) = (AtomicBool::new(false), Room::default());
        LogDir { disk, path, failed, recovery_points: Mutex::new(None), log_start_offsets: Mutex::new(None), room }
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
            if is_of_the_disk(error) && !self.failed.swap(true, Ordering::AcqRel) {
                tracing::error!(dir = %self.path.display(), %error, "an I/O error; nothing more is written to this log directory");
            }
        })
    }

    /// How the directory was left. The clean-shutdown file is removed, durably, so that a crash from now on is seen.
    pub fn take_clean_shutdown(&self) -> io::Result<Stop> {
        let marker = self.path.join(CLEAN_SHUTDOWN);
        if !self.disk.exists(&marker)? {
            return Ok(Stop::Hard);
        }
        self.disk.remove_file(&marker)?;
        self.disk.sync_dir(&self.path)?;
        Ok(Stop::Clean)
    }

    /// Says that every log here was closed. The recovery points are written before.
    ///
    /// # Errors
    /// Also when the directory has failed: then it was not left cleanly.
    pub fn mark_clean_shutdown(&self) -> io::Result<()> {
        self.write_checkpoints()?;
        self.disk.write_atomic(&self.path.join(CLEAN_SHUTDOWN), br#"{"version":0,"brokerEpoch":-1}"#)
    }

    /// Writes `recovery-point-offset-checkpoint`: below which offsets the logs are known to be durable, so that
    /// recovery needn't look there.
    pub fn write_recovery_points(&self) -> io::Result<()> {
        self.check().map_err(io::Error::other)?;
        let mut points = self.lock_recovery_points();
        let points = self.loaded(&mut points, RECOVERY_POINTS)?;
        self.watch(self.store(points, RECOVERY_POINTS))
    }

    /// Writes the checkpoints of all logs: the recovery points and the log start offsets.
    pub fn write_checkpoints(&self) -> io::Result<()> {
        self.write_recovery_points()?;
        let mut starts = self.log_start_offsets.lock().unwrap_or_else(PoisonError::into_inner);
        let starts = self.loaded(&mut starts, LOG_START_OFFSETS)?;
        self.watch(self.store(starts, LOG_START_OFFSETS))
    }

    /// Where the log `name` begins; 0 when that is not known.
    pub(crate) fn log_start_offset(&self, name: &str) -> io::Result<Offset> {
        let mut starts = self.log_start_offsets.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(self.loaded(&mut starts, LOG_START_OFFSETS)?.get(name).copied().unwrap_or_default())
    }

    pub(crate) fn note_log_start_offset(&self, name: &str, offset: Offset) -> io::Result<()> {
        let mut starts = self.log_start_offsets.lock().unwrap_or_else(PoisonError::into_inner);
        self.loaded(&mut starts, LOG_START_OFFSETS)?.insert(name.to_owned(), offset);
        Ok(())
    }

    /// The offset below which the log `name` is durable; 0 when that is not known.
    pub(crate) fn recovery_point(&self, name: &str) -> io::Result<Offset> {
        let mut points = self.lock_recovery_points();
        Ok(self.loaded(&mut points, RECOVERY_POINTS)?.get(name).copied().unwrap_or_default())
    }

    pub(crate) fn note_recovery_point(&self, name: &str, offset: Offset) -> io::Result<()> {
        let mut points = self.lock_recovery_points();
        self.loaded(&mut points, RECOVERY_POINTS)?.insert(name.to_owned(), offset);
        Ok(())
    }

    /// Forgets a log that is about to be created or deleted, on disk too: a later log of that name has other bytes.
    pub(crate) fn forget_recovery_point(&self, name: &str) -> io::Result<()> {
        for (points, file) in [(&self.recovery_points, RECOVERY_POINTS), (&self.log_start_offsets, LOG_START_OFFSETS)] {
            let mut points = points.lock().unwrap_or_else(PoisonError::into_inner);
            let points = self.loaded(&mut points, file)?;
            if points.remove(name).is_some() {
                self.watch(self.store(points, file))?;
            }
        }
        Ok(())
    }

    /// The id in the `partition.metadata` of the log `name`; `None` when there is no such log, or no such file in it
    /// that can be read.
    pub fn topic_id(&self, name: &str) -> io::Result<Option<Uuid>> {
        let bytes = files::read_if_there(&self.disk, &self.path.join(name).join(files::PARTITION_METADATA))?;
        Ok(bytes.and_then(|bytes| parse_partition_metadata(&bytes)))
    }

    pub(crate) fn write_topic_id(&self, name: &str, id: Uuid) -> io::Result<()> {
        let path = self.path.join(name).join(files::PARTITION_METADATA);
        self.disk.write_atomic(&path, format!("version: 0\ntopic_id: {id}").as_bytes())
    }

    /// Renames the directory of the log `name` as that of a deleted one, durably, and returns its new path. The log must
    /// not be open.
    pub fn set_aside(&self, name: &str) -> io::Result<PathBuf> {
        self.check().map_err(io::Error::other)?;
        let id = self.topic_id(name)?.unwrap_or_default();
        self.forget_recovery_point(name)?;
        let deleted = self.path.join(deleted_name(name, id));
        self.watch(self.disk.rename(&self.path.join(name), &deleted))?;
        self.watch(self.disk.sync_dir(&self.path))?;
        Ok(deleted)
    }

    /// The names of the logs: directories called `<topic>-<partition>`.
    pub fn logs(&self) -> io::Result<Vec<String>> {
        let entries = self.disk.read_dir(&self.path)?.into_iter();
        let is_log = |name: &str| name.rsplit_once('-').is_some_and(|(_, index)| index.parse::<u32>().is_ok());
        Ok(entries.filter(|entry| entry.is_dir && is_log(&entry.name)).map(|entry| entry.name).collect())
    }

    /// The directories of deleted logs that are still there. Remove each with [`host::Disk::remove_dir_all`].
    pub fn deleted_logs(&self) -> io::Result<Vec<PathBuf>> {
        let entries = self.disk.read_dir(&self.path)?;
        let deleted = entries.iter().filter(|entry| entry.is_dir && is_deleted(&entry.name));
        Ok(deleted.map(|entry| self.path.join(&entry.name)).collect())
    }

    fn loaded<'a>(
        &self,
        points: &'a mut Option<BTreeMap<String, Offset>>,
        file: &str,
    ) -> io::Result<&'a mut BTreeMap<String, Offset>> {
        match points {
            Some(points) => Ok(points),
            None => Ok(points.insert(self.load(file)?)),
        }
    }

    fn load(&self, file: &str) -> io::Result<BTreeMap<String, Offset>> {
        let bytes = files::read_if_there(&self.disk, &self.path.join(file))?;
        let points = bytes.and_then(|bytes| checkpoint::decode(&bytes, parse_recovery_point));
        Ok(points.unwrap_or_default().into_iter().collect())
    }

    fn store(&self, points: &BTreeMap<String, Offset>, file: &str) -> io::Result<()> {
        let lines = points.iter().filter_map(|(name, offset)| {
            let (topic, partition) = name.rsplit_once('-')?;
            Some(format!("{topic} {partition} {offset}"))
        });
        let lines: Vec<String> = lines.collect();
        self.disk.write_atomic(&self.path.join(file), &checkpoint::encode(lines.iter()))
    }

    fn lock_recovery_points(&self) -> MutexGuard<'_, Option<BTreeMap<String, Offset>>> {
        self.recovery_points.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const CLEAN_SHUTDOWN: &str = ".kafka_cleanshutdown";
const RECOVERY_POINTS: &str = "recovery-point-offset-checkpoint";
const LOG_START_OFFSETS: &str = "log-start-offset-checkpoint";
const DELETED: &str = "-delete";
/// What filesystems take as a name.
const NAME_BYTES_MAX: usize = 255;

fn parse_recovery_point(line: &str) -> Option<(String, Offset)> {
    let mut words = line.split(' ');
    let (topic, partition) = (words.next()?, checkpoint::number::<u32>(words.next()?)?);
    let offset = checkpoint::number(words.next()?)?;
    words.next().is_none().then(|| (format!("{topic}-{partition}"), Offset(offset)))
}

fn parse_partition_metadata(bytes: &[u8]) -> Option<Uuid> {
    let mut lines = std::str::from_utf8(bytes).ok()?.lines();
    let version = lines.next()?.strip_prefix("version: ")?;
    let id = lines.next()?.strip_prefix("topic_id: ")?.parse().ok()?;
    (version == "0").then_some(id)
}

/// `<topic>-<partition>.<32 hex digits>-delete`, the topic cut where the name would be too long. The digits are those
/// of the topic's id, which no other topic will have.
fn deleted_name(name: &str, id: Uuid) -> String {
    let suffix = format!(".{:032x}{DELETED}", u128::from_be_bytes(id.0));
    let (topic, partition) = name.rsplit_once('-').unwrap_or((name, "0"));
    let room = NAME_BYTES_MAX - suffix.len() - partition.len() - 1;
    let topic = &topic[..topic.floor_char_boundary(room)];
    format!("{topic}-{partition}{suffix}")
}

fn is_deleted(name: &str) -> bool {
    let id = name.strip_suffix(DELETED).and_then(|name| name.rsplit_once('.')).map(|(_, id)| id);
    id.is_some_and(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// A process that has used up its descriptors fails to open a file, but nothing was written wrongly.
fn is_of_the_disk(error: &io::Error) -> bool {
    const ENFILE: i32 = 23;
    const EMFILE: i32 = 24;
    !matches!(error.raw_os_error(), Some(ENFILE | EMFILE))
}

#[cfg(test)]
mod tests;
