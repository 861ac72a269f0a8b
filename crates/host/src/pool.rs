//! A few threads for work that blocks: cold reads, syncs, deletes.

use std::collections::VecDeque;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// Runs tasks on its own threads. Dropping it runs what is queued and waits for it.
#[derive(Debug)]
pub struct Pool(Kind);

#[derive(Debug)]
enum Kind {
    Threads { shared: Arc<Shared>, threads: Vec<JoinHandle<()>> },
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
        let shared = Arc::new(Shared::default());
        let mut pool = Pool(Kind::Threads { shared: shared.clone(), threads: Vec::new() });
        for index in 0..threads {
            let shared = shared.clone();
            let thread = std::thread::Builder::new().name(format!("{name}-{index}")).spawn(move || shared.work())?;
            if let Kind::Threads { threads, .. } = &mut pool.0 {
                threads.push(thread);
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
    /// The task, when [`Pool::QUEUED_MAX`] wait already.
    pub fn try_run(&self, task: Task) -> Result<(), Task> {
        match &self.0 {
            Kind::Threads { shared, .. } => return shared.try_push(task),
            Kind::Inline => task(),
        }
        Ok(())
    }

    /// Runs a task, some time. Tasks start in the order in which they came.
    pub fn run(&self, task: Task) {
        match &self.0 {
            Kind::Threads { shared, .. } => shared.push(task),
            Kind::Inline => task(),
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        if let Kind::Threads { shared, threads } = &mut self.0 {
            shared.close();
            for thread in threads.drain(..) {
                // A worker catches the panics of its tasks, so there is nothing to learn from how it ended.
                let _ = thread.join();
            }
        }
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
        let full = |queue: &mut Queue| queue.tasks.len() >= Pool::QUEUED_MAX;
        let mut queue = self.taken.wait_while(self.lock(), full).unwrap_or_else(PoisonError::into_inner);
        queue.tasks.push_back(task);
        self.filled.notify_one();
    }

    fn try_push(&self, task: Task) -> Result<(), Task> {
        let mut queue = self.lock();
        if queue.tasks.len() >= Pool::QUEUED_MAX {
            return Err(task);
        }
        queue.tasks.push_back(task);
        self.filled.notify_one();
        Ok(())
    }

    fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_all();
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
