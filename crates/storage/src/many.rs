//! Opening and creating many logs at once: side by side, and made durable together.
//!
//! A sync of the filesystem costs about as much as that of a few files, and covers all. Nobody sees a log before it.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use host::Open;
use record::Uuid;

use crate::config::LogConfig;
use crate::dir::{LogDir, LogDirFailed, Stop, partition_metadata};
use crate::log::{CloseError, Log};
use crate::recovery::{self, OpenError, Recovered, Syncs};

/// A log to be created.
#[derive(Clone, Debug)]
pub struct NewLog {
    /// `<topic>-<partition>`.
    pub name: String,
    /// The id of its topic.
    pub topic_id: Uuid,
    /// Its settings, shared with the other logs of its topic.
    pub config: Arc<LogConfig>,
}

/// How far the opening of many logs has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Logs that are open.
    pub logs_done: usize,
    /// Logs to open.
    pub logs: usize,
}

/// So few logs are synced file by file: others may have much to write to the filesystem.
const FEW: usize = 4;

type Opened = Result<Recovered, OpenError>;

impl LogDir {
    /// Opens logs as [`Log::open`] does, on `threads` threads; what recovery accepted is durable when this returns, but for logs of
    /// which nobody asked flushes when only the process has died ([`LogDir::sync_all`] is for them). The results are in the order of `wanted`. `progress` is called after each log, from any of the threads.
    ///
    /// A log that cannot be opened is no obstacle to the others, but a failed sync is: then the directory has failed. When
    /// all logs of the directory were opened, recovery is complete ([`LogDir::recovery_is_complete`]).
    pub fn open_logs(
        self: &Arc<Self>,
        wanted: &[(String, Arc<LogConfig>)],
        stop: Stop,
        threads: usize,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Vec<Result<Log, OpenError>> {
        let syncs = if self.syncs_each(wanted.len()) { Syncs::Each } else { Syncs::Together };
        let (done, count) = (AtomicUsize::new(0), wanted.len());
        let open = |(name, config): &(String, Arc<LogConfig>)| {
            self.check()?;
            let opened = recovery::open(self, name, config, stop, syncs);
            progress(Progress { logs_done: done.fetch_add(1, Ordering::Relaxed) + 1, logs: count });
            opened
        };
        let opened = side_by_side(wanted.iter().collect(), threads, open);
        let logs = self.finish(opened, wanted.iter().map(|(name, config)| (name.as_str(), config)));
        if !self.is_trusted() && logs.iter().all(Result::is_ok) && self.are_all(wanted).unwrap_or(false) {
            // Without it the next start takes longer, and that is all.
            if let Err(error) = self.recovery_is_complete() {
                tracing::warn!(dir = %self.path().display(), %error, "after a crash of the process, logs will be recovered as after a power cut");
            }
        }
        logs
    }

    /// [`LogDir::settled_topic_id`] of many logs, on `threads` threads. The results are in the order of `names`.
    pub fn settled_topic_ids(
        &self,
        names: &[String],
        is_known: impl Fn(Uuid) -> bool + Sync,
        threads: usize,
    ) -> Vec<io::Result<Option<Uuid>>> {
        side_by_side(names.iter().collect(), threads, |name| self.settled_topic_id(name, &is_known))
    }

    /// Makes everything durable that is in the page cache of the directory's filesystem now: what [`Log::begin_common_flush`] began
    /// before is over then.
    ///
    /// # Errors
    /// Any is the end of the log directory. `Unsupported` where such a sync would not tell of them.
    pub fn sync_all(&self) -> Result<(), CloseError> {
        self.check()?;
        if !self.disk().sync_filesystem_tells_errors() {
            return Err(io::Error::from(io::ErrorKind::Unsupported).into());
        }
        Ok(self.watch_sync(self.disk().sync_filesystem(self.path()))?)
    }

    /// Whether so many logs are synced file by file.
    fn syncs_each(&self, logs: usize) -> bool {
        logs <= FEW || !self.disk().sync_filesystem_tells_errors()
    }

    /// Makes what is not durable yet durable, notes the recovery points, and hands out the logs.
    fn finish<'w>(
        self: &Arc<Self>,
        opened: Vec<Opened>,
        wanted: impl Iterator<Item = (&'w str, &'w Arc<LogConfig>)>,
    ) -> Vec<Result<Log, OpenError>> {
        let needs_sync = |opened: &Opened| opened.as_ref().is_ok_and(|recovered| recovered.needs_sync);
        let synced = match opened.iter().any(needs_sync) {
            true => self.watch_sync(self.disk().sync_filesystem(self.path())),
            false => Ok(()),
        };
        let finish = |(opened, (name, config)): (Opened, (&str, &Arc<LogConfig>))| {
            let recovered = opened?;
            if synced.is_err() && recovered.needs_sync {
                self.note_opened(name, false);
                return Err(OpenError::Failed(LogDirFailed));
            }
            self.note_recovery_point(name, recovered.recovery_point)?;
            Ok(Log::new(self, Arc::clone(config), recovered))
        };
        opened.into_iter().zip(wanted).map(finish).collect()
    }

    /// Whether the directory has no other logs.
    fn are_all(&self, wanted: &[(String, Arc<LogConfig>)]) -> io::Result<bool> {
        let mut names: Vec<&str> = wanted.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        Ok(self.logs()?.iter().all(|log| names.binary_search(&log.as_str()).is_ok()))
    }

    /// Creates logs as [`Log::create`] does, on `threads` threads, with few syncs for all of them. The results are in the order of
    /// `wanted`.
    ///
    /// A crash in between leaves logs that [`Log::create`] completes. One that cannot be created is no obstacle to the
    /// others, but a failed sync is.
    pub fn create_logs(self: &Arc<Self>, wanted: Vec<NewLog>, threads: usize) -> Vec<Result<Log, OpenError>> {
        if self.syncs_each(wanted.len()) {
            return wanted.into_iter().map(|new| Log::create(self, &new.name, new.topic_id, new.config)).collect();
        }
        if let Err(error) = self.forget(wanted.iter().map(|new| new.name.as_str())) {
            return wanted.iter().map(|_| Err(OpenError::Io(same(&error)))).collect();
        }
        let created = side_by_side(wanted.iter().collect(), threads, |new| self.create_files(new));
        self.finish(created, wanted.iter().map(|new| (new.name.as_str(), &new.config)))
    }

    /// Closes logs as [`Log::close`] does, on `threads` threads, with few syncs for all of them. The results are in the order of `logs`.
    pub fn close_logs(&self, logs: Vec<Log>, threads: usize) -> Vec<Result<(), CloseError>> {
        if self.syncs_each(logs.len()) {
            return logs.into_iter().map(Log::close).collect();
        }
        let finish = |mut log: Log| {
            self.check()?;
            let finished = log.finish();
            self.watch(finished)?;
            Ok::<_, CloseError>(log)
        };
        let finished = side_by_side(logs, threads, finish);
        let synced = self.watch_sync(self.disk().sync_filesystem(self.path()));
        let close = |finished: Result<Log, CloseError>| match &synced {
            Ok(()) => Ok(finished?.note_closed()?),
            Err(_) => Err(CloseError::Failed(LogDirFailed)),
        };
        finished.into_iter().map(close).collect()
    }

    /// Deletes logs as [`Log::mark_deleted`] does, with few syncs for all of them. The results are in the order of `logs`.
    pub fn delete_logs(&self, logs: Vec<Log>) -> Vec<io::Result<PathBuf>> {
        let checked = self.check().map_err(io::Error::other);
        if let Err(error) = checked.and_then(|()| self.forget_deleted(logs.iter().map(Log::name))) {
            return logs.iter().map(|_| Err(same(&error))).collect();
        }
        let rename = |log: Log| {
            // Before: nothing of the next log of that name may be opened for this one.
            log.files().mark_deleted();
            self.rename_as_deleted(log.name()).inspect(|dir| log.files().moved_to(dir))
        };
        let renamed: Vec<_> = logs.into_iter().map(rename).collect();
        match self.watch_sync(self.disk().sync_dir(self.path())) {
            Ok(()) => renamed,
            Err(error) => renamed.iter().map(|_| Err(same(&error))).collect(),
        }
    }

    /// The files of one log, in the page cache.
    fn create_files(&self, new: &NewLog) -> Opened {
        self.check()?;
        let path = self.path().join(&new.name);
        let is_new = !self.watch(self.disk().exists(&path))?;
        if is_new {
            self.watch(self.disk().create_dir_all(&path))?;
        }
        for (file, text) in partition_metadata(new.topic_id) {
            let path = path.join(file);
            let written = match is_new {
                // A file that was cut is written back when it is closed, which takes longer than all the rest.
                true => self.disk().open(&path, Open::CreateNew).and_then(|file| file.write_all_at(&text, 0)),
                false => self.disk().open(&path, Open::Create).and_then(|file| {
                    file.set_len(0)?;
                    file.write_all_at(&text, 0)
                }),
            };
            self.watch(written)?;
        }
        match is_new {
            true => Ok(self.watch(recovery::create(self, &new.name, &new.config))?),
            false => recovery::open(self, &new.name, &new.config, Stop::Unknown, Syncs::Together),
        }
    }
}

/// An error of all is told to each.
fn same(error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), error.to_string())
}

/// Does the same work for all items on so many threads, this one among them. The results are in the order of the items.
fn side_by_side<T: Send, R: Send>(items: Vec<T>, threads: usize, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let helpers = threads.min(items.len()).saturating_sub(1);
    let left = Mutex::new(items.into_iter().enumerate());
    let next = || left.lock().unwrap_or_else(PoisonError::into_inner).next();
    let run = || {
        let mut done = Vec::new();
        while let Some((index, item)) = next() {
            done.push((index, work(item)));
        }
        done
    };
    let mut done = std::thread::scope(|scope| {
        let helpers: Vec<_> = (0..helpers).map(|_| scope.spawn(run)).collect();
        let mut done = run();
        for helper in helpers {
            done.extend(helper.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}
