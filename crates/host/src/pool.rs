//! A few threads for work that blocks: cold reads, syncs, deletes.

use std::collections::VecDeque;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

/// Runs tasks on its own threads. Dropping it is [`Pool::stop`].
#[derive(Debug)]
pub struct Pool(Kind);

#[derive(Debug)]
enum Kind {
    /// The threads until they are waited for.
    Threads {
        shared: Arc<Shared>,
        threads: Mutex<Vec<JoinHandle<()>>>,
    },
    Inline,
}

/// What a pool runs. A panic in it is reported by the panic hook and ends the task, not the thread.
pub type Task = Box<dyn FnOnce() + Send>;

impl Pool {
    /// How many tasks may wait for a thread; [`Pool::run`] blocks above that.
    pub const QUEUED_MAX: usize = 4096;

    /// A pool of `threads` (at least 1) threads called `name-0`, `name-1`, ...
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn new(name: &str, threads: usize) -> io::Result<Pool> {
        assert!(threads > 0, "a pool needs a thread");
        let (shared, count) = (Arc::new(Shared::default()), threads);
        let mut pool = Pool(Kind::Threads { shared: shared.clone(), threads: Mutex::default() });
        for index in 0..count {
            let shared = shared.clone();
            let thread = thread::Builder::new().name(format!("{name}-{index}")).spawn(move || shared.work())?;
            if let Kind::Threads { threads, .. } = &mut pool.0 {
                threads.get_mut().unwrap_or_else(PoisonError::into_inner).push(thread);
            }
        }
        Ok(pool)
    }

    /// The simulated twin: runs each task at once, on the calling thread.
    pub fn inline() -> Pool {
        Pool(Kind::Inline)
    }

    /// As [`Pool::run`], but gives the task back instead of blocking.
    ///
    /// # Errors
    /// The task, when [`Pool::QUEUED_MAX`] wait already, or the pool has stopped.
    pub fn try_run(&self, task: Task) -> Result<(), Task> {
        match &self.0 {
            Kind::Threads { shared, .. } => return shared.try_push(task),
            Kind::Inline => task(),
        }
        Ok(())
    }

    /// Runs a task, some time. Tasks start in the order in which they came. One that comes after the pool has stopped is dropped.
    pub fn run(&self, task: Task) {
        match &self.0 {
            Kind::Threads { shared, .. } => shared.push(task),
            Kind::Inline => task(),
        }
    }

    /// Runs what is queued, takes nothing more, and returns when the threads have ended; only a thread of its own, on which a task
    /// may call this or drop the pool, is not waited for. Whatever tasks held is dropped then.
    pub fn stop(&self) {
        let Kind::Threads { shared, threads } = &self.0 else { return };
        shared.close();
        let threads = std::mem::take(&mut *threads.lock().unwrap_or_else(PoisonError::into_inner));
        let here = thread::current().id();
        for thread in threads.into_iter().filter(|thread| thread.thread().id() != here) {
            // A worker catches the panics of its tasks, so there is nothing to learn from how it ended.
            let _ = thread.join();
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.stop();
    }
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    /// A task came, or the pool closes.
    filled: Condvar,
    /// A task was taken.
    taken: Condvar,
}

#[derive(Default)]
struct Queue {
    tasks: VecDeque<Task>,
    closed: bool,
}

impl Shared {
    fn push(&self, task: Task) {
        let full = |queue: &mut Queue| queue.tasks.len() >= Pool::QUEUED_MAX && !queue.closed;
        let mut queue = self.taken.wait_while(self.lock(), full).unwrap_or_else(PoisonError::into_inner);
        if queue.closed {
            drop(queue);
            return;
        }
        queue.tasks.push_back(task);
        self.filled.notify_one();
    }

    fn try_push(&self, task: Task) -> Result<(), Task> {
        let mut queue = self.lock();
        if queue.closed || queue.tasks.len() >= Pool::QUEUED_MAX {
            return Err(task);
        }
        queue.tasks.push_back(task);
        self.filled.notify_one();
        Ok(())
    }

    fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_all();
        self.taken.notify_all();
    }

    fn work(&self) {
        while let Some(task) = self.pop() {
            // The panic hook has told of it already.
            let _ = panic::catch_unwind(AssertUnwindSafe(task));
        }
    }

    /// The next task; `None` when the pool is closed and empty.
    fn pop(&self) -> Option<Task> {
        let idle = |queue: &mut Queue| queue.tasks.is_empty() && !queue.closed;
        let mut queue = self.filled.wait_while(self.lock(), idle).unwrap_or_else(PoisonError::into_inner);
        self.taken.notify_one();
        queue.tasks.pop_front()
    }

    /// No task runs under the lock, so a poisoned queue is still whole.
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
