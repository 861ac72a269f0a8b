//! Partitions on their way to another log directory (AlterReplicaLogDirs, KIP-113).
//!
//! One at a time is copied, while it is served; when little is left, the control thread puts the copy in its place. Clients
//! that ask in between are told NOT_LEADER_OR_FOLLOWER and ask again. A move that a stop or a crash interrupts is forgotten, as
//! the partition stays where it was; whoever wants it asks again.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use host::Pool;
use record::{Offset, Uuid};
use storage::{FutureLog, LogDir};
use wire::ErrorCode;

use super::Control;
use crate::log_dirs::LogDirs;
use crate::partition::Partition;

/// So little left to copy is copied while nobody appends.
const LITTLE_BYTES: u64 = 1 << 20;

/// The moves that were asked for. Cloning gives another handle.
#[derive(Clone)]
pub struct Moves(Arc<Shared>);

struct Shared {
    dirs: Arc<LogDirs>,
    control: Control,
    /// One thread, until the node stops.
    pool: Mutex<Option<Pool>>,
    /// By topic and partition.
    moves: Mutex<BTreeMap<(Uuid, i32), Arc<Move>>>,
}

/// One partition on its way.
pub struct Move {
    /// The id of its topic.
    pub topic_id: Uuid,
    /// As it is served now.
    pub partition: Arc<Partition>,
    name: String,
    to: usize,
    size_bytes: AtomicU64,
    end: AtomicI64,
    is_cancelled: AtomicBool,
}

/// A copy that is to take the place of a partition's log.
pub struct Moving {
    /// Which partition it is.
    pub asked: Arc<Move>,
    /// The copy.
    pub future: FutureLog,
}

impl Move {
    /// How many bytes are copied, and up to which offset.
    pub fn progress(&self) -> (u64, Offset) {
        (self.size_bytes.load(Ordering::Relaxed), Offset(self.end.load(Ordering::Relaxed)))
    }

    /// Nobody wants it elsewhere meanwhile, and it is still there.
    pub fn is_wanted(&self) -> bool {
        !self.is_cancelled.load(Ordering::Relaxed) && !self.partition.is_retired()
    }
}

impl Moves {
    /// Nothing moves.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn new(dirs: &Arc<LogDirs>, control: Control) -> io::Result<Moves> {
        // Without a second directory nothing ever moves.
        let pool = (dirs.all().len() > 1).then(|| Pool::new("move", 1)).transpose()?;
        let (dirs, pool) = (Arc::clone(dirs), Mutex::new(pool));
        Ok(Moves(Arc::new(Shared { dirs, control, pool, moves: Mutex::default() })))
    }

    /// Has the `partition` of `topic` moved to the directory of this index; where it is there, a move elsewhere ends.
    pub fn ask(&self, topic: &str, topic_id: Uuid, partition: &Arc<Partition>, to: usize) -> ErrorCode {
        let key = (topic_id, partition.index().0);
        let mut moves = self.0.lock();
        if let Some(under_way) = moves.get(&key) {
            if under_way.to == to {
                return ErrorCode::NONE;
            }
            under_way.is_cancelled.store(true, Ordering::Relaxed);
            moves.remove(&key);
        }
        if self.0.dirs.index_of(partition.dir()) == to {
            return ErrorCode::NONE;
        }
        let asked = Arc::new(Move {
            topic_id,
            partition: Arc::clone(partition),
            name: format!("{topic}-{}", partition.index().0),
            to,
            size_bytes: AtomicU64::new(0),
            end: AtomicI64::new(0),
            is_cancelled: AtomicBool::new(false),
        });
        let (moving, task) = (self.clone(), Arc::clone(&asked));
        let pool = self.0.lock_pool();
        let begun = pool.as_ref().map(|pool| pool.try_run(Box::new(move || moving.run(&task))));
        match begun {
            Some(Ok(())) => {
                moves.insert(key, asked);
                ErrorCode::NONE
            }
            // So many wait already, or the node stops.
            Some(Err(_)) | None => ErrorCode::KAFKA_STORAGE_ERROR,
        }
    }

    /// What is on its way to a directory.
    pub fn to(&self, dir: &Arc<LogDir>) -> Vec<Arc<Move>> {
        let to = self.0.dirs.index_of(dir);
        self.0.lock().values().filter(|one| one.to == to).cloned().collect()
    }

    /// Ends all moves; comes before the logs are closed.
    pub fn stop(&self) {
        self.0.lock().values().for_each(|one| one.is_cancelled.store(true, Ordering::Relaxed));
        let pool = self.0.lock_pool().take();
        drop(pool);
    }

    fn run(&self, asked: &Arc<Move>) {
        if let Err(error) = self.carry_out(asked)
            && asked.is_wanted()
        {
            let to = self.0.dirs.all()[asked.to].path().display();
            tracing::error!(log = asked.name, %to, %error, "the partition cannot be moved");
        }
        let mut moves = self.0.lock();
        let key = (asked.topic_id, asked.partition.index().0);
        if moves.get(&key).is_some_and(|known| Arc::ptr_eq(known, asked)) {
            moves.remove(&key);
        }
    }

    fn carry_out(&self, asked: &Arc<Move>) -> io::Result<()> {
        if !asked.is_wanted() {
            return Ok(());
        }
        let (partition, to) = (&asked.partition, &self.0.dirs.all()[asked.to]);
        let mut future = FutureLog::begin(partition.dir(), to, &asked.name, partition.reader().clone())?;
        loop {
            let copied = future.catch_up(&|| asked.is_wanted());
            asked.size_bytes.store(future.size_bytes(), Ordering::Relaxed);
            asked.end.store(future.end().0, Ordering::Relaxed);
            match copied {
                Err(error) => {
                    future.abandon();
                    return Err(error);
                }
                Ok(Some(bytes)) if bytes < LITTLE_BYTES => break,
                Ok(_) => {}
            }
        }
        // What the control thread has to sync of the log is little as well.
        if let Err(error) = partition.sync() {
            future.abandon();
            return Err(io::Error::other(error));
        }
        self.0.control.switch(Moving { asked: Arc::clone(asked), future });
        Ok(())
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<(Uuid, i32), Arc<Move>>> {
        self.moves.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_pool(&self) -> MutexGuard<'_, Option<Pool>> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
