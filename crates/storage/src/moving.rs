//! A log moves to another log directory: copied while it is written, then put in the place of the other.
//!
//! ```text
//! /b/orders-3.<32 hex digits>-future/     the copy, Kafka's name for it; removed by the next start
//! /b/orders-3/partition.moved             the copy is whole: wherever /a/orders-3 is still there, this one counts
//! /a/orders-3.<32 hex digits>-delete/     the log that was moved
//! ```
//!
//! The copy gets its name, durably, after everything in it is durable and before the other one loses it. So a crash leaves
//! the old log, the new one, or both and the mark that says which counts. Where both have the mark nobody knows.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use host::{Disk, File, Open};
use record::{Offset, Uuid};

use crate::claim::MOVED;
use crate::config::LogConfig;
use crate::dir::{LogDir, Stop};
use crate::files;
use crate::log::Log;
use crate::reader::LogReader;
use crate::recovery::OpenError;
use crate::retire::{Side, retire};
use crate::segment::Segment;

/// What is read and written at once.
const CHUNK_BYTES: u64 = 1 << 20;

/// The copy of a log in another directory. Remove it with [`FutureLog::abandon`] when it is not to take the log's place.
#[derive(Debug)]
pub struct FutureLog {
    from: Arc<LogDir>,
    to: Arc<LogDir>,
    name: String,
    path: PathBuf,
    reader: LogReader,
    /// How much of each segment is here.
    copied: BTreeMap<Offset, u64>,
    /// The segments of which all is here that will ever be.
    sealed: BTreeSet<Offset>,
    /// The other files that are here, and will not change.
    beside: BTreeSet<String>,
    /// Up to where the log is here.
    end: Offset,
}

/// What became of a log that was to be replaced by its copy.
#[derive(Debug)]
pub struct Replaced {
    /// The log, in its new directory or, when that failed, in the old one.
    pub log: Result<Log, OpenError>,
    /// Why it is still in the old directory, if so.
    pub error: Option<io::Error>,
    /// The directory of the one that is not used, to be removed with [`host::Disk::remove_dir_all`].
    pub set_aside: Option<PathBuf>,
}

impl FutureLog {
    /// Begins the copy in `to` of the log `name` that lies in `from`, and that `reader` reads. What an earlier copy left is
    /// removed.
    pub fn begin(from: &Arc<LogDir>, to: &Arc<LogDir>, name: &str, reader: LogReader) -> io::Result<FutureLog> {
        from.check().and(to.check()).map_err(io::Error::other)?;
        if to.has(name)? {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        // Where it came from itself nothing is left by now, and two marks would say nothing.
        from.forget_move(name)?;
        let path = to.future_path(name, from.topic_id(name)?.unwrap_or_default());
        if to.disk().exists(&path)? {
            to.disk().remove_dir_all(&path)?;
        }
        to.watch(to.disk().create_dir_all(&path))?;
        let (copied, sealed, beside) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
        Ok(FutureLog {
            from: Arc::clone(from),
            to: Arc::clone(to),
            name: name.to_owned(),
            path,
            reader,
            copied,
            sealed,
            beside,
            end: Offset(0),
        })
    }

    /// Copies what the log has got since the last call, as long as it `is_wanted`. Appends go on. Returns the bytes that
    /// were copied; `None` when a segment was removed before it was copied, and only the next call sees all.
    ///
    /// # Errors
    /// `StorageFull` where the copy would touch the reserve of the disk, `Interrupted` when it is not wanted any more.
    pub fn catch_up(&mut self, is_wanted: &dyn Fn() -> bool) -> io::Result<Option<u64>> {
        let (end, view) = (self.reader.end(), self.reader.view());
        self.retire_below(view.segments()[0].base_offset)?;
        let (mut bytes, mut sealed) = (0, BTreeSet::new());
        let is_missing =
            |segment: &&Arc<Segment>| segment.base_offset <= end.segment && !self.sealed.contains(&segment.base_offset);
        let missing: Vec<_> = view.segments().iter().filter(is_missing).collect();
        for segment in missing {
            let is_sealed = segment.base_offset < end.segment;
            let log = match segment.log() {
                // Retention was faster.
                Err(error) if error.kind() == io::ErrorKind::NotFound && segment.is_given_up() => return Ok(None),
                log => log?,
            };
            let len = if is_sealed { log.len()? } else { u64::from(end.position) };
            bytes += self.copy_batches(segment.base_offset, &log, len, is_wanted)?;
            if is_sealed {
                sealed.insert(segment.base_offset);
            }
        }
        let is_sealed = |name: &str| {
            name.get(..20).and_then(|digits| digits.parse().ok()).is_some_and(|base| sealed.contains(&Offset(base)))
        };
        if !sealed.is_empty() {
            self.copy_beside(&is_sealed)?;
        }
        self.sealed.append(&mut sealed);
        self.end = end.offset;
        Ok(Some(bytes))
    }

    /// Up to where the log is copied.
    pub fn end(&self) -> Offset {
        self.end
    }

    /// The bytes of batches that are here.
    pub fn size_bytes(&self) -> u64 {
        self.copied.values().sum()
    }

    /// Puts the copy in the place of `log`, which gets no more appends. Everything is durable before, so call it when
    /// [`FutureLog::catch_up`] has little left to do.
    pub fn take_place(mut self, mut log: Log, config: &Arc<LogConfig>) -> Replaced {
        let settled = log.settle().map_err(io::Error::other);
        // What is not durable must not count as durable if the log goes on where it is.
        let stop = if settled.is_ok() { Stop::Clean } else { Stop::Process };
        let placed = settled.and_then(|()| self.complete()).and_then(|()| self.take_name());
        match placed.and_then(|()| self.open(&self.to, config, Stop::Clean).map_err(io::Error::other)) {
            Ok(moved) => Replaced { log: Ok(moved), error: None, set_aside: self.set_aside(log) },
            Err(error) => {
                drop(log);
                let given_back = self.give_back();
                let set_aside = given_back.as_ref().ok().cloned().flatten();
                let log = given_back.and_then(|_| self.open(&self.from, config, stop));
                self.abandon();
                Replaced { log, error: Some(error), set_aside }
            }
        }
    }

    /// Removes the copy, as far as the disk lets it.
    pub fn abandon(self) {
        let removed = self.to.disk().remove_dir_all(&self.path);
        if let Err(error) =
            removed.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
        {
            tracing::warn!(path = %self.path.display(), %error, "the copy of a log could not be removed; the next start tries again");
        }
    }

    fn open(&self, dir: &Arc<LogDir>, config: &Arc<LogConfig>, stop: Stop) -> Result<Log, OpenError> {
        Log::open(dir, &self.name, Arc::clone(config), stop)
    }

    /// Copies the rest, and makes all of it durable.
    fn complete(&mut self) -> io::Result<()> {
        self.from.check().and(self.to.check()).map_err(io::Error::other)?;
        self.catch_up(&|| true)?.ok_or_else(|| io::Error::other("a segment was removed while it was copied"))?;
        self.copy_beside(&|_| true)?;
        self.write(MOVED, &[])?;
        self.to.watch_sync(self.to.disk().sync_dir(&self.path))?;
        let (start, end) = (self.reader.log_start_offset(), self.reader.end().offset);
        self.to.note_log_start_offset(&self.name, start)?;
        self.to.note_high_watermark(&self.name, end)?;
        self.to.note_recovery_point(&self.name, end)?;
        self.to.write_checkpoints()
    }

    fn take_name(&self) -> io::Result<()> {
        self.to.watch(self.to.disk().rename(&self.path, &self.to.path().join(&self.name)))?;
        self.to.watch_sync(self.to.disk().sync_dir(self.to.path()))
    }

    /// A copy that has its name, or may have it, and is not to be used loses it; returns its directory. Where that cannot be
    /// done, the log that goes on gets the mark too: a start that finds it in both takes neither for the newer one.
    fn give_back(&self) -> Result<Option<PathBuf>, OpenError> {
        if !self.to.has(&self.name).unwrap_or(true) {
            return Ok(None);
        }
        if let Ok(path) = self.to.set_aside(&self.name) {
            return Ok(Some(path));
        }
        self.from.claim(&self.name)?;
        Ok(None)
    }

    /// The log that was moved leaves its name. Where its directory fails meanwhile, the mark says which one counts.
    fn set_aside(&self, log: Log) -> Option<PathBuf> {
        match log.mark_deleted().and_then(|path| self.to.forget_move(&self.name).map(|()| path)) {
            Ok(path) => Some(path),
            Err(error) => {
                let dir = self.from.path().display();
                tracing::error!(log = self.name, %dir, %error, "a log that was moved stays in its old directory until the next start");
                None
            }
        }
    }

    /// Segments that left the log leave the copy.
    fn retire_below(&mut self, first: Offset) -> io::Result<()> {
        if self.copied.first_key_value().is_none_or(|(base, _)| *base >= first) {
            return Ok(());
        }
        for path in self.to.watch(retire(self.to.disk(), &self.path, Side::Below(first)))? {
            self.to.watch(self.to.disk().remove_file(&path))?;
        }
        self.copied.retain(|base, _| *base >= first);
        self.sealed.retain(|base| *base >= first);
        Ok(())
    }

    fn copy_batches(&mut self, base: Offset, log: &File, len: u64, is_wanted: &dyn Fn() -> bool) -> io::Result<u64> {
        let from = self.copied.get(&base).copied();
        if from == Some(len) {
            return Ok(0);
        }
        let copy = self.to.watch(self.to.disk().open(&files::path(&self.path, base, files::LOG), Open::Create))?;
        let from = from.unwrap_or(0);
        let mut at = from;
        let mut chunk = vec![0; usize::try_from((len - from.min(len)).min(CHUNK_BYTES)).unwrap_or(0)];
        while at < len {
            if !is_wanted() {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let bytes = (len - at).min(CHUNK_BYTES);
            let chunk = &mut chunk[..usize::try_from(bytes).expect("a chunk fits into memory")];
            log.read_exact_at(chunk, at)?;
            self.to.take_room(bytes)?;
            self.to.watch(copy.write_all_at(chunk, at))?;
            at += bytes;
        }
        self.to.watch_sync(copy.sync_data())?;
        self.copied.insert(base, len);
        Ok(at - from)
    }

    /// Copies, durably, the files beside the batches that are `wanted`, but for what is here already.
    fn copy_beside(&mut self, wanted: &dyn Fn(&str) -> bool) -> io::Result<()> {
        let source = self.from.path().join(&self.name);
        for entry in self.from.disk().read_dir(&source)? {
            let name = entry.name;
            if entry.is_dir || !is_beside(&name) || self.beside.contains(&name) || !wanted(&name) {
                continue;
            }
            match self.from.disk().read(&source.join(&name)) {
                Ok(bytes) => self.write(&name, &bytes)?,
                // It was replaced by a later one, or retired.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            }
            self.beside.insert(name);
        }
        Ok(())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.to.take_room(bytes.len() as u64)?;
        let written = self.to.disk().open(&self.path.join(name), Open::Create).and_then(|file| {
            file.set_len(0)?;
            file.write_all_at(bytes, 0)?;
            Ok(file)
        });
        self.to.watch_sync(self.to.watch(written)?.sync_data())
    }
}

impl LogDir {
    /// Renames the copies of logs that were on their way here as those of deleted logs, so that the same move can begin anew
    /// while [`host::Disk::remove_dir_all`] removes them; returns their new paths.
    pub fn set_futures_aside(&self) -> io::Result<Vec<PathBuf>> {
        let futures = self.future_logs()?;
        futures.into_iter().map(|name| self.rename_future(&name)).collect()
    }

    pub(crate) fn future_logs(&self) -> io::Result<Vec<String>> {
        let entries = self.disk().read_dir(self.path())?;
        let futures = entries.into_iter().filter(|entry| entry.is_dir && crate::dir::is_future(&entry.name));
        Ok(futures.map(|entry| entry.name).collect())
    }

    /// Whether the log `name` was moved here, so that it counts where it lies in another directory too.
    pub fn was_moved_here(&self, name: &str) -> io::Result<bool> {
        self.disk().exists(&self.path().join(name).join(MOVED))
    }

    /// Says, durably, that no other directory has the log `name` any more.
    pub fn forget_move(&self, name: &str) -> io::Result<()> {
        let path = self.path().join(name);
        if !self.was_moved_here(name)? {
            return Ok(());
        }
        self.watch(remove_and_sync(self.disk(), &path))
    }

    /// Kafka's name for the copy of a log, in this directory.
    fn future_path(&self, name: &str, id: Uuid) -> PathBuf {
        self.path().join(crate::dir::future_name(name, id))
    }
}

fn remove_and_sync(disk: &Disk, log: &Path) -> io::Result<()> {
    disk.remove_file(&log.join(MOVED))?;
    disk.sync_dir(log)
}

/// Whether a file is neither batches nor on its way out or in.
fn is_beside(name: &str) -> bool {
    let passing = [files::DELETED, ".tmp", ".swap", ".cleaned", ".log", MOVED];
    !passing.iter().any(|end| name.ends_with(end))
}

pub(crate) const FUTURE: &str = "-future";
