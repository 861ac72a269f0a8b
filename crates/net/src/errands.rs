//! What loops have done on threads that may wait: for the disk, for a large file, for each other.
//!
//! One rule for all of it, [`Errands`]:
//!
//! * A loop never waits. When all places are taken the connection waits for one, as it waits for its answer, and what came
//!   first has its turn first.
//! * For a connection that is gone nothing is begun. What was begun is carried through.
//! * When it panics, the thread goes on and the connection closes ([`Lost`]): nobody is told what was not found out.
//! * When the node stops, what is queued is carried through or, its connection being gone, left; what comes later is lost.

use std::future::Future;
use std::sync::Arc;

use host::Pool;
use tokio::sync::{Semaphore, oneshot};

use crate::{Answer, Outbox, Wait};

/// So many of a kind may be queued: far more than any pool has threads, and far fewer than it queues, so that there is room for all
/// kinds that share one.
pub const ERRANDS_MAX: usize = Pool::QUEUED_MAX / 4;

/// A pool, and how much one kind of work may have of it. Cloning gives another handle.
#[derive(Clone, Debug)]
pub struct Errands(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    pool: Arc<Pool>,
    places: Arc<Semaphore>,
}

/// Nobody will tell what came of it: it panicked, or the node stops.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("what had to be done for this connection was not: it failed, or the node stops")]
pub struct Lost;

impl Lost {
    /// The end of the connection that asked.
    pub fn close(&self) -> Answer {
        Answer::Close(self.to_string().into())
    }
}

impl Errands {
    /// On `pool`, of which at most `places` at a time are queued or running. All that use a pool must leave room in its queue
    /// ([`Pool::QUEUED_MAX`]) for each other: what finds none there is lost.
    pub fn new(pool: &Arc<Pool>, places: usize) -> Errands {
        Errands(Arc::new(Shared { pool: Arc::clone(pool), places: Arc::new(Semaphore::new(places)) }))
    }

    /// Has `work` done. Nothing happens until the future is polled; when it is dropped before the work has begun, it never is.
    ///
    /// # Errors
    /// The work panicked, or the node stops.
    pub fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = Result<T, Lost>> + 'static {
        let shared = Arc::clone(&self.0);
        async move {
            let place = Arc::clone(&shared.places).acquire_owned().await.map_err(|_| Lost)?;
            let (done, outcome) = oneshot::channel();
            let task = move || {
                if !done.is_closed() {
                    let outcome = work();
                    // Free before anybody hears of it, so that one after the other finds it so.
                    drop(place);
                    // The connection may have gone meanwhile.
                    let _ = done.send(outcome);
                }
            };
            shared.pool.try_run(Box::new(task)).map_err(|_| Lost)?;
            outcome.await.map_err(|_| Lost)
        }
    }

    /// Answers with what `tell` writes of the outcome of `work`.
    pub fn answer<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
        tell: impl FnOnce(T, &mut Outbox) + 'static,
    ) -> Wait {
        let outcome = self.run(work);
        Box::pin(async move {
            match outcome.await {
                Ok(outcome) => Answer::write(move |outbox| tell(outcome, outbox)),
                Err(lost) => lost.close(),
            }
        })
    }

    /// Carries through what is queued, and ends the threads. Whatever it held is dropped then.
    pub fn stop(&self) {
        self.0.pool.stop();
    }
}

#[cfg(test)]
mod tests;
