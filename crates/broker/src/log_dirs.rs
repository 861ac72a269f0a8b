//! All entries of `log.dirs`: which of them holds a log, and which gets a new one.
//!
//! Each directory keeps everything of its own: lock, checkpoints, how it was left, whether it has failed or is full. What
//! happens to one of them concerns its partitions and no others.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use record::Uuid;
use storage::LogDir;

use crate::config::cordon;
use wishes::Wishes;

mod wishes;

/// The directories of a node, at least one.
#[derive(Debug)]
pub struct LogDirs {
    dirs: Vec<Arc<LogDir>>,
    /// The one that the metadata log lies in too; it may lie elsewhere.
    metadata: Option<usize>,
    /// Whether a directory that this node had before is none of these: then what is not found may lie there.
    is_lacking: bool,
    /// Those that get no new logs.
    cordoned: Mutex<BTreeSet<usize>>,
    /// Where clients want logs that are not there yet, by name. Not kept over a restart, as Kafka does.
    wishes: Mutex<Wishes>,
}

/// Why no directory that works gets new logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPlace {
    /// Each is cordoned.
    Cordoned,
    /// Each that is not cordoned is full.
    Full,
}

/// Where a log lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the directory of this index.
    Here(usize),
    /// There is a directory of its name in this one, without the id of a topic.
    Nameless(usize),
    /// In no directory that can be used.
    Nowhere,
}

/// What was found in the directories when they were listed: for each directory the names of logs, ascending, with the ids of
/// their topics. It holds as long as no log is created, renamed or removed.
#[derive(Debug, Default)]
pub struct Listed(pub Vec<Vec<(String, Uuid)>>);

impl Listed {
    fn id(&self, dir: usize, name: &str) -> Option<Uuid> {
        let logs = self.0.get(dir)?;
        let at = logs.binary_search_by(|(log, _)| log.as_str().cmp(name)).ok()?;
        Some(logs[at].1)
    }
}

impl LogDirs {
    /// In the order of `log.dirs`. `is_lacking` says that this node had more directories before.
    pub fn new(dirs: Vec<Arc<LogDir>>, metadata: Option<usize>, is_lacking: bool) -> LogDirs {
        assert!(!dirs.is_empty(), "a list of no directories is refused when the settings are read");
        LogDirs { dirs, metadata, is_lacking, cordoned: Mutex::default(), wishes: Mutex::default() }
    }

    /// All of them, in the order of `log.dirs`.
    pub fn all(&self) -> &[Arc<LogDir>] {
        &self.dirs
    }

    /// The index of one of these directories.
    pub fn index_of(&self, dir: &Arc<LogDir>) -> usize {
        self.dirs.iter().position(|one| Arc::ptr_eq(one, dir)).expect("logs lie in these directories only")
    }

    /// Those that have not failed, with their indexes.
    pub fn working(&self) -> impl Iterator<Item = (usize, &Arc<LogDir>)> {
        self.dirs.iter().enumerate().filter(|(_, dir)| !dir.failed())
    }

    /// The directory with this absolute path, as clients name it.
    pub fn named(&self, path: &str) -> Option<(usize, &Arc<LogDir>)> {
        self.dirs.iter().enumerate().find(|(_, dir)| absolute(dir.path()) == path)
    }

    /// Whether the node can do nothing of use: no directory works, or not the one of the metadata log.
    pub fn have_failed(&self) -> bool {
        self.working().next().is_none() || self.metadata.is_some_and(|index| self.dirs[index].failed())
    }

    /// Whether no directory that works has room. No I/O.
    pub fn are_full(&self) -> bool {
        let mut working = self.working().peekable();
        working.peek().is_some() && working.all(|(_, dir)| dir.is_full())
    }

    /// Why no new log can be made, if so, after a look at the disks that were full. Where no directory works it is not the
    /// place that is missing.
    pub fn no_place(&self) -> Option<NoPlace> {
        let cordoned = self.lock_cordoned().clone();
        self.working().next()?;
        let mut open = self.working().filter(|(index, _)| !cordoned.contains(index)).peekable();
        if open.peek().is_none() {
            return Some(NoPlace::Cordoned);
        }
        // What cannot be told counts as room.
        let is_full = |(_, dir): (usize, &Arc<LogDir>)| dir.check_room().unwrap_or(false);
        open.all(is_full).then_some(NoPlace::Full)
    }

    /// Whether a log that is not found may lie in a directory that cannot be used now.
    pub fn may_hide_logs(&self) -> bool {
        self.is_lacking || self.dirs.iter().any(|dir| dir.failed())
    }

    /// Where the log `name` of the topic `id` lies, which is known without a look when `listed` has it. Logs of that name of
    /// other topics, which were deleted while a crash kept their directories, are set aside.
    ///
    /// # Errors
    /// It was not found, and not every directory could be looked into.
    pub fn find(&self, name: &str, id: Uuid, listed: &Listed) -> io::Result<Place> {
        if let Some((index, _)) = self.working().find(|(index, _)| listed.id(*index, name) == Some(id)) {
            return Ok(Place::Here(index));
        }
        let (mut place, mut failed) = (Place::Nowhere, None);
        for (index, dir) in self.working() {
            match settled(dir, name, id) {
                Ok(true) => return Ok(Place::Here(index)),
                Ok(false) => match dir.has(name) {
                    Ok(true) => place = Place::Nameless(index),
                    Ok(false) => {}
                    Err(error) => failed = Some(error),
                },
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(place), Err)
    }

    /// The directory for the new log `name` where they hold so many logs each: the one that was wished, or the one with the
    /// fewest, of those that work and are not cordoned (Kafka's `LogManager.nextLogDirs`), and of those with room if there are any.
    /// `None` when there is none. Only a wish is for one that is cordoned.
    pub fn next(&self, name: &str, logs: &[usize]) -> Option<usize> {
        let wish = self.lock_wishes().take(name).filter(|wish| !self.dirs[*wish].failed());
        if wish.is_some() {
            return wish;
        }
        let cordoned = self.lock_cordoned();
        let open = self.working().filter(|(index, _)| !cordoned.contains(index));
        open.min_by_key(|&(index, dir)| (dir.is_full(), logs[index], index)).map(|(index, _)| index)
    }

    /// From now on the directories of these entries of `cordoned.log.dirs` get no new logs, and no others.
    pub fn cordon(&self, entries: &[String]) {
        let is_named =
            |dir: &LogDir| entries.iter().any(|entry| entry == cordon::ALL || dir.path().as_os_str() == entry.as_str());
        let named = self.dirs.iter().enumerate().filter(|(_, dir)| is_named(dir)).map(|(index, _)| index);
        *self.lock_cordoned() = named.collect();
    }

    /// Whether one of these directories gets no new logs.
    pub fn is_cordoned(&self, dir: &Arc<LogDir>) -> bool {
        self.lock_cordoned().contains(&self.index_of(dir))
    }

    fn lock_cordoned(&self) -> MutexGuard<'_, BTreeSet<usize>> {
        self.cordoned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers that the log `name`, which is not there yet, is to be made in the directory of this index. Logs that never
    /// come may be wished for, so only the latest wishes are kept.
    pub fn wish(&self, name: String, index: usize) {
        self.lock_wishes().add(name, index);
    }

    fn lock_wishes(&self) -> MutexGuard<'_, Wishes> {
        self.wishes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Refuses a log that lies in two directories, unless it was being moved from one to the other: then the older is set
    /// aside, and its new paths are returned. Call it before logs are opened: where a directory cannot be compared with the
    /// others, those claim the logs that they open.
    ///
    /// # Errors
    /// [`TwiceError::Io`] when that fails.
    pub fn settle_twice(&self) -> Result<Vec<PathBuf>, TwiceError> {
        let set_aside = if self.dirs.len() > 1 { self.set_older_aside()? } else { Vec::new() };
        if self.may_hide_logs() {
            self.working().for_each(|(_, dir)| dir.claim_logs());
        }
        Ok(set_aside)
    }

    /// Whether the logs here may be older than those of a directory that could not be looked into at the start. A move would
    /// lose what says so.
    pub fn may_be_older(&self) -> bool {
        self.dirs.iter().any(|dir| dir.claims_logs())
    }

    fn set_older_aside(&self) -> Result<Vec<PathBuf>, TwiceError> {
        let (mut set_aside, mut seen) = (Vec::new(), HashMap::new());
        for (index, dir) in self.working() {
            let logs = match dir.all_logs() {
                // Its logs could be opened by their names all the same, if it were not failed now.
                Err(_) if dir.failed() => continue,
                logs => logs?,
            };
            for log in logs {
                if let Some(other) = seen.insert(log.clone(), index) {
                    let (newer, older) = self.newer(&log, other, index)?;
                    tracing::info!(log, "a log that was moved to another directory is removed from its old one");
                    set_aside.push(self.dirs[older].set_aside(&log)?);
                    self.dirs[newer].forget_move(&log)?;
                    seen.insert(log, newer);
                }
            }
        }
        Ok(set_aside)
    }

    fn newer(&self, log: &str, one: usize, other: usize) -> Result<(usize, usize), TwiceError> {
        let dir = |index: usize| &self.dirs[index];
        match (dir(one).was_moved_here(log)?, dir(other).was_moved_here(log)?) {
            (true, false) => Ok((one, other)),
            (false, true) => Ok((other, one)),
            _ => {
                let path = |index: usize| dir(index).path().to_path_buf();
                Err(TwiceError::Twice { log: log.to_owned(), one: path(one), other: path(other) })
            }
        }
    }
}

/// A log lies in two directories.
#[derive(Debug, thiserror::Error)]
pub enum TwiceError {
    /// Nobody can tell which one counts.
    #[error(
        "the partition {log} lies in {one} and in {other}. One of them is older: a directory came back that was away while the \
         partition was made again, or it was copied by hand. Move the one that should not count out of its directory"
    )]
    Twice {
        /// Its name.
        log: String,
        /// A directory that has it.
        one: PathBuf,
        /// Another one.
        other: PathBuf,
    },
    /// The directories cannot be listed, or the older one cannot be set aside.
    #[error("logs that were moved to another directory cannot be found and removed from their old one: {0}")]
    Io(#[from] io::Error),
}

/// Whether the log `name` in `dir` is that of the topic `id`.
fn settled(dir: &LogDir, name: &str, id: Uuid) -> io::Result<bool> {
    match dir.settled_topic_id(name, |known| known == id)? {
        Some(found) if found == id => Ok(true),
        Some(_) => dir.set_aside(name).map(|_| false),
        None => Ok(false),
    }
}

/// A path as operators and tools name it.
pub fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}

/// Does the same work for several directories, a thread for each, so that no disk waits for another. The results are in
/// the order of `shares`.
pub fn side_by_side<T: Send, R: Send>(shares: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    if shares.len() <= 1 {
        return shares.into_iter().map(work).collect();
    }
    let work = &work;
    std::thread::scope(|scope| {
        let threads: Vec<_> = shares.into_iter().map(|share| scope.spawn(move || work(share))).collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, R>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        threads.into_iter().map(join).collect()
    })
}

#[cfg(test)]
mod tests;
