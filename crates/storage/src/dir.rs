//! A log directory: the one place that all partitions of a `log.dirs` entry share.
//!
//! After an I/O error nothing more is written to it: what the kernel kept of the failed write is not known, and an fsync that
//! failed once may succeed the next time without the data.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use host::Disk;
use record::Uuid;

use crate::names::DELETED;

const CLEAN_SHUTDOWN: &str = ".kafka_cleanshutdown";
const PARTITION_METADATA: &str = "partition.metadata";

/// One log directory.
#[derive(Debug)]
pub struct LogDir {
    disk: Disk,
    path: PathBuf,
    failed: AtomicBool,
}

/// How the node stopped the last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// All logs were closed: their files can be trusted.
    Clean,
    /// The process or the machine died: what is on disk has to be looked at.
    Hard,
}

impl LogDir {
    /// The directory, which exists.
    pub fn new(disk: Disk, path: PathBuf) -> LogDir {
        LogDir { disk, path, failed: AtomicBool::new(false) }
    }

    /// The filesystem that it is on.
    pub fn disk(&self) -> &Disk {
        &self.disk
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether an I/O error took it out of service.
    pub fn failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    /// Takes it out of service.
    pub fn fail(&self, error: &io::Error) {
        if !self.failed.swap(true, Ordering::AcqRel) {
            let path = self.path.display();
            tracing::error!(%path, %error, "the log directory failed; nothing more is written to it. Check the disk and restart");
        }
    }

    /// How the last stop went. The mark of a clean one is gone, durably, before this returns.
    pub fn take_clean_shutdown(&self) -> io::Result<Stop> {
        let mark = self.path.join(CLEAN_SHUTDOWN);
        if !self.disk.exists(&mark)? {
            return Ok(Stop::Hard);
        }
        self.disk.remove_file(&mark)?;
        self.disk.sync_dir(&self.path)?;
        Ok(Stop::Clean)
    }

    /// Marks that all logs were closed; the last thing that is written.
    pub fn mark_clean_shutdown(&self) -> io::Result<()> {
        self.disk.write_atomic(&self.path.join(CLEAN_SHUTDOWN), b"{\"version\":0}")
    }

    /// The directories of deleted partitions that an earlier process left.
    pub fn deleted_logs(&self) -> io::Result<Vec<PathBuf>> {
        let entries = self.disk.read_dir(&self.path)?.into_iter();
        Ok(entries.filter(|entry| entry.is_dir && entry.name.ends_with(DELETED)).map(|entry| self.path.join(entry.name)).collect())
    }

    /// The topic that the directory of a log belongs to (`partition.metadata`); `None` when there is no such directory or
    /// its creation did not get that far.
    pub fn topic_id(&self, name: &str) -> io::Result<Option<Uuid>> {
        let path = self.path.join(name).join(PARTITION_METADATA);
        if !self.disk.exists(&path)? {
            return Ok(None);
        }
        let bytes = self.disk.read(&path)?;
        let text = String::from_utf8_lossy(&bytes);
        let id = text.lines().find_map(|line| line.strip_prefix("topic_id: ")).and_then(|id| id.trim().parse().ok());
        id.map(Some).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, format!("{}: no topic_id", path.display())))
    }

    pub(crate) fn write_topic_id(&self, name: &str, id: Uuid) -> io::Result<()> {
        let path = self.path.join(name).join(PARTITION_METADATA);
        self.disk.write_atomic(&path, format!("version: 0\ntopic_id: {id}\n").as_bytes())
    }

    /// Renames the directory of a log, durably, to one that waits to be removed.
    pub fn set_aside(&self, name: &str) -> io::Result<PathBuf> {
        let unique = host::Rng::os();
        let to = self.path.join(format!("{name}.{:016x}{:016x}{DELETED}", unique.next_u64(), unique.next_u64()));
        self.disk.rename(&self.path.join(name), &to)?;
        self.disk.sync_dir(&self.path)?;
        Ok(to)
    }
}
