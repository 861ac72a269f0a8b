//! Look-ups that may wait for the disk, away from the loop: where a fetch begins whose index or batch headers are not in the page
//! cache, or whose files have to be opened first.

use std::future::Future;

use host::Pool;
use net::Answer;
use tokio::sync::oneshot;

/// Looks on a thread of `pool`; here and at once when so many wait for it that one more would wait for long. `None` when
/// the look-up panicked.
pub fn elsewhere<T: Send + 'static>(
    pool: &Pool,
    look: impl FnOnce() -> T + Send + 'static,
) -> impl Future<Output = Option<T>> + 'static {
    let (done, found) = oneshot::channel();
    let task = move || {
        // Nothing is read for a connection that is gone.
        if !done.is_closed() {
            let _ = done.send(look());
        }
    };
    if let Err(task) = pool.try_run(Box::new(task)) {
        task();
    }
    async move { found.await.ok() }
}

/// The end of a connection whose look-up panicked.
pub fn lost() -> Answer {
    Answer::Close("the look-up of a fetch failed".into())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn waited<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    #[test]
    fn a_look_up_runs_on_the_pool_and_its_loss_is_told() {
        let pool = Pool::new("looks", 1).unwrap();
        let here = std::thread::current().id();
        let there = waited(elsewhere(&pool, || std::thread::current().id()));
        assert!(there.is_some_and(|there| there != here));
        assert!(waited(elsewhere::<()>(&pool, || panic!("on purpose"))).is_none());
    }

    #[test]
    fn where_too_many_wait_it_is_done_here() {
        let pool = Pool::new("looks", 1).unwrap();
        let (release, held) = mpsc::sync_channel::<()>(0);
        let (taken, is_taken) = mpsc::sync_channel(1);
        let hold = move || {
            let _ = taken.send(());
            let _ = held.recv();
        };
        pool.run(Box::new(hold));
        is_taken.recv().unwrap();
        (0..Pool::QUEUED_MAX).for_each(|_| pool.run(Box::new(|| ())));
        let here = std::thread::current().id();
        assert_eq!(waited(elsewhere(&pool, || std::thread::current().id())), Some(here));
        drop(release);
    }
}
